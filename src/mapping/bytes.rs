//! Reaching the bytes of a mapping.

use super::{Mapping, limits};
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::guard::{self, Guard};
use crate::open::OpenFile;
use crate::page::page_size;
use crate::sys::{self, errno};

impl Mapping {
    /// Copies bytes from `offset` into `buffer`; fewer at the end of the mapping. What others write meanwhile may be in the copy in
    /// part.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the file does not reach that far any more, [`ErrorKind::Unreadable`] when the storage does not
    /// give a page of it, [`ErrorKind::Faulted`] when it did not and does now; [`ErrorKind::Overwritten`] when a store into a page
    /// stayed private ([`MapOptions::forgive_writes`](super::MapOptions::forgive_writes)); [`ErrorKind::Range`] for an offset beyond
    /// the mapping; [`ErrorKind::System`] with `EACCES` when it may not be read. The buffer holds nothing of use then.
    ///
    /// ```
    /// # let path = std::env::current_exe().unwrap();
    /// let mapping = mmapio_core::MapOptions::read().open(&path)?;
    /// let mut magic = [0; 4];
    /// assert_eq!(mapping.read_at(0, &mut magic)?, 4);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.require(self.access().is_readable(), "read")?;
        let asked = self.part(offset, buffer.len() as u64)?;
        let length = in_memory(asked.length());
        let buffer = buffer.split_at_mut(length).0;
        self.region.copy_out(in_memory(offset), buffer).map_err(|error| Error::system("read", error))?;
        self.verify(asked)?;
        Ok(length)
    }

    /// Copies `length` bytes from `offset` into memory of their own; fewer at the end of the mapping.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at), and [`ErrorKind::Limit`] when there is no room for them.
    pub fn copy_out(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let mut bytes = zeros(self.part(offset, length)?.length())?;
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies `bytes` to `offset`: into the file, for others to see at once, when the mapping is shared; durable after
    /// [`flush`](Self::flush).
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at), and [`ErrorKind::Range`] when they do not fit. A page for which the filesystem has no room
    /// is [`ErrorKind::Faulted`] too: what was to be there is lost, what is before it may be written. To be sure of room, allocate
    /// it first (fallocate(2)).
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.require(self.access().is_writable(), "write")?;
        let asked = self.part(offset, bytes.len() as u64)?;
        if asked.length() < bytes.len() as u64 {
            let (length, end) = (bytes.len(), self.len());
            return Err(Error::range(format!(
                "{length} bytes at {offset} go beyond the end of the mapping at {end}"
            )));
        }
        self.region.copy_in(in_memory(offset), bytes).map_err(|error| Error::system("write", error))?;
        self.verify(asked)
    }

    /// Says whether `length` bytes from `offset` are the file's: for those who read through [`as_slice`](Self::as_slice), after each
    /// batch. Without the guard only the file's size is looked at.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    pub fn check(&self, offset: u64, length: u64) -> Result<()> {
        self.verify(self.part(offset, length)?)
    }

    pub(super) fn require(&self, allowed: bool, call: &'static str) -> Result<()> {
        if !allowed {
            return Err(Error::system(call, std::io::Error::from_raw_os_error(errno::EACCES)));
        }
        if self.guard.is_some() { guard::require_signal(self.options.forgives()) } else { Ok(()) }
    }

    /// The bytes from `offset` that the mapping has, by their place in it.
    pub(super) fn part(&self, offset: u64, length: u64) -> Result<Extent> {
        let end = self.len();
        if offset > end {
            return Err(Error::range(format!("offset {offset} is beyond the end of the mapping at {end}")));
        }
        Ok(Extent::new(offset, length.min(end - offset)))
    }

    /// Whether what was copied was there: no fault was answered in it, and the file is still long enough. Both must be asked: a huge
    /// page of tmpfs can be read beyond a new end for a while, without a fault.
    pub(super) fn verify(&self, part: Extent) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        if let Some(replaced) = self.replaced(part) {
            return Err(self.fault(replaced));
        }
        let size = self.file().map(OpenFile::size_now);
        if let Some(size) = size.filter(|size| *size < self.extent.offset() + part.end()) {
            return Err(Error::new("mmap", ErrorKind::Truncated { size }));
        }
        self.overwritten("mmap", part)
    }

    /// The first bytes of a part that the guard replaced, by their place in the file.
    fn replaced(&self, part: Extent) -> Option<Extent> {
        self.first_of(part, Guard::replaced)
    }

    /// Whether no store into a part stayed private.
    pub(super) fn overwritten(&self, call: &'static str, part: Extent) -> Result<()> {
        let found =
            Some(part).filter(|_| self.options.forgives()).and_then(|part| self.first_of(part, Guard::owned));
        found.map_or(Ok(()), |extent| Err(Error::new(call, ErrorKind::Overwritten { extent })))
    }

    /// The first bytes of a part that the guard tells something of, by their place in the file.
    fn first_of(
        &self,
        part: Extent,
        what: impl Fn(&Guard, usize, usize) -> Option<Extent>,
    ) -> Option<Extent> {
        let lead = self.region.lead();
        let found = what(self.guard.as_ref()?, in_memory(part.offset() + lead), in_memory(part.length()))?;
        Some(Extent::new(self.extent.offset() + found.offset() - lead, found.length()))
    }

    /// What is wrong with bytes that the guard replaced: the kernel says nothing, but reading them does.
    fn fault(&self, bytes: Extent) -> Error {
        let Some(file) = self.file() else { return Error::new("mmap", ErrorKind::Faulted { extent: bytes }) };
        let size = file.size_now();
        if size < bytes.end() {
            return Error::new("mmap", ErrorKind::Truncated { size });
        }
        let page = Extent::new(bytes.offset() - bytes.offset() % page_size(), page_size());
        match sys::read_at(file.file(), &mut [0], bytes.offset()) {
            Err(source) => Error::new("mmap", ErrorKind::Unreadable { source, extent: page }),
            Ok(_) => Error::new("mmap", ErrorKind::Faulted { extent: bytes }),
        }
    }

    /// The first bytes of a part whose stores do not reach the file, as an error: they were replaced, or nobody may store there.
    pub(super) fn lost(&self, part: Extent) -> Result<()> {
        if let Some(extent) = self.replaced(part) {
            return Err(Error::new("msync", ErrorKind::Faulted { extent }));
        }
        self.overwritten("msync", part)
    }
}

/// So many zeros. A sparse file can be mapped that is larger than memory, and to be without room must not end the process.
fn zeros(length: u64) -> Result<Vec<u8>> {
    let bytes = in_memory(length);
    let no_room = |_| limits::refusal(std::io::Error::from_raw_os_error(errno::ENOMEM), length);
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(no_room)?;
    Ok(vec![0; bytes])
}

/// A length inside a mapping, which fits into memory.
pub(super) fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
