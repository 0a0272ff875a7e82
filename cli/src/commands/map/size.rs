//! `mmapio map`: size.

use anyhow::{Result, bail};

use crate::args::map::Map;
use crate::output::Exit;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let _ = arguments;
    bail!("size: not there yet");
}
