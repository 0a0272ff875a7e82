//! Loading trees: a first walk finds out what is to be loaded, a second one loads it.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Found, Visitor, WalkOptions, walk};
use crate::cache::{Observer, Reason, Report, WarmNeed, WarmOptions, Warming, leave_cold, warm_need};
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::memory::{MemoryBudget, MemoryLimit};
use crate::open::{FileId, OpenFile};

/// Files that are in flight at once for each thread, where descriptors allow: enough to keep any storage busy.
const IN_FLIGHT: usize = 64;

/// A file that a report is about.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Subject<'p> {
    /// Its path: as named, or below a named directory.
    pub path: &'p Path,
    /// What it is known by under all of its names.
    pub id: FileId,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it was named itself, not found in a directory.
    pub named: bool,
}

impl<'p> Subject<'p> {
    /// What a report about this file is about.
    #[must_use]
    pub fn new(path: &'p Path, file: &OpenFile, named: bool) -> Self {
        Self { path, id: file.id(), size: file.size(), named }
    }
}

/// What decides about the files of a [`WarmPlan`] and takes what came of them. Each thread has one of its own.
pub trait WarmVisitor: Send {
    /// The parts of a file that are to be loaded; see [`extents_of`](crate::extents_of).
    ///
    /// # Errors
    /// What is wrong with the file: it is left alone then, and [`error`](Self::error) gets it.
    fn extents(&mut self, found: &Found<'_>) -> Result<Vec<Extent>>;

    /// Takes note of a file of the first walk, before anything is done about it.
    fn found(&mut self, _found: &Found<'_>) {}

    /// Takes what came of a file.
    fn report(&mut self, subject: Subject<'_>, report: Report);

    /// Takes another path to a file: see [`Visitor::again`].
    fn again(&mut self, _path: &Path, _id: FileId) {}

    /// Takes what went wrong with a path.
    fn error(&mut self, error: Error);
}

/// What is done with the files of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmMode {
    /// They are loaded.
    Load,
    /// They are not, since that was only a question: [`Reason::DryRun`].
    DryRun,
    /// They are not, since there is no room for all of them: [`Reason::OverBudget`].
    OverBudget,
}

/// How trees are walked and their files loaded; the same for both walks.
#[derive(Clone, Copy)]
pub struct WarmWalk<'a> {
    /// Which files.
    pub walking: &'a WalkOptions,
    /// How they are loaded.
    pub options: &'a WarmOptions<'a>,
    /// Follows it, and can end it.
    pub observer: &'a dyn Observer,
}

impl std::fmt::Debug for WarmWalk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarmWalk")
            .field("walking", self.walking)
            .field("options", self.options)
            .finish_non_exhaustive()
    }
}

/// What a walk found that is to be loaded; no other files are.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use std::ops::ControlFlow;
/// use mmapio_core::{
///     ByteRange, Error, Extent, Found, Report, Result, Subject, Unobserved, WalkOptions, WarmMode, WarmOptions, WarmPlan,
///     WarmVisitor, WarmWalk, extents_of,
/// };
///
/// #[derive(Default)]
/// struct Missing(u64);
/// impl WarmVisitor for Missing {
///     fn extents(&mut self, found: &Found<'_>) -> Result<Vec<Extent>> {
///         Ok(extents_of(&found.file, &[ByteRange::WHOLE]))
///     }
///     fn report(&mut self, _subject: Subject<'_>, report: Report) {
///         self.0 += report.remaining.iter().map(|left| left.pages.0).sum::<u64>();
///     }
///     fn error(&mut self, error: Error) {
///         eprintln!("{error}");
///     }
/// }
///
/// let (walking, options) = (WalkOptions::default(), WarmOptions::default());
/// let walk = WarmWalk { walking: &walking, options: &options, observer: &Unobserved };
/// let (plan, _) = walk.plan([Ok("src".into())], Missing::default);
/// println!("{} bytes are to be loaded", plan.bytes());
/// let done = walk.carry_out(&plan, WarmMode::Load, vec!["src".into()], Missing::default);
/// println!("{} pages did not come", done.iter().map(|missing| missing.0).sum::<u64>());
/// # }
/// ```
#[derive(Debug, Default)]
pub struct WarmPlan {
    files: HashSet<FileId>,
    bytes: u64,
    /// What failed, and was told.
    failed: HashSet<PathBuf>,
    /// Those of the files that the second walk met, or told why it did not.
    met: AtomicU64,
}

impl WarmPlan {
    /// Whether nothing is to be loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes that are to be loaded.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The limit that what is to be loaded does not fit under; none when it fits.
    ///
    /// # Errors
    /// As [`MemoryBudget::room`].
    pub fn excess(&self, budget: MemoryBudget) -> Result<Option<MemoryLimit>> {
        Ok(Some(budget.room()?).filter(|room| self.bytes > room.available))
    }

    /// Files that were there at the first walk and that the second one did not meet, once it was made.
    #[must_use]
    pub fn not_met(&self) -> u64 {
        (self.files.len() as u64).saturating_sub(self.met.load(Ordering::Relaxed))
    }
}

impl WarmWalk<'_> {
    /// Walks without loading: what needs nothing is reported, the rest is planned.
    pub fn plan<V, P>(self, paths: P, visitor: impl Fn() -> V + Sync) -> (WarmPlan, Vec<V>)
    where
        V: WarmVisitor,
        P: IntoIterator<Item = Result<PathBuf>>,
        P::IntoIter: Send,
    {
        let planner = || Planner { walk: self, visitor: visitor(), plan: WarmPlan::default() };
        let mut plan = WarmPlan::default();
        let mut visitors = Vec::new();
        for planner in walk(paths, self.walking, planner) {
            plan.files.extend(planner.plan.files);
            plan.bytes = plan.bytes.saturating_add(planner.plan.bytes);
            plan.failed.extend(planner.plan.failed);
            visitors.push(planner.visitor);
        }
        (plan, visitors)
    }

    /// Walks again, and does with what was planned what is to be done.
    pub fn carry_out<V: WarmVisitor>(
        self,
        plan: &WarmPlan,
        mode: WarmMode,
        paths: Vec<PathBuf>,
        visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        let in_flight = IN_FLIGHT.min(self.walking.files_to_keep());
        let loading =
            || Loading { walk: self, plan, mode, visitor: visitor(), pending: VecDeque::new(), in_flight };
        let done = walk(paths.into_iter().map(Ok), self.walking, loading);
        done.into_iter().map(Loading::into_visitor).collect()
    }

    /// Ends the walk when it is to stop.
    fn go_on(&self) -> ControlFlow<()> {
        if self.observer.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The first walk.
struct Planner<'a, V> {
    walk: WarmWalk<'a>,
    visitor: V,
    plan: WarmPlan,
}

impl<V: WarmVisitor> Planner<'_, V> {
    fn look(&mut self, found: &Found<'_>) -> Result<Option<Report>> {
        let extents = self.visitor.extents(found)?;
        match warm_need(&found.file, &extents, self.walk.options)? {
            WarmNeed::Nothing(report) => Ok(Some(*report)),
            WarmNeed::Bytes(bytes) => {
                self.plan.files.insert(found.file.id());
                self.plan.bytes = self.plan.bytes.saturating_add(bytes);
                Ok(None)
            }
        }
    }
}

impl<V: WarmVisitor> Visitor for Planner<'_, V> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.walk.go_on()?;
        self.visitor.found(&found);
        match self.look(&found) {
            Ok(Some(report)) => {
                self.visitor.report(Subject::new(found.path, &found.file, found.named), report);
            }
            Ok(None) => {}
            Err(error) => self.visitor.error(error.with_path(found.path)),
        }
        ControlFlow::Continue(())
    }

    fn again(&mut self, path: &Path, id: FileId) {
        self.visitor.again(path, id);
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.plan.failed.extend(error.path().map(Path::to_owned));
        self.visitor.error(error);
        ControlFlow::Continue(())
    }
}

/// A file that is in flight.
struct Pending {
    path: PathBuf,
    named: bool,
    warming: Warming,
}

/// The second walk.
struct Loading<'a, V> {
    walk: WarmWalk<'a>,
    plan: &'a WarmPlan,
    mode: WarmMode,
    visitor: V,
    pending: VecDeque<Pending>,
    /// As many may be.
    in_flight: usize,
}

impl<V: WarmVisitor> Loading<'_, V> {
    /// Begins a file; small ones stay in flight for a while.
    fn begin(&mut self, found: Found<'_>) {
        let path = found.path;
        let begun = self
            .visitor
            .extents(&found)
            .and_then(|extents| Warming::begin(found.file, extents, self.walk.options, self.walk.observer));
        match begun {
            Ok(warming) => {
                self.keep_in_flight(Pending { path: path.to_owned(), named: found.named, warming });
            }
            Err(error) => self.visitor.error(error.with_path(path)),
        }
    }

    fn keep_in_flight(&mut self, pending: Pending) {
        if pending.warming.is_settled() {
            return self.finish(pending);
        }
        self.pending.push_back(pending);
        if self.pending.len() > self.in_flight
            && let Some(oldest) = self.pending.pop_front()
        {
            self.finish(oldest);
        }
    }

    fn finish(&mut self, pending: Pending) {
        let Pending { path, named, warming } = pending;
        let (id, size) = (warming.file().id(), warming.file().size());
        match warming.finish(self.walk.options, self.walk.observer) {
            Ok(report) => self.visitor.report(Subject { path: &path, id, size, named }, report),
            Err(error) => self.visitor.error(error.with_path(&path)),
        }
    }

    /// Reports a file that is not loaded.
    fn leave(&mut self, found: &Found<'_>, reason: Reason) {
        let left = self.visitor.extents(found);
        let left = left.and_then(|extents| leave_cold(&found.file, &extents, self.walk.options, reason));
        match left {
            Ok(report) => self.visitor.report(Subject::new(found.path, &found.file, found.named), report),
            Err(error) => self.visitor.error(error.with_path(found.path)),
        }
    }

    fn into_visitor(mut self) -> V {
        while let Some(pending) = self.pending.pop_front() {
            self.finish(pending);
        }
        self.visitor
    }
}

impl<V: WarmVisitor> Visitor for Loading<'_, V> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if !self.plan.files.contains(&found.file.id()) {
            return ControlFlow::Continue(());
        }
        self.walk.go_on()?;
        self.plan.met.fetch_add(1, Ordering::Relaxed);
        match self.mode {
            WarmMode::Load => self.begin(found),
            WarmMode::DryRun => self.leave(&found, Reason::DryRun),
            WarmMode::OverBudget => self.leave(&found, Reason::OverBudget),
        }
        ControlFlow::Continue(())
    }

    /// What failed in the first walk was told there.
    fn error(&mut self, error: Error) -> ControlFlow<()> {
        if error.path().is_some_and(|path| self.plan.failed.contains(path)) {
            return ControlFlow::Continue(());
        }
        self.plan.met.fetch_add(1, Ordering::Relaxed);
        self.visitor.error(error);
        ControlFlow::Continue(())
    }
}
