//! How much of the memory that is to be had may be used.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::memory::{MemoryLimit, memory_limits};
use crate::size::parse_size;

/// A share in thousandths of a percent, so that it compares without rounding.
///
/// ```
/// use mmapio_core::Percent;
/// let share: Percent = "99.5%".parse().unwrap();
/// assert_eq!(share.of(1000), 995);
/// assert!("101%".parse::<Percent>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

/// All of something.
const WHOLE: u32 = 100_000;

impl Percent {
    /// This share of a number, rounded up: what has less does not have the share.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let part = (u128::from(whole) * u128::from(self.0)).div_ceil(u128::from(WHOLE));
        u64::try_from(part).unwrap_or(whole)
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", f64::from(self.0) / 1000.0)
    }
}

impl FromStr for Percent {
    type Err = Error;

    /// Reads `95%`, `99.5%`, or the same without the sign; `0.95` alone is refused, since it may have been meant as 95 %.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            Error::range(format!(
                "`{text}` is not a percentage from 0 to 100 with at most three decimals (examples: 95%, 99.5%)"
            ))
        };
        let number = text.trim().trim_end_matches('%').trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 3 {
            return Err(invalid());
        }
        let thousandths: u32 = format!("{whole}{fraction:0<3}").parse().map_err(|_| invalid())?;
        match thousandths {
            1..1000 if !text.contains('%') => {
                Err(Error::range(format!("`{text}` is less than 1 %: write `{number}%` if that is meant")))
            }
            0..=WHOLE => Ok(Self(thousandths)),
            _ => Err(invalid()),
        }
    }
}

/// How much memory may be used.
///
/// ```
/// use mmapio_core::MemoryBudget;
/// assert_eq!("2GiB".parse::<MemoryBudget>().unwrap(), MemoryBudget::Bytes(2 << 30));
/// assert!(matches!("50%".parse().unwrap(), MemoryBudget::Share(_)));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum MemoryBudget {
    /// All that is to be had: [`memory_limits`].
    #[default]
    Available,
    /// A share of that.
    Share(Percent),
    /// So many bytes, whatever is to be had.
    Bytes(u64),
}

impl MemoryBudget {
    /// The bytes that may be used, and the limit that this comes of.
    ///
    /// # Errors
    /// As [`memory_limits`].
    ///
    /// ```
    /// let room = mmapio_core::MemoryBudget::default().room()?;
    /// println!("{} bytes, by {}", room.available, room.source);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn room(self) -> Result<MemoryLimit> {
        match self {
            Self::Bytes(bytes) => Ok(MemoryLimit::given(bytes)),
            Self::Available => least(),
            Self::Share(share) => {
                let limit = least()?;
                let source = format!("{share} % of {}", limit.source);
                Ok(MemoryLimit { available: share.of(limit.available), source, ..limit })
            }
        }
    }
}

fn least() -> Result<MemoryLimit> {
    memory_limits()?.into_iter().next().ok_or_else(|| Error::range("there is no limit on memory to be seen"))
}

impl MemoryLimit {
    fn given(bytes: u64) -> Self {
        Self { available: bytes, limit: Some(bytes), source: "the limit given".to_owned() }
    }
}

impl FromStr for MemoryBudget {
    type Err = Error;

    /// Reads a size (`4GiB`) or a share (`50%`).
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().ends_with('%') {
            true => text.parse().map(Self::Share),
            false => parse_size(text).map(Self::Bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "%", "-1%", "100.001%", "1e2", "99.9999%", "5%5", "1.", ".5", "99999999999%", "0.95"]
        {
            assert!(text.parse::<Percent>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_share_that_lacks_a_page_is_not_had() {
        let all: Percent = "100".parse().unwrap();
        assert_eq!(all.of(u64::MAX), u64::MAX);
        let most: Percent = "99.999%".parse().unwrap();
        assert_eq!(most.of(3), 3);
        assert_eq!("0%".parse::<Percent>().unwrap().of(7), 0);
    }
}
