//! macOS: mincore(2) and openat(2), but no `O_PATH`, no cachestat and no statfs magic numbers.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::unix::{check, kind_of_entry, open_at, open_reading};
use super::{Entry, FileKind};

pub(crate) use super::absent::{
    address_space_limit, has_lease, huge_page_size_of, lease, lock_limit, lock_on_fault, mapping_limit,
    memory_file, seal,
};
pub(crate) use super::absent::{allocate, allocated, bytes_left, open_again, open_direct, read_uncached};
pub(crate) use super::absent::{
    block_device_size, cachestat, device, fadvise, filesystem_of, has_cachestat, huge_page_size,
    mincore_is_truthful, open_process, process_madvise, readahead, reopen_writable, root_of_proc,
    start_writeback,
};
pub(crate) use super::absent::{open_direct_writable, write_uncached};
pub(crate) use super::span::{Span, Window, protection};
pub(crate) use super::unix::{
    descriptor, descriptor_limit, lent, msync, next_data, next_hole, offset, open_directory_at,
    open_regular_at, os_str, page_size, read_at, set_offset, stat, stat_of, usage, user, write_at,
};

/// The advice of madvise(2) that the core gives itself.
pub(crate) mod madvise {
    pub(crate) use super::super::absent::madvise::*;
    pub(crate) use libc::MADV_DONTNEED as DONTNEED;
    pub(crate) use libc::MADV_NORMAL as NORMAL;
    pub(crate) use libc::MADV_RANDOM as RANDOM;
    pub(crate) use libc::MADV_SEQUENTIAL as SEQUENTIAL;
    pub(crate) use libc::MADV_WILLNEED as WILLNEED;
}

/// fstat(2).
pub(super) fn fstat(fd: i32, stat: &mut MaybeUninit<libc::stat>) -> io::Result<()> {
    // SAFETY: the pointer is to a stat, of which the call writes one.
    check(unsafe { libc::fstat(fd, stat.as_mut_ptr()) }).map(drop)
}

/// fcntl(2) `F_FULLFSYNC`, once: fsync(2) leaves the data in the drive's own memory here.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    // SAFETY: takes numbers only; the descriptor is open.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_FULLFSYNC) }).map(drop)
}

/// The same: there is no less.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    sync_all(file)
}

/// Opens `path` for events only (`O_EVTONLY`), the nearest there is to looking without opening.
pub(crate) fn look(path: &Path) -> io::Result<File> {
    let path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    open_at(None, &path, libc::O_EVTONLY | libc::O_NONBLOCK | libc::O_CLOEXEC)
}

/// The same for a name in a directory; a link is followed only when asked for.
pub(crate) fn look_at(directory: &File, name: &CStr, follow: bool) -> io::Result<File> {
    let nofollow = if follow { 0 } else { libc::O_NOFOLLOW };
    open_at(Some(directory), name, libc::O_EVTONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | nofollow)
}

/// Opens by name for reading what [`look`] found: the caller compares the identities.
pub(crate) fn reopen(_looked: &File, directory: Option<&File>, name: &CStr) -> io::Result<File> {
    open_reading(directory, name)
}

/// Reads a directory through readdir(3): all of it in the first batch.
#[derive(Debug)]
pub(crate) struct DirectoryReader {
    names: Vec<(CString, FileKind)>,
}

impl DirectoryReader {
    pub(crate) fn new() -> Self {
        Self { names: Vec::new() }
    }

    /// Reads what is left of the directory; false at its end.
    pub(crate) fn fill(&mut self, directory: &File) -> io::Result<bool> {
        self.names.clear();
        let fd = directory.try_clone()?.into_raw_fd();
        // SAFETY: the descriptor is ours and open; the stream takes it over.
        let stream = unsafe { libc::fdopendir(fd) };
        if stream.is_null() {
            let error = io::Error::last_os_error();
            // SAFETY: fdopendir failed, so the descriptor is still ours, and nobody else knows it.
            check(unsafe { libc::close(fd) })?;
            return Err(error);
        }
        loop {
            // SAFETY: the stream is open and used by this thread alone.
            let entry = unsafe { libc::readdir(stream) };
            if entry.is_null() {
                break;
            }
            // SAFETY: readdir gave an entry that is valid until the next call on this stream.
            let entry = unsafe { &*entry };
            // SAFETY: d_name ends with NUL.
            let name = unsafe { CStr::from_ptr(entry.d_name.as_ptr()) };
            self.names.push((name.to_owned(), kind_of_entry(entry.d_type)));
        }
        // SAFETY: the stream is open and not used after this; it closes its descriptor.
        check(unsafe { libc::closedir(stream) })?;
        Ok(!self.names.is_empty())
    }

    /// Whether this batch need not be the last: it always is.
    pub(crate) fn may_have_more(&self) -> bool {
        false
    }

    /// The names of the last batch, without `.` and `..`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.names
            .iter()
            .map(|(name, kind)| Entry { name, kind: *kind })
            .filter(|entry| !matches!(entry.name.to_bytes(), b"." | b".."))
    }
}
