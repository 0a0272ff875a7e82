//! Reading a file from one place to another: data by pread(2), holes by their length alone, and on behind what the storage does
//! not give.

use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::page_size;
use crate::residency::Holes;

/// Pages that cannot be read, one behind the other, are told as one piece up to this size: what is told later is told too late.
const MOST_UNREADABLE: u64 = 64 << 20;

/// How often it is asked whether there is a hole, while the file changes.
const ATTEMPTS: usize = 16;

/// So much is read before that is asked again.
const UNSURE: u64 = 1 << 20;

/// What a [`Reader`] came upon.
///
/// ```
/// use mmapio_core::{Extent, Piece};
/// assert_eq!(Piece::Hole(Extent::new(0, 4096)).extent().end(), 4096);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Piece {
    /// Bytes of the file: they are at the start of the buffer.
    Data(Extent),
    /// A hole: zeros that take no room on the storage. Nothing was read, and nothing is in the buffer.
    Hole(Extent),
    /// A part that the storage does not give, and why: [`ErrorKind::Unreadable`].
    Unreadable(Extent, Error),
}

impl Piece {
    /// Which bytes of the file it is about.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self {
            Self::Data(extent) | Self::Hole(extent) | Self::Unreadable(extent, _) => *extent,
        }
    }
}

/// Reads a part of a file from its start to its end, piece by piece, in constant memory. The pieces follow each other without gaps.
///
/// Reading by pread(2) meets no SIGBUS, so that it needs no guard; a hole (lseek(2) `SEEK_DATA`, `SEEK_HOLE`) is not read, so that it
/// takes neither time nor memory, whatever its size.
///
/// ```
/// use mmapio_core::{Extent, OpenFile, Piece, Reader};
/// # let scratch = tempfile::NamedTempFile::new()?;
/// # let path = scratch.path();
/// # use std::io::{Seek, Write};
/// # scratch.as_file().set_len(1 << 30)?;
/// # (&mut scratch.as_file()).write_all(b"at the start")?;
/// let file = OpenFile::open(path)?;
/// let mut reader = Reader::new(&file, Extent::new(0, file.size()));
/// let (mut buffer, mut data, mut hole) = (vec![0; 1 << 16], 0, 0);
/// while let Some(piece) = reader.read(&mut buffer)? {
///     match piece {
///         Piece::Data(extent) => data += extent.length(),
///         Piece::Hole(extent) => hole += extent.length(),
///         _ => {}
///     }
/// }
/// assert_eq!(data + hole, 1 << 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    file: &'a OpenFile,
    holes: Holes<'a>,
    /// What comes after `data`.
    rest: Extent,
    /// What is known to be no hole.
    data: Extent,
}

impl<'a> Reader<'a> {
    /// Reads `extent`, as far as the file went when it was opened.
    #[must_use]
    pub fn new(file: &'a OpenFile, extent: Extent) -> Self {
        let rest = Extent::between(extent.offset(), extent.end().min(file.size()));
        Self { file, holes: Holes::new(file), rest, data: Extent::default() }
    }

    /// The next piece, of at most the size of `buffer` when it is data; none at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the file ends before the part does; what was there before has been
    /// told.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Piece>> {
        if self.data.is_empty() {
            match self.next_stretch() {
                None => return Ok(None),
                Some((extent, true)) => return self.hole(extent).map(Some),
                Some((extent, false)) => self.data = extent,
            }
        }
        self.read_data(buffer).map(Some)
    }

    /// To lseek(2) a file is all hole beyond its end, so that one that was truncated and written anew meanwhile would seem a hole: what
    /// is called a hole counts when the file did not change. One that always does is read, hole or not.
    fn next_stretch(&mut self) -> Option<(Extent, bool)> {
        for _ in 0..ATTEMPTS {
            let (rest, before) = (self.rest, self.file.version());
            let (extent, is_hole) = self.holes.next_stretch(&mut self.rest)?;
            if !is_hole || self.file.version() == before {
                return Some((extent, is_hole));
            }
            (self.holes, self.rest) = (Holes::new(self.file), rest);
        }
        let some = Extent::new(self.rest.offset(), self.rest.length().min(UNSURE));
        self.rest = Extent::between(some.end(), self.rest.end());
        Some((some, false))
    }

    /// Beyond its end a file is all hole to lseek(2), so that its size decides.
    fn hole(&mut self, hole: Extent) -> Result<Piece> {
        let size = self.file.size_now();
        if size >= hole.end() {
            return Ok(Piece::Hole(hole));
        }
        if size <= hole.offset() {
            return Err(Error::new("read", ErrorKind::Truncated { size }));
        }
        self.rest = Extent::between(size, self.rest.end());
        Ok(Piece::Hole(Extent::between(hole.offset(), size)))
    }

    fn read_data(&mut self, buffer: &mut [u8]) -> Result<Piece> {
        let from = self.data.offset();
        let window = usize::try_from(self.data.length()).unwrap_or(usize::MAX).min(buffer.len());
        match self.file.read_at(from, buffer.split_at_mut(window).0) {
            Ok(read) => Ok(Piece::Data(self.advance(from + read as u64))),
            Err(error) if matches!(error.kind(), ErrorKind::Unreadable { .. }) => Ok(self.unreadable(error)),
            Err(error) => Err(error),
        }
    }

    /// All the pages from here on that fail in the same way.
    fn unreadable(&mut self, error: Error) -> Piece {
        let from = self.data.offset();
        let most = from.saturating_add(MOST_UNREADABLE).min(self.data.end());
        let mut end = next_page(from).min(self.data.end());
        while end < most
            && let Err(next) = self.file.read_at(end, &mut [0])
            && next.errno() == error.errno()
            && matches!(next.kind(), ErrorKind::Unreadable { .. })
        {
            end = next_page(end).min(self.data.end());
        }
        let extent = self.advance(end);
        Piece::Unreadable(extent, error.about(extent))
    }

    /// What lies between here and `to`, which is done.
    fn advance(&mut self, to: u64) -> Extent {
        let done = Extent::between(self.data.offset(), to);
        self.data = Extent::between(to, self.data.end());
        done
    }
}

/// A part of a file that is data or hole throughout.
///
/// ```
/// use mmapio_core::{Extent, OpenFile, Stretches};
/// let file = OpenFile::open(std::env::current_exe().unwrap())?;
/// let first = Stretches::new(&file, Extent::new(0, 1)).next();
/// assert!(first.is_some_and(|first| first.extent == Extent::new(0, 1) && !first.is_hole));
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stretch {
    /// Which bytes.
    pub extent: Extent,
    /// Whether they take no room on the storage, and are zeros.
    pub is_hole: bool,
}

/// Where in a part of a file there is data and where there are holes, in order and without gaps: lseek(2) `SEEK_DATA` and
/// `SEEK_HOLE`, asked as it goes. A filesystem that cannot tell has data everywhere.
///
/// ```
/// use mmapio_core::{Extent, OpenFile, Stretches};
/// let file = OpenFile::open(std::env::current_exe().unwrap())?;
/// let stretches = Stretches::new(&file, Extent::new(0, file.size()));
/// assert_eq!(stretches.map(|stretch| stretch.extent.length()).sum::<u64>(), file.size());
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Stretches<'a> {
    holes: Holes<'a>,
    rest: Extent,
}

impl<'a> Stretches<'a> {
    /// Those of `extent`, as far as the file went when it was opened.
    #[must_use]
    pub fn new(file: &'a OpenFile, extent: Extent) -> Self {
        let rest = Extent::between(extent.offset(), extent.end().min(file.size()));
        Self { holes: Holes::new(file), rest }
    }
}

impl Iterator for Stretches<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let (extent, is_hole) = self.holes.next_stretch(&mut self.rest)?;
        Some(Stretch { extent, is_hole })
    }
}

fn next_page(offset: u64) -> u64 {
    (offset / page_size() + 1).saturating_mul(page_size())
}
