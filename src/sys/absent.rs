//! What only Linux has, for the systems that lack it.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;

use super::{Allocation, CacheStat, Filesystem, Span, Stat, unsupported};

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

/// A second descriptor of the same opening: it has no history of its own.
pub(crate) fn open_again(file: &File) -> io::Result<File> {
    file.try_clone()
}

/// Not there.
pub(crate) fn open_direct(_file: &File) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn read_uncached(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn open_direct_writable(_file: &File) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn write_uncached(_file: &File, _bytes: &[u8], _offset: u64) -> io::Result<usize> {
    Err(unsupported())
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
    pub(crate) const COLD: i32 = -3;
    pub(crate) const COLLAPSE: i32 = -4;
    pub(crate) const MERGEABLE: i32 = -5;
    pub(crate) const NOHUGEPAGE: i32 = -6;
    pub(crate) const PAGEOUT: i32 = -7;
    pub(crate) const UNMERGEABLE: i32 = -8;
    #[cfg(not(target_os = "macos"))]
    pub(crate) use usual::*;

    /// What macOS has, too.
    #[cfg(not(target_os = "macos"))]
    mod usual {
        pub(crate) const DONTNEED: i32 = -9;
        pub(crate) const NORMAL: i32 = -10;
        pub(crate) const RANDOM: i32 = -11;
        pub(crate) const SEQUENTIAL: i32 = -12;
        pub(crate) const WILLNEED: i32 = -13;
    }
}

/// Advice that nobody takes here; the numbers are of no system.
pub(crate) mod fadvise {
    pub(crate) const DONTNEED: i32 = -1;
    pub(crate) const RANDOM: i32 = -2;
    pub(crate) const NOREUSE: i32 = -3;
    pub(crate) const NORMAL: i32 = -4;
    pub(crate) const SEQUENTIAL: i32 = -5;
    pub(crate) const WILLNEED: i32 = -6;
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
pub(crate) fn open_process(_pid: u32) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn start_writeback(_file: &File, _offset: u64, _length: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn process_madvise(_process: &File, _ranges: &[(u64, u64)], _advice: i32) -> io::Result<u64> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn huge_page_size() -> Option<u64> {
    None
}

/// No call is tied to ownership.
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn mincore_is_truthful(_file: &File, _stat: &Stat, _user: u32) -> io::Result<bool> {
    Ok(true)
}

/// Not there.
pub(crate) fn lock_on_fault(_span: &Span) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn lock_limit() -> io::Result<Option<u64>> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn address_space_limit() -> io::Result<Option<u64>> {
    Err(unsupported())
}

/// Not known.
pub(crate) fn mapping_limit() -> Option<(u64, u64)> {
    None
}

/// Not there.
pub(crate) fn memory_file(_name: &CStr) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn seal(_file: &File, _asked: [bool; 5]) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn lease(_file: &File, _take: bool) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn has_lease(_file: &File) -> io::Result<bool> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn huge_page_size_of(_file: &File) -> Option<u64> {
    None
}

/// Not there.
pub(crate) fn allocate(_file: &File, _how: Allocation, _offset: u64, _length: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn allocated(_file: &File) -> io::Result<u64> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn bytes_left(_file: &File) -> io::Result<u64> {
    Err(unsupported())
}
