//! Output formats and columns as they are asked for.

use std::io::IsTerminal;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};

use super::report::Shown;
use crate::args::common;
use crate::output::{Exit, Output};
use crate::render::Format;
use crate::render::columns::{self, Column, Verb};
use crate::render::csv::Csv;
use crate::render::json::{Json, List};
use crate::render::ndjson::Ndjson;
use crate::render::paths::PathList;
use crate::render::spread;
use crate::render::table::{Rows, RunLines};

/// The format that was asked for.
pub(crate) fn format(shown: &Shown) -> Box<dyn Format> {
    match shown.format {
        common::Format::Table if shown.runs => Box::new(RunLines),
        common::Format::Table | common::Format::Prometheus => Box::new(Rows),
        common::Format::Paths => Box::new(PathList { end: if shown.null { 0 } else { b'\n' } }),
        common::Format::Json => Box::new(Json { list: list(shown), verb: shown.verb }),
        common::Format::Ndjson => Box::new(Ndjson { verb: shown.verb }),
        common::Format::Csv if shown.runs => Box::new(Csv::of_runs()),
        common::Format::Csv => {
            Box::new(Csv::of_files(shown.verb, shown.columns.clone(), &more_columns(shown)))
        }
    }
}

/// What the list of a JSON document is of.
fn list(shown: &Shown) -> List {
    match (shown.runs, shown.directories) {
        (true, _) => List::Runs,
        (false, true) => List::Directories,
        (false, false) => List::Files,
    }
}

/// Columns that csv has only with some options.
fn more_columns(shown: &Shown) -> Vec<&'static str> {
    match (shown.directories, shown.spread, shown.in_use) {
        (true, ..) => vec!["files"],
        (false, true, false) => spread::COLUMNS.to_vec(),
        (false, true, true) => [&spread::COLUMNS[..], &["processes"]].concat(),
        (false, false, true) => vec!["processes"],
        (false, false, false) => Vec::new(),
    }
}

/// The columns that were asked for.
pub(crate) fn columns(names: Option<&[String]>) -> Option<Vec<&'static Column>> {
    names.map(|names| names.iter().filter_map(|name| columns::find(name)).collect())
}

/// Whether the list of columns is wanted.
pub(crate) fn is_help(names: Option<&[String]>) -> bool {
    names.unwrap_or_default().iter().any(|name| name == columns::HELP)
}

/// What `--columns help` prints.
pub(crate) fn column_help(verb: Verb) -> Result<Exit> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["COLUMN", "IN TABLES", "HOLDS"]);
    if let Some((width, _)) = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal()) {
        table.set_width(width.0).set_content_arrangement(ContentArrangement::Dynamic);
    }
    for column in columns::of(verb) {
        table.add_row([column.name, if column.tables.has(verb) { "yes" } else { "" }, column.about]);
    }
    let output = Output::stdout(Vec::new())?;
    let text: String = table.lines().map(|line| format!("{}\n", line.trim_end().trim_start())).collect();
    let _ = output.write(text.as_bytes());
    output.result()?;
    Ok(Exit::Done)
}
