//! One thread's part of `mmapio incore`: asks about each file, and writes or keeps what it learns.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mmapio_core::{
    ByteRange, Error, FileId, Found, OpenFile, Pages, ProbeChoice, Prober, Residency, RunState, Visitor,
    page_size,
};

use crate::args::incore::WhichRuns;
use crate::messages;
use crate::output::Output;
use crate::progress::Progress;
use crate::render::Format;
use crate::render::row::{Kept, Row, Total};
use crate::render::strip;

/// Records are put together up to this size before they are written, and no longer than this time.
const CHUNK: usize = 64 << 10;
const CHUNK_TIME: Duration = Duration::from_millis(200);
/// Files are added to the progress in batches.
const PROGRESS_FILES: u64 = 128;

/// What is done with each file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task {
    /// Add it to the total only.
    Sum,
    /// Keep its row.
    Keep { strip: Strip },
    /// Write its row at once.
    Write { strip: Strip },
    /// Write its ranges at once.
    WriteRuns(WhichRuns),
}

/// The strip of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strip {
    /// How many characters; 0 is no strip.
    pub(crate) parts: usize,
    pub(crate) ascii: bool,
}

/// What all threads need to know.
pub(crate) struct Plan<'a> {
    pub(crate) task: Task,
    pub(crate) range: ByteRange,
    pub(crate) probe: ProbeChoice,
    pub(crate) cached_only: bool,
    pub(crate) quiet: bool,
    /// Whether errors are wanted at the end once more.
    pub(crate) keeps_errors: bool,
    pub(crate) format: &'a dyn Format,
    pub(crate) output: &'a Output,
    pub(crate) progress: &'a Progress,
    pub(crate) rounding_said: AtomicBool,
}

impl Plan<'_> {
    /// Nothing to show is no failure, but seldom what was meant.
    pub(crate) fn say_nothing_was_found(&self) {
        if !self.quiet {
            messages::note("no file was found, or none that the options let through");
        }
    }
}

/// A thread's part.
pub(crate) struct Scan<'a> {
    plan: &'a Plan<'a>,
    pub(crate) total: Total,
    pub(crate) rows: Kept,
    /// Other paths to files that have a row, perhaps another thread's.
    pub(crate) aliases: Vec<(FileId, PathBuf)>,
    pub(crate) errors: Vec<Error>,
    chunk: Vec<u8>,
    written: Instant,
    seen: (u64, u64),
}

impl<'a> Scan<'a> {
    pub(crate) fn new(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            total: Total::default(),
            rows: Vec::new(),
            aliases: Vec::new(),
            errors: Vec::new(),
            chunk: Vec::new(),
            written: Instant::now(),
            seen: (0, 0),
        }
    }

    /// Writes what is left, and counts it.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        let done = if self.chunk.is_empty() {
            ControlFlow::Continue(())
        } else {
            self.plan.output.write(&self.chunk)
        };
        self.chunk.clear();
        self.written = Instant::now();
        self.plan.progress.add(self.seen.0, self.seen.1);
        self.seen = (0, 0);
        done
    }

    fn flush_when_due(&mut self) -> ControlFlow<()> {
        if self.chunk.len() >= CHUNK || self.written.elapsed() >= CHUNK_TIME {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    fn survey(&mut self, path: &Path, file: &OpenFile) -> ControlFlow<()> {
        let parts = match self.plan.task {
            Task::Keep { strip } | Task::Write { strip } => strip.parts,
            Task::Sum | Task::WriteRuns(_) => 0,
        };
        let (residency, parts) = match Prober::new(file, self.plan.probe).survey(self.plan.range, parts) {
            Ok(found) => found,
            Err(error) => return self.error(error.with_path(path)),
        };
        self.total.add(file.size(), &residency);
        if self.plan.cached_only && residency.resident == Some(Pages(0)) {
            return ControlFlow::Continue(());
        }
        let row = |strip| self.row(path, file, residency, strip);
        match self.plan.task {
            Task::Sum | Task::WriteRuns(_) => {}
            Task::Keep { strip } => {
                let row = row(strip::draw(&parts, strip.ascii)).into_owned();
                self.rows.push(Box::new(row));
            }
            Task::Write { strip } => {
                let row = row(strip::draw(&parts, strip.ascii));
                self.plan.format.file(&row, &mut self.chunk);
                return self.flush_when_due();
            }
        }
        ControlFlow::Continue(())
    }

    fn row<'p>(&self, path: &'p Path, file: &OpenFile, residency: Residency, strip: Box<str>) -> Row<'p> {
        Row {
            path: Cow::Borrowed(path),
            id: Some(file.id()),
            size: file.size(),
            residency,
            ranged: !self.plan.range.is_whole(),
            strip,
        }
    }

    /// Writes a file's ranges; when they are many they are written as they come, and stay together.
    fn runs(&mut self, path: &Path, file: &OpenFile, which: WhichRuns) -> ControlFlow<()> {
        let plan = self.plan;
        let pages = plan.range.within(file.size()).pages();
        let mut runs = Prober::new(file, plan.probe).runs(plan.range);
        let mut held = None;
        let mut resident = 0;
        for run in runs.by_ref() {
            let run = match run {
                Ok(run) => run,
                Err(error) => {
                    drop(held);
                    self.total.add_unknown(file.size(), pages, &error);
                    return self.error(error.with_path(path));
                }
            };
            if run.state == RunState::Resident {
                resident += run.extent.pages().0;
            }
            if wants(which, run.state) {
                plan.format.run(path, &run, &mut self.chunk);
            }
            if self.chunk.len() >= CHUNK {
                held.get_or_insert_with(|| plan.output.hold()).write(&self.chunk)?;
                self.chunk.clear();
            }
        }
        if let Some(mut held) = held {
            held.write(&self.chunk)?;
            self.chunk.clear();
        }
        if runs.has_changed() {
            self.warn(&format!(
                "{}: changed size while it was read: the ranges are for the size before",
                path.display()
            ));
        }
        self.total.add_runs(file.size(), pages, resident);
        self.flush_when_due()
    }

    fn check_range(&self, found: &Found<'_>) -> Result<(), Error> {
        let (range, size) = (self.plan.range, found.file.size());
        if found.named && range.offset() > 0 && range.offset() >= size {
            return Err(Error::range(format!("starts at {}, beyond the end at {size}", range.offset()))
                .with_path(found.path));
        }
        if range.is_rounded_in(size) && !self.plan.rounding_said.swap(true, Ordering::Relaxed) {
            let extent = range.within(size);
            self.warn(&format!(
                "--range is rounded out to whole pages of {} bytes: {}+{}",
                page_size(),
                extent.offset(),
                extent.length()
            ));
        }
        Ok(())
    }

    fn warn(&self, text: &str) {
        if !self.plan.quiet {
            self.plan.progress.suspend(|| messages::warning(text));
        }
    }

    fn count(&mut self, bytes: u64) {
        self.seen = (self.seen.0 + 1, self.seen.1.saturating_add(bytes));
        if self.seen.0 >= PROGRESS_FILES {
            self.plan.progress.add(self.seen.0, self.seen.1);
            self.seen = (0, 0);
        }
    }
}

impl Visitor for Scan<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.count(found.file.size());
        if !self.plan.range.is_whole()
            && let Err(error) = self.check_range(&found)
        {
            return self.error(error);
        }
        match self.plan.task {
            Task::WriteRuns(which) => self.runs(found.path, found.file, which),
            _ => self.survey(found.path, found.file),
        }
    }

    fn again(&mut self, path: &Path, id: FileId) {
        if matches!(self.plan.task, Task::Keep { .. }) {
            self.aliases.push((id, path.to_owned()));
        }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.total.errors += 1;
        if !self.plan.quiet {
            self.plan.progress.suspend(|| messages::path_error(&error));
        }
        self.plan.format.error(&error, &mut self.chunk);
        if self.plan.keeps_errors {
            self.errors.push(error);
        }
        self.flush_when_due()
    }
}

fn wants(which: WhichRuns, state: RunState) -> bool {
    match which {
        WhichRuns::All => true,
        WhichRuns::Resident => state == RunState::Resident,
        WhichRuns::Absent => state == RunState::Absent,
    }
}
