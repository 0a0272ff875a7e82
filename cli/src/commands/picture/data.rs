//! What is in a picture, in words and numbers, before it is drawn in any way.

use std::path::Path;

use indicatif::HumanCount;
use mmapio_core::{Pages, Total};

use crate::args::common::Paths;
use crate::args::in_use::InUse;
use crate::commands::date;
use crate::commands::report::Merged;
use crate::render::columns::{self, Value};
use crate::render::escape;
use crate::render::heat::Heat;
use crate::render::row::Row;
use crate::render::share::Share;
use crate::render::table::{percent, size};
use crate::render::users;

/// More paths than this are not named in a title.
const MOST_NAMED: usize = 3;

/// All of it.
pub(super) struct Picture<'a> {
    /// The paths that were named.
    pub(super) paths: String,
    /// How much of them is in memory.
    pub(super) sum: String,
    /// What else there is to know, in parts.
    pub(super) about: Vec<String>,
    pub(super) rows: Vec<Line<'a>>,
    pub(super) total: Numbers,
    /// How many files the total is of.
    pub(super) files: u64,
}

/// A file.
pub(super) struct Line<'a> {
    pub(super) name: String,
    pub(super) numbers: Numbers,
    pub(super) map: Map<'a>,
    /// What is shown where it is pointed at, besides the name.
    pub(super) details: String,
}

/// The numbers of a file, or of all. In bytes; none is unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) size: u64,
    pub(super) resident: Option<u64>,
    pub(super) share: Option<Share>,
    pub(super) dirty: Option<u64>,
    /// Whether there is no share because there is nothing.
    is_empty: bool,
}

/// Where a file is in memory.
pub(super) enum Map<'a> {
    Strip(&'a Heat),
    /// It has no pages.
    Empty,
    /// Why that is unknown.
    Unknown(String),
}

impl<'a> Picture<'a> {
    pub(super) fn of(found: &'a Merged, paths: &Paths, in_use: &InUse) -> Self {
        let total = &found.total;
        Self {
            paths: named(paths, in_use),
            sum: sum(total),
            about: about(found, paths),
            rows: found.rows.iter().map(|row| Line::of(row)).collect(),
            total: Numbers::of_total(total),
            files: total.files,
        }
    }
}

impl<'a> Line<'a> {
    fn of(row: &'a Row<'_>) -> Self {
        let numbers = Numbers::of_file(row);
        let map = match (&row.heat, row.note()) {
            (_, Some(note)) if row.residency.unknown.is_some() => Map::Unknown(note),
            (Some(heat), _) if heat.parts() > 0 => Map::Strip(heat),
            _ => Map::Empty,
        };
        Self { name: escape::path(&row.path).into_owned(), numbers, map, details: details(row, numbers) }
    }
}

impl Numbers {
    fn of_file(row: &Row<'_>) -> Self {
        Self {
            size: row.size,
            resident: row.residency.resident.map(Pages::bytes),
            share: share(columns::find("resident_percent").map(|column| column.of(row))),
            dirty: row.residency.dirty.map(Pages::bytes),
            is_empty: row.residency.pages == Pages(0),
        }
    }

    fn of_total(total: &Total) -> Self {
        Self {
            size: total.size,
            resident: total.resident().map(Pages::bytes),
            share: share(columns::find("resident_percent").map(|column| (column.of_total)(total))),
            dirty: total.of_known(total.dirty).map(Pages::bytes),
            is_empty: total.pages == Pages(0),
        }
    }

    pub(super) fn size_text(&self) -> String {
        size(self.size, false)
    }

    pub(super) fn resident_text(&self) -> String {
        self.resident.map_or("?".to_owned(), |bytes| size(bytes, false))
    }

    pub(super) fn share_text(&self) -> String {
        match self.share {
            Some(share) => percent(share),
            None if self.is_empty => "-".to_owned(),
            None => "?".to_owned(),
        }
    }

    pub(super) fn dirty_text(&self) -> String {
        self.dirty.map_or("?".to_owned(), |bytes| size(bytes, false))
    }
}

fn share(value: Option<Value<'_>>) -> Option<Share> {
    match value {
        Some(Value::Percent(share)) => share,
        _ => None,
    }
}

/// What was named; many names are counted.
fn named(paths: &Paths, in_use: &InUse) -> String {
    let open = in_use.open.then(|| "files in use".to_owned());
    let of_processes = in_use.pid.iter().map(|pid| format!("files of process {pid}"));
    let named = paths.paths.iter().map(|path| escape::path(path).into_owned());
    let lists = [&paths.files_from, &paths.files0_from].into_iter().flatten();
    let lists = lists.map(|list| format!("files in {}", of_list(list)));
    let all: Vec<String> = open.into_iter().chain(of_processes).chain(named).chain(lists).collect();
    let (shown, more) = all.split_at(all.len().min(MOST_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    format!("{}{more}", shown.join(", "))
}

fn of_list(list: &Path) -> String {
    if list == Path::new("-") { "a list".to_owned() } else { escape::path(list).into_owned() }
}

/// How much of all is in memory: of pages, since that is what memory holds of a file.
fn sum(total: &Total) -> String {
    let numbers = Numbers::of_total(total);
    let all = size(total.pages.bytes(), false);
    match (numbers.resident, numbers.share) {
        (Some(resident), Some(_)) => {
            format!("{} of {all} in memory ({} %)", size(resident, false), numbers.share_text())
        }
        (Some(resident), None) if total.unknown_files > 0 => {
            format!("at least {} of {all} in memory", size(resident, false))
        }
        (Some(_), None) => "nothing that could be in memory".to_owned(),
        (None, _) => "unknown what is in memory".to_owned(),
    }
}

fn about(found: &Merged, paths: &Paths) -> Vec<String> {
    let (total, shown) = (&found.total, found.rows.len() as u64);
    let mut parts = vec![match shown == total.files {
        true => files(total.files),
        false => format!("{} of {} shown", HumanCount(shown), files(total.files)),
    }];
    if let Some(range) = paths.range {
        let length = range.length().map(|length| format!("+{length}")).unwrap_or_default();
        parts.push(format!("of each the bytes from {}{length}", range.offset()));
    }
    match total.of_known(total.dirty) {
        Some(Pages(0)) => {}
        Some(dirty) => parts.push(format!("{} dirty", size(dirty.bytes(), false))),
        None => parts.push("what is dirty is unknown".to_owned()),
    }
    if total.unknown_files > 0 {
        parts.push(format!("{} unknown", files(total.unknown_files)));
    }
    if total.errors > 0 {
        parts.push(format!("{} failed", HumanCount(total.errors)));
    }
    parts.extend(date::now().map(|now| now.replace('T', " ").replace('Z', " UTC")));
    parts
}

/// A number of files, in words.
pub(super) fn files(count: u64) -> String {
    format!("{} {}", HumanCount(count), if count == 1 { "file" } else { "files" })
}

fn details(row: &Row<'_>, numbers: Numbers) -> String {
    let mut parts = vec![format!("{} of {} pages", row_count(row.residency.resident), row.residency.pages)];
    match numbers.dirty {
        Some(0) | None => {}
        Some(dirty) => parts.push(format!("{} dirty", size(dirty, false))),
    }
    match row.heat.as_ref().and_then(|heat| heat.holes) {
        Some(Pages(0)) | None => {}
        Some(holes) => parts.push(format!("{} in holes", size(holes.bytes(), false))),
    }
    let users = row.in_use.as_ref().filter(|file| !file.users.is_empty());
    parts.extend(users.map(|file| format!("used by {}", users::words(&file.users, Some(3)))));
    parts.extend(row.note());
    parts.join(", ")
}

fn row_count(pages: Option<Pages>) -> String {
    pages.map_or("?".to_owned(), |pages| pages.to_string())
}
