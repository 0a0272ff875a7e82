//! Giving the kernel advice about files, and measuring what came of it.

mod others;
mod own;
mod pieces;
mod single;

use std::io;
use std::time::Instant;

use crate::advice::{Advice, AdviceCall, AdviceScope, Carrier};
use crate::cache::extents::survey;
use crate::cache::warm::outcome::Outcome;
use crate::cache::{Observer, Reason, Report};
use crate::error::{Error, Result, Unknown};
use crate::extent::Extent;
use crate::open::{OpenFile, unsupported_or};
use crate::page::Pages;
use crate::process::AdvisedProcess;
use crate::residency::{ProbeChoice, Prober, Residency};
use crate::sys::{errno, fadvise};

use own::Own;
use pieces::Pieces;

/// How to advise.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct AdviseOptions<'a> {
    /// The call that carries the advice; none is the usual one.
    pub call: Option<AdviceCall>,
    /// Another process, whose mappings are advised about: process_madvise(2). None is this one.
    pub process: Option<&'a AdvisedProcess>,
    /// Advise nothing, and tell what would be advised.
    pub dry_run: bool,
}

/// What one file is advised with.
struct Advising<'a> {
    file: &'a OpenFile,
    extents: &'a [Extent],
    advice: &'a Advice,
    dry_run: bool,
    observer: &'a dyn Observer,
}

/// What was done so far.
#[derive(Default)]
struct Done {
    /// The pages that were to be advised.
    asked: Pages,
    outcome: Outcome,
}

/// Gives the kernel an advice about these extents of a file (see [`extents_of`](crate::extents_of)), and measures what is in
/// memory before and after it.
///
/// [`Report::requested`] are the pages that it was given for: those with data where it would read, those in memory where
/// it concerns no others. [`Report::changed`] is by how many pages the residency differs afterwards, whoever changed it.
/// Content and allocated blocks stay as they are, and no mapped byte is touched.
///
/// Sources: madvise(2) on mappings of at most 64 GiB, posix_fadvise(2), process_madvise(2); for `cold` and `pageout`
/// what is in memory is put into the page tables first (`MADV_POPULATE_READ`), where alone the kernel looks.
///
/// # Errors
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with what the kernel's refusal means,
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where this system has no such advice,
/// [`ErrorKind::NotMapped`](crate::ErrorKind::NotMapped) when the other process does not map the file, else as
/// [`Prober::residency`]. Pages that `populate-read` cannot read are in [`Report::errors`].
///
/// ```
/// use mmapio_core::{Advice, AdviseOptions, ByteRange, OpenFile, Unobserved, advise, extents_of};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// let willneed = Advice::find("willneed").unwrap();
/// let extents = extents_of(&file, &[ByteRange::WHOLE]);
/// # if cfg!(target_os = "linux") {
/// let report = advise(&file, &extents, willneed, AdviseOptions::default(), &Unobserved)?;
/// println!("{:?} pages were in memory, {:?} are now", report.before.resident, report.after.resident);
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn advise(
    file: &OpenFile,
    extents: &[Extent],
    advice: &Advice,
    options: AdviseOptions<'_>,
    observer: &dyn Observer,
) -> Result<Report> {
    let start = Instant::now();
    let advising = Advising { file, extents, advice, dry_run: options.dry_run, observer };
    let means = advising.means(&options)?;
    let before = advising.survey()?;
    let done = match means {
        Means::Process(process) => advising.advise_process(process)?,
        Means::Own(carrier) => advising.advise_own(carrier, &before)?,
    };
    let is_same = options.dry_run || advising.leaves_residency(means, &before);
    let after = if is_same { before.clone() } else { advising.survey()? };
    let mut report = advising.report(done, before, after);
    report.elapsed = start.elapsed();
    Ok(report)
}

/// By what the advice is given.
#[derive(Clone, Copy)]
enum Means<'a> {
    Own(&'static Carrier),
    Process(&'a AdvisedProcess),
}

impl<'a> Advising<'a> {
    fn means<'p>(&self, options: &AdviseOptions<'p>) -> Result<Means<'p>> {
        if let Some(process) = options.process {
            return process.require(self.advice).map(|()| Means::Process(process));
        }
        let carrier = match options.call {
            Some(call) => self.advice.carried_by(call).ok_or_else(|| not_carried(self.advice, call))?,
            None => self.advice.usual(),
        };
        carrier.require().map(|_| Means::Own(carrier))
    }

    /// Whether nothing can have come or gone by it: it is about a mapping or a descriptor of ours alone, or would load what
    /// is there already. Asking once more would tell nothing of the advice.
    fn leaves_residency(&self, means: Means<'_>, before: &Residency) -> bool {
        let is_private = match means {
            Means::Own(carrier) => carrier.scope != AdviceScope::PageCache,
            Means::Process(_) => false,
        };
        is_private || (self.advice.pages.only_come() && before.resident == Some(before.pages))
    }

    fn survey(&self) -> Result<Residency> {
        survey(&mut Prober::new(self.file, ProbeChoice::Auto), self.extents)
    }

    fn advise_own(&self, carrier: &'static Carrier, before: &Residency) -> Result<Done> {
        if self.advice.needs_ownership && before.unknown == Some(Unknown::NotPermitted) {
            return Err(not_ours(carrier));
        }
        match carrier.call {
            AdviceCall::Madvise => Own::new(self, carrier)?.advise(),
            AdviceCall::Fadvise => self.fadvise(carrier),
        }
    }

    fn fadvise(&self, carrier: &Carrier) -> Result<Done> {
        let (number, mut done) = (carrier.require()?, Done::default());
        let mut pieces = self.pieces();
        while let Some(piece) = pieces.next()? {
            if !self.begin(piece, &mut done) {
                continue;
            }
            // A length in whole pages, so that the last one is no part, which would be left out.
            let length = piece.pages().bytes();
            fadvise(self.file.file(), piece.offset(), length, number)
                .map_err(|error| self.refusal(carrier, error))?;
        }
        Ok(done)
    }

    /// Counts a piece; whether it is to be advised.
    fn begin(&self, piece: Extent, done: &mut Done) -> bool {
        done.asked += piece.pages();
        if self.dry_run {
            return false;
        }
        if self.observer.is_stopped() {
            done.outcome.interrupted += piece.pages();
            return false;
        }
        self.observer.advance(piece.length());
        true
    }

    fn pieces(&self) -> Pieces<'a> {
        Pieces::new(self.file, self.extents, self.advice.pages)
    }

    /// What a refused call means.
    fn refusal(&self, carrier: &Carrier, error: io::Error) -> Error {
        let call = carrier.call.as_str();
        match error.raw_os_error() {
            Some(errno::EINVAL) => Error::refused(call, error, needs(self.advice, carrier)),
            Some(errno::EAGAIN | errno::EBUSY | errno::ENOMEM) => {
                let why =
                    format!("{} is not possible now: memory is short, or pages are in use", carrier.constant);
                Error::refused(call, error, why)
            }
            _ => unsupported_or(call, error),
        }
    }

    fn report(&self, done: Done, before: Residency, after: Residency) -> Report {
        let mut report = Report { requested: Some(done.asked), ..Report::default() };
        let outcome = done.outcome;
        report.leave(Reason::Unreadable, outcome.unreadable());
        report.leave(Reason::Truncated, outcome.truncated);
        report.leave(Reason::Failed, outcome.untried);
        report.leave(Reason::Interrupted, outcome.interrupted);
        if self.dry_run {
            report.leave(Reason::DryRun, done.asked);
        }
        let resident = before.resident.zip(after.resident);
        report.changed = resident.map(|(before, after)| Pages(before.0.abs_diff(after.0)));
        report.errors = outcome.into_errors();
        (report.before, report.after) = (before, after);
        report
    }
}

impl Done {
    /// cachestat(2) would count pages that could not be read as resident.
    fn drop_unreadable(&self, file: &OpenFile) {
        for place in self.outcome.places() {
            // Where that fails, the page is told as unreadable all the same.
            let _ = fadvise(file.file(), place.offset(), place.pages().bytes(), fadvise::DONTNEED);
        }
    }
}

fn needs(advice: &Advice, carrier: &Carrier) -> String {
    let and = if advice.needs.is_empty() { "" } else { " and " };
    format!("{} needs Linux {}{and}{}", carrier.constant, advice.least_kernel, advice.needs)
}

fn not_carried(advice: &Advice, call: AdviceCall) -> Error {
    let error = io::Error::from_raw_os_error(errno::EINVAL);
    Error::refused(
        call.as_str(),
        error,
        format!("`{}` is carried by {} only", advice.name, advice.usual().call),
    )
}

fn not_ours(carrier: &Carrier) -> Error {
    let error = io::Error::from_raw_os_error(errno::EPERM);
    let why = "the kernel leaves out, without a word, files that one neither owns nor may write";
    Error::refused(carrier.call.as_str(), error, why)
}
