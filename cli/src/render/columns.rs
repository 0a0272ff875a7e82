//! THE column table: tables, csv, JSON, sorting and help all read it. A new column is one row here.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::path::Path;

use mmapio_core::Pages;

use super::row::{Row, Total};

/// What a column holds for a file, before it is written in any format. None is unknown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Path(&'a Path),
    Bytes(Option<u64>),
    Count(Option<u64>),
    Percent(Option<Share>),
    Text(Option<Cow<'a, str>>),
}

/// A part of a whole, in thousandths of a percent, rounded down: what lacks a page is never complete, and what has one
/// is never nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(u32);

impl Share {
    pub(crate) fn thousandths(self) -> u32 {
        self.0
    }

    /// In percent.
    pub(crate) fn percent(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// The share that `part` is of `whole`; nothing of nothing has none.
fn share(part: Option<Pages>, whole: Pages) -> Option<Share> {
    const COMPLETE: u128 = 100_000;
    let thousandths = (u128::from(part?.0) * COMPLETE).checked_div(u128::from(whole.0))?;
    let least = u128::from(part > Some(Pages(0)));
    u32::try_from(thousandths.clamp(least, COMPLETE)).ok().map(Share)
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name in options, csv and JSON.
    pub(crate) name: &'static str,
    /// Its heading in tables.
    pub(crate) heading: &'static str,
    /// What it holds, in a line.
    pub(crate) about: &'static str,
    /// Whether JSON and csv have it unless told otherwise.
    pub(crate) is_data: bool,
    /// Whether tables have it unless told otherwise.
    pub(crate) in_tables: bool,
    /// Its value for a file.
    pub(crate) of_file: for<'a> fn(&'a Row<'_>) -> Value<'a>,
    /// Its value for the sum of files.
    pub(crate) of_total: fn(&Total) -> Value<'static>,
}

impl Column {
    /// Whether it holds numbers, which stand at the right.
    pub(crate) fn is_number(&self) -> bool {
        !matches!((self.of_total)(&Total::default()), Value::Text(_) | Value::Path(_))
    }
}

/// The columns in their order.
pub(crate) const COLUMNS: [Column; 13] = [
    Column {
        name: "size",
        heading: "SIZE",
        about: "size of the file",
        is_data: true,
        in_tables: true,
        of_file: |row| Value::Bytes(Some(row.size)),
        of_total: |total| Value::Bytes(Some(total.size)),
    },
    Column {
        name: "pages",
        heading: "PAGES",
        about: "pages that the file (or --range) has",
        is_data: true,
        in_tables: true,
        of_file: |row| count(Some(row.residency.pages)),
        of_total: |total| count(Some(total.pages)),
    },
    Column {
        name: "resident_pages",
        heading: "RES-PAGES",
        about: "pages in memory",
        is_data: true,
        in_tables: false,
        of_file: |row| count(row.residency.resident),
        of_total: |total| count(total.resident()),
    },
    Column {
        name: "resident_bytes",
        heading: "RESIDENT",
        about: "memory that those pages take",
        is_data: true,
        in_tables: true,
        of_file: |row| Value::Bytes(row.residency.resident.map(Pages::bytes)),
        of_total: |total| Value::Bytes(total.resident().map(Pages::bytes)),
    },
    Column {
        name: "resident_percent",
        heading: "%",
        about: "pages in memory, in percent of all",
        is_data: true,
        in_tables: true,
        of_file: |row| Value::Percent(share(row.residency.resident, row.residency.pages)),
        of_total: |total| Value::Percent(total.whole().and_then(|whole| share(total.resident(), whole))),
    },
    Column {
        name: "dirty_pages",
        heading: "DIRTY",
        about: "pages newer than the storage (a large folio counts as a whole)",
        is_data: true,
        in_tables: false,
        of_file: |row| count(row.residency.dirty),
        of_total: |total| count(total.dirty),
    },
    Column {
        name: "writeback_pages",
        heading: "WRITEBACK",
        about: "pages being written to the storage",
        is_data: true,
        in_tables: false,
        of_file: |row| count(row.residency.writeback),
        of_total: |total| count(total.writeback),
    },
    Column {
        name: "evicted_pages",
        heading: "EVICTED",
        about: "pages that memory pressure pushed out (tmpfs: to swap)",
        is_data: true,
        in_tables: false,
        of_file: |row| count(row.residency.evicted),
        of_total: |total| count(total.evicted),
    },
    Column {
        name: "recently_evicted_pages",
        heading: "RECENTLY",
        about: "those of them pushed out so recently that memory is short",
        is_data: true,
        in_tables: false,
        of_file: |row| count(row.residency.recently_evicted),
        of_total: |total| count(total.recently_evicted),
    },
    Column {
        name: "probe",
        heading: "PROBE",
        about: "system call that answered: cachestat or mincore",
        is_data: true,
        in_tables: false,
        of_file: |row| text(row.residency.probe.map(|probe| probe.to_string())),
        of_total: |_| text(Some(String::new())),
    },
    Column {
        name: "map",
        heading: "MAP",
        about: "strip from the start of the file to its end: · absent, ▁…▇ partly, █ resident",
        is_data: false,
        in_tables: true,
        of_file: |row| Value::Text(row.residency.resident.map(|_| Cow::Borrowed(&*row.strip))),
        of_total: |_| text(Some(String::new())),
    },
    Column {
        name: "path",
        heading: "PATH",
        about: "path as named, or below a named directory",
        is_data: true,
        in_tables: true,
        of_file: |row| Value::Path(&row.path),
        of_total: |total| text(Some(files(total))),
    },
    Column {
        name: "note",
        heading: "NOTE",
        about: "why residency is unknown, or that the file changed meanwhile",
        is_data: false,
        in_tables: false,
        of_file: |row| text(Some(row.note().unwrap_or_default())),
        of_total: |_| text(Some(String::new())),
    },
];

fn count(pages: Option<Pages>) -> Value<'static> {
    Value::Count(pages.map(|pages| pages.0))
}

fn text(text: Option<String>) -> Value<'static> {
    Value::Text(text.map(Cow::Owned))
}

/// What stands where the path would be, in the total.
fn files(total: &Total) -> String {
    let mut text = format!("total of {} file{}", total.files, if total.files == 1 { "" } else { "s" });
    if total.unknown_files > 0 {
        text += &format!(", {} unknown", total.unknown_files);
    }
    text
}

/// The column with this name.
pub(crate) fn find(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// The name that stands for a list of all columns.
pub(crate) const HELP: &str = "help";

/// The names that `--columns` takes.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|column| column.name).chain([HELP])
}

/// The names that `--sort` takes: those of columns with data.
pub(crate) fn sortable_names() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().filter(|column| column.is_data).map(|column| column.name)
}

/// What comes first when files are sorted by a column of numbers: the larger ones, or the smaller ones in reverse; unknown
/// last in any case. None for columns of text.
pub(crate) fn numeric_key(column: &Column, reverse: bool, row: &Row<'_>) -> Option<u64> {
    let number = match (column.of_file)(row) {
        Value::Bytes(number) | Value::Count(number) => number,
        Value::Percent(share) => share.map(|share| u64::from(share.thousandths())),
        Value::Text(_) | Value::Path(_) => return None,
    };
    let turned = number.map(|number| if reverse { number } else { u64::MAX - 1 - number });
    Some(turned.unwrap_or(u64::MAX))
}

/// The order of two files by one column: numbers from the largest, text from A to Z, unknown last in any case.
pub(crate) fn compare(column: &Column, reverse: bool, a: &Row<'_>, b: &Row<'_>) -> Ordering {
    let turn = |order: Ordering| if reverse { order.reverse() } else { order };
    match ((column.of_file)(a), (column.of_file)(b)) {
        (Value::Bytes(a), Value::Bytes(b)) | (Value::Count(a), Value::Count(b)) => {
            unknown_last(a, b, |a, b| turn(b.cmp(&a)))
        }
        (Value::Percent(a), Value::Percent(b)) => unknown_last(a, b, |a, b| turn(b.cmp(&a))),
        (Value::Text(a), Value::Text(b)) => unknown_last(a, b, |a, b| turn(a.cmp(&b))),
        (Value::Path(a), Value::Path(b)) => turn(a.as_os_str().cmp(b.as_os_str())),
        _ => Ordering::Equal,
    }
}

fn unknown_last<T>(a: Option<T>, b: Option<T>, order: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(a, b),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_every_column_is_explained() {
        let names: HashSet<_> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), COLUMNS.len());
        for column in &COLUMNS {
            assert!(!column.about.is_empty() && !column.about.ends_with('.'), "{}", column.name);
            assert_eq!(column.heading, column.heading.to_uppercase());
            assert_ne!(column.name, HELP);
        }
    }
}
