//! Taking a patch back.

use std::io::{self, Read};
use std::sync::Arc;

use crc32fast::Hasher;

use super::backup::{Backup, add, bad};
use super::format::State;
use super::{Patch, Patched, Preview};
use crate::error::Result;
use crate::extent::Extent;
use crate::flush::{Flush, flush};
use crate::open::OpenFile;
use crate::sys;

impl Backup {
    /// Whether the file is the one that was patched, and as the patch left it. After a patch that did not come to its end nothing can be
    /// said of its bytes, and only the size is looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Backup`](crate::ErrorKind::Backup) with what is not as it was left.
    pub fn check(&self, file: &OpenFile) -> Result<()> {
        self.check_file(file, false)?;
        let (size, before, after) = (file.size_now(), self.header.size, self.header.size_after());
        let fits = match self.state {
            State::Started => (before..=after).contains(&size),
            State::Patched(_) => size == after,
            State::Undone => return Err(bad("was taken back already: --yes does it again")),
        };
        if !fits {
            return Err(bad(format!(
                "the file has {size} bytes, the patch left {after}: --yes takes it back all the same"
            )));
        }
        match self.state {
            State::Patched(sum) if sum != sum_of(file, self.header.extent)? => Err(bad(
                "the bytes are no longer those that were written: --yes takes them back all the same",
            )),
            _ => Ok(()),
        }
    }

    /// The device's number alone may be another one after a start of the machine.
    fn check_file(&self, file: &OpenFile, force: bool) -> Result<()> {
        let (kept, found) = (self.header.id, file.id());
        if kept.inode != found.inode {
            let (path, kept, found) = (self.header.path.display(), kept.inode, found.inode);
            return Err(bad(format!("is of another file: {path}, inode {kept}; this one is inode {found}")));
        }
        if kept.device != found.device && !force {
            let (kept, found) = (kept.device, found.device);
            return Err(bad(format!(
                "is of a file on device {kept}, this one is on {found}; if the device only got another number, --yes takes it back"
            )));
        }
        Ok(())
    }

    /// Puts the kept bytes back, in the way of [`Patch::apply`], and gives the file its old size if the patch made it grow. With `force`
    /// also when the file is not as the patch left it.
    ///
    /// Before the first byte is written the backup is marked as that of an unfinished patch, at the end as taken back: an undo that
    /// is interrupted can be begun again.
    ///
    /// # Errors
    /// As [`check`](Self::check) and [`Patch::apply`].
    pub fn undo(
        &self,
        file: impl Into<Arc<OpenFile>>,
        force: bool,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Patched> {
        let file = file.into();
        self.check_file(&file, force)?;
        if !force {
            self.check(&file)?;
        }
        let mut keeper = self.keeper()?;
        if self.state != State::Started {
            keeper.set(State::Started)?;
        }
        let patch = self.patch()?;
        let patch = if force { patch.grow() } else { patch };
        let mut patched = patch.apply(Arc::clone(&file), interrupted)?;
        if patched.error.is_none() && !patched.interrupted {
            patched.error = self.give_size_back(&file).err();
            patched.size = file.size_now();
            patched.durable = patched.durable && patched.error.is_none();
        }
        if patched.error.is_none() && !patched.interrupted {
            patched.unfinished_backup = keeper.set(State::Undone).err();
        }
        Ok(patched)
    }

    fn give_size_back(&self, file: &OpenFile) -> Result<()> {
        let (before, after) = (self.header.size, self.header.size_after());
        if before < after && file.size_now() > before {
            file.set_size(before)?;
            flush(file, Extent::default(), Flush::All)?;
        }
        Ok(())
    }

    /// What it would change.
    ///
    /// # Errors
    /// As [`check`](Self::check), unless `force`; as [`Patch::preview`].
    pub fn preview(&self, file: &OpenFile, force: bool) -> Result<Preview> {
        self.check_file(file, force)?;
        if !force {
            self.check(file)?;
        }
        let mut preview = self.patch()?.grow().preview(file)?;
        if self.header.size < self.header.size_after() {
            preview.size_after = self.header.size;
        }
        Ok(preview)
    }

    fn patch(&self) -> Result<Patch<'_>> {
        let kept = self.header.kept();
        Patch::stream(kept.offset(), kept.length(), Kept { backup: self, at: 0 })
    }
}

/// The checksum of a part of a file; of what is beyond its end there is none.
fn sum_of(file: &OpenFile, part: Extent) -> Result<u32> {
    let mut crc = Hasher::new();
    add(&mut crc, file, part)?;
    Ok(crc.finalize())
}

/// Reads the kept bytes.
struct Kept<'a> {
    backup: &'a Backup,
    at: u64,
}

impl Read for Kept<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.backup.header.kept().length() - self.at;
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = sys::read_at(
            self.backup.file.file(),
            buffer.split_at_mut(length).0,
            self.backup.start() + self.at,
        )?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Errors of a backup have its path, those of the file the file's.
#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::{Error, ErrorKind};
    use proptest::prelude::*;

    fn patched(dir: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
        let (path, undo) = (dir.join("file"), dir.join("undo"));
        std::fs::write(&path, b"0123456789").unwrap();
        let patch = Patch::bytes(8, b"abcd").unwrap().grow().backup(&undo);
        patch.apply(OpenFile::open_writable(&path).unwrap(), &|| false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"01234567abcd");
        (path, undo)
    }

    fn undo(path: &Path, undo: &Path) -> Result<Patched, Error> {
        Backup::open(undo)?.undo(OpenFile::open_writable(path)?, false, &|| false)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn bytes_and_size_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let (path, kept) = patched(dir.path());
        let done = undo(&path, &kept).unwrap();
        assert_eq!((done.written, done.changed, done.size), (2, 2, 10));
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
        assert!(undo(&path, &kept).unwrap_err().reason().contains("taken back already"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_was_changed_since_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (path, kept) = patched(dir.path());
        std::fs::write(&path, b"01234567abcX").unwrap();
        assert!(undo(&path, &kept).unwrap_err().reason().contains("no longer those"));
        assert_eq!(std::fs::read(&path).unwrap(), b"01234567abcX");
        std::fs::write(&path, b"01234567abcde").unwrap();
        assert!(undo(&path, &kept).unwrap_err().reason().contains("has 13 bytes"));
        let other = dir.path().join("other");
        std::fs::write(&other, b"01234567abcd").unwrap();
        assert!(undo(&other, &kept).unwrap_err().reason().contains("of another file"));
        let forced =
            Backup::open(&kept).unwrap().undo(OpenFile::open_writable(&path).unwrap(), true, &|| false);
        assert_eq!(forced.unwrap().size, 10);
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    }

    #[cfg(target_os = "linux")]
    proptest! {
        /// Whatever is cut off, added or changed is noticed, and the file stays as it is.
        #[test]
        fn a_damaged_backup_is_an_error(at in any::<usize>(), byte in any::<u8>(), how in 0..4) {
            let dir = tempfile::tempdir().unwrap();
            let (path, kept) = patched(dir.path());
            let good = std::fs::read(&kept).unwrap();
            let (mut bytes, at) = (good.clone(), at % good.len());
            match how {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                2 => bytes.push(byte),
                _ => bytes[at] = byte,
            }
            std::fs::write(&kept, &bytes).unwrap();
            let result = undo(&path, &kept);
            if bytes == good {
                prop_assert!(result.is_ok());
            } else {
                let error = result.err().map(|error| matches!(error.kind(), ErrorKind::Backup(_)));
                prop_assert_eq!(error, Some(true));
                prop_assert_eq!(std::fs::read(&path).unwrap(), b"01234567abcd");
            }
        }

        #[test]
        fn what_is_no_backup_is_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let dir = tempfile::tempdir().unwrap();
            let kept = dir.path().join("undo");
            let line = if magic { State::Patched(7).line().into_bytes() } else { Vec::new() };
            std::fs::write(&kept, [line, bytes].concat()).unwrap();
            prop_assert!(Backup::open(&kept).is_err());
        }
    }
}
