//! The parts of a file that an advice is given for, one call each.

use std::iter::Copied;
use std::slice::Iter;

use crate::advice::AdvisedPages;
use crate::error::Result;
use crate::extent::{ByteRange, Extent};
use crate::open::OpenFile;
use crate::page::page_size;
use crate::residency::{Holes, ProbeChoice, Prober, RunState, Runs};
use crate::sys;

/// Bytes advised about with one call at the most: address space is cheap, but `RLIMIT_AS` and 32-bit systems are not.
pub(super) const WINDOW_BYTES: u64 = if cfg!(target_pointer_width = "64") { 1 << 36 } else { 64 << 20 };

/// The same where the call does all the work before it returns: between two of them it can be interrupted.
const SLOW_BYTES: u64 = 32 << 20;

/// Finds them in file order.
pub(super) struct Pieces<'a> {
    file: &'a OpenFile,
    pages: AdvisedPages,
    extents: Copied<Iter<'a, Extent>>,
    finder: Finder<'a>,
    /// What was found and not yet given.
    rest: Extent,
    step: u64,
}

enum Finder<'a> {
    /// All of an extent.
    All(Option<Extent>),
    /// Its data.
    Data { holes: Holes<'a>, rest: Extent },
    /// What of it is in memory.
    Resident(Box<Runs<'a>>),
}

impl<'a> Pieces<'a> {
    pub(super) fn new(file: &'a OpenFile, extents: &'a [Extent], pages: AdvisedPages) -> Self {
        let step = match pages {
            AdvisedPages::DataRead | AdvisedPages::Resident | AdvisedPages::HugeData => SLOW_BYTES,
            AdvisedPages::All | AdvisedPages::Data => WINDOW_BYTES,
        };
        Self {
            file,
            pages,
            extents: extents.iter().copied(),
            finder: Finder::All(None),
            rest: Extent::default(),
            step,
        }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Extent>> {
        while self.rest.is_empty() {
            match self.next_found()? {
                Some(found) => self.rest = self.whole_pages_of(found),
                None => return Ok(None),
            }
        }
        let start = self.rest.offset();
        let boundary = (start / self.step + 1).saturating_mul(self.step);
        let piece = Extent::between(start, boundary.min(self.rest.end()));
        self.rest = Extent::between(piece.end(), self.rest.end());
        Ok(Some(piece))
    }

    fn next_found(&mut self) -> Result<Option<Extent>> {
        loop {
            if let Some(found) = self.finder.next()? {
                return Ok(Some(found));
            }
            match self.extents.next() {
                Some(extent) => self.finder = self.find_in(extent)?,
                None => return Ok(None),
            }
        }
    }

    fn find_in(&self, extent: Extent) -> Result<Finder<'a>> {
        Ok(match self.pages {
            AdvisedPages::All => Finder::All(Some(extent)),
            AdvisedPages::Data | AdvisedPages::DataRead | AdvisedPages::HugeData => {
                Finder::Data { holes: Holes::new(self.file), rest: extent }
            }
            // By mincore, since cachestat also counts pages that cannot be read.
            AdvisedPages::Resident => {
                let range = ByteRange::new(extent.offset(), Some(extent.length()))?;
                Finder::Resident(Box::new(Prober::new(self.file, ProbeChoice::Mincore).runs(range)))
            }
        })
    }

    /// What of it can be advised about: of huge pages only whole ones, since the rest of one may be a hole.
    fn whole_pages_of(&self, found: Extent) -> Extent {
        match self.pages {
            AdvisedPages::HugeData => {
                let huge = sys::huge_page_size().unwrap_or_else(page_size);
                Extent::between(found.offset().next_multiple_of(huge), found.end() / huge * huge)
            }
            _ => found,
        }
    }
}

impl Finder<'_> {
    fn next(&mut self) -> Result<Option<Extent>> {
        match self {
            Self::All(extent) => Ok(extent.take()),
            Self::Data { holes, rest } => Ok(holes.next_data(rest)),
            Self::Resident(runs) => next_resident(runs),
        }
    }
}

fn next_resident(runs: &mut Runs<'_>) -> Result<Option<Extent>> {
    for run in runs {
        let run = run?;
        if run.state == RunState::Resident {
            return Ok(Some(run.extent));
        }
    }
    Ok(None)
}
