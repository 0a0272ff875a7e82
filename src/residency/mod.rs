//! What of a file is in memory: counts, exact runs, a histogram; and which call answered.

mod histogram;
mod holes;
mod picture;
mod probe;
mod runs;
mod spans;
mod spread;

use std::fmt;
use std::path::Path;

use crate::error::{Result, Unknown};
use crate::extent::{ByteRange, Extent};
use crate::open::OpenFile;
use crate::page::Pages;

pub(crate) use holes::Holes;
pub(crate) use probe::{Tells, mincore_tells, mincore_tells_user, unknown};
pub(crate) use spans::PageSource;

pub use histogram::Part;
pub use picture::PicturePart;
pub use probe::{ProbeChoice, Prober};
pub use runs::{Run, RunState, Runs};
pub use spread::{RunLengths, Spread};

/// The system call that answered.
///
/// ```
/// assert_eq!(mmapio_core::Probe::Cachestat.to_string(), "cachestat");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Probe {
    /// cachestat(2): counts from the page cache's own index, in the time of a walk over its folios. A page that is being
    /// read, or whose read failed, is counted as resident.
    Cachestat,
    /// mincore(2) on a mapping without access rights: one byte a page; only pages whose content is valid count.
    Mincore,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cachestat => "cachestat",
            Self::Mincore => "mincore",
        })
    }
}

/// How much of a file, or of a range of it, is in memory. All counts are in pages; none means unknown, never zero.
///
/// ```
/// use mmapio_core::Residency;
/// # let path = std::env::current_exe().unwrap();
/// let residency = Residency::of(&path).unwrap();
/// match residency.resident {
///     Some(resident) => println!("{resident} of {} pages", residency.pages),
///     None => println!("unknown: {}", residency.unknown.unwrap()),
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Residency {
    /// The bytes asked about, rounded out to pages, inside the file as it was when it was opened.
    pub extent: Extent,
    /// The pages of that extent, the last one perhaps in part.
    pub pages: Pages,
    /// Pages in memory.
    pub resident: Option<Pages>,
    /// Pages that are newer than the storage. The kernel counts a large folio as a whole; tmpfs has none.
    pub dirty: Option<Pages>,
    /// Pages that are being written to the storage.
    pub writeback: Option<Pages>,
    /// Pages that memory pressure pushed out (on tmpfs: to swap); pages dropped on request leave no trace.
    pub evicted: Option<Pages>,
    /// Those of them that were pushed out so recently that they would have been of use.
    pub recently_evicted: Option<Pages>,
    /// The call that answered; none when nothing was asked or the answer is unknown.
    pub probe: Option<Probe>,
    /// Why the counts are unknown.
    pub unknown: Option<Unknown>,
    /// Whether the file was truncated or grew while it was asked: the counts are for the size it had before.
    pub changed: bool,
}

impl Residency {
    /// The residency of the whole file at `path`.
    ///
    /// Source: cachestat(2) where it is there and right, else mincore(2); see [`Prober`].
    ///
    /// # Errors
    /// As [`OpenFile::open`] and [`Prober::residency`].
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenFile::open(path)?;
        Prober::new(&file, ProbeChoice::Auto)
            .residency(ByteRange::WHOLE)
            .map_err(|error| error.with_path(path))
    }

    /// The resident pages in percent of all, never above 100; none when unknown or when there are no pages.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        self.resident?.percent_of(self.pages)
    }
}
