//! What stands above the files: what is watched, and the sum of it.

use std::time::Duration;

use mmapio_core::{Pages, page_size};

use super::course::Change;
use super::line::{Line, Piece, Style, clipped};
use super::model::{Model, Sum};
use crate::render::columns;
use crate::render::strip;
use crate::render::table::{Look, size, total_cell};

/// A change as the view writes it.
pub(super) fn change(change: Change, look: Look) -> Piece {
    match change {
        Change::None => (Style::Plain, "-".to_owned()),
        Change::Unknown => (Style::Plain, "?".to_owned()),
        Change::Pages(pages) => {
            let bytes = size(pages.unsigned_abs().saturating_mul(page_size()), look.exact);
            match pages {
                0 => (Style::Dim, bytes),
                1.. => (Style::Grown, format!("+{bytes}")),
                _ => (Style::Shrunk, format!("-{bytes}")),
            }
        }
    }
}

/// What is watched, and since when.
pub(super) fn title(model: &Model, room: usize) -> Line {
    let mut pieces = vec![(Style::Bold, "mmapio incore".to_owned())];
    let state = if model.is_paused { "paused" } else { "" };
    let place = model.place().unwrap_or_default();
    let after = [state.to_owned(), format!("round {}", model.rounds), clock(model.elapsed), place];
    let taken: usize = after.iter().map(|text| text.len() + 2).sum::<usize>() + 15;
    pieces.push((Style::Plain, clipped(&model.wanted.names, room.saturating_sub(taken).max(8))));
    pieces.extend(after.map(|text| (Style::Dim, text)));
    Line::of(room, pieces)
}

/// The sum; where there is no line for changes, with the last one.
pub(super) fn summary(model: &Model, room: usize, with_change: bool) -> Line {
    let Some(sum) = &model.sum else {
        return Line::of(room, [(Style::Plain, "looking...".to_owned())]);
    };
    let look = model.wanted.look;
    let (percent, of) = shares(sum, look);
    let mut pieces = vec![(Style::Bold, percent)];
    if with_change {
        pieces.extend(model.is_paused.then(|| (Style::Dim, "paused".to_owned())));
        pieces.push(change(sum.course.since_last(), look));
    }
    pieces.push((Style::Plain, of));
    pieces.extend(counts(sum, look).map(|text| (Style::Plain, text)));
    Line::of(room, pieces)
}

/// The line that is left on the screen when watching ends.
pub(super) fn farewell(model: &Model) -> Option<String> {
    let sum = model.sum.as_ref()?;
    let look = model.wanted.look;
    let (percent, of) = shares(sum, look);
    let (_, since) = change(sum.course.since_start(), look);
    let counts: String =
        counts(sum, look).filter(|text| !text.is_empty()).map(|text| format!(", {text}")).collect();
    Some(format!("{percent}, {of}, {since} in {}{counts}\n", clock(model.elapsed)))
}

/// The share in memory, and of how much.
fn shares(sum: &Sum, look: Look) -> (String, String) {
    let cell =
        |name| columns::find(name).map_or_else(String::new, |column| total_cell(column, &sum.total, look));
    let whole = size(sum.total.pages.bytes(), look.exact);
    (format!("{} %", cell("resident_percent")), format!("{} of {whole} in memory", cell("resident_bytes")))
}

fn counts(sum: &Sum, look: Look) -> impl Iterator<Item = String> {
    let total = &sum.total;
    let dirty =
        total.of_known(total.dirty).map_or_else(|| "?".to_owned(), |dirty| size(dirty.bytes(), look.exact));
    let some = |number: u64, what: &str| if number > 0 { format!("{number} {what}") } else { String::new() };
    let files = format!("{} file{}", total.files, if total.files == 1 { "" } else { "s" });
    [format!("dirty {dirty}"), files, some(total.unknown_files, "unknown"), some(total.errors, "failed")]
        .into_iter()
}

/// How it changed.
pub(super) fn changes(model: &Model, sum: &Sum, room: usize) -> Line {
    let look = model.wanted.look;
    let named = |name: &str, piece: Piece| [(Style::Plain, name.to_owned()), piece];
    let last = named("last round", change(sum.course.since_last(), look));
    let start = named("since the start", change(sum.course.since_start(), look));
    let mut line = Line::new(room);
    for (at, [(_, name), (style, text)]) in [last, start].into_iter().enumerate() {
        let name = format!("{}{name} ", if at > 0 { "  " } else { "" });
        if name.len() + text.len() > line.left() {
            break;
        }
        line.push(Style::Plain, &name);
        line.push(style, &text);
    }
    line
}

/// What was resident over time, between the least and the most of it.
pub(super) fn trend(model: &Model, sum: &Sum, room: usize) -> Line {
    let look = model.wanted.look;
    let (least, most) = bounds(&sum.history);
    let text =
        |pages: Option<Pages>| pages.map_or_else(|| "?".to_owned(), |pages| size(pages.bytes(), look.exact));
    let (least_text, most_text) = (text(least), text(most));
    let width = room.saturating_sub(least_text.len() + most_text.len() + 2);
    let shown = sum.history.get(sum.history.len().saturating_sub(width)..).unwrap_or_default();
    let level = |pages: &Option<Pages>| {
        let (least, most, now) = (least?.0, most?.0, (*pages)?.0);
        let (above, span) = (u128::from(now.saturating_sub(least)), u128::from(most.saturating_sub(least)));
        u8::try_from((above * 7).checked_div(span).unwrap_or(0) + 1).ok()
    };
    let strip: String = shown
        .iter()
        .map(|pages| strip::character(level(pages).unwrap_or(u8::MAX), model.wanted.ascii))
        .collect();
    let mut line = Line::new(room);
    for (style, text) in
        [(Style::Dim, least_text), (Style::Plain, format!(" {strip} ")), (Style::Dim, most_text)]
    {
        line.push(style, &text);
    }
    line
}

fn bounds(history: &[Option<Pages>]) -> (Option<Pages>, Option<Pages>) {
    let known = || history.iter().flatten().copied();
    (known().min(), known().max())
}

/// What failed: the first of it.
pub(super) fn errors(model: &Model, room: usize) -> Option<Line> {
    let first = model.errors.first()?;
    let more = match model.errors.len() {
        1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    let mut line = Line::new(room);
    line.push(Style::Failed, &clipped(first, room.saturating_sub(more.len()).max(room / 2)));
    line.push(Style::Failed, &more);
    Some(line)
}

/// Minutes and seconds, as a clock shows them.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
