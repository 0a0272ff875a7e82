//! Where the bytes of `--write` come from.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::Path;

use anyhow::{Context, Result};
use mmapio_core::{Error, FileId, OpenFile, Patch as Bytes};
use tempfile::SpooledTempFile;

use crate::args::map::patch::Patch;
use crate::commands::paths::usage_error;

/// What comes through a pipe stays in memory up to so many bytes; more goes to a file without a name.
const IN_MEMORY: usize = 1 << 20;

/// The new bytes, whose number is known before the first of them is written.
pub(super) enum Source {
    None,
    Memory(Vec<u8>),
    File {
        file: File,
        length: u64,
    },
    Pipe {
        spool: SpooledTempFile,
        length: u64,
    },
    /// The file that is patched: of this length.
    Itself(u64),
}

impl Source {
    pub(super) fn open(options: &Patch, target: &OpenFile) -> Result<Self> {
        match (&options.hex, &options.text, &options.from) {
            (Some(hex), ..) => Ok(Self::Memory(hex.0.clone())),
            (_, Some(text), _) => Ok(Self::Memory(text.as_encoded_bytes().to_vec())),
            (.., Some(from)) if from == Path::new("-") => pipe(io::stdin()).context("standard input"),
            (.., Some(from)) => from_file(from, target),
            (None, None, None) => usage_error("map", "nothing to write was given: --hex, --text or --from"),
        }
    }

    pub(super) fn patch(&mut self, offset: u64) -> mmapio_core::Result<Bytes<'_>> {
        match self {
            Self::None => Bytes::bytes(offset, &[]),
            Self::Memory(bytes) => Bytes::bytes(offset, bytes),
            Self::File { file, length } => Bytes::stream(offset, *length, file),
            Self::Pipe { spool, length } => Bytes::stream(offset, *length, spool),
            Self::Itself(length) => Bytes::copy(0, offset, *length),
        }
    }
}

/// A file that has a size is read as it is written; pipes and what has no size are read to their end first.
fn from_file(path: &Path, target: &OpenFile) -> Result<Source> {
    let named = |call| move |error| Error::system(call, error).with_path(path);
    let file = File::open(path).map_err(named("open"))?;
    let metadata = file.metadata().map_err(named("fstat"))?;
    let length = metadata.len();
    match metadata.is_file() && length > 0 {
        true if id_of(&metadata) == Some(target.id()) => Ok(Source::Itself(length)),
        true => Ok(Source::File { file, length }),
        false => Ok(pipe(file).with_context(|| path.display().to_string())?),
    }
}

fn pipe(mut from: impl Read) -> Result<Source> {
    let mut spool = SpooledTempFile::new(IN_MEMORY);
    let length = io::copy(&mut from, &mut spool).context("reading it to its end")?;
    spool.rewind().context("a temporary file")?;
    Ok(Source::Pipe { spool, length })
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn id_of(metadata: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    Some(FileId { device: metadata.dev(), inode: metadata.ino() })
}

#[cfg(not(unix))]
fn id_of(_metadata: &Metadata) -> Option<FileId> {
    None
}
