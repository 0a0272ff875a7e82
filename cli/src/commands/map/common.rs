//! What the things that `mmapio map` can do have in common.

use std::path::Path;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::super::paths::usage_error;
use crate::args::map::Map;
use crate::output::{Exit, Output};

/// The file that the command line names; without one the usage was wrong.
pub(super) fn file(arguments: &Map) -> &Path {
    match arguments.file() {
        Some(file) => file,
        None => usage_error("map", "no FILE was given"),
    }
}

/// Rows under headings, without lines around them. The columns of numbers stand at the right.
pub(super) fn table(
    headings: &[&str],
    numbers: &[bool],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table.add_rows(rows);
    for (column, is_number) in table.column_iter_mut().zip(numbers) {
        column.set_padding((0, 2));
        if *is_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Prints the whole of what there is to say.
pub(super) fn print(text: &str) -> Result<Exit> {
    let output = Output::stdout(Vec::new())?;
    // What nobody reads any more is no failure, and all else is told by the result.
    let _ = output.write(text.as_bytes());
    output.result()?;
    Ok(Exit::Done)
}

/// What JSON documents begin with.
#[derive(Debug, Serialize)]
pub(super) struct Document<T> {
    pub(super) version: u32,
    #[serde(flatten)]
    pub(super) content: T,
}

impl<T: Serialize> Document<T> {
    pub(super) fn print(content: T) -> Result<Exit> {
        print(&(serde_json::to_string(&Self { version: 1, content })? + "\n"))
    }
}

/// Prints records: one a line, or as the lists of a document.
pub(super) fn lines<T: Serialize>(records: impl IntoIterator<Item = T>) -> Result<String> {
    let line = |record| Ok(serde_json::to_string(&record)? + "\n");
    records.into_iter().map(line).collect()
}
