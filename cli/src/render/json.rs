//! One JSON document: the records of ndjson in three lists.

use std::path::Path;

use mmapio_core::Run;

use super::columns::Verb;
use super::ndjson::push;
use super::records::{ErrorRecord, FileRecord, RunRecord, TotalRecord};
use super::row::Row;
use super::{Ending, Format};

/// The format; its list is of files or of runs.
pub(crate) struct Json {
    pub(crate) runs: bool,
    pub(crate) verb: Verb,
}

impl Format for Json {
    fn head(&self, out: &mut Vec<u8>) {
        let list = if self.runs { "\"files\":[],\"runs\":[" } else { "\"files\":[" };
        out.extend_from_slice(b"{\"version\":1,");
        out.extend_from_slice(list.as_bytes());
    }

    fn file(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\n");
        push(&FileRecord(self.verb, row), out);
    }

    fn run(&self, path: &Path, run: &Run, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\n");
        push(&RunRecord(path, run), out);
    }

    fn tail(&self, end: &Ending<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n],");
        if let Some(total) = end.total {
            out.extend_from_slice(b"\"total\":");
            push(&TotalRecord(self.verb, total), out);
            out.push(b',');
        }
        if let Some(cached) = end.cached {
            out.extend_from_slice(b"\"page_cache\":");
            push(cached, out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"errors\":[");
        for (index, error) in end.errors.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            push(&ErrorRecord(error), out);
        }
        out.extend_from_slice(b"]}\n");
    }
}
