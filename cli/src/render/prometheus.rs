//! Metrics in Prometheus' text format: of the total, and of the files or directories that are shown.
//!
//! The text is what `promtool check metrics` finds nothing to say about: base units, no timestamps, one group of lines for each metric.
//! Every file is a series of its own for whoever scrapes this, which is why only those that were asked for by number are shown;
//! how many directories there are is said by their depth.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use mmapio_core::{Pages, Total};

use super::cached::Cached;
use super::escape;
use super::row::{Kept, Row};

/// A metric of files, of directories, of the total or of the page cache.
struct Metric<T> {
    name: &'static str,
    help: &'static str,
    of: fn(&T) -> Option<u64>,
}

/// Of each file.
const OF_FILES: &[Metric<Row<'static>>] = &[
    Metric { name: "mmapio_file_size_bytes", help: "Size of the file.", of: |row| Some(row.size) },
    Metric {
        name: "mmapio_file_resident_bytes",
        help: "Memory that the page cache has of the file.",
        of: |row| row.residency.resident.map(Pages::bytes),
    },
    Metric {
        name: "mmapio_file_dirty_bytes",
        help: "Memory of the file that is newer than the storage.",
        of: |row| row.residency.dirty.map(Pages::bytes),
    },
    Metric {
        name: "mmapio_file_writeback_bytes",
        help: "Memory of the file that is being written to the storage.",
        of: |row| row.residency.writeback.map(Pages::bytes),
    },
];

/// Of each directory.
const OF_DIRECTORIES: &[Metric<Total>] = &[
    Metric {
        name: "mmapio_directory_files",
        help: "Files in and below the directory.",
        of: |sum| Some(sum.files),
    },
    Metric {
        name: "mmapio_directory_unknown_files",
        help: "Files of the directory of which residency is unknown; the sums leave them out.",
        of: |sum| Some(sum.unknown_files),
    },
    Metric {
        name: "mmapio_directory_failed_paths",
        help: "Paths in and below the directory that could not be looked at.",
        of: |sum| Some(sum.errors),
    },
    Metric {
        name: "mmapio_directory_size_bytes",
        help: "Size of all files of the directory.",
        of: |sum| Some(sum.size),
    },
    Metric {
        name: "mmapio_directory_resident_bytes",
        help: "Memory that the page cache has of the files of the directory.",
        of: |sum| sum.resident().map(Pages::bytes),
    },
    Metric {
        name: "mmapio_directory_dirty_bytes",
        help: "Memory of the files of the directory that is newer than the storage.",
        of: |sum| sum.of_known(sum.dirty).map(Pages::bytes),
    },
    Metric {
        name: "mmapio_directory_writeback_bytes",
        help: "Memory of the files of the directory that is being written to the storage.",
        of: |sum| sum.of_known(sum.writeback).map(Pages::bytes),
    },
];

/// Of all files that were looked at.
const OF_TOTAL: &[Metric<Total>] = &[
    Metric { name: "mmapio_files", help: "Files that were looked at.", of: |total| Some(total.files) },
    Metric {
        name: "mmapio_unknown_files",
        help: "Files of which residency is unknown; the sums leave them out.",
        of: |total| Some(total.unknown_files),
    },
    Metric {
        name: "mmapio_failed_paths",
        help: "Paths that could not be looked at.",
        of: |total| Some(total.errors),
    },
    Metric { name: "mmapio_size_bytes", help: "Size of all files.", of: |total| Some(total.size) },
    Metric {
        name: "mmapio_resident_bytes",
        help: "Memory that the page cache has of all files.",
        of: |total| total.resident().map(Pages::bytes),
    },
    Metric {
        name: "mmapio_dirty_bytes",
        help: "Memory of all files that is newer than the storage.",
        of: |total| total.of_known(total.dirty).map(Pages::bytes),
    },
    Metric {
        name: "mmapio_writeback_bytes",
        help: "Memory of all files that is being written to the storage.",
        of: |total| total.of_known(total.writeback).map(Pages::bytes),
    },
];

/// Of the page cache that the files are set against.
const OF_PAGE_CACHE: &[Metric<Cached>] = &[
    Metric {
        name: "mmapio_page_cache_cached_bytes",
        help: "Cached, as the kernel tells it.",
        of: |cached| Some(cached.cached_bytes),
    },
    Metric {
        name: "mmapio_page_cache_buffers_bytes",
        help: "Buffers, as the kernel tells it.",
        of: |cached| Some(cached.buffers_bytes),
    },
    Metric {
        name: "mmapio_page_cache_other_bytes",
        help: "Memory of the page cache that is not of the files that were looked at.",
        of: |cached| cached.other_bytes,
    },
];

/// All of it. What is unknown has no line: a gap is what Prometheus takes for unknown.
pub(crate) fn text(total: &Total, cached: Option<&Cached>, rows: &Kept) -> String {
    let mut text = String::new();
    single(OF_TOTAL, total, &mut text);
    if let Some(cached) = cached {
        single(OF_PAGE_CACHE, cached, &mut text);
    }
    let files: Vec<_> = rows.iter().filter(|row| row.sum.is_none()).map(AsRef::as_ref).collect();
    series(OF_FILES, labels_of_files(&files).zip(files), &mut text);
    let sums = rows.iter().filter_map(|row| Some((labels(&row.path), row.sum.as_deref()?)));
    series(OF_DIRECTORIES, sums, &mut text);
    text
}

/// A series for each metric.
fn single<T>(metrics: &[Metric<T>], of: &T, text: &mut String) {
    for metric in metrics {
        if let Some(value) = (metric.of)(of) {
            head(metric.name, metric.help, text);
            let _ = writeln!(text, "{} {value}", metric.name);
        }
    }
}

/// A series for each of these, with its labels.
fn series<'r, T: 'r>(
    metrics: &[Metric<T>],
    labelled: impl Iterator<Item = (String, &'r T)>,
    text: &mut String,
) {
    let labelled: Vec<_> = labelled.collect();
    for metric in metrics {
        let mut lines = String::new();
        for (labels, of) in &labelled {
            if let Some(value) = (metric.of)(of) {
                let _ = writeln!(lines, "{}{{{labels}}} {value}", metric.name);
            }
        }
        if !lines.is_empty() {
            head(metric.name, metric.help, text);
            text.push_str(&lines);
        }
    }
}

/// The labels of each file. Files in use may have one path, since it is gone or in a place of its own: numbers tell those apart.
fn labels_of_files<'r>(files: &[&'r Row<'static>]) -> impl Iterator<Item = String> + use<'r> {
    let mut labelled: Vec<_> = files.iter().map(|row| (labels_of_file(row), row.id)).collect();
    let mut count: HashMap<String, usize> = HashMap::new();
    for (labels, _) in &labelled {
        *count.entry(labels.clone()).or_default() += 1;
    }
    for (labels, id) in &mut labelled {
        if let Some(id) = id.filter(|_| count.get(labels).is_some_and(|count| *count > 1)) {
            let _ = write!(labels, ",device=\"{}\",inode=\"{}\"", id.device, id.inode);
        }
    }
    labelled.into_iter().map(|(labels, _)| labels)
}

fn labels_of_file(row: &Row<'_>) -> String {
    let deleted = if row.is_deleted() { ",deleted=\"true\"" } else { "" };
    labels(&row.path) + deleted
}

fn head(name: &str, help: &str, text: &mut String) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
}

/// The labels of a path. One that is no UTF-8 is written with escapes, as on a terminal; since another file may be called just so, a label
/// tells it.
fn labels(path: &Path) -> String {
    match path.to_str() {
        Some(path) => format!("path=\"{}\"", value(path)),
        None => format!("path=\"{}\",escaped=\"true\"", value(&escape::path(path))),
    }
}

/// What a label has between its quotes.
fn value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        assert_eq!(labels(Path::new("a\"b\\c\nd")), "path=\"a\\\"b\\\\c\\nd\"");
    }

    #[cfg(unix)]
    #[test]
    fn labels_can_be_told_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let of = |path: &[u8]| labels(Path::new(OsStr::from_bytes(path)));
        assert_eq!(of(b"\xff"), "path=\"\\\\xff\",escaped=\"true\"");
        let paths: [&[u8]; 4] = [b"\xff", b"\\xff", b"\\\\xff", b"\xff\\xff"];
        let all: std::collections::HashSet<_> = paths.into_iter().map(of).collect();
        assert_eq!(all.len(), paths.len(), "{all:?}");
    }
}
