//! A file that says which process claims something: made exclusively, locked while the process lives, removed at its end.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mmapio_core::Error;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// No file of this kind is longer: a number and a line end.
const LONGEST: u64 = 24;

/// How often a file may be replaced between opening and locking it.
const ATTEMPTS: usize = 100;

/// A file with our process id, removed when this is dropped. The lock (flock(2)) ends with the process however that ends, so
/// that a file left behind is told from one in use.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    file: File,
}

/// What came of claiming.
pub(crate) enum Claimed {
    Ours(Claim),
    /// Another process has it; its number, where the file tells.
    Taken(Option<u32>),
}

impl Claim {
    /// Claims `path` for process `pid`: a new file, or one that nobody holds the lock on. What is there and was not made for
    /// this purpose is left alone.
    pub(crate) fn of(path: &Path, pid: u32) -> mmapio_core::Result<Claimed> {
        for _ in 0..ATTEMPTS {
            if let Some(claimed) = Self::attempt(path, pid).map_err(|error| error.with_path(path))? {
                return Ok(claimed);
            }
        }
        Err(Error::system("open", io::Error::from(io::ErrorKind::ResourceBusy)).with_path(path))
    }

    /// None when the file is another one by now.
    fn attempt(path: &Path, pid: u32) -> mmapio_core::Result<Option<Claimed>> {
        let (mut file, is_new) = match open(path, OFlags::CREATE | OFlags::EXCL) {
            Err(Errno::EXIST) => match open(path, OFlags::empty()) {
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP) => return Err(refused("is a symbolic link, which is not followed")),
                opened => (opened.map_err(failed("open"))?, false),
            },
            opened => (opened.map_err(failed("open"))?, true),
        };
        if !is_new {
            check(&file).map_err(|reason| refused(&reason))?;
        }
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(Some(Claimed::Taken(process_in(&mut file).ok().flatten()))),
            locked => locked.map_err(failed("flock"))?,
        }
        if !is_at(&file, path) {
            return Ok(None);
        }
        process_in(&mut file).map_err(|reason| refused(&reason))?;
        write(&mut file, pid).map_err(|error| Error::system("write", error))?;
        Ok(Some(Claimed::Ours(Self { path: path.to_owned(), file })))
    }
}

impl Drop for Claim {
    /// While we hold the lock nobody else takes the file, so it is still ours if it is still there.
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            // A file that cannot be removed is one that nobody holds the lock on.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn open(path: &Path, how: OFlags) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | how;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o644)).map(File::from)
}

/// Whether a file that was there may be one of ours.
fn check(file: &File) -> Result<(), String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    match () {
        () if !metadata.is_file() => Err("is no regular file".to_owned()),
        () if !own => Err("belongs to another user".to_owned()),
        () if metadata.nlink() > 1 => Err("has several names".to_owned()),
        () if metadata.len() > LONGEST => Err("exists and holds something else than a process id".to_owned()),
        () => Ok(()),
    }
}

/// The process id in a file, none in an empty one, whose maker was killed before it came to writing.
fn process_in(file: &mut File) -> Result<Option<u32>, String> {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut text));
    match (read, text.trim_end()) {
        (Ok(_), "") => Ok(None),
        (Ok(_), number) => match number.parse() {
            Ok(pid) => Ok(Some(pid)),
            Err(_) => Err("exists and holds something else than a process id".to_owned()),
        },
        (Err(error), _) => Err(error.to_string()),
    }
}

fn write(file: &mut File, pid: u32) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{pid}\n").as_bytes())
}

/// Whether `path` leads to the open file.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

fn refused(reason: &str) -> Error {
    Error::range(format!("{reason}; it is left alone"))
}

fn failed(call: &'static str) -> impl Fn(Errno) -> Error {
    move |error| Error::system(call, error.into())
}
