//! `mmapio bench`: strategies take turns at reading the same bytes of a file, or at writing them into a copy.

mod advice;
mod chart;
mod compare;
mod copy;
mod csv;
mod environment;
mod hand;
mod outcome;
mod pattern;
mod plan;
mod progress;
mod publish;
mod race;
mod record;
mod restore;
mod room;
mod run;
mod state;
mod stats;
mod table;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use mmapio_core::{ByteRange, Extent, OpenFile, Work};

use super::printing::{self, print};
use crate::args::bench::{self, Bench};
use crate::interrupt::Interrupt;
use crate::messages;
use crate::output::Exit;
use crate::render::escape;
use crate::render::table::size;

use compare::Earlier;
use copy::{ScratchCopy, Source};
use environment::Environment;
use hand::Way;
use outcome::Outcome;
use plan::Planned;
use progress::Rounds;
use publish::Publisher;
use race::Race;
use record::{CopyRecord, Record, ScenarioRecord};
use restore::Found;

/// Runs it.
pub(crate) fn run(arguments: &Bench) -> Result<Exit> {
    if arguments.what.strategy.iter().flatten().any(|name| name == "help") {
        return strategy_help();
    }
    if let Some(report) = &arguments.report.from {
        let record = Publisher::read(report)?;
        return Publisher::prepare(arguments)?.publish(record).map(|()| Exit::Done);
    }
    let Some(path) = &arguments.file else { super::paths::usage_error("bench", "no FILE was given") };
    require_one_kind(arguments);
    let interrupt = Interrupt::listen()?;
    let file = Arc::new(OpenFile::open(path)?);
    let publisher = Publisher::prepare(arguments)?;
    let extent = extent(arguments, path, &file)?;
    let bench = Session { arguments, path, extent, file, interrupt, earlier: publisher.earlier() };
    let (record, exit) = bench.run()?;
    publisher.publish(record).map(|()| exit)
}

/// Reading is not compared with writing.
fn require_one_kind(arguments: &Bench) {
    let writes = arguments.writing.write;
    let is_other = |name: &&String| Way::find(name).is_some_and(|way| way.writes() != writes);
    if let Some(name) = arguments.what.strategy.iter().flatten().find(is_other) {
        let (does, others) =
            if writes { ("reads", "--write measures") } else { ("writes", "--write is not there for") };
        let names: Vec<_> = Way::all(writes).iter().map(|way| way.name()).collect();
        super::paths::usage_error("bench", &format!("{name} {does}; {others}: {}", names.join(", ")))
    }
}

/// What `--strategy help` prints.
fn strategy_help() -> Result<Exit> {
    let ways = [false, true].map(Way::all).concat();
    let rows = ways.into_iter().map(|way| [way.name(), way.calls(), way.about()].map(str::to_owned).to_vec());
    print(&printing::table(&["STRATEGY", "CALLS", "WHAT IT DOES"], &[false; 3], rows.collect::<Vec<_>>()))
}

/// The part of the file that is read, from a page on.
fn extent(arguments: &Bench, path: &Path, file: &OpenFile) -> Result<Extent> {
    let range = arguments.what.range.unwrap_or_default();
    let extent = range.within(file.size());
    match extent.is_empty() {
        true => Err(mmapio_core::Error::range(nothing(range, file.size())).with_path(path).into()),
        false => Ok(extent),
    }
}

fn nothing(range: ByteRange, size: u64) -> String {
    match range.is_whole() {
        true => "there is nothing to read: the file is empty".to_owned(),
        false => format!("there is nothing to read: the file has {size} bytes"),
    }
}

/// What is read or written.
struct Target {
    file: Arc<OpenFile>,
    extent: Extent,
}

/// What came of all of it.
struct Measured {
    outcomes: Vec<Outcome>,
    environment: Environment,
    copy: Option<CopyRecord>,
}

/// A bench of one file.
struct Session<'a> {
    arguments: &'a Bench,
    path: &'a Path,
    file: Arc<OpenFile>,
    extent: Extent,
    interrupt: Interrupt,
    /// What is compared with.
    earlier: Option<&'a Earlier>,
}

impl Session<'_> {
    fn run(&self) -> Result<(Record, Exit)> {
        let found = Found::look(&self.file);
        let measured = self.measure();
        let mut notes = measured.as_ref().map_or_else(|_| Vec::new(), |measured| notes(&measured.outcomes));
        self.restore(found, &mut notes);
        let measured = measured?;
        Ok((self.record(&measured, notes), self.status(&measured.outcomes)))
    }

    /// All scenarios, of the file or of a copy, which is removed here.
    fn measure(&self) -> Result<Measured> {
        let copy = self.copy()?;
        let target = match &copy {
            Some(copy) => Target { file: Arc::clone(&copy.file), extent: copy.extent() },
            None => Target { file: Arc::clone(&self.file), extent: self.extent },
        };
        let environment = Environment::look(&target.file);
        let outcomes = if self.interrupt.came() { Vec::new() } else { self.races(&target) };
        let sync_every = self.arguments.writing.sync_every.map(NonZeroUsize::get);
        let copy = copy.map(|copy| CopyRecord {
            directory: escape::path(&copy.directory).to_string(),
            bytes: target.extent.length(),
            sync_every,
        });
        Ok(Measured { outcomes, environment: environment.finished(), copy })
    }

    /// Makes a copy to write to, if that is what is to be measured, and says so.
    fn copy(&self) -> Result<Option<ScratchCopy>> {
        let arguments = self.arguments;
        if !arguments.writing.write {
            return Ok(None);
        }
        let bytes = arguments.effort.bytes;
        let directory = arguments.writing.scratch.as_deref();
        let source = Source { path: self.path, file: &self.file, extent: self.extent, bytes, directory };
        let copy = ScratchCopy::make(&source, &self.interrupt)?;
        if let (Some(copy), false) = (&copy, arguments.messages.quiet) {
            let bytes = size(copy.extent().length(), false);
            let directory = copy.directory.display();
            messages::note(&format!(
                "{bytes} in {directory} are written to, again and again, and removed at the end"
            ));
        }
        Ok(copy)
    }

    fn races(&self, target: &Target) -> Vec<Outcome> {
        let planned = plan::scenarios(self.arguments);
        let progress = Rounds::new(&self.arguments.messages, self.arguments.effort.budget);
        let start = Instant::now();
        let mut outcomes = Vec::new();
        for (at, next) in planned.iter().enumerate().take_while(|_| !self.interrupt.came()) {
            let left = u32::try_from(planned.len() - at).unwrap_or(1);
            let budget = self.arguments.effort.budget.saturating_sub(start.elapsed()) / left;
            progress.begin(at, planned.len(), &next.scenario);
            outcomes.push(self.race(target, next, budget, &progress));
        }
        progress.finish();
        outcomes
    }

    fn race(&self, target: &Target, planned: &Planned, budget: Duration, progress: &Rounds) -> Outcome {
        let effort = &self.arguments.effort;
        Race {
            file: &target.file,
            extent: target.extent,
            asked: self.extent.length(),
            scenario: planned.scenario,
            work: self.work(),
            sync_every: self.arguments.writing.sync_every.map(NonZeroUsize::get),
            seed: effort.seed,
            // Only runs of the same length can be compared.
            bytes: effort.bytes.or_else(|| self.earlier?.bytes_of(&planned.scenario)),
            rounds: effort.runs.map(NonZeroUsize::get),
            budget,
            interrupt: &self.interrupt,
            smallest: planned.contenders.iter().map(|contender| contender.block).min().unwrap_or(1),
            progress: &|share| progress.advance(share),
        }
        .run(&planned.contenders)
    }

    fn work(&self) -> Work {
        match self.arguments.what.work {
            bench::Work::Sum => Work::Sum,
            bench::Work::Copy => Work::Copy,
        }
    }

    fn work_name(&self) -> String {
        match self.arguments.writing.write {
            true => "write".to_owned(),
            false => format!("{:?}", self.arguments.what.work).to_lowercase(),
        }
    }

    /// Has in memory what was there before, where that can be told.
    fn restore(&self, found: Option<Found>, notes: &mut Vec<String>) {
        if self.arguments.effort.no_restore_cache {
            return;
        }
        match found.map(|found| found.restore(&self.file)) {
            None => notes.push("what was in memory before cannot be told, and was not put back".to_owned()),
            Some(Ok(0)) => {}
            Some(Ok(bytes)) => notes
                .push(format!("{} of what was in memory before could not be put back", size(bytes, false))),
            Some(Err(error)) => {
                notes.push(format!(
                    "what was in memory before was not put back: {}: {}",
                    error.call(),
                    error.reason()
                ));
            }
        }
    }

    fn record(&self, measured: &Measured, notes: Vec<String>) -> Record {
        let effort = &self.arguments.effort;
        let scenarios = measured.outcomes.iter().filter(|outcome| outcome.is_told());
        let mut record = Record {
            kind: "bench".to_owned(),
            path: escape::path(self.path).to_string(),
            size: self.file.size(),
            offset: Some(self.extent.offset()),
            length: Some(self.extent.length()),
            seed: effort.seed,
            work: self.work_name(),
            overhead: run::overhead(),
            copy: measured.copy.clone(),
            environment: measured.environment.clone(),
            scenarios: scenarios.map(|outcome| ScenarioRecord::of(outcome, effort.seed)).collect(),
            notes,
            advice: Vec::new(),
            comparison: None,
        };
        record.advice = advice::sentences(&record);
        record
    }

    /// A strategy that this filesystem has not is no failure; a file that cannot be measured is.
    fn status(&self, outcomes: &[Outcome]) -> Exit {
        if let Some(exit) = self.interrupt.exit() {
            return exit;
        }
        if outcomes.iter().all(Outcome::is_whole) { Exit::Done } else { Exit::SomeFailed }
    }
}

/// What could not be measured.
fn notes(outcomes: &[Outcome]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for outcome in outcomes {
        let scenario = &outcome.scenario;
        let name = format!("{}, {}", scenario.pattern, scenario.state.as_str());
        notes.extend(outcome.unready.iter().chain(&outcome.differs).map(|why| format!("{name}: {why}")));
        for runner in &outcome.runners {
            let name = runner.contender.way.name();
            let told = runner.failed.iter().map(|failed| format!("{name}: {}", failed.why));
            notes.extend(told);
        }
    }
    let mut seen = std::collections::HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    notes
}
