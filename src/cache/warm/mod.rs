//! Loading files into memory: what is absent and only that, many reads at a time, and proof that it came.

mod load;
pub(crate) mod outcome;
mod rate;
mod source;
mod unread;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::cache::extents::survey;
use crate::cache::{Observer, Reason, Report};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::{Pages, page_size};
use crate::residency::{ProbeChoice, Prober, Residency};

use load::{Lane, Loader, window_bytes};
use outcome::Outcome;
pub use rate::RateLimit;
use source::{Source, Window};

/// Threads that wait for reads of one file: what they wait for is in flight at the same time.
const LANES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// What was gone again when it was verified is loaded anew so often, as long as it is little: where it is much, memory is short
/// and loading would push out more.
const ROUNDS: u32 = 2;
const LITTLE: u64 = 16;

/// How to load.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WarmOptions<'a> {
    /// Which call tells what is absent.
    pub probe: ProbeChoice,
    /// How many windows of a large file are read at the same time.
    pub lanes: NonZeroUsize,
    /// How fast to load at the most.
    pub rate: Option<&'a RateLimit>,
}

impl Default for WarmOptions<'_> {
    fn default() -> Self {
        Self { probe: ProbeChoice::Auto, lanes: LANES, rate: None }
    }
}

/// Loads what of these extents of a file is not in memory, and verifies that it came; see [`extents_of`](crate::extents_of).
///
/// Only data is loaded, no holes, and nothing that is there already: warming again costs a look. Sources: madvise(2)
/// `MADV_POPULATE_READ`, readahead(2), then mincore(2) and, where a page did not come, pread(2). Where the kernel
/// does not tell what is in memory ([`Residency::unknown`]) all data is read, and what was read is what is claimed.
///
/// # Errors
/// As [`Prober::residency`]. Pages that cannot be read are in [`Report::errors`], with their place:
/// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable).
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, Unobserved, WarmOptions, extents_of, warm};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// let report = warm(&file, &extents_of(&file, &[ByteRange::WHOLE]), &WarmOptions::default(), &Unobserved)?;
/// assert!(report.errors.is_empty());
/// println!("{:?} pages loaded of {:?}, left: {:?}", report.changed, report.requested, report.remaining);
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn warm(
    file: &OpenFile,
    extents: &[Extent],
    options: &WarmOptions<'_>,
    observer: &dyn Observer,
) -> Result<Report> {
    Begun::new(file, extents, options, observer)?.finish(file, extents, options, observer)
}

/// What [`warm`] would have to do.
#[derive(Debug)]
pub enum WarmNeed {
    /// Nothing: all is in memory, and this is its report.
    Nothing(Box<Report>),
    /// To load so many bytes of data.
    Bytes(u64),
}

/// Looks at what of these extents [`warm`] would have to load, exactly, and loads nothing.
///
/// # Errors
/// As [`warm`].
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, WarmNeed, WarmOptions, extents_of, warm_need};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// match warm_need(&file, &extents_of(&file, &[ByteRange::WHOLE]), &WarmOptions::default())? {
///     WarmNeed::Nothing(report) => assert_eq!(report.before, report.after),
///     WarmNeed::Bytes(bytes) => println!("{bytes} bytes are to be loaded"),
/// }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn warm_need(file: &OpenFile, extents: &[Extent], options: &WarmOptions<'_>) -> Result<WarmNeed> {
    let begun = Begun::look(file, extents, options)?;
    Ok(match begun.found.absent {
        Pages(0) => {
            let after = begun.before.clone();
            WarmNeed::Nothing(Box::new(begun.into_report(after, Pages(0))))
        }
        absent => WarmNeed::Bytes(absent.bytes()),
    })
}

/// The report of a file that is not loaded, for this reason.
///
/// # Errors
/// As [`warm`].
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, Pages, Reason, WarmOptions, extents_of, leave_cold};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// let extents = extents_of(&file, &[ByteRange::WHOLE]);
/// let report = leave_cold(&file, &extents, &WarmOptions::default(), Reason::DryRun)?;
/// assert_eq!(report.changed.unwrap_or_default(), Pages(0));
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn leave_cold(
    file: &OpenFile,
    extents: &[Extent],
    options: &WarmOptions<'_>,
    reason: Reason,
) -> Result<Report> {
    let mut begun = Begun::look(file, extents, options)?;
    let (after, absent) = (begun.before.clone(), std::mem::take(&mut begun.found.absent));
    let mut report = begun.into_report(after, Pages(0));
    report.leave(reason, absent);
    Ok(report)
}

/// A file that is being loaded: what is small is read while others are begun, so that many small files are in flight at once.
#[derive(Debug)]
pub struct Warming {
    file: OpenFile,
    extents: Vec<Extent>,
    begun: Begun,
}

impl Warming {
    /// Begins to load, as [`warm`] does; of a large file all is loaded now.
    ///
    /// # Errors
    /// As [`warm`].
    pub fn begin(
        file: OpenFile,
        extents: Vec<Extent>,
        options: &WarmOptions<'_>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let begun = Begun::new(&file, &extents, options, observer)?;
        Ok(Self { file, extents, begun })
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.begun.started.is_empty()
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &OpenFile {
        &self.file
    }

    /// Waits for what is in flight, and verifies.
    ///
    /// # Errors
    /// As [`warm`].
    pub fn finish(self, options: &WarmOptions<'_>, observer: &dyn Observer) -> Result<Report> {
        self.begun.finish(&self.file, &self.extents, options, observer)
    }
}

/// How far the loading of a file is.
#[derive(Debug)]
struct Begun {
    start: Instant,
    before: Residency,
    /// Windows that were started and not yet looked at.
    started: Vec<Window>,
    found: Found,
    outcome: Outcome,
}

/// What there was to load.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    data: Pages,
    absent: Pages,
    /// Of the absent ones, those that were counted as resident: without content.
    unread: Pages,
}

impl Found {
    fn by(source: &Source<'_>) -> Self {
        Self { data: source.data, absent: source.absent, unread: source.unread }
    }
}

impl Begun {
    fn new(
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
    fn look(file: &OpenFile, extents: &[Extent], options: &WarmOptions<'_>) -> Result<Self> {
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

    fn source<'a>(&self, file: &'a OpenFile, extents: &'a [Extent], options: &WarmOptions<'_>) -> Source<'a> {
        let window = window_bytes().0;
        let window = options.rate.map_or(window, |rate| rate.portion(window));
        Source::new(file, extents, options.probe, self.is_known(), window)
    }

    fn is_known(&self) -> bool {
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

    fn finish(
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

    /// What is in memory now, and how much of what was asked for is gone again; that is loaded once more while it is little.
    fn verify(
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

    fn into_report(self, after: Residency, reclaimed: Pages) -> Report {
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

/// Loads every window, several at the same time: each thread takes the next, so that they are loaded in file order.
fn load_all(loader: &Loader<'_>, source: &mut Source<'_>, lanes: NonZeroUsize) -> Result<Outcome> {
    let source = Mutex::new(source);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        let mut lane = Lane::new(loader);
        let done = load_each(&mut lane, &source);
        lane.outcome.error = done.err();
        outcome.lock().unwrap_or_else(PoisonError::into_inner).merge(lane.outcome);
    };
    std::thread::scope(|scope| {
        for _ in 1..lanes.get() {
            // Where no more threads can be had, those that are there do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.error.take().map_or(Ok(outcome), Err)
}

fn load_each(lane: &mut Lane<'_>, source: &Mutex<&mut Source<'_>>) -> Result<()> {
    loop {
        let window = source.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        match window {
            Some(window) => lane.load(window)?,
            None => return Ok(()),
        }
    }
}

/// Of an observer only the wish to stop: what is loaded again was counted before.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }
}
