//! Whole answers: small tables, text, documents.

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::output::{Exit, Output};

/// Rows under headings, without lines around them. The columns of numbers stand at the right.
pub(crate) fn table(
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
pub(crate) fn print(text: &str) -> Result<Exit> {
    let output = Output::stdout(Vec::new())?;
    // What nobody reads any more is no failure, and all else is told by the result.
    let _ = output.write(text.as_bytes());
    output.result()?;
    Ok(Exit::Done)
}

/// What JSON documents begin with.
#[derive(Debug, Serialize)]
pub(crate) struct Document<T> {
    pub(crate) version: u32,
    #[serde(flatten)]
    pub(crate) content: T,
}

impl<T: Serialize> Document<T> {
    pub(crate) fn print(content: T) -> Result<Exit> {
        print(&(serde_json::to_string(&Self { version: 1, content })? + "\n"))
    }
}
