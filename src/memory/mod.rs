//! How much memory is to be had: what the machine has left, and what the groups of this process leave of it.

mod budget;
mod groups;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::open::unsupported_or;
use crate::sys;

pub use budget::{MemoryBudget, Percent};

/// One limit on memory and the room that is left under it.
///
/// The kernel reads files into memory at the cost of other files' clean pages, so those count as room: it is what can be
/// loaded before memory in use is swapped, or processes are killed.
///
/// ```
/// for limit in mmapio_core::memory_limits()? {
///     println!("{} bytes are available under {}", limit.available, limit.source);
/// }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryLimit {
    /// Bytes that can still be used under it, never more than the limit.
    pub available: u64,
    /// The limit itself in bytes; of the machine, all of its memory.
    pub limit: Option<u64>,
    /// What says so: `MemAvailable`, `memory.max of /system.slice/x.service`, `memory.limit_in_bytes of /docker/1f2e`.
    pub source: String,
}

/// All limits on the memory of this process, the one that leaves the least room first.
///
/// Sources: `MemAvailable` of `/proc/meminfo` (proc(5)), and of each memory cgroup (cgroups(7)) from the one of this process
/// up to the highest that can be seen `memory.max` and `memory.high` (version 2) or `memory.limit_in_bytes` (version 1), less
/// what is in use there and cannot be reclaimed. What lies above the root of a container cannot be seen from inside.
///
/// A limit whose usage is not told counts as all free: there is no more room than that. Cost: a handful of small files.
///
/// ```
/// let limits = mmapio_core::memory_limits()?;
/// assert!(limits.iter().any(|limit| limit.source == "MemAvailable"));
/// assert!(limits.is_sorted_by_key(|limit| limit.available));
/// # Ok::<(), mmapio_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::System`](crate::ErrorKind::System) when `/proc/meminfo` cannot be read, or a file of a group that is there;
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
pub fn memory_limits() -> Result<Vec<MemoryLimit>> {
    let root = sys::root_of_proc().map_err(|error| unsupported_or("memory_limits", error))?;
    limits_below(root)
}

/// The same with every absolute path taken below `root`.
fn limits_below(root: &Path) -> Result<Vec<MemoryLimit>> {
    let mut limits = groups::limits(root)?;
    limits.push(machine(&root.join("proc/meminfo"))?);
    limits.sort_by_key(|limit| limit.available);
    Ok(limits)
}

/// What the machine has left.
fn machine(meminfo: &Path) -> Result<MemoryLimit> {
    let failed = |error| Error::system("read", error).with_path(meminfo);
    let text = std::fs::read_to_string(meminfo).map_err(failed)?;
    let available = kilobytes(&text, "MemAvailable:")
        .ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "it has no MemAvailable")))?;
    Ok(MemoryLimit { available, limit: kilobytes(&text, "MemTotal:"), source: "MemAvailable".to_owned() })
}

/// The bytes in a line such as `MemAvailable:   24000 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
