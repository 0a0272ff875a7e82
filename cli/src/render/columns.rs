//! THE column table: tables, csv, JSON, sorting and help all read it. A new column is one row here.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use mmapio_core::{FileUser, Pages, Part, Remaining, RunLengths, Total};

use super::row::Row;
use super::share::{Share, share};
use super::spread;

/// What a column holds for a file, before it is written in any format. None is unknown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Path(&'a Path),
    Bytes(Option<u64>),
    Count(Option<u64>),
    Percent(Option<Share>),
    Text(Option<Cow<'a, str>>),
    Seconds(Option<f64>),
    /// Bytes a second.
    Rate(Option<u64>),
    /// How many runs are how long: powers of two of bytes, each with its number of runs.
    Lengths(Option<Vec<(u64, u64)>>),
    /// Who uses it; nothing is known where that was not asked.
    Users(Option<Cow<'a, [FileUser]>>),
    /// What an act left as it was; nothing is known only of what was no act.
    Remaining(Option<Cow<'a, [Remaining]>>),
}

/// What a command does with files: which columns it has depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Incore = 1,
    Warm = 2,
    Evict = 4,
    Advise = 8,
    Sync = 16,
}

/// A set of verbs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verbs(u8);

impl Verbs {
    pub(crate) fn has(self, verb: Verb) -> bool {
        self.0 & verb as u8 != 0
    }
}

const NONE: Verbs = Verbs(0);
const ALL: Verbs = Verbs(31);
const INCORE: Verbs = Verbs(1);
const WARM: Verbs = Verbs(2);
const SYNC: Verbs = Verbs(16);
/// Everything that changes something.
const ACTS: Verbs = Verbs(2 | 4 | 8 | 16);

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name in options, csv and JSON.
    pub(crate) name: &'static str,
    /// Its heading in tables.
    pub(crate) heading: &'static str,
    /// What it holds, in a line.
    pub(crate) about: &'static str,
    /// Where JSON and csv have it unless told otherwise.
    pub(crate) data: Verbs,
    /// Where tables have it unless told otherwise.
    pub(crate) tables: Verbs,
    /// Where it can be asked for.
    pub(crate) verbs: Verbs,
    /// Its value for a file, and what of a directory is not in the sum: its path.
    pub(crate) of_file: for<'a> fn(&'a Row<'_>) -> Value<'a>,
    /// Its value for the sum of files.
    pub(crate) of_total: fn(&Total) -> Value<'static>,
}

impl Column {
    /// Its value for a row, which is a file or the sum of files in a directory: what all formats and all sorting read.
    pub(crate) fn of<'a>(&self, row: &'a Row<'_>) -> Value<'a> {
        match &row.sum {
            Some(sum) if !OF_ROWS.contains(&self.name) => (self.of_total)(sum),
            _ => (self.of_file)(row),
        }
    }

    /// Whether it holds numbers, which stand at the right.
    pub(crate) fn is_number(&self) -> bool {
        !matches!(
            (self.of_total)(&Total::default()),
            Value::Text(_) | Value::Path(_) | Value::Remaining(_) | Value::Users(_) | Value::Lengths(_)
        )
    }

    /// Its heading in the tables of a command: what was changed is known by what was done.
    pub(crate) fn heading(&self, verb: Verb) -> &'static str {
        match (verb, self.name) {
            (Verb::Warm, "changed_bytes") => "LOADED",
            (Verb::Evict, "changed_bytes") => "DROPPED",
            (Verb::Sync, "changed_bytes") => "WRITTEN",
            _ => self.heading,
        }
    }
}

/// Columns of which directories have what files have.
const OF_ROWS: [&str; 3] = ["map", "path", "note"];

/// The columns in their order.
pub(crate) const COLUMNS: [Column; 35] = [
    Column {
        name: "files",
        heading: "FILES",
        about: "how many files: with --by-directory, in and below the directory",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |_| Value::Count(Some(1)),
        of_total: |total| Value::Count(Some(total.files)),
    },
    Column {
        name: "size",
        heading: "SIZE",
        about: "size of the file",
        data: ALL,
        tables: ALL,
        verbs: ALL,
        of_file: |row| Value::Bytes(Some(row.size)),
        of_total: |total| Value::Bytes(Some(total.size)),
    },
    Column {
        name: "pages",
        heading: "PAGES",
        about: "pages that the file (or --range) has",
        data: ALL,
        tables: INCORE,
        verbs: ALL,
        of_file: |row| count(Some(row.residency.pages)),
        of_total: |total| count(Some(total.pages)),
    },
    Column {
        name: "before_resident_bytes",
        heading: "BEFORE",
        about: "memory that the file had before",
        data: NONE,
        tables: Verbs(8),
        verbs: ACTS,
        of_file: |row| bytes(row.act().and_then(|act| act.before.resident)),
        of_total: |total| bytes(total.acts.before_resident),
    },
    Column {
        name: "before_resident_pages",
        heading: "BEFORE-PAGES",
        about: "pages in memory before",
        data: ACTS,
        tables: NONE,
        verbs: ACTS,
        of_file: |row| count(row.act().and_then(|act| act.before.resident)),
        of_total: |total| count(total.acts.before_resident),
    },
    Column {
        name: "before_dirty_pages",
        heading: "WAS-DIRTY",
        about: "pages newer than the storage before",
        data: SYNC,
        tables: SYNC,
        verbs: ACTS,
        of_file: |row| count(row.act().and_then(|act| act.before.dirty)),
        of_total: |total| count(total.acts.before_dirty),
    },
    Column {
        name: "before_writeback_pages",
        heading: "WAS-WRITING",
        about: "pages being written to the storage before",
        data: SYNC,
        tables: NONE,
        verbs: ACTS,
        of_file: |row| count(row.act().and_then(|act| act.before.writeback)),
        of_total: |total| count(total.acts.before_writeback),
    },
    Column {
        name: "resident_pages",
        heading: "RES-PAGES",
        about: "pages in memory",
        data: ALL,
        tables: NONE,
        verbs: ALL,
        of_file: |row| count(row.residency.resident),
        of_total: |total| count(total.resident()),
    },
    Column {
        name: "resident_bytes",
        heading: "RESIDENT",
        about: "memory that those pages take",
        data: ALL,
        tables: Verbs(1 | 4 | 8),
        verbs: ALL,
        of_file: |row| Value::Bytes(row.residency.resident.map(Pages::bytes)),
        of_total: |total| Value::Bytes(total.resident().map(Pages::bytes)),
    },
    Column {
        name: "resident_percent",
        heading: "%",
        about: "pages in memory, in percent of all",
        data: ALL,
        tables: Verbs(1 | 8),
        verbs: ALL,
        of_file: |row| Value::Percent(share(row.residency.resident, row.residency.pages)),
        of_total: |total| Value::Percent(total.whole().and_then(|whole| share(total.resident(), whole))),
    },
    Column {
        name: "dirty_pages",
        heading: "DIRTY",
        about: "pages newer than the storage (a large folio counts as a whole)",
        data: ALL,
        tables: SYNC,
        verbs: ALL,
        of_file: |row| count(row.residency.dirty),
        of_total: |total| count(total.of_known(total.dirty)),
    },
    Column {
        name: "writeback_pages",
        heading: "WRITEBACK",
        about: "pages being written to the storage",
        data: ALL,
        tables: SYNC,
        verbs: ALL,
        of_file: |row| count(row.residency.writeback),
        of_total: |total| count(total.of_known(total.writeback)),
    },
    Column {
        name: "evicted_pages",
        heading: "EVICTED",
        about: "pages that memory pressure pushed out (tmpfs: to swap)",
        data: ALL,
        tables: NONE,
        verbs: ALL,
        of_file: |row| count(row.residency.evicted),
        of_total: |total| count(total.of_known(total.evicted)),
    },
    Column {
        name: "recently_evicted_pages",
        heading: "RECENTLY",
        about: "those of them pushed out so recently that memory is short",
        data: ALL,
        tables: NONE,
        verbs: ALL,
        of_file: |row| count(row.residency.recently_evicted),
        of_total: |total| count(total.of_known(total.recently_evicted)),
    },
    Column {
        name: "probe",
        heading: "PROBE",
        about: "system call that answered: cachestat or mincore",
        data: ALL,
        tables: NONE,
        verbs: ALL,
        of_file: |row| text(row.residency.probe.map(|probe| probe.to_string())),
        of_total: |_| text(Some(String::new())),
    },
    Column {
        name: "requested_pages",
        heading: "ASKED-PAGES",
        about: "pages that were to be changed, or to be found as wanted",
        data: ACTS,
        tables: NONE,
        verbs: ACTS,
        of_file: |row| count(row.act().and_then(|act| act.requested)),
        of_total: |total| count(total.acts.requested),
    },
    Column {
        name: "requested_bytes",
        heading: "ASKED",
        about: "memory that those pages take",
        data: NONE,
        tables: Verbs(2 | 4 | 8),
        verbs: ACTS,
        of_file: |row| bytes(row.act().and_then(|act| act.requested)),
        of_total: |total| bytes(total.acts.requested),
    },
    Column {
        name: "changed_pages",
        heading: "CHANGED-PAGES",
        about: "pages that were changed: loaded, dropped, written",
        data: ACTS,
        tables: NONE,
        verbs: ACTS,
        of_file: |row| count(row.act().and_then(|act| act.changed)),
        of_total: |total| count(total.acts.changed),
    },
    Column {
        name: "changed_bytes",
        heading: "CHANGED",
        about: "memory that those pages take",
        data: NONE,
        tables: ACTS,
        verbs: ACTS,
        of_file: |row| bytes(row.act().and_then(|act| act.changed)),
        of_total: |total| bytes(total.acts.changed),
    },
    Column {
        name: "seconds",
        heading: "TIME",
        about: "how long it took",
        data: ACTS,
        tables: ACTS,
        verbs: ACTS,
        of_file: |row| Value::Seconds(row.act().map(|act| act.elapsed.as_secs_f64())),
        of_total: |total| Value::Seconds(Some(total.acts.elapsed.as_secs_f64())),
    },
    Column {
        name: "bytes_per_second",
        heading: "RATE",
        about: "changed bytes a second",
        data: NONE,
        tables: Verbs(2),
        verbs: ACTS,
        of_file: |row| Value::Rate(row.act().and_then(|act| rate(act.changed, act.elapsed))),
        of_total: |total| Value::Rate(rate(total.acts.changed, total.acts.elapsed)),
    },
    Column {
        name: "reached_percent",
        heading: "REACHED",
        about: "what is as it was to be, in percent of what was asked for",
        data: NONE,
        tables: WARM,
        verbs: ACTS,
        of_file: |row| Value::Percent(row.act().and_then(|act| reached(act.requested, &act.remaining))),
        of_total: |total| Value::Percent(reached(total.acts.requested, &total.acts.remaining)),
    },
    Column {
        name: "remaining",
        heading: "PAGES-LEFT",
        about: "pages that are not as they were to be, and why",
        data: ACTS,
        tables: ACTS,
        verbs: ACTS,
        of_file: |row| Value::Remaining(row.act().map(|act| Cow::Borrowed(&*act.remaining))),
        of_total: |total| Value::Remaining(Some(Cow::Owned(total.acts.remaining.clone()))),
    },
    Column {
        name: "first_percent",
        heading: "FIRST",
        about: "pages in memory in the first third, in percent of its pages (with --histogram)",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| third(spread::third(row, 0)),
        of_total: |total| third(spread::third_of_total(total, 0)),
    },
    Column {
        name: "middle_percent",
        heading: "MIDDLE",
        about: "pages in memory in the middle third, in percent of its pages (with --histogram)",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| third(spread::third(row, 1)),
        of_total: |total| third(spread::third_of_total(total, 1)),
    },
    Column {
        name: "last_percent",
        heading: "LAST",
        about: "pages in memory in the last third, in percent of its pages (with --histogram)",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| third(spread::third(row, 2)),
        of_total: |total| third(spread::third_of_total(total, 2)),
    },
    Column {
        name: "runs",
        heading: "RUNS",
        about: "stretches of pages in memory, each as long as can be (with --histogram)",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| Value::Count(spread::lengths(row).map(RunLengths::runs)),
        of_total: |total| Value::Count(spread::lengths_of_total(total).map(RunLengths::runs)),
    },
    Column {
        name: "shortest_run_bytes",
        heading: "SHORTEST",
        about: "memory of the shortest of them",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| {
            Value::Bytes(spread::lengths(row).and_then(|lengths| spread::bytes(lengths.shortest())))
        },
        of_total: |total| {
            Value::Bytes(
                spread::lengths_of_total(total).and_then(|lengths| spread::bytes(lengths.shortest())),
            )
        },
    },
    Column {
        name: "median_run_bytes",
        heading: "MEDIAN",
        about: "memory of the middle one, rounded down to a power of two",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| Value::Bytes(spread::lengths(row).and_then(|lengths| lengths.median_bytes())),
        of_total: |total| {
            Value::Bytes(spread::lengths_of_total(total).and_then(|lengths| lengths.median_bytes()))
        },
    },
    Column {
        name: "longest_run_bytes",
        heading: "LONGEST",
        about: "memory of the longest one",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| {
            Value::Bytes(spread::lengths(row).and_then(|lengths| spread::bytes(lengths.longest())))
        },
        of_total: |total| {
            Value::Bytes(spread::lengths_of_total(total).and_then(|lengths| spread::bytes(lengths.longest())))
        },
    },
    Column {
        name: "run_lengths",
        heading: "LENGTHS",
        about: "how many of them are how long, by powers of two of bytes: `4K█ 8M▁` is many of 4 to 8 KiB, few of 8 to 16 MiB",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| Value::Lengths(spread::lengths(row).map(|lengths| lengths.buckets().collect())),
        of_total: |total| {
            Value::Lengths(spread::lengths_of_total(total).map(|lengths| lengths.buckets().collect()))
        },
    },
    Column {
        name: "map",
        heading: "MAP",
        about: "strip from the start of the file to its end: · absent, ▁…▇ partly, █ resident; of a directory a bar: its whole \
                width is all pages, █ those resident, ▓ dirty among them (a cell if any is)",
        data: NONE,
        tables: INCORE,
        verbs: INCORE,
        of_file: |row| Value::Text(row.residency.resident.map(|_| Cow::Borrowed(&*row.strip))),
        of_total: |_| text(Some(String::new())),
    },
    Column {
        name: "processes",
        heading: "PROCESSES",
        about: "who uses it (with --open or --pid): name, number, and whether it maps it, has it open or both",
        data: NONE,
        tables: NONE,
        verbs: INCORE,
        of_file: |row| Value::Users(row.in_use.as_ref().map(|file| Cow::Borrowed(&*file.users))),
        of_total: |_| text(Some(String::new())),
    },
    Column {
        name: "path",
        heading: "PATH",
        about: "path as named, or below a named directory",
        data: ALL,
        tables: ALL,
        verbs: ALL,
        of_file: |row| Value::Path(&row.path),
        of_total: |total| text(Some(files(total))),
    },
    Column {
        name: "note",
        heading: "NOTE",
        about: "why residency is unknown, or that the file changed meanwhile; how many files of a directory are unknown or failed",
        data: NONE,
        tables: NONE,
        verbs: ALL,
        of_file: |row| text(Some(row.note().unwrap_or_default())),
        of_total: |_| text(Some(String::new())),
    },
];

fn count(pages: Option<Pages>) -> Value<'static> {
    Value::Count(pages.map(|pages| pages.0))
}

/// The share of what was asked for that nothing stands in the way of.
fn reached(requested: Option<Pages>, remaining: &[Remaining]) -> Option<Share> {
    let left: Pages = remaining.iter().map(|left| left.pages).sum();
    let there = Pages(requested?.0.saturating_sub(left.0));
    share(Some(there), requested?)
}

fn third(part: Option<Part>) -> Value<'static> {
    Value::Percent(part.and_then(|part| share(Some(part.resident), part.pages)))
}

fn bytes(pages: Option<Pages>) -> Value<'static> {
    Value::Bytes(pages.map(Pages::bytes))
}

/// Of nothing, or in no time, there is none.
fn rate(pages: Option<Pages>, elapsed: Duration) -> Option<u64> {
    let nanoseconds = elapsed.as_nanos();
    let bytes = u128::from(pages.filter(|pages| *pages > Pages(0))?.bytes());
    u64::try_from((bytes * 1_000_000_000).checked_div(nanoseconds)?).ok()
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

/// The columns that a command has.
pub(crate) fn of(verb: Verb) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |column| column.verbs.has(verb))
}

/// The names that `--columns` takes.
pub(crate) fn names(verb: Verb) -> impl Iterator<Item = &'static str> {
    of(verb).map(|column| column.name).chain([HELP])
}

/// The names that `--sort` takes: those of columns with data, and of other numbers.
pub(crate) fn sortable_names(verb: Verb) -> impl Iterator<Item = &'static str> {
    let has_order = move |column: &&Column| column.data.has(verb) || column.is_number();
    of(verb).filter(has_order).map(|column| column.name)
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
