//! Draws the view: its state and the size of the screen become lines, no more and none wider than there is room for.

use super::grid::Grid;
use super::header;
use super::keys::HELP;
use super::line::{Line, Style};
use super::model::Model;

/// How large the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// From so many rows on there is room for all of the header, and for the heading of the files.
const ROOMY: usize = 10;
const FAIR: usize = 5;

/// How many files there is room for.
pub(super) fn room(model: &Model, size: Size) -> usize {
    if model.wanted.summary {
        return 0;
    }
    let taken = head(model, size).len() + usize::from(size.rows >= FAIR) + usize::from(has_foot(model, size));
    size.rows.saturating_sub(taken)
}

/// The lines from the top.
pub(super) fn draw(model: &Model, size: Size) -> Vec<Line> {
    let mut lines = head(model, size);
    let room = room(model, size);
    if room > 0 && model.sum.is_some() {
        let grid = Grid::new(model, room, size.columns);
        lines.extend((size.rows >= FAIR).then(|| grid.heading(model)));
        lines.extend(grid.rows());
    }
    if has_foot(model, size) {
        lines.resize(size.rows.saturating_sub(1).max(lines.len()), Line::new(size.columns));
        lines.push(Line::of(size.columns, HELP.map(|text| (Style::Plain, text.to_owned()))));
    }
    lines.truncate(size.rows);
    lines
}

fn has_foot(model: &Model, size: Size) -> bool {
    model.is_helping && size.rows > 1
}

fn head(model: &Model, size: Size) -> Vec<Line> {
    let width = size.columns;
    let all = size.rows >= ROOMY || model.wanted.summary && size.rows >= FAIR;
    let mut lines = Vec::new();
    lines.extend(all.then(|| header::title(model, width)));
    lines.push(header::summary(model, width, !all));
    if let Some(sum) = model.sum.as_ref().filter(|_| all) {
        lines.push(header::changes(model, sum, width));
        lines.push(header::trend(model, sum, width));
    }
    if size.rows >= FAIR {
        lines.extend(header::errors(model, width));
    }
    lines
}
