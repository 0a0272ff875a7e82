//! Tables of files for people: aligned columns, in pieces so that large ones are drawn by all processors.
//!
//! comfy-table, which draws the small tables, takes several times as long for 100,000 rows as asking the kernel about them.

use std::fmt::Write;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use mmapio_core::{Run, Total, WalkOptions};
use unicode_width::UnicodeWidthStr;

use super::Format;
use super::columns::{COLUMNS, Column, Value, Verb};
use super::row::Row;
use super::share::Share;
use super::{escape, remaining, spread, users};
use crate::parallel;

/// Rows drawn at once by one thread.
const PIECE: usize = 2048;

/// More threads draw no faster.
const MOST_THREADS: usize = 16;

/// How tables look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Sizes as plain bytes.
    pub(crate) exact: bool,
    /// Whether to style the heading.
    pub(crate) color: bool,
    /// Draw with ASCII characters.
    pub(crate) ascii: bool,
    /// What the files were read for.
    pub(crate) verb: Verb,
}

/// The columns that tables have unless told otherwise: the note, and what was left, only where there is something to say;
/// dirty pages with the total.
pub(crate) fn usual_columns(
    verb: Verb,
    rows: &[Box<Row<'_>>],
    total: Option<&Total>,
) -> Vec<&'static Column> {
    let noted = rows.iter().any(|row| row.note().is_some());
    let in_use = rows.iter().any(|row| row.in_use.is_some());
    let left = rows.iter().filter_map(|row| row.act()).any(|act| !act.remaining.is_empty())
        || total.is_some_and(|total| !total.acts.remaining.is_empty());
    let spreads =
        rows.iter().any(|row| row.spread.is_some()) || total.is_some_and(|total| total.spread.is_some());
    let sums = rows.iter().any(|row| row.sum.is_some());
    let is_usual = |column: &&Column| match column.name {
        "files" => sums,
        name if spread::COLUMNS.contains(&name) => spreads,
        "note" => noted,
        "processes" => in_use,
        "dirty_pages" if verb == Verb::Incore => total.is_some(),
        "map" => verb == Verb::Incore && !rows.is_empty(),
        "remaining" => left && column.tables.has(verb),
        _ => column.tables.has(verb),
    };
    COLUMNS.iter().filter(is_usual).collect()
}

/// Draws the files, then the total.
pub(crate) fn draw(
    rows: &[Box<Row<'_>>],
    total: Option<&Total>,
    columns: &[&'static Column],
    look: Look,
    options: &WalkOptions,
    write: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let pieces = if rows.len() > PIECE { options.threads().min(MOST_THREADS) } else { 1 };
    let grid = Grid::new(columns, rows, total, look, pieces);
    write(grid.heading().as_bytes())?;
    for stripe in rows.chunks(PIECE * pieces) {
        for piece in parallel::map(stripe, PIECE, |piece| grid.piece(piece)) {
            write(piece.as_bytes())?;
        }
    }
    match total {
        Some(total) => write(grid.total(total).as_bytes()),
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
    fn new(
        columns: &'a [&'static Column],
        rows: &[Box<Row<'_>>],
        total: Option<&Total>,
        look: Look,
        threads: usize,
    ) -> Self {
        let mut widths: Vec<_> = columns.iter().map(|column| column.heading(look.verb).width()).collect();
        if let Some(total) = total {
            widen(&mut widths, columns, |column| width_of(&(column.of_total)(total), look));
        }
        let of_piece = |piece: &[Box<Row<'_>>]| {
            let mut widths = vec![0; columns.len()];
            for row in piece {
                widen(&mut widths, columns, |column| width_of(&column.of(row), look));
            }
            widths
        };
        for piece in parallel::map(rows, rows.len().div_ceil(threads), of_piece) {
            widths.iter_mut().zip(piece).for_each(|(widest, width)| *widest = width.max(*widest));
        }
        Self { columns, widths, look }
    }

    /// The first line.
    fn heading(&self) -> String {
        let mut line = String::new();
        self.line(&mut line, |column, text| text.push_str(column.heading(self.look.verb)));
        match self.look.color {
            true => format!("\x1b[1m{}\x1b[0m\n", line.trim_end()),
            false => line,
        }
    }

    fn total(&self, total: &Total) -> String {
        let mut line = String::new();
        self.line(&mut line, |column, text| write_total(text, column, total, self.look));
        line
    }

    fn piece(&self, rows: &[Box<Row<'_>>]) -> String {
        let mut text = String::with_capacity(rows.len() * 96);
        for row in rows {
            self.line(&mut text, |column, text| write_file(text, column, row, self.look));
        }
        text
    }

    /// Appends a line: what `write` appends for each column, at the left or the right of its width.
    fn line(&self, text: &mut String, write: impl Fn(&Column, &mut String)) {
        let line = text.len();
        for (column, width) in self.columns.iter().zip(&self.widths) {
            let start = text.len();
            write(column, text);
            let gap = width.saturating_sub(text.get(start..).unwrap_or_default().width());
            let at = if column.is_number() { start } else { text.len() };
            match SPACES.get(..gap) {
                Some(spaces) => text.insert_str(at, spaces),
                None => text.insert_str(at, &" ".repeat(gap)),
            }
            text.push_str("  ");
        }
        let kept = text.get(line..).unwrap_or_default().trim_end().len();
        text.truncate(line + kept);
        text.push('\n');
    }
}

/// What gaps are made of; few columns are padded further.
const SPACES: &str = "                                                  ";

fn widen(widths: &mut [usize], columns: &[&'static Column], width: impl Fn(&Column) -> usize) {
    let last = columns.len().saturating_sub(1);
    for (at, (column, widest)) in columns.iter().zip(widths).enumerate() {
        // Nothing stands to the right of the last column, so the width of its names is of no use.
        if at < last || column.is_number() {
            *widest = width(column).max(*widest);
        }
    }
}

/// Appends a value; unknown is a question mark.
fn write_value(text: &mut String, value: Value<'_>, look: Look) {
    // Writing into memory cannot fail.
    let _ = match value {
        Value::Path(path) => text.write_str(&escape::path(path)),
        Value::Bytes(Some(bytes)) if !look.exact => write_human(text, bytes),
        Value::Bytes(Some(number)) | Value::Count(Some(number)) => write!(text, "{number}"),
        Value::Percent(Some(share)) => write_percent(text, share),
        Value::Text(Some(words)) => text.write_str(&words),
        Value::Seconds(Some(seconds)) => text.write_str(&duration(seconds)),
        Value::Rate(Some(rate)) => write_human(text, rate).and_then(|()| text.write_str("/s")),
        Value::Remaining(Some(left)) => text.write_str(&remaining::words(&left)),
        Value::Lengths(Some(lengths)) => text.write_str(&spread::drawn(&lengths, look.ascii)),
        Value::Users(who) => text.write_str(&users::of_table(who.as_deref())),
        Value::Percent(None) | Value::Rate(None) => text.write_str("-"),
        Value::Bytes(None)
        | Value::Count(None)
        | Value::Text(None)
        | Value::Seconds(None)
        | Value::Lengths(None)
        | Value::Remaining(None) => text.write_str("?"),
    };
}

/// A file's value as tables have it.
pub(crate) fn cell(column: &Column, row: &Row<'_>, look: Look) -> String {
    let mut text = String::new();
    write_file(&mut text, column, row, look);
    text
}

/// The total's value as tables have it.
pub(crate) fn total_cell(column: &Column, total: &Total, look: Look) -> String {
    let mut text = String::new();
    write_total(&mut text, column, total, look);
    text
}

fn write_total(text: &mut String, column: &Column, total: &Total, look: Look) {
    match (column.of_total)(total) {
        Value::Percent(None) if total.unknown_files > 0 => text.push('?'),
        Value::Bytes(None) if spread::lengths_of_total(total).is_some() => text.push('-'),
        value => write_value(text, value, look),
    }
}

/// Appends a file's value: of an empty file there is no percentage and no probe, of one that will not tell they are
/// unknown.
fn write_file(text: &mut String, column: &Column, row: &Row<'_>, look: Look) {
    match column.of(row) {
        Value::Percent(None) if row.is_unknown() => text.push('?'),
        Value::Text(None) if !row.is_unknown() => text.push('-'),
        Value::Bytes(None) if spread::COLUMNS.contains(&column.name) && !row.is_unknown() => text.push('-'),
        value => write_value(text, value, look),
    }
}

/// A share as tables have it.
pub(crate) fn percent(share: Share) -> String {
    let mut text = String::new();
    // Writing into memory cannot fail.
    let _ = write_percent(&mut text, share);
    text
}

/// To a tenth; never nothing when a page is there, and as the share is rounded down never complete when one is missing.
fn write_percent(text: &mut String, share: Share) -> std::fmt::Result {
    let least = u32::from(share.thousandths() > 0);
    let tenths = (share.thousandths() / 100).max(least);
    write!(text, "{}.{}", tenths / 10, tenths % 10)
}

/// Three digits are more than anybody needs of a time.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// How wide a value will be, without writing it where that is known.
fn width_of(value: &Value<'_>, look: Look) -> usize {
    match value {
        // A long name moves what stands behind it in its own row only.
        Value::Path(path) => escape::path(path).width().min(WIDEST_PATH),
        Value::Bytes(Some(bytes)) if !look.exact => width_of_human(*bytes),
        Value::Bytes(Some(number)) | Value::Count(Some(number)) => digits(*number),
        Value::Percent(_) => PERCENT,
        Value::Text(Some(text)) => text.width(),
        Value::Seconds(Some(seconds)) => duration(*seconds).len(),
        Value::Rate(Some(rate)) => width_of_human(*rate) + "/s".len(),
        Value::Remaining(Some(left)) => remaining::words(left).width(),
        Value::Lengths(Some(lengths)) => spread::drawn(lengths, look.ascii).width(),
        Value::Users(who) => users::of_table(who.as_deref()).width(),
        Value::Rate(None)
        | Value::Bytes(None)
        | Value::Count(None)
        | Value::Text(None)
        | Value::Seconds(None)
        | Value::Lengths(None)
        | Value::Remaining(None) => 1,
    }
}

/// Paths are padded up to this width.
const WIDEST_PATH: usize = 40;
/// The widest percentage: `100.0`.
const PERCENT: usize = 5;

/// A size in hundredths of the unit that leaves 1 to 1023 of it, and the unit's place in `UNITS`.
fn scaled(bytes: u64) -> (u64, usize) {
    let unit = bytes.checked_ilog2().unwrap_or(0) / 10;
    let hundredths =
        ((u128::from(bytes) * 100) >> (10 * unit)) + ((u128::from(bytes) * 200) >> (10 * unit) & 1);
    (u64::try_from(hundredths).unwrap_or(u64::MAX), unit as usize)
}

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size as tables have it.
pub(crate) fn size(bytes: u64, exact: bool) -> String {
    let mut text = String::new();
    // Writing into memory cannot fail.
    let _ = if exact { write!(text, "{bytes}") } else { write_human(&mut text, bytes) };
    text
}

/// Appends a size as `HumanBytes` writes it, by whole numbers: there are two in every row.
fn write_human(text: &mut String, bytes: u64) -> std::fmt::Result {
    match scaled(bytes) {
        (_, 0) => write!(text, "{bytes} B"),
        (hundredths, unit) => {
            write!(text, "{}.{:02} {}", hundredths / 100, hundredths % 100, UNITS.get(unit).unwrap_or(&"B"))
        }
    }
}

fn width_of_human(bytes: u64) -> usize {
    match scaled(bytes) {
        (_, 0) => digits(bytes) + " B".len(),
        (hundredths, _) => digits(hundredths / 100) + ".00 KiB".len(),
    }
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

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
        let path = escape::path(path);
        // Writing into memory cannot fail.
        let _ = io::Write::write_fmt(
            out,
            format_args!("{:>15} {:>15} {state:<8} {path}\n", extent.offset(), extent.length()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::HumanBytes;

    #[test]
    fn sizes_are_written_as_in_progress_bars_and_as_wide_as_expected() {
        let near = |bytes: u64| [bytes.saturating_sub(1), bytes, bytes.saturating_add(1)];
        let powers =
            (0..50).flat_map(|bit| near(1 << bit)).chain((0..15).flat_map(|zeros| near(10_u64.pow(zeros))));
        for bytes in
            powers.chain([1000 << 20, 1023 << 30, (999 << 10) + 1018, (999 << 10) + 1019, (999 << 10) + 1020])
        {
            let mut text = String::new();
            write_human(&mut text, bytes).unwrap();
            assert_eq!(text, HumanBytes(bytes).to_string());
            assert_eq!(width_of_human(bytes), text.len(), "{text}");
        }
    }
}
