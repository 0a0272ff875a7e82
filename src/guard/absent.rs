//! Where there is no guard: nothing can be put in.

use super::{Faults, Guarded};

/// Not there: no value of it can be made.
#[derive(Debug)]
pub(super) struct Place(std::convert::Infallible);

impl Place {
    pub(super) fn take() -> Option<Self> {
        None
    }

    pub(super) fn answered(&self) -> Faults {
        match self.0 {}
    }

    pub(super) fn replaced(&self, _from: usize, _to: usize) -> Option<(usize, usize)> {
        match self.0 {}
    }

    pub(super) fn owned(&self, _from: usize, _to: usize) -> Option<(usize, usize)> {
        match self.0 {}
    }

    pub(super) fn slot(&self) -> &Slot {
        match self.0 {}
    }
}

/// Not there, either.
pub(super) struct Slot(std::convert::Infallible);

impl Slot {
    pub(super) fn fill(&self, _mapping: &Guarded) {
        match self.0 {}
    }

    pub(super) fn clear(&self) {
        match self.0 {}
    }

    pub(super) fn set_protection(&self, _protection: i32) {
        match self.0 {}
    }
}

pub(super) mod signal {
    pub(crate) fn install(_forgives: bool) -> std::io::Result<()> {
        Err(crate::sys::unsupported())
    }

    pub(crate) fn takes_lately(_forgives: bool) -> std::io::Result<bool> {
        Err(crate::sys::unsupported())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    pub(crate) fn take_back() -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn is_blocked_here() -> bool {
        false
    }
}

pub(super) mod store {
    pub(crate) const ARE_KNOWN: bool = false;
}
