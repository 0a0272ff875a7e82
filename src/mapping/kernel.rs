//! What the kernel is told and asked about a mapping.

use super::bytes::in_memory;
use super::{Mapping, limits, populate};
use crate::advice::{Advice, AdviceCall};
use crate::error::{Error, ErrorKind, Result, Unknown};
use crate::extent::{ByteRange, Extent};
use crate::flush::{self, Flush};
use crate::guard::Guard;
use crate::open::{OpenFile, unsupported_or};
use crate::page::page_size;
use crate::residency::{Holes, ProbeChoice, Prober, Residency, Runs, Tells, mincore_tells, unknown};
use crate::sys::{self, errno};

/// Pages brought in by one call: no single readahead is larger.
const STEP: u64 = 8 << 20;

impl Mapping {
    /// Gives advice about `part` of the mapping, rounded out to pages: madvise(2).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when madvise does not carry it, or not on this system; [`ErrorKind::Refused`] for advice that would
    /// lose what was written to a private mapping, or is forgiven in one for reading; [`ErrorKind::Range`] beyond the mapping; [`ErrorKind::System`] with what
    /// madvise(2) says.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{Advice, Extent, MapOptions};
    /// let mapping = MapOptions::read().open(std::env::current_exe().unwrap())?;
    /// mapping.advise(Advice::find("random").unwrap(), Extent::new(0, mapping.len()))?;
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn advise(&self, advice: &Advice, part: Extent) -> Result<()> {
        let unsupported = || Error::new("madvise", ErrorKind::Unsupported { system: std::env::consts::OS });
        let carrier = advice.carried_by(AdviceCall::Madvise).ok_or_else(unsupported)?;
        let has_own_pages = !self.is_shared() || self.faults().private_writes > 0;
        if carrier.only_shared && has_own_pages {
            let source = std::io::Error::from_raw_os_error(errno::EINVAL);
            return Err(Error::refused(
                "madvise",
                source,
                "what was written to this private mapping would be lost",
            ));
        }
        let number = carrier.require()?;
        let (from, length) = self.pages_of(part)?;
        self.region.span().advise(from, length, number).map_err(|error| unsupported_or("madvise", error))
    }

    /// Writes `part` of a shared mapping back; a private one, and one that is not writable, has nothing to write.
    ///
    /// [`Flush::Msync`] and [`Flush::Invalidate`] write what of the part is dirty, [`Flush::Start`] begins to, the others write the
    /// whole file. The first failure is final, as [`flush`](crate::flush()) says.
    ///
    /// # Errors
    /// [`ErrorKind::Faulted`] when a fault was answered in the part, whose stores are lost: msync(2) does not know of it;
    /// [`ErrorKind::Overwritten`] when a store into it stayed private, of a private mapping, too. [`ErrorKind::NotWritten`] when
    /// writing failed; [`ErrorKind::Unsupported`] for all but the first two when the mapping keeps no file; else as
    /// [`flush`](crate::flush()).
    pub fn flush(&self, part: Extent, how: Flush) -> Result<()> {
        let part = self.part(part.offset(), part.length())?;
        if !self.is_shared() || part.is_empty() {
            return self.overwritten("msync", part);
        }
        let (from, length) = self.pages_of(part)?;
        match (how, self.file()) {
            (Flush::Invalidate, _) => {
                let flags = sys::msync::SYNC | sys::msync::INVALIDATE;
                let synced = self.region.span().sync(from, length, flags);
                synced.map_err(|error| flush::failed(how, error))?;
            }
            (Flush::All | Flush::Data | Flush::Start, file) => {
                let file = file.ok_or_else(no_file)?;
                flush::flush(file, Extent::new(self.extent.offset() + part.offset(), part.length()), how)?;
            }
            (Flush::Msync, _) => {
                let (from, length) = (in_memory(part.offset()), in_memory(part.length()));
                self.region.flush(from, length).map_err(|error| flush::failed(Flush::Msync, error))?;
            }
        }
        self.lost(part)
    }

    /// How much of the file's bytes in the mapping is in memory: [`Prober::residency`]. A page that a private mapping has
    /// written to is no longer the file's, and is not counted.
    ///
    /// # Errors
    /// As [`Prober::residency`]; [`ErrorKind::Unsupported`] when the mapping keeps no file.
    pub fn residency(&self) -> Result<Residency> {
        let (file, range) = self.probed()?;
        Prober::new(file, ProbeChoice::Auto).residency(range)
    }

    /// The runs of the file's pages in the mapping, in file order: [`Prober::runs`].
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the mapping keeps no file.
    pub fn runs(&self) -> Result<Runs<'_>> {
        let (file, range) = self.probed()?;
        Ok(Prober::new(file, ProbeChoice::Auto).runs(range))
    }

    /// Asks mincore(2) of the mapping itself, one byte a page from the page of byte `offset` on: bit 0 is whether it is in memory.
    /// Pages that a private mapping has written to count.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] of a file that the kernel does not tell us about: mincore(2) would claim that all of it is in memory. Where
    /// the mapping does not keep its file that is as it was for the user who mapped it, and nobody else is told.
    /// [`ErrorKind::Range`] beyond the mapping, [`ErrorKind::System`] with what mincore(2) says.
    pub fn mincore(&self, offset: u64, pages: &mut [u8]) -> Result<()> {
        let asked = self.part(offset, 1)?;
        let (from, _) = self.pages_of(asked)?;
        let room = (self.region.span().mapped() - from) / page_size();
        if pages.len() as u64 > room {
            return Err(Error::range(format!(
                "{} pages from {offset} are more than the mapping has",
                pages.len()
            )));
        }
        self.tells()?.map_err(|reason| unknown("mincore", reason))?;
        self.region.span().residency(from, pages).map_err(|error| unsupported_or("mincore", error))
    }

    /// Whether mincore(2) tells the truth about the mapping; about memory without a file it does.
    fn tells(&self) -> Result<Tells> {
        match (self.file(), self.told) {
            (Some(file), _) => mincore_tells(file),
            (None, Some((user, tells))) if user == sys::user() => Ok(tells),
            (None, Some(_)) => Ok(Err(Unknown::NotPermitted)),
            (None, None) => Ok(Ok(())),
        }
    }

    /// Brings the data of the mapping into memory and into the page tables: madvise(2) `MADV_POPULATE_READ`. Holes are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] for the first page that cannot be read, [`ErrorKind::Truncated`] for one beyond the end of the file.
    pub fn populate(&self) -> Result<()> {
        let mut rest = self.extent;
        let mut holes = self.file().map(Holes::new);
        while let Some(data) = next_data(holes.as_mut(), &mut rest) {
            self.populate_data(data)?;
        }
        Ok(())
    }

    fn populate_data(&self, data: Extent) -> Result<()> {
        let mut at = data.offset();
        while at < data.end() {
            let step = Extent::between(at, data.end().min(at + STEP));
            let (from, length) = self.pages_of(Extent::new(at - self.extent.offset(), step.length()))?;
            populate(self.region.span(), from, length)
                .map_err(|(page, error)| self.unpopulated_page(page, error))?;
            at = step.end();
        }
        Ok(())
    }

    fn unpopulated_page(&self, page: u64, error: std::io::Error) -> Error {
        let offset = (self.extent.offset() + page).saturating_sub(self.region.lead());
        let size = self.file().map(OpenFile::size_now);
        match size {
            _ if error.raw_os_error().is_none() => unsupported_or("madvise", error),
            Some(size) if size <= offset => Error::new("madvise", ErrorKind::Truncated { size }),
            _ => {
                let read = self.file().map(|file| sys::read_at(file.file(), &mut [0], offset));
                let source = read.and_then(Result::err).unwrap_or(error);
                Error::new(
                    "madvise",
                    ErrorKind::Unreadable { source, extent: Extent::new(offset, page_size()) },
                )
            }
        }
    }

    /// Keeps its pages in memory for as long as it is mapped: mlock2(2) with `MLOCK_ONFAULT`, then [`populate`](Self::populate).
    /// In this order, since mlock(2) never returns when a page cannot be read.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when `RLIMIT_MEMLOCK` is too low, else as [`populate`](Self::populate); nothing stays locked.
    pub fn lock(&self) -> Result<()> {
        sys::lock_on_fault(self.region.span()).map_err(|error| self.unlockable(error))?;
        self.populate().inspect_err(|_| drop(self.unlock()))
    }

    fn unlockable(&self, error: std::io::Error) -> Error {
        let limit = sys::lock_limit().ok().flatten();
        match (error.raw_os_error(), limit) {
            (Some(errno::ENOMEM | errno::EPERM | errno::EAGAIN), Some(limit)) => {
                let wanted = self.region.span().mapped();
                let why =
                    format!("{limit} bytes may be locked, {wanted} more were wanted: raise it (ulimit -l)");
                Error::limit("RLIMIT_MEMLOCK", why)
            }
            _ => unsupported_or("mlock2", error),
        }
    }

    /// Takes back [`lock`](Self::lock): munlock(2).
    ///
    /// # Errors
    /// [`ErrorKind::System`] with what munlock(2) says.
    pub fn unlock(&self) -> Result<()> {
        self.region.span().unlock().map_err(|error| unsupported_or("munlock", error))
    }

    /// Makes it longer or shorter, mremap(2); it may move. The file's size stays: what is beyond its end faults.
    ///
    /// # Errors
    /// [`ErrorKind::Faulted`] when a fault was answered in it, [`ErrorKind::Overwritten`] when a store into it stayed private:
    /// [`renew`](Self::renew) first. [`ErrorKind::Limit`] when there is no
    /// room, [`ErrorKind::Unsupported`] on systems other than Linux.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// # let scratch = tempfile::NamedTempFile::new()?;
    /// # let (path, file) = (scratch.path(), scratch.as_file());
    /// std::fs::write(path, "short")?;
    /// let mut mapping = mmapio_core::MapOptions::read().open(path)?;
    /// file.set_len(1 << 20)?;
    /// mapping.resize(1 << 20)?;
    /// assert_eq!(mapping.copy_out((1 << 20) - 1, 1)?, [0]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resize(&mut self, length: u64) -> Result<()> {
        self.lost(Extent::new(0, self.len()))?;
        self.require_guard(self.access(), length)?;
        // Meanwhile somebody else may be given the addresses.
        self.guard.iter().for_each(Guard::rest);
        let resized = self.region.resize(length).or_else(|error| self.resize_in_parts(error, length));
        if resized.is_ok() {
            self.extent = Extent::new(self.extent.offset(), length);
        }
        self.guard_anew();
        resized
    }

    /// Advice about a part makes several mappings of one for the kernel, which it makes longer one by one only. Of a file that is
    /// shared another one can be made.
    fn resize_in_parts(&mut self, error: std::io::Error, length: u64) -> Result<()> {
        match self.file.as_deref().filter(|_| self.is_shared()) {
            _ if error.raw_os_error() != Some(errno::EFAULT) => Err(limits::refusal(error, length)),
            Some(file) => {
                self.region = self.options.region(file, Extent::new(self.extent.offset(), length))?;
                Ok(())
            }
            None => Err(Error::refused("mremap", error, "a part of it was given advice of its own")),
        }
    }

    /// Maps the file there anew, after faults: what is in the file is seen again, and [`faults`](Self::faults) begins at 0. What was
    /// written to a private mapping is lost, and so are stores that stayed private.
    ///
    /// # Errors
    /// [`ErrorKind::System`] with what mmap(2) says; [`ErrorKind::Unsupported`] when the mapping keeps no file.
    pub fn renew(&mut self) -> Result<()> {
        let file = self.file.as_deref().ok_or_else(no_file)?;
        let offset = self.extent.offset().saturating_sub(self.region.lead());
        let (how, sharing) = (self.options.access.protection(), self.options.sharing());
        let renewed = self.region.renew(file.file(), offset, how, sharing);
        renewed.map_err(|error| limits::refusal(error, self.len()))?;
        self.guard_anew();
        Ok(())
    }

    fn probed(&self) -> Result<(&OpenFile, ByteRange)> {
        let range = ByteRange::new(self.extent.offset(), Some(self.extent.length()))?;
        Ok((self.file().ok_or_else(no_file)?, range))
    }

    /// The pages that hold a part of the mapping, by their place in its span.
    pub(super) fn pages_of(&self, part: Extent) -> Result<(u64, u64)> {
        let part = self.part(part.offset(), part.length())?;
        let from = part.offset() + self.region.lead();
        let start = from - from % page_size();
        let end = (from + part.length()).next_multiple_of(page_size());
        Ok((start, if part.is_empty() { 0 } else { end - start }))
    }
}

/// The next data; without a file there are no holes.
fn next_data(holes: Option<&mut Holes<'_>>, rest: &mut Extent) -> Option<Extent> {
    match holes {
        Some(holes) => holes.next_data(rest),
        None => Some(std::mem::take(rest)).filter(|rest| !rest.is_empty()),
    }
}

fn no_file() -> Error {
    Error::new("mmap", ErrorKind::Unsupported { system: "a mapping that keeps no file" })
}
