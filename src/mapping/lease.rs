//! Being told before somebody changes a file: fcntl(2) `F_SETLEASE`.

use crate::error::Result;
use crate::open::{OpenFile, unsupported_or};
use crate::sys;

/// As long as this is held, who opens the file for writing, or truncates it, waits: until it is dropped, at most
/// `/proc/sys/fs/lease-break-time` seconds (45).
///
/// It keeps a mapping whole that is read in one go. Only for files that we own (`EACCES` else, unless `CAP_LEASE`) and that nobody has
/// open for writing (`EAGAIN`); it is no protection from who has the file open already.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::{OpenFile, ReadLease};
/// # let scratch = tempfile::NamedTempFile::new()?.into_temp_path();
/// # let path = scratch.to_path_buf();
/// let file = OpenFile::open(&path)?;
/// let lease = ReadLease::take(&file)?;
/// assert!(!lease.is_wanted_back()?);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReadLease<'a> {
    file: &'a OpenFile,
}

impl<'a> ReadLease<'a> {
    /// Takes a read lease, fcntl(2) `F_SETLEASE` with `F_RDLCK`. The signal that the kernel sends when somebody wants the file is
    /// set to SIGURG, which nothing happens at unless it is asked for: the usual SIGIO would kill the process.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what fcntl(2) says, see above;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
    pub fn take(file: &'a OpenFile) -> Result<Self> {
        sys::lease(file.file(), true).map_err(|error| unsupported_or("fcntl F_SETLEASE", error))?;
        Ok(Self { file })
    }

    /// Whether somebody waits for the file, or has it by now: fcntl(2) `F_GETLEASE`. Ask after each batch of reads.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what fcntl(2) says.
    pub fn is_wanted_back(&self) -> Result<bool> {
        let kept = sys::has_lease(self.file.file());
        kept.map(|kept| !kept).map_err(|error| unsupported_or("fcntl F_GETLEASE", error))
    }
}

impl Drop for ReadLease<'_> {
    fn drop(&mut self) {
        // A lease that was broken is gone already.
        let _ = sys::lease(self.file.file(), false);
    }
}
