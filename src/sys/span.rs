//! Memory that is mapped: what the kernel is told and asked about it, on Linux and macOS.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};

use super::unix::{check, page_size, retry};
use super::{Protection, Sharing};

/// Pages of a mapping of this process. Who owns the mapping lends them, so that it is there as long as they are.
#[derive(Debug)]
pub(crate) struct Span {
    start: NonNull<libc::c_void>,
    length: NonZeroUsize,
}

// SAFETY: a mapping belongs to the process, not to a thread, and no byte of it is read or written through this.
unsafe impl Send for Span {}
// SAFETY: what it does are system calls, which may be made from many threads at once.
unsafe impl Sync for Span {}

impl Span {
    /// The pages that hold `length` bytes from `start`, of a mapping that the caller owns; nothing is one byte.
    pub(super) fn new(start: *mut libc::c_void, length: usize) -> io::Result<Self> {
        let lead = start.addr() % page_bytes();
        let length = NonZeroUsize::new(length.saturating_add(lead)).unwrap_or(NonZeroUsize::MIN);
        let start = NonNull::new(start.wrapping_byte_sub(lead)).ok_or_else(invalid)?;
        Ok(Self { start, length })
    }

    /// The address of `length` bytes from byte `from`, when they lie inside the span; the last page counts as a whole.
    pub(super) fn part(&self, from: u64, length: u64) -> io::Result<(*mut libc::c_void, usize)> {
        let from = usize::try_from(from).map_err(|_| invalid())?;
        let length = usize::try_from(length).map_err(|_| invalid())?;
        let mapped = self.length.get().next_multiple_of(page_bytes());
        if from % page_bytes() != 0 || from.checked_add(length).is_none_or(|end| end > mapped) {
            return Err(invalid());
        }
        Ok((self.start.as_ptr().wrapping_byte_add(from), length))
    }

    /// madvise(2) for `length` bytes from byte `from` of the span.
    pub(crate) fn advise(&self, from: u64, length: u64, advice: i32) -> io::Result<()> {
        let (start, length) = self.part(from, length)?;
        retry(|| {
            // SAFETY: the range lies inside a mapping of ours, and no advice is given that changes what it contains.
            check(unsafe { libc::madvise(start, length, advice) }).map(drop)
        })
    }

    /// msync(2) for `length` bytes from byte `from` of the span; it is not repeated, since its first failure is final.
    pub(crate) fn sync(&self, from: u64, length: u64, flags: i32) -> io::Result<()> {
        let (start, length) = self.part(from, length)?;
        // SAFETY: the range lies inside a mapping of ours; msync changes nothing in memory.
        check(unsafe { libc::msync(start, length, flags) }).map(drop)
    }

    /// The bytes of the span, which are whole pages.
    pub(crate) fn mapped(&self) -> u64 {
        (self.length.get() as u64).next_multiple_of(page_size())
    }

    /// Asks mincore(2) of the pages from byte `from` of the span, one byte a page into `pages`: bit 0 is residency.
    pub(crate) fn residency(&self, from: u64, pages: &mut [u8]) -> io::Result<()> {
        let (start, length) = self.part(from, (pages.len() as u64).saturating_mul(page_size()))?;
        retry(|| {
            // SAFETY: the range lies inside a mapping of ours, and `pages` has a byte for each of its pages.
            check(unsafe { libc::mincore(start, length, pages.as_mut_ptr().cast()) }).map(drop)
        })
    }

    /// mprotect(2) of the whole span.
    pub(super) fn protect(&self, protection: i32) -> io::Result<()> {
        let (start, length) = self.part(0, self.mapped())?;
        // SAFETY: the range is a mapping of ours; whoever takes rights away has no reference into it.
        check(unsafe { libc::mprotect(start, length, protection) }).map(drop)
    }

    /// Maps a file over the whole span, mmap(2) with `MAP_FIXED`.
    pub(super) fn map_over(
        &self,
        file: &File,
        offset: u64,
        how: Protection,
        sharing: Sharing,
    ) -> io::Result<()> {
        let (start, length) = self.part(0, self.mapped())?;
        let offset = libc::off_t::try_from(offset).map_err(|_| invalid())?;
        let flags = libc::MAP_FIXED
            | match sharing {
                Sharing::Shared => libc::MAP_SHARED,
                Sharing::Private => libc::MAP_PRIVATE,
                Sharing::Unreserved => libc::MAP_PRIVATE | libc::MAP_NORESERVE,
            };
        // SAFETY: the range is a whole mapping of ours, to whose bytes nobody holds a reference.
        let put = unsafe { libc::mmap(start, length, protection(how), flags, file.as_raw_fd(), offset) };
        if put == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// munlock(2) of the whole span.
    pub(crate) fn unlock(&self) -> io::Result<()> {
        let (start, length) = self.part(0, self.mapped())?;
        // SAFETY: the range is a mapping of ours; unlocking changes no byte of it.
        check(unsafe { libc::munlock(start, length) }).map(drop)
    }
}

fn invalid() -> io::Error {
    io::Error::from_raw_os_error(libc::EINVAL)
}

/// The page size as a length in memory.
fn page_bytes() -> usize {
    usize::try_from(page_size()).unwrap_or(4096)
}

/// A part of a file mapped for the kernel alone: it can be asked for residency and advised about, and nobody touches it.
#[derive(Debug)]
pub(crate) struct Window(Span);

impl std::ops::Deref for Window {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.0
    }
}

impl Window {
    /// Maps `length` bytes from `offset`, which is a multiple of the page size: mmap(2) with `PROT_NONE`.
    pub(crate) fn new(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        Self::map(file, offset, length, libc::PROT_NONE)
    }

    /// The same with `PROT_READ`, for advice that makes the kernel read: nobody of us ever touches the bytes.
    pub(crate) fn readable(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        Self::map(file, offset, length, libc::PROT_READ)
    }

    /// The same at an address that is as far from a multiple of `multiple` as `offset` is, which is where huge pages can be;
    /// where no such place is free, anywhere.
    pub(crate) fn aligned(file: &File, offset: u64, length: u64, multiple: u64) -> io::Result<Self> {
        let room = Self::readable(file, offset, length.saturating_add(multiple))?;
        let start = room.start.as_ptr().addr() as u64;
        drop(room);
        let place = start.next_multiple_of(multiple).saturating_add(offset % multiple);
        Self::map_near(place, file, offset, length, libc::PROT_READ)
    }

    fn map(file: &File, offset: u64, length: u64, protection: i32) -> io::Result<Self> {
        Self::map_near(0, file, offset, length, protection)
    }

    /// Maps at this address if that is free.
    fn map_near(place: u64, file: &File, offset: u64, length: u64, protection: i32) -> io::Result<Self> {
        let length = usize::try_from(length).ok().and_then(NonZeroUsize::new).ok_or_else(invalid)?;
        let offset = libc::off_t::try_from(offset).map_err(|_| invalid())?;
        let fd = file.as_raw_fd();
        let place = ptr::without_provenance_mut(usize::try_from(place).unwrap_or(0));
        // SAFETY: a new mapping without MAP_FIXED replaces nothing of ours: the place is a wish.
        let start = unsafe { libc::mmap(place, length.get(), protection, libc::MAP_SHARED, fd, offset) };
        match NonNull::new(start) {
            Some(start) if start.as_ptr() != libc::MAP_FAILED => Ok(Self(Span { start, length })),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Unmaps what lies at and behind byte `length` of the window, which is a multiple of the page size and not 0.
    pub(crate) fn cut(&mut self, length: u64) -> io::Result<()> {
        let (end, rest) = self.part(length, self.mapped().saturating_sub(length))?;
        let kept = usize::try_from(length).ok().and_then(NonZeroUsize::new).ok_or_else(invalid)?;
        if rest > 0 {
            // SAFETY: the range lies inside our mapping, to whose bytes nobody holds a pointer.
            check(unsafe { libc::munmap(end, rest) })?;
            self.0.length = kept;
        }
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: the range is the one that mmap gave, and nobody holds a pointer into it.
        unsafe { libc::munmap(self.start.as_ptr(), self.length.get()) };
    }
}

/// The numbers of mmap(2) and mprotect(2).
pub(crate) fn protection(how: Protection) -> i32 {
    match how {
        Protection::None => libc::PROT_NONE,
        Protection::Read => libc::PROT_READ,
        Protection::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
    }
}
