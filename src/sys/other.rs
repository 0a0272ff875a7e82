//! Systems without any of this: every operation says so, and nothing fails to compile.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::path::Path;

use super::{Entry, FileKind, Stat, unsupported};

pub(crate) use super::absent::{
    address_space_limit, has_lease, huge_page_size_of, lease, lock_limit, lock_on_fault, mapping_limit,
    memory_file, seal,
};
pub(crate) use super::absent::{allocate, allocated, bytes_left, open_again, open_direct, read_uncached};
pub(crate) use super::absent::{
    block_device_size, cachestat, device, fadvise, filesystem_of, has_cachestat, huge_page_size, madvise,
    mincore_is_truthful, open_process, process_madvise, readahead, reopen_writable, root_of_proc,
    start_writeback,
};
pub(crate) use super::absent::{open_direct_writable, write_uncached};

/// A name or path, which came from UTF-8.
pub(crate) fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::new(std::str::from_utf8(bytes).unwrap_or_default())
}

/// The page size to count in where no page can be asked for.
pub(crate) fn page_size() -> u64 {
    4096
}

/// A cautious number, since nothing is opened here.
pub(crate) fn descriptor_limit() -> usize {
    256
}

/// Opens for reading.
pub(crate) fn look(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Not there.
pub(crate) fn look_at(_directory: &File, _name: &CStr, _follow: bool) -> io::Result<File> {
    Err(unsupported())
}

/// A second handle of what [`look`] opened.
pub(crate) fn reopen(looked: &File, _directory: Option<&File>, _name: &CStr) -> io::Result<File> {
    looked.try_clone()
}

/// Not there.
pub(crate) fn open_regular_at(_directory: &File, _name: &CStr) -> io::Result<File> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn open_directory_at(_directory: &File, _name: &CStr) -> io::Result<File> {
    Err(unsupported())
}

/// What the standard library knows; files have no identity here.
pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    file.metadata().map(|metadata| seen(&metadata))
}

/// The same of what a path leads to.
pub(crate) fn stat_of(path: &Path) -> io::Result<Stat> {
    std::fs::metadata(path).map(|metadata| seen(&metadata))
}

fn seen(metadata: &std::fs::Metadata) -> Stat {
    let kind = if metadata.is_dir() { FileKind::Directory } else { FileKind::Regular };
    Stat { device: 0, inode: 0, links: 1, size: metadata.len(), owner: 0, changed: (0, 0), kind }
}

/// Not there.
pub(crate) fn next_data(_file: &File, _offset: u64) -> io::Result<Option<u64>> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn next_hole(_file: &File, _offset: u64) -> io::Result<Option<u64>> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn read_at(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn write_at(_file: &File, _bytes: &[u8], _offset: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn offset(_directory: &File) -> io::Result<u64> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn set_offset(_directory: &File, _offset: u64) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn sync_all(_file: &File) -> io::Result<()> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn sync_data(_file: &File) -> io::Result<()> {
    Err(unsupported())
}

/// The flags of a call that is not there.
pub(crate) mod msync {
    pub(crate) const SYNC: i32 = 1;
    pub(crate) const INVALIDATE: i32 = 2;
}

/// Mapped memory that nobody can be asked about.
#[derive(Debug)]
pub(crate) struct Span(u64);

impl Span {
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    pub(super) fn new(_start: *mut std::ffi::c_void, length: usize) -> io::Result<Self> {
        Ok(Self(length as u64))
    }

    pub(crate) fn mapped(&self) -> u64 {
        self.0.max(1).next_multiple_of(page_size())
    }

    /// Not there.
    pub(crate) fn advise(&self, _from: u64, _length: u64, _advice: i32) -> io::Result<()> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn sync(&self, _from: u64, _length: u64, _flags: i32) -> io::Result<()> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn residency(&self, _from: u64, _pages: &mut [u8]) -> io::Result<()> {
        Err(unsupported())
    }

    /// Not there.
    pub(super) fn protect(&self, _protection: i32) -> io::Result<()> {
        Err(unsupported())
    }

    /// Not there.
    pub(super) fn map_over(
        &self,
        _file: &File,
        _offset: u64,
        _how: super::Protection,
        _sharing: super::Sharing,
    ) -> io::Result<()> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn unlock(&self) -> io::Result<()> {
        Err(unsupported())
    }
}

/// Not there.
pub(crate) fn usage() -> io::Result<super::Usage> {
    Err(unsupported())
}

/// Not there.
pub(crate) fn lent(_file: &File) -> io::Result<std::mem::ManuallyDrop<File>> {
    Err(unsupported())
}

/// Users have no number here.
pub(crate) fn user() -> u32 {
    0
}

/// Files have no number here.
pub(crate) fn descriptor(_file: &File) -> i32 {
    -1
}

/// No system's numbers.
pub(crate) fn protection(_how: super::Protection) -> i32 {
    0
}

/// Not there: no value of it can be made.
#[derive(Debug)]
pub(crate) struct Window(Span, std::convert::Infallible);

impl std::ops::Deref for Window {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.0
    }
}

impl Window {
    /// Not there.
    pub(crate) fn new(_file: &File, _offset: u64, _length: u64) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn readable(_file: &File, _offset: u64, _length: u64) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn aligned(_file: &File, _offset: u64, _length: u64, _multiple: u64) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn cut(&mut self, _length: u64) -> io::Result<()> {
        match self.1 {}
    }
}

/// Not there.
#[derive(Debug)]
pub(crate) struct DirectoryReader;

impl DirectoryReader {
    pub(crate) fn new() -> Self {
        Self
    }

    /// Not there.
    pub(crate) fn fill(&mut self, _directory: &File) -> io::Result<bool> {
        Err(unsupported())
    }

    /// Not there.
    pub(crate) fn may_have_more(&self) -> bool {
        false
    }

    /// Not there.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        std::iter::empty()
    }
}
