//! The end of a command that walks: what the threads found is put together and written, and the exit status comes of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use mmapio_core::{Error, FileId, Total, WalkOptions};

use super::order::Order;
use super::sink::{Frame, Sink};
use crate::args::common;
use crate::output::{Exit, Output};
use crate::render::Ending;
use crate::render::cached::Cached;
use crate::render::columns::{Column, Verb};
use crate::render::row::Kept;
use crate::render::table::{self, Look};

/// What is printed, and how.
pub(crate) struct Shown {
    pub(crate) verb: Verb,
    pub(crate) format: common::Format,
    pub(crate) columns: Option<Vec<&'static Column>>,
    /// Whether it is about ranges, which are written as they come.
    pub(crate) runs: bool,
    /// Whether it is about directories.
    pub(crate) directories: bool,
    pub(crate) exact: bool,
    pub(crate) ascii: bool,
    /// Whether it has how residency is spread.
    pub(crate) spread: bool,
    /// Whether it is known who uses which file.
    pub(crate) in_use: bool,
    /// Paths are ended by NUL.
    pub(crate) null: bool,
}

/// What the threads found, put together.
pub(crate) struct Merged {
    pub(crate) rows: Kept,
    pub(crate) total: Total,
    pub(crate) errors: Vec<Error>,
    /// What part of the page cache they are, where that was asked.
    pub(crate) cached: Option<Cached>,
}

impl Merged {
    pub(crate) fn of(mut sinks: Vec<Sink<'_>>, order: &Order) -> Self {
        prefer_first_names(&mut sinks);
        let mut merged = Self { rows: Vec::new(), total: Total::default(), errors: Vec::new(), cached: None };
        let mut lists = Vec::new();
        for mut sink in sinks {
            // When writing failed, the output remembers why.
            let _ = sink.flush();
            merged.total.merge(&sink.total);
            merged.errors.append(&mut sink.errors);
            lists.push(std::mem::take(&mut sink.rows));
        }
        lists.retain(|rows| !rows.is_empty());
        merged.rows = order.merge(lists);
        merged
    }
}

impl Merged {
    /// Adds what went wrong elsewhere.
    pub(crate) fn take_errors(&mut self, mut sink: Sink<'_>) {
        // When writing failed, the output remembers why.
        let _ = sink.flush();
        self.total.merge(&sink.total);
        self.errors.append(&mut sink.errors);
    }
}

/// The first of the other names of each file.
pub(crate) fn first_names(aliases: impl Iterator<Item = (FileId, PathBuf)>) -> HashMap<FileId, PathBuf> {
    let mut first: HashMap<FileId, PathBuf> = HashMap::new();
    for (id, path) in aliases {
        match first.entry(id) {
            Entry::Occupied(mut known) if path < *known.get() => drop(known.insert(path)),
            Entry::Occupied(_) => {}
            Entry::Vacant(new) => drop(new.insert(path)),
        }
    }
    first
}

/// Gives every file the first of its names, so that it does not depend on chance which of them is shown.
fn prefer_first_names(sinks: &mut [Sink<'_>]) {
    let mut first = first_names(sinks.iter_mut().flat_map(|sink| sink.aliases.drain(..)));
    if first.is_empty() {
        return;
    }
    for row in sinks.iter_mut().flat_map(|sink| &mut sink.rows) {
        if let Some(path) = row.id.and_then(|id| first.remove(&id)).filter(|path| **path < *row.path) {
            row.path = Cow::Owned(path);
        }
    }
}

/// Writes the rows that were kept, and what comes after them: the total where it is wanted, which JSON documents have in any
/// case. When writing fails, the output remembers why.
pub(crate) fn finish(frame: &Frame<'_>, shown: &Shown, total: bool, found: &Merged, options: &WalkOptions) {
    let rows = &found.rows;
    let wanted = total || shown.format == common::Format::Json;
    let total = wanted.then_some(&found.total);
    let mut output = frame.output.hold();
    if shown.format == common::Format::Table && !shown.runs {
        let usual = || table::usual_columns(shown.verb, rows, total);
        let columns = shown.columns.clone().unwrap_or_else(usual);
        let look = Look { exact: shown.exact, color: is_coloured(), ascii: shown.ascii, verb: shown.verb };
        if !rows.is_empty() || total.is_some() {
            let _ = table::draw(rows, total, &columns, look, options, &mut |text| output.write(text));
        }
        if let Some(cached) = &found.cached {
            let _ = output.write(cached.words(shown.exact).as_bytes());
        }
        return;
    }
    let mut chunk = Vec::new();
    for row in rows {
        frame.format.file(row, &mut chunk);
    }
    let _ = output.write(&chunk);
    chunk.clear();
    frame.format.tail(&Ending { total, cached: found.cached.as_ref(), errors: &found.errors }, &mut chunk);
    let _ = output.write_apart(&chunk);
}

/// The exit status of what was found: a failed path is a failure, and so is a standard output that took no more, unless it
/// was closed.
pub(crate) fn exit(found: Merged, output: &Output) -> Result<Exit> {
    let failed = found.total.errors > 0;
    // Freeing a hundred thousand rows one by one takes longer than drawing them, and the process ends anyway.
    std::mem::forget(found);
    match output.result() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.context("standard output: write")?,
    }
    Ok(if failed { Exit::SomeFailed } else { Exit::Done })
}

/// Whether standard output is to be coloured.
pub(super) fn is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}
