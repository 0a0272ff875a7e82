//! The bytes of a mapping by reference, for those who promise that nobody changes them.

use std::slice;

use super::Mapping;
use super::bytes::in_memory;
use crate::error::Result;

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
