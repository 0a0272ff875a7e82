//! The copy that is written to, in place of the user's file.

use std::fs::canonicalize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use mmapio_core::{
    Blocks, Error, ErrorKind, Extent, FileKind, Flush, MemoryBudget, OpenFile, flush, page_size,
};
use tempfile::{Builder, TempPath};

use crate::interrupt::Interrupt;
use crate::render::table::size;

/// No more is copied than this, unless more is to be written in each run.
const USUAL: u64 = 256 << 20;
/// What is copied at once.
const STEP: usize = 1 << 20;

/// A copy of a part of a file, in whole pages. It has a name, since some filesystems do not write back what has none; it is removed
/// when this is dropped.
#[derive(Debug)]
pub(super) struct ScratchCopy {
    pub(super) file: Arc<OpenFile>,
    pub(super) directory: PathBuf,
    _name: TempPath,
}

impl ScratchCopy {
    /// Makes it; none when Ctrl-C came meanwhile.
    pub(super) fn make(source: &Source<'_>, interrupt: &Interrupt) -> Result<Option<Self>> {
        let directory = source.directory()?;
        let at = |error: Error| error.with_path(&directory);
        let made = Builder::new().prefix(".mmapio-bench-").tempfile_in(&directory);
        let name = made.map_err(|error| at(unwritable(error)))?.into_temp_path();
        let file = OpenFile::open_writable(&name)?;
        let length = source.length();
        allocate(&file, length).map_err(at)?;
        let whole = source.copy(&file, interrupt).and_then(|whole| {
            flush(&file, Extent::new(0, length), Flush::Data).map_err(at)?;
            Ok(whole)
        })?;
        // Opened anew, to have the size that it has now.
        let file = Arc::new(OpenFile::open_writable(&name)?);
        Ok(whole.then_some(Self { file, directory, _name: name }))
    }

    /// The part of it that is written: all of it.
    pub(super) fn extent(&self) -> Extent {
        Extent::new(0, self.file.size())
    }
}

fn unwritable(error: std::io::Error) -> Error {
    let source = error.raw_os_error().map_or(error, std::io::Error::from_raw_os_error);
    Error::refused(
        "open",
        source,
        "no copy to write to can be made here; --scratch DIR takes another directory",
    )
}

/// Has room for all of it before anything is copied, where the filesystem can promise that.
fn allocate(file: &OpenFile, length: u64) -> Result<(), Error> {
    match file.resize(length, Blocks::Allocated) {
        Err(error) if matches!(error.kind(), ErrorKind::Refused { .. } | ErrorKind::Unsupported { .. }) => {
            no_room(file.resize(length, Blocks::Sparse), length)
        }
        done => no_room(done, length),
    }
}

/// What to do when there is no room.
fn no_room(done: Result<(), Error>, length: u64) -> Result<(), Error> {
    done.map_err(|error| match error.errno() {
        None => error,
        Some(number) => Error::refused(
            error.call(),
            std::io::Error::from_raw_os_error(number),
            format!(
                "a copy of {} is to be written to; --range takes a smaller part, --scratch DIR another directory",
                size(length, false)
            ),
        ),
    })
}

/// What is copied, and where to.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) file: &'a OpenFile,
    pub(super) extent: Extent,
    /// Bytes that are written in each run, where they were given.
    pub(super) bytes: Option<u64>,
    pub(super) directory: Option<&'a Path>,
}

impl Source<'_> {
    /// Beside the file, and not beside a link to it.
    fn directory(&self) -> Result<PathBuf, Error> {
        if let Some(directory) = self.directory {
            return Ok(directory.to_owned());
        }
        if self.file.kind() == FileKind::BlockDevice {
            let why =
                "beside a block device there is no room for a copy: --scratch DIR says where to make it";
            return Err(Error::range(why).with_path(self.path));
        }
        let real =
            canonicalize(self.path).map_err(|error| Error::system("open", error).with_path(self.path))?;
        Ok(real.parent().map_or_else(|| PathBuf::from("."), Path::to_owned))
    }

    /// How large the copy is: it stays in memory while it is written.
    fn length(&self) -> u64 {
        let wanted = self.extent.length().min(self.bytes.unwrap_or(0).max(USUAL));
        let room = MemoryBudget::Available.room().map_or(u64::MAX, |room| room.available / 2);
        let page = page_size();
        wanted.min(room).max(1).next_multiple_of(page)
    }

    /// Copies it, with zeros behind the end of the file. False when Ctrl-C came.
    fn copy(&self, to: &OpenFile, interrupt: &Interrupt) -> Result<bool> {
        let (mut to, mut left) = (to.file(), self.length());
        let mut buffer = vec![0; STEP];
        let mut from = self.extent.offset();
        while left > 0 {
            if interrupt.came() {
                return Ok(false);
            }
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            let Some(part) = buffer.get_mut(..step) else { break };
            let read = self.fill(from, part)?;
            part.iter_mut().skip(read).for_each(|byte| *byte = 0);
            let written = to.write_all(part).map_err(|error| Error::system("write", error));
            no_room(written, self.length())?;
            (from, left) = (from + step as u64, left - step as u64);
        }
        Ok(true)
    }

    fn fill(&self, from: u64, part: &mut [u8]) -> Result<usize, Error> {
        let mut done = 0;
        while let Some(rest) = part.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(from + done as u64, rest).map_err(|error| error.with_path(self.path))? {
                0 => break,
                read => done += read,
            }
        }
        Ok(done)
    }
}
