//! Sizes as people write them: `K` is 1024 as in GNU tools and vmtouch, `KB` is 1000, `KiB` is 1024.

use crate::error::{Error, ErrorKind, Result};

/// The suffixes, longest first where one begins another; case does not matter.
const UNITS: [(&str, u64); 22] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("pib", 1 << 50),
    ("eib", 1 << 60),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("pb", 1_000_000_000_000_000),
    ("eb", 1_000_000_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("p", 1 << 50),
    ("e", 1 << 60),
    ("bytes", 1),
    ("byte", 1),
    ("b", 1),
    ("", 1),
];

/// Reads a size in bytes: digits, optionally a fraction, optionally a suffix; `0x` starts hexadecimal bytes.
///
/// # Errors
/// [`ErrorKind::Range`] when the text is no size, or is 2^64 bytes or more.
///
/// ```
/// use mmapio_core::parse_size;
/// assert_eq!(parse_size("4096").unwrap(), 4096);
/// assert_eq!(parse_size("2K").unwrap(), 2048);
/// assert_eq!(parse_size("2KB").unwrap(), 2000);
/// assert_eq!(parse_size("1.5GiB").unwrap(), 3 << 29);
/// assert_eq!(parse_size("0x1000").unwrap(), 4096);
/// assert!(parse_size("12 apples").is_err());
/// ```
pub fn parse_size(text: &str) -> Result<u64> {
    let trimmed = text.trim();
    if let Some(digits) = trimmed.strip_prefix("0x").or_else(|| trimmed.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).map_err(|_| not_a_size(text));
    }
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, suffix) = trimmed.split_at(end);
    let suffix = suffix.trim_start().to_ascii_lowercase();
    let unit = UNITS.iter().find(|(name, _)| *name == suffix).map(|(_, unit)| *unit);
    scaled(number, unit.ok_or_else(|| not_a_size(text))?).ok_or_else(|| not_a_size(text))
}

/// `number` times `unit`, exactly: fractions are taken as whole numbers over a power of ten.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let of_a_byte = unit == 1 && !fraction.is_empty();
    if of_a_byte || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    u64::try_from(digits.checked_mul(u128::from(unit))? / divisor).ok()
}

fn not_a_size(text: &str) -> Error {
    let reason = format!("`{text}` is not a size (examples: 4096, 64K, 1.5GiB, 200MB)");
    Error::new("size", ErrorKind::Range(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_gnu() {
        for (text, bytes) in [
            ("0", 0),
            ("1k", 1024),
            ("1K", 1024),
            ("1 KiB", 1024),
            ("1kB", 1000),
            ("1.5M", 1_572_864),
            (".5k", 512),
            ("16E", u64::MAX),
        ] {
            match parse_size(text) {
                Ok(size) => assert_eq!(size, bytes, "{text}"),
                Err(_) => assert_eq!(text, "16E", "{text} was refused"),
            }
        }
        assert_eq!(parse_size("15E").unwrap(), 15 << 60);
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            ".",
            "K",
            "-1",
            "1.2.3",
            "1.5",
            "1.5B",
            "1Q",
            "1e3",
            "99999999999999999999",
            "0x",
            "0xg",
            "1KiBB",
        ] {
            assert!(parse_size(text).is_err(), "{text} was taken");
        }
    }
}
