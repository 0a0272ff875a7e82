//! The exact page map of a file, as runs.

use std::fmt;

use crate::error::Result;
use crate::extent::Extent;
use crate::page::{Pages, page_size};
use crate::residency::Prober;
use crate::residency::holes::Holes;
use crate::residency::spans::Spans;

/// The state of the pages of a run.
///
/// ```
/// assert_eq!(mmapio_core::RunState::Hole.to_string(), "hole");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    /// In memory.
    Resident,
    /// Not in memory, though the file has data there.
    Absent,
    /// Neither in memory nor on the storage: reading it gives zeros.
    Hole,
}

impl RunState {
    /// The state's name in all formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Absent => "absent",
            Self::Hole => "hole",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A maximal range of pages in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// The bytes; the last run ends with the file, all others with a page.
    pub extent: Extent,
    /// Their state.
    pub state: RunState,
}

/// The runs of a file in ascending order: they cover the extent without gaps, and neighbours differ in state.
///
/// Equal to what a pass of mincore(2) and lseek(2) `SEEK_DATA` over the whole file would say, in a fraction of its time where
/// memory holds large pieces, and in constant memory.
///
/// # Errors
/// Each item may be an error, after which there are no more: [`ErrorKind::Unknown`](crate::ErrorKind::Unknown) when
/// residency cannot be known, [`ErrorKind::System`](crate::ErrorKind::System) with the call that failed.
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path).unwrap();
/// for run in Prober::new(&file, ProbeChoice::Auto).runs(ByteRange::WHOLE) {
///     let run = run.unwrap();
///     println!("{} {} {}", run.extent.offset(), run.extent.length(), run.state);
/// }
/// ```
#[derive(Debug)]
pub struct Runs<'a> {
    spans: Spans<Prober<'a>>,
    holes: Holes<'a>,
    extent: Extent,
    page_size: u64,
    /// The first page not yet given to a run, and what is known of the pages after it.
    page: u64,
    pending: Option<(bool, u64)>,
    /// The run that may still grow.
    open: Option<(RunState, u64)>,
    finished: bool,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(prober: Prober<'a>, extent: Extent) -> Self {
        let page_size = page_size();
        let first = extent.offset() / page_size;
        let holes = Holes::new(prober.file());
        let spans = Spans::new(prober, first, extent.pages().0);
        Self { spans, holes, extent, page_size, page: first, pending: None, open: None, finished: false }
    }

    /// Whether the file has another size by now: the runs are those of the size it had when it was opened.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.spans.source().has_changed(Pages(u64::MAX))
    }

    /// The next pages in one state; neighbours may be in the same.
    #[inline]
    fn next_piece(&mut self) -> Result<Option<(RunState, u64)>> {
        let (resident, pages) = match self.pending.take() {
            Some(pending) => pending,
            None => match self.spans.next_span()? {
                Some(span) => (span.resident, span.pages),
                None => return Ok(None),
            },
        };
        if resident {
            self.page += pages;
            return Ok(Some((RunState::Resident, pages)));
        }
        let (hole, until) = self.holes.at(self.page);
        let piece = pages.min(until - self.page);
        if piece < pages {
            self.pending = Some((false, pages - piece));
        }
        self.page += piece;
        Ok(Some((if hole { RunState::Hole } else { RunState::Absent }, piece)))
    }

    /// The run of `pages` pages that ends where page `end` begins.
    #[inline]
    fn run(&self, state: RunState, end: u64, pages: u64) -> Run {
        let page = self.page_size;
        let extent = Extent::between((end - pages) * page, end.saturating_mul(page).min(self.extent.end()));
        Run { extent, state }
    }

    fn next_run(&mut self) -> Result<Option<Run>> {
        loop {
            let before = self.page;
            let Some((state, pages)) = self.next_piece()? else {
                return Ok(self.open.take().map(|(state, pages)| self.run(state, before, pages)));
            };
            match &mut self.open {
                Some((open, length)) if *open == state => *length += pages,
                open => {
                    if let Some((state, pages)) = open.replace((state, pages)) {
                        return Ok(Some(self.run(state, before, pages)));
                    }
                }
            }
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let run = self.next_run().transpose();
        self.finished = !matches!(run, Some(Ok(_)));
        run
    }
}

impl std::iter::FusedIterator for Runs<'_> {}
