//! What only Linux has, for the systems that lack it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{CacheStat, Filesystem, Stat, unsupported};

/// Not there.
pub(crate) fn cachestat(_file: &File, _offset: u64, _length: u64) -> io::Result<CacheStat> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn has_cachestat() -> bool {
    false
}

/// Not there.
pub(crate) fn root_of_proc() -> io::Result<&'static Path> {
    Err(unsupported())
}

/// No file tells a device's number in two parts here.
pub(crate) fn device(_major: u32, _minor: u32) -> u64 {
    0
}

/// Nothing special is known of any filesystem.
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn filesystem_of(_file: &File) -> io::Result<Filesystem> {
    Ok(Filesystem::ORDINARY)
}

/// Not there.
pub(crate) fn block_device_size(_file: &File) -> io::Result<u64> {
    Err(unsupported())
}

/// Advice that nobody takes here; the numbers are of no system.
pub(crate) mod madvise {
    pub(crate) const HUGEPAGE: i32 = -1;
    pub(crate) const POPULATE_READ: i32 = -2;
    pub(crate) const RANDOM: i32 = -3;
}

/// Advice that nobody takes here; the numbers are of no system.
pub(crate) mod fadvise {
    pub(crate) const DONTNEED: i32 = -1;
    pub(crate) const RANDOM: i32 = -2;
}

/// Not there.
pub(crate) fn fadvise(_file: &File, _offset: u64, _length: u64, _advice: i32) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn readahead(_file: &File, _offset: u64, _length: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn reopen_writable(_file: &File) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn start_writeback(_file: &File, _offset: u64, _length: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn huge_page_size() -> Option<u64> {
    None
}

/// No call is tied to ownership.
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn mincore_is_truthful(_file: &File, _stat: &Stat) -> io::Result<bool> {
    Ok(true)
}
