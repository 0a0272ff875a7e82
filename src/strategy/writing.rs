//! Ways of writing a file, each as a program would do it, so that they can be measured against one another.

use std::sync::Arc;

use super::buffer::{Buffer, Spare};
use super::content::{Blocks, Content};
use super::{stores, writes};
use crate::checksum::checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::open::OpenFile;

/// A way of writing a file, and of making sure that what was written is on the storage.
///
/// ```
/// use mmapio_core::{WRITE_STRATEGIES, WriteStrategy};
/// assert_eq!(WriteStrategy::find("mmap-msync").unwrap().calls, "mmap(2), msync(2)");
/// assert!(WRITE_STRATEGIES.iter().any(|strategy| !strategy.is_mapped));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct WriteStrategy {
    /// Its name.
    pub name: &'static str,
    /// The system calls it consists of.
    pub calls: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether it stores into a mapping: without buffers, a page at a time.
    pub is_mapped: bool,
    /// Whether it needs offsets and lengths that are multiples of a block of the device.
    pub is_aligned: bool,
    open: fn(&WritePlan) -> Result<Box<dyn Writing>>,
}

/// What a writing is opened for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WritePlan {
    /// The file, open for writing ([`OpenFile::open_writable`]). What it has there is lost.
    pub file: Arc<OpenFile>,
    /// The part of it that will be written; the file has these bytes already.
    pub extent: Extent,
    /// The most bytes that are written at once.
    pub block: usize,
    /// What is written.
    pub content: Content,
    blocks: Spare<Blocks>,
}

/// A file that is being written in one way, by one thread.
pub trait Writing: Send {
    /// Writes `length` bytes of the plan's content to `offset`.
    ///
    /// # Errors
    /// What the system call said; [`ErrorKind::Range`] outside of the plan.
    fn access(&mut self, offset: u64, length: usize) -> Result<()>;

    /// Waits until all that was written is on the storage.
    ///
    /// # Errors
    /// [`ErrorKind::NotWritten`] when it is not, and else as [`flush`](crate::flush()).
    fn sync(&mut self) -> Result<()>;

    /// The same for another thread: by a mapping or a descriptor of its own.
    ///
    /// # Errors
    /// As [`WriteStrategy::open`].
    fn fork(&self) -> Result<Box<dyn Writing>>;
}

macro_rules! strategies {
    ($($name:literal, $calls:literal, $about:literal, $mapped:literal, $aligned:literal, $open:expr;)*) => {
        /// All there are.
        ///
        /// ```
        /// use std::sync::Arc;
        /// use mmapio_core::{Content, Extent, OpenFile, WRITE_STRATEGIES, WritePlan};
        /// # let scratch = tempfile::NamedTempFile::new()?;
        /// # let path = scratch.path();
        /// std::fs::write(path, vec![0; 8192])?;
        /// # if cfg!(target_os = "linux") {
        /// let file = Arc::new(OpenFile::open_writable(path)?);
        /// for (strategy, seed) in WRITE_STRATEGIES.iter().zip(0..) {
        ///     let plan = WritePlan::new(Arc::clone(&file), Extent::new(0, 8192), 4096, Content::new(seed));
        ///     // Some need what this filesystem or system may not have.
        ///     if let Ok(mut writing) = strategy.open(&plan)
        ///         && writing.access(4096, 4096).and_then(|()| writing.sync()).is_ok()
        ///     {
        ///         plan.read_back(&[4096])?;
        ///     }
        /// }
        /// # }
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub const WRITE_STRATEGIES: &[WriteStrategy] = &[$(WriteStrategy {
            name: $name,
            calls: $calls,
            about: $about,
            is_mapped: $mapped,
            is_aligned: $aligned,
            open: $open,
        },)*];
    };
}

strategies! {
//  name                calls                                      about                                                             mapped aligned
    "pwrite",           "pwrite(2), fdatasync(2)",                 "writes at an offset",                                            false, false, writes::data;
    "pwrite-fsync",     "pwrite(2), fsync(2)",                     "the same, and writes all there is to know of the file",          false, false, writes::all;
    "pwrite-dontcache", "pwritev2(2) RWF_DONTCACHE, fdatasync(2)", "writes at an offset, and leaves nothing in memory",              false, false, writes::dontcache;
    "pwrite-direct",    "pwrite(2) O_DIRECT, fdatasync(2)",        "writes to the device from its own memory, past the page cache",  false, true,  writes::direct;
    "mmap-msync",       "mmap(2), msync(2)",                       "stores into a mapping, and writes what of it was stored to",     true,  false, stores::msync;
    "mmap-fdatasync",   "mmap(2), fdatasync(2)",                   "stores into a mapping, and writes the file",                     true,  false, stores::fdatasync;
}

impl WriteStrategy {
    /// The strategy of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        WRITE_STRATEGIES.iter().find(|strategy| strategy.name == name)
    }

    /// Makes ready to write: descriptors, buffers, mappings.
    ///
    /// # Errors
    /// What the system lacks for it, or refuses.
    pub fn open(&self, plan: &WritePlan) -> Result<Box<dyn Writing>> {
        (self.open)(plan)
    }
}

impl WritePlan {
    /// A plan to write this content into this part of a file in blocks.
    #[must_use]
    pub fn new(file: Arc<OpenFile>, extent: Extent, block: usize, content: Content) -> Self {
        Self { file, extent, block, content, blocks: Spare::default() }
    }

    /// Makes what is written by so many writings, each of which takes a buffer of it; without this opening one makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when there is no room.
    pub fn prepare(&self, writings: usize) -> Result<()> {
        (0..writings)
            .try_for_each(|_| Blocks::new(self.content, self.block).map(|blocks| self.blocks.keep(blocks)))
    }

    pub(super) fn blocks(&self) -> Result<Blocks> {
        self.blocks.take().map_or_else(|| Blocks::new(self.content, self.block), Ok)
    }

    /// Reads the blocks at these offsets, each once, and compares them with what was to be written there; the answer is the sum of
    /// their [`checksum`]s.
    ///
    /// # Errors
    /// [`ErrorKind::Differs`] with the first byte that is another one, and else as [`OpenFile::read_at`].
    pub fn read_back(&self, offsets: &[u64]) -> Result<u64> {
        let (mut expected, mut found) = (Blocks::new(self.content, self.block)?, Buffer::new(self.block)?);
        offsets.iter().try_fold(0_u64, |sum, offset| {
            let expected = expected.at(*offset, self.length_at(*offset));
            let found = found.part(expected.len());
            self.read_full(*offset, found)?;
            if expected == found {
                return Ok(sum.wrapping_add(checksum(found)));
            }
            let at = expected.iter().zip(&*found).take_while(|(expected, found)| expected == found).count();
            Err(Error::new("read", ErrorKind::Differs { offset: offset + at as u64 }))
        })
    }

    /// How long the block at `offset` is: the last one may be shorter.
    fn length_at(&self, offset: u64) -> usize {
        let left = self.extent.end().saturating_sub(offset);
        usize::try_from(left).map_or(self.block, |left| left.min(self.block))
    }

    fn read_full(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(offset + done as u64, rest)? {
                0 => return Err(Error::new("read", ErrorKind::Truncated { size: self.file.size_now() })),
                read => done += read,
            }
        }
        Ok(())
    }
}
