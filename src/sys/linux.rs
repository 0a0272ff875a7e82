//! What only Linux has: `O_PATH`, getdents64(2), cachestat(2), statfs magic numbers, capabilities.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use super::unix::{bits, check, kind_of_entry, open_at, open_reading, retry};
use super::{CacheStat, Entry, FileKind, Filesystem, Stat};

pub(crate) use super::bypass::{
    open_again, open_direct, open_direct_writable, read_uncached, write_uncached,
};
pub(crate) use super::memory::{
    address_space_limit, has_lease, lease, lock_limit, lock_on_fault, mapping_limit, memory_file, seal,
};
pub(crate) use super::space::{allocate, allocated, bytes_left};
pub(crate) use super::span::{Span, Window, protection};
pub(crate) use super::unix::{
    descriptor, descriptor_limit, lent, msync, next_data, next_hole, offset, open_directory_at,
    open_regular_at, os_str, page_size, read_at, set_offset, stat, stat_of, usage, user, write_at,
};

/// The number of cachestat(2), the same on every architecture; libc 0.2 has it for a few only.
const SYS_CACHESTAT: libc::c_long = 451;

/// `struct cachestat_range` of `linux/mman.h`.
#[repr(C)]
struct CachestatRange {
    off: u64,
    len: u64,
}

/// `struct cachestat` of `linux/mman.h`.
#[repr(C)]
#[derive(Default)]
struct Cachestat {
    nr_cache: u64,
    nr_dirty: u64,
    nr_writeback: u64,
    nr_evicted: u64,
    nr_recently_evicted: u64,
}

/// cachestat(2): the page cache's counters for `length` bytes from `offset`; a length of 0 would be to the end.
pub(crate) fn cachestat(file: &File, offset: u64, length: u64) -> io::Result<CacheStat> {
    raw_cachestat(file.as_raw_fd(), offset, length)
}

fn raw_cachestat(fd: i32, offset: u64, length: u64) -> io::Result<CacheStat> {
    let mut range = CachestatRange { off: offset, len: length };
    let mut counts = Cachestat::default();
    // SAFETY: the kernel reads one range and writes one set of counters through pointers to just those.
    check(unsafe { libc::syscall(SYS_CACHESTAT, fd, &raw mut range, &raw mut counts, 0_u32) })?;
    Ok(CacheStat {
        cached: counts.nr_cache,
        dirty: counts.nr_dirty,
        writeback: counts.nr_writeback,
        evicted: counts.nr_evicted,
        recently_evicted: counts.nr_recently_evicted,
    })
}

/// Whether cachestat(2) reaches the kernel: asked of no descriptor it must say `EBADF`; an old kernel says `ENOSYS`,
/// and a seccomp filter whatever it was told to, most often the `EPERM` that also means "not your file".
pub(crate) fn has_cachestat() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE
        .get_or_init(|| raw_cachestat(-1, 0, 0).is_err_and(|error| error.raw_os_error() == Some(libc::EBADF)))
}

/// fstat(2) by its own number: glibc asks newfstatat with an empty path instead, which takes a tenth of what opening
/// and asking about a small file costs.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn fstat(fd: i32, stat: &mut MaybeUninit<libc::stat>) -> io::Result<()> {
    // SAFETY: on these architectures the kernel's stat and libc's are the same, and the pointer is to one of them.
    check(unsafe { libc::syscall(libc::SYS_fstat, fd, stat.as_mut_ptr()) }).map(drop)
}

/// fstat(2); elsewhere the kernel's stat may differ from libc's.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn fstat(fd: i32, stat: &mut MaybeUninit<libc::stat>) -> io::Result<()> {
    // SAFETY: the pointer is to a stat, of which the call writes one.
    check(unsafe { libc::fstat(fd, stat.as_mut_ptr()) }).map(drop)
}

/// Opens `path` without opening what is behind it: `O_PATH`, following links.
pub(crate) fn look(path: &Path) -> io::Result<File> {
    let path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    open_at(None, &path, libc::O_PATH | libc::O_CLOEXEC)
}

/// The same for a name in a directory; a link is followed only when asked for.
pub(crate) fn look_at(directory: &File, name: &CStr, follow: bool) -> io::Result<File> {
    let nofollow = if follow { 0 } else { libc::O_NOFOLLOW };
    open_at(Some(directory), name, libc::O_PATH | libc::O_CLOEXEC | nofollow)
}

/// Opens for reading what [`look`] found, whatever its name leads to by now. Where /proc is not mounted it is opened by
/// name again: the caller compares the identities.
pub(crate) fn reopen(looked: &File, directory: Option<&File>, name: &CStr) -> io::Result<File> {
    let link = CString::new(format!("/proc/self/fd/{}", looked.as_raw_fd()))?;
    match open_reading(None, &link) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => open_reading(directory, name),
        opened => opened,
    }
}

/// The directory below which the kernel shows proc(5).
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub(crate) fn root_of_proc() -> io::Result<&'static Path> {
    Ok(Path::new("/"))
}

/// The device number that stat(2) tells, of the two parts that proc(5) tells: makedev(3).
pub(crate) fn device(major: u32, minor: u32) -> u64 {
    libc::makedev(major, minor)
}

/// Opens once more, for reading and writing, the very file that is open: open(2) through /proc.
pub(crate) fn reopen_writable(file: &File) -> io::Result<File> {
    let link = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    open_at(None, &link, libc::O_RDWR | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
}

/// fsync(2), once: the standard library repeats what a signal interrupted, and the repetition may have lost the error.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    // SAFETY: takes a number only; the descriptor is open.
    check(unsafe { libc::fsync(file.as_raw_fd()) }).map(drop)
}

/// fdatasync(2), once.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    // SAFETY: takes a number only; the descriptor is open.
    check(unsafe { libc::fdatasync(file.as_raw_fd()) }).map(drop)
}

/// Starts writing `length` bytes from `offset`, sync_file_range(2) `SYNC_FILE_RANGE_WRITE`; a length of 0 is to the end.
pub(crate) fn start_writeback(file: &File, offset: u64, length: u64) -> io::Result<()> {
    let (offset, length) = (file_offset(offset)?, file_offset(length)?);
    let flags = libc::SYNC_FILE_RANGE_WRITE;
    // SAFETY: takes numbers only; the descriptor is open.
    check(unsafe { libc::sync_file_range(file.as_raw_fd(), offset, length, flags) }).map(drop)
}

/// The filesystem of an open file, fstatfs(2).
pub(crate) fn filesystem_of(file: &File) -> io::Result<Filesystem> {
    let mut raw = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open, and the kernel writes one statfs through the pointer.
    retry(|| check(unsafe { libc::fstatfs(file.as_raw_fd(), raw.as_mut_ptr()) }))?;
    // SAFETY: fstatfs succeeded, so all of it is written.
    let raw = unsafe { raw.assume_init() };
    Ok(Filesystem::from_magic(bits(raw.f_type.into(), 0xffff_ffff)))
}

/// The size of a block device in bytes, ioctl(2) `BLKGETSIZE64`.
pub(crate) fn block_device_size(file: &File) -> io::Result<u64> {
    /// Of `linux/fs.h`.
    const BLKGETSIZE64: libc::Ioctl = libc::_IOR::<usize>(0x12, 114);
    let mut size: u64 = 0;
    // SAFETY: the descriptor is open, and the kernel writes 64 bits through the pointer.
    check(unsafe { libc::ioctl(file.as_raw_fd(), BLKGETSIZE64, &raw mut size) })?;
    Ok(size)
}

/// Whether mincore(2) tells us the truth about a file, or claims that every page is resident because neither owning nor
/// being allowed to write it gives us the right to know. Owners are told; for others the kernel is asked of a page far
/// beyond the end, which is not there, unless the answer is that claim.
pub(crate) fn mincore_is_truthful(file: &File, stat: &Stat, user: u32) -> io::Result<bool> {
    /// Who shows as this user may be anybody from outside of our user namespace (user_namespaces(7)).
    const OVERFLOW_USER: u32 = 65534;
    const FAR_BEYOND: u64 = if cfg!(target_pointer_width = "64") { 1 << 62 } else { 1 << 43 };
    if stat.owner == user && user != OVERFLOW_USER {
        return Ok(true);
    }
    let mut page = [1];
    Window::new(file, FAR_BEYOND, page_size())?.residency(0, &mut page)?;
    Ok(page == [0])
}

/// The advice of madvise(2) that the core gives itself.
pub(crate) mod madvise {
    pub(crate) use libc::MADV_COLD as COLD;
    pub(crate) use libc::MADV_DONTNEED as DONTNEED;
    pub(crate) use libc::MADV_HUGEPAGE as HUGEPAGE;
    pub(crate) use libc::MADV_MERGEABLE as MERGEABLE;
    pub(crate) use libc::MADV_NOHUGEPAGE as NOHUGEPAGE;
    pub(crate) use libc::MADV_NORMAL as NORMAL;
    pub(crate) use libc::MADV_PAGEOUT as PAGEOUT;
    pub(crate) use libc::MADV_POPULATE_READ as POPULATE_READ;
    pub(crate) use libc::MADV_RANDOM as RANDOM;
    pub(crate) use libc::MADV_SEQUENTIAL as SEQUENTIAL;
    pub(crate) use libc::MADV_UNMERGEABLE as UNMERGEABLE;
    pub(crate) use libc::MADV_WILLNEED as WILLNEED;
    /// Of `linux/mman.h`; libc 0.2 has it for glibc only.
    pub(crate) const COLLAPSE: i32 = 25;
}

/// The advice of posix_fadvise(2) that the core gives itself.
pub(crate) mod fadvise {
    pub(crate) use libc::POSIX_FADV_DONTNEED as DONTNEED;
    pub(crate) use libc::POSIX_FADV_NOREUSE as NOREUSE;
    pub(crate) use libc::POSIX_FADV_NORMAL as NORMAL;
    pub(crate) use libc::POSIX_FADV_RANDOM as RANDOM;
    pub(crate) use libc::POSIX_FADV_SEQUENTIAL as SEQUENTIAL;
    pub(crate) use libc::POSIX_FADV_WILLNEED as WILLNEED;
}

/// posix_fadvise(2) for `length` bytes from `offset`; a length of 0 is to the end.
pub(crate) fn fadvise(file: &File, offset: u64, length: u64, advice: i32) -> io::Result<()> {
    let (offset, length) = (file_offset(offset)?, file_offset(length)?);
    // SAFETY: takes numbers only; the descriptor is open.
    match unsafe { libc::posix_fadvise(file.as_raw_fd(), offset, length, advice) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// readahead(2): starts reading up to `length` bytes from `offset`, without waiting; the kernel takes as much of it as the
/// device takes at once, and says nothing of the rest.
pub(crate) fn readahead(file: &File, offset: u64, length: u64) -> io::Result<()> {
    let offset = file_offset(offset)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    retry(|| {
        // SAFETY: takes numbers only; the descriptor is open.
        let returned = unsafe { libc::readahead(file.as_raw_fd(), offset, length) };
        check(i64::try_from(returned).unwrap_or(-1)).map(drop)
    })
}

fn file_offset(offset: u64) -> io::Result<i64> {
    i64::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))
}

/// A handle of a process, pidfd_open(2): it never becomes another process's, whatever its number does.
pub(crate) fn open_process(pid: u32) -> io::Result<File> {
    let pid = libc::pid_t::try_from(pid).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))?;
    // SAFETY: takes numbers only.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0_u32) })?;
    let fd = i32::try_from(fd).map_err(|_| io::Error::from_raw_os_error(libc::EMFILE))?;
    // SAFETY: pidfd_open just gave us this descriptor, so nobody else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// process_madvise(2) for ranges of addresses and lengths in a process, at most `IOV_MAX` (1024) of them; the bytes that were
/// advised, which may be fewer. Without a range it only says whether this advice may be given to this process.
pub(crate) fn process_madvise(process: &File, ranges: &[(u64, u64)], advice: i32) -> io::Result<u64> {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let vector = |(start, length): &(u64, u64)| libc::iovec {
        iov_base: std::ptr::without_provenance_mut(number(*start)),
        iov_len: number(*length),
    };
    let vectors: Vec<_> = ranges.iter().map(vector).collect();
    let (fd, count) = (process.as_raw_fd(), vectors.len());
    let advised = retry(|| {
        // SAFETY: the kernel reads as many vectors as there are; the addresses in them are another process's, to which it
        // gives no advice that changes content.
        check(unsafe { libc::syscall(libc::SYS_process_madvise, fd, vectors.as_ptr(), count, advice, 0_u32) })
    })?;
    Ok(u64::try_from(advised).unwrap_or(0))
}

/// The size of a large page that the kernel fills the page cache with on request; none where it has no such pages.
pub(crate) fn huge_page_size() -> Option<u64> {
    static SIZE: OnceLock<Option<u64>> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let text = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size").ok()?;
        text.trim().parse().ok()
    })
}

/// The size of the pages of a file on hugetlbfs, which statfs(2) says are its blocks; none elsewhere.
pub(crate) fn huge_page_size_of(file: &File) -> Option<u64> {
    let mut raw = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the kernel writes one statfs through the pointer, which points to one.
    check(unsafe { libc::fstatfs(file.as_raw_fd(), raw.as_mut_ptr()) }).ok()?;
    // SAFETY: fstatfs succeeded, so all of it is written.
    let raw = unsafe { raw.assume_init() };
    let is_hugetlbfs = bits(raw.f_type.into(), u64::MAX) == bits(libc::HUGETLBFS_MAGIC.into(), u64::MAX);
    u64::try_from(raw.f_bsize).ok().filter(|_| is_hugetlbfs)
}

/// Reads a directory in batches, getdents64(2).
#[derive(Debug)]
pub(crate) struct DirectoryReader {
    buffer: Vec<u8>,
    filled: usize,
}

/// Where the fields of `struct linux_dirent64` lie.
const RECORD_LENGTH: usize = 16;
const RECORD_TYPE: usize = 18;
const RECORD_NAME: usize = 19;

impl DirectoryReader {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; 64 << 10], filled: 0 }
    }

    /// Reads the next batch of the directory's names; false at its end.
    pub(crate) fn fill(&mut self, directory: &File) -> io::Result<bool> {
        self.filled = 0;
        let (fd, length) = (directory.as_raw_fd(), self.buffer.len());
        let read = retry(|| {
            // SAFETY: the kernel writes at most as many bytes as the buffer has.
            check(unsafe { libc::syscall(libc::SYS_getdents64, fd, self.buffer.as_mut_ptr(), length) })
        })?;
        self.filled = usize::try_from(read).unwrap_or(0);
        Ok(self.filled > 0)
    }

    /// Whether the batch was so full that the directory may well have more.
    pub(crate) fn may_have_more(&self) -> bool {
        self.filled > self.buffer.len() / 2
    }

    /// The names of the last batch, without `.` and `..`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.buffer.get(..self.filled).unwrap_or_default();
        std::iter::from_fn(move || {
            let length = rest.get(RECORD_LENGTH..RECORD_TYPE)?;
            let length = usize::from(u16::from_ne_bytes(length.try_into().ok()?));
            let record = rest.get(..length)?;
            rest = rest.get(length..)?;
            let name = CStr::from_bytes_until_nul(record.get(RECORD_NAME..)?).ok()?;
            Some(Entry {
                name,
                kind: record.get(RECORD_TYPE).map_or(FileKind::Unknown, |kind| kind_of_entry(*kind)),
            })
        })
        .filter(|entry| !matches!(entry.name.to_bytes(), b"." | b".."))
    }
}
