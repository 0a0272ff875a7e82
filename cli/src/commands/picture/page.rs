//! The picture as a page: the same rows, to be sorted and filtered in a browser.
//!
//! Names are the work of strangers. They are escaped, and should one not be, the page's policy lets run nothing but the one script that
//! is known by its hash.

use std::fmt::Write;
use std::iter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::colors::COLORS;
use super::data::{Line, Map, Numbers, Picture, files};
use crate::render::heat::{Heat, Shade};
use crate::render::svg::{COMMON, Color, escaped};

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// In strips a part is 1 wide and this high; below it is the line of what is dirty.
const STRIP: u32 = 13;

/// A column that can be sorted by: its name, its heading, and the class of its width.
const COLUMNS: [(&str, &str, &str); 5] = [
    ("file", "file", "files"),
    ("size", "size", "bytes"),
    ("resident", "in memory", "bytes"),
    ("percent", "%", "shares"),
    ("dirty", "dirty", "bytes dirties"),
];

/// All of it.
pub(super) fn write(picture: &Picture<'_>) -> String {
    let mut page = head(picture);
    header(picture, &mut page);
    page.push_str("<table>\n<thead><tr>");
    for (name, heading, class) in COLUMNS {
        let _ = write!(
            page,
            r#"<th scope="col" class="{class}" data-sort="{name}"><button type="button">{heading}</button></th>"#
        );
    }
    page.push_str(
        "<th scope=\"col\">start of the file<span class=\"end\">end</span></th></tr></thead>\n<tbody>\n",
    );
    picture.rows.iter().for_each(|row| line(row, &mut page));
    page.push_str("</tbody>\n");
    total(picture, &mut page);
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        page,
        "</table>\n<p class=\"made\">mmapio incore {version}</p>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

/// Up to the body. Nothing is let in but this style and this script.
fn head(picture: &Picture<'_>) -> String {
    let style = variables() + STYLE;
    let (script, look) = (hash(SCRIPT), hash(&style));
    let title = escaped(&format!("{}: {}", picture.paths, picture.sum));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{script}'; \
         style-src '{look}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )
}

/// What a policy knows an inline script or style by.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// The colours of all pictures, in light and dark.
fn variables() -> String {
    let of = |look: fn(&Color) -> &'static str| {
        let colors = COMMON.iter().chain(&COLORS);
        colors.map(|color| format!("--{}: {}; ", color.class, look(color))).collect::<String>()
    };
    let (light, dark) = (of(|color| color.light), of(|color| color.dark));
    format!(
        "\n:root {{ color-scheme: light dark; {light}--hover: #f3f6f9 }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{ {dark}--hover: #161b22 }} }}\n"
    )
}

/// What it is about, what the signs mean, and the tools, which are of use where the script runs.
fn header(picture: &Picture<'_>, page: &mut String) {
    let about = escaped(&picture.about.join(" · "));
    let _ = write!(
        page,
        "<header>\n<h1>{}: {}</h1>\n<p class=\"about\">{about}</p>\n<ul class=\"legend\">",
        escaped(&picture.paths),
        escaped(&picture.sum)
    );
    let part = |shade: Shade, at: u64| area(shade, &[(at, at + 1)]);
    let partly: String = (0..)
        .zip([Shade::Quarter, Shade::Half, Shade::Most, Shade::Nearly])
        .map(|(at, shade)| part(shade, at))
        .collect();
    entry("", 1, &part(Shade::Resident, 0), "in memory", page);
    entry(" class=\"wide\"", 4, &partly, "in part", page);
    entry("", 1, &part(Shade::Absent, 0), "not in memory", page);
    entry("", 1, &part(Shade::Hole, 0), "hole in the file", page);
    let dirty = part(Shade::Resident, 0) + &dirty(&[(0, 1)]);
    entry("", 1, &dirty, "dirty: newer than the storage", page);
    let _ = write!(page, "<li>{HATCH}unknown</li>");
    page.push_str(
        "</ul>\n<div class=\"tools\" hidden><label>Filter by name <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>\
         <output></output></div>\n</header>\n",
    );
}

fn entry(class: &str, parts: u64, drawn: &str, text: &str, page: &mut String) {
    let _ = write!(page, "<li>{}{drawn}</svg>{text}</li>", svg(class, parts));
}

/// Lines from corner to corner in an outline.
const HATCH: &str = "<svg viewBox=\"0 0 24 20\" aria-hidden=\"true\"><path class=\"hatch\" \
                     d=\"M.5 .5h23v12h-23zM.5 12.5l12-12M6 12.5l12-12M11.5 12.5l12-12\"/></svg>";

/// The beginning of a strip of so many parts, which is as wide as there is room. What is told by it is told by numbers, too.
fn svg(class: &str, parts: u64) -> String {
    format!("<svg{class} viewBox=\"0 0 {parts} 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")
}

/// A file.
fn line(row: &Line<'_>, page: &mut String) {
    let (directory, name) = row.name.rsplit_once('/').map_or(("", row.name.as_str()), |(directory, name)| {
        (row.name.get(..=directory.len()).unwrap_or_default(), name)
    });
    let directory =
        if directory.is_empty() { String::new() } else { format!("<i>{}</i>", escaped(directory)) };
    let _ = write!(page, "<tr><td><bdi>{directory}{}</bdi></td>", escaped(name));
    numbers(&row.numbers, page);
    let _ = write!(page, "<td title=\"{}\">", escaped(&row.details));
    match &row.map {
        Map::Strip(heat) => strip(heat, page),
        Map::Empty => page.push_str("<span class=\"why\">no pages</span>"),
        Map::Unknown(why) => {
            let _ = write!(page, "<span class=\"why\">{HATCH}{}</span>", escaped(why));
        }
    }
    page.push_str("</td></tr>\n");
}

/// The cells of numbers: what they are sorted by, and what is read.
fn numbers(numbers: &Numbers, page: &mut String) {
    let share = numbers.share.map(|share| u64::from(share.thousandths()));
    let size = (Some(numbers.size), numbers.size_text(), "");
    let dirty = (numbers.dirty, numbers.dirty_text(), " class=\"dirties\"");
    let memory = [(numbers.resident, numbers.resident_text(), ""), (share, numbers.share_text(), "")];
    for (value, text, class) in iter::once(size).chain(memory).chain([dirty]) {
        let value = value.map(|value| format!(" data-v=\"{value}\"")).unwrap_or_default();
        let _ = write!(page, "<td{class}{value}>{text}</td>");
    }
}

fn strip(heat: &Heat, page: &mut String) {
    page.push_str(&svg("", heat.parts()));
    for shade in Shade::ALL {
        page.push_str(&area(shade, &heat.shaded(shade)));
    }
    page.push_str(&dirty(&heat.dirty()));
    page.push_str("</svg>");
}

fn area(shade: Shade, stretches: &[(u64, u64)]) -> String {
    let (top, height) = if shade == Shade::Hole { (STRIP / 2, 1) } else { (0, STRIP) };
    path(shade.class(), stretches, top, height)
}

fn dirty(stretches: &[(u64, u64)]) -> String {
    path("dirty", stretches, STRIP + 2, 4)
}

/// Areas that look the same, as one thing: there may be many rows.
fn path(class: &str, stretches: &[(u64, u64)], top: u32, height: u32) -> String {
    if stretches.is_empty() {
        return String::new();
    }
    let mut path = format!("<path class=\"{class}\" d=\"");
    for (start, end) in stretches {
        let width = end - start;
        let _ = write!(path, "M{start} {top}h{width}v{height}h-{width}z");
    }
    path + "\"/>"
}

/// All files together, whatever is shown of them.
fn total(picture: &Picture<'_>, page: &mut String) {
    let _ = write!(page, "<tfoot><tr><th scope=\"row\">all {}</th>", files(picture.files));
    numbers(&picture.total, page);
    page.push_str("<td>");
    if let Some(share) = picture.total.share {
        const WHOLE: u32 = 100_000;
        let _ = write!(
            page,
            "<svg class=\"bar\" viewBox=\"0 0 {WHOLE} 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <path class=\"absent\" d=\"M0 0h{WHOLE}v1h-{WHOLE}z\"/><path class=\"resident\" d=\"M0 0h{0}v1h-{0}z\"/></svg>",
            share.thousandths()
        );
    }
    page.push_str("</td></tr></tfoot>\n");
}
