//! What is wanted of a mapping.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Mapping, limits};
use crate::error::{Error, Result, Unknown};
use crate::extent::{ByteRange, Extent};
use crate::guard;
use crate::open::OpenFile;
use crate::residency::mincore_tells_user;
use crate::sys::{self, Protection, Region, Sharing, errno};

/// What may be done to mapped bytes.
///
/// ```
/// assert!(mmapio_core::Access::Copy.is_writable() && !mmapio_core::Access::Read.is_writable());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Nothing: `PROT_NONE`. The kernel can still be asked and advised about it.
    None,
    /// Reading: `PROT_READ`.
    Read,
    /// Reading and writing into the file: `PROT_READ | PROT_WRITE`, `MAP_SHARED`.
    Write,
    /// Reading and writing, where what is written stays in this mapping: `PROT_READ | PROT_WRITE`, `MAP_PRIVATE`.
    Copy,
}

impl Access {
    /// Whether bytes may be read.
    #[must_use]
    pub fn is_readable(self) -> bool {
        self != Self::None
    }

    /// Whether bytes may be written.
    #[must_use]
    pub fn is_writable(self) -> bool {
        matches!(self, Self::Write | Self::Copy)
    }

    pub(super) fn protection(self) -> Protection {
        match self {
            Self::None => Protection::None,
            Self::Read => Protection::Read,
            Self::Write | Self::Copy => Protection::ReadWrite,
        }
    }
}

/// What is wanted of a mapping: access, which bytes, and how it is to be made.
///
/// C: mmap(2).
///
/// ```
/// use mmapio_core::{ByteRange, MapOptions};
/// # let path = std::env::current_exe().unwrap();
/// let mapping = MapOptions::read().range(ByteRange::new(100, Some(50))?).open(&path)?;
/// assert_eq!(mapping.copy_out(0, 4)?, std::fs::read(&path).unwrap()[100..104]);
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct MapOptions {
    pub(super) access: Access,
    private: bool,
    range: ByteRange,
    pub(super) populate: bool,
    pub(super) huge_pages: bool,
    pub(super) guard: bool,
    forgive: bool,
}

impl MapOptions {
    /// A mapping of this access, of the whole file, shared unless the access is a copy.
    pub fn new(access: Access) -> Self {
        let private = access == Access::Copy;
        let (range, guard) = (ByteRange::WHOLE, true);
        Self { access, private, range, populate: false, huge_pages: false, guard, forgive: false }
    }

    /// For reading.
    pub fn read() -> Self {
        Self::new(Access::Read)
    }

    /// For reading and writing into the file.
    pub fn write() -> Self {
        Self::new(Access::Write)
    }

    /// For reading and writing, where what is written stays in the mapping.
    pub fn copy() -> Self {
        Self::new(Access::Copy)
    }

    /// Private: what others write into the file later may be seen in it or not. A mapping that writes into the file stays shared.
    pub fn private(mut self) -> Self {
        self.private = self.access != Access::Write;
        self
    }

    /// Which bytes: any offset and length, beyond the end of the file, too. Without a length it is to the end that the file has.
    pub fn range(mut self, range: ByteRange) -> Self {
        self.range = range;
        self
    }

    /// Brings its data into memory and into the page tables, by madvise(2) `MADV_POPULATE_READ` after mapping. (`MAP_POPULATE` hides
    /// errors, and never returns when a page cannot be read.) Holes are left out. Where that fails the mapping is there all the
    /// same: [`Mapping::unpopulated`].
    pub fn populate(mut self) -> Self {
        self.populate = true;
        self
    }

    /// Asks for huge pages, madvise(2) `MADV_HUGEPAGE`. Whether there are any depends on kernel and filesystem: proc(5) tells, in
    /// `/proc/self/smaps`.
    pub fn huge_pages(mut self) -> Self {
        self.huge_pages = true;
        self
    }

    /// Without the guard: a fault in it kills the process, and nothing of the process's signals is touched. For mappings whose file
    /// cannot shrink: a [`memory_file`](crate::memory_file) that is sealed, memory without a file.
    pub fn unguarded(mut self) -> Self {
        self.guard = false;
        self
    }

    /// Lets the process live when it stores into a mapping for reading, which ends it by SIGSEGV otherwise. Such a store stays
    /// private: only this mapping shows it, from then on instead of what the file has in that page, and the file never gets it.
    /// [`Mapping::faults`] counts it, and [`read_at`](Mapping::read_at), [`check`](Mapping::check) and [`flush`](Mapping::flush) of
    /// the page are [`ErrorKind::Overwritten`](crate::ErrorKind::Overwritten) until [`renew`](Mapping::renew).
    ///
    /// It is for programs that are handed the bytes and cannot be held to leave them alone; a Rust program that stores there has a
    /// mistake, and should rather be ended. The kernel is asked for a private mapping then, which shows in proc(5); what others write
    /// into the file is seen as in a shared one. It cannot become writable by [`protect`](Mapping::protect).
    ///
    /// Nothing is forgiven without the guard, with [`Access::Write`] and [`Access::Copy`], on hugetlbfs, and on systems and
    /// processors other than Linux on x86-64 and AArch64: [`Mapping::forgives_writes`] tells.
    ///
    /// ```
    /// use mmapio_core::MapOptions;
    /// # let scratch = tempfile::NamedTempFile::new()?;
    /// # let path = scratch.path();
    /// std::fs::write(path, "file")?;
    /// let mapping = MapOptions::read().forgive_writes().open(path)?;
    /// if mapping.forgives_writes() {
    ///     // SAFETY: the byte is inside the mapping, and no reference to it exists.
    ///     unsafe { mapping.as_ptr().cast_mut().write_volatile(b'm') };
    ///     assert_eq!(mapping.faults().private_writes, 1);
    ///     assert!(mapping.read_at(0, &mut [0; 4]).is_err());
    /// }
    /// assert_eq!(std::fs::read(path)?, b"file");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forgive_writes(mut self) -> Self {
        self.forgive = !self.access.is_writable();
        self
    }

    pub(super) fn is_shared(&self) -> bool {
        !self.private
    }

    pub(super) fn forgives(&self) -> bool {
        self.forgive && self.guard && guard::FORGIVES
    }

    /// As what the kernel maps it: what forgives stores is private, so that a page can become the process's own.
    pub(super) fn sharing(&self) -> Sharing {
        match self.is_shared() {
            _ if self.forgives() => Sharing::Unreserved,
            true => Sharing::Shared,
            false => Sharing::Private,
        }
    }

    /// Opens the file by the rules of [`OpenFile::open`], for writing where the access is, and maps it.
    ///
    /// # Errors
    /// As [`OpenFile::open`] and [`map`](Self::map).
    pub fn open(self, path: impl AsRef<Path>) -> Result<Mapping> {
        let path = path.as_ref();
        let open = if self.access == Access::Write { OpenFile::open_writable } else { OpenFile::open };
        open(path).and_then(|file| self.map(file)).map_err(|error| error.with_path(path))
    }

    /// Maps an open file, which the mapping keeps. For [`Access::Write`] it must be open for writing.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) when the range begins beyond the end and has no length,
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) when `RLIMIT_AS` or vm.max_map_count leaves no room,
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the thread blocks SIGBUS,
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what mmap(2) says else.
    pub fn map(self, file: impl Into<Arc<OpenFile>>) -> Result<Mapping> {
        let file = file.into();
        let mut mapping = self.unprepared(&file)?;
        mapping.file = Some(file);
        mapping.prepared()
    }

    /// Maps an open file and does not keep it: for thousands of small mappings, which would take a descriptor each. Truncation is
    /// not told from other faults then, nor noticed where it brings none: zeros behind a new end in its page, or in a huge page of
    /// tmpfs, pass for the file's. What needs the file cannot be asked of the mapping.
    ///
    /// ```
    /// use mmapio_core::{MapOptions, OpenFile};
    /// let file = OpenFile::open(std::env::current_exe().unwrap())?;
    /// assert!(MapOptions::read().map_only(&file)?.file().is_none());
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn map_only(self, file: &OpenFile) -> Result<Mapping> {
        let mut mapping = self.unprepared(file)?;
        // What cannot be asked is not told.
        let user = sys::user();
        let tells = mincore_tells_user(file, user).unwrap_or(Err(Unknown::NotPermitted));
        mapping.told = Some((user, tells));
        mapping.prepared()
    }

    /// The same with a file that somebody has open: what it is is looked at, as [`OpenFile::from_file`] does.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// let file = std::fs::File::open(std::env::current_exe().unwrap())?;
    /// assert!(mmapio_core::MapOptions::read().map_lent(&file)?.len() > 0);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`OpenFile::from_file`] and [`map`](Self::map).
    pub fn map_lent(self, file: &std::fs::File) -> Result<Mapping> {
        self.map_only(&*OpenFile::lent(file)?)
    }

    fn unprepared(mut self, file: &OpenFile) -> Result<Mapping> {
        // There a private mapping keeps pages of its own where the file has a hole, and never shows what is written there later.
        self.forgive &= file.filesystem_page().is_none();
        let extent = self.extent(file)?;
        let region = self.region(file, extent)?;
        Ok(Mapping { guard: None, region, file: None, extent, options: self, unpopulated: None, told: None })
    }

    pub(super) fn region(&self, file: &OpenFile, extent: Extent) -> Result<Region> {
        let (how, huge_page) = (self.access.protection(), file.filesystem_page());
        let (offset, length) = (extent.offset(), extent.length());
        let region = Region::of_file(file.file(), offset, length, huge_page, how, self.sharing());
        region.map_err(|error| self.refusal(error, length))
    }

    /// Maps memory without a file: zeros, private to this process, [`Access::Copy`] unless there is none.
    ///
    /// C: mmap(2) with `MAP_ANONYMOUS`.
    ///
    /// ```
    /// let mut memory = mmapio_core::MapOptions::copy().anonymous(10_000)?;
    /// memory.write_at(9_999, b"!")?;
    /// assert_eq!(memory.copy_out(9_998, 2)?, [0, b'!']);
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn anonymous(self, length: u64) -> Result<Mapping> {
        let extent = Extent::new(0, length);
        let options = Self { private: true, guard: false, ..self };
        let region = Region::anonymous(length, self.access.protection())
            .map_err(|error| limits::refusal(error, length))?;
        Mapping { guard: None, region, file: None, extent, options, unpopulated: None, told: None }.prepared()
    }

    fn refusal(&self, error: io::Error, length: u64) -> Error {
        match error.raw_os_error() {
            Some(errno::EACCES) if self.access == Access::Write => {
                Error::refused("mmap", error, "the file is not open for writing (OpenFile::open_writable)")
            }
            _ => limits::refusal(error, length),
        }
    }

    /// The bytes it is about.
    fn extent(&self, file: &OpenFile) -> Result<Extent> {
        let offset = self.range.offset();
        if let Some(length) = self.range.length() {
            return Ok(Extent::new(offset, length));
        }
        match file.size_now() {
            size if offset <= size => Ok(Extent::between(offset, size)),
            size => Err(Error::range(format!("begins at {offset}, beyond the end of the file at {size}"))),
        }
    }
}
