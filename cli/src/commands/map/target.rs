//! The part of a file that is shown or searched.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use mmapio_core::{ByteRange, Error, Extent, OpenFile};

use super::common;
use crate::args::map::Map;
use crate::messages;
use crate::output::{Exit, Output};

/// The file, and which of its bytes are meant.
pub(super) struct Target<'a> {
    pub(super) path: &'a Path,
    pub(super) file: OpenFile,
    pub(super) extent: Extent,
}

impl Target<'_> {
    /// Says what went wrong with the file, unless told to be quiet; the error has the path then.
    pub(super) fn fail(&self, arguments: &Map, error: Error) -> Error {
        let error = error.with_path(self.path);
        if !arguments.facts.quiet {
            messages::path_error(&error);
        }
        error
    }
}

/// Opens the file that was named; none is wrong usage.
pub(super) fn open<'a>(arguments: &'a Map, range: Option<ByteRange>) -> Result<Target<'a>> {
    let path = common::file(arguments);
    let file = OpenFile::open(path)?;
    let extent = part(&file, range.unwrap_or_default()).map_err(|error| error.with_path(path))?;
    Ok(Target { path, file, extent })
}

/// The bytes of the file that lie in the range, which must begin in it.
fn part(file: &OpenFile, range: ByteRange) -> mmapio_core::Result<Extent> {
    let (offset, size) = (range.offset(), file.size());
    if offset > 0 && offset >= size {
        return Err(Error::range(format!("starts at {offset}, beyond the end at {size}")));
    }
    let end = range.length().map_or(size, |length| offset.saturating_add(length)).min(size);
    Ok(Extent::between(offset, end))
}

/// The exit status, once all was written: standard output may have been closed, but not full.
pub(super) fn exit(output: &Output, failed: bool) -> Result<Exit> {
    match output.result() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.context("standard output: write")?,
    }
    Ok(if failed { Exit::SomeFailed } else { Exit::Done })
}

/// The size of most pages; which pages there are matters little here.
const PAGE: usize = 4096;

/// Memory that reads go into. It begins with a page: the kernel copies to such places faster by a fifth.
pub(super) struct Window {
    memory: Vec<u8>,
    start: usize,
}

impl Window {
    pub(super) fn new(length: usize) -> Self {
        let memory = vec![0; length + PAGE];
        let start = memory.as_ptr().align_offset(PAGE).min(PAGE);
        Self { memory, start }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let end = self.start + self.memory.len() - PAGE;
        self.memory.get_mut(self.start..end).unwrap_or_default()
    }

    /// The bytes of an extent that was read.
    pub(super) fn of(&self, extent: Extent) -> &[u8] {
        let length = usize::try_from(extent.length()).unwrap_or(usize::MAX);
        let all = self.memory.get(self.start..).unwrap_or_default();
        all.get(..length).unwrap_or(all)
    }
}
