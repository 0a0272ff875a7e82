//! Pages: the unit in which the kernel keeps files in memory.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::sys;

/// The size of a page in bytes, as the running system says (sysconf(3), `_SC_PAGESIZE`): 4096 on most machines,
/// 16384 or 65536 on others, never a constant.
///
/// ```
/// assert!(mmapio_core::page_size().is_power_of_two());
/// ```
#[must_use]
pub fn page_size() -> u64 {
    sys::page_size()
}

/// A number of pages.
///
/// ```
/// use mmapio_core::{Pages, page_size};
/// assert_eq!(Pages::holding(1), Pages(1));
/// assert_eq!(Pages::holding(page_size() + 1), Pages(2));
/// assert_eq!(Pages(3).bytes(), 3 * page_size());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pages(pub u64);

impl Pages {
    /// The pages that hold `bytes` bytes, the last one perhaps in part.
    #[must_use]
    pub fn holding(bytes: u64) -> Self {
        Self(bytes.div_ceil(page_size()))
    }

    /// The memory of this many pages in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0.saturating_mul(page_size())
    }

    /// This number as a percentage of `whole`, never more than 100; nothing of nothing has none.
    ///
    /// ```
    /// use mmapio_core::Pages;
    /// assert_eq!(Pages(1).percent_of(Pages(4)), Some(25.0));
    /// assert_eq!(Pages(0).percent_of(Pages(0)), None);
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no 53 bits")]
    pub fn percent_of(self, whole: Self) -> Option<f64> {
        (whole.0 > 0).then(|| (self.0 as f64 * 100.0 / whole.0 as f64).min(100.0))
    }
}

impl Add for Pages {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Pages {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Pages {
    fn sum<I: Iterator<Item = Self>>(pages: I) -> Self {
        pages.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
