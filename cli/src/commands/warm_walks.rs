//! The two walks of `mmapio warm`, one thread's part of each.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use mmapio_core::{
    Error, FileId, Found, OpenFile, Reason, Report, Visitor, WalkOptions, WarmNeed, WarmOptions, Warming,
    leave_cold, walk, warm_need,
};

use super::acts::{Stage, Subject};
use super::selection::Selection;
use super::sink::Sink;
use crate::messages;

/// Files that are in flight at once for each thread: enough to keep any storage busy, few enough for any limit on
/// descriptors.
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
    /// Those of them that the second walk met.
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
        let planner =
            || Planner { ground: self, sink: Sink::new(&self.stage.frame), files: HashSet::new(), bytes: 0 };
        let mut plan = Plan::default();
        let mut sinks = Vec::new();
        for planner in walk(list, walking, planner) {
            plan.files.extend(planner.files);
            plan.bytes = plan.bytes.saturating_add(planner.bytes);
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
        };
        let done = walk(paths.into_iter().map(Ok), walking, loading);
        let mut sinks: Vec<_> = done.into_iter().map(Loading::into_sink).collect();
        self.account_for_the_lost(plan, sinks.first_mut());
        sinks
    }

    /// Files that were there at the first walk and not met at the second: deleted, or no longer to be opened.
    fn account_for_the_lost(self, plan: &Plan, sink: Option<&mut Sink<'_>>) {
        let lost = plan.not_met();
        if lost == 0 {
            return;
        }
        if self.stage.go_on().is_break() {
            return messages::note(&format!("{lost} files were not reached"));
        }
        if let Some(sink) = sink {
            let error = Error::range(format!("{lost} files were there and could not be opened again"));
            // When writing failed, the output remembers why.
            let _ = sink.error(error);
        }
    }

    fn subject<'p>(self, path: &'p Path, file: &OpenFile, named: bool) -> Subject<'p> {
        let ranged = !self.selection.is_whole(&self.stage.ranged);
        Subject { path, id: file.id(), size: file.size(), named, ranged }
    }
}

/// The first walk.
struct Planner<'a> {
    ground: Ground<'a>,
    sink: Sink<'a>,
    files: HashSet<FileId>,
    bytes: u64,
}

impl Planner<'_> {
    fn look(&mut self, found: &Found<'_>) -> mmapio_core::Result<Option<Report>> {
        let Ground { stage, selection, options } = self.ground;
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
        match self.pending.len() > IN_FLIGHT {
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

    /// What fails here failed in the first walk, too, and was told; what is new is found missing at the end.
    fn error(&mut self, _error: Error) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
