//! What Linux and macOS have in common.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use super::{FileKind, Stat};

/// What every read-only opening has: never waits for a FIFO's writer, never becomes our terminal, never leaks into a child.
const READING: i32 = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;

/// Turns the return value of a system call into a result: -1 is the error in `errno`.
pub(super) fn check<T: Into<i64> + Copy>(returned: T) -> io::Result<T> {
    if returned.into() == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// Repeats a call that a signal interrupted.
pub(super) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// A name or path as the system spells it.
pub(crate) fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// The page size, sysconf(3) `_SC_PAGESIZE`.
pub(crate) fn page_size() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: sysconf takes a number and touches no memory of ours.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        u64::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
    })
}

/// The soft limit on open descriptors, getrlimit(2) `RLIMIT_NOFILE`.
pub(crate) fn descriptor_limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit through the pointer, which points to one.
    let returned = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    match check(returned) {
        Ok(_) => usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX),
        Err(_) => 256,
    }
}

/// openat(2); `directory` none is the working directory.
pub(super) fn open_at(directory: Option<&File>, name: &CStr, flags: i32) -> io::Result<File> {
    let base = directory.map_or(libc::AT_FDCWD, AsRawFd::as_raw_fd);
    retry(|| {
        // SAFETY: `name` ends with NUL and lives through the call; `base` is open as long as `directory` is borrowed.
        let fd = check(unsafe { libc::openat(base, name.as_ptr(), flags) })?;
        // SAFETY: openat just gave us this descriptor, so nobody else owns it.
        Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
    })
}

/// Opens what is expected to be a regular file, never through a link in the last component.
pub(crate) fn open_regular_at(directory: &File, name: &CStr) -> io::Result<File> {
    open_at(Some(directory), name, READING | libc::O_NOFOLLOW)
}

/// Opens a directory for listing, never through a link in the last component.
pub(crate) fn open_directory_at(directory: &File, name: &CStr) -> io::Result<File> {
    open_at(Some(directory), name, READING | libc::O_NOFOLLOW | libc::O_DIRECTORY)
}

/// Opens for reading by name, following links.
pub(super) fn open_reading(directory: Option<&File>, name: &CStr) -> io::Result<File> {
    open_at(directory, name, READING)
}

/// fstat(2).
#[cfg_attr(
    target_os = "linux",
    expect(clippy::useless_conversion, reason = "the widths of the fields differ between systems")
)]
pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    let mut raw = std::mem::MaybeUninit::<libc::stat>::uninit();
    super::os::fstat(file.as_raw_fd(), &mut raw)?;
    // SAFETY: fstat succeeded, so all of it is written.
    let raw = unsafe { raw.assume_init() };
    Ok(Stat {
        device: bits(raw.st_dev.into(), u64::MAX),
        inode: raw.st_ino.into(),
        links: raw.st_nlink.into(),
        size: u64::try_from(raw.st_size).unwrap_or(0),
        owner: raw.st_uid,
        kind: kind_of_mode(raw.st_mode),
    })
}

/// The bits of a number whose width and sign differ between systems.
pub(super) fn bits(number: i128, mask: u64) -> u64 {
    u64::try_from(number & i128::from(mask)).unwrap_or(0)
}

fn kind_of_mode(mode: libc::mode_t) -> FileKind {
    match mode & libc::S_IFMT {
        libc::S_IFREG => FileKind::Regular,
        libc::S_IFDIR => FileKind::Directory,
        libc::S_IFLNK => FileKind::Symlink,
        libc::S_IFBLK => FileKind::BlockDevice,
        libc::S_IFCHR => FileKind::CharacterDevice,
        libc::S_IFIFO => FileKind::Fifo,
        libc::S_IFSOCK => FileKind::Socket,
        _ => FileKind::Unknown,
    }
}

/// The kind in a directory entry's `d_type`; filesystems may leave it out.
pub(super) fn kind_of_entry(d_type: u8) -> FileKind {
    match d_type {
        libc::DT_REG => FileKind::Regular,
        libc::DT_DIR => FileKind::Directory,
        libc::DT_LNK => FileKind::Symlink,
        libc::DT_BLK => FileKind::BlockDevice,
        libc::DT_CHR => FileKind::CharacterDevice,
        libc::DT_FIFO => FileKind::Fifo,
        libc::DT_SOCK => FileKind::Socket,
        _ => FileKind::Unknown,
    }
}

/// The first data at or after `offset`, lseek(2) `SEEK_DATA`; none when there is only hole up to the end.
pub(crate) fn next_data(file: &File, offset: u64) -> io::Result<Option<u64>> {
    seek(file, offset, libc::SEEK_DATA)
}

/// The first hole at or after `offset`, lseek(2) `SEEK_HOLE`; the end of the file counts as one.
pub(crate) fn next_hole(file: &File, offset: u64) -> io::Result<Option<u64>> {
    seek(file, offset, libc::SEEK_HOLE)
}

/// Where in a directory the next names are read, lseek(2): a number of the filesystem's own.
pub(crate) fn offset(directory: &File) -> io::Result<u64> {
    // SAFETY: lseek takes numbers only; the descriptor is open.
    let offset = check(unsafe { libc::lseek(directory.as_raw_fd(), 0, libc::SEEK_CUR) })?;
    Ok(u64::try_from(offset).unwrap_or(0))
}

/// Goes back to an offset that [`offset`] told, perhaps through another descriptor.
pub(crate) fn set_offset(directory: &File, offset: u64) -> io::Result<()> {
    seek(directory, offset, libc::SEEK_SET).map(drop)
}

fn seek(file: &File, offset: u64, whence: i32) -> io::Result<Option<u64>> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: lseek takes numbers only; the descriptor is open.
    match check(unsafe { libc::lseek(file.as_raw_fd(), offset, whence) }) {
        Ok(found) => Ok(u64::try_from(found).ok()),
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads into `buffer` from `offset`, pread(2); less than asked is the end of the file.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    retry(|| std::os::unix::fs::FileExt::read_at(file, buffer, offset))
}

/// The flags of msync(2).
pub(crate) mod msync {
    pub(crate) use libc::MS_INVALIDATE as INVALIDATE;
    pub(crate) use libc::MS_SYNC as SYNC;
}

/// A part of a file mapped for the kernel alone: it can be asked for residency and advised about, and nobody touches it.
#[derive(Debug)]
pub(crate) struct Window {
    start: NonNull<libc::c_void>,
    length: NonZeroUsize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and no byte of it is read or written through this.
unsafe impl Send for Window {}

impl Window {
    /// Maps `length` bytes from `offset`, which is a multiple of the page size: mmap(2) with `PROT_NONE`.
    pub(crate) fn new(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        Self::map(file, offset, length, libc::PROT_NONE)
    }

    /// The same with `PROT_READ`, for advice that makes the kernel read: nobody of us ever touches the bytes.
    pub(crate) fn readable(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        Self::map(file, offset, length, libc::PROT_READ)
    }

    /// The same at an address that is as far from a multiple of `multiple` as `offset` is, which is where huge pages can be;
    /// where no such place is free, anywhere.
    pub(crate) fn aligned(file: &File, offset: u64, length: u64, multiple: u64) -> io::Result<Self> {
        let room = Self::readable(file, offset, length.saturating_add(multiple))?;
        let start = room.start.as_ptr().addr() as u64;
        drop(room);
        let place = start.next_multiple_of(multiple).saturating_add(offset % multiple);
        Self::map_near(place, file, offset, length, libc::PROT_READ)
    }

    fn map(file: &File, offset: u64, length: u64, protection: i32) -> io::Result<Self> {
        Self::map_near(0, file, offset, length, protection)
    }

    /// Maps at this address if that is free.
    fn map_near(place: u64, file: &File, offset: u64, length: u64, protection: i32) -> io::Result<Self> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let length = usize::try_from(length).ok().and_then(NonZeroUsize::new).ok_or_else(invalid)?;
        let offset = libc::off_t::try_from(offset).map_err(|_| invalid())?;
        let fd = file.as_raw_fd();
        let place = ptr::without_provenance_mut(usize::try_from(place).unwrap_or(0));
        // SAFETY: a new mapping without MAP_FIXED replaces nothing of ours: the place is a wish.
        let start = unsafe { libc::mmap(place, length.get(), protection, libc::MAP_SHARED, fd, offset) };
        match NonNull::new(start) {
            Some(start) if start.as_ptr() != libc::MAP_FAILED => Ok(Self { start, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The address of `length` bytes from byte `from`, when they lie inside the window; the last page counts as a whole.
    pub(super) fn part(&self, from: u64, length: u64) -> io::Result<(*mut libc::c_void, usize)> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let from = usize::try_from(from).map_err(|_| invalid())?;
        let length = usize::try_from(length).map_err(|_| invalid())?;
        let page = usize::try_from(page_size()).map_err(|_| invalid())?;
        let mapped = self.length.get().next_multiple_of(page);
        if from % page != 0 || from.checked_add(length).is_none_or(|end| end > mapped) {
            return Err(invalid());
        }
        Ok((self.start.as_ptr().wrapping_byte_add(from), length))
    }

    /// madvise(2) for `length` bytes from byte `from` of the window.
    pub(crate) fn advise(&self, from: u64, length: u64, advice: i32) -> io::Result<()> {
        let (start, length) = self.part(from, length)?;
        retry(|| {
            // SAFETY: the range lies inside our mapping, to whose bytes nobody holds a pointer, so that no advice can
            // take away what somebody relies on.
            check(unsafe { libc::madvise(start, length, advice) }).map(drop)
        })
    }

    /// msync(2) for `length` bytes from byte `from` of the window; it is not repeated, since its first failure is final.
    pub(crate) fn sync(&self, from: u64, length: u64, flags: i32) -> io::Result<()> {
        let (start, length) = self.part(from, length)?;
        // SAFETY: the range lies inside our mapping; msync changes nothing in memory.
        check(unsafe { libc::msync(start, length, flags) }).map(drop)
    }

    /// Unmaps what lies at and behind byte `length` of the window, which is a multiple of the page size and not 0.
    pub(crate) fn cut(&mut self, length: u64) -> io::Result<()> {
        let (end, rest) = self.part(length, self.mapped().saturating_sub(length))?;
        let kept = usize::try_from(length).ok().and_then(NonZeroUsize::new);
        let kept = kept.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        if rest > 0 {
            // SAFETY: the range lies inside our mapping, to whose bytes nobody holds a pointer.
            check(unsafe { libc::munmap(end, rest) })?;
            self.length = kept;
        }
        Ok(())
    }

    /// The bytes of the whole mapping, which are whole pages.
    pub(super) fn mapped(&self) -> u64 {
        (self.length.get() as u64).next_multiple_of(page_size())
    }

    /// Asks mincore(2) of the pages from byte `from` of the window, one byte a page into `pages`: bit 0 is residency.
    pub(crate) fn residency(&self, from: u64, pages: &mut [u8]) -> io::Result<()> {
        let (start, length) = self.part(from, (pages.len() as u64).saturating_mul(page_size()))?;
        retry(|| {
            // SAFETY: the range lies inside our mapping, and `pages` has a byte for each of its pages.
            check(unsafe { libc::mincore(start, length, pages.as_mut_ptr().cast()) }).map(drop)
        })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: the range is the one that mmap gave, and nobody holds a pointer into it.
        unsafe { libc::munmap(self.start.as_ptr(), self.length.get()) };
    }
}
