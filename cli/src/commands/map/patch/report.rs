//! How a patch is reported.

use std::path::Path;

use anyhow::Result;
use mmapio_core::{Patched, Preview, Way};
use serde::Serialize;

use super::hex;
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::commands::map::common::{self, Document};
use crate::output::Exit;
use crate::render::escape;
use crate::render::records::{ErrorRecord, PathField, microseconds};

/// What there is to report.
pub(super) enum Report<'a> {
    Patched(&'a Patched),
    Preview(&'a Preview),
}

/// The record of a patch.
#[derive(Serialize)]
struct PatchRecord<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    offset: u64,
    length: u64,
    written_bytes: u64,
    changed_bytes: u64,
    size_before: u64,
    size: u64,
    dry_run: bool,
    #[serde(flatten)]
    rest: Rest<'a>,
}

/// What a record of what was done has, and one of what would be done.
#[derive(Serialize)]
#[serde(untagged)]
enum Rest<'a> {
    Done { way: &'static str, durable: bool, interrupted: bool, seconds: f64, error: Option<ErrorRecord<'a>> },
    Planned { before: String, after: String },
}

impl Report<'_> {
    /// Prints it as it was asked for.
    pub(super) fn print(&self, arguments: &Map, path: &Path) -> Result<Exit> {
        match arguments.facts.format {
            Format::Table => common::print(&self.text(path)),
            Format::Json => Document::print(self.record(path)),
            Format::Ndjson => common::print(&common::lines([self.record(path)])?),
        }
    }

    fn record<'a>(&'a self, path: &'a Path) -> PatchRecord<'a> {
        let (r#type, path) = ("patch", PathField(path));
        match self {
            Self::Patched(patched) => PatchRecord {
                r#type,
                path,
                offset: patched.extent.offset(),
                length: patched.extent.length(),
                written_bytes: patched.written,
                changed_bytes: patched.changed,
                size_before: patched.size_before,
                size: patched.size,
                dry_run: false,
                rest: Rest::Done {
                    way: patched.way.as_str(),
                    durable: patched.durable,
                    interrupted: patched.interrupted,
                    seconds: microseconds(patched.elapsed.as_secs_f64()),
                    error: patched.error.as_ref().map(ErrorRecord),
                },
            },
            Self::Preview(preview) => PatchRecord {
                r#type,
                path,
                offset: preview.extent.offset(),
                length: preview.extent.length(),
                written_bytes: 0,
                changed_bytes: preview.changed,
                size_before: preview.size_before,
                size: preview.size_after,
                dry_run: true,
                rest: Rest::Planned {
                    before: hex::digits(&preview.before),
                    after: hex::digits(&preview.after),
                },
            },
        }
    }

    fn text(&self, path: &Path) -> String {
        let path = escape::path(path);
        match self {
            Self::Patched(patched) => format!("{path}: {}\n", done(patched)),
            Self::Preview(preview) => format!("{path}: {}\n{}", planned(preview), shown(preview)),
        }
    }
}

fn done(patched: &Patched) -> String {
    let (written, offset, changed) = (patched.written, patched.extent.offset(), patched.changed);
    let storage = match (patched.durable, &patched.error) {
        (true, _) => "on the storage",
        (false, None) => "in memory, as the filesystem is",
        (false, Some(_)) => "perhaps not on the storage",
    };
    let by = match patched.way {
        Way::Pwrite => ", by pwrite(2), since the filesystem has no fallocate(2)",
        _ => "",
    };
    let size = size(patched.size_before, patched.size);
    let milliseconds = patched.elapsed.as_secs_f64() * 1e3;
    format!(
        "{} written at {offset}, {changed} of them changed, compared, {storage}{by}{size} ({milliseconds:.1} ms)",
        bytes(written)
    )
}

fn planned(preview: &Preview) -> String {
    let (offset, changed) = (preview.extent.offset(), preview.changed);
    let size = size(preview.size_before, preview.size_after);
    format!(
        "{} would be written at {offset}, {changed} of them changed{size}",
        bytes(preview.extent.length())
    )
}

fn bytes(count: u64) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

fn size(before: u64, after: u64) -> String {
    if before == after { String::new() } else { format!(", the size from {before} to {after}") }
}

fn shown(preview: &Preview) -> String {
    let mut text = hex::before_and_after(preview.extent.offset(), &preview.before, &preview.after);
    let more = preview.extent.length() - preview.after.len() as u64;
    if more > 0 {
        text += &format!("  … {more} more\n");
    }
    text
}
