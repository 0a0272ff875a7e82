//! What all commands that change something have in common: a walk, an act on each file, a report.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use mmapio_core::{
    Error, ErrorKind, FileId, Found, Observer, OpenFile, Report, Subject, Visitor, WalkOptions, walk,
};

use super::order::Order;
use super::ranges::Ranged;
use super::report::{self, Merged, Shown};
use super::sink::{Frame, Sink};
use super::{formats, paths};
use crate::args::common::{self, Messages, Paths, Reporting};
use crate::interrupt::Interrupt;
use crate::messages;
use crate::output::{Exit, Output};
use crate::progress::Progress;
use crate::render::Format;
use crate::render::columns::Verb;
use crate::render::row::Row;

/// A command line with an act in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) verb: Verb,
    pub(crate) subcommand: &'static str,
    pub(crate) paths: &'a Paths,
    pub(crate) reporting: &'a Reporting,
    pub(crate) messages: &'a Messages,
}

/// What is done to a file.
pub(crate) trait Act: Sync {
    /// Does it, and says what came of it; what fails altogether is an error without a path.
    fn perform(&self, file: &OpenFile, observer: &dyn Observer) -> mmapio_core::Result<Report>;
}

/// What owns the parts that a stage borrows.
pub(crate) struct Props {
    shown: Shown,
    format: Box<dyn Format>,
    output: Output,
    progress: Progress,
    interrupt: Interrupt,
    start: Instant,
}

impl Props {
    pub(crate) fn new(call: &Call<'_>) -> Result<Self> {
        let reporting = call.reporting;
        let shown = Shown {
            verb: call.verb,
            format: reporting.format,
            columns: formats::columns(reporting.columns.as_deref()),
            runs: false,
            directories: false,
            exact: reporting.exact,
            ascii: false,
            spread: false,
            in_use: false,
            null: false,
        };
        let format = formats::format(&shown);
        let output = Output::with_head_of(&*format)?;
        let progress = Progress::new(call.messages.progress);
        Ok(Self { shown, format, output, progress, interrupt: Interrupt::listen()?, start: Instant::now() })
    }

    pub(crate) fn stage(&self, call: &Call<'_>) -> Stage<'_> {
        let frame = Frame {
            quiet: call.messages.quiet,
            keeps_errors: call.reporting.format == common::Format::Json,
            // The act goes on when nobody reads the report any more: it was wanted for its own sake.
            needs_all: true,
            format: &*self.format,
            output: &self.output,
            progress: &self.progress,
        };
        let rows = match call.reporting.format {
            _ if call.reporting.summary => Rows::None,
            common::Format::Ndjson | common::Format::Csv | common::Format::Paths => Rows::Write,
            common::Format::Json | common::Format::Prometheus => Rows::Keep,
            common::Format::Table if call.messages.verbose => Rows::Keep,
            common::Format::Table => Rows::KeepNoteworthy,
        };
        Stage { frame, rows, ranged: Ranged::new(call.paths.range), interrupt: &self.interrupt }
    }
}

/// Which rows there are, and when they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    Write,
    Keep,
    KeepNoteworthy,
}

/// What all threads share.
pub(crate) struct Stage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) ranged: Ranged,
    rows: Rows,
    interrupt: &'a Interrupt,
}

impl Stage<'_> {
    /// Adds what was done to a file to what is printed; `ranged` is whether only a part of it was to be changed.
    pub(crate) fn report(
        &self,
        sink: &mut Sink<'_>,
        subject: Subject<'_>,
        ranged: bool,
        mut report: Report,
    ) -> ControlFlow<()> {
        let Subject { path, id, size, named, .. } = subject;
        let failed = !report.errors.is_empty();
        for error in std::mem::take(&mut report.errors) {
            // What nobody reads any more is counted all the same.
            let _ = sink.error(error.with_path(path));
        }
        sink.total.add_act(size, &report);
        let residency = std::mem::take(&mut report.after);
        let noteworthy = named || failed || !report.remaining.is_empty();
        let row =
            Row { id: Some(id), ranged, act: Some(Box::new(report)), ..Row::new(path, size, residency) };
        match self.rows {
            Rows::None => ControlFlow::Continue(()),
            Rows::Write => sink.write(&row),
            Rows::KeepNoteworthy if !noteworthy && row.note().is_none() => ControlFlow::Continue(()),
            Rows::Keep | Rows::KeepNoteworthy => {
                sink.keep(row);
                ControlFlow::Continue(())
            }
        }
    }

    /// Ends the walk when Ctrl-C came.
    pub(crate) fn go_on(&self) -> ControlFlow<()> {
        if self.interrupt.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(crate) fn keeps_names(&self) -> bool {
        matches!(self.rows, Rows::Keep | Rows::KeepNoteworthy)
    }
}

impl Observer for Stage<'_> {
    fn advance(&self, bytes: u64) {
        self.frame.progress.advance(bytes);
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.came()
    }
}

/// A thread that acts on each file.
struct Doing<'a, A> {
    act: &'a A,
    stage: &'a Stage<'a>,
    sink: Sink<'a>,
}

impl<A: Act> Doing<'_, A> {
    fn act_on(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.sink.count(found.file.size());
        if !self.stage.ranged.range.is_whole()
            && let Err(error) = self.stage.ranged.check(&found, &self.stage.frame)
        {
            return self.sink.error(error);
        }
        match self.act.perform(&found.file, self.stage) {
            Ok(report) => {
                let subject = Subject::new(found.path, &found.file, found.named);
                let ranged = !self.stage.ranged.range.is_whole();
                self.stage.report(&mut self.sink, subject, ranged, report)
            }
            // Who names a directory means those of its files that the process has.
            Err(error) if !found.named && matches!(error.kind(), ErrorKind::NotMapped { .. }) => {
                ControlFlow::Continue(())
            }
            Err(error) => self.sink.error(error.with_path(found.path)),
        }
    }
}

impl<A: Act> Visitor for Doing<'_, A> {
    /// The act goes on when nobody reads the report any more: it was wanted for its own sake.
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.stage.go_on()?;
        let _ = self.act_on(found);
        ControlFlow::Continue(())
    }

    fn again(&mut self, path: &Path, id: FileId) {
        if self.stage.keeps_names() {
            self.sink.aliases.push((id, path.to_owned()));
        }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        let _ = self.sink.error(error);
        ControlFlow::Continue(())
    }
}

/// Acts on every file, and reports.
pub(crate) fn run<A: Act>(call: &Call<'_>, act: &A) -> Result<Exit> {
    run_and_judge(call, act, |_| Exit::Done)
}

/// Acts on every file, and reports; the exit status is that of `judge` when nothing failed and nobody interrupted.
pub(crate) fn run_and_judge<A: Act>(
    call: &Call<'_>,
    act: &A,
    judge: impl FnOnce(&Merged) -> Exit,
) -> Result<Exit> {
    if formats::is_help(call.reporting.columns.as_deref()) {
        return formats::column_help(call.verb);
    }
    paths::require(call.subcommand, call.paths);
    let options = paths::options(call.paths)?;
    let list = paths::list(call.paths)?;
    let props = Props::new(call)?;
    let stage = props.stage(call);
    let sinks = act_on(list, &options, &stage, act);
    let found = Merged::of(sinks, &Order::new(None, false, false));
    conclude(call, &props, &stage, found, &options, judge)
}

fn act_on<'a, A: Act>(
    list: impl Iterator<Item = mmapio_core::Result<PathBuf>> + Send,
    options: &WalkOptions,
    stage: &'a Stage<'a>,
    act: &'a A,
) -> Vec<Sink<'a>> {
    let doing = || Doing { act, stage, sink: Sink::new(&stage.frame) };
    walk(list, options, doing).into_iter().map(|doing| doing.sink).collect()
}

/// Writes the report; the exit status is that of `judge` when nothing failed and nobody interrupted.
pub(crate) fn conclude(
    call: &Call<'_>,
    props: &Props,
    stage: &Stage<'_>,
    mut found: Merged,
    options: &WalkOptions,
    judge: impl FnOnce(&Merged) -> Exit,
) -> Result<Exit> {
    props.progress.finish();
    found.total.acts.elapsed = props.start.elapsed();
    // In a table a file that stands alone is its own total, and nothing has none.
    let is_sum = found.total.files > 1 || found.rows.len() as u64 != found.total.files;
    let total = is_sum || call.reporting.summary || props.shown.format != common::Format::Table;
    report::finish(&stage.frame, &props.shown, total, &found, options);
    if let Some(exit) = props.interrupt.exit() {
        messages::note("interrupted: the report is of what was done until then");
        return report::exit(found, &props.output).map(|_| exit);
    }
    if found.total.files == 0 && found.total.errors == 0 {
        stage.frame.say_nothing_was_found();
    }
    let judged = judge(&found);
    let exit = report::exit(found, &props.output)?;
    Ok(if exit == Exit::Done { judged } else { exit })
}
