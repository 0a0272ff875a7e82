//! `mmapio map --create`, `--resize`, `--punch`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result};
use mmapio_core::{Blocks, ByteRange, Error, Extent, Flush, OpenFile, create_file, flush};
use serde::Serialize;

use super::common::{self, Document};
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::commands::paths::usage_error;
use crate::interrupt::outlive_file_size_limit;
use crate::messages;
use crate::output::Exit;
use crate::render::escape;
use crate::render::records::PathField;

/// The record of what became of a file.
#[derive(Serialize)]
struct SizeRecord<'a> {
    r#type: &'static str,
    act: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    offset: Option<u64>,
    length: Option<u64>,
    size_before: Option<u64>,
    size: u64,
    lost_bytes: u64,
    allocated_bytes: Option<u64>,
    dry_run: bool,
}

/// What is to be done to a file that is there.
struct Plan {
    act: &'static str,
    /// The bytes that are no longer there afterwards.
    part: Extent,
    /// How many of them are data.
    lost: u64,
    size: u64,
}

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let path = common::file(arguments);
    outlive_file_size_limit()?;
    match (arguments.size.size, arguments.size.resize, arguments.size.punch) {
        (Some(size), ..) => create(arguments, path, size),
        (_, Some(size), _) => change(arguments, path, |file| Ok(resizing(file, size))),
        (.., Some(range)) => change(arguments, path, |file| punching(file, range)),
        (None, None, None) => usage_error("map", "--create needs --size"),
    }
}

fn blocks(arguments: &Map) -> Blocks {
    if arguments.size.sparse { Blocks::Sparse } else { Blocks::Allocated }
}

fn create(arguments: &Map, path: &Path, size: u64) -> Result<Exit> {
    let dry_run = arguments.patch.dry_run;
    let allocated = if dry_run {
        if path.symlink_metadata().is_ok() {
            return Err(Error::system("open", std::io::ErrorKind::AlreadyExists.into())
                .with_path(path)
                .into());
        }
        None
    } else {
        create_file(path, size, blocks(arguments))?.allocated_bytes()
    };
    let record = SizeRecord {
        r#type: "size",
        act: "create",
        path: PathField(path),
        offset: None,
        length: None,
        size_before: None,
        size,
        lost_bytes: 0,
        allocated_bytes: allocated,
        dry_run,
    };
    print(arguments, path, &record)
}

fn resizing(file: &OpenFile, size: u64) -> Plan {
    let part = Extent::between(size, file.size());
    Plan { act: "resize", part, lost: file.data_bytes(part), size }
}

fn punching(file: &OpenFile, range: ByteRange) -> mmapio_core::Result<Plan> {
    let (offset, size) = (range.offset(), file.size());
    if offset >= size {
        return Err(Error::range(format!("begins at {offset}, and the file ends at {size}")));
    }
    let end = range.length().map_or(size, |length| offset.saturating_add(length).min(size));
    let part = Extent::between(offset, end);
    Ok(Plan { act: "punch", part, lost: file.data_bytes(part), size })
}

/// Asks, where something is lost, and does it.
fn change(
    arguments: &Map,
    path: &Path,
    plan: impl FnOnce(&OpenFile) -> mmapio_core::Result<Plan>,
) -> Result<Exit> {
    let dry_run = arguments.patch.dry_run;
    let at = |error: Error| error.with_path(path);
    let file = if dry_run { OpenFile::open(path)? } else { OpenFile::open_writable(path)? };
    let plan = plan(&file).map_err(at)?;
    if !dry_run {
        if !arguments.size.yes && !plan.part.is_empty() && !confirmed(path, &plan)? {
            messages::note("nothing was done");
            return Ok(Exit::SomeFailed);
        }
        act(arguments, &file, &plan).map_err(at)?;
    }
    let is_punched = plan.act == "punch";
    let record = SizeRecord {
        r#type: "size",
        act: plan.act,
        path: PathField(path),
        offset: is_punched.then(|| plan.part.offset()),
        length: is_punched.then(|| plan.part.length()),
        size_before: Some(file.size()),
        size: plan.size,
        lost_bytes: plan.lost,
        allocated_bytes: file.allocated_bytes(),
        dry_run,
    };
    print(arguments, path, &record)
}

fn act(arguments: &Map, file: &OpenFile, plan: &Plan) -> mmapio_core::Result<()> {
    match plan.act {
        "punch" => file.punch(plan.part)?,
        _ => file.resize(plan.size, blocks(arguments))?,
    }
    flush(file, Extent::default(), Flush::All)
}

/// Asks the person at the terminal; without one the usage was wrong.
fn confirmed(path: &Path, plan: &Plan) -> Result<bool> {
    let (lost, count) = (plan.lost, plan.part.length());
    let what = format!("--{} takes {count} bytes at {}, {lost} of them data", plan.act, plan.part.offset());
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        usage_error("map", &format!("{what}: without a terminal to ask at, --yes is needed"));
    }
    write!(std::io::stderr(), "{}: {what}. Do it? [y/N] ", escape::path(path)).context("standard error")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("standard input")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn print(arguments: &Map, path: &Path, record: &SizeRecord<'_>) -> Result<Exit> {
    match arguments.facts.format {
        Format::Table => common::print(&format!("{}: {}\n", escape::path(path), text(record))),
        Format::Json => Document::print(record),
        Format::Ndjson => common::print(&common::lines([record])?),
    }
}

fn text(record: &SizeRecord<'_>) -> String {
    let would = if record.dry_run { "would be " } else { "" };
    let done = match (record.act, record.offset, record.length, record.size_before) {
        ("punch", Some(offset), Some(length), _) => format!("{would}a hole of {length} bytes at {offset}"),
        (_, _, _, Some(before)) => format!("{would}resized from {before} to {} bytes", record.size),
        _ => format!("{would}created with {} bytes", record.size),
    };
    let lost = if record.lost_bytes > 0 {
        format!(", {} bytes of data lost", record.lost_bytes)
    } else {
        String::new()
    };
    let allocated = match record.allocated_bytes {
        Some(bytes) if !record.dry_run => format!(", {bytes} bytes on the storage"),
        _ => String::new(),
    };
    format!("{done}{lost}{allocated}")
}
