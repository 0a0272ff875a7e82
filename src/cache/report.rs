//! What an act on a file came to.

use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::page::Pages;
use crate::residency::Residency;

/// What was done to a file, and what is true of it afterwards.
///
/// ```
/// use mmapio_core::{Pages, Reason, Report};
/// let mut report = Report::default();
/// report.leave(Reason::Dirty, Pages(3));
/// report.leave(Reason::Dirty, Pages(1));
/// report.leave(Reason::Mapped, Pages(0));
/// assert_eq!(report.remaining.len(), 1);
/// assert_eq!(report.remaining[0].pages, Pages(4));
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The residency before; its extent is the hull of what was asked for, its pages are those asked for.
    pub before: Residency,
    /// The residency afterwards, asked anew.
    pub after: Residency,
    /// The pages that the act was to be about; none when unknown. Of `warm`: those with data; of `evict`: those that were
    /// in memory; of `sync`: those that were dirty or being written.
    pub requested: Option<Pages>,
    /// The pages that the act changed; none when unknown.
    pub changed: Option<Pages>,
    /// The pages that were to change and did not, by reason; none of no pages.
    pub remaining: Vec<Remaining>,
    /// How long it took.
    pub elapsed: Duration,
    /// What failed on the way; the numbers are those of what was done nevertheless.
    pub errors: Vec<Error>,
}

/// Pages that an act left as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub pages: Pages,
    /// The processes that are the reason, where it is one and /proc tells: at most a few.
    pub processes: Vec<u32>,
}

/// Why pages are not what an act was to make of them.
///
/// ```
/// assert_eq!(mmapio_core::Reason::Mapped.as_str(), "mapped");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Newer than the storage: dropping them would lose what was written.
    Dirty,
    /// Being written to the storage.
    Writeback,
    /// In a process's page tables.
    Mapped,
    /// Locked in memory by a process, mlock(2).
    Locked,
    /// Part of a large folio that lies in the range only in part.
    LargeFolio,
    /// The page cache is this filesystem's only storage (tmpfs).
    Memory,
    /// The storage gave an error.
    Unreadable,
    /// Was loaded, and was gone again when that was verified: memory is short.
    Reclaimed,
    /// Loading them would take more memory than the budget has.
    OverBudget,
    /// The file became shorter meanwhile.
    Truncated,
    /// The run was interrupted before their turn.
    Interrupted,
    /// Nothing was to be changed: a dry run.
    DryRun,
    /// Left alone after a failure: not to be dropped, since writing them failed, or not tried after many that could not be read.
    Failed,
    /// Held by the kernel at that moment, for reading or a reference of its own.
    Busy,
    /// The kernel does not tell what is in memory here, so that it cannot be verified; or not which of it is dirty.
    Unknown,
}

impl Reason {
    /// The reason's name in all formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dirty => "dirty",
            Self::Writeback => "writeback",
            Self::Mapped => "mapped",
            Self::Locked => "locked",
            Self::LargeFolio => "large folio",
            Self::Memory => "in-memory filesystem",
            Self::Unreadable => "unreadable",
            Self::Reclaimed => "reclaimed",
            Self::OverBudget => "over budget",
            Self::Truncated => "truncated",
            Self::Interrupted => "interrupted",
            Self::DryRun => "dry run",
            Self::Failed => "failed",
            Self::Busy => "busy",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Report {
    /// Adds pages that stay as they were; none at all are not worth a word.
    pub fn leave(&mut self, reason: Reason, pages: Pages) {
        self.leave_for(reason, pages, &[]);
    }

    /// The same, with the processes that are the reason.
    pub fn leave_for(&mut self, reason: Reason, pages: Pages, processes: &[u32]) {
        if pages == Pages(0) {
            return;
        }
        match self.remaining.iter_mut().find(|known| known.reason == reason) {
            Some(known) => {
                known.pages += pages;
                known.processes.extend_from_slice(processes);
            }
            None => self.remaining.push(Remaining { reason, pages, processes: processes.to_vec() }),
        }
    }

    /// The pages that stayed as they were for this reason.
    #[must_use]
    pub fn left(&self, reason: Reason) -> Pages {
        self.remaining.iter().filter(|left| left.reason == reason).map(|left| left.pages).sum()
    }
}

/// Follows an act while it goes on, and can end it.
pub trait Observer: Sync {
    /// So many more bytes are done.
    fn advance(&self, _bytes: u64) {}

    /// Whether to end as soon as possible: what was done so far is reported.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Nobody follows, nobody ends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
