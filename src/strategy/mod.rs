//! Ways of reading a file, each as a program would do it, so that they can be measured against one another; and of writing one.

mod buffer;
mod content;
mod files;
mod mapped;
mod stores;
mod writes;
mod writing;

use std::sync::Arc;

#[cfg(doc)]
use crate::checksum::checksum;
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;

use buffer::{Buffer, Spare};

pub use content::Content;
pub use writing::{WRITE_STRATEGIES, WritePlan, WriteStrategy, Writing};

/// What is done with the bytes that are read; it is the same for all strategies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Work {
    /// Each byte is used once, for a [`checksum`].
    #[default]
    Sum,
    /// They are copied into memory of the program's own, and not looked at. A system call has done that already.
    Copy,
}

/// A way of reading a file.
///
/// ```
/// use mmapio_core::{STRATEGIES, Strategy};
/// assert_eq!(Strategy::find("pread").unwrap().calls, "pread(2)");
/// assert!(STRATEGIES.iter().any(|strategy| strategy.is_mapped));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    /// The system calls it consists of.
    pub calls: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether it reads through a mapping: without buffers, a page at a time.
    pub is_mapped: bool,
    /// Whether what it reads stays in memory.
    pub fills_cache: bool,
    /// Whether it needs offsets and lengths that are multiples of a block of the device.
    pub is_aligned: bool,
    open: fn(&Plan) -> Result<Box<dyn Reading>>,
}

/// What a reading is opened for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The file.
    pub file: Arc<OpenFile>,
    /// The part of it that will be read.
    pub extent: Extent,
    /// The most bytes that are read at once.
    pub block: usize,
    /// What is done with them.
    pub work: Work,
    buffers: Spare<Buffer>,
}

impl Plan {
    /// A plan to read this part of a file in blocks.
    #[must_use]
    pub fn new(file: Arc<OpenFile>, extent: Extent, block: usize, work: Work) -> Self {
        Self { file, extent, block, work, buffers: Spare::default() }
    }

    /// Makes the memory for so many readings, each of which takes a buffer of it; without this opening one makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) when there is no room.
    pub fn prepare(&self, readings: usize) -> Result<()> {
        (0..readings).try_for_each(|_| Buffer::new(self.block).map(|buffer| self.buffers.keep(buffer)))
    }

    fn buffer(&self) -> Result<Buffer> {
        self.buffers.take().map_or_else(|| Buffer::new(self.block), Ok)
    }
}

/// A file that is being read in one way, by one thread.
pub trait Reading: Send {
    /// Reads `length` bytes from `offset` and does the work; fewer at the end of the file. The answer is their [`checksum`], with
    /// [`Work::Copy`] 0.
    ///
    /// # Errors
    /// What the system call said; [`ErrorKind::Range`](crate::ErrorKind::Range) outside of the plan.
    fn access(&mut self, offset: u64, length: usize) -> Result<u64>;

    /// The same for another thread: through the same mapping, or by a descriptor of its own.
    ///
    /// # Errors
    /// As [`Strategy::open`].
    fn fork(&self) -> Result<Box<dyn Reading>>;

    /// Whether all that was read was real: a mapping shows zeros where there is no file any more.
    ///
    /// # Errors
    /// As [`Mapping::check`](crate::Mapping::check).
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

macro_rules! strategies {
    ($($name:literal, $calls:literal, $about:literal, $mapped:literal, $fills:literal, $aligned:literal, $open:expr;)*) => {
        /// All there are.
        ///
        /// ```
        /// use std::sync::Arc;
        /// use mmapio_core::{Extent, OpenFile, Plan, STRATEGIES, Work};
        /// let file = Arc::new(OpenFile::open(std::env::current_exe().unwrap()).unwrap());
        /// let plan = Plan::new(file, Extent::new(0, 8192), 4096, Work::Sum);
        /// let mut sums = Vec::new();
        /// for strategy in STRATEGIES {
        ///     // Some need what this filesystem or system may not have.
        ///     if let Ok(mut reading) = strategy.open(&plan)
        ///         && let Ok(sum) = reading.access(4096, 4096)
        ///     {
        ///         sums.push(sum);
        ///     }
        /// }
        /// assert!(sums.windows(2).all(|pair| pair[0] == pair[1]));
        /// ```
        pub const STRATEGIES: &[Strategy] = &[$(Strategy {
            name: $name,
            calls: $calls,
            about: $about,
            is_mapped: $mapped,
            fills_cache: $fills,
            is_aligned: $aligned,
            open: $open,
        },)*];
    };
}

strategies! {
//  name                calls                                about                                                             mapped fills  aligned
    "read",             "lseek(2), read(2)",                 "reads on, seeking first where it does not go on",                false, true,  false, files::read;
    "pread",            "pread(2)",                          "reads at an offset",                                             false, true,  false, files::pread;
    "dontcache",        "preadv2(2) RWF_DONTCACHE",          "reads at an offset, and leaves nothing in memory",               false, false, false, files::dontcache;
    "direct",           "pread(2) O_DIRECT",                 "reads from the device into its own memory, past the page cache", false, false, true,  files::direct;
    "mmap",             "mmap(2)",                           "uses the bytes of a mapping where they are",                     true,  true,  false, mapped::plain;
    "mmap-copy",        "mmap(2), memcpy(3)",                "copies out of a mapping",                                        true,  true,  false, mapped::copying;
    "mmap-sequential",  "mmap(2), madvise(2) SEQUENTIAL",    "a mapping that reads further ahead",                             true,  true,  false, mapped::sequential;
    "mmap-random",      "mmap(2), madvise(2) RANDOM",        "a mapping that reads no page ahead",                             true,  true,  false, mapped::random;
    "mmap-willneed",    "mmap(2), madvise(2) WILLNEED",      "a mapping whose pages are asked for at the start",               true,  true,  false, mapped::willneed;
    "mmap-populate",    "mmap(2), madvise(2) POPULATE_READ", "a mapping that is loaded before it is used",                     true,  true,  false, mapped::populate;
    "mmap-hugepage",    "mmap(2), madvise(2) HUGEPAGE",      "a mapping in huge pages, where the filesystem has them",         true,  true,  false, mapped::hugepage;
}

impl Strategy {
    /// The strategy of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        STRATEGIES.iter().find(|strategy| strategy.name == name)
    }

    /// Makes ready to read: descriptors, buffers, mappings, advice.
    ///
    /// # Errors
    /// What the system lacks for it, or refuses.
    pub fn open(&self, plan: &Plan) -> Result<Box<dyn Reading>> {
        (self.open)(plan)
    }
}
