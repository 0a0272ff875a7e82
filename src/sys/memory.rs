//! What Linux alone has of memory: locks without reading, limits, memory files with seals, leases.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::span::Span;
use super::unix::check;

/// Keeps pages in memory from the moment they are brought in, mlock2(2) `MLOCK_ONFAULT`: the kernel reads nothing here.
/// Without that flag it would try forever to read a page that cannot be read.
pub(crate) fn lock_on_fault(span: &Span) -> io::Result<()> {
    let (start, length) = span.part(0, span.mapped())?;
    // SAFETY: the range is a whole mapping of ours; locking changes no byte of it.
    check(unsafe { libc::mlock2(start, length, libc::MLOCK_ONFAULT) }).map(drop)
}

/// How many bytes this process may lock, getrlimit(2) `RLIMIT_MEMLOCK`, the soft limit; none is any number.
pub(crate) fn lock_limit() -> io::Result<Option<u64>> {
    limit(libc::RLIMIT_MEMLOCK)
}

/// How many bytes this process may map, getrlimit(2) `RLIMIT_AS`, the soft limit; none is any number.
pub(crate) fn address_space_limit() -> io::Result<Option<u64>> {
    limit(libc::RLIMIT_AS)
}

/// How many mappings this process has, and how many it may have: vm.max_map_count.
pub(crate) fn mapping_limit() -> Option<(u64, u64)> {
    let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()?;
    let used = std::fs::read("/proc/self/maps").ok()?.iter().filter(|byte| **byte == b'\n').count();
    Some((used as u64, allowed))
}

/// A file that is memory alone, memfd_create(2), which may be sealed.
pub(crate) fn memory_file(name: &CStr) -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name ends with NUL and lives through the call.
    let fd = check(unsafe { libc::memfd_create(name.as_ptr(), flags) })?;
    // SAFETY: memfd_create just gave us this descriptor, so nobody else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// Seals a memory file, fcntl(2) `F_ADD_SEALS`: against seals, shrinking, growing, writing, new writing.
pub(crate) fn seal(file: &File, asked: [bool; 5]) -> io::Result<()> {
    const SEALS: [i32; 5] =
        [libc::F_SEAL_SEAL, libc::F_SEAL_SHRINK, libc::F_SEAL_GROW, libc::F_SEAL_WRITE, F_SEAL_FUTURE_WRITE];
    /// Of `linux/fcntl.h`; libc 0.2 has it for some systems only.
    const F_SEAL_FUTURE_WRITE: i32 = 0x10;
    let seals = asked.iter().zip(SEALS).filter(|(asked, _)| **asked).fold(0, |all, (_, seal)| all | seal);
    // SAFETY: takes numbers only; the descriptor is open.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) }).map(drop)
}

/// Takes a read lease or gives it back, fcntl(2) `F_SETLEASE`; its signal becomes one that nothing happens at.
pub(crate) fn lease(file: &File, take: bool) -> io::Result<()> {
    /// Of `linux/fcntl.h`, which libc 0.2 lacks.
    const F_SETSIG: i32 = 10;
    if take {
        // SAFETY: takes numbers only; the descriptor is open.
        check(unsafe { libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG) })?;
    }
    let kind = if take { libc::F_RDLCK } else { libc::F_UNLCK };
    // SAFETY: takes numbers only; the descriptor is open.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) }).map(drop)
}

/// Whether a read lease is still held and nobody wants it, fcntl(2) `F_GETLEASE`.
pub(crate) fn has_lease(file: &File) -> io::Result<bool> {
    // SAFETY: takes numbers only; the descriptor is open.
    let kind = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLEASE) })?;
    Ok(kind == libc::F_RDLCK)
}

/// A number whose type differs between the C libraries.
#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

fn limit(resource: Resource) -> io::Result<Option<u64>> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit through the pointer, which points to one.
    check(unsafe { libc::getrlimit(resource, &raw mut limit) })?;
    Ok((limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur))
}
