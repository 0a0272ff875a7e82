//! A file that is written as a whole: what was there before stays until all of the new is.

use std::borrow::Cow;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mmapio_core::Error;
use tempfile::NamedTempFile;

/// As many links as the kernel follows, path_resolution(7).
const MOST_LINKS: usize = 40;

/// A place for a file that is made sure of before there is anything to write.
#[derive(Debug)]
pub(crate) struct Replacement {
    path: PathBuf,
    /// The same without symbolic links and detours.
    target: PathBuf,
    to: Place,
}

#[derive(Debug)]
enum Place {
    /// Written beside, and renamed.
    Beside(NamedTempFile),
    /// What can be replaced by no other: a device.
    Itself(File),
    /// A pipe with a name, which is opened when there is something to write: its reader would take the first closing for the end.
    Pipe,
}

impl Replacement {
    /// Finds out whether it can be written, and changes nothing there yet. Symbolic links are followed, as by all that write.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Error> {
        let (to, target) =
            place(path).map_err(|error| Error::system("open", system(error)).with_path(path))?;
        Ok(Self { path: path.to_owned(), target, to })
    }

    /// Whether it would be written where this file is, or will be.
    fn is_at(&self, other: &Path) -> bool {
        target(other).is_ok_and(|other| other == self.target)
    }

    /// Whether what else is written there takes its place. A device has no place that could be taken.
    pub(crate) fn is_lost_to(&self, other: &Path) -> bool {
        matches!(self.to, Place::Beside(_)) && self.is_at(other)
    }

    /// Refuses to take the place of what is read.
    pub(crate) fn spare<'p>(&self, mut read: impl Iterator<Item = &'p PathBuf>) -> anyhow::Result<()> {
        if read.any(|path| self.is_at(path)) {
            anyhow::bail!("{}: what is written would take the place of what is read", self.path.display());
        }
        Ok(())
    }

    /// Writes it.
    pub(crate) fn write(self, content: &[u8]) -> Result<(), Error> {
        let path = self.path;
        let failed =
            |call: &'static str, error: io::Error| Error::system(call, system(error)).with_path(&path);
        match self.to {
            Place::Itself(mut file) => file.write_all(content).map_err(|error| failed("write", error)),
            Place::Pipe => {
                let pipe = OpenOptions::new().write(true).open(&path);
                let mut pipe = pipe.map_err(|error| failed("open", error))?;
                pipe.write_all(content).map_err(|error| failed("write", error))
            }
            Place::Beside(mut file) => {
                file.write_all(content).map_err(|error| failed("write", error))?;
                file.persist(self.target).map(drop).map_err(|error| failed("rename", error.error))
            }
        }
    }
}

fn place(path: &Path) -> io::Result<(Place, PathBuf)> {
    let existing = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(metadata) if is_pipe(&metadata) => return Ok((Place::Pipe, target(path)?)),
        // A directory says itself that it cannot be written.
        Ok(_) => {
            let itself = OpenOptions::new().write(true).open(path)?;
            return Ok((Place::Itself(itself), target(path).unwrap_or_else(|_| path.to_owned())));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let target = target(path)?;
    if existing.is_some() {
        // Who must not write a file must not replace it either.
        OpenOptions::new().write(true).open(&target)?;
    }
    Ok((Place::Beside(beside(&target, existing.as_ref())?), target))
}

/// Where a file is or, if there is none, where one would come to be: behind a symbolic link to nothing that is its target.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = Cow::Borrowed(path);
    for _ in 0..MOST_LINKS {
        if let Ok(there) = fs::canonicalize(&path) {
            return Ok(there);
        }
        match fs::read_link(&path) {
            Ok(to) => path = Cow::Owned(directory(&path).join(to)),
            Err(_) => break,
        }
    }
    let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
    Ok(fs::canonicalize(directory(&path))?.join(name))
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_metadata: &Metadata) -> bool {
    false
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file in the same directory, with the permissions of the old one, or those that new files have.
fn beside(target: &Path, existing: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mmapio-");
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(directory(target))?;
    if let Some(existing) = existing {
        file.as_file().set_permissions(existing.permissions())?;
    }
    Ok(file)
}

/// The error of the system inside of one that names a file nobody knows.
fn system(error: io::Error) -> io::Error {
    let inner =
        error.get_ref().and_then(|error| error.source()).and_then(|error| error.downcast_ref::<io::Error>());
    match inner.and_then(io::Error::raw_os_error) {
        Some(number) => io::Error::from_raw_os_error(number),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_there_until_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new");
        let new = Replacement::prepare(&path).unwrap();
        assert!(!path.exists());
        assert!(new.is_at(&dir.path().join("./new")) && !new.is_at(&dir.path().join("other")));
        new.write(b"all").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"all");
        drop(Replacement::prepare(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        std::os::unix::fs::symlink("to come", dir.path().join("early")).unwrap();
        Replacement::prepare(&dir.path().join("early")).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read(dir.path().join("to come")).unwrap(), b"new");
        let replacement = Replacement::prepare(&link).unwrap();
        assert!(replacement.is_at(&path) && replacement.is_at(&link) && !replacement.is_at(dir.path()));
        replacement.write(b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_to_and_not_replaced() {
        Replacement::prepare(Path::new("/dev/null")).unwrap().write(b"all").unwrap();
        let error = Replacement::prepare(Path::new("/dev/full")).unwrap().write(b"all").unwrap_err();
        assert_eq!((error.call(), error.errno()), ("write", Some(28)));
    }

    #[test]
    fn what_cannot_be_written_is_said_at_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Replacement::prepare(dir.path()).is_err());
        let error = Replacement::prepare(&dir.path().join("none/file")).unwrap_err();
        assert!(error.reason().contains("No such file") && !error.reason().contains("mmapio-"), "{error}");
    }
}
