//! The bytes of a mapping by reference, for those who promise that nobody changes them.

use std::slice;

use super::Mapping;
use super::bytes::in_memory;
use crate::checksum::checksum;
use crate::error::{Error, Result};
use crate::sys::errno;

impl Mapping {
    /// Shows `length` bytes from `offset` to `look`, and says afterwards whether what it saw was real.
    ///
    /// # Safety
    /// While `look` has them, nobody changes the bytes: neither through this mapping or another of the same file, nor by write(2), in
    /// this process or another. (That they vanish is what the guard is for.)
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at); what `look` made of it is dropped then.
    ///
    /// ```
    /// # let path = std::env::current_exe().unwrap();
    /// let mapping = mmapio_core::MapOptions::read().open(&path)?;
    /// // SAFETY: nobody writes into a program that runs.
    /// let zeros = unsafe { mapping.with_bytes(0, mapping.len(), |bytes| bytes.iter().filter(|byte| **byte == 0).count()) }?;
    /// assert!(zeros > 0);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub unsafe fn with_bytes<T>(&self, offset: u64, length: u64, look: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.require(self.access().is_readable(), "read")?;
        let asked = self.part(offset, length)?;
        let start = self.as_ptr().wrapping_add(in_memory(offset));
        // SAFETY: the part lies inside the mapping, which is there as long as the reference; the caller keeps others away.
        let seen = look(unsafe { slice::from_raw_parts(start, in_memory(asked.length())) });
        self.verify(asked)?;
        Ok(seen)
    }

    /// Whether `pattern` is nowhere in `length` bytes from `offset`: looked for in place, at the speed of memory. What others write
    /// meanwhile may be missed.
    ///
    /// # Errors
    /// As [`read_at`](Self::read_at).
    ///
    /// ```
    /// # let path = std::env::current_exe().unwrap();
    /// let mapping = mmapio_core::MapOptions::read().open(&path)?;
    /// assert!(!mapping.lacks(0, mapping.len(), b"ELF")? || !cfg!(target_os = "linux"));
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn lacks(&self, offset: u64, length: u64, pattern: &[u8]) -> Result<bool> {
        let finder = memchr::memmem::Finder::new(pattern);
        // SAFETY: the bytes may change under the finder, which reads each by value, and stays inside of the slice by its length
        // alone: all that comes of it is that a pattern is missed, or thought to be there. No reference leaves this call.
        unsafe { self.with_bytes(offset, length, |bytes| finder.find(bytes).is_none()) }
    }

    /// The [`checksum`](crate::checksum()) of `length` bytes from `offset`; of fewer at the end of the mapping. Whether they were real
    /// [`check`](Self::check) says afterwards, of many at once: here only time counts.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) for an offset beyond the mapping;
    /// [`ErrorKind::System`](crate::ErrorKind::System) with `EACCES` when it may not be read.
    ///
    /// ```
    /// # let path = std::env::current_exe().unwrap();
    /// let mapping = mmapio_core::MapOptions::read().open(&path)?;
    /// let sum = mapping.sum_unverified(0, 4096)?;
    /// mapping.check(0, 4096)?;
    /// assert_eq!(sum, mmapio_core::checksum(&mapping.copy_out(0, 4096)?));
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn sum_unverified(&self, offset: u64, length: u64) -> Result<u64> {
        self.require_readable()?;
        let part = self.part(offset, length)?;
        let start = self.as_ptr().wrapping_add(in_memory(offset));
        // SAFETY: the part lies inside the mapping, which may be read and is there as long as it is borrowed. The bytes may change
        // under the sum, which reads each by value: all that comes of it is another sum. No reference leaves this call.
        let bytes = unsafe { slice::from_raw_parts(start, in_memory(part.length())) };
        Ok(checksum(bytes))
    }

    /// Copies bytes as [`read_at`](Self::read_at) does, and leaves it to [`check`](Self::check) to say whether they were real.
    ///
    /// # Errors
    /// As [`sum_unverified`](Self::sum_unverified).
    pub fn copy_unverified(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.require_readable()?;
        let length = in_memory(self.part(offset, buffer.len() as u64)?.length());
        let buffer = buffer.split_at_mut(length).0;
        self.region.copy_out(in_memory(offset), buffer).map_err(|error| Error::system("read", error))?;
        Ok(length)
    }

    /// Stores bytes as [`write_at`](Self::write_at) does, and leaves it to [`flush`](Self::flush) to say whether they reach the file.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) when they do not fit;
    /// [`ErrorKind::System`](crate::ErrorKind::System) with `EACCES` when it may not be written.
    pub fn store_unverified(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        if !self.access().is_writable() {
            return Err(Error::system("write", std::io::Error::from_raw_os_error(errno::EACCES)));
        }
        self.region.copy_in(in_memory(offset), bytes).map_err(|error| Error::system("write", error))
    }

    fn require_readable(&self) -> Result<()> {
        match self.access().is_readable() {
            true => Ok(()),
            false => Err(Error::system("read", std::io::Error::from_raw_os_error(errno::EACCES))),
        }
    }

    /// All of it as a slice.
    ///
    /// # Safety
    /// For as long as the slice is used:
    /// - nobody changes the bytes, through this mapping or another of the same file, or by write(2), in this process or another;
    /// - the file does not become shorter than the mapping, and the storage gives its pages. Else, with the guard, the slice has
    ///   zeros where [`faults`](Self::faults) tells of it, and without it the process dies of SIGBUS.
    ///
    /// The mapping may be read ([`Access::is_readable`](crate::Access::is_readable)): else the process dies of SIGSEGV.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the mapping has these bytes, and is there as long as the reference; the caller keeps others away.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.region.length()) }
    }

    /// All of it as a slice for writing.
    ///
    /// # Safety
    /// As [`as_slice`](Self::as_slice), and nobody reads the bytes in another way meanwhile. The mapping may be written.
    #[must_use]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as for `as_slice`, and the mapping is borrowed for this alone.
        unsafe { slice::from_raw_parts_mut(self.region.pointer(), self.region.length()) }
    }
}
