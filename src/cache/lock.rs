//! Keeping files in memory: mapped for reading, locked, and only then brought in.
//!
//! The order matters. mlock(2), `MAP_LOCKED` and `MAP_POPULATE` on a page that cannot be read try again forever inside the
//! kernel; mlock2(2) with `MLOCK_ONFAULT` reads nothing, and madvise(2) with `MADV_POPULATE_READ` gives up with an error.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use crate::cache::limits::LockCost;
use crate::cache::pieces::{self, Piece};
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{ByteRange, Extent};
use crate::open::{FileId, OpenFile};
use crate::page::{Pages, page_size};
use crate::residency::Holes;
use crate::sys::FilesystemClass;

/// With more pieces than this a file that was followed for long is mapped anew.
const MOST_PIECES: usize = 64;

/// How often pages that vanish again at once are brought in.
const ATTEMPTS: usize = 3;

/// The parts of a file that hold data, in `range` and inside the file as it was when it was opened: what there is to lock.
/// Holes (lseek(2) `SEEK_DATA`, `SEEK_HOLE`) take no memory, so a terabyte of them costs nothing.
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, Pages, data_extents};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path).unwrap();
/// let pages: Pages = data_extents(&file, ByteRange::WHOLE).iter().map(|extent| extent.pages()).sum();
/// assert!(pages <= Pages::holding(file.size()));
/// ```
#[must_use]
pub fn data_extents(file: &OpenFile, range: ByteRange) -> Vec<Extent> {
    let (mut holes, mut rest) = (Holes::new(file), range.within(file.size()));
    std::iter::from_fn(|| holes.next_data(&mut rest)).collect()
}

/// Extents of a file, mapped and not locked yet: what it will take is known, and nothing was read.
#[derive(Debug)]
pub struct Mapped {
    id: FileId,
    pieces: Vec<Piece>,
}

/// Extents of a file that stay in memory until this is dropped, or the process ends.
///
/// ```
/// use mmapio_core::{ByteRange, Locked, OpenFile, data_extents};
/// use std::ops::ControlFlow;
/// # if cfg!(target_os = "linux") {
/// # let path = std::env::current_exe()?;
/// let file = OpenFile::open(&path)?;
/// let extents = data_extents(&file, ByteRange::new(0, Some(8192))?);
/// let locked = Locked::new(&file, &extents, &path, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(locked.pages(), extents.iter().map(|extent| extent.pages()).sum());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Locked(Mapped);

/// Told of pages that were brought in; [`ControlFlow::Break`] gives up.
pub type LockProgress<'a> = dyn FnMut(Pages) -> ControlFlow<()> + 'a;

impl Mapped {
    /// Maps `extents` of `file`, mmap(2) with `PROT_READ` and `MAP_SHARED`. The file need not stay open.
    ///
    /// # Errors
    /// [`ErrorKind::System`] with what mmap(2) says, [`ErrorKind::RefusedFilesystem`] on hugetlbfs, whose pages are
    /// always in memory, [`ErrorKind::Unsupported`] where the system cannot lock files.
    ///
    /// ```
    /// # if cfg!(target_os = "linux") {
    /// # use mmapio_core::{Extent, Mapped, OpenFile, Pages};
    /// let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
    /// let mapped = Mapped::new(&file, &[Extent::new(0, 1)]).unwrap();
    /// assert_eq!((mapped.cost().pages, mapped.cost().mappings), (Pages(1), 1));
    /// # }
    /// ```
    pub fn new(file: &OpenFile, extents: &[Extent]) -> Result<Self> {
        let filesystem = file.filesystem();
        if filesystem.class == FilesystemClass::Blind {
            return Err(Error::new("mmap", ErrorKind::RefusedFilesystem(filesystem.name)));
        }
        Ok(Self { id: file.id(), pieces: pieces::map(file, extents)? })
    }

    /// What locking them takes.
    #[must_use]
    pub fn cost(&self) -> LockCost {
        self.pieces.iter().map(Piece::cost).sum()
    }

    /// The file's identity.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Locks them: mlock2(2) with `MLOCK_ONFAULT`, then reads page by page with madvise(2) `MADV_POPULATE_READ`, and asks
    /// mincore(2) whether all are there. `path` is what an error is about; it is opened again only to learn why a page
    /// cannot be read.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] for a page that cannot be read, [`ErrorKind::Truncated`] for one that is not there any more,
    /// [`ErrorKind::System`] with what mlock2(2) says. Nothing stays locked.
    pub fn lock(self, path: &Path, progress: &mut LockProgress<'_>) -> Result<Locked> {
        let lock = |piece: &Piece| piece.lock();
        self.pieces.iter().try_for_each(lock).map_err(|error| error.with_path(path))?;
        let locked = Locked(self);
        locked.renew(path, progress)?;
        Ok(locked)
    }

    /// Brings in what is not there, until all is.
    fn populate(&self, path: &Path, progress: &mut LockProgress<'_>) -> Result<()> {
        for piece in &self.pieces {
            piece.populate(progress).map_err(|stop| self.reason(stop, path))?;
        }
        Ok(())
    }

    fn missing(&self) -> Result<Pages> {
        self.pieces.iter().map(Piece::missing).sum()
    }

    fn reason(&self, stop: pieces::Stop, path: &Path) -> Error {
        let error = match stop {
            pieces::Stop::Cancelled => Error::system("madvise", io::Error::from(io::ErrorKind::Interrupted)),
            pieces::Stop::Failed(offset, error) => self.page_error(offset, error, path),
        };
        error.with_path(path)
    }

    /// What is wrong with a page that could not be brought in: the kernel says `EFAULT` to everything.
    fn page_error(&self, offset: u64, error: io::Error, path: &Path) -> Error {
        match OpenFile::open(path).ok().filter(|file| file.id() == self.id) {
            Some(file) if file.size() <= offset => {
                Error::new("madvise", ErrorKind::Truncated { size: file.size() })
            }
            Some(file) => match pieces::read_page(&file, offset) {
                Err(error) => Error::new(
                    "read",
                    ErrorKind::Unreadable { source: error, extent: Extent::new(offset, page_size()) },
                ),
                Ok(()) => Error::new(
                    "madvise",
                    ErrorKind::Unreadable { source: error, extent: Extent::new(offset, page_size()) },
                ),
            },
            None => Error::new(
                "madvise",
                ErrorKind::Unreadable { source: error, extent: Extent::new(offset, page_size()) },
            ),
        }
    }
}

impl Locked {
    /// Maps and locks `extents` of `file`: [`Mapped::new`], [`Mapped::lock`].
    ///
    /// # Errors
    /// As those.
    pub fn new(
        file: &OpenFile,
        extents: &[Extent],
        path: &Path,
        progress: &mut LockProgress<'_>,
    ) -> Result<Self> {
        Mapped::new(file, extents).map_err(|error| error.with_path(path))?.lock(path, progress)
    }

    /// Pages of data that are locked.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.0.cost().pages
    }

    /// The file's identity.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.0.id
    }

    /// Brings in again what truncation took out of the mapping though it is in the file once more.
    ///
    /// # Errors
    /// As [`Mapped::lock`]; what is locked stays so.
    pub fn renew(&self, path: &Path, progress: &mut LockProgress<'_>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            self.0.populate(path, progress)?;
            if self.0.missing().map_err(|error| error.with_path(path))? == Pages(0) {
                return Ok(());
            }
        }
        let reason = "pages that were read were gone at once, again and again: another process or a memory limit takes them";
        Err(Error::new("mincore", ErrorKind::Limit(reason.to_owned())).with_path(path))
    }

    /// Goes along with the file as it is now: what lies beyond its end is given up, what of `wanted` is not locked yet is
    /// locked. Gives back the pages that came.
    ///
    /// # Errors
    /// As [`Mapped::lock`]; what was locked stays so.
    pub fn follow(
        &mut self,
        file: &OpenFile,
        wanted: &[Extent],
        path: &Path,
        progress: &mut LockProgress<'_>,
    ) -> Result<Pages> {
        if pieces::cut(&mut self.0.pieces, file.size()).map_err(|error| error.with_path(path))? {
            // Truncation splits a large folio, which takes the pages that remain of it out of all mappings.
            self.renew(path, progress)?;
        }
        let new = pieces::without(wanted, &self.0.pieces);
        if new.is_empty() {
            return Ok(Pages(0));
        }
        let added = Self::new(file, &new, path, progress)?;
        let pages = added.pages();
        self.0.pieces.extend(added.0.pieces);
        self.0.pieces.sort_by_key(|piece| piece.extent().offset());
        self.join(file, path, progress);
        Ok(pages)
    }

    /// What going along with `wanted` would take beyond what is locked.
    #[must_use]
    pub fn lacks(&self, wanted: &[Extent]) -> LockCost {
        LockCost::of(&pieces::without(wanted, &self.0.pieces))
    }

    /// Makes one piece of neighbours of like size, so that a file that grows by little has few pieces, and each page is
    /// mapped anew a few times only. Where that fails the pieces stay as they are.
    fn join(&mut self, file: &OpenFile, path: &Path, progress: &mut LockProgress<'_>) {
        let mut at = self.0.pieces.len();
        let all = at > MOST_PIECES;
        while at > 1 {
            at -= 1;
            let Some([first, second]) = self.0.pieces.get(at - 1..=at) else { return };
            if !first.may_join(second) || !(all || first.is_like(second)) {
                continue;
            }
            let data: Vec<Extent> = first.data().iter().chain(second.data()).copied().collect();
            match Self::new(file, &data, path, progress) {
                Ok(joined) => drop(self.0.pieces.splice(at - 1..=at, joined.0.pieces)),
                Err(_) => return,
            }
        }
    }
}
