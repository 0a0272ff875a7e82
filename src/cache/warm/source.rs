//! What of a file is to be loaded, in file order and in windows: exact runs of absent data, found while loading goes on.

use crate::cache::warm::load::window_bytes;
use crate::cache::warm::unread::Unread;
use crate::error::Result;
use crate::extent::{ByteRange, Extent};
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::{Holes, ProbeChoice, Prober, RunState, Runs};

/// A piece to load at once: it never crosses a multiple of the size that windows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) extent: Extent,
    /// Whether it is a whole one, that a single large page can hold.
    pub(crate) whole: bool,
    /// Whether its pages are in the cache without content.
    pub(crate) unread: bool,
}

/// Where absent data is told from what needs no loading.
#[derive(Debug)]
enum Finder<'a> {
    /// The kernel tells.
    Runs(Box<Runs<'a>>),
    /// It does not: all data is taken for absent.
    Data { holes: Holes<'a>, rest: Extent },
}

/// The windows of what is absent in some extents of a file.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    file: &'a OpenFile,
    probe: ProbeChoice,
    extents: std::slice::Iter<'a, Extent>,
    finder: Option<Finder<'a>>,
    known: bool,
    window_bytes: u64,
    rest: Extent,
    /// What is told resident, where that has to be looked at again.
    check: Option<Unread<'a>>,
    /// Whether the rest has pages in the cache without content.
    rest_unread: bool,
    /// Pages with data that were found so far, and the absent ones among them.
    pub(crate) data: Pages,
    pub(crate) absent: Pages,
    /// Of those, the ones that are in the cache without content.
    pub(crate) unread: Pages,
}

impl<'a> Source<'a> {
    /// `known`: whether the kernel tells what is in memory.
    pub(crate) fn new(
        file: &'a OpenFile,
        extents: &'a [Extent],
        probe: ProbeChoice,
        known: bool,
        window_bytes: u64,
    ) -> Self {
        Self {
            file,
            probe,
            extents: extents.iter(),
            finder: None,
            known,
            window_bytes,
            rest: Extent::default(),
            check: Prober::new(file, probe).counts_unread().then(|| Unread::new(file)),
            rest_unread: false,
            data: Pages(0),
            absent: Pages(0),
            unread: Pages(0),
        }
    }

    /// The next window; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Window>> {
        while self.rest.is_empty() {
            match self.next_absent()? {
                Some(extent) => self.rest = extent,
                None => return Ok(None),
            }
        }
        let start = self.rest.offset();
        let boundary = (start / self.window_bytes + 1).saturating_mul(self.window_bytes);
        let extent = Extent::between(start, boundary.min(self.rest.end()));
        self.rest = Extent::between(extent.end(), self.rest.end());
        let whole = extent.length() == window_bytes().0;
        Ok(Some(Window { extent, whole, unread: self.rest_unread }))
    }

    fn next_absent(&mut self) -> Result<Option<Extent>> {
        loop {
            if let Some(extent) = self.check.as_mut().map_or(Ok(None), Unread::next)? {
                self.absent += extent.pages();
                self.unread += extent.pages();
                self.rest_unread = true;
                return Ok(Some(extent));
            }
            self.rest_unread = false;
            let piece = match &mut self.finder {
                Some(Finder::Runs(runs)) => runs.next().transpose()?.map(|run| (run.extent, run.state)),
                Some(Finder::Data { holes, rest }) => holes
                    .next_stretch(rest)
                    .map(|(stretch, hole)| (stretch, if hole { RunState::Hole } else { RunState::Absent })),
                None => None,
            };
            match piece {
                Some((extent, state)) => {
                    if self.note(extent, state) {
                        return Ok(Some(extent));
                    }
                }
                None => match self.extents.next() {
                    Some(extent) => self.finder = Some(self.find_in(*extent)?),
                    None => return Ok(None),
                },
            }
        }
    }

    /// Counts a run; whether it is to be loaded.
    fn note(&mut self, extent: Extent, state: RunState) -> bool {
        match state {
            RunState::Hole => {}
            RunState::Resident => {
                self.data += extent.pages();
                self.check.as_mut().into_iter().for_each(|check| check.look_at(extent));
            }
            RunState::Absent => {
                self.data += extent.pages();
                self.absent += extent.pages();
            }
        }
        state == RunState::Absent
    }

    fn find_in(&self, extent: Extent) -> Result<Finder<'a>> {
        if !self.known {
            return Ok(Finder::Data { holes: Holes::new(self.file), rest: extent });
        }
        let range = ByteRange::new(extent.offset(), Some(extent.length()))?;
        Ok(Finder::Runs(Box::new(Prober::new(self.file, self.probe).runs(range))))
    }
}
