//! One JSON document: the records of ndjson in three lists.

use std::path::Path;

use mmapio_core::Run;

use super::columns::Verb;
use super::ndjson::push;
use super::records::{ErrorRecord, FileRecord, RunRecord, TotalRecord};
use super::row::Row;
use super::{Ending, Format};

/// The format.
pub(crate) struct Json {
    pub(crate) list: List,
    pub(crate) verb: Verb,
}

/// What its list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Files,
    Runs,
    /// Directories, and files that were named.
    Directories,
}

impl Format for Json {
    fn head(&self, out: &mut Vec<u8>) {
        let list = match self.list {
            List::Files => "\"files\":[",
            List::Runs => "\"files\":[],\"runs\":[",
            List::Directories => "\"files\":[],\"directories\":[",
        };
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
