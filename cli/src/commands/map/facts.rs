//! `mmapio map FILE`: what a mapping of a file is.

use std::path::Path;

use anyhow::Result;
use mmapio_core::{
    Advice, ByteRange, Extent, FileMapping, Held, MapOptions, Mapping, OpenFile, Pages, Part, ProbeChoice,
    Prober, ProcessMemory, Residency, RunState,
};
use serde::Serialize;

use super::common::{self, Document};
use super::processes::all::{self, Everybody, Process, ProcessRecord};
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::output::Exit;
use crate::render::records::PathField;
use crate::render::table::size;
use crate::render::{escape, strip};

/// Characters of the strip.
const PARTS: usize = 64;

/// More of a file is not mapped to learn how the kernel maps it: page tables cost memory, too.
const LOOKED_AT: u64 = 1 << 30;

/// All that is found out.
struct Facts<'a> {
    path: &'a Path,
    file: &'a OpenFile,
    extent: Extent,
    residency: Residency,
    parts: Vec<Part>,
    /// What the kernel says of our mapping, when so many of the bytes in memory are in its page tables.
    held: Option<Held>,
    looked_at: u64,
    folio: Option<u64>,
    everybody: mmapio_core::Result<Everybody>,
}

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let path = common::file(arguments);
    let range = arguments.range.unwrap_or_default();
    let file = OpenFile::open(path)?;
    let facts = Facts::find(path, &file, range).map_err(|error| error.with_path(path))?;
    match arguments.facts.format {
        Format::Table => common::print(&table(&facts, arguments.facts.exact)),
        Format::Json => Document::print(FactsRecord::new(&facts)),
        Format::Ndjson => common::print(&common::lines([FactsRecord::new(&facts)])?),
    }
}

impl<'a> Facts<'a> {
    fn find(path: &'a Path, file: &'a OpenFile, range: ByteRange) -> mmapio_core::Result<Self> {
        let mapping = MapOptions::read().range(range).map_only(file)?;
        let extent = mapping.extent();
        let whole = ByteRange::new(extent.offset(), Some(extent.length()))?;
        let (residency, parts) = Prober::new(file, ProbeChoice::Auto).survey(whole, PARTS)?;
        let parts_there = bring_into_page_tables(&mapping, file);
        let looked_at = parts_there.iter().map(Extent::length).sum();
        let held = held(&mapping).filter(|_| looked_at > 0);
        let folio = mapping.largest_folio(parts_there)?;
        Ok(Self { path, file, extent, residency, parts, held, looked_at, folio, everybody: all::look(file) })
    }
}

/// Puts what is in memory into our page tables, at most so much of it; nothing else is read. These parts of the mapping are there then.
fn bring_into_page_tables(mapping: &Mapping, file: &OpenFile) -> Vec<Extent> {
    let Some(populate) = Advice::find("populate-read") else { return Vec::new() };
    let (extent, mut parts, mut room) = (mapping.extent(), Vec::new(), LOOKED_AT);
    let Ok(range) = ByteRange::new(extent.offset(), Some(extent.length())) else { return parts };
    for run in Prober::new(file, ProbeChoice::Auto).runs(range).map_while(Result::ok) {
        let start = run.extent.offset().max(extent.offset());
        let end = run.extent.end().min(extent.end()).min(start + room);
        let part = Extent::between(start - extent.offset(), end.saturating_sub(extent.offset()));
        // What went meanwhile is not there to be looked at.
        if run.state == RunState::Resident && mapping.advise(populate, part).is_ok() {
            room -= part.length();
            parts.push(part);
        }
        if room == 0 {
            break;
        }
    }
    parts
}

/// What the kernel says of our mapping.
fn held(mapping: &Mapping) -> Option<Held> {
    let memory = ProcessMemory::of(std::process::id()).ok()?;
    let address = mapping.as_ptr().addr() as u64;
    let has =
        |found: &FileMapping| found.address <= address && address < found.address + found.extent.length();
    memory.files.into_iter().find(|(found, _)| has(found)).map(|(_, held)| held)
}

fn table(facts: &Facts<'_>, exact: bool) -> String {
    let bytes = |bytes| size(bytes, exact);
    let pages =
        |pages: Option<Pages>| pages.map_or_else(|| "?".to_owned(), |pages| size(pages.bytes(), exact));
    let residency = &facts.residency;
    let of_held =
        |of: fn(&Held) -> u64| facts.held.as_ref().map_or_else(|| "?".to_owned(), |held| bytes(of(held)));
    let mut rows = vec![
        ("file", escape::path(facts.path).into_owned()),
        ("kind", facts.file.kind().to_string()),
        ("filesystem", facts.file.filesystem_name().unwrap_or("?").to_owned()),
        ("size", format!("{} ({})", bytes(facts.file.size()), pages_in(Pages::holding(facts.file.size())))),
        ("mapped", mapped(facts, exact)),
        ("resident", resident(residency, exact)),
        ("map", strip::draw(&facts.parts, false).into()),
        ("dirty", pages(residency.dirty)),
        ("being written", pages(residency.writeback)),
        ("asked of", residency.probe.map_or_else(|| "-".to_owned(), |probe| probe.to_string())),
        ("largest folio", facts.folio.map_or_else(|| unknown_folio(facts).to_owned(), bytes)),
        ("rss", of_held(|held| held.rss)),
        ("pss", of_held(|held| held.pss)),
        ("by huge pages", of_held(|held| held.huge)),
        ("vm flags", facts.held.as_ref().map_or_else(|| "?".to_owned(), |held| held.flags.to_string())),
    ];
    rows.extend(others(&facts.everybody, exact).into_iter().map(|text| ("mapped by", text)));
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, text)| format!("{name:<widest$}  {text}").trim_end().to_owned() + "\n").collect()
}

fn mapped(facts: &Facts<'_>, exact: bool) -> String {
    let extent = facts.extent;
    let place = if extent.offset() > 0 { format!(" from offset {}", extent.offset()) } else { String::new() };
    format!("{}{place}, PROT_READ, MAP_SHARED", size(extent.length(), exact))
}

fn resident(residency: &Residency, exact: bool) -> String {
    match (residency.resident, residency.unknown) {
        (Some(resident), _) => {
            let percent = residency.percent().map_or_else(String::new, |percent| format!(", {percent:.1} %"));
            format!("{} ({}{percent})", size(resident.bytes(), exact), pages_in(resident))
        }
        (None, Some(reason)) => format!("? ({reason})"),
        (None, None) => "?".to_owned(),
    }
}

fn pages_in(pages: Pages) -> String {
    format!("{pages} {}", if pages.0 == 1 { "page" } else { "pages" })
}

fn unknown_folio(facts: &Facts<'_>) -> &'static str {
    match facts.looked_at {
        0 => "- (nothing is in memory)",
        _ => "? (only root may know)",
    }
}

/// Who else maps it, a line each, and how many cannot be known.
fn others(everybody: &mmapio_core::Result<Everybody>, exact: bool) -> Vec<String> {
    let Ok(everybody) = everybody else { return vec!["?".to_owned()] };
    let line = |process: &Process| {
        let (held, command) = (process.held(), escape::text(&process.command).into_owned());
        let (mapped, rss) = (size(held.mapped, exact), size(held.rss, exact));
        format!("{} ({command}): {mapped}, of which it holds {rss}", process.pid)
    };
    let mut lines: Vec<_> = everybody.processes.iter().map(line).collect();
    let count = crate::messages::counted(everybody.unreadable as u64, "process", "processes");
    match (lines.is_empty(), everybody.unreadable) {
        (true, 0) => lines.push("nobody".to_owned()),
        (false, 0) => {}
        (true, _) => lines.push(format!("nobody known (not ours to look at: {count})")),
        (false, _) => lines.push(format!("? (not ours to look at: {count})")),
    }
    lines
}

#[derive(Serialize)]
struct FactsRecord<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    kind: String,
    filesystem: Option<&'static str>,
    size: u64,
    pages: u64,
    offset: u64,
    length: u64,
    protection: [&'static str; 1],
    flags: [&'static str; 1],
    resident_bytes: Option<u64>,
    dirty_bytes: Option<u64>,
    writeback_bytes: Option<u64>,
    probe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    largest_folio_bytes: Option<u64>,
    looked_at_bytes: u64,
    rss_bytes: Option<u64>,
    pss_bytes: Option<u64>,
    huge_bytes: Option<u64>,
    vm_flags: Option<Vec<&'a str>>,
    processes: Option<Vec<ProcessRecord<'a>>>,
    unreadable_processes: Option<usize>,
}

impl<'a> FactsRecord<'a> {
    fn new(facts: &'a Facts<'a>) -> Self {
        let (residency, held, everybody) =
            (&facts.residency, facts.held.as_ref(), facts.everybody.as_ref().ok());
        let bytes = |pages: Option<Pages>| pages.map(Pages::bytes);
        Self {
            r#type: "mapping",
            path: PathField(facts.path),
            kind: facts.file.kind().to_string(),
            filesystem: facts.file.filesystem_name(),
            size: facts.file.size(),
            pages: Pages::holding(facts.file.size()).0,
            offset: facts.extent.offset(),
            length: facts.extent.length(),
            protection: ["PROT_READ"],
            flags: ["MAP_SHARED"],
            resident_bytes: bytes(residency.resident),
            dirty_bytes: bytes(residency.dirty),
            writeback_bytes: bytes(residency.writeback),
            probe: residency.probe.map(|probe| probe.to_string()),
            unknown: residency.unknown.map(|unknown| unknown.to_string()),
            largest_folio_bytes: facts.folio,
            looked_at_bytes: facts.looked_at,
            rss_bytes: held.map(|held| held.rss),
            pss_bytes: held.map(|held| held.pss),
            huge_bytes: held.map(|held| held.huge),
            vm_flags: held.map(|held| held.flags.split(' ').collect()),
            processes: everybody.map(|all| all.processes.iter().map(ProcessRecord::new).collect()),
            unreadable_processes: everybody.map(|all| all.unreadable),
        }
    }
}
