//! Whether a mapping is of a file, also where /proc and stat(2) name different devices.

use std::path::{Path, PathBuf};

use crate::open::FileId;
use crate::process::{FileMapping, file_of};
use crate::sys;

impl FileMapping {
    /// Whether this maps the file with this identity.
    ///
    /// Inodes are looked at first: a mapping with another one is not asked where it leads to, which takes system calls.
    pub(super) fn is_of(&self, id: FileId) -> bool {
        self.id == id || (self.id.inode == id.inode && self.leads_to(id))
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
fn identity(path: &Path) -> Option<FileId> {
    let stat = sys::look(path).and_then(|file| sys::stat(&file)).ok()?;
    Some(FileId { device: stat.device, inode: stat.inode })
}
