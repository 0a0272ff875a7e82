//! The records of the machine formats: a contract, described by `docs/residency.schema.json`.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mmapio_core::{Error, ErrorKind, FileUser, Remaining, Run, Total};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::columns::{COLUMNS, Column, Value, Verb};
use super::row::Row;
use super::share::Share;
use super::spread::{self, LengthRecord};

/// The record of a file, or of a directory.
pub(crate) struct FileRecord<'a>(pub(crate) Verb, pub(crate) &'a Row<'a>);

/// A range's record.
pub(crate) struct RunRecord<'a>(pub(crate) &'a Path, pub(crate) &'a Run);

/// The record of the sum of all files.
pub(crate) struct TotalRecord<'a>(pub(crate) Verb, pub(crate) &'a Total);

/// The record of a round of watching: the sum of all files at a time.
pub(crate) struct RoundRecord<'a> {
    pub(crate) verb: Verb,
    /// Counted from 1.
    pub(crate) round: u64,
    /// When it began.
    pub(crate) time: Option<String>,
    /// The same, since the first.
    pub(crate) seconds: f64,
    pub(crate) total: &'a Total,
    /// None is unknown, or there was no round before.
    pub(crate) change: Option<i64>,
    pub(crate) change_since_start: Option<i64>,
}

/// The record of a path that failed.
pub(crate) struct ErrorRecord<'a>(pub(crate) &'a Error);

impl Serialize for FileRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(verb, row) = *self;
        let mut map = serializer.serialize_map(None)?;
        if let Some(sum) = &row.sum {
            map.serialize_entry("type", "directory")?;
            path_entry(&mut map, row.path.as_ref())?;
            total_entries(&mut map, verb, sum)?;
            return map.end();
        }
        map.serialize_entry("type", "file")?;
        path_entry(&mut map, row.path.as_ref())?;
        if row.ranged {
            map.serialize_entry("offset", &row.residency.extent.offset())?;
            map.serialize_entry("length", &row.residency.extent.length())?;
        }
        for column in data_columns(verb, row.spread.is_some()).filter(|column| column.name != "path") {
            value_entry(&mut map, column.name, column.of(row))?;
        }
        if let Some(unknown) = row.residency.unknown {
            map.serialize_entry("unknown", &unknown.to_string())?;
        }
        if row.residency.changed {
            map.serialize_entry("changed", &true)?;
        }
        if let Some(file) = &row.in_use {
            map.serialize_entry("processes", &UserRecord::all(&file.users))?;
            map.serialize_entry("deleted", &row.is_deleted())?;
        }
        map.end()
    }
}

impl Serialize for RunRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(path, run) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "run")?;
        path_entry(&mut map, path)?;
        map.serialize_entry("offset", &run.extent.offset())?;
        map.serialize_entry("length", &run.extent.length())?;
        map.serialize_entry("state", &run.state.as_str())?;
        map.end()
    }
}

impl Serialize for TotalRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(verb, total) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "total")?;
        total_entries(&mut map, verb, total)?;
        map.end()
    }
}

impl Serialize for RoundRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "round")?;
        map.serialize_entry("round", &self.round)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("seconds", &microseconds(self.seconds))?;
        total_entries(&mut map, self.verb, self.total)?;
        map.serialize_entry("resident_pages_change", &self.change)?;
        map.serialize_entry("resident_pages_change_since_start", &self.change_since_start)?;
        map.end()
    }
}

/// The columns that records have: those of how residency is spread where that was asked.
fn data_columns(verb: Verb, spread: bool) -> impl Iterator<Item = &'static Column> {
    COLUMNS
        .iter()
        .filter(move |column| column.data.has(verb) || spread && spread::COLUMNS.contains(&column.name))
}

/// What every record of a sum of files has.
fn total_entries<M: SerializeMap>(map: &mut M, verb: Verb, total: &Total) -> Result<(), M::Error> {
    map.serialize_entry("files", &total.files)?;
    for column in data_columns(verb, total.spread.is_some()) {
        let value = (column.of_total)(total);
        if !matches!(value, Value::Text(_)) {
            value_entry(map, column.name, value)?;
        }
    }
    map.serialize_entry("unknown_files", &total.unknown_files)?;
    map.serialize_entry("errors", &total.errors)
}

impl Serialize for ErrorRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "error")?;
        if let Some(path) = error.path() {
            path_entry(&mut map, path)?;
        }
        map.serialize_entry("call", error.call())?;
        if let ErrorKind::Unreadable { extent, .. } = error.kind() {
            map.serialize_entry("offset", &extent.offset())?;
            map.serialize_entry("length", &extent.length())?;
        }
        map.serialize_entry("errno", &error.errno())?;
        map.serialize_entry("message", &error.reason())?;
        map.end()
    }
}

/// A process that uses a file.
#[derive(Serialize)]
struct UserRecord<'a> {
    pid: u32,
    command: &'a str,
    mapped: bool,
    open: bool,
}

impl<'a> UserRecord<'a> {
    fn all(users: &'a [FileUser]) -> Vec<Self> {
        let of = |user: &'a FileUser| Self {
            pid: user.pid,
            command: &user.command,
            mapped: user.mapped,
            open: user.open,
        };
        users.iter().map(of).collect()
    }
}

/// Pages that an act left as they were.
struct RemainingRecord<'a>(&'a Remaining);

impl Serialize for RemainingRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let left = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", left.reason.as_str())?;
        map.serialize_entry("pages", &left.pages.0)?;
        if !left.processes.is_empty() {
            map.serialize_entry("processes", &left.processes)?;
        }
        map.end()
    }
}

/// Seconds to a millionth.
pub(crate) fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// A path as a field of a record that flattens it.
#[derive(Debug)]
pub(crate) struct PathField<'a>(pub(crate) &'a Path);

impl Serialize for PathField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        path_entry(&mut map, self.0)?;
        map.end()
    }
}

/// A path without loss: as text where it is UTF-8, else its bytes in base64.
fn path_entry<M: SerializeMap>(map: &mut M, path: &Path) -> Result<(), M::Error> {
    match path.to_str() {
        Some(text) => map.serialize_entry("path", text),
        None => map.serialize_entry("path_b64", &STANDARD.encode(path.as_os_str().as_encoded_bytes())),
    }
}

fn value_entry<M: SerializeMap>(map: &mut M, name: &str, value: Value<'_>) -> Result<(), M::Error> {
    match value {
        Value::Path(path) => path_entry(map, path),
        Value::Bytes(number) | Value::Count(number) | Value::Rate(number) => {
            map.serialize_entry(name, &number)
        }
        Value::Seconds(seconds) => map.serialize_entry(name, &seconds.map(microseconds)),
        Value::Users(users) => map.serialize_entry(name, &users.as_deref().map(UserRecord::all)),
        Value::Lengths(lengths) => map.serialize_entry(name, &lengths.as_deref().map(LengthRecord::all)),
        Value::Remaining(left) => {
            let records = left.as_deref().map(|left| left.iter().map(RemainingRecord).collect::<Vec<_>>());
            map.serialize_entry(name, &records)
        }
        Value::Percent(percent) => map.serialize_entry(name, &percent.map(Share::percent)),
        Value::Text(text) => map.serialize_entry(name, &text),
    }
}
