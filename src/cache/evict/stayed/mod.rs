//! Why pages stayed. Each page has one reason: the first that is known of it, in the order that tells most of what can be
//! done about it.

mod folios;
pub(super) mod pages;

use std::collections::{BTreeMap, BTreeSet};

use crate::cache::{Reason, Report};
use crate::error::Result;
use crate::extent::{ByteRange, Extent};
use crate::open::OpenFile;
use crate::page::{Pages, page_size};
use crate::residency::{Prober, RunState};
use crate::sys::CacheStat;

use super::holders::Holders;
use super::{EvictOptions, unwritten};
use pages::PageSet;

/// As many processes are named for a reason.
const MOST_NAMED: usize = 16;

/// Of so many pages, or runs of them, it is asked at once who holds them.
const MOST_PAGES: u64 = 256 << 10;
const MOST_RUNS: usize = 4096;

/// What stayed of a file, and what is not explained of it yet.
pub(super) struct Stayed<'a> {
    file: &'a OpenFile,
    holders: &'a Holders,
    options: EvictOptions,
    /// Whether dirty pages can be told from others.
    tells_dirty: bool,
    unexplained: u64,
    /// Pages that were dirty or being written when they were asked to go, and are not any more.
    written_since: u64,
    reasons: BTreeMap<Reason, (u64, BTreeSet<u32>)>,
}

impl<'a> Stayed<'a> {
    pub(super) fn new(
        file: &'a OpenFile,
        holders: &'a Holders,
        options: EvictOptions,
        report: &Report,
    ) -> Self {
        let count = |residency| unwritten(residency).unwrap_or_default().0;
        let written = count(&report.before).saturating_sub(count(&report.after));
        Self {
            file,
            holders,
            options,
            tells_dirty: report.after.dirty.is_some(),
            unexplained: report.after.resident.unwrap_or_default().0,
            written_since: if options.sync { 0 } else { written },
            reasons: BTreeMap::new(),
        }
    }

    /// Whether nothing stayed, or all of it has its reason; what is not known to have stayed needs none.
    pub(super) fn is_explained(&self) -> bool {
        self.unexplained == 0
    }

    pub(super) fn has(&self, reason: Reason) -> bool {
        self.reasons.contains_key(&reason)
    }

    /// These pages stayed for this reason: never more than are not explained yet.
    pub(super) fn leave(&mut self, reason: Reason, pages: Pages) {
        self.leave_for(reason, pages, &BTreeSet::new());
    }

    fn leave_for(&mut self, reason: Reason, pages: Pages, processes: &BTreeSet<u32>) {
        let pages = pages.0.min(self.unexplained);
        if pages > 0 {
            self.unexplained -= pages;
            let known = self.reasons.entry(reason).or_default();
            known.0 += pages;
            known.1.extend(processes);
        }
    }

    /// Finds the reasons for what stayed of these extents.
    pub(super) fn explain(&mut self, extents: &[Extent]) -> Result<()> {
        let mut prober = Prober::new(self.file, self.options.probe);
        for extent in extents {
            let range = ByteRange::new(extent.offset(), Some(extent.length()))?;
            let mut clean = PageSet::default();
            for run in Prober::new(self.file, self.options.probe).runs(range) {
                let run = run?;
                if run.state != RunState::Resident {
                    continue;
                }
                if Self::is_full(&clean, &run.extent) {
                    self.explain_clean(&mut prober, extent, &std::mem::take(&mut clean))?;
                }
                self.split(&mut prober, &run.extent, &mut clean)?;
            }
            self.explain_clean(&mut prober, extent, &clean)?;
        }
        Ok(())
    }

    /// The reasons, in the report; what nothing is known of was there, and that is all.
    pub(super) fn finish(mut self, report: &mut Report) {
        let gone = if self.file.has_changed_size() { Reason::Truncated } else { self.otherwise() };
        self.leave(gone, Pages(self.unexplained));
        for (reason, (pages, processes)) in self.reasons {
            let processes: Vec<u32> = processes.into_iter().take(MOST_NAMED).collect();
            report.leave_for(reason, Pages(pages), &processes);
        }
    }

    /// Where dirty pages are not told from others, what is not known to be held may be dirty.
    fn otherwise(&self) -> Reason {
        if self.tells_dirty || self.options.sync { Reason::Busy } else { Reason::Unknown }
    }

    /// Whether these pages and the run after them are too much for one question: it costs what there is from the first page
    /// to the last, and the set itself costs memory.
    fn is_full(clean: &PageSet, run: &Extent) -> bool {
        let is_wide = |(first, _): (u64, u64)| run.end() / page_size() - first > MOST_PAGES;
        clean.hull().is_some_and(is_wide) || clean.runs().len() >= MOST_RUNS
    }

    fn explain_clean(&mut self, prober: &mut Prober<'_>, asked: &Extent, clean: &PageSet) -> Result<()> {
        let Some(hull) = clean.hull() else { return Ok(()) };
        let free = self.leave_held(clean, hull);
        let written = free.len().0.min(self.written_since);
        self.written_since -= written;
        self.leave(Reason::Writeback, Pages(written));
        let rest = free.len().0 - written;
        let parts = self.in_cut_folios(prober, asked, &free)?.0.min(rest);
        self.leave(Reason::LargeFolio, Pages(parts));
        self.leave(self.otherwise(), Pages(rest - parts));
        Ok(())
    }

    /// Tells pages that the storage does not have yet from others.
    fn split(&mut self, prober: &mut Prober<'_>, run: &Extent, clean: &mut PageSet) -> Result<()> {
        self.halve(prober, run.offset() / page_size(), run.pages().0, clean)
    }

    /// By halving: pages in one state are one question.
    fn halve(&mut self, prober: &mut Prober<'_>, first: u64, pages: u64, clean: &mut PageSet) -> Result<()> {
        let CacheStat { dirty, writeback, .. } = prober.counts(first, pages)?.more.unwrap_or_default();
        if dirty == 0 && writeback == 0 {
            clean.insert(first, first + pages);
        } else if dirty >= pages {
            self.leave(Reason::Dirty, Pages(pages));
        } else if writeback >= pages {
            self.leave(Reason::Writeback, Pages(pages));
        } else {
            let half = pages / 2;
            self.halve(prober, first, half, clean)?;
            self.halve(prober, first + half, pages - half, clean)?;
        }
        Ok(())
    }

    /// Those of the clean pages that nobody is known to hold. What a process is seen to hold comes before what can be in one
    /// folio with it.
    fn leave_held(&mut self, clean: &PageSet, (first, end): (u64, u64)) -> PageSet {
        let page = page_size();
        let hull = Extent::between(first * page, end.saturating_mul(page));
        let holds = self.holders.picture().holds(self.file, hull);
        let locked = clean.intersection(&holds.locked.pages);
        let mapped = clean.intersection(&holds.mapped.pages).difference(&locked);
        let locked = whole_folios(&locked, clean).difference(&mapped);
        let mapped = whole_folios(&mapped, clean).difference(&locked);
        self.leave_for(Reason::Locked, locked.len(), &holds.locked.processes);
        self.leave_for(Reason::Mapped, mapped.len(), &holds.mapped.processes);
        clean.difference(&locked).difference(&mapped)
    }

    /// How many of these pages can be in a folio of which the rest was not asked to go.
    fn in_cut_folios(&self, prober: &mut Prober<'_>, asked: &Extent, free: &PageSet) -> Result<Pages> {
        let size = Pages::holding(self.file.size()).0;
        let (first, end) = (asked.offset() / page_size(), asked.end().div_ceil(page_size()));
        let mut parts = PageSet::default();
        if first > 0 && free.has(first) {
            parts.insert_all(&folios::across(prober, first, size)?);
        }
        if end < size && free.has(end - 1) {
            parts.insert_all(&folios::across(prober, end, size)?);
        }
        Ok(free.intersection(&parts).len())
    }
}

/// The pages of `held`, and those of the clean ones that can be in one folio with them.
fn whole_folios(held: &PageSet, clean: &PageSet) -> PageSet {
    let mut whole = PageSet::default();
    for run in clean.runs() {
        let here = held.intersection(&PageSet::of(run.0, run.1));
        whole.insert_all(&folios::with_folios(&here, run));
    }
    whole
}
