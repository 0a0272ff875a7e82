//! `mmapio incore`.

use std::time::Instant;

use anyhow::Result;
use mmapio_core::{ProbeChoice, Total, walk};

use super::order::Order;
use super::ranges::Ranged;
use super::report::{self, Merged, Shown};
use super::scan::{Plan, Scan, Strip, Task};
use super::sink::Frame;
use super::{formats, paths};
use crate::args::common;
use crate::args::incore::{Incore, ProbeArg, Show};
use crate::messages;
use crate::output::{Exit, Output};
use crate::progress::Progress;
use crate::render::columns::Verb;

/// Runs it.
pub(crate) fn run(arguments: &Incore) -> Result<Exit> {
    let start = Instant::now();
    let show = &arguments.show;
    if formats::is_help(show.columns.as_deref()) {
        return formats::column_help(Verb::Incore);
    }
    paths::require("incore", &arguments.paths);
    let in_lines = matches!(show.format, common::Format::Table | common::Format::Csv);
    if show.runs.is_some() && show.total && in_lines {
        paths::usage_error("incore", "with --runs a total has no place but in --format ndjson or json");
    }
    let shown = shown(show);
    let options = paths::options(&arguments.paths)?;
    let list = paths::list(&arguments.paths)?;
    let format = formats::format(&shown);
    let output = Output::with_head_of(&*format)?;
    let progress = Progress::new(arguments.messages.progress);
    let plan = Plan {
        frame: Frame {
            quiet: arguments.messages.quiet,
            keeps_errors: show.format == common::Format::Json,
            format: &*format,
            output: &output,
            progress: &progress,
        },
        task: task(show),
        ranged: Ranged::new(arguments.paths.range),
        probe: show.probe.into(),
        cached_only: show.cached_only,
    };
    let order = Order::new(show.sort.as_deref(), show.top.is_some(), show.reverse);
    let sinks = walk(list, &options, || Scan::new(&plan)).into_iter().map(Scan::into_sink).collect();
    let mut found = Merged::of(sinks, &order);
    progress.finish();
    found.rows.truncate(show.top.map_or(usize::MAX, std::num::NonZeroUsize::get));
    report::finish(&plan.frame, &shown, show.total || show.summary, &found, &options);
    if arguments.messages.verbose {
        said_at_length(&found, start);
    }
    if found.total.files == 0 && found.total.errors == 0 && !arguments.paths.paths.is_empty() {
        plan.frame.say_nothing_was_found();
    }
    report::exit(found, &output)
}

fn shown(show: &Show) -> Shown {
    Shown {
        verb: Verb::Incore,
        format: show.format,
        columns: formats::columns(show.columns.as_deref()),
        runs: show.runs.is_some(),
        exact: show.exact,
    }
}

/// Whether rows must be kept to the end, or can be written as they come.
fn task(show: &Show) -> Task {
    let streams = matches!(show.format, common::Format::Ndjson | common::Format::Csv);
    let strip = strip(show);
    match show.runs {
        Some(which) => Task::WriteRuns(which),
        None if show.summary => Task::Sum,
        None if streams && show.sort.is_none() && show.top.is_none() && !show.reverse => {
            Task::Write { strip }
        }
        None => Task::Keep { strip },
    }
}

impl From<ProbeArg> for ProbeChoice {
    fn from(probe: ProbeArg) -> Self {
        match probe {
            ProbeArg::Auto => Self::Auto,
            ProbeArg::Cachestat => Self::Cachestat,
            ProbeArg::Mincore => Self::Mincore,
        }
    }
}

/// The strip that is wanted, where there is one: in tables unless other columns were chosen.
fn strip(show: &Show) -> Strip {
    let drawn = match &show.columns {
        Some(names) => names.iter().any(|name| name == "map"),
        None => show.format == common::Format::Table,
    };
    Strip { parts: if drawn { strip_width() } else { 0 }, ascii: show.ascii }
}

/// A fifth of the terminal, so that numbers and names have room; the same everywhere else.
fn strip_width() -> usize {
    const ELSEWHERE: usize = 20;
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.map_or(ELSEWHERE, |width| (width / 5).clamp(4, 40))
}

fn said_at_length(found: &Merged, start: Instant) {
    let Total { files, unknown_files, errors, .. } = found.total;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    messages::note(&format!(
        "{files} files, {unknown_files} unknown, {errors} failed, in {milliseconds:.1} ms"
    ));
}
