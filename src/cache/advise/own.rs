//! Advice about mappings of our own, which nobody touches.

use std::io;

use super::pieces::WINDOW_BYTES;
use super::single::SinglePages;
use super::{Advising, Done};
use crate::advice::{AdvisedPages, Carrier};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::unsupported_or;
use crate::page::page_size;
use crate::sys::{self, Window, errno, madvise};

/// With a limit on address space windows are halved down to this size.
const LEAST_WINDOW: u64 = 4 << 20;

/// After so many unreadable pages nothing more of a file is tried: a dying disk takes seconds for each.
const MOST_FAILURES: u64 = 256;

/// Advises piece after piece.
pub(super) struct Own<'a> {
    advising: &'a Advising<'a>,
    carrier: &'static Carrier,
    number: i32,
    window: Option<(Extent, Window)>,
    window_bytes: u64,
    done: Done,
}

impl<'a> Own<'a> {
    pub(super) fn new(advising: &'a Advising<'a>, carrier: &'static Carrier) -> Result<Self> {
        let number = carrier.require()?;
        let done = Done::default();
        Ok(Self { advising, carrier, number, window: None, window_bytes: WINDOW_BYTES, done })
    }

    pub(super) fn advise(mut self) -> Result<Done> {
        let mut pieces = self.advising.pieces();
        while let Some(piece) = pieces.next()? {
            if self.is_given_up() {
                self.done.asked += piece.pages();
                self.done.outcome.untried += piece.pages();
            } else if self.advising.begin(piece, &mut self.done) {
                self.piece(piece)?;
            }
        }
        self.done.drop_unreadable(self.advising.file);
        Ok(self.done)
    }

    fn is_given_up(&self) -> bool {
        self.done.outcome.unreadable().0 >= MOST_FAILURES
    }

    /// One piece, which may take several windows where address space is short.
    fn piece(&mut self, piece: Extent) -> Result<()> {
        let mut rest = piece;
        while !rest.is_empty() {
            let (window, mapping) = self.window_at(rest.offset())?;
            let part = Extent::between(rest.offset(), rest.end().min(window.end()));
            let advised = self.part(&mapping, part.offset() - window.offset(), part.length());
            self.window = Some((window, mapping));
            match advised {
                Ok(()) => {}
                Err(_) if self.advising.advice.pages == AdvisedPages::DataRead && self.is_known() => {
                    self.read(part);
                }
                Err(error) => return Err(self.advising.refusal(self.carrier, error)),
            }
            rest = Extent::between(part.end(), rest.end());
        }
        Ok(())
    }

    fn part(&self, mapping: &Window, from: u64, length: u64) -> io::Result<()> {
        if self.advising.advice.pages == AdvisedPages::Resident {
            fill_page_tables(mapping, from, length)?;
        }
        mapping.advise(from, length, self.number)
    }

    /// Whether the kernel knows the advice: an old one says `EINVAL` even of no pages at all.
    fn is_known(&self) -> bool {
        let Some((_, mapping)) = &self.window else { return false };
        mapping.advise(0, 0, self.number).is_ok()
    }

    /// Finds what cannot be read in a part.
    fn read(&mut self, part: Extent) {
        let mut pages = SinglePages::new(self.advising.file);
        let mut at = part.offset();
        while at < part.end() {
            let rest = Extent::between(at, part.end());
            let page = Extent::between(at, (at + page_size()).min(part.end()));
            let outcome = &mut self.done.outcome;
            if self.advising.observer.is_stopped() {
                outcome.interrupted += rest.pages();
                return;
            }
            if outcome.unreadable().0 >= MOST_FAILURES {
                outcome.untried += rest.pages();
                return;
            }
            match pages.read(at) {
                Ok(0) => {
                    outcome.truncated += rest.pages();
                    return;
                }
                Ok(_) => {}
                Err(error) => drop(outcome.fail(page, error)),
            }
            at = page.end();
        }
    }

    /// The mapping that holds byte `at`; they follow each other in steps of their own size.
    fn window_at(&mut self, at: u64) -> Result<(Extent, Window)> {
        let holds = |(extent, _): &(Extent, Window)| extent.offset() <= at && at < extent.end();
        match self.window.take().filter(holds) {
            Some(window) => Ok(window),
            None => self.map_window(at),
        }
    }

    /// Maps a window; where address space is short a smaller one.
    fn map_window(&mut self, at: u64) -> Result<(Extent, Window)> {
        loop {
            let start = at - at % self.window_bytes;
            let end = self.advising.file.size().max(at + 1).min(start.saturating_add(self.window_bytes));
            let extent = Extent::between(start, end.next_multiple_of(page_size()));
            match self.map(extent) {
                Ok(window) => return Ok((extent, window)),
                Err(error)
                    if error.raw_os_error() == Some(errno::ENOMEM) && self.window_bytes > LEAST_WINDOW =>
                {
                    self.window_bytes /= 2;
                }
                Err(error) => return Err(unsupported_or("mmap", error)),
            }
        }
    }

    fn map(&self, extent: Extent) -> io::Result<Window> {
        let file = self.advising.file.file();
        match sys::huge_page_size().filter(|_| self.advising.advice.pages == AdvisedPages::HugeData) {
            Some(huge) => Window::aligned(file, extent.offset(), extent.length(), huge),
            None => Window::readable(file, extent.offset(), extent.length()),
        }
    }
}

/// Puts what is in memory into our page tables, where alone `cold` and `pageout` look. What cannot be, because it was
/// truncated or cannot be read, is not in memory either.
fn fill_page_tables(mapping: &Window, from: u64, length: u64) -> io::Result<()> {
    match mapping.advise(from, length, madvise::POPULATE_READ) {
        Err(error) if error.raw_os_error() == Some(errno::EINVAL) => Err(error),
        _ => Ok(()),
    }
}
