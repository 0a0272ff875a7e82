//! The probing of `incore --runs` alone, for `benches/compare`: goes through all runs of a file and prints their number and
//! the time from opening to closing it, without what printing them costs.

use std::time::Instant;

use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober, Result};

#[expect(clippy::print_stdout, reason = "a program of its own, whose output is the measurement")]
fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let start = Instant::now();
    let runs = count(&OpenFile::open(&path)?)?;
    println!("runs={runs} us={}", start.elapsed().as_micros());
    Ok(())
}

fn count(file: &OpenFile) -> Result<usize> {
    let mut count = 0;
    for run in Prober::new(file, ProbeChoice::Auto).runs(ByteRange::WHOLE) {
        run?;
        count += 1;
    }
    Ok(count)
}
