//! The report as a picture: what is fastest, how sure that is, and where it was measured.

mod block;
mod scale;

use super::record::Record;
use crate::render::svg::{Anchor, Area, Color, Drawing, Role, fitted, width, wrapped};
use crate::render::table::size;

use block::Block;

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 28.0;
/// What is between the margins.
const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// Lines of the environment, and of what could not be measured: the rest is in the description.
const MOST_LINES: usize = 6;
/// Sizes of fonts, as the classes have them.
const TITLE: f64 = 18.0;
const SMALL: f64 = 11.0;

/// What stands out is told by words, too: colours only help to find it.
const COLORS: [Color; 6] = [
    Color { class: "best", light: "#0b63ce", dark: "#4c9bff", role: Role::Fill },
    Color { class: "other", light: "#7f91a5", dark: "#5d6f84", role: Role::Fill },
    Color { class: "grid", light: "#dde3e9", dark: "#2b323b", role: Role::Stroke(10) },
    Color { class: "halo", light: "#ffffff", dark: "#0d1117", role: Role::Halo(40) },
    Color { class: "whisker", light: "#1f2328", dark: "#f0f6fc", role: Role::Stroke(15) },
    Color { class: "earlier", light: "#b54708", dark: "#ffa657", role: Role::Stroke(25) },
];

/// All of it.
pub(super) fn draw(record: &Record) -> String {
    let (mut drawing, blocks) = (Drawing::default(), Block::all(record));
    let mut y = head(record, &mut drawing);
    y = legend(record, y, &mut drawing);
    if blocks.is_empty() {
        drawing.text("row ink", (MARGIN, y + 24.0), Anchor::Start, "Nothing could be measured.");
        y += 40.0;
    }
    let columns = block::Columns::of(&blocks);
    for block in &blocks {
        y = block.draw(&columns, y, &mut drawing);
    }
    y = foot(record, y, &mut drawing);
    let title = format!("How fast {} can be read", record.path);
    drawing.finish((WIDTH, y + MARGIN - 10.0), &COLORS, &title, &description(record))
}

/// The file, and what was done with it.
fn head(record: &Record, drawing: &mut Drawing) -> f64 {
    let size = short(size(record.size, false));
    let room = INNER - width(&size, TITLE) - 20.0;
    let title = format!("{}  ({size})", fitted(&record.path, TITLE, room));
    drawing.text("title ink", (MARGIN, MARGIN + 16.0), Anchor::Start, &title);
    let work = match record.work.as_str() {
        "sum" => "a checksum over what is read",
        "copy" => "what is read is copied",
        other => other,
    };
    let about = format!(
        "Throughput of ways to read this file: longer is faster. Work: {work}; seed {}.",
        record.seed
    );
    drawing.text("row faint", (MARGIN, MARGIN + 38.0), Anchor::Start, &about);
    MARGIN + 50.0
}

/// What the signs mean.
fn legend(record: &Record, y: f64, drawing: &mut Drawing) -> f64 {
    let (middle, mut x) = (y + 14.0, MARGIN);
    let mut entry = |sign: &dyn Fn(f64, &mut Drawing), text: &str| {
        sign(x, drawing);
        drawing.text("small ink", (x + 30.0, middle + 4.0), Anchor::Start, text);
        x += 30.0 + width(text, SMALL) + 18.0;
    };
    let area = |x| Area { x, y: middle - 5.0, width: 22.0, height: 10.0 };
    entry(&|x, drawing| drawing.rect("best", area(x), 2.0), "best, or not (=) to be told from it");
    entry(&|x, drawing| drawing.rect("other", area(x), 2.0), "slower: × the time of the best");
    entry(&|x, drawing| block::whisker((x, x + 22.0), middle, drawing), "95 % interval of the median");
    if record.comparison.is_some() {
        entry(&|x, drawing| block::earlier(x + 11.0, middle, drawing), "earlier");
    }
    y + 30.0
}

/// Where it was measured, and what was not.
fn foot(record: &Record, y: f64, drawing: &mut Drawing) -> f64 {
    let mut lines = environment(record);
    lines.extend(
        record.notes.iter().take(MOST_LINES).map(|note| format!("Not measured, or not as wanted: {note}")),
    );
    if record.notes.len() > MOST_LINES {
        lines.push(format!("and {} more of that", record.notes.len() - MOST_LINES));
    }
    lines.push(format!("mmapio bench {}", env!("CARGO_PKG_VERSION")));
    let mut y = y + 12.0;
    drawing.lines("grid", &[Some((MARGIN, y)), Some((WIDTH - MARGIN, y))]);
    y += 4.0;
    for line in lines {
        y += 16.0;
        drawing.text("small faint", (MARGIN, y), Anchor::Start, &cut(&line));
    }
    y
}

/// What the report for people says of it.
fn environment(record: &Record) -> Vec<String> {
    let lines = record.environment.lines().into_iter().flat_map(|line| {
        let parts: Vec<String> = line.split(", ").map(str::to_owned).collect();
        wrapped(&parts, ", ", SMALL, INNER)
    });
    lines.take(MOST_LINES).collect()
}

/// What a line holds of a long text: its beginning.
fn cut(line: &str) -> String {
    let mut short = line.to_owned();
    while width(&short, SMALL) > INNER {
        short.pop();
        if width(&short, SMALL) <= INNER - SMALL {
            return short + "…";
        }
    }
    short
}

/// For those who do not see it: the conclusions, where they are from, and all that was not as wanted.
fn description(record: &Record) -> String {
    let mut lines = record.advice.clone();
    lines.extend(record.environment.lines());
    lines.extend(record.environment.not_controlled.clone());
    lines.extend(record.notes.clone());
    lines.join("\n")
}

/// A size without zeros that say nothing.
fn short(size: String) -> String {
    size.replace(".00 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::svg::{COMMON, contrast};

    #[test]
    fn all_that_says_something_can_be_seen_in_light_and_dark() {
        let paper = &COMMON[0];
        for color in COMMON.iter().chain(&COLORS) {
            let least = match (color.class, color.role) {
                ("ink" | "faint", _) => 4.5,
                // Lines to guide the eye.
                ("grid", _) | (_, Role::Paper | Role::Halo(_)) => continue,
                _ => 3.0,
            };
            for (this, on) in [(color.light, paper.light), (color.dark, paper.dark)] {
                assert!(contrast(this, on) >= least, "{} {this}: {}", color.class, contrast(this, on));
            }
        }
        for (halo, paper) in
            COLORS.iter().filter(|color| matches!(color.role, Role::Halo(_))).map(|halo| (halo, paper))
        {
            assert_eq!((halo.light, halo.dark), (paper.light, paper.dark));
        }
    }
}
