//! Writing by system calls.

use std::fs::File;
use std::io;

use super::content::Blocks;
use super::writing::{WritePlan, Writing};
use crate::error::{Error, Result};
use crate::flush::{self, Flush};
use crate::open::unsupported_or;
use crate::page::page_size;
use crate::sys::{self, errno};

/// A file with a descriptor of its own.
struct Calls {
    file: File,
    blocks: Blocks,
    plan: WritePlan,
    way: Way,
}

/// How it is written.
#[derive(Clone, Copy)]
struct Way {
    open: fn(&File) -> io::Result<File>,
    write: fn(&File, &[u8], u64) -> io::Result<()>,
    sync: Flush,
}

pub(super) fn data(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    opened(plan, Way { open: sys::reopen_writable, write: sys::write_at, sync: Flush::Data })
}

pub(super) fn all(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    opened(plan, Way { open: sys::reopen_writable, write: sys::write_at, sync: Flush::All })
}

pub(super) fn dontcache(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    opened(plan, Way { open: sys::reopen_writable, write: uncached, sync: Flush::Data })
}

pub(super) fn direct(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    let page = page_size();
    if ![plan.block as u64, plan.extent.offset(), plan.extent.length()].iter().all(|n| n.is_multiple_of(page))
    {
        let why = format!("direct I/O needs blocks that are multiples of {page} bytes");
        return Err(Error::refused("open", io::Error::from_raw_os_error(errno::EINVAL), why));
    }
    opened(plan, Way { open: sys::open_direct_writable, write: sys::write_at, sync: Flush::Data })
}

/// A call may write less than it was asked to.
fn uncached(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match sys::write_uncached(file, rest, offset + done as u64)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => done += written,
        }
    }
    Ok(())
}

fn opened(plan: &WritePlan, way: Way) -> Result<Box<dyn Writing>> {
    let file = (way.open)(plan.file.file()).map_err(|error| unsupported_or("open", error))?;
    Ok(Box::new(Calls { file, blocks: plan.blocks()?, plan: plan.clone(), way }))
}

impl Writing for Calls {
    fn access(&mut self, offset: u64, length: usize) -> Result<()> {
        let bytes = self.blocks.at(offset, length);
        (self.way.write)(&self.file, bytes, offset).map_err(|error| unsupported_or("write", error))
    }

    fn sync(&mut self) -> Result<()> {
        let synced = match self.way.sync {
            Flush::All => sys::sync_all(&self.file),
            _ => sys::sync_data(&self.file),
        };
        synced.map_err(|error| flush::failed(self.way.sync, error))
    }

    fn fork(&self) -> Result<Box<dyn Writing>> {
        opened(&self.plan, self.way)
    }
}
