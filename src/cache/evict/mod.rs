//! Dropping files from memory: clean pages are dropped, what stayed is counted, and why it stayed is found out.

mod holders;
mod request;
mod stayed;

use std::time::Instant;

use crate::cache::extents::survey;
use crate::cache::{Observer, Reason, Report, Unobserved};
use crate::error::Result;
use crate::extent::Extent;
use crate::flush::{Flush, flush};
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::{ProbeChoice, Prober, Residency};
use crate::sys::FilesystemClass;

use holders::Holders;
use request::{Asked, ask};
use stayed::Stayed;

/// How to drop.
///
/// ```
/// let mut options = mmapio_core::EvictOptions::default();
/// options.sync = true;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct EvictOptions {
    /// Write dirty pages to the storage first, fdatasync(2). When that fails nothing of the file is dropped: memory may
    /// have its only good copy.
    pub sync: bool,
    /// Which call tells what is in memory.
    pub probe: ProbeChoice,
}

/// Drops many files from memory, by many threads if need be; they share what is known of the processes that map files.
///
/// ```
/// use mmapio_core::{ByteRange, EvictOptions, Evictor, OpenFile, Unobserved, extents_of};
/// # let scratch = tempfile::tempdir().unwrap();
/// # let path = scratch.path().join("file");
/// # std::fs::write(&path, b"data").unwrap();
/// let evictor = Evictor::new(EvictOptions::default());
/// let file = OpenFile::open(&path)?;
/// let extents = extents_of(&file, &[ByteRange::WHOLE]);
/// # if cfg!(target_os = "linux") {
/// let report = evictor.evict(&file, &extents, &Unobserved)?;
/// for left in &report.remaining {
///     println!("{} pages stayed: {}", left.pages, left.reason);
/// }
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Evictor {
    options: EvictOptions,
    holders: Holders,
}

/// Drops these extents of one file from memory; see [`Evictor::evict`].
///
/// ```
/// use mmapio_core::{ByteRange, EvictOptions, OpenFile, Unobserved, evict, extents_of};
/// # let scratch = tempfile::tempdir().unwrap();
/// # let path = scratch.path().join("file");
/// # std::fs::write(&path, b"data").unwrap();
/// let file = OpenFile::open(&path)?;
/// # if cfg!(target_os = "linux") {
/// let report = evict(&file, &extents_of(&file, &[ByteRange::WHOLE]), &EvictOptions::default(), &Unobserved)?;
/// assert!(report.changed <= report.requested);
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
///
/// # Errors
/// As [`Evictor::evict`].
pub fn evict(
    file: &OpenFile,
    extents: &[Extent],
    options: &EvictOptions,
    observer: &dyn Observer,
) -> Result<Report> {
    Evictor::new(*options).evict(file, extents, observer)
}

impl Evictor {
    /// An evictor with these options; nothing is done yet.
    #[must_use]
    pub fn new(options: EvictOptions) -> Self {
        Self { options, holders: Holders::default() }
    }

    /// Drops the pages of `extents` that are clean and that nobody holds, and says of the others why they stayed; see
    /// [`extents_of`](crate::extents_of). [`Report::requested`] is what was in memory, [`Report::changed`] what is not any more.
    ///
    /// Anybody who may read a file may drop it, but only some may know what of it is in memory: for others the pages are dropped,
    /// and nothing is claimed ([`Residency::unknown`]). Without [`EvictOptions::sync`] dirty pages stay, and their writing is
    /// begun. Nothing is dropped of what has no other place than memory (tmpfs).
    ///
    /// Source: posix_fadvise(2) `POSIX_FADV_DONTNEED`, verified as [`Prober`] does; of what stayed also cachestat(2) and
    /// `/proc/PID/pagemap`. Cost: the kernel's for dropping; what stayed costs more to explain.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with the call that failed,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux. A failed write is in
    /// [`Report::errors`] ([`ErrorKind::NotWritten`](crate::ErrorKind::NotWritten)), and the pages stayed for [`Reason::Failed`].
    pub fn evict(&self, file: &OpenFile, extents: &[Extent], observer: &dyn Observer) -> Result<Report> {
        let start = Instant::now();
        let mut prober = Prober::new(file, self.options.probe);
        let mut report = begun(&mut prober, extents)?;
        let dropping = Dropping { evictor: self, file, extents, observer };
        if !is_droppable(file) {
            keep_all(&mut report, &mut prober, extents, Reason::Memory)?;
        } else if let Err(error) = self.write_back(file) {
            report.errors.push(error);
            keep_all(&mut report, &mut prober, extents, Reason::Failed)?;
        } else {
            dropping.drop_and_verify(&mut report, &mut prober)?;
        }
        report.elapsed = start.elapsed();
        Ok(report)
    }

    /// What [`evict`](Self::evict) would ask to go: nothing is changed.
    ///
    /// # Errors
    /// As [`Prober::residency`].
    ///
    /// ```
    /// # use mmapio_core::{ByteRange, EvictOptions, Evictor, OpenFile, Pages, extents_of};
    /// let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
    /// let report = Evictor::default().preview(&file, &extents_of(&file, &[ByteRange::WHOLE])).unwrap();
    /// assert!(report.changed.is_none_or(|changed| changed == Pages(0)));
    /// ```
    pub fn preview(&self, file: &OpenFile, extents: &[Extent]) -> Result<Report> {
        let start = Instant::now();
        let mut report = begun(&mut Prober::new(file, self.options.probe), extents)?;
        let reason = if is_droppable(file) { Reason::DryRun } else { Reason::Memory };
        leave_all(&mut report, reason);
        report.elapsed = start.elapsed();
        Ok(report)
    }

    fn write_back(&self, file: &OpenFile) -> Result<()> {
        if self.options.sync { flush(file, Extent::default(), Flush::Data) } else { Ok(()) }
    }
}

/// A file that is being dropped.
struct Dropping<'a> {
    evictor: &'a Evictor,
    file: &'a OpenFile,
    extents: &'a [Extent],
    observer: &'a dyn Observer,
}

impl Dropping<'_> {
    fn drop_and_verify(&self, report: &mut Report, prober: &mut Prober<'_>) -> Result<()> {
        let asked = ask(self.file, self.extents, self.observer)?;
        report.after = survey(prober, self.extents)?;
        let mut stayed = self.explain(report, prober, &asked)?;
        if stayed.has(Reason::Busy) && self.may_try_again(report) && !self.observer.is_stopped() {
            ask(self.file, &asked.done, &Unobserved)?;
            report.after = survey(prober, self.extents)?;
            stayed = self.explain(report, prober, &asked)?;
        }
        report.changed = changed(report);
        stayed.finish(report);
        Ok(())
    }

    /// What is busy may have been so for a moment only. But a file that was dirty when it was first asked to go is asked
    /// once: should its writing, which that began, fail, then its pages look clean, and memory has their only good copy.
    fn may_try_again(&self, report: &Report) -> bool {
        self.evictor.options.sync || unwritten(&report.before) == Some(Pages(0))
    }

    fn explain(&self, report: &Report, prober: &mut Prober<'_>, asked: &Asked) -> Result<Stayed<'_>> {
        let mut stayed = Stayed::new(self.file, &self.evictor.holders, self.evictor.options, report);
        if stayed.is_explained() {
            return Ok(stayed);
        }
        let undone = survey(prober, &asked.undone)?.resident.unwrap_or_default();
        stayed.leave(Reason::Interrupted, undone);
        stayed.explain(&asked.done)?;
        Ok(stayed)
    }
}

/// What was there, before anything is done.
fn begun(prober: &mut Prober<'_>, extents: &[Extent]) -> Result<Report> {
    let before = survey(prober, extents)?;
    let requested = before.resident;
    Ok(Report { after: before.clone(), before, requested, ..Report::default() })
}

/// Everything that is there now stays, for one reason.
fn keep_all(report: &mut Report, prober: &mut Prober<'_>, extents: &[Extent], reason: Reason) -> Result<()> {
    report.after = survey(prober, extents)?;
    leave_all(report, reason);
    Ok(())
}

fn leave_all(report: &mut Report, reason: Reason) {
    report.changed = report.after.resident.map(|_| Pages(0));
    report.leave(reason, report.after.resident.unwrap_or_default());
}

/// What went; none when it was not known before or is not now.
fn changed(report: &Report) -> Option<Pages> {
    let (before, after) = report.before.resident.zip(report.after.resident)?;
    Some(Pages(before.0.saturating_sub(after.0)))
}

/// Pages that the storage does not have yet; none when the call that answered does not tell.
fn unwritten(residency: &Residency) -> Option<Pages> {
    residency.dirty.zip(residency.writeback).map(|(dirty, writeback)| dirty + writeback)
}

/// Whether the storage has another copy: not so where memory is the storage.
fn is_droppable(file: &OpenFile) -> bool {
    !matches!(file.filesystem().class, FilesystemClass::Memory | FilesystemClass::Blind)
}
