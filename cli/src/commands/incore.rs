//! `mmapio incore`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use mmapio_core::{FilesInUse, Percent, ProbeChoice, Total, WalkOptions, walk, walk_in_use};

use super::demand::{self, Waited};
use super::directories::{self, ByDirectory};
use super::metrics;
use super::order::Order;
use super::paths::PathList;
use super::picture::Gallery;
use super::ranges::Ranged;
use super::report::{self, Merged, Shown};
use super::scan::{Plan, Scan, Strip, Summing, Task};
use super::sink::Frame;
use super::{formats, in_use, paths, watch};
use crate::args::common;
use crate::args::incore::{Incore, ProbeArg, Show};
use crate::interrupt::Interrupt;
use crate::messages;
use crate::output::{Exit, Output};
use crate::progress::Progress;
use crate::render::cached::Cached;
use crate::render::columns::Verb;
use crate::render::spread;

/// Runs it.
pub(crate) fn run(arguments: &Incore) -> Result<Exit> {
    let start = Instant::now();
    let show = &arguments.show;
    if formats::is_help(show.columns.as_deref()) {
        return formats::column_help(Verb::Incore);
    }
    if !arguments.in_use.is_wanted() {
        paths::require("incore", &arguments.paths);
    }
    check(arguments);
    let by_directory = by_directory(arguments);
    let (directories, in_use) = (by_directory.is_some(), arguments.in_use.is_wanted());
    let shown = Shown { directories, in_use, ..shown(show) };
    let options = paths::options(&arguments.paths)?;
    let list = paths::list(&arguments.paths)?;
    if let Some(every) = arguments.watch.watch {
        return watch::run(arguments, every, list, options);
    }
    let (gallery, list) = Gallery::prepare(&arguments.pictures, &arguments.show, &arguments.paths, list)?;
    let (list, waited) = match arguments.demand.wait {
        None => (list, None),
        Some(share) => {
            let (list, waited) = wait(arguments, share, list, &options)?;
            (list, Some(waited))
        }
    };
    let (used, errors) = in_use::look(&arguments.in_use)?;
    let format = formats::format(&shown);
    let output = Output::with_head_of(&*format)?;
    let progress = Progress::new(arguments.messages.progress);
    let plan = Plan {
        frame: Frame {
            quiet: arguments.messages.quiet,
            keeps_errors: shown.format == common::Format::Json,
            format: &*format,
            output: &output,
            progress: &progress,
        },
        task: gallery.task(task(show), strip(show)),
        ranged: Ranged::new(arguments.paths.range),
        probe: show.probe.into(),
        cached_only: show.cached_only,
        missing: show.missing,
        in_use: used.as_ref(),
        verbose: arguments.messages.verbose,
        picture: gallery.parts(),
        spread: shown.spread,
    };
    let order = Order::new(show.sort.as_deref(), show.top.is_some() || shown.directories, show.reverse);
    let mut found = match &by_directory {
        Some(wanted) => directories::sum(wanted, used.as_ref(), list, &options, &plan, &order),
        None => scan(used.as_ref(), list, &options, &plan, &order),
    };
    found.take_errors(in_use::told(errors, &plan.frame));
    if arguments.in_use.open && (show.total || show.summary || shown.format == common::Format::Json) {
        found.cached = Some(Cached::with(&found.total)?);
    }
    progress.finish();
    found.rows.truncate(show.top.map_or(usize::MAX, std::num::NonZeroUsize::get));
    let drawn = gallery.publish(&found, (&arguments.paths, &arguments.in_use), &output);
    if is_sum(show) && by_directory.is_none() {
        found.rows.clear();
    }
    match shown.format {
        _ if arguments.pictures.is_stdout() && show.textfile.is_none() => {}
        common::Format::Prometheus => metrics::write(show.textfile.as_deref(), &found, &output)?,
        _ => report::finish(&plan.frame, &shown, show.total || show.summary, &found, &options),
    }
    if !arguments.messages.quiet {
        in_use::say_what_is_missing(used.as_ref().map_or(0, FilesInUse::unreadable), &found.total);
    }
    if arguments.messages.verbose {
        said_at_length(&found, start);
    }
    if found.total.files == 0
        && found.total.errors == 0
        && (!arguments.paths.paths.is_empty() || used.is_some())
    {
        plan.frame.say_nothing_was_found();
    }
    let verdict = verdict(arguments, &found.total, waited);
    let exit = report::exit(found, &output)?;
    drawn?;
    // Who waits for files that are not there yet wants to know how waiting ended.
    let decides = arguments.demand.wait.is_some() && !matches!(verdict, Exit::Done);
    Ok(if decides || matches!(exit, Exit::Done) { verdict } else { exit })
}

/// Looks at every file.
fn scan(
    used: Option<&FilesInUse>,
    list: PathList,
    options: &WalkOptions,
    plan: &Plan<'_>,
    order: &Order,
) -> Merged {
    let scans = match used {
        None => walk(list, options, || Scan::new(plan)),
        Some(used) => walk_in_use(used, list, options, || Scan::new(plan)),
    };
    Merged::of(scans.into_iter().map(Scan::into_sink).collect(), order)
}

/// What does not go together, and the parser cannot know.
fn check(arguments: &Incore) {
    let show = &arguments.show;
    if arguments.directories.by_directory.is_some() && show.format() == common::Format::Paths {
        paths::usage_error("incore", "--by-directory is about sums: it has no place in --format paths");
    }
    if arguments.directories.by_directory.is_some() && wants_spread(show) {
        paths::usage_error("incore", "how residency is spread is told of files, not --by-directory");
    }
    if arguments.watch.watch.is_some() && wants_spread(show) {
        paths::usage_error("incore", "how residency is spread has no place in --watch");
    }
    if wants_spread(show) && matches!(show.format(), common::Format::Paths | common::Format::Prometheus) {
        paths::usage_error("incore", "how residency is spread has no place in --format paths or prometheus");
    }
    let in_lines = !matches!(show.format(), common::Format::Ndjson | common::Format::Json);
    if show.runs.is_some() && show.total && in_lines {
        paths::usage_error("incore", "with --runs a total has no place but in --format ndjson or json");
    }
    let has_runs = !matches!(show.format(), common::Format::Paths | common::Format::Prometheus);
    if show.runs.is_some() && !has_runs {
        paths::usage_error("incore", "--runs has no place in --format paths or prometheus");
    }
    if show.textfile.is_some() && show.format() != common::Format::Prometheus {
        paths::usage_error("incore", "--textfile is about metrics: it needs --format prometheus, or none");
    }
    if (show.summary || show.total) && show.format() == common::Format::Paths {
        paths::usage_error(
            "incore",
            "--format paths (with --missing or --null, too) has no place for a total",
        );
    }
    if show.null && show.format() != common::Format::Paths {
        paths::usage_error("incore", "--null is about paths: it needs --format paths, or none");
    }
}

/// Waits, and gives the list back to be looked at once more; how that ended, with the exit status of a signal.
fn wait(
    arguments: &Incore,
    share: Percent,
    list: PathList,
    options: &WalkOptions,
) -> Result<(PathList, Ending)> {
    let list: Vec<_> = list.collect();
    let again: Vec<PathBuf> = list.iter().flatten().cloned().collect();
    let interrupt = Interrupt::listen()?;
    let range = arguments.paths.range.unwrap_or_default();
    let probe = arguments.show.probe.into();
    let look = || Summing::sum(again.iter().cloned().map(Ok), options, range, probe);
    let waited = demand::wait(share, arguments.demand.timeout, &interrupt, look);
    Ok((Box::new(list.into_iter()), Ending { is_met: waited == Waited::Met, signal: interrupt.exit() }))
}

/// How waiting ended.
#[derive(Debug, Clone, Copy)]
struct Ending {
    is_met: bool,
    signal: Option<Exit>,
}

/// The exit status by what was demanded.
fn verdict(arguments: &Incore, total: &Total, waited: Option<Ending>) -> Exit {
    let (share, is_met) = match (waited, arguments.demand.wait, arguments.demand.fail_under) {
        (Some(Ending { signal: Some(signal), .. }), _, _) => return signal,
        // What came while it was waited for the last time is there.
        (Some(ending), Some(share), _) => (share, ending.is_met || demand::is_met(total, share)),
        (_, _, Some(share)) => (share, demand::is_met(total, share)),
        _ => return Exit::Done,
    };
    if is_met {
        return Exit::Done;
    }
    if !arguments.messages.quiet {
        demand::say_unmet(total, share);
    }
    Exit::Unmet
}

fn shown(show: &Show) -> Shown {
    Shown {
        verb: Verb::Incore,
        format: show.format(),
        columns: formats::columns(show.columns.as_deref()),
        runs: show.runs.is_some(),
        directories: false,
        exact: show.exact,
        ascii: show.ascii,
        spread: wants_spread(show),
        in_use: false,
        null: show.null,
    }
}

/// Whether only the total is written.
fn is_sum(show: &Show) -> bool {
    show.summary || (show.format() == common::Format::Prometheus && show.top.is_none())
}

/// Whether how residency is spread is wanted: by the option, or by the name of one of its columns.
fn wants_spread(show: &Show) -> bool {
    let mut named = show.columns.iter().flatten().chain(&show.sort);
    show.histogram || named.any(|name| spread::COLUMNS.contains(&&**name))
}

/// The directories that are wanted as rows: with the total alone there are none.
fn by_directory(arguments: &Incore) -> Option<ByDirectory> {
    let (show, wanted) = (&arguments.show, &arguments.directories);
    let is_table = show.format() == common::Format::Table;
    let usual = (!arguments.messages.verbose && show.top.is_none()).then(directories::usual_fold).flatten();
    Some(ByDirectory {
        depth: wanted.by_directory.filter(|_| !show.summary)?,
        fold: wanted.fold.or(usual).filter(|_| is_table),
        strip: strip(show),
    })
}

/// Whether rows must be kept to the end, or can be written as they come.
fn task(show: &Show) -> Task {
    let streams =
        matches!(show.format(), common::Format::Ndjson | common::Format::Csv | common::Format::Paths);
    let strip = strip(show);
    match show.runs {
        Some(which) => Task::WriteRuns(which),
        None if is_sum(show) => Task::Sum,
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
        None => show.format() == common::Format::Table,
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
