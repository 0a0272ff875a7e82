//! The picture as SVG: a row for each file.

use super::colors::COLORS;
use super::data::{Line, Map, Numbers, Picture, files};
use crate::render::heat::{Heat, Shade};
use crate::render::svg::{Anchor, Area, Drawing, fitted, width, wrapped};

const WIDTH: f64 = 1040.0;
const MARGIN: f64 = 28.0;
/// What is between the margins.
const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// The height of a row, of the strip in it, and of what is above the strip.
const ROW: f64 = 28.0;
const STRIP: f64 = 13.0;
const ABOVE: f64 = 5.0;
/// The line below what is dirty: how far below the strip, and how thick.
const GAP: f64 = 2.0;
const DIRTY: f64 = 4.0;
/// How thick holes are.
const HOLE: f64 = 1.0;
/// Sizes of fonts, as the classes have them.
const TITLE: f64 = 18.0;
const FONT: f64 = 13.0;
const SMALL: f64 = 11.0;
/// The widest name, and the narrowest strip and the widest.
const NAMES: f64 = 330.0;
const STRIPS: (f64, f64) = (400.0, 600.0);

/// Where what stands.
struct Columns {
    /// How wide names are.
    names: f64,
    /// Where numbers end.
    size: f64,
    resident: f64,
    share: f64,
    /// Where strips begin, and how wide they are.
    strip: f64,
    width: f64,
}

impl Columns {
    fn of(picture: &Picture<'_>) -> Self {
        let widest = picture
            .rows
            .iter()
            .map(|row| width(&row.name, FONT))
            .fold(width("1,000,000 files", FONT), f64::max);
        let names = (widest + 4.0).min(NAMES);
        let numbers = MARGIN + names;
        let (size, resident, share) = (numbers + 84.0, numbers + 168.0, numbers + 222.0);
        let width = (WIDTH - MARGIN - share - 20.0).clamp(STRIPS.0, STRIPS.1).floor();
        Self { names, size, resident, share, strip: WIDTH - MARGIN - width, width }
    }
}

/// All of it.
pub(super) fn draw(picture: &Picture<'_>) -> String {
    let (mut drawing, columns) = (Drawing::default(), Columns::of(picture));
    let mut y = head(picture, &mut drawing);
    y = legend(y, &mut drawing);
    y = headings(&columns, y, &mut drawing);
    for row in &picture.rows {
        drawing.group(&format!("{}: {}", row.name, row.details), |drawing| line(row, &columns, y, drawing));
        y += ROW;
    }
    if picture.rows.is_empty() {
        drawing.text("row ink", (MARGIN, y + 17.0), Anchor::Start, "There is no file to show.");
        y += ROW;
    }
    y = total(picture, &columns, y, &mut drawing);
    let title = format!("{}: {}", picture.paths, picture.sum);
    drawing.finish((WIDTH, y + MARGIN - 10.0), &COLORS, &title, &picture.about.join("\n"))
}

/// What it is about.
fn head(picture: &Picture<'_>, drawing: &mut Drawing) -> f64 {
    let sum = format!(": {}", picture.sum);
    let paths = fitted(&picture.paths, TITLE, INNER - width(&sum, TITLE));
    drawing.text("title ink", (MARGIN, MARGIN + 16.0), Anchor::Start, &format!("{paths}{sum}"));
    let mut y = MARGIN + 38.0;
    for line in wrapped(&picture.about, " · ", FONT, INNER) {
        drawing.text("row faint", (MARGIN, y), Anchor::Start, &line);
        y += 18.0;
    }
    y - 6.0
}

/// What the signs mean.
fn legend(y: f64, drawing: &mut Drawing) -> f64 {
    let (top, mut x) = (y + 4.0, MARGIN);
    let mut entry = |wide: f64, sign: &dyn Fn(Place, &mut Drawing), text: &str| {
        sign(Place { x, y: top, width: wide }, drawing);
        drawing.text("small ink", (x + wide + 8.0, top + 10.5), Anchor::Start, text);
        x += wide + 8.0 + width(text, SMALL) + 20.0;
    };
    let solid =
        |shade: Shade| move |at: Place, drawing: &mut Drawing| shaded(shade, &[(0, 1)], 1, at, drawing);
    entry(24.0, &solid(Shade::Resident), "in memory");
    entry(
        48.0,
        &|at, drawing| {
            for (part, shade) in (0..).zip([Shade::Quarter, Shade::Half, Shade::Most, Shade::Nearly]) {
                shaded(shade, &[(part, part + 1)], 4, at, drawing);
            }
        },
        "in part",
    );
    entry(24.0, &solid(Shade::Absent), "not in memory");
    entry(24.0, &solid(Shade::Hole), "hole in the file");
    entry(
        24.0,
        &|at, drawing| {
            shaded(Shade::Resident, &[(0, 1)], 1, at, drawing);
            dirty(&[(0, 1)], 1, at, drawing);
        },
        "dirty: newer than the storage",
    );
    entry(24.0, &hatched, "unknown");
    y + 34.0
}

fn headings(columns: &Columns, y: f64, drawing: &mut Drawing) -> f64 {
    drawing.text("small faint", (MARGIN, y + 10.0), Anchor::Start, "file");
    for (x, heading) in [(columns.size, "size"), (columns.resident, "in memory"), (columns.share, "%")] {
        drawing.text("small faint", (x, y + 10.0), Anchor::End, heading);
    }
    drawing.text("small faint", (columns.strip, y + 10.0), Anchor::Start, "start of the file");
    drawing.text("small faint", (columns.strip + columns.width, y + 10.0), Anchor::End, "end");
    rule(y + 17.0, drawing);
    y + 20.0
}

fn rule(y: f64, drawing: &mut Drawing) {
    drawing.lines("grid", &[Some((MARGIN, y)), Some((WIDTH - MARGIN, y))]);
}

fn line(row: &Line<'_>, columns: &Columns, y: f64, drawing: &mut Drawing) {
    let name = fitted(&row.name, FONT, columns.names);
    // No font is known here: what is wider than thought does not lie on the numbers.
    let area = Area { x: MARGIN, y, width: columns.names, height: ROW };
    drawing.clipped(area, |drawing| drawing.text("row ink", (0.0, 17.0), Anchor::Start, &name));
    numbers(&row.numbers, columns, y + 17.0, drawing);
    let at = Place { x: columns.strip, y: y + ABOVE, width: columns.width };
    match &row.map {
        Map::Strip(heat) => strip(heat, at, drawing),
        Map::Empty => drawing.text("small faint", (columns.strip, y + 17.0), Anchor::Start, "no pages"),
        Map::Unknown(why) => {
            hatched(Place { width: 24.0, ..at }, drawing);
            let why = fitted(why, SMALL, columns.width - 32.0);
            drawing.text("small faint", (columns.strip + 32.0, y + 16.0), Anchor::Start, &why);
        }
    }
}

fn numbers(numbers: &Numbers, columns: &Columns, y: f64, drawing: &mut Drawing) {
    drawing.text("row ink", (columns.size, y), Anchor::End, &numbers.size_text());
    drawing.text("row ink", (columns.resident, y), Anchor::End, &numbers.resident_text());
    drawing.text("row ink", (columns.share, y), Anchor::End, &numbers.share_text());
}

/// All files together: how much, since nothing of them is at the same place.
fn total(picture: &Picture<'_>, columns: &Columns, y: f64, drawing: &mut Drawing) -> f64 {
    rule(y + 4.0, drawing);
    let y = y + 8.0;
    drawing.text("row ink", (MARGIN, y + 17.0), Anchor::Start, &files(picture.files));
    numbers(&picture.total, columns, y + 17.0, drawing);
    if let Some(share) = picture.total.share {
        let area = |width| Area { x: columns.strip, y: y + 9.0, width, height: 6.0 };
        drawing.rect("absent", area(columns.width), 3.0);
        if share.thousandths() > 0 {
            drawing.rect("resident", area((columns.width * share.percent() / 100.0).max(6.0)), 3.0);
        }
    }
    let made = concat!("mmapio incore ", env!("CARGO_PKG_VERSION"));
    drawing.text("small faint", (WIDTH - MARGIN, y + ROW + 18.0), Anchor::End, made);
    y + ROW + 18.0
}

/// Where a strip is drawn.
#[derive(Debug, Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
}

impl Place {
    /// Where parts of a strip of so many begin and end, in whole pixels: an edge between two would be a third colour.
    fn area(self, (start, end): (u64, u64), parts: u64) -> Area {
        let at = |part: u64| (self.width * part as f64 / parts as f64).round();
        Area { x: self.x + at(start), y: self.y, width: at(end) - at(start), height: STRIP }
    }
}

fn strip(heat: &Heat, at: Place, drawing: &mut Drawing) {
    for shade in Shade::ALL {
        shaded(shade, &heat.shaded(shade), heat.parts(), at, drawing);
    }
    dirty(&heat.dirty(), heat.parts(), at, drawing);
}

fn shaded(shade: Shade, stretches: &[(u64, u64)], parts: u64, at: Place, drawing: &mut Drawing) {
    let areas: Vec<Area> = stretches.iter().map(|stretch| at.area(*stretch, parts)).collect();
    if shade == Shade::Hole {
        let thin = |area: &Area| Area { y: area.y + (STRIP - HOLE) / 2.0, height: HOLE, ..*area };
        return drawing.areas(shade.class(), &areas.iter().map(thin).collect::<Vec<_>>());
    }
    drawing.areas(shade.class(), &areas);
}

fn dirty(stretches: &[(u64, u64)], parts: u64, at: Place, drawing: &mut Drawing) {
    let below = |stretch: &(u64, u64)| {
        let area = at.area(*stretch, parts);
        Area { y: at.y + STRIP + GAP, height: DIRTY, ..area }
    };
    drawing.areas("dirty", &stretches.iter().map(below).collect::<Vec<_>>());
}

/// Lines from corner to corner in an outline.
fn hatched(at: Place, drawing: &mut Drawing) {
    let (left, right, top, bottom) = (at.x + 0.5, at.x + at.width - 0.5, at.y + 0.5, at.y + STRIP - 0.5);
    let outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)].map(Some);
    let mut points = outline.to_vec();
    let mut x = left;
    while x + (bottom - top) <= right {
        points.extend([None, Some((x, bottom)), Some((x + (bottom - top), top))]);
        x += 5.5;
    }
    drawing.lines("hatch", &points);
}
