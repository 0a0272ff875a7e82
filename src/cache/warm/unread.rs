//! Pages that cachestat(2) counts and nobody can use: reading them failed, or has not ended. mincore(2) tells them apart.

use crate::error::{ErrorKind, Result};
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::page_size;
use crate::residency::{PageSource, ProbeChoice, Prober};

/// As many pages are looked at in one go.
const PAGES: u64 = 4096;

/// Looks for them in what is told resident.
#[derive(Debug)]
pub(crate) struct Unread<'a> {
    prober: Prober<'a>,
    /// What is still to be looked at.
    rest: Extent,
    /// What was looked at last, the map of it, and how far that was told.
    extent: Extent,
    map: Vec<u8>,
    told: usize,
}

impl<'a> Unread<'a> {
    pub(crate) fn new(file: &'a OpenFile) -> Self {
        let (prober, none) = (Prober::new(file, ProbeChoice::Mincore), Extent::default());
        Self { prober, rest: none, extent: none, map: Vec::new(), told: 0 }
    }

    /// Looks at this next.
    pub(crate) fn look_at(&mut self, extent: Extent) {
        self.rest = extent;
    }

    /// The next run of such pages; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Extent>> {
        loop {
            if let Some(run) = self.next_of_map() {
                return Ok(Some(run));
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            self.read()?;
        }
    }

    fn next_of_map(&mut self) -> Option<Extent> {
        let rest = self.map.get(self.told..)?;
        let Some(skipped) = rest.iter().position(|byte| byte & 1 == 0) else {
            self.told = self.map.len();
            return None;
        };
        let start = self.told + skipped;
        let rest = rest.iter().skip(skipped);
        self.told = start + rest.take_while(|byte| *byte & 1 == 0).count();
        let at = |page: usize| self.extent.offset() + page as u64 * page_size();
        Some(Extent::between(at(start), at(self.told).min(self.extent.end())))
    }

    /// Reads the map of what comes next. Where mincore(2) is not for us to ask, what was told has to do.
    fn read(&mut self) -> Result<()> {
        let end = self.rest.offset().saturating_add(PAGES * page_size()).min(self.rest.end());
        self.extent = Extent::between(self.rest.offset(), end);
        self.rest = Extent::between(end, self.rest.end());
        self.map.resize(usize::try_from(self.extent.pages().0).unwrap_or(0), 0);
        self.told = 0;
        match self.prober.map(self.extent.offset() / page_size(), &mut self.map) {
            Err(error) if matches!(error.kind(), ErrorKind::Unknown(_)) => self.map.fill(1),
            done => done?,
        }
        Ok(())
    }
}
