//! `mmapio map --pid` and `--all`: what processes map.

pub(super) mod all;
mod one;

use anyhow::Result;
use mmapio_core::{FileMapping, Held};
use serde::Serialize;

use crate::args::map::Map;
use crate::output::Exit;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    match arguments.processes.pid {
        Some(pid) => one::run(arguments, pid),
        None => all::run(arguments),
    }
}

/// Mappings of one file by one process, as one.
#[derive(Debug, Default)]
struct Mapped {
    held: Held,
    mappings: usize,
    permissions: Vec<String>,
}

impl Mapped {
    fn add(&mut self, mapping: &FileMapping, held: &Held) {
        self.held.add(held);
        self.mappings += 1;
        let permissions = permissions(mapping);
        if !self.permissions.contains(&permissions) {
            self.permissions.push(permissions);
        }
    }

    fn permissions(&self) -> String {
        self.permissions.join(" ")
    }
}

/// As `/proc/PID/maps` writes them, without the right to execute.
fn permissions(mapping: &FileMapping) -> String {
    let letter = |is_there, letter| if is_there { letter } else { '-' };
    let sharing = if mapping.shared { 's' } else { 'p' };
    [letter(mapping.readable, 'r'), letter(mapping.writable, 'w'), sharing].iter().collect()
}

/// What is held, as a part of a record.
#[derive(Debug, Serialize)]
struct HeldRecord {
    mapped_bytes: u64,
    rss_bytes: u64,
    pss_bytes: u64,
    dirty_bytes: u64,
    anonymous_bytes: u64,
    swap_bytes: u64,
    huge_bytes: u64,
    locked_bytes: u64,
}

impl From<&Held> for HeldRecord {
    fn from(held: &Held) -> Self {
        Self {
            mapped_bytes: held.mapped,
            rss_bytes: held.rss,
            pss_bytes: held.pss,
            dirty_bytes: held.dirty,
            anonymous_bytes: held.anonymous,
            swap_bytes: held.swap,
            huge_bytes: held.huge,
            locked_bytes: held.locked,
        }
    }
}
