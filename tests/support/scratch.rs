//! Directories to put files in: on a disk and in memory, gone when the test ends.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Skip, oracle};

/// A temporary directory that other users may enter.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    /// On the filesystem of the target directory, normally a disk.
    pub(crate) fn on_disk() -> Scratch {
        std::fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).expect("the target directory is writable");
        Scratch::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// On the tmpfs that glibc expects.
    pub(crate) fn in_memory() -> Result<Scratch, Skip> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
        let is_tmpfs = mounts.lines().any(|line| line.split(' ').skip(1).take(2).eq(["/dev/shm", "tmpfs"]));
        if is_tmpfs {
            Ok(Scratch::below(Path::new("/dev/shm")))
        } else {
            Err(Skip("no tmpfs at /dev/shm".into()))
        }
    }

    fn below(parent: &Path) -> Scratch {
        let dir = tempfile::Builder::new()
            .prefix("mmapio-test-")
            .tempdir_in(parent)
            .expect("a temporary directory");
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("own directory");
        Scratch(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A directory in it.
    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        let dir = self.path().join(name);
        std::fs::create_dir_all(&dir).expect("own directory");
        dir
    }

    /// A file in it, of data; the directories on its way are made.
    pub(crate) fn file(&self, name: &str, size: u64) -> PathBuf {
        let file = self.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("own directory");
        write_data(&file, size);
        file
    }
}

impl Drop for Scratch {
    /// `rm` goes down trees deeper than a process may hold descriptors, which the removal by TempDir cannot.
    fn drop(&mut self) {
        let _ = Command::new("rm").arg("-rf").arg(self.path()).status();
    }
}

/// A file of this many bytes, none of them in a hole. It is written back, since dirty pages cannot be evicted, and a
/// lower file of an overlay cannot be written back through the overlay.
pub(crate) fn write_data(path: &Path, size: u64) {
    let data = vec![b'x'; usize::try_from(size).expect("fits memory")];
    let mut file = File::create(path).expect("own file");
    file.write_all(&data).and_then(|()| file.sync_data()).expect("room for the file");
}

/// A file of this size that is all hole, except these pages.
pub(crate) fn write_sparse(path: &Path, size: u64, pages: &[u64]) {
    let file = File::create(path).expect("own file");
    file.set_len(size).expect("a sparse file");
    for page in pages {
        file.write_all_at(b"x", page * oracle::page_size()).expect("room for a page");
    }
}

/// A special file of this name.
pub(crate) fn make_fifo(path: &Path) {
    oracle::ask(&["mkfifo".as_ref(), path.as_os_str()], "");
}
