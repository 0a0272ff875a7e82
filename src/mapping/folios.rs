//! How large the pieces are that the page cache keeps a file in: `/proc/self/pagemap` and `/proc/kpageflags` (proc(5)).

use std::fs::File;
use std::io;

use super::Mapping;
use crate::error::Result;
use crate::extent::Extent;
use crate::page::page_size;
use crate::sys;

/// Bytes of either file for a page.
const ENTRY: usize = 8;
/// Entries of pagemap read at once.
const PIECE: u64 = 8 << 10;
/// Bits of pagemap: the page is in memory, and the number of its frame, which is 0 for those who may not know.
const PRESENT: u64 = 1 << 63;
const FRAME: u64 = (1 << 55) - 1;
/// Bits of kpageflags: the first frame of a large folio, and the others.
const HEAD: u64 = 1 << 15;
const TAIL: u64 = 1 << 16;
/// No folio has as many frames as two to the power of this: what looks like one changed while it was looked at.
const TOO_LARGE: u32 = 32;

impl Mapping {
    /// The size in bytes of the largest folio among the pages of these parts that are in the page tables of this process: those of
    /// [`populate`](Self::populate) or `populate-read`, for example. None when no page is there, or when it is not for us to know: that
    /// takes `CAP_SYS_ADMIN`.
    ///
    /// Cost: eight bytes read for each page of the parts, and a few system calls a folio.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) beyond the mapping.
    ///
    /// ```
    /// use mmapio_core::{Extent, MapOptions, page_size};
    /// # let scratch = tempfile::NamedTempFile::new().unwrap();
    /// # let path = scratch.path();
    /// std::fs::write(path, "one page").unwrap();
    /// let mapping = MapOptions::read().populate().open(path)?;
    /// let folio = mapping.largest_folio([Extent::new(0, mapping.len())])?;
    /// assert!(folio.is_none_or(|size| size >= page_size()));
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn largest_folio(&self, parts: impl IntoIterator<Item = Extent>) -> Result<Option<u64>> {
        let start = self.as_ptr().addr() as u64 - self.region.lead();
        // Who may not read these files may not know.
        let Ok(mut folios) = Folios::open() else { return Ok(None) };
        for part in parts {
            let (from, length) = self.pages_of(part)?;
            if folios.see((start + from) / page_size(), length / page_size()).is_err() {
                return Ok(None);
            }
        }
        Ok(folios.largest.map(|frames| frames * page_size()))
    }
}

/// Looks at the folios of this process's pages.
struct Folios {
    pagemap: File,
    flags: File,
    entries: Vec<u8>,
    /// The frames of the largest folio so far.
    largest: Option<u64>,
}

impl Folios {
    fn open() -> io::Result<Self> {
        let (pagemap, flags) = (File::open("/proc/self/pagemap")?, File::open("/proc/kpageflags")?);
        Ok(Self { pagemap, flags, entries: Vec::new(), largest: None })
    }

    /// Looks at `count` pages from page `first` on.
    fn see(&mut self, first: u64, count: u64) -> io::Result<()> {
        // Frames of the last folio: the pages that follow are most of the time in it, too.
        let mut known = 0..0;
        for start in (first..first + count).step_by(usize::try_from(PIECE).unwrap_or(usize::MAX)) {
            self.read(start, PIECE.min(first + count - start))?;
            for entry in self.entries.chunks_exact(ENTRY).filter_map(<[u8]>::first_chunk) {
                let frame = frame_of(u64::from_ne_bytes(*entry));
                if let Some(frame) = frame.filter(|frame| !known.contains(frame)) {
                    known = folio_of(&self.flags, frame)?;
                    self.largest = self.largest.max(Some(known.end - known.start));
                }
            }
        }
        Ok(())
    }

    /// Reads so many entries of pagemap, or fewer at its end.
    fn read(&mut self, first: u64, count: u64) -> io::Result<()> {
        let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(ENTRY);
        self.entries.resize(bytes, 0);
        let read = sys::read_at(&self.pagemap, &mut self.entries, place(first))?;
        self.entries.truncate(read);
        Ok(())
    }
}

/// The frame of a page that is in memory, if it is for us to know.
fn frame_of(entry: u64) -> Option<u64> {
    Some(entry & FRAME).filter(|frame| entry & PRESENT != 0 && *frame != 0)
}

/// The frames of the folio that has this one. A folio has a power of two of frames, and the number of its first is a multiple of that:
/// few of them have to be looked at, and the kernel takes its time for each.
fn folio_of(flags: &File, frame: u64) -> io::Result<std::ops::Range<u64>> {
    let has = |frame, bits| Ok::<_, io::Error>(flags_of(flags, frame)? & bits != 0);
    let alone = frame..frame + 1;
    if !has(frame, HEAD | TAIL)? {
        return Ok(alone);
    }
    let mut order = 0;
    while !has(frame >> order << order, HEAD)? {
        order += 1;
        if order >= TOO_LARGE {
            return Ok(alone);
        }
    }
    let head = frame >> order << order;
    let mut order = 0;
    while order < TOO_LARGE && has(head + (1 << order), TAIL)? {
        order += 1;
    }
    Ok(head..head + (1 << order))
}

/// What the kernel says of a frame; nothing beyond the last.
fn flags_of(flags: &File, frame: u64) -> io::Result<u64> {
    let mut entry = [0; ENTRY];
    sys::read_at(flags, &mut entry, place(frame))?;
    Ok(u64::from_ne_bytes(entry))
}

/// Where the entry of a page is.
fn place(number: u64) -> u64 {
    number.saturating_mul(ENTRY as u64)
}
