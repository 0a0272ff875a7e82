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

/// How much memory the page cache of the machine takes, in bytes: what the files in memory are a part of.
///
/// Source: `/proc/meminfo` (proc(5)). What a container or group uses is not told apart.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let cache = mmapio_core::PageCache::now()?;
/// assert!(cache.shared <= cache.total());
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageCache {
    /// Pages of files, those of memory filesystems included: `Cached`.
    pub cached: u64,
    /// Pages of block devices themselves, which hold what filesystems know of their files: `Buffers`.
    pub buffers: u64,
    /// Of `cached` those of memory filesystems and of memory that processes share: `Shmem`.
    pub shared: u64,
}

impl PageCache {
    /// Asks the kernel.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) when `/proc/meminfo` cannot be read or lacks a line;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
    pub fn now() -> Result<Self> {
        let root = sys::root_of_proc().map_err(|error| unsupported_or("meminfo", error))?;
        let meminfo = root.join("proc/meminfo");
        let text = read(&meminfo)?;
        let line = |name: &str| kilobytes(&text, name).ok_or_else(|| lacks(&meminfo, name));
        Ok(Self { cached: line("Cached:")?, buffers: line("Buffers:")?, shared: line("Shmem:")? })
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cached.saturating_add(self.buffers)
    }
}

/// What the machine has left.
fn machine(meminfo: &Path) -> Result<MemoryLimit> {
    let text = read(meminfo)?;
    let available = kilobytes(&text, "MemAvailable:").ok_or_else(|| lacks(meminfo, "MemAvailable"))?;
    Ok(MemoryLimit { available, limit: kilobytes(&text, "MemTotal:"), source: "MemAvailable".to_owned() })
}

fn read(meminfo: &Path) -> Result<String> {
    std::fs::read_to_string(meminfo).map_err(|error| Error::system("read", error).with_path(meminfo))
}

fn lacks(meminfo: &Path, name: &str) -> Error {
    let why = format!("it has no {}", name.trim_end_matches(':'));
    Error::system("read", io::Error::new(io::ErrorKind::InvalidData, why)).with_path(meminfo)
}

/// The bytes in a line such as `MemAvailable:   24000 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
