//! `mmapio lock` on systems that cannot lock a page without reading it first.

use anyhow::{Result, bail};

use crate::args::lock::Lock;
use crate::output::Exit;

/// Says so.
pub(crate) fn run(_arguments: &Lock) -> Result<Exit> {
    bail!("lock: not supported on {}", std::env::consts::OS)
}
