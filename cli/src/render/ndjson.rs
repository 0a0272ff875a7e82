//! One JSON record a line.

use std::path::Path;

use mmapio_core::{Error, Run};
use serde::Serialize;

use super::columns::Verb;
use super::records::{ErrorRecord, FileRecord, RunRecord, TotalRecord};
use super::row::Row;
use super::{Ending, Format};

/// The format.
pub(crate) struct Ndjson {
    pub(crate) verb: Verb,
}

impl Format for Ndjson {
    fn file(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        line(&FileRecord(self.verb, row), out);
    }

    fn run(&self, path: &Path, run: &Run, out: &mut Vec<u8>) {
        line(&RunRecord(path, run), out);
    }

    fn error(&self, error: &Error, out: &mut Vec<u8>) {
        line(&ErrorRecord(error), out);
    }

    fn tail(&self, end: &Ending<'_>, out: &mut Vec<u8>) {
        if let Some(total) = end.total {
            line(&TotalRecord(self.verb, total), out);
        }
        if let Some(cached) = end.cached {
            line(cached, out);
        }
    }
}

/// Appends a record as a line.
pub(crate) fn line(record: &impl Serialize, out: &mut Vec<u8>) {
    push(record, out);
    out.push(b'\n');
}

/// Appends a record as JSON.
pub(crate) fn push(record: &impl Serialize, out: &mut Vec<u8>) {
    // Neither can writing into memory fail, nor have these records keys that are no text.
    let _ = serde_json::to_writer(out, record);
}
