//! Pictures as SVG: readable in light and dark, with text that can be selected, without scripts and fonts from elsewhere.
//!
//! What looks which way is said by classes and a colour for each, not by variables: programs that are no browsers know no more than that,
//! and show the light picture.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::escape;

/// What a colour is for, and what it is in the light and in the dark.
#[derive(Debug)]
pub(crate) struct Color {
    pub(crate) class: &'static str,
    pub(crate) light: &'static str,
    pub(crate) dark: &'static str,
    pub(crate) role: Role,
}

/// How a colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What all else is drawn on.
    Paper,
    /// For text and areas.
    Fill,
    /// For lines this wide, in tenths of a pixel.
    Stroke(u8),
    /// The paper, as a line around what is drawn on something else.
    Halo(u8),
}

/// The paper, and text in two strengths: what all pictures have.
pub(crate) const COMMON: [Color; 3] = [
    Color { class: "paper", light: "#ffffff", dark: "#0d1117", role: Role::Paper },
    Color { class: "ink", light: "#1f2328", dark: "#e6edf3", role: Role::Fill },
    Color { class: "faint", light: "#59636e", dark: "#9198a1", role: Role::Fill },
];

/// Sizes of text: each has a class.
const SIZES: [(&str, &str); 4] = [
    ("title", "font-size: 18px; font-weight: 600"),
    ("heading", "font-size: 14px; font-weight: 600"),
    ("row", "font-size: 13px"),
    ("small", "font-size: 11px"),
];

/// Where text stands from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A picture that grows downwards.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    body: String,
}

impl Drawing {
    /// An area with round corners of this radius.
    pub(crate) fn rect(&mut self, class: &str, area: Area, radius: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{}" y="{}" width="{}" height="{}" rx="{}"/>"#,
            number(area.x),
            number(area.y),
            number(area.width.max(0.0)),
            number(area.height.max(0.0)),
            number(radius)
        );
    }

    /// Lines from each point to the next; a gap where there is none.
    pub(crate) fn lines(&mut self, class: &str, points: &[Option<(f64, f64)>]) {
        let mut path = String::new();
        let mut command = 'M';
        for point in points {
            match point {
                Some((x, y)) => {
                    let _ = write!(path, "{command}{} {}", number(*x), number(*y));
                    command = 'L';
                }
                None => command = 'M',
            }
        }
        let _ = writeln!(self.body, r#"<path class="{class}" d="{path}"/>"#);
    }

    /// Areas that look the same, as one thing.
    pub(crate) fn areas(&mut self, class: &str, areas: &[Area]) {
        if areas.is_empty() {
            return;
        }
        let mut path = String::new();
        for area in areas {
            let (x, y) = (number(area.x), number(area.y));
            let (width, height) = (number(area.width.max(0.0)), number(area.height.max(0.0)));
            let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
        }
        let _ = writeln!(self.body, r#"<path class="{class}" d="{path}"/>"#);
    }

    /// What `draw` draws, from the corner of an area and nowhere outside of it.
    pub(crate) fn clipped(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let (x, y) = (number(area.x), number(area.y));
        let (width, height) = (number(area.width), number(area.height));
        let _ = writeln!(self.body, r#"<svg x="{x}" y="{y}" width="{width}" height="{height}">"#);
        draw(self);
        self.body.push_str("</svg>\n");
    }

    /// A line of text; `classes` are a size and a colour.
    pub(crate) fn text(&mut self, classes: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (x, y, text) = (number(x), number(y), escaped(text));
        let _ = writeln!(self.body, r#"<text class="{classes}" x="{x}" y="{y}"{anchor}>{text}</text>"#);
    }

    /// What `draw` draws, with a text that is shown where it is pointed at.
    pub(crate) fn group(&mut self, title: &str, draw: impl FnOnce(&mut Self)) {
        let _ = writeln!(self.body, "<g><title>{}</title>", escaped(title));
        draw(self);
        self.body.push_str("</g>\n");
    }

    /// The picture as a file: with a name and a description for those who do not see it.
    pub(crate) fn finish(self, size: (f64, f64), colors: &[Color], title: &str, description: &str) -> String {
        let (width, height) = (number(size.0), number(size.1));
        let head = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">"#
        );
        let (title, description, style) = (escaped(title), escaped(description), style(colors));
        let paper = format!(r#"<rect class="paper" width="{width}" height="{height}"/>"#);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{head}\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <style>\n{style}</style>\n{paper}\n{}</svg>\n",
            self.body
        )
    }
}

/// How all of it looks.
fn style(colors: &[Color]) -> String {
    let mut style = String::from(
        "text { font-family: system-ui, -apple-system, \"Segoe UI\", \"DejaVu Sans\", sans-serif; \
         font-variant-numeric: tabular-nums; white-space: pre }\npath { fill: none }\n",
    );
    for (class, look) in SIZES {
        let _ = writeln!(style, ".{class} {{ {look} }}");
    }
    let all = || COMMON.iter().chain(colors);
    all().for_each(|color| style.push_str(&rule(color, color.light, true)));
    style.push_str("@media (prefers-color-scheme: dark) {\n");
    all().for_each(|color| style.push_str(&rule(color, color.dark, false)));
    style + "}\n"
}

fn rule(color: &Color, value: &str, with_width: bool) -> String {
    let (class, tenths) = match color.role {
        Role::Paper | Role::Fill => return format!(".{} {{ fill: {value} }}\n", color.class),
        Role::Stroke(tenths) | Role::Halo(tenths) => (color.class, f64::from(tenths)),
    };
    let width = if with_width { format!("; stroke-width: {}", number(tenths / 10.0)) } else { String::new() };
    format!(".{class} {{ stroke: {value}{width} }}\n")
}

/// A coordinate to hundredths; what is no number is 0, since a picture with one missing is none at all.
fn number(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The text as it may stand in XML, which cannot hold all characters in any way: those, and what would hide or turn text round, are
/// written as escapes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escape::again(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(character.escape_default()),
            character => out.push(character),
        }
    }
    out
}

/// About how wide a text is at this size of font: no font is known here, and those that are likely are no wider.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let broad = text.chars().filter(|character| matches!(character, 'A'..='Z' | 'm' | 'w' | '%' | '@' | '…'));
    let broadest = text.chars().filter(|character| matches!(character, 'M' | 'W' | 'm' | '%' | '@' | '…'));
    (text.width() as f64 * 0.62 + broad.count() as f64 * 0.16 + broadest.count() as f64 * 0.22) * size
}

/// The end of a text that is too wide, since that is where names differ.
pub(crate) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    // More characters than fit anywhere, and few enough to measure them again and again.
    let mut end = text.char_indices().rev().nth(999).and_then(|(at, _)| text.get(at..)).unwrap_or(text);
    while !end.is_empty() && width(end, size) + size > most {
        let mut characters = end.chars();
        characters.next();
        end = characters.as_str();
    }
    format!("…{end}")
}

/// The parts as lines that are no wider than that.
pub(crate) fn wrapped(parts: &[String], separator: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let joined = lines.last().map(|line| format!("{line}{separator}{part}"));
        match (lines.last_mut(), joined) {
            (Some(line), Some(joined)) if width(&joined, size) <= most => *line = joined,
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// How well a colour is seen on another, from 1 to 21, as the accessibility guidelines of the W3C define it.
#[cfg(test)]
pub(crate) fn contrast(one: &str, other: &str) -> f64 {
    let light = |color: &str| {
        let part = |at: usize| f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
        let linear =
            |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5)) + 0.05
    };
    light(one).max(light(other)) / light(one).min(light(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(escaped("a<b & \"c\" 'd'>"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
        assert_eq!(escaped("\0\u{1b}[1m\n\u{ffff}\u{202e}"), r"\u{0}\u{1b}[1m\n\u{ffff}\u{202e}");
        assert_eq!(escaped("größe-日本 \\x"), "größe-日本 \\x");
    }

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        for (value, text) in [(1.0, "1"), (1.25, "1.25"), (1.2345, "1.23"), (-0.001, "0"), (100.0, "100")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(number(f64::INFINITY), "0");
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        let name = format!("{}/table.db", "directory/".repeat(20));
        let fit = fitted(&name, 10.0, 200.0);
        assert!(fit.starts_with('…') && fit.ends_with("/table.db") && width(&fit, 10.0) <= 200.0, "{fit}");
        assert_eq!(fitted(&name, 10.0, 0.0), "…");
    }

    #[test]
    fn lines_are_filled_and_no_part_is_lost() {
        let parts: Vec<String> = (0..20).map(|at| format!("part {at}")).collect();
        let lines = wrapped(&parts, " · ", 10.0, 200.0);
        assert!(lines.len() > 2 && lines.len() < 20, "{lines:?}");
        assert_eq!(lines.join(" · "), parts.join(" · "));
    }
}
