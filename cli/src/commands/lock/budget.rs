//! Whether what is to be locked fits: each limit with what is wanted of it and what there is.

use indicatif::{HumanBytes, HumanCount};
use mmapio_core::{Error, LockCost, LockLimit, LockNeed, MemoryBudget, MemoryLimit};

use super::records::LimitRow;
use crate::args::lock::Hold;

/// A limit that was looked at; refused when it does not fit.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) row: LimitRow,
    pub(crate) refusal: Option<Error>,
}

/// All limits: those of the kernel on locking, and the memory that may be used.
pub(crate) fn check(hold: &Hold, cost: LockCost, limits: &[LockLimit]) -> mmapio_core::Result<Vec<Checked>> {
    let mut checked = memory(hold, cost)?;
    checked.extend(limits.iter().map(|limit| kernel_limit(limit, cost)));
    Ok(checked)
}

/// The watches of --follow-changes, inotify(7).
pub(crate) fn watches(needed: u64) -> Option<Checked> {
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok()?;
    let available = limit.trim().parse().ok()?;
    let name = "fs.inotify.max_user_watches";
    let reason = format!(
        "{} directories are to be watched, {} may be by one user: raise it (`sysctl {name}=NUMBER`), or do without \
         --follow-changes",
        HumanCount(needed),
        HumanCount(available)
    );
    Some(checked(name, name, needed, available, "watches", reason))
}

fn kernel_limit(limit: &LockLimit, cost: LockCost) -> Checked {
    let (needed, what) = match limit.of {
        LockNeed::Mappings => (cost.mappings, "mappings"),
        _ => (cost.bytes, "bytes"),
    };
    let amount = |number| match limit.of {
        LockNeed::Mappings => format!("{} mappings", HumanCount(number)),
        _ => HumanBytes(number).to_string(),
    };
    let reason = format!(
        "{} are needed, {} of {} are left: {}",
        amount(needed),
        amount(limit.available),
        amount(limit.limit),
        limit.remedy
    );
    checked(limit.name, limit.name, needed, limit.available, what, reason)
}

/// The memory that may be used, and the memory that there is, whatever was allowed; locked pages are not given back.
fn memory(hold: &Hold, cost: LockCost) -> mmapio_core::Result<Vec<Checked>> {
    let mut rooms = vec![hold.max_memory.room()?];
    if matches!(hold.max_memory, MemoryBudget::Bytes(_)) {
        rooms.push(MemoryBudget::Available.room()?);
    }
    Ok(rooms.iter().map(|room| memory_limit(hold, cost, room)).collect())
}

fn memory_limit(hold: &Hold, cost: LockCost, room: &MemoryLimit) -> Checked {
    let needed = cost.pages.bytes();
    let reason = format!(
        "{} would be locked, and there is room for {} ({}): lock less, or see --max-memory and --force",
        HumanBytes(needed),
        HumanBytes(room.available),
        room.source
    );
    let checked = checked("memory", &room.source, needed, room.available, "bytes", reason);
    Checked { refusal: checked.refusal.filter(|_| !hold.force), ..checked }
}

fn checked(
    call: &'static str,
    name: &str,
    needed: u64,
    available: u64,
    unit: &str,
    reason: String,
) -> Checked {
    let fits = needed <= available;
    let row = LimitRow { name: name.to_owned(), needed, available, unit: unit.to_owned(), fits };
    Checked { row, refusal: (!fits).then(|| Error::limit(call, reason)) }
}
