//! What locking takes, and what the system allows a process: read before anything is locked.

use std::fs;

use crate::cache::pieces;
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::open::unsupported_or;
use crate::page::Pages;
use crate::sys;

/// Mappings that threads and their heaps may still need.
const OTHER_MAPPINGS: u64 = 256;

/// What a limit limits.
///
/// ```
/// use mmapio_core::LockNeed;
/// assert_eq!(LockNeed::Mappings.to_string(), "mappings");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LockNeed {
    /// Bytes of memory that are locked, holes between data included.
    LockedBytes,
    /// Bytes of address space.
    MappedBytes,
    /// Mappings; each piece of a file takes one.
    Mappings,
}

impl std::fmt::Display for LockNeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LockedBytes => "bytes to lock",
            Self::MappedBytes => "bytes to map",
            Self::Mappings => "mappings",
        })
    }
}

/// A limit of this process on what it may lock.
///
/// ```
/// for limit in mmapio_core::lock_limits().unwrap_or_default() {
///     println!("{}: {} of {} {} are left", limit.name, limit.available, limit.limit, limit.of);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockLimit {
    /// Its name, as the system spells it: `RLIMIT_MEMLOCK`.
    pub name: &'static str,
    /// What it limits.
    pub of: LockNeed,
    /// How much in all.
    pub limit: u64,
    /// How much of it this process does not use yet.
    pub available: u64,
    /// What raises it.
    pub remedy: &'static str,
}

/// What locking takes, as limits count it.
///
/// ```
/// use mmapio_core::{Extent, LockCost, Pages, page_size};
/// let page = page_size();
/// let cost = LockCost::of(&[Extent::new(0, page), Extent::new(2 * page, page), Extent::new(1 << 30, 1)]);
/// assert_eq!((cost.pages, cost.bytes, cost.mappings), (Pages(3), 4 * page, 2));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockCost {
    /// Pages of data: the memory it takes.
    pub pages: Pages,
    /// Bytes that are mapped, and count against limits on locked memory: whole pages, with the small holes between data that
    /// are not worth a mapping of their own.
    pub bytes: u64,
    /// Mappings.
    pub mappings: u64,
}

impl LockCost {
    /// What locking these extents of one file takes, which are in file order.
    #[must_use]
    pub fn of(extents: &[Extent]) -> Self {
        pieces::grouped(extents).map(|data| pieces::cost(&data)).sum()
    }
}

impl std::iter::Sum for LockCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            pages: sum.pages + cost.pages,
            bytes: sum.bytes.saturating_add(cost.bytes),
            mappings: sum.mappings + cost.mappings,
        })
    }
}

/// The limits of this process on locking memory; what it may use without limit has none.
///
/// `RLIMIT_MEMLOCK` (getrlimit(2); none with `CAP_IPC_LOCK`), `vm.max_map_count`, `RLIMIT_AS`, each less what is used by now.
///
/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the system cannot lock files (all but Linux), [`ErrorKind::System`](crate::ErrorKind::System) where /proc cannot
/// be read.
///
/// ```
/// # if cfg!(target_os = "linux") {
/// assert!(mmapio_core::lock_limits()?.iter().all(|limit| limit.available <= limit.limit));
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn lock_limits() -> Result<Vec<LockLimit>> {
    let limit = sys::lock_limit().map_err(|error| unsupported_or("getrlimit", error))?;
    let space = sys::address_space_limit().map_err(|error| unsupported_or("getrlimit", error))?;
    let status = read("/proc/self/status")?;
    let limits = [
        limit.filter(|_| !may_lock_anything(&status)).map(|limit| lock_limit(limit, &status)),
        mappings_limit()?,
        space.map(|space| space_limit(space, &status)),
    ];
    Ok(limits.into_iter().flatten().collect())
}

fn lock_limit(limit: u64, status: &str) -> LockLimit {
    LockLimit {
        name: "RLIMIT_MEMLOCK",
        of: LockNeed::LockedBytes,
        limit,
        available: limit.saturating_sub(kilobytes(status, "VmLck:")),
        remedy: "raise it (`ulimit -l`, `LimitMEMLOCK=` in a systemd unit, memlock in limits.conf) or run with CAP_IPC_LOCK",
    }
}

fn space_limit(limit: u64, status: &str) -> LockLimit {
    LockLimit {
        name: "RLIMIT_AS",
        of: LockNeed::MappedBytes,
        limit,
        available: limit.saturating_sub(kilobytes(status, "VmSize:")),
        remedy: "raise it (`ulimit -v`, `LimitAS=` in a systemd unit)",
    }
}

fn mappings_limit() -> Result<Option<LockLimit>> {
    let Ok(limit) = read("/proc/sys/vm/max_map_count") else { return Ok(None) };
    let Ok(limit) = limit.trim().parse::<u64>() else { return Ok(None) };
    let used = read("/proc/self/maps")?.lines().count() as u64;
    Ok(Some(LockLimit {
        name: "vm.max_map_count",
        of: LockNeed::Mappings,
        limit,
        available: limit.saturating_sub(used).saturating_sub(OTHER_MAPPINGS),
        remedy: "raise it (`sysctl vm.max_map_count=NUMBER`), or lock fewer files at once",
    }))
}

/// Whether the limit on locked memory does not count for this process: it has `CAP_IPC_LOCK`, and not only in a user
/// namespace of its own, where the kernel does not ask for it.
fn may_lock_anything(status: &str) -> bool {
    const CAP_IPC_LOCK: u64 = 1 << 14;
    let effective = field(status, "CapEff:").and_then(|caps| u64::from_str_radix(caps, 16).ok());
    effective.is_some_and(|caps| caps & CAP_IPC_LOCK != 0) && is_in_first_user_namespace()
}

/// Only the first user namespace has all users in it.
fn is_in_first_user_namespace() -> bool {
    read("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()
}

fn kilobytes(status: &str, name: &str) -> u64 {
    field(status, name).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0).saturating_mul(1024)
}

fn read(path: &'static str) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::system("read", error).with_path(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let status = "Name:\tmmapio\nVmSize:\t    8 kB\nVmLck:\t       4 kB\nCapEff:\t0000000000004000\n";
        assert_eq!(kilobytes(status, "VmLck:"), 4096);
        assert_eq!(kilobytes(status, "VmNone:"), 0);
        assert_eq!(lock_limit(8192, status).available, 4096);
        assert_eq!(space_limit(4096, status).available, 0);
        assert_eq!(may_lock_anything(status), is_in_first_user_namespace());
        assert!(!may_lock_anything("CapEff:\t0000000000000000\n"));
    }
}
