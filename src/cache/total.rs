//! What came of many files together.

use std::time::Duration;

use crate::cache::{Remaining, Report};
use crate::error::{Error, ErrorKind};
use crate::page::Pages;
use crate::residency::{Residency, Spread};

/// The sums over files. Those over residency leave out files whose residency is unknown, of which there are
/// `unknown_files`; where one of the others does not tell a count, its sum is unknown.
///
/// ```
/// use mmapio_core::{Pages, Residency, Total, Unknown};
/// let (mut known, mut unknown) = (Residency::default(), Residency::default());
/// (known.pages, known.resident) = (Pages(2), Some(Pages(1)));
/// (unknown.pages, unknown.unknown) = (Pages(3), Some(Unknown::NotPermitted));
/// let mut total = Total::default();
/// total.add(8192, &known);
/// total.add(12288, &unknown);
/// assert_eq!((total.files, total.unknown_files, total.resident()), (2, 1, Some(Pages(1))));
/// assert_eq!(total.whole(), None);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Total {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub size: u64,
    /// The pages that were asked about.
    pub pages: Pages,
    known_pages: Pages,
    resident: Pages,
    /// Pages newer than the storage.
    pub dirty: Option<Pages>,
    /// Pages being written.
    pub writeback: Option<Pages>,
    /// Pages pushed out.
    pub evicted: Option<Pages>,
    /// Those of them pushed out lately.
    pub recently_evicted: Option<Pages>,
    /// Files whose residency is unknown.
    pub unknown_files: u64,
    /// Those of them that could not be opened: of what size they are is unknown, too.
    pub unopened_files: u64,
    /// What went wrong, as often.
    pub errors: u64,
    /// What was done to them.
    pub acts: Acts,
    /// How residency is spread over those that are known, where that was asked.
    pub spread: Option<Box<Spread>>,
}

/// The sums of what was done to files; none where one of them does not tell. See [`Report`].
///
/// ```
/// assert_eq!(mmapio_core::Acts::default().changed, Some(mmapio_core::Pages(0)));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Acts {
    /// Pages in memory before.
    pub before_resident: Option<Pages>,
    /// Dirty pages before.
    pub before_dirty: Option<Pages>,
    /// Pages that were being written before.
    pub before_writeback: Option<Pages>,
    /// The pages that it was about.
    pub requested: Option<Pages>,
    /// The pages that were changed.
    pub changed: Option<Pages>,
    /// The pages that were to change and did not, by reason, without the processes behind it.
    pub remaining: Vec<Remaining>,
    /// From the start of all of it to the end.
    pub elapsed: Duration,
}

impl Default for Acts {
    /// Nothing was done, and all of it is known.
    fn default() -> Self {
        let known = Some(Pages(0));
        Self {
            before_resident: known,
            before_dirty: known,
            before_writeback: known,
            requested: known,
            changed: known,
            remaining: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }
}

impl Acts {
    /// Adds what was done to a file.
    fn add(&mut self, report: &Report) {
        self.add_counts([
            report.before.resident,
            report.before.dirty,
            report.before.writeback,
            report.requested,
            report.changed,
        ]);
        self.leave(&report.remaining);
    }

    fn add_counts(&mut self, counts: [Option<Pages>; 5]) {
        let sums = [
            &mut self.before_resident,
            &mut self.before_dirty,
            &mut self.before_writeback,
            &mut self.requested,
            &mut self.changed,
        ];
        add_known(sums, counts);
    }

    /// Of the sum of files the processes behind it are of no use.
    fn leave(&mut self, remaining: &[Remaining]) {
        for left in remaining {
            match self.remaining.iter_mut().find(|known| known.reason == left.reason) {
                Some(known) => known.pages += left.pages,
                None => self.remaining.push(Remaining { processes: Vec::new(), ..left.clone() }),
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.add_counts([
            other.before_resident,
            other.before_dirty,
            other.before_writeback,
            other.requested,
            other.changed,
        ]);
        self.leave(&other.remaining);
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// Adds counts to sums; what is unknown makes the sum unknown.
fn add_known<const N: usize>(sums: [&mut Option<Pages>; N], counts: [Option<Pages>; N]) {
    for (sum, count) in sums.into_iter().zip(counts) {
        *sum = sum.zip(count).map(|(sum, count)| sum + count);
    }
}

impl Default for Total {
    /// Of no files, of which everything is known.
    fn default() -> Self {
        let (none, known) = (Pages(0), Some(Pages(0)));
        Self {
            files: 0,
            size: 0,
            pages: none,
            known_pages: none,
            resident: none,
            dirty: known,
            writeback: known,
            evicted: known,
            recently_evicted: known,
            unknown_files: 0,
            unopened_files: 0,
            errors: 0,
            acts: Acts::default(),
            spread: None,
        }
    }
}

impl Total {
    /// Adds a file of `size` bytes.
    pub fn add(&mut self, size: u64, residency: &Residency) {
        self.files += 1;
        self.size = self.size.saturating_add(size);
        self.pages += residency.pages;
        if residency.unknown.is_some() {
            self.unknown_files += 1;
            return;
        }
        self.known_pages += residency.pages;
        self.resident += residency.resident.unwrap_or_default();
        if residency.pages > Pages(0) {
            self.add_counts([
                residency.dirty,
                residency.writeback,
                residency.evicted,
                residency.recently_evicted,
            ]);
        }
    }

    fn add_counts(&mut self, counts: [Option<Pages>; 4]) {
        add_known(
            [&mut self.dirty, &mut self.writeback, &mut self.evicted, &mut self.recently_evicted],
            counts,
        );
    }

    /// Adds how residency is spread over a file that was added; of files whose residency is unknown that is left out, too.
    pub fn add_spread(&mut self, spread: &Spread) {
        match &mut self.spread {
            Some(sum) => sum.merge(spread),
            None => self.spread = Some(Box::new(spread.clone())),
        }
    }

    /// Adds a file of `size` bytes and what was done to it.
    pub fn add_act(&mut self, size: u64, report: &Report) {
        self.add(size, &report.after);
        self.acts.add(report);
    }

    /// Adds a file of `size` bytes of which only the ranges were looked at.
    pub fn add_runs(&mut self, size: u64, pages: Pages, resident: u64) {
        let mut residency = Residency::default();
        (residency.pages, residency.resident) = (pages, Some(Pages(resident)));
        self.add(size, &residency);
    }

    /// Adds a file of `size` bytes of which the ranges in these pages cannot be known; one that failed otherwise is counted
    /// as an error only.
    pub fn add_unknown(&mut self, size: u64, pages: Pages, error: &Error) {
        if let ErrorKind::Unknown(unknown) = error.kind() {
            let mut residency = Residency::default();
            (residency.pages, residency.unknown) = (pages, Some(*unknown));
            self.add(size, &residency);
        }
    }

    /// Adds a file that could not be opened.
    pub fn add_unopened(&mut self) {
        self.files += 1;
        self.unknown_files += 1;
        self.unopened_files += 1;
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.files += other.files;
        self.size = self.size.saturating_add(other.size);
        self.pages += other.pages;
        self.known_pages += other.known_pages;
        self.resident += other.resident;
        self.unknown_files += other.unknown_files;
        self.unopened_files += other.unopened_files;
        self.errors += other.errors;
        self.acts.merge(&other.acts);
        if let Some(spread) = &other.spread {
            self.add_spread(spread);
        }
        self.add_counts([other.dirty, other.writeback, other.evicted, other.recently_evicted]);
    }

    /// The resident pages of the files that are known; none when there are others, but none of them is.
    #[must_use]
    pub fn resident(&self) -> Option<Pages> {
        let is_known = self.known_pages > Pages(0) || (self.pages == Pages(0) && self.unopened_files == 0);
        is_known.then_some(self.resident)
    }

    /// A count of the files that are known; none when there are pages, but nothing is known of any.
    #[must_use]
    pub fn of_known(&self, count: Option<Pages>) -> Option<Pages> {
        self.resident().and(count)
    }

    /// The pages that the resident ones are a share of; none when some are unknown, since then the share is.
    #[must_use]
    pub fn whole(&self) -> Option<Pages> {
        (self.known_pages == self.pages && self.unopened_files == 0).then_some(self.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_opened_is_unknown_and_not_nothing() {
        let mut total = Total::default();
        assert_eq!((total.resident(), total.whole()), (Some(Pages(0)), Some(Pages(0))));
        total.add_unopened();
        assert_eq!((total.resident(), total.whole(), total.of_known(total.dirty)), (None, None, None));
    }
}
