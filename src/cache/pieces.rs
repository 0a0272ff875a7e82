//! The pieces of a file that are mapped: each holds data, and small holes between.

use std::io;

use crate::cache::limits::LockCost;
use crate::cache::lock::LockProgress;
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::mapping::populate;
use crate::open::{OpenFile, unsupported_or};
use crate::page::{Pages, page_size};
use crate::sys::{self, Window, madvise};

/// A hole smaller than this is cheaper as a part of a mapping than as a gap between two.
const BRIDGED: u64 = 1 << 20;

/// Bytes brought in at once: no more than a device takes at once, and little enough to tell how it goes.
const STEP: u64 = 2 << 20;

/// Steps that are asked of the device before they are waited for.
const AHEAD: u64 = 4;

/// Pages asked of mincore(2) at once.
const VECTOR: usize = 16 << 10;

/// A mapped range of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    /// From the first byte of data to the last.
    extent: Extent,
    /// What of it is data.
    data: Vec<Extent>,
    window: Window,
}

/// Why bringing in ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Cancelled,
    /// The page at this offset could not be brought in.
    Failed(u64, io::Error),
}

/// Maps `extents`, which are in file order, in as many pieces as large holes make of them.
pub(crate) fn map(file: &OpenFile, extents: &[Extent]) -> Result<Vec<Piece>> {
    grouped(extents).map(|data| Piece::new(file, data)).collect()
}

/// The data of each piece that `extents` become.
pub(crate) fn grouped(extents: &[Extent]) -> impl Iterator<Item = Vec<Extent>> {
    let rounded = extents.iter().filter(|extent| !extent.is_empty()).map(from_page);
    let mut rounded = rounded.peekable();
    std::iter::from_fn(move || {
        let mut data = vec![rounded.next()?];
        while let Some(next) =
            rounded.next_if(|next| data.last().is_some_and(|last| is_near(last.end(), next)))
        {
            data.push(next);
        }
        Some(data)
    })
}

/// What a piece with this data takes.
pub(crate) fn cost(data: &[Extent]) -> LockCost {
    LockCost { pages: data.iter().map(Extent::pages).sum(), bytes: hull(data).pages().bytes(), mappings: 1 }
}

/// From the first byte of data to the last.
fn hull(data: &[Extent]) -> Extent {
    let start = data.first().map_or(0, Extent::offset);
    Extent::between(start, data.last().map_or(start, Extent::end))
}

/// Gives up what lies beyond the end of a file of `size` bytes; whether anything did.
pub(crate) fn cut(pieces: &mut Vec<Piece>, size: u64) -> Result<bool> {
    let beyond = pieces.iter().any(|piece| piece.extent.end() > size);
    pieces.retain(|piece| piece.extent.offset() < size);
    pieces.iter_mut().try_for_each(|piece| piece.cut(size))?;
    Ok(beyond)
}

/// What of `wanted` lies in no piece, in whole pages; both are in file order.
pub(crate) fn without(wanted: &[Extent], pieces: &[Piece]) -> Vec<Extent> {
    let held: Vec<Extent> = pieces.iter().flat_map(|piece| &piece.data).copied().collect();
    minus(wanted, &held)
}

/// Reads a page as a program would, to hear why it cannot be mapped.
pub(crate) fn read_page(file: &OpenFile, offset: u64) -> io::Result<()> {
    let mut page = vec![0; usize::try_from(page_size()).unwrap_or(4096)];
    sys::read_at(file.file(), &mut page, offset).map(drop)
}

/// What is left of `wanted` without the pages of `held`; both are in file order.
fn minus(wanted: &[Extent], mut held: &[Extent]) -> Vec<Extent> {
    let mut left = Vec::new();
    for extent in wanted {
        let mut at = extent.offset();
        while let Some((first, rest)) = held.split_first().filter(|(first, _)| first.offset() < extent.end())
        {
            left.push(Extent::between(at, first.offset()));
            at = at.max(up(first.end()));
            if at >= extent.end() {
                break;
            }
            held = rest;
        }
        left.push(Extent::between(at, extent.end()));
    }
    left.retain(|extent| !extent.is_empty());
    left
}

/// The same bytes, from the start of their first page.
fn from_page(extent: &Extent) -> Extent {
    Extent::between(extent.offset() - extent.offset() % page_size(), extent.end())
}

fn up(offset: u64) -> u64 {
    offset.div_ceil(page_size()).saturating_mul(page_size())
}

fn is_near(end: u64, next: &Extent) -> bool {
    next.offset().saturating_sub(end) < BRIDGED
}

impl Piece {
    fn new(file: &OpenFile, data: Vec<Extent>) -> Result<Self> {
        let extent = hull(&data);
        let window = Window::readable(file.file(), extent.offset(), extent.length())
            .map_err(|error| unsupported_or("mmap", error))?;
        Ok(Self { extent, data, window })
    }

    pub(crate) fn extent(&self) -> Extent {
        self.extent
    }

    pub(crate) fn data(&self) -> &[Extent] {
        &self.data
    }

    pub(crate) fn cost(&self) -> LockCost {
        cost(&self.data)
    }

    /// Whether the two, in file order, could be one.
    pub(crate) fn may_join(&self, next: &Self) -> bool {
        is_near(self.extent.end(), &next.extent)
    }

    /// Whether the two are of like size, so that mapping them anew as one is worth it.
    pub(crate) fn is_like(&self, next: &Self) -> bool {
        let (one, other) = (self.extent.length(), next.extent.length());
        one.max(other) / 2 <= one.min(other)
    }

    /// From now on what is brought in stays.
    pub(crate) fn lock(&self) -> Result<()> {
        sys::lock_on_fault(&self.window).map_err(|error| unsupported_or("mlock2", error))
    }

    /// Brings the data in.
    pub(crate) fn populate(&self, progress: &mut LockProgress<'_>) -> Result<(), Stop> {
        self.data.iter().try_for_each(|data| self.populate_extent(data, progress))
    }

    fn populate_extent(&self, data: &Extent, progress: &mut LockProgress<'_>) -> Result<(), Stop> {
        let mut asked = data.offset();
        let mut at = data.offset();
        while at < data.end() {
            while asked < data.end() && asked < at + AHEAD * STEP {
                // Only a request for what is waited for below: that it was refused is said there.
                let length = STEP.min(up(data.end()) - asked);
                let _ = self.window.advise(asked - self.extent.offset(), length, madvise::WILLNEED);
                asked += STEP;
            }
            let step = Extent::between(at, data.end().min(at + STEP));
            self.populate_step(step)?;
            if progress(step.pages()).is_break() {
                return Err(Stop::Cancelled);
            }
            at = step.end();
        }
        Ok(())
    }

    fn populate_step(&self, step: Extent) -> Result<(), Stop> {
        let from = step.offset() - self.extent.offset();
        populate(&self.window, from, step.length())
            .map_err(|(at, error)| Stop::Failed(self.extent.offset() + at, error))
    }

    /// How many pages of data mincore(2) does not see.
    pub(crate) fn missing(&self) -> Result<Pages> {
        let mut vector = [0; VECTOR];
        let mut missing = 0;
        for data in &self.data {
            let mut at = data.offset() - self.extent.offset();
            let mut left = data.pages().0;
            while left > 0 {
                let length = usize::try_from(left).unwrap_or(VECTOR).min(VECTOR);
                let asked = vector.split_at_mut(length).0;
                self.window.residency(at, asked).map_err(|error| Error::system("mincore", error))?;
                missing += asked.iter().map(|byte| u64::from(byte & 1 == 0)).sum::<u64>();
                at += length as u64 * page_size();
                left -= length as u64;
            }
        }
        Ok(Pages(missing))
    }

    fn cut(&mut self, size: u64) -> Result<()> {
        if self.extent.end() <= size {
            return Ok(());
        }
        let kept = up(size) - self.extent.offset();
        if kept < up(self.extent.end()) - self.extent.offset() {
            self.window.cut(kept).map_err(|error| Error::system("munmap", error))?;
        }
        self.extent = Extent::between(self.extent.offset(), size);
        self.data.retain(|data| data.offset() < size);
        for data in &mut self.data {
            *data = Extent::between(data.offset(), data.end().min(size));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_taken_out_in_pages() {
        let page = page_size();
        let left = |extent: Extent, held| minus(&[extent], &[held]);
        let whole = Extent::new(0, 10 * page);
        assert_eq!(left(whole, Extent::new(0, 10 * page - 5)), []);
        assert_eq!(left(whole, Extent::new(0, page + 1)), [Extent::new(2 * page, 8 * page)]);
        assert_eq!(
            left(whole, Extent::new(3 * page, page)),
            [Extent::new(0, 3 * page), Extent::new(4 * page, 6 * page)]
        );
        assert_eq!(left(whole, Extent::new(20 * page, page)), [whole]);
        let several = [Extent::new(0, 2 * page), Extent::new(3 * page, 4 * page), Extent::new(8 * page, 9)];
        let held = [Extent::new(page, page), Extent::new(4 * page, 5 * page)];
        assert_eq!(minus(&several, &held), [Extent::new(0, page), Extent::new(3 * page, page)]);
    }
}
