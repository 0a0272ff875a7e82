//! `mmapio lock`: a process that answers signals, and a worker that does what may hang.
//!
//! A page fault on storage that hangs cannot be interrupted by a signal that is handled, only by one that kills. So this
//! process runs itself once more as a worker (the same arguments, told by an environment variable), which walks, maps, locks
//! and holds; what the worker has to say comes through a pipe as ndjson records. Locks go with the process that made
//! them: when the worker is killed, nothing stays locked; it dies with its parent, too.

mod budget;
mod claim;
mod follow;
mod hold;
mod instance;
mod parent;
mod plan;
mod records;
mod worker;

use anyhow::Result;

use super::paths;
use crate::args::lock::Lock;
use crate::output::Exit;

/// Tells the worker that it is one: its parent's process id.
const WORKER_OF: &str = "MMAPIO_LOCK_WORKER_OF";

/// Runs it.
pub(crate) fn run(arguments: &Lock) -> Result<Exit> {
    paths::require("lock", &arguments.paths);
    match std::env::var(WORKER_OF) {
        Ok(parent) => worker::run(arguments, &parent),
        Err(_) => parent::run(arguments),
    }
}
