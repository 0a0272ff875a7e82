//! Whether a mapping is of a file, also where /proc and stat(2) name different devices.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::open::{FileId, OpenFile};
use crate::process::{FileMapping, file_of};
use crate::sys;

impl FileMapping {
    /// Whether this maps the file with this identity, also where proc(5) and stat(2) name different devices.
    ///
    /// Inodes are looked at first: a mapping with another one is not asked where it leads to, which takes system calls.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// let own = mmapio_core::OpenFile::open("/proc/self/exe")?;
    /// let mappings = mmapio_core::mappings_in(std::process::id())?;
    /// assert!(mappings.iter().any(|mapping| mapping.is_of(own.id())));
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_of(&self, id: FileId) -> bool {
        self.id == id || (self.id.inode == id.inode && self.leads_to(id))
    }

    /// Whether the file's name is gone: the mapping is all that is left of it, and open descriptors.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// assert!(!mmapio_core::mappings_in(std::process::id())?.first().unwrap().is_deleted());
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        let is_marked = self.path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)");
        is_marked && identity(&self.path).is_none_or(|found| found.inode != self.id.inode)
    }

    /// Opens the mapped file by the rules of [`OpenFile::open`]: through the mapping itself, where following
    /// `/proc/PID/map_files` is permitted (`CAP_SYS_ADMIN` or `CAP_CHECKPOINT_RESTORE`), else by its path, if that still leads to the
    /// file.
    ///
    /// # Errors
    /// As [`OpenFile::open`]; [`ErrorKind::Replaced`] when the path leads to another file by now.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// let mappings = mmapio_core::mappings_in(std::process::id())?;
    /// let mapping = mappings.first().unwrap();
    /// assert_eq!(mapping.open()?.id().inode, mapping.id.inode);
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    pub fn open(&self) -> Result<OpenFile> {
        if let Ok(file) = OpenFile::open(self.link()) {
            return Ok(file);
        }
        let mut failed = None;
        for path in self.paths() {
            match OpenFile::open(&path) {
                Ok(file) if self.is_of(file.id()) => return Ok(file),
                Ok(_) => failed = Some(Error::new("open", ErrorKind::Replaced)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| Error::new("open", ErrorKind::Replaced)).with_path(&self.path))
    }

    /// Whether the mapping itself leads to the file or, where following that link is not permitted, its path does.
    fn leads_to(&self, id: FileId) -> bool {
        let link = self.link();
        match identity(Path::new(&link)) {
            Some(found) => found == id,
            None => self.paths().iter().any(|path| identity(path) == Some(id)),
        }
    }

    /// The link to the mapped file itself, whatever its path leads to by now.
    fn link(&self) -> String {
        let end = self.address.saturating_add(self.extent.length());
        file_of(self.pid, &format!("map_files/{:x}-{end:x}", self.address))
    }

    /// The path in that process's room, which may have other mounts and another root, and in ours.
    fn paths(&self) -> [PathBuf; 2] {
        let root = PathBuf::from(file_of(self.pid, "root"));
        let inside = self.path.strip_prefix("/").unwrap_or(&self.path);
        [root.join(inside), self.path.to_path_buf()]
    }
}

/// The identity of what a path leads to, without opening it.
pub(super) fn identity(path: &Path) -> Option<FileId> {
    sys::stat_of(path).ok().map(|stat| FileId { device: stat.device, inode: stat.inode })
}
