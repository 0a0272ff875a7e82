//! What can go wrong, said so that a person can act on it: the path, the call, the reason.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::extent::Extent;
use crate::sys::{FileKind, errno};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with the path it is about, the call that failed and the reason.
///
/// Displays as `path: call: reason`, for example `bigfile.dat: mincore: Permission denied`.
///
/// ```
/// let error = mmapio_core::OpenFile::open("/no/such/file").unwrap_err();
/// assert_eq!(error.to_string(), "/no/such/file: open: No such file or directory");
/// assert_eq!(error.call(), "open");
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

/// Behind a pointer, so that a result costs next to nothing where all goes well.
#[derive(Debug)]
struct Inner {
    path: Option<PathBuf>,
    call: &'static str,
    kind: ErrorKind,
}

/// The reason inside an [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused, with this error.
    System(io::Error),
    /// Writing back failed, with this error: what is in memory may be newer than what is on the storage. The kernel says so
    /// once: it takes the pages for written from then on, and the next call succeeds.
    NotWritten(io::Error),
    /// This operating system has no such operation.
    Unsupported {
        /// The operating system's name, as in [`std::env::consts::OS`].
        system: &'static str,
    },
    /// A kind of file whose content is never read: opening it could block or act on a device.
    RefusedKind(FileKind),
    /// A filesystem whose files are not files in memory, such as procfs.
    RefusedFilesystem(&'static str),
    /// The residency cannot be known; never reported as a number.
    Unknown(Unknown),
    /// A byte range that does not fit the file, or text that is no range or size.
    Range(String),
    /// A part of a file that the storage does not give: reading it failed.
    Unreadable {
        /// What the system said.
        source: io::Error,
        /// Which part.
        extent: Extent,
    },
    /// Pages of a mapping that were not to be had, though they are now; zeros are in their place, and what was written there is lost.
    Faulted {
        /// Which bytes of the file.
        extent: Extent,
    },
    /// Pages of a mapping for reading into which something was stored: they show that, and not what is in the file, which has nothing
    /// of it.
    Overwritten {
        /// Which bytes of the file.
        extent: Extent,
    },
    /// A byte that was written and read again is another one: somebody else writes there, too, or the storage is broken.
    Differs {
        /// Where the first such byte is in the file.
        offset: u64,
    },
    /// A file that keeps what was overwritten is damaged, or not of the file that it is to be put back into: why.
    Backup(String),
    /// The file was replaced by another one while it was being opened.
    Replaced,
    /// The file became shorter while it was worked on.
    Truncated {
        /// Its size by now.
        size: u64,
    },
    /// A limit stands in the way: which, how much it allows and how much was wanted, and what to do.
    Limit(String),
    /// The operating system refused, or would, and why is known beyond its own words.
    Refused {
        /// What the system says.
        source: io::Error,
        /// What that means here, and what to do.
        why: String,
    },
    /// The process maps no page of the file, or of the range of it.
    NotMapped {
        /// The process.
        pid: u32,
    },
}

/// Why residency cannot be known.
///
/// ```
/// use mmapio_core::Unknown;
/// assert!(Unknown::NotPermitted.to_string().starts_with("not permitted"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// The kernel tells residency only to the owner, to those who may write the file and to `CAP_FOWNER`;
    /// to others mincore(2) would claim that every page is resident.
    NotPermitted,
    /// Neither cachestat(2) nor mincore(2) sees the pages of this filesystem (hugetlbfs), or it cannot be mapped.
    Filesystem(&'static str),
    /// The call that was asked for is not there: an old kernel, or a seccomp filter.
    NoProbe(&'static str),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted => f.write_str("not permitted: neither owner nor allowed to write"),
            Self::Filesystem(name) => write!(f, "{name} does not tell what is in memory"),
            Self::NoProbe(call) => write!(f, "{call} is not available here (old kernel or seccomp filter)"),
        }
    }
}

impl Error {
    /// An error of `call` from the operating system, for programs that make calls of their own.
    ///
    /// ```
    /// let error = std::fs::File::open("/no/such/list").unwrap_err();
    /// let error = mmapio_core::Error::system("open", error).with_path("/no/such/list");
    /// assert_eq!(error.to_string(), "/no/such/list: open: No such file or directory");
    /// ```
    #[must_use]
    pub fn system(call: &'static str, error: io::Error) -> Self {
        Self::new(call, ErrorKind::System(error))
    }

    /// An error about a byte range.
    ///
    /// ```
    /// let error = mmapio_core::Error::range("beyond the end");
    /// assert_eq!(error.to_string(), "range: beyond the end");
    /// ```
    #[must_use]
    pub fn range(reason: impl Into<String>) -> Self {
        Self::new("range", ErrorKind::Range(reason.into()))
    }

    /// An error of the system with what it means here.
    ///
    /// ```
    /// let source = std::io::Error::from_raw_os_error(22);
    /// let error = mmapio_core::Error::refused("mmap", source, "the offset is odd");
    /// assert!(error.to_string().contains("the offset is odd"));
    /// ```
    #[must_use]
    pub fn refused(call: &'static str, source: io::Error, why: impl Into<String>) -> Self {
        Self::new(call, ErrorKind::Refused { source, why: why.into() })
    }

    /// An error that names a limit: how much it allows and how much was wanted, and what to do.
    ///
    /// ```
    /// let error = mmapio_core::Error::limit("RLIMIT_MEMLOCK", "64 KiB may be locked, 1 MiB would be: raise it");
    /// assert_eq!(error.to_string(), "RLIMIT_MEMLOCK: 64 KiB may be locked, 1 MiB would be: raise it");
    /// ```
    #[must_use]
    pub fn limit(name: &'static str, reason: impl Into<String>) -> Self {
        Self::new(name, ErrorKind::Limit(reason.into()))
    }

    pub(crate) fn new(call: &'static str, kind: ErrorKind) -> Self {
        Self(Box::new(Inner { path: None, call, kind }))
    }

    /// The same error of reading, about these bytes.
    pub(crate) fn about(mut self, bytes: Extent) -> Self {
        if let ErrorKind::Unreadable { extent, .. } = &mut self.0.kind {
            *extent = bytes;
        }
        self
    }

    /// The same error, about `path`. A path that is already there stays.
    ///
    /// ```
    /// # use mmapio_core::ByteRange;
    /// let error = "12Q".parse::<ByteRange>().unwrap_err().with_path("table.db");
    /// assert!(error.to_string().starts_with("table.db: range: "));
    /// ```
    #[must_use]
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// The path that the error is about, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The name of the call that failed, such as `open` or `mincore`.
    #[must_use]
    pub fn call(&self) -> &'static str {
        self.0.call
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The system's error number, where the system gave one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match &self.0.kind {
            ErrorKind::System(error)
            | ErrorKind::NotWritten(error)
            | ErrorKind::Unreadable { source: error, .. }
            | ErrorKind::Refused { source: error, .. } => error.raw_os_error(),
            _ => None,
        }
    }

    /// The only reason for which msync(2) says `EBUSY`.
    fn is_about_locked_pages(&self) -> bool {
        self.call() == "msync" && self.errno() == Some(errno::EBUSY)
    }

    /// The reason alone, without path and call.
    ///
    /// ```
    /// let error = mmapio_core::OpenFile::open("/no/such/file").unwrap_err();
    /// assert_eq!(error.reason(), "No such file or directory");
    /// ```
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.0.kind {
            ErrorKind::System(error) if self.is_about_locked_pages() => {
                format!("{} (pages are locked in memory, mlock(2))", system_reason(error))
            }
            ErrorKind::System(error) => system_reason(error),
            ErrorKind::NotWritten(error) => {
                format!(
                    "{}; {}",
                    system_reason(error),
                    "what is in memory may be newer than the storage, and trying again would not tell: copy the file elsewhere, do not evict it"
                )
            }
            ErrorKind::Unsupported { system } => format!("not supported on {system}"),
            ErrorKind::RefusedKind(FileKind::Directory) => {
                "is a directory; only regular files and block devices can be opened".to_owned()
            }
            ErrorKind::RefusedKind(kind) => {
                format!("is {kind}; only regular files, directories and block devices are read")
            }
            ErrorKind::RefusedFilesystem(name) => {
                format!("is on {name}, whose files are not in the page cache")
            }
            ErrorKind::Unknown(unknown) => format!("residency is unknown: {unknown}"),
            ErrorKind::Range(reason) | ErrorKind::Limit(reason) | ErrorKind::Backup(reason) => reason.clone(),
            ErrorKind::Differs { offset } => format!(
                "byte {offset} was written and reads as another one: somebody else writes there, too, or the storage is broken"
            ),
            ErrorKind::Truncated { size } => format!("was truncated to {size} bytes meanwhile"),
            ErrorKind::Unreadable { source, extent } => {
                let (pages, words) = (extent.pages(), system_reason(source));
                let s = if pages.0 == 1 { "" } else { "s" };
                format!("{words} at offset {} ({pages} page{s})", extent.offset())
            }
            ErrorKind::Faulted { extent } => format!(
                "{} bytes at offset {} could not be had when they were touched; what was written there is lost, and the mapping has to be made anew",
                extent.length(),
                extent.offset()
            ),
            ErrorKind::Overwritten { extent } => format!(
                "{} bytes at offset {} were written to in a mapping for reading: the file has nothing of it, and the mapping has to be made anew to show the file",
                extent.length(),
                extent.offset()
            ),
            ErrorKind::Replaced => "was replaced while it was being opened".to_owned(),
            ErrorKind::Refused { source, why } => format!("{}: {why}", system_reason(source)),
            ErrorKind::NotMapped { pid } => format!("is not mapped by process {pid}"),
        }
    }
}

/// The system's words without Rust's trailing error number, and what to do about the limits people meet.
fn system_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    match error.raw_os_error() {
        Some(errno::EMFILE) => format!("{words} (raise the limit with `ulimit -n`, or use fewer --jobs)"),
        _ => words.to_owned(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{}: ", path.display())?;
        }
        write!(f, "{}: {}", self.0.call, self.reason())
    }
}

/// The reason is part of the text already, so that it is no source besides: printing a chain would say it twice. The
/// system's error is in [`Error::kind`].
impl std::error::Error for Error {}

/// For functions that return [`io::Result`]: the same text, and the kind that the system's error has.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::System(system)
            | ErrorKind::NotWritten(system)
            | ErrorKind::Unreadable { source: system, .. }
            | ErrorKind::Refused { source: system, .. } => system.kind(),
            ErrorKind::Unsupported { .. } | ErrorKind::RefusedFilesystem(_) => io::ErrorKind::Unsupported,
            ErrorKind::Unknown(_) => io::ErrorKind::PermissionDenied,
            ErrorKind::RefusedKind(_) | ErrorKind::Range(_) => io::ErrorKind::InvalidInput,
            ErrorKind::Backup(_) | ErrorKind::Differs { .. } => io::ErrorKind::InvalidData,
            ErrorKind::Replaced
            | ErrorKind::Faulted { .. }
            | ErrorKind::Overwritten { .. }
            | ErrorKind::NotMapped { .. }
            | ErrorKind::Truncated { .. }
            | ErrorKind::Limit(_) => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
