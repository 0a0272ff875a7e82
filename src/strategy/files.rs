//! Reading by system calls.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::buffer::Buffer;
use super::{Plan, Reading, Work};
use crate::checksum::checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::unsupported_or;
use crate::page::page_size;
use crate::sys::{self, errno};

/// A file with a descriptor of its own, so that nobody else's reading changes how far the kernel reads ahead.
struct Calls {
    file: File,
    buffer: Buffer,
    plan: Plan,
    /// Where the next read(2) begins.
    position: u64,
    /// What offsets and lengths are multiples of.
    block: u64,
    open: Open,
    call: Call,
}

/// Opens the file once more.
type Open = fn(&File) -> io::Result<File>;

/// Reads into a buffer from an offset.
type Call = fn(&mut File, &mut u64, &mut [u8], u64) -> io::Result<usize>;

pub(super) fn read(plan: &Plan) -> Result<Box<dyn Reading>> {
    opened(plan, sys::open_again, 1, |file, position, buffer, offset| {
        if *position != offset {
            file.seek(SeekFrom::Start(offset))?;
        }
        let read = full(buffer, |rest, _| file.read(rest))?;
        *position = offset + read as u64;
        Ok(read)
    })
}

pub(super) fn pread(plan: &Plan) -> Result<Box<dyn Reading>> {
    opened(plan, sys::open_again, 1, |file, _, buffer, offset| {
        full(buffer, |rest, done| sys::read_at(file, rest, offset + done))
    })
}

pub(super) fn dontcache(plan: &Plan) -> Result<Box<dyn Reading>> {
    opened(plan, sys::open_again, 1, |file, _, buffer, offset| {
        full(buffer, |rest, done| sys::read_uncached(file, rest, offset + done))
    })
}

pub(super) fn direct(plan: &Plan) -> Result<Box<dyn Reading>> {
    let block = page_size();
    if !(plan.block as u64).is_multiple_of(block) {
        let why = format!("direct I/O needs blocks that are multiples of {block} bytes");
        return Err(Error::refused("open", io::Error::from_raw_os_error(errno::EINVAL), why));
    }
    opened(plan, sys::open_direct, block, |file, _, buffer, offset| {
        // What ends inside of a page ends with the file.
        full(buffer, |rest, done| match done.is_multiple_of(page_size()) {
            true => sys::read_at(file, rest, offset + done),
            false => Ok(0),
        })
    })
}

/// A call may read less than it was asked for.
fn full(buffer: &mut [u8], mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(rest, done as u64) {
            Ok(0) => break,
            Ok(more) => done += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Bytes that the storage does not give are named.
fn failed(source: io::Error, offset: u64, length: usize) -> Error {
    match source.raw_os_error() {
        Some(errno::EIO) => {
            let extent = Extent::new(offset, length as u64);
            Error::new("read", ErrorKind::Unreadable { source, extent })
        }
        _ => unsupported_or("read", source),
    }
}

fn opened(plan: &Plan, open: Open, block: u64, call: Call) -> Result<Box<dyn Reading>> {
    let file = open(plan.file.file()).map_err(|error| unsupported_or("open", error))?;
    let (buffer, plan) = (plan.buffer()?, plan.clone());
    Ok(Box::new(Calls { file, buffer, plan, position: u64::MAX, block, open, call }))
}

impl Reading for Calls {
    fn fork(&self) -> Result<Box<dyn Reading>> {
        opened(&self.plan, self.open, self.block, self.call)
    }

    fn access(&mut self, offset: u64, length: usize) -> Result<u64> {
        let wanted = usize::try_from((length as u64).next_multiple_of(self.block)).unwrap_or(length);
        let buffer = self.buffer.part(wanted);
        let read = (self.call)(&mut self.file, &mut self.position, buffer, offset);
        let read = read.map_err(|error| failed(error, offset, length))?;
        let bytes =
            buffer.get(..read.min(length)).ok_or_else(|| Error::range("more was read than asked for"))?;
        let sum = match self.plan.work {
            Work::Sum => checksum(bytes),
            Work::Copy => 0,
        };
        let there = bytes.len();
        self.require(offset, length, there).map(|()| sum)
    }
}

impl Calls {
    /// What is missing was cut off: a faster run, but not of the same bytes.
    fn require(&self, offset: u64, length: usize, read: usize) -> Result<()> {
        let there = self.plan.extent.end().saturating_sub(offset).min(length as u64);
        if (read as u64) < there {
            let size = sys::stat(&self.file).map_or(0, |now| now.size);
            return Err(Error::new("read", ErrorKind::Truncated { size }));
        }
        Ok(())
    }
}
