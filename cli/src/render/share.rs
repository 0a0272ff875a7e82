//! Parts of a whole.

use mmapio_core::Pages;

/// A part of a whole, in thousandths of a percent, rounded down: what lacks a page is never complete, and what has one
/// is never nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(u32);

impl Share {
    pub(crate) fn thousandths(self) -> u32 {
        self.0
    }

    /// In percent.
    pub(crate) fn percent(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// The share that `part` is of `whole`; nothing of nothing has none.
pub(super) fn share(part: Option<Pages>, whole: Pages) -> Option<Share> {
    const COMPLETE: u128 = 100_000;
    let thousandths = (u128::from(part?.0) * COMPLETE).checked_div(u128::from(whole.0))?;
    let least = u128::from(part > Some(Pages(0)));
    u32::try_from(thousandths.clamp(least, COMPLETE)).ok().map(Share)
}
