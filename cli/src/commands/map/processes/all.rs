//! `mmapio map --all FILE`: the processes that map a file.

use std::path::Path;

use anyhow::Result;
use mmapio_core::{FileMapping, Held, OpenFile, ProcessMemory, Processes};
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

/// A process, and what it holds of the file.
pub(in crate::commands::map) struct Process {
    pub(in crate::commands::map) pid: u32,
    pub(in crate::commands::map) command: String,
    mapped: Mapped,
}

/// Everybody who maps a file.
pub(in crate::commands::map) struct Everybody {
    pub(in crate::commands::map) processes: Vec<Process>,
    /// How many processes are not ours to look at.
    pub(in crate::commands::map) unreadable: usize,
}

impl Process {
    pub(in crate::commands::map) fn held(&self) -> &Held {
        &self.mapped.held
    }
}

/// Looks for those who map a file, this process left out; what most hold first.
pub(in crate::commands::map) fn look(file: &OpenFile) -> mmapio_core::Result<Everybody> {
    let snapshot = Processes::snapshot_of([file.id()])?;
    let mut everybody = Everybody { processes: Vec::new(), unreadable: snapshot.unreadable() };
    let mut mappings = snapshot.mappings_of(file);
    mappings.retain(|mapping| mapping.pid != std::process::id());
    mappings.sort_by_key(|mapping| mapping.pid);
    for of_one in mappings.chunk_by(|one, other| one.pid == other.pid) {
        // Who has ended since maps nothing.
        everybody.processes.extend(process(of_one));
    }
    everybody.processes.sort_by_key(|process| (std::cmp::Reverse(process.mapped.held.rss), process.pid));
    Ok(everybody)
}

fn process(mappings: &[&FileMapping]) -> Option<Process> {
    let first = mappings.first()?;
    let memory = ProcessMemory::of(first.pid).ok()?;
    let mut mapped = Mapped::default();
    let is_ours = |address| mappings.iter().any(|mapping| mapping.address == address);
    for (mapping, held) in memory.files.iter().filter(|(mapping, _)| is_ours(mapping.address)) {
        mapped.add(mapping, held);
    }
    Some(Process { pid: first.pid, command: first.command.to_string(), mapped })
}

/// Runs it.
pub(super) fn run(arguments: &Map) -> Result<Exit> {
    let path = common::file(arguments);
    let file = OpenFile::open(path)?;
    let everybody = look(&file).map_err(|error| error.with_path(path))?;
    if !arguments.facts.quiet {
        say_what_is_missing(&everybody, path);
    }
    match arguments.facts.format {
        Format::Table => common::print(&table(&everybody, arguments.facts.exact)),
        Format::Json => Document::print(AllRecord::new(path, &everybody)),
        Format::Ndjson => {
            let processes = common::lines(everybody.processes.iter().map(ProcessRecord::new))?;
            common::print(&(processes + &common::lines([TotalRecord::new(&everybody)])?))
        }
    }
}

fn say_what_is_missing(everybody: &Everybody, path: &Path) {
    if everybody.processes.is_empty() {
        messages::note(&format!("{}: no process maps it", escape::path(path)));
    }
    if everybody.unreadable > 0 {
        let count = messages::counted(everybody.unreadable as u64, "process", "processes");
        messages::note(&format!("not ours to look at: {count}, which may map it, too"));
    }
}

fn table(everybody: &Everybody, exact: bool) -> String {
    const HEADINGS: [&str; 9] =
        ["PID", "MAPPED", "RSS", "PSS", "DIRTY", "LOCKED", "MAPS", "RIGHTS", "COMMAND"];
    const NUMBERS: [bool; 9] = [true, true, true, true, true, true, true, false, false];
    if everybody.processes.is_empty() {
        return String::new();
    }
    let held = |held: &Held| {
        [held.mapped, held.rss, held.pss, held.dirty, held.locked].map(|bytes| size(bytes, exact))
    };
    let row = |process: &Process| {
        let mapped = &process.mapped;
        let rest =
            [mapped.mappings.to_string(), mapped.permissions(), escape::text(&process.command).into_owned()];
        std::iter::once(process.pid.to_string()).chain(held(&mapped.held)).chain(rest).collect()
    };
    let mut rows: Vec<Vec<String>> = everybody.processes.iter().map(row).collect();
    let rest = [
        String::new(),
        String::new(),
        format!("total of {}", messages::counted(everybody.processes.len() as u64, "process", "processes")),
    ];
    rows.push(std::iter::once(String::new()).chain(held(&everybody.total())).chain(rest).collect());
    common::table(&HEADINGS, &NUMBERS, rows)
}

impl Everybody {
    fn total(&self) -> Held {
        let mut total = Held::default();
        self.processes.iter().for_each(|process| total.add(&process.mapped.held));
        total
    }
}

#[derive(Serialize)]
struct AllRecord<'a> {
    #[serde(flatten)]
    path: PathField<'a>,
    processes: Vec<ProcessRecord<'a>>,
    total: TotalRecord,
}

impl<'a> AllRecord<'a> {
    fn new(path: &'a Path, everybody: &'a Everybody) -> Self {
        let processes = everybody.processes.iter().map(ProcessRecord::new).collect();
        Self { path: PathField(path), processes, total: TotalRecord::new(everybody) }
    }
}

/// A process that maps the file.
#[derive(Serialize)]
pub(in crate::commands::map) struct ProcessRecord<'a> {
    r#type: &'static str,
    pid: u32,
    command: &'a str,
    mappings: usize,
    rights: String,
    #[serde(flatten)]
    held: HeldRecord,
}

impl<'a> ProcessRecord<'a> {
    pub(in crate::commands::map) fn new(process: &'a Process) -> Self {
        Self {
            r#type: "process",
            pid: process.pid,
            command: &process.command,
            mappings: process.mapped.mappings,
            rights: process.mapped.permissions(),
            held: HeldRecord::from(&process.mapped.held),
        }
    }
}

#[derive(Serialize)]
struct TotalRecord {
    r#type: &'static str,
    processes: usize,
    unreadable_processes: usize,
    #[serde(flatten)]
    held: HeldRecord,
}

impl TotalRecord {
    fn new(everybody: &Everybody) -> Self {
        Self {
            r#type: "total",
            processes: everybody.processes.len(),
            unreadable_processes: everybody.unreadable,
            held: HeldRecord::from(&everybody.total()),
        }
    }
}
