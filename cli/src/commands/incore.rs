//! `mmapio incore`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context, Result};
use comfy_table::{Table, presets};
use mmapio_core::{FileId, ProbeChoice, WalkOptions, walk};

use super::order::Order;
use super::paths;
use super::scan::{Plan, Scan, Strip, Task};
use crate::args::common;
use crate::args::incore::{Incore, ProbeArg, Show};
use crate::messages;
use crate::output::{Exit, Output};
use crate::progress::Progress;
use crate::render::Format;
use crate::render::columns::{self, COLUMNS, Column};
use crate::render::csv::Csv;
use crate::render::json::Json;
use crate::render::ndjson::Ndjson;
use crate::render::row::{Kept, Total};
use crate::render::table::{self, Look, RunLines};

/// Runs it.
pub(crate) fn run(arguments: &Incore) -> Result<Exit> {
    let start = Instant::now();
    let show = &arguments.show;
    let columns =
        show.columns.as_ref().map(|names| names.iter().filter_map(|name| columns::find(name)).collect());
    if show.columns.iter().flatten().any(|name| name == columns::HELP) {
        return column_help();
    }
    if !paths::are_given(&arguments.paths) {
        paths::usage_error(
            "incore",
            "no PATH was given: name files, directories or block devices, or use --files-from",
        );
    }
    let in_lines = matches!(show.format, common::Format::Table | common::Format::Csv);
    if show.runs.is_some() && show.total && in_lines {
        paths::usage_error("incore", "with --runs a total has no place but in --format ndjson or json");
    }
    let options = paths::options(&arguments.paths)?;
    let list = paths::list(&arguments.paths)?;
    let format = format(show, columns.as_ref());
    let mut head = Vec::new();
    format.head(&mut head);
    let output = Output::stdout(head)?;
    let progress = Progress::new(arguments.messages.progress);
    let plan = Plan {
        task: task(show),
        range: arguments.paths.range.unwrap_or_default(),
        probe: probe(show.probe),
        cached_only: show.cached_only,
        quiet: arguments.messages.quiet,
        format: &*format,
        output: &output,
        progress: &progress,
        keeps_errors: show.format == common::Format::Json,
        rounding_said: AtomicBool::new(false),
    };
    let order = Order::new(show);
    let mut found = Merged::of(walk(list, &options, || Scan::new(&plan)), &order);
    progress.finish();
    found.rows.truncate(show.top.map_or(usize::MAX, std::num::NonZeroUsize::get));
    finish(&plan, show, columns, &found, &options);
    if arguments.messages.verbose {
        said_at_length(&found, start);
    }
    if found.total.files == 0 && found.total.errors == 0 && !arguments.paths.paths.is_empty() {
        plan.say_nothing_was_found();
    }
    let failed = found.total.errors > 0;
    // Freeing a hundred thousand rows one by one takes longer than drawing them, and the process ends anyway.
    std::mem::forget(found);
    output.into_result().context("standard output: write")?;
    Ok(if failed { Exit::SomeFailed } else { Exit::Done })
}

/// What the threads found, put together.
struct Merged {
    rows: Kept,
    total: Total,
    errors: Vec<mmapio_core::Error>,
}

impl Merged {
    fn of(mut scans: Vec<Scan<'_>>, order: &Order) -> Self {
        prefer_first_names(&mut scans);
        let mut merged = Self { rows: Vec::new(), total: Total::default(), errors: Vec::new() };
        let mut lists = Vec::new();
        for mut scan in scans {
            // When writing failed, the output remembers why.
            let _ = scan.flush();
            merged.total.merge(&scan.total);
            merged.errors.append(&mut scan.errors);
            lists.push(std::mem::take(&mut scan.rows));
        }
        lists.retain(|rows| !rows.is_empty());
        merged.rows = order.merge(lists);
        merged
    }
}

/// Gives every file the first of its names, so that it does not depend on chance which of them is shown.
fn prefer_first_names(scans: &mut [Scan<'_>]) {
    let mut first: HashMap<FileId, PathBuf> = HashMap::new();
    for (id, path) in scans.iter_mut().flat_map(|scan| scan.aliases.drain(..)) {
        match first.entry(id) {
            Entry::Occupied(mut known) if path < *known.get() => drop(known.insert(path)),
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => drop(new.insert(path)),
        }
    }
    if first.is_empty() {
        return;
    }
    for row in scans.iter_mut().flat_map(|scan| &mut scan.rows) {
        if let Some(path) = row.id.and_then(|id| first.remove(&id)).filter(|path| **path < *row.path) {
            row.path = Cow::Owned(path);
        }
    }
}

/// Writes the rows that were kept, and what comes after them. When writing fails, the output remembers why.
fn finish(
    plan: &Plan<'_>,
    show: &Show,
    columns: Option<Vec<&'static Column>>,
    found: &Merged,
    options: &WalkOptions,
) {
    let rows = &found.rows;
    let wanted = show.total || show.summary || show.format == common::Format::Json;
    let total = wanted.then_some(&found.total);
    let mut output = plan.output.hold();
    if show.format == common::Format::Table && show.runs.is_none() {
        let columns = columns.unwrap_or_else(|| table::usual_columns(rows, total.is_some()));
        let look = Look { exact: show.exact, color: is_coloured() };
        if !rows.is_empty() || total.is_some() {
            let _ = table::draw(rows, total, &columns, look, options, &mut |text| output.write(text));
        }
        return;
    }
    let mut chunk = Vec::new();
    for row in rows {
        plan.format.file(row, &mut chunk);
    }
    let _ = output.write(&chunk);
    chunk.clear();
    plan.format.tail(total, &found.errors, &mut chunk);
    let _ = output.write_apart(&chunk);
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

fn format(show: &Show, columns: Option<&Vec<&'static Column>>) -> Box<dyn Format> {
    let runs = show.runs.is_some();
    match show.format {
        common::Format::Table if runs => Box::new(RunLines),
        common::Format::Table => Box::new(table::Rows),
        common::Format::Json => Box::new(Json { runs }),
        common::Format::Ndjson => Box::new(Ndjson),
        common::Format::Csv if runs => Box::new(Csv::of_runs()),
        common::Format::Csv => Box::new(Csv::of_files(columns.cloned())),
    }
}

fn probe(probe: ProbeArg) -> ProbeChoice {
    match probe {
        ProbeArg::Auto => ProbeChoice::Auto,
        ProbeArg::Cachestat => ProbeChoice::Cachestat,
        ProbeArg::Mincore => ProbeChoice::Mincore,
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

fn is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// What `--columns help` prints.
fn column_help() -> Result<Exit> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["COLUMN", "IN TABLES", "HOLDS"]);
    if let Some((width, _)) = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal()) {
        table.set_width(width.0).set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    }
    for column in &COLUMNS {
        table.add_row([column.name, if column.in_tables { "yes" } else { "" }, column.about]);
    }
    let output = Output::stdout(Vec::new())?;
    let text: String = table.lines().map(|line| format!("{}\n", line.trim_end().trim_start())).collect();
    let _ = output.write(text.as_bytes());
    output.into_result()?;
    Ok(Exit::Done)
}

fn said_at_length(found: &Merged, start: Instant) {
    let Total { files, unknown_files, errors, .. } = found.total;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    messages::note(&format!(
        "{files} files, {unknown_files} unknown, {errors} failed, in {milliseconds:.1} ms"
    ));
}
