//! Searching a part of a file.

use mmapio_core::{Error, Extent, OpenFile, Piece, Reader};

use super::glance::Glance;
use super::needle::Needle;

/// Read and searched at once.
const WINDOW: usize = 256 << 10;

const PAGE: usize = 4096;

/// Finds at equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) step: u64,
    pub(super) count: u64,
}

impl Run {
    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> + use<> {
        let Self { first, step, count } = *self;
        (0..count).map(move |index| first + index * step)
    }
}

/// What came of a part: finds that begin in it, in order, and what failed.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) runs: Vec<Run>,
    pub(super) unreadable: Vec<Error>,
    /// Why the search could not go on behind it.
    pub(super) ended: Option<Error>,
}

/// Searches parts of a file, one after the other.
pub(super) struct Searcher<'a> {
    file: &'a OpenFile,
    glance: Glance<'a>,
    needle: &'a Needle,
    /// Finds end here at the latest.
    end: u64,
    memory: Vec<u8>,
    /// Where in the memory reads go: a page begins there, which the kernel copies to faster.
    base: usize,
    /// How many bytes are read at once.
    window: usize,
    /// How many bytes before that are what came before: less than the pattern has.
    kept: usize,
}

impl<'a> Searcher<'a> {
    pub(super) fn new(file: &'a OpenFile, needle: &'a Needle, end: u64) -> Self {
        let before = needle.length().next_multiple_of(PAGE);
        let window = WINDOW.max(before);
        let memory = vec![0; before + PAGE + window];
        let base = before + memory.as_ptr().align_offset(PAGE).min(PAGE);
        Self { file, glance: Glance::new(file), needle, end, memory, base, window, kept: 0 }
    }

    /// Finds what begins in `span`; it may end behind it.
    pub(super) fn search(&mut self, span: Extent) -> Found {
        let mut found = Found::default();
        let behind = span.end().saturating_add(self.needle.length() as u64 - 1).min(self.end);
        if self.glance.sees_none(Extent::between(span.offset(), behind), self.needle) {
            return found;
        }
        self.kept = 0;
        let mut reader = Reader::new(self.file, span);
        while let Some(piece) = self.read(&mut reader, &mut found.ended) {
            self.take(piece, &mut found);
        }
        if found.ended.is_none() {
            self.search_behind(span, &mut found);
        }
        found
    }

    /// Of what is behind the span only as much matters as a find that begins in it can have; what fails there is for the next.
    fn search_behind(&mut self, span: Extent, found: &mut Found) {
        let end = span.end().saturating_add(self.needle.length() as u64 - 1).min(self.end);
        let mut reader = Reader::new(self.file, Extent::between(span.end(), end));
        while let Some(piece) = self.read(&mut reader, &mut None) {
            if matches!(piece, Piece::Unreadable(..)) {
                return;
            }
            self.take(piece, found);
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>, ended: &mut Option<Error>) -> Option<Piece> {
        let window = self.memory.get_mut(self.base..self.base + self.window).unwrap_or_default();
        let read = reader.read(window);
        read.unwrap_or_else(|error| {
            *ended = Some(error);
            None
        })
    }

    fn take(&mut self, piece: Piece, found: &mut Found) {
        let extent = piece.extent();
        match piece {
            Piece::Data(_) => {
                let length = in_memory(extent.length());
                self.find(extent.offset(), length, &mut found.runs);
                self.keep(length);
            }
            Piece::Unreadable(_, error) => {
                found.unreadable.push(error);
                self.kept = 0;
            }
            _ => self.take_hole(extent, &mut found.runs),
        }
    }

    /// A hole is zeros, of which only so many matter as a find can have that begins before it or ends behind it; unless the
    /// pattern is zeros itself, which is everywhere in it.
    fn take_hole(&mut self, hole: Extent, runs: &mut Vec<Run>) {
        let length = in_memory(hole.length()).min(self.needle.length() - 1);
        let place = self.memory.get_mut(self.base..).and_then(|window| window.get_mut(..length));
        place.unwrap_or_default().fill(0);
        if self.needle.is_zeros {
            runs.extend(self.zeros_with(hole));
        } else {
            self.find(hole.offset(), length, runs);
        }
        self.keep(length);
    }

    /// Zeros in a hole, and in the zeros that come before it.
    fn zeros_with(&self, hole: Extent) -> Option<Run> {
        let before = self.memory.get(self.base - self.kept..self.base).unwrap_or_default();
        let before = before.iter().rev().take_while(|byte| **byte == 0).count() as u64;
        let places = (before + hole.length() + 1).checked_sub(self.needle.length() as u64)?;
        (places > 0).then_some(Run { first: hole.offset() - before, step: 1, count: places })
    }

    /// Finds in what was kept and the `length` bytes behind it, which are at `offset` of the file.
    fn find(&self, offset: u64, length: usize, runs: &mut Vec<Run>) {
        let text = self.memory.get(self.base - self.kept..self.base + length).unwrap_or_default();
        self.needle.find(text, offset - self.kept as u64, runs);
    }

    /// Keeps the end of what was read: a find may begin in it.
    fn keep(&mut self, length: usize) {
        let (kept, end) = ((self.kept + length).min(self.needle.length() - 1), self.base + length);
        self.memory.copy_within(end - kept..end, self.base - kept);
        self.kept = kept;
    }
}

fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
