//! Whether there is room for what a run needs: to find out in the middle of it would end the process.

use std::fs::read_to_string;

use mmapio_core::{Error, MemoryBudget, page_size};

use crate::render::table::size;

/// So much memory is taken without a look at what there is.
const MUCH: u64 = 256 << 20;
/// What a thread takes of the address space besides its buffer: its stack, and the arena of its allocator.
const OF_A_THREAD: u64 = 4 << 20;
/// What everything else takes.
const SLACK: u64 = 16 << 20;

/// What a run needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    pub(super) threads: u64,
    /// Bytes of the buffer of each.
    pub(super) block: u64,
    /// Bytes that are mapped.
    pub(super) mapped: u64,
}

impl Need {
    /// Refuses what there is no room for.
    pub(super) fn require(self) -> Result<(), Error> {
        self.require_memory()?;
        self.require_addresses()
    }

    /// Buffers that do not fit would end everything on the machine, and not only this.
    fn require_memory(self) -> Result<(), Error> {
        let wanted = self.threads.saturating_mul(self.block);
        if wanted <= MUCH {
            return Ok(());
        }
        match MemoryBudget::Available.room() {
            Ok(room) if wanted > room.available / 2 => Err(Error::limit(
                "memory",
                format!(
                    "{} threads with blocks of {} take more than half of the {} that are to be had ({})",
                    self.threads,
                    size(self.block, false),
                    size(room.available, false),
                    room.source
                ),
            )),
            _ => Ok(()),
        }
    }

    /// An allocator that is refused ends the process, whoever asked it.
    fn require_addresses(self) -> Result<(), Error> {
        let Some((limit, used)) = address_space() else { return Ok(()) };
        let wanted = self.threads.saturating_mul(self.block.saturating_add(OF_A_THREAD));
        let wanted = wanted.saturating_add(self.mapped).saturating_add(SLACK);
        match used.saturating_add(wanted) <= limit {
            true => Ok(()),
            false => Err(Error::limit(
                "RLIMIT_AS",
                format!(
                    "{} of address space are allowed, {} are used and {} more were wanted: raise it (ulimit -v)",
                    size(limit, false),
                    size(used, false),
                    size(wanted, false)
                ),
            )),
        }
    }
}

/// How much of the address space may be used and how much is, proc(5); none where there is no limit, or none is told.
fn address_space() -> Option<(u64, u64)> {
    let limits = read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit = limit.split_whitespace().next()?.parse().ok()?;
    let pages: u64 = read_to_string("/proc/self/statm").ok()?.split_whitespace().next()?.parse().ok()?;
    Some((limit, pages.saturating_mul(page_size())))
}
