//! Opening a file the safe way: looked at before it is opened, regular files and named block devices only, never what is
//! an interface to the kernel.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::page::page_size;
use crate::sys::{self, FileKind, Filesystem, FilesystemClass, Stat};

/// What makes a file the same file under another name: its device and its inode (stat(2) `st_dev`, `st_ino`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device number of the filesystem that holds the file.
    pub device: u64,
    /// The file's number on it.
    pub inode: u64,
}

/// A regular file or block device, open for reading, with what was seen of it when it was opened.
///
/// ```
/// # let file = std::env::current_exe().unwrap();
/// let open = mmapio_core::OpenFile::open(&file).unwrap();
/// assert_eq!(open.size(), std::fs::metadata(&file).unwrap().len());
/// assert!(mmapio_core::OpenFile::open("/dev/null").unwrap_err().to_string().contains("is a character device"));
/// ```
#[derive(Debug)]
pub struct OpenFile {
    file: File,
    stat: Stat,
    filesystem: Filesystem,
    /// The descriptor came from outside, so its file offset is not ours to move.
    shared: bool,
    /// Opened this very moment, by a walk.
    fresh: bool,
}

/// Through which descriptor a file's offset may be moved.
#[derive(Debug)]
pub(crate) enum Seekable {
    Same,
    Other(File),
    Nothing,
}

/// What a path led to.
#[derive(Debug)]
pub(crate) enum Opened {
    File(OpenFile),
    Directory(OpenDirectory),
}

/// A directory, open for listing.
#[derive(Debug)]
pub(crate) struct OpenDirectory {
    pub(crate) file: File,
    pub(crate) stat: Stat,
    pub(crate) filesystem: Filesystem,
}

impl OpenFile {
    /// Opens a regular file or a block device for reading; a symbolic link is followed.
    ///
    /// The path is looked at first (open(2) with `O_PATH`), so a FIFO or a device is refused without being opened:
    /// nothing waits for a writer, rewinds a tape or allocates a terminal. What is opened is what was looked at, whatever
    /// the name leads to by then.
    ///
    /// # Errors
    /// [`ErrorKind::System`] for what open(2) and fstat(2) say, [`ErrorKind::RefusedKind`] for what is neither a regular
    /// file nor a block device, [`ErrorKind::RefusedFilesystem`] on procfs, sysfs and their like.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match open_any(path).map_err(|error| error.with_path(path))? {
            Opened::File(file) => Ok(file),
            Opened::Directory(_) => {
                Err(Error::new("open", ErrorKind::RefusedKind(FileKind::Directory)).with_path(path))
            }
        }
    }

    /// The same for reading and writing. An overlay copies its lower file up for it, and those who watch the file see it.
    ///
    /// ```
    /// use mmapio_core::OpenFile;
    /// # let scratch = tempfile::NamedTempFile::new().unwrap();
    /// # #[cfg(target_os = "linux")]
    /// OpenFile::open_writable(scratch.path())?.file().set_len(10).unwrap();
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_writable(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = Self::open(path)?;
        let writable = sys::reopen_writable(&file.file);
        let writable = writable.map_err(|error| unsupported_or("open for writing", error).with_path(path))?;
        Ok(Self { file: writable, ..file })
    }

    /// Takes a file that is already open for reading: asked again what it is (fstat(2)), with the same refusals.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_file(file: File) -> Result<Self> {
        let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
        let filesystem = readable_filesystem(&file)?;
        Ok(Self { shared: true, ..Self::checked(file, stat, filesystem)? })
    }

    /// A file found in a directory on `filesystem`; a walk never goes into block devices.
    pub(crate) fn in_walk(file: File, stat: Stat, filesystem: Filesystem) -> Self {
        Self { file, stat, filesystem, shared: false, fresh: true }
    }

    /// The same with what somebody else has open and keeps: for one call, which spares two system calls.
    pub(crate) fn lent(file: &File) -> Result<ManuallyDrop<Self>> {
        let stat = sys::stat(file).map_err(|error| Error::system("fstat", error))?;
        let filesystem = readable_filesystem(file)?;
        let stat = check(file, stat)?;
        let filesystem = holding(stat, filesystem);
        let lent = sys::lent(file).map_err(|error| unsupported_or("mmap", error))?;
        let file = ManuallyDrop::into_inner(lent);
        Ok(ManuallyDrop::new(Self { file, stat, filesystem, shared: true, fresh: false }))
    }

    fn checked(file: File, stat: Stat, filesystem: Filesystem) -> Result<Self> {
        let stat = check(&file, stat)?;
        let filesystem = holding(stat, filesystem);
        Ok(Self { file, stat, filesystem, shared: false, fresh: false })
    }

    /// The size in bytes when it was opened; of a block device, the device's.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.stat.size
    }

    /// Whether the file has another size by now: truncated, or grown. A block device keeps its own.
    #[must_use]
    pub fn has_changed_size(&self) -> bool {
        self.stat.kind == FileKind::Regular
            && sys::stat(&self.file).is_ok_and(|now| now.size != self.stat.size)
    }

    /// The size in bytes by now.
    pub(crate) fn size_now(&self) -> u64 {
        match self.stat.kind {
            FileKind::Regular => sys::stat(&self.file).map_or(self.stat.size, |now| now.size),
            _ => self.stat.size,
        }
    }

    /// Something that is another after each change of content or size. Since Linux 6.13 two changes never look alike when it was asked
    /// for in between; before that they do within a tick of the kernel's clock.
    pub(crate) fn version(&self) -> Option<(u64, (i64, i64))> {
        sys::stat(&self.file).ok().map(|now| (now.size, now.changed))
    }

    /// What it is: a regular file or a block device.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.stat.kind
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The file's identity.
    #[must_use]
    pub fn id(&self) -> FileId {
        FileId { device: self.stat.device, inode: self.stat.inode }
    }

    /// The number of names the file has.
    #[must_use]
    pub fn links(&self) -> u64 {
        self.stat.links
    }

    /// The open file itself.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Reads bytes from `offset` into `buffer`; fewer at the end of the file, and before a part that cannot be read. Nothing is mapped, so
    /// that nothing can bring a signal.
    ///
    /// C: pread(2), then fstat(2): pages that a truncation takes are zeroed first, and those zeros are not the file's.
    ///
    /// ```
    /// let file = mmapio_core::OpenFile::open(std::env::current_exe().unwrap())?;
    /// assert_eq!(file.read_at(0, &mut [0; 4])?, 4);
    /// assert_eq!(file.read_at(file.size(), &mut [0; 4])?, 0);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the file had bytes there when it was opened and has none by now,
    /// [`ErrorKind::Unreadable`] when the page at `offset` cannot be read.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        for _ in 0..ATTEMPTS {
            let read = sys::read_at(&self.file, buffer, offset);
            let read = read.map_err(|source| unreadable(source, offset))?;
            let size = self.size_now();
            let there = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(read);
            match there {
                0 if buffer.is_empty() || offset >= self.size() => return Ok(0),
                0 if size <= offset => return Err(Error::new("read", ErrorKind::Truncated { size })),
                0 => {}
                there => return Ok(there),
            }
        }
        Err(unreadable(io::ErrorKind::UnexpectedEof.into(), offset))
    }

    /// A second opening of a descriptor that came from outside, with a file offset that may be moved; none is needed
    /// for our own, and none can be had where /proc is not mounted.
    pub(crate) fn seekable(&self) -> Seekable {
        if !self.shared {
            return Seekable::Same;
        }
        sys::reopen(&self.file, None, c"").map_or(Seekable::Nothing, Seekable::Other)
    }

    /// The size of its pages, where it is not the usual one: hugetlbfs.
    pub(crate) fn filesystem_page(&self) -> Option<u64> {
        let is_huge = self.filesystem.class == FilesystemClass::Blind;
        is_huge.then(|| sys::huge_page_size_of(&self.file)).flatten()
    }

    pub(crate) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The name of the filesystem it is on, where that is known. ext2, ext3 and ext4 are one.
    ///
    /// ```
    /// let file = mmapio_core::OpenFile::open(std::env::current_exe().unwrap())?;
    /// println!("{}", file.filesystem_name().unwrap_or("another filesystem"));
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    #[must_use]
    pub fn filesystem_name(&self) -> Option<&'static str> {
        Some(self.filesystem.name).filter(|name| !name.is_empty())
    }

    pub(crate) fn filesystem(&self) -> Filesystem {
        self.filesystem
    }
}

/// How often bytes are asked for that must be there by the file's size: it may be truncated and grow again in between.
const ATTEMPTS: usize = 8;

/// The page at `offset` cannot be read.
fn unreadable(source: io::Error, offset: u64) -> Error {
    let page = page_size();
    let extent = Extent::new(offset - offset % page, page);
    Error::new("read", ErrorKind::Unreadable { source, extent })
}

/// Refuses what is neither a regular file nor a block device, whose size is asked for.
fn check(file: &File, mut stat: Stat) -> Result<Stat> {
    match stat.kind {
        FileKind::Regular => {}
        FileKind::BlockDevice => {
            stat.size =
                sys::block_device_size(file).map_err(|error| unsupported_or("ioctl BLKGETSIZE64", error))?;
        }
        kind => return Err(Error::new("open", ErrorKind::RefusedKind(kind))),
    }
    Ok(stat)
}

/// Opens what `path` leads to, file or directory.
pub(crate) fn open_any(path: &Path) -> Result<Opened> {
    let looked = sys::look(path).map_err(|error| Error::system("open", error))?;
    let name = CString::new(path.as_os_str().as_encoded_bytes())
        .map_err(|_| Error::system("open", io::Error::from(io::ErrorKind::InvalidInput)))?;
    open_looked(&looked, None, &name)
}

/// Opens a name in a directory whose kind the directory did not tell, or a link that is to be followed.
pub(crate) fn open_entry(directory: &File, name: &CStr, follow: bool) -> Result<Opened> {
    let looked = sys::look_at(directory, name, follow).map_err(|error| Error::system("open", error))?;
    open_looked(&looked, Some(directory), name)
}

fn open_looked(looked: &File, directory: Option<&File>, name: &CStr) -> Result<Opened> {
    let seen = sys::stat(looked).map_err(|error| Error::system("fstat", error))?;
    let filesystem = readable_filesystem(looked)?;
    let is_named = directory.is_none();
    match seen.kind {
        FileKind::Regular | FileKind::Directory => {}
        FileKind::BlockDevice if is_named => {}
        kind => return Err(Error::new("open", ErrorKind::RefusedKind(kind))),
    }
    let file = sys::reopen(looked, directory, name).map_err(|error| Error::system("open", error))?;
    let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
    if (stat.device, stat.inode, stat.kind) != (seen.device, seen.inode, seen.kind) {
        return Err(Error::new("open", ErrorKind::Replaced));
    }
    match stat.kind {
        FileKind::Directory => Ok(Opened::Directory(OpenDirectory { file, stat, filesystem })),
        _ => OpenFile::checked(file, stat, filesystem).map(Opened::File),
    }
}

/// The filesystem that holds the pages: the node of a block device is on a tmpfs, as a rule, and its pages are not.
fn holding(stat: Stat, filesystem: Filesystem) -> Filesystem {
    match stat.kind {
        FileKind::BlockDevice => Filesystem::ORDINARY,
        _ => filesystem,
    }
}

/// The filesystem of `file`, unless it is an interface to the kernel.
pub(crate) fn readable_filesystem(file: &File) -> Result<Filesystem> {
    let filesystem = sys::filesystem_of(file).map_err(|error| Error::system("fstatfs", error))?;
    match filesystem.class {
        FilesystemClass::Interface => Err(Error::new("open", ErrorKind::RefusedFilesystem(filesystem.name))),
        _ => Ok(filesystem),
    }
}

/// The error of a call that this system may not have at all.
pub(crate) fn unsupported_or(call: &'static str, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::Unsupported && error.raw_os_error().is_none() {
        return Error::new(call, ErrorKind::Unsupported { system: std::env::consts::OS });
    }
    Error::system(call, error)
}
