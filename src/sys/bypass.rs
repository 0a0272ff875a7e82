//! Reading and writing past the page cache, or without filling it.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::unix::{check, open_at, open_reading, retry};

/// `RWF_DONTCACHE` of `linux/fs.h`, since Linux 6.14.
const RWF_DONTCACHE: libc::c_int = 0x80;

/// Opens the file once more, with an offset and a history of reading of its own.
pub(crate) fn open_again(file: &File) -> io::Result<File> {
    let link = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    open_reading(None, &link)
}

/// Opens the file once more for direct I/O, open(2) `O_DIRECT`.
pub(crate) fn open_direct(file: &File) -> io::Result<File> {
    past_the_cache(file, libc::O_RDONLY)
}

/// The same for reading and writing.
pub(crate) fn open_direct_writable(file: &File) -> io::Result<File> {
    past_the_cache(file, libc::O_RDWR)
}

fn past_the_cache(file: &File, access: i32) -> io::Result<File> {
    let link = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    open_at(None, &link, access | libc::O_DIRECT | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
}

/// Reads without leaving what was read in memory, preadv2(2) `RWF_DONTCACHE`; less than asked is the end of the file.
pub(crate) fn read_uncached(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    let part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    retry(|| {
        // SAFETY: the kernel writes into the buffer that the one part describes, which is borrowed for that.
        let read = unsafe { libc::preadv2(file.as_raw_fd(), &raw const part, 1, offset, RWF_DONTCACHE) };
        Ok(usize::try_from(check(read as i64)?).unwrap_or(0))
    })
}

/// Writes at `offset`, and has the pages leave memory as soon as they are on the storage, pwritev2(2) `RWF_DONTCACHE`; perhaps less
/// than asked.
pub(crate) fn write_uncached(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    let part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    retry(|| {
        // SAFETY: the kernel only reads what the one part describes, which is borrowed for that.
        let written = unsafe { libc::pwritev2(file.as_raw_fd(), &raw const part, 1, offset, RWF_DONTCACHE) };
        Ok(usize::try_from(check(written as i64)?).unwrap_or(0))
    })
}
