//! What Linux and macOS have in common.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use super::{FileKind, Stat, Usage};

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

/// The number of an open file's descriptor.
pub(crate) fn descriptor(file: &File) -> i32 {
    file.as_raw_fd()
}

/// The same descriptor as a file that is not to be dropped: whose it is keeps it open meanwhile.
#[expect(clippy::unnecessary_wraps, reason = "not every system has it")]
pub(crate) fn lent(file: &File) -> io::Result<ManuallyDrop<File>> {
    // SAFETY: the descriptor is open as long as `file` is borrowed, and what is made of it is never dropped, so never closed.
    Ok(ManuallyDrop::new(unsafe { File::from_raw_fd(file.as_raw_fd()) }))
}

/// The user that this process acts as, geteuid(2).
pub(crate) fn user() -> u32 {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// What this process has used so far, getrusage(2) `RUSAGE_SELF`.
pub(crate) fn usage() -> io::Result<Usage> {
    let mut raw = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the kernel writes one rusage through the pointer, which points to one.
    check(unsafe { libc::getrusage(libc::RUSAGE_SELF, raw.as_mut_ptr()) })?;
    // SAFETY: getrusage succeeded, so all of it is written.
    let raw = unsafe { raw.assume_init() };
    let time = |time: libc::timeval| {
        Duration::from_secs(count(time.tv_sec)) + Duration::from_micros(count(time.tv_usec))
    };
    Ok(Usage {
        user: time(raw.ru_utime),
        system: time(raw.ru_stime),
        minor_faults: count(raw.ru_minflt),
        major_faults: count(raw.ru_majflt),
    })
}

/// A count, whose type differs between systems; none is negative.
fn count<T: TryInto<u64>>(number: T) -> u64 {
    number.try_into().unwrap_or(0)
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
        changed: (raw.st_ctime.into(), raw.st_ctime_nsec.into()),
        kind: kind_of_mode(raw.st_mode),
    })
}

/// What a path leads to, without opening it: stat(2).
pub(crate) fn stat_of(path: &Path) -> io::Result<Stat> {
    let found = std::fs::metadata(path)?;
    Ok(Stat {
        device: found.dev(),
        inode: found.ino(),
        links: found.nlink(),
        size: found.size(),
        owner: found.uid(),
        changed: (found.ctime(), found.ctime_nsec()),
        kind: kind_of_type(found.file_type()),
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

fn kind_of_type(kind: std::fs::FileType) -> FileKind {
    match () {
        () if kind.is_file() => FileKind::Regular,
        () if kind.is_dir() => FileKind::Directory,
        () if kind.is_symlink() => FileKind::Symlink,
        () if kind.is_block_device() => FileKind::BlockDevice,
        () if kind.is_char_device() => FileKind::CharacterDevice,
        () if kind.is_fifo() => FileKind::Fifo,
        () if kind.is_socket() => FileKind::Socket,
        () => FileKind::Unknown,
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

/// Writes all of `bytes` at `offset`, pwrite(2).
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// The flags of msync(2).
pub(crate) mod msync {
    pub(crate) use libc::MS_INVALIDATE as INVALIDATE;
    pub(crate) use libc::MS_SYNC as SYNC;
}
