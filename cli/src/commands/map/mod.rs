//! `mmapio map`: one file for each thing it can do.

mod common;
mod dump;
mod facts;
mod find;
mod hold;
mod patch;
mod processes;
mod size;
mod target;

use anyhow::Result;

use crate::args::map::{Map, Mode};
use crate::output::Exit;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    match arguments.mode() {
        Mode::Facts => facts::run(arguments),
        Mode::Dump => dump::run(arguments),
        Mode::Find => find::run(arguments),
        Mode::Patch => patch::run(arguments),
        Mode::Size => size::run(arguments),
        Mode::Hold => hold::run(arguments),
        Mode::Processes => processes::run(arguments),
    }
}
