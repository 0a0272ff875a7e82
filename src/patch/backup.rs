//! What a patch overwrote, in a file of its own.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crc32fast::Hasher;

use super::content::{buffer, read_exactly};
use super::format::{self, Header, LONGEST, STATE_BYTES, SUM_BYTES, State};
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::{FileId, OpenFile};
use crate::space;
use crate::sys;

/// Bytes that are copied at once.
const STEP: u64 = 1 << 20;

/// Writes a backup.
#[derive(Debug)]
pub(super) struct Keeper {
    file: File,
    stat: sys::Stat,
}

impl Keeper {
    /// Makes the backup of a part of a file: a new file, complete and on the storage when this returns, removed when it fails.
    pub(super) fn make(path: &Path, target: &OpenFile, extent: Extent, size: u64) -> Result<Self> {
        let file = create(path)?;
        let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
        let keeper = Self { file, stat };
        let header = Header { id: target.id(), size, extent, path: name_of(target) };
        let made = keeper.fill(target, &header).and_then(|()| space::sync_directory_of(path));
        match made {
            Ok(()) => Ok(keeper),
            Err(error) => {
                keeper.remove(path);
                Err(error)
            }
        }
    }

    fn fill(&self, target: &OpenFile, header: &Header) -> Result<()> {
        let mut at = 0;
        self.append(&mut at, State::Started.line().as_bytes())?;
        let (line, mut crc) = (header.line(), Hasher::new());
        crc.update(line.as_bytes());
        self.append(&mut at, line.as_bytes())?;
        let mut bytes = buffer(STEP.min(header.kept().length()))?;
        for step in steps(header.kept()) {
            let (bytes, _) = bytes.split_at_mut(usize::try_from(step.length()).unwrap_or(0));
            read_exactly(target, step.offset(), bytes).map_err(|error| error.with_path(&header.path))?;
            crc.update(bytes);
            self.append(&mut at, bytes)?;
        }
        self.append(&mut at, format::sum_line(crc.finalize()).as_bytes())?;
        self.sync()
    }

    /// Writes bytes; a page of zeros stays a hole, as it may have been one.
    fn append(&self, at: &mut u64, bytes: &[u8]) -> Result<()> {
        if bytes.iter().any(|byte| *byte != 0) {
            sys::write_at(&self.file, bytes, *at).map_err(|error| Error::system("write", error))?;
        }
        *at += bytes.len() as u64;
        Ok(())
    }

    /// Says that the patch was written: its bytes have this checksum.
    pub(super) fn finish(&mut self, sum: u32) -> Result<()> {
        self.set(State::Patched(sum))
    }

    pub(super) fn set(&mut self, state: State) -> Result<()> {
        sys::write_at(&self.file, state.line().as_bytes(), 0)
            .map_err(|error| Error::system("write", error))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        sys::sync_all(&self.file).map_err(|error| Error::new("fsync", ErrorKind::NotWritten(error)))
    }

    pub(super) fn remove(self, path: &Path) {
        space::remove(path, self.stat);
    }
}

/// For the owner alone: the file that is patched may be, too.
fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Error::system("open", error))
}

/// What the system calls an open file; nothing where it does not say.
fn name_of(file: &OpenFile) -> std::path::PathBuf {
    let link = format!("/proc/self/fd/{}", sys::descriptor(file.file()));
    std::fs::read_link(link).unwrap_or_default()
}

/// A part of a file in steps.
pub(super) fn steps(whole: Extent) -> impl Iterator<Item = Extent> {
    let mut rest = whole;
    std::iter::from_fn(move || {
        let step = Extent::new(rest.offset(), rest.length().min(STEP));
        rest = Extent::between(step.end(), rest.end());
        Some(step).filter(|step| !step.is_empty())
    })
}

/// How far the patch came that a backup belongs to.
///
/// ```
/// assert_ne!(mmapio_core::BackupState::Started, mmapio_core::BackupState::Patched);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackupState {
    /// It was not seen to come to its end: new and old bytes may stand side by side, or nothing was written.
    Started,
    /// It was written and compared.
    Patched,
    /// It was taken back.
    Undone,
}

/// What a patch overwrote, read from the file that [`Patch::backup`](crate::Patch::backup) made: checked as a whole when it is opened.
///
/// The format is documented in the project's `docs/formats.md`: two lines of text, the bytes, a checksum.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::{Backup, OpenFile, Patch};
/// # let scratch = tempfile::tempdir().unwrap();
/// # let (path, undo) = (scratch.path().join("file"), scratch.path().join("undo"));
/// std::fs::write(&path, "one two three").unwrap();
/// Patch::bytes(4, b"2..")?.backup(&undo).apply(OpenFile::open_writable(&path)?, &|| false)?;
///
/// let backup = Backup::open(&undo)?;
/// backup.undo(OpenFile::open_writable(&path)?, false, &|| false)?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"one two three");
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Backup {
    pub(super) file: OpenFile,
    pub(super) state: State,
    pub(super) header: Header,
    /// Where the kept bytes begin.
    start: u64,
}

impl Backup {
    /// Opens and checks a backup: its form, its length, its checksum.
    ///
    /// # Errors
    /// [`ErrorKind::Backup`] when it is none, or damaged; else as [`OpenFile::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let checked = OpenFile::open(path).and_then(Self::checked);
        checked.map_err(|error| error.with_path(path))
    }

    fn checked(file: OpenFile) -> Result<Self> {
        let size = file.size();
        let mut first = buffer(size.min(STATE_BYTES))?;
        read_exactly(&file, 0, &mut first)?;
        let state = State::parse(&first).map_err(bad)?;
        let mut second = buffer((size - STATE_BYTES).min(LONGEST as u64))?;
        read_exactly(&file, STATE_BYTES, &mut second)?;
        let end = second.iter().position(|byte| *byte == b'\n');
        let line = end.and_then(|end| second.get(..end)).ok_or_else(|| bad("its second line is damaged"))?;
        let (header, start) = (Header::parse(line).map_err(bad)?, STATE_BYTES + line.len() as u64 + 1);
        let end = start.checked_add(header.kept().length()).and_then(|end| end.checked_add(SUM_BYTES));
        if end != Some(size) {
            let kept = header.kept().length();
            return Err(bad(format!(
                "has {size} bytes, which does not fit the {kept} that it should keep: damaged"
            )));
        }
        let backup = Self { file, state, header, start };
        backup.check_sum(line)?;
        Ok(backup)
    }

    fn check_sum(&self, line: &[u8]) -> Result<()> {
        let mut crc = Hasher::new();
        crc.update(line);
        crc.update(b"\n");
        let kept = Extent::new(self.start, self.header.kept().length());
        add(&mut crc, &self.file, kept)?;
        let mut last = buffer(SUM_BYTES)?;
        read_exactly(&self.file, kept.end(), &mut last)?;
        if format::parse_sum(&last).map_err(bad)? != crc.finalize() {
            return Err(bad("does not have the bytes that its checksum is of: damaged"));
        }
        Ok(())
    }

    /// How far the patch came.
    #[must_use]
    pub fn state(&self) -> BackupState {
        match self.state {
            State::Started => BackupState::Started,
            State::Patched(_) => BackupState::Patched,
            State::Undone => BackupState::Undone,
        }
    }

    /// The part of the file that the patch was about.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.header.extent
    }

    /// The size of the file before the patch.
    #[must_use]
    pub fn size_before(&self) -> u64 {
        self.header.size
    }

    /// The file that was patched.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.header.id
    }

    /// What that file was called, for people; nothing where the system did not tell.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.header.path
    }

    /// Where in the backup the kept bytes begin.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The same file, open for changing its first line.
    pub(super) fn keeper(&self) -> Result<Keeper> {
        let file = sys::reopen_writable(self.file.file());
        let file = file.map_err(|error| Error::system("open for writing", error))?;
        Ok(Keeper { file, stat: *self.file.stat() })
    }
}

/// Adds a part of a file to a checksum.
pub(super) fn add(crc: &mut Hasher, file: &OpenFile, part: Extent) -> Result<()> {
    let mut bytes = buffer(STEP.min(part.length()))?;
    for step in steps(part) {
        let (bytes, _) = bytes.split_at_mut(usize::try_from(step.length()).unwrap_or(0));
        read_exactly(file, step.offset(), bytes)?;
        crc.update(bytes);
    }
    Ok(())
}

pub(super) fn bad(why: impl Into<String>) -> Error {
    Error::new("backup", ErrorKind::Backup(why.into()))
}
