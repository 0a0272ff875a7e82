//! How large the pieces are that the page cache keeps a file in: `/proc/self/pagemap` and `/proc/kpageflags` (proc(5)).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::Mapping;
use crate::error::Result;
use crate::extent::Extent;
use crate::page::page_size;

/// Bytes of either file for a page.
const ENTRY: u64 = 8;
/// Entries read at once.
const PIECE: u64 = 8 << 10;
/// Bits of pagemap: the page is in memory, and the number of its frame, which is 0 for those who may not know.
const PRESENT: u64 = 1 << 63;
const FRAME: u64 = (1 << 55) - 1;
/// Bits of kpageflags: the first frame of a large folio, and the others.
const HEAD: u64 = 1 << 15;
const TAIL: u64 = 1 << 16;

impl Mapping {
    /// The size in bytes of the largest folio among the pages of `part` that are in the page tables of this process: those of
    /// [`populate`](Self::populate) or `populate-read`, for example. None when no page is there, or when it is not for us to know: that
    /// takes `CAP_SYS_ADMIN`.
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
    /// assert!(mapping.largest_folio(Extent::new(0, mapping.len()))?.is_none_or(|size| size >= page_size()));
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn largest_folio(&self, part: Extent) -> Result<Option<u64>> {
        let (from, length) = self.pages_of(part)?;
        let first = (self.as_ptr().addr() as u64 - self.region.lead() + from) / page_size();
        // Who may not read these files may not know.
        let pages = largest(first, length / page_size()).unwrap_or(None);
        Ok(pages.map(|pages| pages * page_size()))
    }
}

/// The frames of the largest folio among `count` pages of this process from page `first` on.
fn largest(first: u64, count: u64) -> io::Result<Option<u64>> {
    let mut pagemap = Entries::open("/proc/self/pagemap")?;
    let mut flags = Entries::open("/proc/kpageflags")?;
    let (mut largest, mut at) = (None, first);
    while at < first + count {
        let Some(entry) = pagemap.at(at)? else { break };
        let frame = if entry & PRESENT == 0 { 0 } else { entry & FRAME };
        if frame == 0 {
            at += 1;
            continue;
        }
        let (head, end) = folio_of(&mut flags, frame)?;
        largest = largest.max(Some(end - head));
        at += end - frame;
    }
    Ok(largest)
}

/// The frames of the folio that has this one.
fn folio_of(flags: &mut Entries, frame: u64) -> io::Result<(u64, u64)> {
    let mut has = |frame, bit| Ok::<_, io::Error>(flags.at(frame)?.is_some_and(|flags| flags & bit != 0));
    let mut head = frame;
    while head > 0 && has(head, TAIL)? {
        head -= 1;
    }
    let mut end = frame + 1;
    if has(head, HEAD)? {
        while has(end, TAIL)? {
            end += 1;
        }
    }
    Ok((head.min(frame), end))
}

/// A file of 8-byte entries, read in pieces.
struct Entries {
    file: File,
    buffer: Vec<u8>,
    start: u64,
}

impl Entries {
    fn open(path: &str) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, buffer: Vec::new(), start: 0 })
    }

    /// The entry of this number; none beyond the end.
    fn at(&mut self, number: u64) -> io::Result<Option<u64>> {
        if !self.has(number) {
            self.start = number - number % PIECE;
            self.file.seek(SeekFrom::Start(self.start.saturating_mul(ENTRY)))?;
            self.buffer.clear();
            Read::by_ref(&mut self.file).take(PIECE * ENTRY).read_to_end(&mut self.buffer)?;
        }
        let place = usize::try_from((number - self.start) * ENTRY).unwrap_or(usize::MAX);
        let bytes = self.buffer.get(place..).and_then(<[u8]>::first_chunk);
        Ok(bytes.map(|bytes| u64::from_ne_bytes(*bytes)))
    }

    fn has(&self, number: u64) -> bool {
        number >= self.start && number - self.start < self.buffer.len() as u64 / ENTRY
    }
}
