//! Which processes map a file, and what of it they hold: proc(5) `/proc/PID/maps`, `pagemap` and `smaps`.

mod advised;
mod identity;
mod in_use;
mod locked;
mod maps;
mod pages;
mod smaps;
mod usage;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::{FileId, OpenFile, unsupported_or};
use crate::sys::{self, errno};

pub use advised::AdvisedProcess;
pub use in_use::{FileInUse, FileUser, FilesInUse};
pub(crate) use locked::{Addresses, locked_ranges};
use maps::MapsReader;
pub use smaps::{Held, ProcessMemory};
pub use usage::Usage;

/// A piece of a file that a process maps: a line of `/proc/PID/maps` (proc(5)).
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let mappings = mmapio_core::mappings_in(std::process::id())?;
/// let own = std::env::current_exe().unwrap();
/// let code = mappings.iter().find(|mapping| *mapping.path == own).unwrap();
/// assert!(code.readable && !code.shared);
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileMapping {
    /// The process, as /proc here counts them.
    pub pid: u32,
    /// The process's name, at most 15 bytes (`/proc/PID/comm`).
    pub command: Arc<str>,
    /// Where it begins in that process.
    pub address: u64,
    /// The bytes of the file. They are as long as the mapping: whole pages, perhaps beyond the file's end.
    pub extent: Extent,
    /// Whether the process may read there.
    pub readable: bool,
    /// Whether it may write there: into the file when it is shared.
    pub writable: bool,
    /// `MAP_SHARED`; pages written through a private mapping are no longer the file's.
    pub shared: bool,
    /// What the line calls the file: a path as seen from here, perhaps with ` (deleted)`, or a name without a file.
    pub path: Arc<Path>,
    /// What the line says it is; on btrfs and overlayfs the device is another one than stat(2) tells.
    pub id: FileId,
}

/// The file mappings of all processes that this one may look at, read once and cheap to ask for many files.
///
/// ```
/// use mmapio_core::{OpenFile, Processes};
/// # #[cfg(target_os = "linux")] {
/// let processes = Processes::snapshot()?;
/// let own = OpenFile::open("/proc/self/exe")?;
/// assert!(processes.mappings_of(&own).iter().any(|mapping| mapping.pid == std::process::id()));
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Processes {
    by_inode: HashMap<u64, Vec<FileMapping>>,
    unreadable: usize,
}

impl Processes {
    /// Reads the mappings of every process in /proc, this one included.
    ///
    /// A process that ends meanwhile is none; one that is not ours to look at (ptrace(2), `PTRACE_MODE_READ`) is counted
    /// as [`unreadable`](Self::unreadable). The processes go on while they are read, so this is no picture of one moment.
    ///
    /// Source: `/proc/PID/maps`. Cost: one to two microseconds a mapping, nearly all of them the kernel's, and a hundred bytes
    /// for each of a file; [`snapshot_of`](Self::snapshot_of) keeps less.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when /proc cannot be listed or read, [`ErrorKind::Unsupported`] on systems other than Linux.
    pub fn snapshot() -> Result<Self> {
        Self::read(|_| true)
    }

    /// The same, of these files only: nothing else is kept, and nothing can be asked of other files.
    ///
    /// ```
    /// use mmapio_core::{OpenFile, Processes};
    /// # #[cfg(target_os = "linux")] {
    /// let own = OpenFile::open("/proc/self/exe")?;
    /// let processes = Processes::snapshot_of([own.id()])?;
    /// assert!(!processes.mappings_of(&own).is_empty());
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub fn snapshot_of(files: impl IntoIterator<Item = FileId>) -> Result<Self> {
        let inodes: HashSet<u64> = files.into_iter().map(|id| id.inode).collect();
        Self::read(|inode| inodes.contains(&inode))
    }

    /// The mappings of one process only.
    ///
    /// ```
    /// use mmapio_core::{OpenFile, Processes};
    /// # #[cfg(target_os = "linux")] {
    /// let own = OpenFile::open("/proc/self/exe")?;
    /// assert!(!Processes::of(std::process::id())?.mappings_of(&own).is_empty());
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`mappings_in`].
    pub fn of(pid: u32) -> Result<Self> {
        let mut snapshot = Self::default();
        mappings_in(pid)?.into_iter().for_each(|mapping| snapshot.add(mapping));
        Ok(snapshot)
    }

    fn read(wanted: impl Fn(u64) -> bool) -> Result<Self> {
        let mut snapshot = Self::default();
        let mut reader = MapsReader::default();
        for pid in pids()? {
            match reader.read(pid, &wanted, |mapping| snapshot.add(mapping)) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) if is_refused(&error) => snapshot.unreadable += 1,
                Err(error) => return Err(failed(pid, "maps", error)),
            }
        }
        Ok(snapshot)
    }

    /// The mappings of a file, those of one process in the order of their addresses.
    ///
    /// A mapping is of the file when device and inode are the file's. Where the device is another one (btrfs and overlayfs
    /// have several), it is when the inode is the same and the mapping, or its path, leads to the file. A file below an
    /// overlay and the same file seen through the overlay are two files here.
    #[must_use]
    pub fn mappings_of(&self, file: &OpenFile) -> Vec<&FileMapping> {
        let id = file.id();
        let candidates = self.by_inode.get(&id.inode).map_or(&[][..], Vec::as_slice);
        candidates.iter().filter(|mapping| mapping.is_of(id)).collect()
    }

    /// The number of processes whose mappings we were not allowed to read: each may map any file.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Neighbouring lines of most processes name the same few files, so that their path is kept once.
    fn add(&mut self, mut mapping: FileMapping) {
        let mappings = self.by_inode.entry(mapping.id.inode).or_default();
        if let Some(last) = mappings.last().filter(|last| last.path == mapping.path) {
            mapping.path = Arc::clone(&last.path);
        }
        mappings.push(mapping);
    }
}

/// The file mappings of one process, in the order of their addresses.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// assert!(!mmapio_core::mappings_in(std::process::id())?.is_empty());
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::System`] with what `/proc/PID/maps` says when it is opened or read: no such process, or permission denied;
/// [`ErrorKind::Unsupported`] on systems other than Linux.
pub fn mappings_in(pid: u32) -> Result<Vec<FileMapping>> {
    proc()?;
    let mut mappings = Vec::new();
    let read = MapsReader::default().read(pid, |_| true, |mapping| mappings.push(mapping));
    read.map(|()| mappings).map_err(|error| failed(pid, "maps", error))
}

fn proc() -> Result<&'static Path> {
    sys::root_of_proc().map_err(|error| unsupported_or("maps", error))
}

/// The processes there are.
fn pids() -> Result<Vec<u32>> {
    let proc = proc()?.join("proc");
    let unlisted = |error| Error::system("readdir", error).with_path(&proc);
    let mut pids = Vec::new();
    for entry in std::fs::read_dir(&proc).map_err(unlisted)? {
        let name = entry.map_err(unlisted)?.file_name();
        pids.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// A file of /proc that tells of one process.
fn file_of(pid: u32, name: &str) -> String {
    format!("/proc/{pid}/{name}")
}

fn failed(pid: u32, name: &str, error: io::Error) -> Error {
    Error::new("read", ErrorKind::System(error)).with_path(file_of(pid, name))
}

/// The process has ended.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(errno::ESRCH)
}

/// The process is not ours to look at.
fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// What is missing to look at a process.
fn not_ours(pid: u32) -> String {
    format!("looking at process {pid} needs its user's rights or CAP_SYS_PTRACE (PTRACE_MODE_READ)")
}
