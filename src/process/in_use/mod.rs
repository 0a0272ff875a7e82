//! The files that processes use: those they map or hold open.

mod collect;
mod identify;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::open::{FileId, OpenFile};
use crate::process::{failed, file_of, is_gone, is_refused, not_ours, pids};
use crate::sys::errno;

/// A process that uses a file.
///
/// ```
/// let user = mmapio_core::FileUser { pid: 7, command: "cat".into(), mapped: false, open: true };
/// assert_eq!(user.how(), "open");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "programs make their own in tests")]
pub struct FileUser {
    /// The process, as /proc here counts them.
    pub pid: u32,
    /// Its name, at most 15 bytes (`/proc/PID/comm`).
    pub command: Arc<str>,
    /// It maps the file.
    pub mapped: bool,
    /// It has the file open.
    pub open: bool,
}

impl FileUser {
    /// In a word: `mapped`, `open` or `both`.
    #[must_use]
    pub fn how(&self) -> &'static str {
        match (self.mapped, self.open) {
            (true, true) => "both",
            (true, false) => "mapped",
            (false, _) => "open",
        }
    }
}

/// A regular file or block device that processes map or hold open.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let (files, _) = mmapio_core::FilesInUse::of(&[std::process::id()]);
/// let own = mmapio_core::OpenFile::open("/proc/self/exe")?;
/// let file = files.find(own.id()).unwrap();
/// assert!(file.users.iter().all(|user| user.mapped) && !file.deleted);
/// assert_eq!(file.open()?.unwrap().id(), own.id());
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct FileInUse {
    /// One of its paths, as proc(5) names it; for memory without a path a name of the kernel's, like `/memfd:cache`.
    pub path: PathBuf,
    /// Its name is gone, or it never had one: without its users it would be no more.
    pub deleted: bool,
    /// Who uses it, in the order of their numbers.
    pub users: Vec<FileUser>,
    id: FileId,
    leads: Vec<Lead>,
}

/// What leads to a file besides its path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lead {
    /// The mapping from the first address up to the second.
    Mapping {
        pid: u32,
        start: u64,
        end: u64,
    },
    Descriptor {
        pid: u32,
        number: u32,
    },
}

impl Lead {
    fn link(&self) -> String {
        match self {
            Self::Mapping { pid, start, end } => file_of(*pid, &format!("map_files/{start:x}-{end:x}")),
            Self::Descriptor { pid, number } => file_of(*pid, &format!("fd/{number}")),
        }
    }

    fn pid(&self) -> u32 {
        match self {
            Self::Mapping { pid, .. } | Self::Descriptor { pid, .. } => *pid,
        }
    }
}

impl FileInUse {
    /// Opens it by the rules of [`OpenFile::open`]: by its path while that leads to it, else through a process that uses it
    /// (`/proc/PID/fd`; `/proc/PID/map_files`, which takes `CAP_SYS_ADMIN` or `CAP_CHECKPOINT_RESTORE`). None when nobody uses it any
    /// more, and its path leads elsewhere.
    ///
    /// # Errors
    /// As [`OpenFile::open`]: most often that it may not be opened.
    pub fn open(&self) -> Result<Option<OpenFile>> {
        let by_lead = self.leads.iter().map(|lead| PathBuf::from(lead.link()));
        if self.id == collect::NOT_TOLD {
            // What leads to it is all that is known to be the same.
            return self.first_of(by_lead, |_| true);
        }
        let by_name = (!self.deleted).then(|| self.path.clone());
        let inside = self.path.strip_prefix("/").unwrap_or(&self.path);
        let by_root = self.leads.iter().map(|lead| Path::new(&file_of(lead.pid(), "root")).join(inside));
        self.first_of(by_name.into_iter().chain(by_lead).chain(by_root), |id| id == self.id)
    }

    /// Opens the first of these that is the file.
    fn first_of(
        &self,
        paths: impl Iterator<Item = PathBuf>,
        is_it: impl Fn(FileId) -> bool,
    ) -> Result<Option<OpenFile>> {
        let mut failed: Option<Error> = None;
        for path in paths {
            match OpenFile::open(&path) {
                Ok(file) if is_it(file.id()) => return Ok(Some(file)),
                Ok(_) => {}
                Err(error) if is_elsewhere(&error) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), |error| Err(error.with_path(&self.path)))
    }

    /// What makes it the same file under another name.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.id
    }
}

/// The files that processes use, each once; see [`walk_in_use`](crate::walk_in_use) for what can be done with them.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let files = mmapio_core::FilesInUse::snapshot()?;
/// assert!(files.files().iter().all(|file| !file.users.is_empty()));
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct FilesInUse {
    files: Vec<Arc<FileInUse>>,
    by_id: HashMap<FileId, usize>,
    unreadable: usize,
}

impl FilesInUse {
    /// Those of every process but this one.
    ///
    /// A process that ends meanwhile is none; one that is not ours to look at (ptrace(2), `PTRACE_MODE_READ`) is counted
    /// as [`unreadable`](Self::unreadable). The processes go on while they are read, so this is no picture of one moment.
    ///
    /// Source: `/proc/PID/maps` and `/proc/PID/fd`, by as many threads as there are processors. Cost: one to two microseconds a
    /// mapping, three a descriptor.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when /proc cannot be listed, [`ErrorKind::Unsupported`] on systems other than Linux.
    pub fn snapshot() -> Result<Self> {
        let own = std::process::id();
        let pids: Vec<u32> = pids()?.into_iter().filter(|pid| *pid != own).collect();
        let mut found = collect::collect(&pids);
        found.failed.retain(|(_, error)| !is_gone(error));
        Ok(Self { unreadable: found.failed.len(), ..Self::of_groups(found.groups) })
    }

    /// Those of these processes only, and an error for each that cannot be looked at.
    #[must_use]
    pub fn of(pids: &[u32]) -> (Self, Vec<Error>) {
        let found = collect::collect(pids);
        let errors = found.failed.into_iter().map(|(pid, error)| told(pid, error)).collect();
        (Self::of_groups(found.groups), errors)
    }

    fn of_groups(groups: collect::Groups) -> Self {
        let files: Vec<_> = identify::files(groups).into_iter().map(Arc::new).collect();
        let by_id = files.iter().enumerate().map(|(at, file)| (file.id, at)).collect();
        Self { files, by_id, unreadable: 0 }
    }

    /// All of them, in the order of their paths.
    #[must_use]
    pub fn files(&self) -> &[Arc<FileInUse>] {
        &self.files
    }

    /// The one with this identity.
    #[must_use]
    pub fn find(&self, id: FileId) -> Option<&Arc<FileInUse>> {
        self.by_id.get(&id).and_then(|at| self.files.get(*at))
    }

    /// The number of processes that we were not allowed to look at: each may use any file.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }
}

/// What was to be opened is not there any more, something else is, or what has no pages of its own.
fn is_elsewhere(error: &Error) -> bool {
    let gone = matches!(error.errno(), Some(errno::ENOENT | errno::ESRCH | errno::ENOTDIR));
    gone || matches!(
        error.kind(),
        ErrorKind::RefusedKind(_) | ErrorKind::RefusedFilesystem(_) | ErrorKind::Replaced
    )
}

/// What it means that a process that was named cannot be looked at.
fn told(pid: u32, error: io::Error) -> Error {
    let why = match &error {
        gone if is_gone(gone) => format!("there is no process {pid}"),
        refused if is_refused(refused) => not_ours(pid),
        _ => return failed(pid, "maps", error),
    };
    Error::refused("open", error, why).with_path(file_of(pid, "maps"))
}
