//! `mmapio map --pid PID`: the files that a process maps.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use mmapio_core::{
    ByteRange, ErrorKind, FileId, FileMapping, Held, OpenFile, Pages, ProbeChoice, Prober, ProcessMemory,
    extents_of,
};
use serde::Serialize;

use super::super::common::{self, Document};
use super::{HeldRecord, Mapped};
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::messages;
use crate::output::Exit;
use crate::render::escape;
use crate::render::records::PathField;
use crate::render::table::size;

/// A file, and what the process holds of it.
struct File {
    path: Arc<Path>,
    id: FileId,
    mapped: Mapped,
    ranges: Vec<ByteRange>,
    deleted: bool,
    /// What of the mapped ranges is in memory, or why that is not known.
    cached: Result<u64, String>,
}

/// Runs it.
pub(super) fn run(arguments: &Map, pid: u32) -> Result<Exit> {
    let memory = match ProcessMemory::of(pid) {
        Ok(memory) => memory,
        Err(error) => bail!("process {pid}: {}", reason(&error)),
    };
    if memory.is_empty() {
        bail!("process {pid}: it maps nothing: it is the kernel's own, or has ended");
    }
    let only = arguments.processes.only.as_ref().map(OpenFile::open).transpose()?;
    let is_wanted = |mapping: &FileMapping| only.as_ref().is_none_or(|file| mapping.is_of(file.id()));
    let files = group(memory.files.iter().filter(|(mapping, _)| is_wanted(mapping)));
    if files.is_empty() && !arguments.facts.quiet {
        messages::note(&format!("process {pid} {}", nothing(&memory)));
    }
    let own = only.is_none().then_some(&memory.own);
    let command = memory.files.first().map_or_else(String::new, |(mapping, _)| mapping.command.to_string());
    print(arguments, &Process { pid, command, files, own })
}

fn reason(error: &mmapio_core::Error) -> String {
    match error.kind() {
        ErrorKind::System(system) if system.kind() == std::io::ErrorKind::NotFound => {
            "there is none".to_owned()
        }
        ErrorKind::System(system) if system.raw_os_error() == Some(3) => "it has ended".to_owned(),
        ErrorKind::System(system) if system.kind() == std::io::ErrorKind::PermissionDenied => {
            "it is not ours to look at: it belongs to another user, or must not be traced".to_owned()
        }
        _ => error.to_string(),
    }
}

fn nothing(memory: &ProcessMemory) -> &'static str {
    if memory.files.is_empty() { "maps no file" } else { "does not map this file" }
}

/// The mappings by file, those with most in page tables first.
fn group<'a>(mappings: impl Iterator<Item = &'a (FileMapping, Held)>) -> Vec<File> {
    let mut places: HashMap<(FileId, Arc<Path>), usize> = HashMap::new();
    let mut files: Vec<File> = Vec::new();
    let mut firsts = Vec::new();
    for (mapping, held) in mappings {
        let place = *places.entry((mapping.id, Arc::clone(&mapping.path))).or_insert_with(|| {
            files.push(File::new(mapping));
            firsts.push(mapping);
            files.len() - 1
        });
        if let Some(file) = files.get_mut(place) {
            file.mapped.add(mapping, held);
            file.ranges.extend(ByteRange::new(mapping.extent.offset(), Some(mapping.extent.length())));
        }
    }
    for (file, first) in files.iter_mut().zip(firsts) {
        file.cached = cached(first, &file.ranges);
    }
    files.sort_by(|one, other| {
        other.mapped.held.rss.cmp(&one.mapped.held.rss).then_with(|| one.path.cmp(&other.path))
    });
    files
}

impl File {
    fn new(mapping: &FileMapping) -> Self {
        Self {
            path: Arc::clone(&mapping.path),
            id: mapping.id,
            mapped: Mapped::default(),
            ranges: Vec::new(),
            deleted: mapping.is_deleted(),
            cached: Err(String::new()),
        }
    }
}

/// The bytes of the ranges that are in memory, whoever brought them there.
fn cached(mapping: &FileMapping, ranges: &[ByteRange]) -> Result<u64, String> {
    let file = mapping.open().map_err(|error| error.reason())?;
    let mut prober = Prober::new(&file, ProbeChoice::Auto);
    let mut sum = Pages(0);
    for extent in extents_of(&file, ranges) {
        let range = ByteRange::new(extent.offset(), Some(extent.length())).map_err(|error| error.reason())?;
        let residency = prober.residency(range).map_err(|error| error.reason())?;
        match (residency.resident, residency.unknown) {
            (Some(resident), _) => sum += resident,
            (None, unknown) => return Err(unknown.map_or_else(String::new, |unknown| unknown.to_string())),
        }
    }
    Ok(sum.bytes())
}

/// All that is printed.
struct Process<'a> {
    pid: u32,
    command: String,
    files: Vec<File>,
    /// What is no file's; none when only one file was asked for.
    own: Option<&'a Held>,
}

impl Process<'_> {
    /// Whether there is nothing to show: none of its files was asked for.
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.own.is_none()
    }

    fn total(&self) -> Held {
        let mut total = self.own.cloned().unwrap_or_default();
        self.files.iter().for_each(|file| total.add(&file.mapped.held));
        total
    }

    /// What of all files is in memory; unknown when it is of one.
    fn cached(&self) -> Option<u64> {
        self.files.iter().map(|file| file.cached.as_ref().ok()).sum()
    }
}

fn print(arguments: &Map, process: &Process<'_>) -> Result<Exit> {
    match arguments.facts.format {
        Format::Table if process.is_empty() => Ok(Exit::Done),
        Format::Table => common::print(&table(process, arguments.facts.exact)),
        Format::Json => Document::print(ProcessRecord::new(process)),
        Format::Ndjson => {
            let files = common::lines(process.files.iter().map(FileRecord::new))?;
            common::print(&(files + &common::lines([TotalRecord::new(process)])?))
        }
    }
}

fn table(process: &Process<'_>, exact: bool) -> String {
    const HEADINGS: [&str; 8] = ["MAPPED", "RSS", "PSS", "DIRTY", "IN CACHE", "MAPS", "RIGHTS", "FILE"];
    const NUMBERS: [bool; 8] = [true, true, true, true, true, true, false, false];
    let bytes = |bytes| size(bytes, exact);
    let held = |held: &Held| [held.mapped, held.rss, held.pss, held.dirty].map(bytes);
    let row = |numbers: [String; 4], cached, maps: &str, rights: String, name: String| {
        numbers.into_iter().chain([cached, maps.to_owned(), rights, name]).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = (process.files.iter())
        .map(|file| {
            let cached = file.cached.as_ref().map_or_else(|_| "?".to_owned(), |cached| bytes(*cached));
            let maps = file.mapped.mappings.to_string();
            row(held(&file.mapped.held), cached, &maps, file.mapped.permissions(), name(file))
        })
        .collect();
    if let Some(own) = process.own {
        let name = "(memory of its own)".to_owned();
        rows.push(row(held(own), "-".to_owned(), "", String::new(), name));
    }
    let cached = process.cached().map_or_else(|| "?".to_owned(), bytes);
    let name = format!("total of process {} ({})", process.pid, escape::text(&process.command));
    rows.push(row(held(&process.total()), cached, "", String::new(), name));
    common::table(&HEADINGS, &NUMBERS, rows)
}

/// The name, and why its residency is not known.
fn name(file: &File) -> String {
    let path = escape::path(&file.path);
    match &file.cached {
        Err(reason) if !reason.is_empty() => format!("{path}  [{}]", escape::text(reason)),
        _ => path.into_owned(),
    }
}

#[derive(Serialize)]
struct ProcessRecord<'a> {
    pid: u32,
    command: &'a str,
    files: Vec<FileRecord<'a>>,
    total: TotalRecord<'a>,
}

impl<'a> ProcessRecord<'a> {
    fn new(process: &'a Process<'a>) -> Self {
        let files = process.files.iter().map(FileRecord::new).collect();
        Self { pid: process.pid, command: &process.command, files, total: TotalRecord::new(process) }
    }
}

#[derive(Serialize)]
struct FileRecord<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    device: u64,
    inode: u64,
    deleted: bool,
    mappings: usize,
    rights: String,
    #[serde(flatten)]
    held: HeldRecord,
    resident_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'a str>,
}

impl<'a> FileRecord<'a> {
    fn new(file: &'a File) -> Self {
        Self {
            r#type: "mapped_file",
            path: PathField(&file.path),
            device: file.id.device,
            inode: file.id.inode,
            deleted: file.deleted,
            mappings: file.mapped.mappings,
            rights: file.mapped.permissions(),
            held: HeldRecord::from(&file.mapped.held),
            resident_bytes: file.cached.as_ref().ok().copied(),
            unknown: file.cached.as_ref().err().map(String::as_str),
        }
    }
}

#[derive(Serialize)]
struct TotalRecord<'a> {
    r#type: &'static str,
    pid: u32,
    command: &'a str,
    files: usize,
    #[serde(flatten)]
    held: HeldRecord,
    resident_bytes: Option<u64>,
    own: Option<HeldRecord>,
}

impl<'a> TotalRecord<'a> {
    fn new(process: &'a Process<'a>) -> Self {
        Self {
            r#type: "total",
            pid: process.pid,
            command: &process.command,
            files: process.files.len(),
            held: HeldRecord::from(&process.total()),
            resident_bytes: process.cached(),
            own: process.own.map(HeldRecord::from),
        }
    }
}
