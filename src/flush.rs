//! Writing back what is newer in memory than on the storage: one call, whose first failure is final.

use std::fs::File;
use std::io;

use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::{OpenFile, unsupported_or};
use crate::sys::{self, Window, errno};

/// The call that writes a file back.
///
/// fsync(2) and fdatasync(2) know no range. The kernel's only durable way to write a part is msync(2), which does to a
/// range what fdatasync does to the whole. A mapping of a descriptor that is not open for writing makes msync do nothing
/// and report success, so for [`Msync`](Self::Msync) and [`Invalidate`](Self::Invalidate) the file is opened again for
/// reading and writing, which needs the permission to write and shows to those who watch the file.
///
/// ```
/// use mmapio_core::Flush;
/// assert_eq!(Flush::default().call(), "fsync");
/// assert!(!Flush::Start.is_durable() && Flush::Msync.takes_range());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flush {
    /// fsync(2): the whole file, data and metadata.
    #[default]
    All,
    /// fdatasync(2): the whole file, and of the metadata only what reading the data needs.
    Data,
    /// msync(2) `MS_SYNC` through a mapping: as [`Data`](Self::Data), of a range.
    Msync,
    /// msync(2) `MS_SYNC | MS_INVALIDATE`. On Linux that writes as [`Msync`](Self::Msync) does, after checking that this
    /// process has not locked the pages: `EBUSY`.
    Invalidate,
    /// sync_file_range(2) `SYNC_FILE_RANGE_WRITE`: writing a range is started and not waited for, and nothing is durable
    /// when it returns. (msync's `MS_ASYNC` does nothing on Linux.)
    Start,
}

impl Flush {
    /// The call's name.
    #[must_use]
    pub fn call(self) -> &'static str {
        match self {
            Self::All => "fsync",
            Self::Data => "fdatasync",
            Self::Msync | Self::Invalidate => "msync",
            Self::Start => "sync_file_range",
        }
    }

    /// Whether what was written is on the storage when the call has succeeded.
    #[must_use]
    pub fn is_durable(self) -> bool {
        self != Self::Start
    }

    /// Whether it can write a part of a file; the others write all of it, whatever the range.
    #[must_use]
    pub fn takes_range(self) -> bool {
        !matches!(self, Self::All | Self::Data)
    }
}

/// Bytes mapped at once for msync(2): each call may wait for the storage, so that the fewest are the best.
const WINDOW_BYTES: u64 = if cfg!(target_pointer_width = "64") { 1 << 40 } else { 64 << 20 };

/// With a limit on address space windows are halved down to this size.
const LEAST_WINDOW: u64 = 1 << 20;

/// Writes `extent` of a file back, or all of it where the call knows no range. Large folios are written as a whole.
///
/// Calls: fsync(2), fdatasync(2), msync(2), sync_file_range(2); no other is made. Whatever fails is not tried again, not
/// even when a signal interrupted it (`EINTR`): the kernel reports an error of writing once to each open descriptor and
/// takes the pages for written, so that a second call would succeed although the data is lost.
///
/// # Errors
/// [`ErrorKind::NotWritten`] when writing failed, now or in the background since anybody was told; [`ErrorKind::System`]
/// when the call was refused before it began; [`ErrorKind::Unsupported`] where the system lacks it.
///
/// ```
/// use mmapio_core::{Extent, Flush, OpenFile, flush};
/// # let scratch = tempfile::NamedTempFile::new().unwrap();
/// # let path = scratch.path();
/// std::fs::write(path, "precious").unwrap();
/// let file = OpenFile::open(path).unwrap();
/// flush(&file, Extent::new(0, file.size()), Flush::Data).unwrap();
/// ```
pub fn flush(file: &OpenFile, extent: Extent, how: Flush) -> Result<()> {
    let descriptor = file.file();
    match how {
        // A length of 0 would be to the end.
        _ if how.takes_range() && extent.is_empty() => Ok(()),
        Flush::All => sys::sync_all(descriptor).map_err(|error| failed(how, error)),
        Flush::Data => sys::sync_data(descriptor).map_err(|error| failed(how, error)),
        Flush::Msync => flush_mapped(file, extent, how, sys::msync::SYNC),
        Flush::Invalidate => flush_mapped(file, extent, how, sys::msync::SYNC | sys::msync::INVALIDATE),
        Flush::Start => sys::start_writeback(descriptor, extent.offset(), extent.length())
            .map_err(|error| failed(how, error)),
    }
}

fn flush_mapped(file: &OpenFile, extent: Extent, how: Flush, flags: i32) -> Result<()> {
    let writable =
        sys::reopen_writable(file.file()).map_err(|error| unsupported_or("open for writing", error))?;
    let mut at = extent.offset();
    while at < extent.end() {
        let (part, window) = map(&writable, Extent::between(at, extent.end()))?;
        window.sync(0, part.length(), flags).map_err(|error| failed(how, error))?;
        at = part.end();
    }
    Ok(())
}

/// Maps the first part of `rest`: as much as there is address space for.
fn map(writable: &File, rest: Extent) -> Result<(Extent, Window)> {
    let mut bytes = WINDOW_BYTES;
    loop {
        let part = Extent::new(rest.offset(), rest.length().min(bytes));
        match Window::new(writable, part.offset(), part.length()) {
            Ok(window) => return Ok((part, window)),
            Err(error) if error.raw_os_error() == Some(errno::ENOMEM) && bytes > LEAST_WINDOW => bytes /= 2,
            Err(error) => return Err(unsupported_or("mmap", error)),
        }
    }
}

/// A call that was refused before it began has written nothing, but lost nothing either.
pub(crate) fn failed(how: Flush, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(errno::EBUSY | errno::EINVAL | errno::ENOSYS) => Error::system(how.call(), error),
        Some(_) => Error::new(how.call(), ErrorKind::NotWritten(error)),
        None => unsupported_or(how.call(), error),
    }
}
