//! How far the loading of a file is: what there was, what was started, what came of it.

use std::time::Instant;

use crate::cache::extents::survey;
use crate::cache::warm::WarmOptions;
use crate::cache::warm::lanes::load_all;
use crate::cache::warm::load::{Lane, Loader, window_bytes};
use crate::cache::warm::outcome::Outcome;
use crate::cache::warm::source::{Source, Window};
use crate::cache::{Observer, Reason, Report};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::{Pages, page_size};
use crate::residency::{Prober, Residency};

/// How far the loading of a file is.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) start: Instant,
    pub(super) before: Residency,
    /// Windows that were started and not yet looked at.
    pub(super) started: Vec<Window>,
    pub(super) found: Found,
    pub(super) outcome: Outcome,
}

/// What there was to load.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) data: Pages,
    pub(super) absent: Pages,
    /// Of the absent ones, those that were counted as resident: without content.
    pub(super) unread: Pages,
}

impl Found {
    fn by(source: &Source<'_>) -> Self {
        Self { data: source.data, absent: source.absent, unread: source.unread }
    }
}

impl Begun {
    pub(super) fn new(
        file: &OpenFile,
        extents: &[Extent],
        options: &WarmOptions<'_>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let mut begun = Self::before(file, extents, options)?;
        if begun.is_complete() {
            return Ok(begun);
        }
        let loader = Loader::new(file, options, begun.is_known(), observer);
        let mut source = begun.source(file, extents, options);
        if begun.is_small() {
            begun.start_all(&loader, &mut source)?;
        } else {
            begun.outcome = load_all(&loader, &mut source, options.lanes)?;
        }
        begun.note(Found::by(&source));
        Ok(begun)
    }

    /// Nothing is loaded, it is only looked for.
    pub(super) fn look(file: &OpenFile, extents: &[Extent], options: &WarmOptions<'_>) -> Result<Self> {
        let mut begun = Self::before(file, extents, options)?;
        if !begun.is_complete() {
            let mut source = begun.source(file, extents, options);
            while source.next()?.is_some() {}
            begun.note(Found::by(&source));
        }
        Ok(begun)
    }

    /// Notes what there was to load.
    fn note(&mut self, found: Found) {
        let read = |resident: Pages| Pages(resident.0.saturating_sub(found.unread.0));
        self.before.resident = self.before.resident.map(read);
        self.found = found;
    }

    /// What is there before anything is done: where that is all, nothing has to be looked for.
    fn before(file: &OpenFile, extents: &[Extent], options: &WarmOptions<'_>) -> Result<Self> {
        let start = Instant::now();
        let before = survey(&mut Prober::new(file, options.probe), extents)?;
        let mut found = Found::default();
        if before.resident == Some(before.pages) {
            found.data = before.pages;
        }
        Ok(Self { start, before, started: Vec::new(), found, outcome: Outcome::default() })
    }

    fn is_complete(&self) -> bool {
        self.before.resident == Some(self.before.pages)
    }

    pub(super) fn source<'a>(
        &self,
        file: &'a OpenFile,
        extents: &'a [Extent],
        options: &WarmOptions<'_>,
    ) -> Source<'a> {
        let window = window_bytes().0;
        let window = options.rate.map_or(window, |rate| rate.portion(window));
        Source::new(file, extents, options.probe, self.is_known(), window)
    }

    pub(super) fn is_known(&self) -> bool {
        self.before.unknown.is_none()
    }

    /// Whether so little is absent that it is no work for several threads.
    fn is_small(&self) -> bool {
        let resident = self.before.resident.unwrap_or_default();
        self.before.pages.0.saturating_sub(resident.0).saturating_mul(page_size()) < window_bytes().0
    }

    fn start_all(&mut self, loader: &Loader<'_>, source: &mut Source<'_>) -> Result<()> {
        while let Some(window) = source.next()? {
            loader.make_way(window);
            loader.wait_for_turn(window.extent);
            if loader.is_stopped() {
                self.outcome.interrupted += window.extent.pages();
                continue;
            }
            loader.start(window.extent);
            self.started.push(window);
        }
        Ok(())
    }

    pub(super) fn finish(
        mut self,
        file: &OpenFile,
        extents: &[Extent],
        options: &WarmOptions<'_>,
        observer: &dyn Observer,
    ) -> Result<Report> {
        if !self.started.is_empty() {
            let loader = Loader::new(file, options, self.is_known(), observer);
            let mut lane = Lane::new(&loader);
            for window in std::mem::take(&mut self.started) {
                lane.settle(window.extent)?;
            }
            self.outcome.merge(lane.outcome);
        }
        let (after, reclaimed) = self.verify(file, extents, options, observer)?;
        Ok(self.into_report(after, reclaimed))
    }

    pub(super) fn into_report(self, after: Residency, reclaimed: Pages) -> Report {
        let Self { start, before, found, outcome, .. } = self;
        let mut report = Report { requested: Some(found.data), ..Report::default() };
        // While a file changes, a page can be met for two reasons; it counts for the first.
        let mut loaded = found.absent;
        for (reason, pages) in [
            (Reason::Unreadable, outcome.unreadable()),
            (Reason::Failed, outcome.untried),
            (Reason::Truncated, outcome.truncated),
            (Reason::Interrupted, outcome.interrupted),
            (Reason::Reclaimed, reclaimed),
        ] {
            report.leave(reason, pages.min(loaded));
            loaded = Pages(loaded.0.saturating_sub(pages.0));
        }
        report.changed = before.unknown.is_none().then_some(loaded);
        report.errors = outcome.into_errors();
        (report.before, report.after, report.elapsed) = (before, after, start.elapsed());
        report
    }
}
