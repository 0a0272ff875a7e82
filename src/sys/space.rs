//! The room of a file on its storage: fallocate(2), and how much there is left, on Linux.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use super::Allocation;
use super::unix::{check, retry};

/// fallocate(2) for `length` bytes from `offset`, once: it may take long, and a signal ends it with `EINTR`.
pub(crate) fn allocate(file: &File, how: Allocation, offset: u64, length: u64) -> io::Result<()> {
    let mode = match how {
        Allocation::Grow => 0,
        Allocation::KeepSize => libc::FALLOC_FL_KEEP_SIZE,
        Allocation::Unshare => libc::FALLOC_FL_KEEP_SIZE | libc::FALLOC_FL_UNSHARE_RANGE,
        Allocation::Punch => libc::FALLOC_FL_KEEP_SIZE | libc::FALLOC_FL_PUNCH_HOLE,
    };
    let too_far = |_| io::Error::from_raw_os_error(libc::EFBIG);
    let (offset, length) = (i64::try_from(offset).map_err(too_far)?, i64::try_from(length).map_err(too_far)?);
    // SAFETY: takes numbers only; the descriptor is open.
    check(unsafe { libc::fallocate64(file.as_raw_fd(), mode, offset, length) }).map(drop)
}

/// The bytes that a file takes on its storage, fstat(2) `st_blocks`.
pub(crate) fn allocated(file: &File) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|metadata| metadata.blocks().saturating_mul(512))
}

/// The bytes that a filesystem has left for root, fstatfs(2): nobody gets more.
pub(crate) fn bytes_left(file: &File) -> io::Result<u64> {
    let mut raw = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open, and the kernel writes one statfs through the pointer.
    retry(|| check(unsafe { libc::fstatfs(file.as_raw_fd(), raw.as_mut_ptr()) }))?;
    // SAFETY: fstatfs succeeded, so all of it is written.
    let raw = unsafe { raw.assume_init() };
    let block = u64::try_from(raw.f_bsize).unwrap_or(0);
    Ok(raw.f_bfree.saturating_mul(block))
}
