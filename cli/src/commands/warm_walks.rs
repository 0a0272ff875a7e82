//! The two walks of `mmapio warm`, one thread's part of each.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use mmapio_core::{
    Error, FileId, FileKind, Found, OpenFile, Reason, Report, Visitor, WalkOptions, WarmNeed, WarmOptions,
    Warming, leave_cold, walk, warm_need,
};

use super::acts::{Stage, Subject};
use super::selection::Selection;
use super::sink::Sink;

/// Files that are in flight at once for each thread, where descriptors allow: enough to keep any storage busy.
const IN_FLIGHT: usize = 64;

/// What is done with the files that need loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Load,
    DryRun,
    OverBudget,
}

/// What the first walk found: the files that need loading, and no others are loaded.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    files: HashSet<FileId>,
    bytes: u64,
    /// What failed, and was told.
    failed: HashSet<PathBuf>,
    /// Those of the files that the second walk met, or told why it did not.
    met: AtomicU64,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What is to be loaded.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn not_met(&self) -> u64 {
        (self.files.len() as u64).saturating_sub(self.met.load(Ordering::Relaxed))
    }
}

/// What both walks need.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) stage: &'a Stage<'a>,
    pub(crate) selection: &'a Selection<'a>,
    pub(crate) options: &'a WarmOptions<'a>,
}

impl<'a> Ground<'a> {
    /// Walks without loading: what needs nothing is reported, the rest is planned.
    pub(crate) fn plan(
        self,
        list: Vec<mmapio_core::Result<PathBuf>>,
        walking: &WalkOptions,
    ) -> (Plan, Vec<Sink<'a>>) {
        let planner = || Planner {
            ground: self,
            sink: Sink::new(&self.stage.frame),
            files: HashSet::new(),
            bytes: 0,
            failed: Vec::new(),
        };
        let mut plan = Plan::default();
        let mut sinks = Vec::new();
        for planner in walk(list, walking, planner) {
            plan.files.extend(planner.files);
            plan.bytes = plan.bytes.saturating_add(planner.bytes);
            plan.failed.extend(planner.failed);
            sinks.push(planner.sink);
        }
        (plan, sinks)
    }

    /// Walks again, and does with what was planned what is to be done.
    pub(crate) fn carry_out(
        self,
        plan: &'a Plan,
        mode: Mode,
        paths: Vec<PathBuf>,
        walking: &WalkOptions,
    ) -> Vec<Sink<'a>> {
        if mode == Mode::Load {
            self.stage.frame.progress.expect(plan.bytes);
        }
        let loading = || Loading {
            ground: self,
            plan,
            mode,
            sink: Sink::new(&self.stage.frame),
            pending: VecDeque::new(),
            in_flight: IN_FLIGHT.min(walking.files_to_keep()),
        };
        let done = walk(paths.into_iter().map(Ok), walking, loading);
        let sinks = done.into_iter().map(Loading::into_sink).collect();
        self.account_for_the_lost(plan);
        sinks
    }

    /// Files that were there at the first walk and not met at the second: what is no longer in a tree is nothing that failed.
    fn account_for_the_lost(self, plan: &Plan) {
        let lost = plan.not_met();
        if lost == 0 {
            return;
        }
        let files = if lost == 1 { "1 file was" } else { &format!("{lost} files were") };
        match self.stage.go_on() {
            ControlFlow::Break(()) => self.stage.frame.say(&format!("{files} not reached")),
            ControlFlow::Continue(()) => {
                self.stage.frame.warn(&format!("{files} removed or replaced before being loaded"));
            }
        }
    }

    fn subject<'p>(self, path: &'p Path, file: &OpenFile, named: bool) -> Subject<'p> {
        let ranged = !self.selection.is_whole(&self.stage.ranged);
        // The files of a list are as many as those of a tree.
        let named = named && !self.selection.is_listed();
        Subject { path, id: file.id(), size: file.size(), named, ranged }
    }
}

/// The first walk.
struct Planner<'a> {
    ground: Ground<'a>,
    sink: Sink<'a>,
    files: HashSet<FileId>,
    bytes: u64,
    failed: Vec<PathBuf>,
}

impl Planner<'_> {
    fn look(&mut self, found: &Found<'_>) -> mmapio_core::Result<Option<Report>> {
        let Ground { stage, selection, options } = self.ground;
        if found.file.kind() == FileKind::BlockDevice {
            stage.frame.warn(&format!(
                "{}: a device's pages are dropped when the last process closes it: hold it open, as `mmapio lock` does",
                found.path.display()
            ));
        }
        let extents = selection.extents(found, &stage.ranged, &stage.frame)?;
        match warm_need(&found.file, &extents, options)? {
            WarmNeed::Nothing(report) => Ok(Some(*report)),
            WarmNeed::Bytes(bytes) => {
                self.files.insert(found.file.id());
                self.bytes = self.bytes.saturating_add(bytes);
                Ok(None)
            }
        }
    }
}

impl Visitor for Planner<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.ground.stage.go_on()?;
        self.sink.count(found.file.size());
        // Loading goes on when nobody reads the report any more: it is wanted for its own sake.
        let _ = match self.look(&found) {
            Ok(Some(report)) => {
                let subject = self.ground.subject(found.path, &found.file, found.named);
                self.ground.stage.report(&mut self.sink, subject, report)
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => self.sink.error(error.with_path(found.path)),
        };
        ControlFlow::Continue(())
    }

    fn again(&mut self, path: &Path, id: FileId) {
        if self.ground.stage.keeps_names() {
            self.sink.aliases.push((id, path.to_owned()));
        }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.failed.extend(error.path().map(Path::to_owned));
        let _ = self.sink.error(error);
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
struct Loading<'a> {
    ground: Ground<'a>,
    plan: &'a Plan,
    mode: Mode,
    sink: Sink<'a>,
    pending: VecDeque<Pending>,
    /// As many may be.
    in_flight: usize,
}

impl<'a> Loading<'a> {
    /// Begins a file; small ones stay in flight for a while.
    fn begin(&mut self, found: Found<'_>) -> ControlFlow<()> {
        let Ground { stage, selection, options } = self.ground;
        let Found { path, named, .. } = found;
        let begun = selection
            .extents(&found, &stage.ranged, &stage.frame)
            .and_then(|extents| Warming::begin(found.file, extents, options, stage));
        match begun {
            Ok(warming) => self.keep_in_flight(Pending { path: path.to_owned(), named, warming }),
            Err(error) => self.sink.error(error.with_path(path)),
        }
    }

    fn keep_in_flight(&mut self, pending: Pending) -> ControlFlow<()> {
        if pending.warming.is_settled() {
            return self.finish(pending);
        }
        self.pending.push_back(pending);
        match self.pending.len() > self.in_flight {
            true => self.finish_oldest(),
            false => ControlFlow::Continue(()),
        }
    }

    fn finish_oldest(&mut self) -> ControlFlow<()> {
        match self.pending.pop_front() {
            Some(pending) => self.finish(pending),
            None => ControlFlow::Continue(()),
        }
    }

    fn finish(&mut self, pending: Pending) -> ControlFlow<()> {
        let Pending { path, named, warming } = pending;
        let stage = self.ground.stage;
        let subject = self.ground.subject(&path, warming.file(), named);
        match warming.finish(self.ground.options, stage) {
            Ok(report) => stage.report(&mut self.sink, subject, report),
            Err(error) => self.sink.error(error.with_path(&path)),
        }
    }

    /// Reports a file that is not loaded.
    fn leave(&mut self, found: &Found<'_>, reason: Reason) -> ControlFlow<()> {
        let Ground { stage, selection, options } = self.ground;
        let left = selection
            .extents(found, &stage.ranged, &stage.frame)
            .and_then(|extents| leave_cold(&found.file, &extents, options, reason));
        match left {
            Ok(report) => stage.report(
                &mut self.sink,
                self.ground.subject(found.path, &found.file, found.named),
                report,
            ),
            Err(error) => self.sink.error(error.with_path(found.path)),
        }
    }

    fn into_sink(mut self) -> Sink<'a> {
        while let Some(pending) = self.pending.pop_front() {
            // When writing failed, the output remembers why.
            let _ = self.finish(pending);
        }
        self.sink
    }
}

impl Visitor for Loading<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if !self.plan.files.contains(&found.file.id()) {
            return ControlFlow::Continue(());
        }
        self.ground.stage.go_on()?;
        self.plan.met.fetch_add(1, Ordering::Relaxed);
        let _ = match self.mode {
            Mode::Load => self.begin(found),
            Mode::DryRun => self.leave(&found, Reason::DryRun),
            Mode::OverBudget => self.leave(&found, Reason::OverBudget),
        };
        ControlFlow::Continue(())
    }

    /// What failed in the first walk was told there.
    fn error(&mut self, error: Error) -> ControlFlow<()> {
        if error.path().is_some_and(|path| self.plan.failed.contains(path)) {
            return ControlFlow::Continue(());
        }
        self.plan.met.fetch_add(1, Ordering::Relaxed);
        let _ = self.sink.error(error);
        ControlFlow::Continue(())
    }
}
