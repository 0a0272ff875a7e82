//! The rights to a mapping, and the guard that goes with them.

use super::{Access, Mapping};
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::open::unsupported_or;
use crate::sys::{errno, madvise};

impl Mapping {
    /// Sees to it that there is a guard, where a byte of it can be touched with this access and length and where the system has one;
    /// the guard has to be told what to guard. What was guarded stays so when this fails.
    pub(super) fn require_guard(&mut self, access: Access, length: u64) -> Result<()> {
        let is_touchable = access != Access::None && length > 0;
        if self.options.guard && is_touchable && self.guard.is_none() && cfg!(target_os = "linux") {
            self.guard = Some(Guard::idle(self.options.forgives())?);
        }
        Ok(())
    }

    /// Tells the guard, where there is one, what this is a mapping of by now.
    pub(super) fn guard_anew(&self) {
        if let Some(guard) = &self.guard {
            let region = &self.region;
            let file = self.file().map(|file| (file.file(), self.extent.offset()));
            let how = self.options.access.protection();
            let (page, forgives) = (region.huge_page(), self.options.forgives());
            guard.cover(region.pointer(), region.length(), how, file, page, forgives);
        }
    }

    pub(super) fn prepared(mut self) -> Result<Self> {
        self.require_guard(self.options.access, self.len())?;
        self.guard_anew();
        if self.options.huge_pages {
            // Where it is not taken there are no huge pages, which is no error: they are a wish.
            let _ = self.region.span().advise(0, self.region.span().mapped(), madvise::HUGEPAGE);
        }
        if self.options.populate {
            self.unpopulated = self.populate().err();
        }
        Ok(self)
    }

    /// Changes what may be done to its bytes: mprotect(2). A shared mapping cannot become a copy, nor a private one write to the
    /// file; and one that forgives stores is not for writing.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with `EINVAL` for those three, with `EACCES` when the file is not open for
    /// writing.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{Access, MapOptions};
    /// let mut mapping = MapOptions::read().open(std::env::current_exe().unwrap())?;
    /// mapping.protect(Access::None)?;
    /// assert!(mapping.read_at(0, &mut [0]).is_err());
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn protect(&mut self, access: Access) -> Result<()> {
        let denied = if self.is_shared() { Access::Copy } else { Access::Write };
        if access == denied || (self.options.forgives() && access.is_writable()) {
            return Err(Error::system("mprotect", std::io::Error::from_raw_os_error(errno::EINVAL)));
        }
        let was_guarded = self.is_guarded();
        self.require_guard(access, self.len())?;
        if access == Access::None {
            // What is put in from now on would be left readable, or even writable.
            self.guard.iter().for_each(|guard| guard.set_protection(access.protection()));
        }
        let protected = self.region.protect(access.protection());
        if protected.is_ok() {
            self.options.access = access;
        }
        match &self.guard {
            Some(guard) if was_guarded => guard.set_protection(self.access().protection()),
            _ => self.guard_anew(),
        }
        protected.map_err(|error| unsupported_or("mprotect", error))
    }
}
