//! Changing bytes of a file: room first, a way back, through a shared mapping, written back, read again and compared.

mod apply;
mod backup;
mod content;
mod format;
mod preview;
mod undo;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::extent::{ByteRange, Extent};

pub use backup::{Backup, BackupState};
pub use preview::Preview;

use content::Content;

/// Bytes to be written to a part of a file.
///
/// [`apply`](Self::apply) does it in this order, and whatever fails before the fourth step leaves the file as it was:
///
/// 1. The part must lie in the file, or the patch may [`grow`](Self::grow) it.
/// 2. With [`backup`](Self::backup) the bytes that will be overwritten are written to a file of their own, and that to the storage:
///    fsync(2) of it and of its directory.
/// 3. Blocks are allocated for the whole part, fallocate(2), so that no store meets a full disk; a file that grows gets its new
///    size. Where the filesystem has no fallocate, bytes are written by pwrite(2) instead of through a mapping: [`Way`].
/// 4. In windows of 8 MiB bytes are stored into a shared mapping, mmap(2), written back, msync(2), read again by pread(2) and
///    compared. So memory is constant, whatever the size.
///
/// Nothing of this is atomic for others: who reads the file meanwhile sees some of the new bytes, and when the machine dies in
/// between, the storage has old and new bytes side by side, in units that the filesystem chooses. After step 2 a backup restores the
/// old ones in either case. When the process alone dies, bytes stored so far are in the page cache and will be written.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::{OpenFile, Patch};
/// # let scratch = tempfile::NamedTempFile::new().unwrap();
/// # let path = scratch.path();
/// std::fs::write(path, "one two three").unwrap();
/// let patched = Patch::bytes(4, b"2..")?.apply(OpenFile::open_writable(path)?, &|| false)?;
/// assert_eq!((patched.written, patched.changed), (3, 3));
/// assert!(patched.error.is_none());
/// assert_eq!(std::fs::read(path).unwrap(), b"one 2.. three");
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Patch<'a> {
    extent: Extent,
    content: Content<'a>,
    grow: bool,
    backup: Option<&'a Path>,
}

/// How bytes got into the file.
///
/// ```
/// assert_eq!(mmapio_core::Way::Mapping.as_str(), "mapping");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Way {
    /// Stored into a shared mapping whose blocks were allocated before, written by msync(2), compared by pread(2).
    Mapping,
    /// By pwrite(2) and fdatasync(2), compared through a mapping: the filesystem has no fallocate(2), and a store into a mapping that
    /// finds no room would be lost.
    Pwrite,
}

impl Way {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Pwrite => "pwrite",
        }
    }
}

/// What a patch did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Patched {
    /// The part of the file that it was about.
    pub extent: Extent,
    /// How many bytes were written, read again and found to be right: less than all when there is an [`error`](Self::error), or
    /// it was interrupted. They are the first ones, of a copy towards the end the last ones.
    pub written: u64,
    /// How many of them are others than before.
    pub changed: u64,
    /// The size of the file before.
    pub size_before: u64,
    /// The size of the file after.
    pub size: u64,
    /// How it was written.
    pub way: Way,
    /// Whether what was written is on the storage: not on tmpfs, which is memory, and not when something failed.
    pub durable: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// What ended it after the first byte was written. Of the window that it was in, some bytes may be written.
    pub error: Option<Error>,
    /// The caller wanted it to end.
    pub interrupted: bool,
    /// Why the backup does not tell that the patch came to its end; it restores the old bytes all the same.
    pub unfinished_backup: Option<Error>,
}

impl<'a> Patch<'a> {
    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) when they would end beyond 2^63 - 1.
    pub fn bytes(offset: u64, bytes: &'a [u8]) -> Result<Self> {
        Self::stream(offset, bytes.len() as u64, bytes)
    }

    /// Writes `length` bytes that are read from `reader`, each once, in their order.
    ///
    /// ```
    /// use mmapio_core::Patch;
    /// assert!(Patch::stream(u64::MAX, 4, std::io::empty()).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn stream(offset: u64, length: u64, reader: impl Read + 'a) -> Result<Self> {
        Self::of(offset, length, Content::Stream(Box::new(reader)))
    }

    /// Fills `length` bytes from `offset` with one byte.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn fill(offset: u64, length: u64, byte: u8) -> Result<Self> {
        Self::of(offset, length, Content::Fill(byte))
    }

    /// Copies `length` bytes of the same file from `from` to `to`. The parts may overlap: what arrives is what was at `from`
    /// before, as with memmove(3).
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), for both parts.
    pub fn copy(from: u64, to: u64, length: u64) -> Result<Self> {
        ByteRange::new(from, Some(length))?;
        Self::of(to, length, Content::Copy(from))
    }

    fn of(offset: u64, length: u64, content: Content<'a>) -> Result<Self> {
        ByteRange::new(offset, Some(length))?;
        Ok(Self { extent: Extent::new(offset, length), content, grow: false, backup: None })
    }

    /// Lets the file grow when the patch ends beyond its end. A gap between the old end and the patch is a hole.
    pub fn grow(mut self) -> Self {
        self.grow = true;
        self
    }

    /// Keeps what is overwritten in a file, which must not exist: [`Backup`].
    pub fn backup(mut self, path: &'a Path) -> Self {
        self.backup = Some(path);
        self
    }

    /// The part of the file that it is about.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether it can be applied to a file of this size.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) when it ends beyond the end and must not grow the file, or copies from there.
    pub fn check(&self, size: u64) -> Result<()> {
        let (end, length) = (self.extent.end(), self.extent.length());
        if let Content::Copy(from) = self.content
            && from + length > size
        {
            return Err(Error::range(format!(
                "{length} bytes from {from} go beyond the end of the file at {size}"
            )));
        }
        if end > size && !self.grow && length > 0 {
            let at = self.extent.offset();
            return Err(Error::range(format!(
                "{length} bytes at {at} go beyond the end of the file at {size}: --grow lets it grow to {end}"
            )));
        }
        Ok(())
    }
}

/// What keeps the overwritten bytes of a patch that is under way.
type Keeping = Option<(backup::Keeper, PathBuf)>;
