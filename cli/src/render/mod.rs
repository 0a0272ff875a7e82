//! How what was found is written: the column table, and one file an output format.

pub(crate) mod cached;
pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod escape;
pub(crate) mod heat;
pub(crate) mod json;
pub(crate) mod man;
pub(crate) mod ndjson;
pub(crate) mod ordering;
pub(crate) mod paths;
pub(crate) mod prometheus;
pub(crate) mod records;
pub(crate) mod remaining;
pub(crate) mod row;
pub(crate) mod share;
pub(crate) mod spread;
pub(crate) mod strip;
pub(crate) mod svg;
pub(crate) mod table;
pub(crate) mod users;

#[cfg(test)]
mod tests;

use std::path::Path;

use mmapio_core::{Error, Run, Total};

use cached::Cached;
use row::Row;

/// An output format. Each method appends text to `out`; nothing here knows where that goes.
///
/// Records are independent of each other, so that threads can write them apart. A record that needs a comma before it begins with one;
/// whoever puts the records together leaves out the very first.
pub(crate) trait Format: Sync {
    /// What comes before the first record.
    fn head(&self, _out: &mut Vec<u8>) {}

    /// A file.
    fn file(&self, row: &Row<'_>, out: &mut Vec<u8>);

    /// A range of a file.
    fn run(&self, path: &Path, run: &Run, out: &mut Vec<u8>);

    /// A path that failed, in formats that keep such things among the data.
    fn error(&self, _error: &Error, _out: &mut Vec<u8>) {}

    /// What comes after the last record.
    fn tail(&self, _end: &Ending<'_>, _out: &mut Vec<u8>) {}
}

/// What comes after the records of files, where it is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) total: Option<&'a Total>,
    pub(crate) cached: Option<&'a Cached>,
    pub(crate) errors: &'a [Error],
}
