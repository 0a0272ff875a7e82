//! What the things that `mmapio map` can do have in common.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

pub(super) use super::super::printing::{Document, print, table};

use super::super::paths::usage_error;
use crate::args::map::Map;

/// The file that the command line names; without one the usage was wrong.
pub(super) fn file(arguments: &Map) -> &Path {
    match arguments.file() {
        Some(file) => file,
        None => usage_error("map", "no FILE was given"),
    }
}

/// Prints records: one a line, or as the lists of a document.
pub(super) fn lines<T: Serialize>(records: impl IntoIterator<Item = T>) -> Result<String> {
    let line = |record| Ok(serde_json::to_string(&record)? + "\n");
    records.into_iter().map(line).collect()
}
