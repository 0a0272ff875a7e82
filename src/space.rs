//! The room of a file on its storage: its size, its blocks, its holes.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::flush::{Flush, flush};
use crate::open::{OpenFile, unsupported_or};
use crate::residency::Holes;
use crate::sys::{self, Allocation, errno};

/// Whether the new part of a file gets blocks of the storage.
///
/// ```
/// assert_eq!(mmapio_core::Blocks::default(), mmapio_core::Blocks::Allocated);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Blocks {
    /// Blocks are allocated, fallocate(2): what is written there later finds room, a store into a mapping, too.
    #[default]
    Allocated,
    /// It is a hole, ftruncate(2): blocks come when something is written, and may not be there then.
    Sparse,
}

/// Above this what is wanted is compared with what there is before the filesystem is asked: some give what they have, and keep it
/// given, before they say that it is not enough.
const MUCH: u64 = 64 << 20;

impl OpenFile {
    /// The bytes that the file takes on its storage: fstat(2) `st_blocks`. None where the system does not tell.
    #[must_use]
    pub fn allocated_bytes(&self) -> Option<u64> {
        sys::allocated(self.file()).ok()
    }

    /// The bytes of `part` that hold data and are not in a hole: lseek(2) `SEEK_DATA`. All of them where the filesystem knows no holes.
    ///
    /// ```
    /// use mmapio_core::{Extent, OpenFile};
    /// let file = OpenFile::open(std::env::current_exe().unwrap())?;
    /// assert_eq!(file.data_bytes(Extent::new(1, 10)), 10);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    #[must_use]
    pub fn data_bytes(&self, part: Extent) -> u64 {
        let (mut holes, mut rest) = (Holes::new(self), part);
        std::iter::from_fn(|| holes.next_data(&mut rest)).map(|data| data.length()).sum()
    }

    /// Gives all of `part` blocks of the storage, in which it has none or shares them with another file, so that writing there finds
    /// room: fallocate(2) with `FALLOC_FL_KEEP_SIZE`. Content and size stay. On btrfs even that is no promise: what is
    /// overwritten there gets new blocks each time.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what fallocate(2) says: `ENOSPC` when there is no room, in which case a
    /// part of it may have got blocks; `EOPNOTSUPP` when the filesystem cannot do it; `EINTR` when a signal came.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{Extent, OpenFile};
    /// # let scratch = tempfile::NamedTempFile::new().unwrap();
    /// let file = OpenFile::open_writable(scratch.path())?;
    /// file.allocate(Extent::new(0, 100_000))?;
    /// assert_eq!(scratch.as_file().metadata().unwrap().len(), 0);
    /// assert!(file.allocated_bytes() >= Some(100_000));
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn allocate(&self, part: Extent) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        self.require_room(part)?;
        let (offset, length) = (part.offset(), part.length());
        let given = sys::allocate(self.file(), Allocation::Unshare, offset, length);
        let given = match given {
            Err(error) if lacks(&error) => sys::allocate(self.file(), Allocation::KeepSize, offset, length),
            given => given,
        };
        given.map_err(|error| unsupported_or("fallocate", error))
    }

    /// Refuses what cannot be for want of room. What is a hole to lseek(2) may have blocks already, but not more than the file has.
    fn require_room(&self, part: Extent) -> Result<()> {
        if part.length() <= MUCH {
            return Ok(());
        }
        let known = (self.allocated_bytes(), sys::bytes_left(self.file()).ok());
        let (Some(allocated), Some(left)) = known else { return Ok(()) };
        let holes = part.length() - self.data_bytes(part).min(part.length());
        if holes.saturating_sub(allocated) > left {
            let why = format!("{holes} bytes are wanted, {left} are left");
            return Err(Error::refused("fallocate", io::Error::from_raw_os_error(errno::ENOSPC), why));
        }
        Ok(())
    }

    /// Makes a hole of `part`, to the byte: what was there reads as zeros, its whole blocks are given back, the size stays.
    /// fallocate(2) with `FALLOC_FL_PUNCH_HOLE`.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the filesystem cannot do it, else
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what fallocate(2) says.
    pub fn punch(&self, part: Extent) -> Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        let punched = sys::allocate(self.file(), Allocation::Punch, part.offset(), part.length());
        punched.map_err(|error| match lacks(&error) {
            true => Error::refused("fallocate", error, "this filesystem makes no holes in files"),
            false => unsupported_or("fallocate", error),
        })
    }

    /// Gives the file this size. What is beyond is lost; what is new is zeros.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what ftruncate(2) and fallocate(2) say; the file has its old size then.
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the filesystem allocates nothing in advance.
    pub fn resize(&self, size: u64, blocks: Blocks) -> Result<()> {
        let old = self.size_now();
        if size <= old || blocks == Blocks::Sparse {
            return self.set_size(size);
        }
        self.grow(Extent::between(old, size)).inspect_err(|_| self.forget_growth(old)).map_err(sparse_helps)
    }

    /// Gives `part` blocks and the file the size to hold it, where it is smaller: never less than it has.
    pub(crate) fn grow(&self, part: Extent) -> Result<()> {
        self.allocate(part)?;
        let grown = sys::allocate(self.file(), Allocation::Grow, part.offset(), part.length());
        grown.map_err(|error| unsupported_or("fallocate", error))
    }

    /// Takes back what was allocated beyond the end, when growing failed. Where somebody else made the file longer it stays.
    pub(crate) fn forget_growth(&self, old: u64) {
        if self.size_now() == old {
            // What fails here leaves blocks that the next truncation frees.
            let _ = self.file().set_len(old);
        }
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        self.file().set_len(size).map_err(|error| Error::system("ftruncate", error))
    }

    /// Whether anything of it outlives the machine: not what is on tmpfs, which is memory.
    pub(crate) fn has_storage(&self) -> bool {
        use sys::FilesystemClass::{Blind, Memory};
        !matches!(self.filesystem().class, Memory | Blind)
    }
}

/// Whether the filesystem has no such operation.
pub(crate) fn lacks(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(errno::EOPNOTSUPP | errno::ENOSYS | errno::EINVAL))
}

fn sparse_helps(error: Error) -> Error {
    match error.kind() {
        crate::error::ErrorKind::System(system) if lacks(system) => {
            let system = io::Error::from_raw_os_error(system.raw_os_error().unwrap_or(errno::EOPNOTSUPP));
            Error::refused(
                "fallocate",
                system,
                "this filesystem allocates nothing in advance: make it sparse",
            )
        }
        _ => error,
    }
}

/// Makes a file of this size, which must not exist: open(2) with `O_CREAT | O_EXCL`, mode 0666 less umask(2). When it returns, file
/// and name are on the storage. When something fails after it was made, it is removed again.
///
/// # Errors
/// [`ErrorKind::System`](crate::ErrorKind::System) with what open(2) says (`EEXIST`), else as [`OpenFile::resize`] and
/// [`flush`](crate::flush()).
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::{Blocks, create_file};
/// # let scratch = tempfile::tempdir().unwrap();
/// let path = scratch.path().join("table.db");
/// let file = create_file(&path, 1 << 20, Blocks::Allocated)?;
/// assert!(file.allocated_bytes() >= Some(1 << 20));
/// assert!(create_file(&path, 0, Blocks::Sparse).is_err());
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn create_file(path: impl AsRef<Path>, size: u64, blocks: Blocks) -> Result<OpenFile> {
    let path = path.as_ref();
    let made = OpenOptions::new().read(true).write(true).create_new(true).open(path);
    let file = made.map_err(|error| Error::system("open", error).with_path(path))?;
    finished(file, path, size, blocks).map_err(|error| error.with_path(path))
}

fn finished(file: File, path: &Path, size: u64, blocks: Blocks) -> Result<OpenFile> {
    let made = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
    let ready = || -> Result<OpenFile> {
        let again = file.try_clone().map_err(|error| Error::system("open", error))?;
        let file = OpenFile::from_file(file)?;
        file.resize(size, blocks)?;
        flush(&file, Extent::default(), Flush::All)?;
        sync_directory_of(path)?;
        OpenFile::from_file(again)
    };
    ready().inspect_err(|_| remove(path, made))
}

/// Removes what was made, unless the name leads to something else by now. A failure leaves it, and why is said already.
pub(crate) fn remove(path: &Path, made: sys::Stat) {
    let is_ours = sys::look(path)
        .and_then(|file| sys::stat(&file))
        .is_ok_and(|found| (found.device, found.inode) == (made.device, made.inode));
    if is_ours {
        let _ = std::fs::remove_file(path);
    }
}

/// Writes a new name to the storage: fsync(2) of its directory. A directory that may not be read cannot be written back either.
pub(crate) fn sync_directory_of(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match File::open(parent.unwrap_or(Path::new("."))) {
        Ok(directory) => sys::sync_all(&directory).map_err(|error| Error::system("fsync", error)),
        Err(_) => Ok(()),
    }
}
