//! What a patch writes, window by window.

use std::fmt;
use std::io::Read;

use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::sys;

/// Where the new bytes come from.
pub(super) enum Content<'a> {
    Stream(Box<dyn Read + 'a>),
    Fill(u8),
    /// From this offset of the same file.
    Copy(u64),
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(_) => f.write_str("Stream"),
            Self::Fill(byte) => write!(f, "Fill({byte})"),
            Self::Copy(from) => write!(f, "Copy({from})"),
        }
    }
}

impl Content<'_> {
    /// Whether windows must be taken from the end on: a copy towards the end would overwrite what it has yet to read.
    pub(super) fn is_backwards(&self, to: Extent) -> bool {
        matches!(self, Self::Copy(from) if *from < to.offset() && to.offset() - from < to.length())
    }

    /// The new bytes of `part`, which is a part of `whole`.
    pub(super) fn read(
        &mut self,
        file: &OpenFile,
        whole: Extent,
        part: Extent,
        bytes: &mut [u8],
    ) -> Result<()> {
        match self {
            Self::Stream(reader) => reader.read_exact(bytes).map_err(no_more),
            Self::Fill(byte) => {
                bytes.fill(*byte);
                Ok(())
            }
            Self::Copy(from) => read_exactly(file, *from + (part.offset() - whole.offset()), bytes),
        }
    }
}

fn no_more(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::range("the new bytes ended before there were as many as there should be")
        }
        _ => Error::system("read of the new bytes", error),
    }
}

/// Reads a part of the file that must be there: pread(2).
pub(super) fn read_exactly(file: &OpenFile, offset: u64, bytes: &mut [u8]) -> Result<()> {
    let (mut at, mut rest) = (offset, bytes);
    while !rest.is_empty() {
        let read = sys::read_at(file.file(), rest, at).map_err(|source| unreadable(source, at))?;
        if read == 0 {
            return Err(Error::new("pread", ErrorKind::Truncated { size: file.size_now() }));
        }
        at += read as u64;
        rest = rest.split_at_mut(read).1;
    }
    Ok(())
}

fn unreadable(source: std::io::Error, at: u64) -> Error {
    Error::new("pread", ErrorKind::Unreadable { source, extent: Extent::new(at, 1) })
}

/// How many bytes differ.
pub(super) fn differing(old: &[u8], new: &[u8]) -> u64 {
    if old == new {
        return 0;
    }
    old.iter().zip(new).map(|(old, new)| u64::from(old != new)).sum()
}

/// Memory of this size, or a named error: a refused allocation would end the process.
pub(super) fn buffer(length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(length).map_err(|_| no_memory(length))?;
    bytes.resize(length, 0);
    Ok(bytes)
}

fn no_memory(length: usize) -> Error {
    match sys::address_space_limit() {
        Ok(Some(allowed)) => {
            let why = format!(
                "{allowed} bytes of address space are allowed, {length} more were wanted: raise it (ulimit -v)"
            );
            Error::limit("RLIMIT_AS", why)
        }
        _ => Error::limit("memory", format!("{length} bytes are not to be had")),
    }
}
