//! Memory mapped for its bytes, through memmap2, which knows how on every system; bytes are reached by copying.

use std::fs::File;
use std::io;

use memmap2::{MmapMut, MmapOptions, MmapRaw};

use super::os::{Span, protection};

/// What may be done to mapped bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    Read,
    ReadWrite,
}

/// Whose the bytes of a mapped file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Stores are the file's.
    Shared,
    /// Stores stay in the mapping.
    Private,
    /// The same, and room for them is not set aside beforehand, where a system would: none are expected, but all may come.
    Unreserved,
}

/// A mapping that is unmapped when this is dropped. Its bytes may be changed by anybody who has the file, and vanish with it, so
/// that no reference to them is ever made here.
#[derive(Debug)]
pub(crate) struct Region {
    /// What is mapped: whole pages where they are huge, since munmap(2) takes no less.
    raw: MmapRaw,
    /// What was asked for.
    length: usize,
    huge_page: Option<u64>,
    span: Span,
}

impl Region {
    /// Maps `length` bytes of a file from any `offset`, beyond its end, too: mmap(2). `huge_page` is the size of its pages, when they
    /// are not the usual ones.
    pub(crate) fn of_file(
        file: &File,
        offset: u64,
        length: u64,
        huge_page: Option<u64>,
        how: Protection,
        sharing: Sharing,
    ) -> io::Result<Self> {
        let mut options = MmapOptions::new();
        options.offset(offset).len(mapped(length, offset, huge_page)?);
        if sharing == Sharing::Unreserved {
            options.no_reserve_swap();
        }
        let raw = match (how, sharing) {
            (Protection::ReadWrite, Sharing::Shared) => options.map_raw(file)?,
            (Protection::ReadWrite, _) => copy(&options, file)?,
            (_, Sharing::Shared) => options.map_raw_read_only(file)?,
            (_, _) => read_only_copy(&options, file)?,
        };
        Self::of(raw, in_memory(length)?, huge_page, how)
    }

    /// Maps memory without a file: zeros, private to this process.
    pub(crate) fn anonymous(length: u64, how: Protection) -> io::Result<Self> {
        let raw = MmapOptions::new().len(mapped(length, 0, None)?).map_anon().map(MmapMut::into)?;
        let region = Self::of(raw, in_memory(length)?, None, how)?;
        if how == Protection::Read {
            region.protect(how)?;
        }
        Ok(region)
    }

    fn of(raw: MmapRaw, length: usize, huge_page: Option<u64>, how: Protection) -> io::Result<Self> {
        let span = Span::new(raw.as_mut_ptr().cast(), raw.len())?;
        let region = Self { raw, length, huge_page, span };
        if how == Protection::None {
            region.protect(how)?;
        }
        Ok(region)
    }

    /// Its pages, for the kernel.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Where its bytes begin.
    pub(crate) fn pointer(&self) -> *mut u8 {
        self.raw.as_mut_ptr()
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The size of its pages, when they are not the usual ones.
    pub(crate) fn huge_page(&self) -> Option<u64> {
        self.huge_page
    }

    /// The bytes from the start of its first page to its own first byte.
    pub(crate) fn lead(&self) -> u64 {
        self.raw.as_ptr().addr() as u64 % super::page_size()
    }

    /// The address of `length` bytes from byte `from`, when they lie inside.
    fn part(&self, from: usize, length: usize) -> io::Result<*mut u8> {
        match from.checked_add(length) {
            Some(end) if end <= self.length() => Ok(self.pointer().wrapping_add(from)),
            _ => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        }
    }

    /// Copies bytes out. Reading must be allowed: nobody else can check that.
    pub(crate) fn copy_out(&self, from: usize, to: &mut [u8]) -> io::Result<()> {
        let part = self.part(from, to.len())?;
        // SAFETY: the part lies inside our mapping, and no reference to it exists. Others may change it meanwhile, then some
        // of the bytes are older than others; bytes have no invalid values.
        unsafe { std::ptr::copy_nonoverlapping(part, to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    /// Copies bytes in. Writing must be allowed: nobody else can check that.
    pub(crate) fn copy_in(&mut self, from: usize, bytes: &[u8]) -> io::Result<()> {
        let part = self.part(from, bytes.len())?;
        // SAFETY: the part lies inside our mapping, which is borrowed for us alone, and no reference to it exists.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), part, bytes.len()) };
        Ok(())
    }

    /// Writes back, msync(2) `MS_SYNC`, once: its first failure is final.
    pub(crate) fn flush(&self, from: usize, length: usize) -> io::Result<()> {
        self.part(from, length)?;
        self.raw.flush_range(from, length)
    }

    /// Changes what may be done to its bytes, mprotect(2).
    pub(crate) fn protect(&self, how: Protection) -> io::Result<()> {
        self.span.protect(protection(how))
    }

    /// Maps the file over it once more: `offset` is that of its first page.
    pub(crate) fn renew(
        &mut self,
        file: &File,
        offset: u64,
        how: Protection,
        sharing: Sharing,
    ) -> io::Result<()> {
        self.span.map_over(file, offset, how, sharing)
    }

    /// Makes it longer or shorter, mremap(2); it may move.
    #[cfg(target_os = "linux")]
    pub(crate) fn resize(&mut self, length: u64) -> io::Result<()> {
        let options = memmap2::RemapOptions::new().may_move(true);
        let mapped = mapped(length, self.lead(), self.huge_page)?;
        // SAFETY: no reference into the mapping exists; that the file may end before it is as when it was mapped.
        unsafe { self.raw.remap(mapped, options) }?;
        self.length = in_memory(length)?;
        self.span = Span::new(self.raw.as_mut_ptr().cast(), self.raw.len())?;
        Ok(())
    }

    /// Not there.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn resize(&mut self, _length: u64) -> io::Result<()> {
        Err(super::unsupported())
    }
}

fn copy(options: &MmapOptions, file: &File) -> io::Result<MmapRaw> {
    // SAFETY: what is mapped becomes a raw mapping at once, of which no reference is made.
    unsafe { options.map_copy(file) }.map(MmapRaw::from)
}

fn read_only_copy(options: &MmapOptions, file: &File) -> io::Result<MmapRaw> {
    // SAFETY: as for `copy`.
    unsafe { options.map_copy_read_only(file) }.map(MmapRaw::from)
}

/// How many bytes from `offset` are mapped when `length` are asked for.
fn mapped(length: u64, offset: u64, huge_page: Option<u64>) -> io::Result<usize> {
    let lead = offset % super::page_size();
    let rounded =
        huge_page.and_then(|page| lead.saturating_add(length.max(1)).checked_next_multiple_of(page));
    in_memory(rounded.map_or(length, |end| end - lead))
}

/// No mapping is larger than half of the address space.
fn in_memory(length: u64) -> io::Result<usize> {
    match usize::try_from(length) {
        Ok(length) if isize::try_from(length).is_ok() => Ok(length),
        _ => Err(io::Error::from_raw_os_error(super::errno::ENOMEM)),
    }
}
