//! Whether what was loaded is there, and why the rest is not.

use std::num::NonZeroUsize;

use crate::cache::Observer;
use crate::cache::extents::survey;
use crate::cache::warm::WarmOptions;
use crate::cache::warm::begun::Begun;
use crate::cache::warm::lanes::load_all;
use crate::cache::warm::load::Loader;
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::{Prober, Residency};

/// What was gone again when it was verified is loaded anew so often, as long as it is little: where it is much, memory is short
/// and loading would push out more.
const ROUNDS: u32 = 2;
const LITTLE: u64 = 16;

impl Begun {
    /// What is in memory now, and how much of what was asked for is gone again; that is loaded once more while it is little.
    pub(super) fn verify(
        &mut self,
        file: &OpenFile,
        extents: &[Extent],
        options: &WarmOptions<'_>,
        observer: &dyn Observer,
    ) -> Result<(Residency, Pages)> {
        if self.found.absent == Pages(0) {
            return Ok((self.before.clone(), Pages(0)));
        }
        for round in 0.. {
            let (after, missing) = self.missing(file, extents, options)?;
            let reclaimed = Pages(missing.0.saturating_sub(self.excused().0));
            let is_little = reclaimed.0.saturating_mul(LITTLE) <= self.found.data.0;
            // Storage that fails is not asked for the same once more.
            let is_done = !is_little || self.outcome.has_failures() || observer.is_stopped();
            if reclaimed == Pages(0) || round >= ROUNDS || is_done {
                return Ok((after, reclaimed));
            }
            let quiet = Quiet(observer);
            let loader = Loader::new(file, options, self.is_known(), &quiet);
            let outcome = load_all(&loader, &mut self.source(file, extents, options), NonZeroUsize::MIN)?;
            self.outcome.merge(outcome);
        }
        Ok((self.before.clone(), Pages(0)))
    }

    /// The residency now, and the pages with data that are not in memory.
    fn missing(
        &mut self,
        file: &OpenFile,
        extents: &[Extent],
        options: &WarmOptions<'_>,
    ) -> Result<(Residency, Pages)> {
        let after = survey(&mut Prober::new(file, options.probe), extents)?;
        let Some(resident) = after.resident else { return Ok((after, Pages(0))) };
        let gone = Pages(after.pages.0.saturating_sub(resident.0));
        if gone == Pages(0) {
            return Ok((after, gone));
        }
        let mut source = self.source(file, extents, options);
        while source.next()?.is_some() {}
        if after.changed {
            let absent = source.absent.0.saturating_sub(source.unread.0);
            self.note_truncated(file, extents, Pages(gone.0.saturating_sub(absent)));
        }
        Ok((after, source.absent))
    }

    /// Notes what the file lost that was to be loaded: `holes` pages are neither in memory nor data now.
    fn note_truncated(&mut self, file: &OpenFile, extents: &[Extent], holes: Pages) {
        let end = file.size_now();
        let beyond = |extent: &Extent| Extent::between(extent.offset().max(end), extent.end()).pages();
        let holes_before = self.before.pages.0.saturating_sub(self.found.data.0);
        let lost = Pages(holes.0.saturating_sub(holes_before)).min(extents.iter().map(beyond).sum());
        self.outcome.truncated = self.outcome.truncated.max(lost);
    }

    /// The pages that are missing for a reason that is known. Those that the file lost are no longer missing.
    fn excused(&self) -> Pages {
        self.outcome.unreadable() + self.outcome.interrupted + self.outcome.untried
    }
}

/// Of an observer only the wish to stop: what is loaded again was counted before.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }
}
