//! Files that are memory alone, and promises about them that the kernel keeps.

use std::ffi::CString;

use crate::error::{Error, Result};
use crate::open::{OpenFile, unsupported_or};
use crate::sys;

/// What nobody can do to a memory file any more: fcntl(2) `F_ADD_SEALS`. Seals cannot be taken off.
///
/// ```
/// let seals = mmapio_core::Seals { shrink: true, grow: true, ..Default::default() };
/// assert!(!seals.write);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seals {
    /// Making it shorter: a mapping of it never faults.
    pub shrink: bool,
    /// Making it longer.
    pub grow: bool,
    /// Writing, through mappings that are there already, too: there must be none (`EBUSY`).
    pub write: bool,
    /// Writing, except through mappings that are there already.
    pub future_write: bool,
    /// Adding seals.
    pub seal: bool,
}

/// Makes a file of `size` zeros that is memory alone, without a name: memfd_create(2). It can be mapped, handed to other processes,
/// and is gone with its last user. `name` is what proc(5) calls it.
///
/// # Errors
/// [`ErrorKind::System`](crate::ErrorKind::System) with what memfd_create(2) and ftruncate(2) say,
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::{MapOptions, Seals, memory_file};
/// let file = memory_file("table", 1 << 20)?;
/// file.seal(Seals { shrink: true, grow: true, seal: true, ..Seals::default() })?;
/// assert!(file.file().set_len(0).is_err());
/// let mut mapping = MapOptions::write().unguarded().map(file)?;
/// mapping.write_at(0, b"shared with whoever gets the descriptor")?;
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn memory_file(name: &str, size: u64) -> Result<OpenFile> {
    let name = CString::new(name).map_err(|error| Error::system("memfd_create", error.into()))?;
    let file = sys::memory_file(&name).map_err(|error| unsupported_or("memfd_create", error))?;
    file.set_len(size).map_err(|error| Error::system("ftruncate", error))?;
    OpenFile::from_file(file)
}

impl OpenFile {
    /// Seals a memory file: fcntl(2) `F_ADD_SEALS`.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what fcntl(2) says: `EINVAL` for a file that cannot be sealed, `EPERM`
    /// when it is sealed against that, `EBUSY` when it is mapped for writing.
    pub fn seal(&self, seals: Seals) -> Result<()> {
        let asked = [seals.seal, seals.shrink, seals.grow, seals.write, seals.future_write];
        sys::seal(self.file(), asked).map_err(|error| unsupported_or("fcntl F_ADD_SEALS", error))
    }
}
