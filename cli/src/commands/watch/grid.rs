//! The files, in columns: as many of them as there is room for.

use unicode_width::UnicodeWidthStr;

use super::course::Change;
use super::header::change;
use super::line::{Line, Piece, Style, at_right, clipped, clipped_at_start};
use super::model::Model;
use super::sorting::Key;
use super::tracked::Tracked;
use crate::render::escape;
use crate::render::table::cell;

/// Names get at least so much; numbers that leave less are left out.
const NARROWEST_NAME: usize = 12;
/// Numbers stand still when their columns are wide enough from the start.
const USUAL_NUMBER: usize = 9;
/// Between columns.
const GAP: usize = 2;

/// The rows on the screen.
pub(super) struct Grid {
    columns: Vec<Column>,
    names: Vec<Name>,
    width: usize,
}

/// A column of the files on the screen.
struct Column {
    key: Key,
    /// Whether files are sorted by it.
    is_chosen: bool,
    width: usize,
    cells: Vec<Piece>,
}

/// A path, and what is to be said of it.
struct Name {
    style: Style,
    path: String,
    note: String,
}

impl Grid {
    pub(super) fn new(model: &Model, room: usize, width: usize) -> Self {
        let files: Vec<&Tracked> = model.visible(room).collect();
        let mut columns = columns(model, &files, width);
        retain_most_needed(&mut columns, width.saturating_sub(NARROWEST_NAME));
        Self { columns, names: files.iter().map(|file| name(file)).collect(), width }
    }

    pub(super) fn heading(&self, model: &Model) -> Line {
        let mut line = Line::new(self.width);
        let arrow = if model.sorting.reverse { "↑" } else { "↓" };
        let style = |is_chosen| if is_chosen { Style::Chosen } else { Style::Bold };
        for column in &self.columns {
            let text = format!("{}{}", column.key.heading(), if column.is_chosen { arrow } else { "" });
            line.push(Style::Plain, &" ".repeat(column.width.saturating_sub(text.width())));
            line.push(style(column.is_chosen), &text);
            line.push(Style::Plain, "  ");
        }
        let by_path = model.sorting.key().is_some_and(|key| key.is("path"));
        line.push(style(by_path), &format!("PATH{}", if by_path { arrow } else { "" }));
        line
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Line> {
        self.names.iter().enumerate().map(|(at, name)| {
            let mut line = Line::new(self.width);
            for column in &self.columns {
                let Some((style, text)) = column.cells.get(at) else { continue };
                line.push(*style, &at_right(text, column.width));
                line.push(Style::Plain, "  ");
            }
            name.push(&mut line);
            line
        })
    }
}

impl Column {
    fn new(model: &Model, files: &[&Tracked], key: Key, trend: usize) -> Self {
        let cells: Vec<Piece> = files.iter().map(|file| value(model, key, file, trend)).collect();
        let usual = match key {
            Key::Trend => trend,
            Key::Column(column) if column.name == "resident_percent" => "100.0".len(),
            _ => USUAL_NUMBER,
        };
        let widest = cells.iter().map(|(_, text)| text.width()).max().unwrap_or(0);
        // An arrow comes with the heading of the column that is sorted by.
        Self { key, is_chosen: false, width: widest.max(usual).max(key.heading().width() + 1), cells }
    }

    /// The smaller, the more it is needed; no two columns have the same.
    fn need(&self) -> u8 {
        match self.key {
            _ if self.is_chosen => 0,
            Key::Column(column) if column.name == "resident_percent" => 1,
            Key::Column(column) if column.name == "resident_bytes" => 2,
            Key::SinceLast => 3,
            Key::Trend => 4,
            Key::SinceStart => 5,
            Key::Column(column) if column.name == "size" => 6,
            Key::Column(_) => 7,
        }
    }
}

/// All columns but that of the paths.
fn columns(model: &Model, files: &[&Tracked], width: usize) -> Vec<Column> {
    let trend = (width / 8).clamp(8, 40);
    let numbers = model.sorting.keys().iter().enumerate().filter(|(_, key)| !key.is("path"));
    let number = |(at, key): (usize, &Key)| {
        let is_chosen = model.sorting.is_at(at);
        Column { is_chosen, ..Column::new(model, files, *key, trend) }
    };
    numbers.map(number).chain([Column::new(model, files, Key::Trend, trend)]).collect()
}

/// Leaves out those that do not fit beside what is needed more.
fn retain_most_needed(columns: &mut Vec<Column>, room: usize) {
    let mut needs: Vec<(u8, usize)> =
        columns.iter().map(|column| (column.need(), column.width + GAP)).collect();
    needs.sort_unstable();
    let mut left = room;
    needs.retain(|(_, width)| {
        let fits = *width <= left;
        left -= if fits { *width } else { 0 };
        fits
    });
    columns.retain(|column| needs.iter().any(|(need, _)| *need == column.need()));
}

/// What a column has of a file; of what is gone nothing can be said, and what failed is unknown.
fn value(model: &Model, key: Key, file: &Tracked, trend: usize) -> Piece {
    let look = model.wanted.look;
    let of_change = |of: Change| if file.is_gone() { Change::None } else { of };
    match key {
        Key::Trend => (Style::Plain, file.trend(trend, model.wanted.ascii)),
        Key::SinceLast => change(of_change(file.course.since_last()), look),
        Key::SinceStart => change(of_change(file.course.since_start()), look),
        Key::Column(_) if file.is_gone() => (Style::Plain, "-".to_owned()),
        Key::Column(_) if file.is_failed() => (Style::Plain, "?".to_owned()),
        Key::Column(column) => (Style::Plain, cell(column, &file.row, look)),
    }
}

fn name(file: &Tracked) -> Name {
    let note = file.note().map_or_else(String::new, |note| format!(" ({})", escape::text(&note)));
    let style = if file.is_gone() { Style::Dim } else { Style::Plain };
    Name { style, path: escape::path(&file.row.path).into_owned(), note }
}

impl Name {
    /// A note stays whole as long as the path keeps half of the room.
    fn push(&self, line: &mut Line) {
        let room = line.left();
        let path = room.saturating_sub(self.note.width()).max(room.div_ceil(2));
        line.push(self.style, &clipped_at_start(&self.path, path));
        line.push(Style::Dim, &clipped(&self.note, line.left()));
    }
}
