//! The system boundary: the only unsafe code of the crate and the only place that knows libc.
//!
//! Every system offers the same functions; what one lacks is an error of [`std::io::ErrorKind::Unsupported`], so that no
//! caller asks which system it runs on. Descriptors are [`std::fs::File`] everywhere.

#[cfg(target_os = "linux")]
mod bypass;
#[cfg(target_os = "linux")]
mod space;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod span;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod unix;

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos")), path = "other.rs")]
mod os;

#[cfg(not(target_os = "linux"))]
mod absent;
mod filesystems;
#[cfg(target_os = "linux")]
mod memory;
mod region;

use std::ffi::CStr;
use std::fmt;
use std::io;

pub(crate) use filesystems::{Filesystem, FilesystemClass};
pub(crate) use os::{
    DirectoryReader, Span, Window, block_device_size, cachestat, descriptor_limit, device, fadvise,
    filesystem_of, has_cachestat, huge_page_size, look, look_at, madvise, mincore_is_truthful, msync,
    next_data, next_hole, offset, open_directory_at, open_process, open_regular_at, os_str, page_size,
    process_madvise, read_at, readahead, reopen, reopen_writable, root_of_proc, set_offset, start_writeback,
    stat, stat_of, sync_all, sync_data,
};
pub(crate) use os::{
    address_space_limit, descriptor, has_lease, huge_page_size_of, lease, lent, lock_limit, lock_on_fault,
    mapping_limit, memory_file, protection, seal, user,
};
pub(crate) use os::{
    allocate, allocated, bytes_left, open_again, open_direct, open_direct_writable, read_uncached, usage,
    write_at, write_uncached,
};
pub(crate) use region::{Protection, Region, Sharing};

/// What a directory entry or an open file is.
///
/// ```
/// assert_eq!(mmapio_core::FileKind::Fifo.to_string(), "a FIFO");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharacterDevice,
    /// A FIFO (named pipe).
    Fifo,
    /// A socket.
    Socket,
    /// Something else, or not told by the filesystem.
    Unknown,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::BlockDevice => "a block device",
            Self::CharacterDevice => "a character device",
            Self::Fifo => "a FIFO",
            Self::Socket => "a socket",
            Self::Unknown => "of unknown kind",
        })
    }
}

/// What fstat(2) says of an open file, as far as it is used here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) links: u64,
    pub(crate) size: u64,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only Linux ties residency to ownership")
    )]
    pub(crate) owner: u32,
    /// When content or size changed last: seconds and nanoseconds.
    pub(crate) changed: (i64, i64),
    pub(crate) kind: FileKind,
}

/// What fallocate(2) does with a part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// Gives it blocks; the file grows to its end where it was shorter.
    Grow,
    /// Gives it blocks; the size stays.
    KeepSize,
    /// Gives it blocks of its own, where it shares some with another file; the size stays.
    Unshare,
    /// Takes its blocks away: it becomes a hole. The size stays.
    Punch,
}

/// What a process has used, getrusage(2).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) user: std::time::Duration,
    pub(crate) system: std::time::Duration,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
}

/// The counters of cachestat(2), in pages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CacheStat {
    pub(crate) cached: u64,
    pub(crate) dirty: u64,
    pub(crate) writeback: u64,
    pub(crate) evicted: u64,
    pub(crate) recently_evicted: u64,
}

/// One name of a directory, borrowed from the reader's buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a CStr,
    pub(crate) kind: FileKind,
}

/// The error numbers that decisions are made on.
pub(crate) mod errno {
    pub(crate) use libc::{
        EACCES, EAGAIN, EBUSY, EFAULT, EINTR, EINVAL, EIO, ELOOP, EMFILE, ENFILE, ENODEV, ENOENT, ENOMEM,
        ENOSPC, ENOSYS, ENOTDIR, ENXIO, EOPNOTSUPP, EPERM, ESRCH,
    };
}

/// The error of an operation that this system does not have.
#[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux has them all"))]
pub(crate) fn unsupported() -> io::Error {
    io::Error::from(io::ErrorKind::Unsupported)
}
