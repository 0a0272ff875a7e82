//! Writing a file back, and counting what was to be written before and afterwards.

use std::time::Instant;

use crate::error::Error;
use crate::extent::ByteRange;
use crate::flush::{Flush, flush};
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::{ProbeChoice, Prober, Residency};

use super::{Reason, Report};

/// What is written back, and how.
///
/// ```
/// use mmapio_core::{Flush, SyncOptions};
/// let mut options = SyncOptions::default();
/// options.flush = Flush::Data;
/// assert!(options.range.is_whole() && !options.dry_run);
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SyncOptions {
    /// The part of the file: that is counted, and written where the call takes a range ([`Flush::takes_range`]).
    pub range: ByteRange,
    /// The call.
    pub flush: Flush,
    /// Count, and write nothing.
    pub dry_run: bool,
}

/// Writes a file back, and reports how many pages were dirty or being written before and afterwards.
///
/// The call is made also when nothing is dirty: metadata, and the device's own memory, may still have to be written. It is
/// made once; its failure is in [`Report::errors`], with [`Report::changed`] unknown and what was to be written left
/// as [`Reason::Failed`]. After that nothing of the file may be evicted: the kernel takes the pages for clean, and memory
/// has the only good copy.
///
/// Counts are those of cachestat(2), where a large folio counts as a whole; where it does not tell (overlayfs, files of
/// others) they are none. What is left [`Reason::Dirty`] after a durable call was stored meanwhile.
///
/// ```
/// use mmapio_core::{OpenFile, SyncOptions, sync};
/// # let scratch = tempfile::NamedTempFile::new().unwrap();
/// # let path = scratch.path();
/// std::fs::write(path, "precious").unwrap();
/// let report = sync(&OpenFile::open(path).unwrap(), &SyncOptions::default());
/// assert!(report.errors.is_empty());
/// println!("{:?} pages were dirty, {:?} are", report.before.dirty, report.after.dirty);
/// ```
#[must_use]
pub fn sync(file: &OpenFile, options: &SyncOptions) -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    report.before = count(file, options.range, &mut report.errors);
    report.requested = unwritten(&report.before);
    if options.dry_run {
        report.changed = Some(Pages(0));
        report.leave(Reason::DryRun, report.requested.unwrap_or_default());
        report.after = report.before.clone();
    } else {
        write(file, options, &mut report);
    }
    report.elapsed = start.elapsed();
    report
}

fn write(file: &OpenFile, options: &SyncOptions, report: &mut Report) {
    let flushed = flush(file, report.before.extent, options.flush);
    let has_failed = flushed.is_err();
    report.errors.extend(flushed.err());
    report.after = match report.requested {
        // Where nothing was to be written, nothing was changed that could be counted.
        Some(Pages(0)) if !has_failed => report.before.clone(),
        _ => count(file, options.range, &mut report.errors),
    };
    if has_failed {
        // How many of them reached the storage nobody tells.
        report.leave(Reason::Failed, report.requested.unwrap_or_default());
        return;
    }
    report.changed =
        report.requested.zip(unwritten(&report.after)).map(|(before, after)| fewer(before, after));
    report.leave(Reason::Dirty, report.after.dirty.unwrap_or_default());
    report.leave(Reason::Writeback, report.after.writeback.unwrap_or_default());
}

/// What is in memory; an error in asking keeps nobody from writing, but is one.
fn count(file: &OpenFile, range: ByteRange, errors: &mut Vec<Error>) -> Residency {
    Prober::new(file, ProbeChoice::Auto).residency(range).unwrap_or_else(|error| {
        errors.push(error);
        let extent = range.within(file.size());
        Residency { extent, pages: extent.pages(), ..Residency::default() }
    })
}

/// The pages that are not on the storage yet.
fn unwritten(residency: &Residency) -> Option<Pages> {
    residency.dirty.zip(residency.writeback).map(|(dirty, writeback)| dirty + writeback)
}

/// By how many there are fewer; more of them is none fewer.
fn fewer(before: Pages, after: Pages) -> Pages {
    Pages(before.0.saturating_sub(after.0))
}
