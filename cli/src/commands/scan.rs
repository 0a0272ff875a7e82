//! One thread's part of `mmapio incore`: asks about each file, and writes or keeps what it learns.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mmapio_core::{
    Error, ErrorKind, FileId, FileInUse, FilesInUse, Found, OpenFile, Pages, Part, Percent, ProbeChoice,
    Prober, Residency, RunState, Spread, Visitor, WalkOptions, walk, walk_in_use,
};

use super::ranges::Ranged;
use super::sink::{Frame, Sink};
use crate::args::incore::WhichRuns;
use crate::render::heat::Heat;
use crate::render::row::Row;
use crate::render::strip;

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
    pub(crate) frame: Frame<'a>,
    pub(crate) task: Task,
    pub(crate) ranged: Ranged,
    pub(crate) probe: ProbeChoice,
    pub(crate) cached_only: bool,
    /// Who uses which files.
    pub(crate) in_use: Option<&'a FilesInUse>,
    /// Name files in use that cannot be opened.
    pub(crate) verbose: bool,
    /// How many parts strips of pictures have; 0 is no picture.
    pub(crate) picture: usize,
    /// Whether how residency is spread is asked, too.
    pub(crate) spread: bool,
    /// Leave out files of which so much is in memory.
    pub(crate) missing: Option<Percent>,
}

impl Plan<'_> {
    /// Walks the list, and the files in use where those were asked for.
    pub(crate) fn walk<V: Visitor, L>(
        &self,
        list: L,
        options: &WalkOptions,
        visitor: impl Fn() -> V + Sync,
    ) -> Vec<V>
    where
        L: IntoIterator<Item = mmapio_core::Result<PathBuf>>,
        L::IntoIter: Send,
    {
        match self.in_use {
            None => walk(list, options, visitor),
            Some(used) => walk_in_use(used, list, options, visitor),
        }
    }

    /// A file in use cannot be opened. In a system with many users that is nothing special: it is counted, and said once.
    pub(crate) fn unopened(&self, sink: &mut Sink<'_>, error: &Error) -> ControlFlow<()> {
        sink.total.add_unopened();
        if self.verbose {
            self.frame.warn(&error.to_string());
        }
        ControlFlow::Continue(())
    }

    /// Whether a file has a row. What is unknown may be missing.
    fn shows(&self, residency: &Residency) -> bool {
        let is_empty = residency.resident == Some(Pages(0));
        let is_there = |share: Percent| {
            residency.resident.is_some_and(|resident| resident.0 >= share.of(residency.pages.0))
        };
        !(self.missing.is_some_and(is_there) || self.cached_only && is_empty)
    }
}

/// What a file tells, the parts of its strip, and its strip in pictures.
type Asked = (Residency, Vec<Part>, Option<Box<Heat>>);

/// A thread's part.
pub(crate) struct Scan<'a> {
    plan: &'a Plan<'a>,
    sink: Sink<'a>,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(plan: &'a Plan<'a>) -> Self {
        let mut sink = Sink::new(&plan.frame);
        if plan.spread {
            // Of no files all is known, too.
            sink.total.add_spread(&Spread::of_pages(Pages(0)));
        }
        Self { plan, sink }
    }

    pub(crate) fn into_sink(self) -> Sink<'a> {
        self.sink
    }

    fn survey(&mut self, path: &Path, file: &OpenFile) -> ControlFlow<()> {
        let parts = match self.plan.task {
            Task::Keep { strip } | Task::Write { strip } => strip.parts,
            Task::Sum | Task::WriteRuns(_) => 0,
        };
        let mut prober = Prober::new(file, self.plan.probe);
        let (residency, parts, heat) = match self.ask(&mut prober, parts) {
            Ok(found) => found,
            Err(error) => return self.error(error.with_path(path)),
        };
        let spread = match self.spread(file, &residency) {
            Ok(spread) => spread,
            Err(error) => return self.error(error.with_path(path)),
        };
        self.sink.total.add(file.size(), &residency);
        if let Some(spread) = spread.as_ref().filter(|_| residency.unknown.is_none()) {
            self.sink.total.add_spread(spread);
        }
        if !self.plan.shows(&residency) {
            return ControlFlow::Continue(());
        }
        let row = |strip| Row { heat, spread, ..self.row(path, file, residency, strip) };
        match self.plan.task {
            Task::Sum | Task::WriteRuns(_) => ControlFlow::Continue(()),
            Task::Keep { strip } => {
                let row = row(strip::draw(&parts, strip.ascii));
                self.sink.keep(row);
                ControlFlow::Continue(())
            }
            Task::Write { strip } => {
                let row = row(strip::draw(&parts, strip.ascii));
                self.sink.write(&row)
            }
        }
    }

    fn row<'p>(&self, path: &'p Path, file: &OpenFile, residency: Residency, strip: Box<str>) -> Row<'p> {
        Row {
            id: Some(file.id()),
            ranged: !self.plan.ranged.range.is_whole(),
            strip,
            in_use: self.plan.in_use.and_then(|used| used.find(file.id()).cloned()),
            ..Row::new(path, file.size(), residency)
        }
    }

    /// What a row is made of. For a picture more is asked, and the counts are those of the picture.
    fn ask(&self, prober: &mut Prober<'_>, parts: usize) -> mmapio_core::Result<Asked> {
        let range = self.plan.ranged.range;
        if self.plan.picture == 0 {
            return prober.survey(range, parts).map(|(residency, parts)| (residency, parts, None));
        }
        let (residency, drawn) = prober.picture(range, self.plan.picture)?;
        let parts = if parts == 0 { Vec::new() } else { prober.survey(range, parts)?.1 };
        Ok((residency, parts, Some(Box::new(Heat::of(&drawn)))))
    }

    /// How residency is spread over a file, where that is wanted.
    fn spread(&self, file: &OpenFile, residency: &Residency) -> mmapio_core::Result<Option<Box<Spread>>> {
        if !self.plan.spread {
            return Ok(None);
        }
        if residency.unknown.is_some() {
            return Ok(Some(Box::new(Spread::unknown())));
        }
        match Prober::new(file, self.plan.probe).spread(self.plan.ranged.range) {
            Ok(spread) => Ok(Some(Box::new(spread))),
            Err(error) if matches!(error.kind(), ErrorKind::Unknown(_)) => {
                Ok(Some(Box::new(Spread::unknown())))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a file's ranges; when they are many they are written as they come, and stay together.
    fn runs(&mut self, path: &Path, file: &OpenFile, which: WhichRuns) -> ControlFlow<()> {
        let (plan, frame) = (self.plan, &self.plan.frame);
        let pages = plan.ranged.range.within(file.size()).pages();
        let mut runs = Prober::new(file, plan.probe).runs(plan.ranged.range);
        let mut held = None;
        let mut resident = 0;
        for run in runs.by_ref() {
            let run = match run {
                Ok(run) => run,
                Err(error) => {
                    drop(held);
                    self.sink.total.add_unknown(file.size(), pages, &error);
                    return self.error(error.with_path(path));
                }
            };
            if run.state == RunState::Resident {
                resident += run.extent.pages().0;
            }
            if wants(which, run.state) {
                frame.format.run(path, &run, &mut self.sink.chunk);
            }
            if self.sink.is_full() {
                held.get_or_insert_with(|| frame.output.hold()).write(&self.sink.chunk)?;
                self.sink.chunk.clear();
            }
        }
        if let Some(mut held) = held {
            held.write(&self.sink.chunk)?;
            self.sink.chunk.clear();
        }
        if runs.has_changed() {
            frame.warn(&format!(
                "{}: changed size while it was read: the ranges are for the size before",
                path.display()
            ));
        }
        self.sink.total.add_runs(file.size(), pages, resident);
        self.sink.flush_when_due()
    }
}

impl Visitor for Scan<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.sink.count(found.file.size());
        if !self.plan.ranged.range.is_whole()
            && let Err(error) = self.plan.ranged.check(&found, &self.plan.frame)
        {
            return self.error(error);
        }
        match self.plan.task {
            Task::WriteRuns(which) => self.runs(found.path, &found.file, which),
            _ => self.survey(found.path, &found.file),
        }
    }

    fn unopened(&mut self, _file: &FileInUse, error: Error) -> ControlFlow<()> {
        self.plan.unopened(&mut self.sink, &error)
    }

    fn again(&mut self, path: &Path, id: FileId) {
        if matches!(self.plan.task, Task::Keep { .. }) {
            self.sink.aliases.push((id, path.to_owned()));
        }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.sink.error(error)
    }
}

fn wants(which: WhichRuns, state: RunState) -> bool {
    match which {
        WhichRuns::All => true,
        WhichRuns::Resident => state == RunState::Resident,
        WhichRuns::Absent => state == RunState::Absent,
    }
}
