//! How the numbers among the arguments of `mmapio bench` are read.

use std::num::NonZeroUsize;
use std::time::Duration;

use mmapio_core::parse_size;

use super::common::at_least_one;

/// Reads the size of a block: checksums are of words of 8 bytes.
pub(super) fn parse_block(text: &str) -> Result<usize, String> {
    const MOST: u64 = 1 << 30;
    match parse_size(text).map_err(|error| error.reason())? {
        size @ 8..=MOST if size % 8 == 0 => usize::try_from(size).map_err(|error| error.to_string()),
        _ => Err("must be a multiple of 8 bytes, up to 1G".to_owned()),
    }
}

/// Reads a number of threads: more than that are an accident.
pub(super) fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    at_most(text, 1024)
}

/// Reads a number of rounds: more than that make no interval narrower than what is wrong in all of them.
pub(super) fn parse_runs(text: &str) -> Result<NonZeroUsize, String> {
    at_most(text, 10_000)
}

fn at_most(text: &str, most: usize) -> Result<NonZeroUsize, String> {
    match at_least_one(text)? {
        number if number.get() <= most => Ok(number),
        _ => Err(format!("must be at most {most}")),
    }
}

/// Reads a time.
pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text).parse::<f64>().map_err(|error| error.to_string())?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if time >= Duration::from_millis(100) && number <= 86_400.0 => Ok(time),
        _ => Err("must be 0.1 to 86400 seconds".to_owned()),
    }
}
