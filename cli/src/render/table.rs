//! Tables for people: aligned columns by comfy-table, in pieces so that large ones are drawn by all processors.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use indicatif::HumanBytes;
use mmapio_core::Run;
use unicode_width::UnicodeWidthStr;

use super::Format;
use super::columns::{COLUMNS, Column, Value};
use super::escape;
use super::row::{Row, Total};

/// Rows drawn at once by one thread.
const PIECE: usize = 2048;

/// How tables look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Sizes as plain bytes.
    pub(crate) exact: bool,
    /// Whether to style the heading.
    pub(crate) color: bool,
    /// Threads to draw with.
    pub(crate) threads: usize,
}

/// The columns that tables have unless told otherwise: the note only where there is one, dirty pages with the total.
pub(crate) fn usual_columns(rows: &[Row<'_>], with_total: bool) -> Vec<&'static Column> {
    let noted = rows.iter().any(|row| row.note().is_some());
    let is_usual = |column: &&Column| match column.name {
        "note" => noted,
        "dirty_pages" => with_total,
        "map" => !rows.is_empty(),
        _ => column.in_tables,
    };
    COLUMNS.iter().filter(is_usual).collect()
}

/// Draws the files, then the total.
pub(crate) fn draw(
    rows: &[Row<'_>],
    total: Option<&Total>,
    columns: &[&'static Column],
    look: Look,
    write: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let total: Option<Vec<_>> =
        total.map(|total| columns.iter().map(|column| cell((column.of_total)(total), look)).collect());
    let grid = Grid::new(columns, rows, total.as_deref(), look);
    write(grid.heading().as_bytes())?;
    for stripe in rows.chunks(PIECE * look.threads.max(1)) {
        let drawn: Vec<String> = std::thread::scope(|scope| {
            let grid = &grid;
            let pieces: Vec<_> =
                stripe.chunks(PIECE).map(|piece| scope.spawn(|| grid.piece(piece))).collect();
            pieces.into_iter().filter_map(|piece| piece.join().ok()).collect()
        });
        for piece in drawn {
            write(piece.as_bytes())?;
        }
    }
    match total {
        Some(total) => write(grid.lines([total]).as_bytes()),
        None => ControlFlow::Continue(()),
    }
}

/// Columns with widths that all rows fit in.
struct Grid<'a> {
    columns: &'a [&'static Column],
    widths: Vec<usize>,
    look: Look,
}

impl<'a> Grid<'a> {
    fn new(columns: &'a [&'static Column], rows: &[Row<'_>], total: Option<&[String]>, look: Look) -> Self {
        let mut widths: Vec<_> = columns.iter().map(|column| column.heading.width()).collect();
        for (at, (column, width)) in columns.iter().zip(&mut widths).enumerate() {
            let of_rows = rows.iter().map(|row| width_of(&(column.of_file)(row), look));
            let of_total = total.and_then(|total| total.get(at)).map(|text| text.width());
            *width = of_rows.chain(of_total).fold(*width, usize::max);
        }
        Self { columns, widths, look }
    }

    /// The first line.
    fn heading(&self) -> String {
        let line = self.lines([self.columns.iter().map(|column| column.heading.to_owned()).collect()]);
        match self.look.color {
            true => format!("\x1b[1m{}\x1b[0m\n", line.trim_end()),
            false => line,
        }
    }

    fn piece(&self, rows: &[Row<'_>]) -> String {
        let cells =
            |row: &Row<'_>| self.columns.iter().map(|column| file_cell(column, row, self.look)).collect();
        self.lines(rows.iter().map(cells))
    }

    fn lines(&self, rows: impl IntoIterator<Item = Vec<String>>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for row in rows {
            table.add_row(row);
        }
        let last = self.columns.len() - 1;
        for (at, column) in table.column_iter_mut().enumerate() {
            let gap = if at < last { 2 } else { 0 };
            let width = self.widths.get(at).copied().unwrap_or_default() + gap;
            column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(
                u16::try_from(width).unwrap_or(u16::MAX),
            )));
            if self.columns.get(at).is_some_and(|column| column.is_number()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// The text of a value; unknown is a question mark.
fn cell(value: Value<'_>, look: Look) -> String {
    match value {
        Value::Path(path) => escape::path(path).into_owned(),
        Value::Bytes(Some(bytes)) if !look.exact => HumanBytes(bytes).to_string(),
        Value::Bytes(Some(number)) | Value::Count(Some(number)) => number.to_string(),
        Value::Percent(Some(percent)) => tenths(percent),
        Value::Text(Some(text)) => text.into_owned(),
        Value::Percent(None) => "-".to_owned(),
        Value::Bytes(None) | Value::Count(None) | Value::Text(None) => "?".to_owned(),
    }
}

/// A file's cell: the percentage of an empty file is none, that of one that will not tell is unknown.
fn file_cell(column: &Column, row: &Row<'_>, look: Look) -> String {
    match (column.of_file)(row) {
        Value::Percent(None) if row.residency.unknown.is_some() => "?".to_owned(),
        value => cell(value, look),
    }
}

/// Never complete when a page is missing, never nothing when one is there.
fn tenths(percent: f64) -> String {
    let tenths = (percent * 10.0).floor() / 10.0;
    format!("{:.1}", if percent > 0.0 { tenths.max(0.1) } else { 0.0 })
}

/// How wide a value will be, without writing it where that is known.
fn width_of(value: &Value<'_>, look: Look) -> usize {
    match value {
        Value::Path(path) => escape::path(path).width(),
        Value::Bytes(Some(_)) if !look.exact => HUMAN_BYTES,
        Value::Bytes(Some(number)) | Value::Count(Some(number)) => {
            number.checked_ilog10().unwrap_or(0) as usize + 1
        }
        Value::Percent(_) => PERCENT,
        Value::Text(Some(text)) => text.width(),
        Value::Bytes(None) | Value::Count(None) | Value::Text(None) => 1,
    }
}

/// The widest of their kind: `1023.99 KiB`, `100.0`.
const HUMAN_BYTES: usize = 11;
const PERCENT: usize = 5;

/// Files as rows, which are drawn when all of them are known.
pub(crate) struct Rows;

impl Format for Rows {
    fn file(&self, _row: &Row<'_>, _out: &mut Vec<u8>) {}

    fn run(&self, _path: &Path, _run: &Run, _out: &mut Vec<u8>) {}
}

/// Ranges as lines of `OFFSET LENGTH STATE PATH`, written as they are found.
pub(crate) struct RunLines;

impl Format for RunLines {
    fn head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{:>15} {:>15} {:<8} PATH\n", "OFFSET", "LENGTH", "STATE").as_bytes());
    }

    fn file(&self, _row: &Row<'_>, _out: &mut Vec<u8>) {}

    fn run(&self, path: &Path, run: &Run, out: &mut Vec<u8>) {
        let (extent, state) = (run.extent, run.state.as_str());
        // Writing into memory cannot fail.
        let _ = writeln!(
            out,
            "{:>15} {:>15} {state:<8} {}",
            extent.offset(),
            extent.length(),
            escape::path(path)
        );
    }
}
