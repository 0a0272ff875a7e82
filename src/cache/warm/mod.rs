//! Loading files into memory: what is absent and only that, many reads at a time, and proof that it came.

mod begun;
mod lanes;
mod load;
pub(crate) mod outcome;
mod rate;
mod source;
mod unread;
mod verify;

use std::num::NonZeroUsize;

use crate::cache::{Observer, Reason, Report};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::ProbeChoice;
#[cfg(doc)]
use crate::residency::{Prober, Residency};

use begun::Begun;
pub use rate::RateLimit;

/// Threads that wait for reads of one file: what they wait for is in flight at the same time.
const LANES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// How to load.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WarmOptions<'a> {
    /// Which call tells what is absent.
    pub probe: ProbeChoice,
    /// How many windows of a large file are read at the same time.
    pub lanes: NonZeroUsize,
    /// How fast to load at the most.
    pub rate: Option<&'a RateLimit>,
}

impl Default for WarmOptions<'_> {
    fn default() -> Self {
        Self { probe: ProbeChoice::Auto, lanes: LANES, rate: None }
    }
}

/// Loads what of these extents of a file is not in memory, and verifies that it came; see [`extents_of`](crate::extents_of).
///
/// Only data is loaded, no holes, and nothing that is there already: warming again costs a look. Sources: madvise(2)
/// `MADV_POPULATE_READ`, readahead(2), then mincore(2) and, where a page did not come, pread(2). Where the kernel
/// does not tell what is in memory ([`Residency::unknown`]) all data is read, and what was read is what is claimed.
///
/// # Errors
/// As [`Prober::residency`]. Pages that cannot be read are in [`Report::errors`], with their place:
/// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable).
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, Unobserved, WarmOptions, extents_of, warm};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// let report = warm(&file, &extents_of(&file, &[ByteRange::WHOLE]), &WarmOptions::default(), &Unobserved)?;
/// assert!(report.errors.is_empty());
/// println!("{:?} pages loaded of {:?}, left: {:?}", report.changed, report.requested, report.remaining);
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn warm(
    file: &OpenFile,
    extents: &[Extent],
    options: &WarmOptions<'_>,
    observer: &dyn Observer,
) -> Result<Report> {
    Begun::new(file, extents, options, observer)?.finish(file, extents, options, observer)
}

/// What [`warm`] would have to do.
#[derive(Debug)]
pub enum WarmNeed {
    /// Nothing: all is in memory, and this is its report.
    Nothing(Box<Report>),
    /// To load so many bytes of data.
    Bytes(u64),
}

/// Looks at what of these extents [`warm`] would have to load, exactly, and loads nothing.
///
/// # Errors
/// As [`warm`].
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, WarmNeed, WarmOptions, extents_of, warm_need};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// match warm_need(&file, &extents_of(&file, &[ByteRange::WHOLE]), &WarmOptions::default())? {
///     WarmNeed::Nothing(report) => assert_eq!(report.before, report.after),
///     WarmNeed::Bytes(bytes) => println!("{bytes} bytes are to be loaded"),
/// }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn warm_need(file: &OpenFile, extents: &[Extent], options: &WarmOptions<'_>) -> Result<WarmNeed> {
    let begun = Begun::look(file, extents, options)?;
    Ok(match begun.found.absent {
        Pages(0) => {
            let after = begun.before.clone();
            WarmNeed::Nothing(Box::new(begun.into_report(after, Pages(0))))
        }
        absent => WarmNeed::Bytes(absent.bytes()),
    })
}

/// The report of a file that is not loaded, for this reason.
///
/// # Errors
/// As [`warm`].
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, Pages, Reason, WarmOptions, extents_of, leave_cold};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path)?;
/// let extents = extents_of(&file, &[ByteRange::WHOLE]);
/// let report = leave_cold(&file, &extents, &WarmOptions::default(), Reason::DryRun)?;
/// assert_eq!(report.changed.unwrap_or_default(), Pages(0));
/// # Ok::<(), mmapio_core::Error>(())
/// ```
pub fn leave_cold(
    file: &OpenFile,
    extents: &[Extent],
    options: &WarmOptions<'_>,
    reason: Reason,
) -> Result<Report> {
    let mut begun = Begun::look(file, extents, options)?;
    let (after, absent) = (begun.before.clone(), std::mem::take(&mut begun.found.absent));
    let mut report = begun.into_report(after, Pages(0));
    report.leave(reason, absent);
    Ok(report)
}

/// A file that is being loaded: what is small is read while others are begun, so that many small files are in flight at once.
#[derive(Debug)]
pub struct Warming {
    file: OpenFile,
    extents: Vec<Extent>,
    begun: Begun,
}

impl Warming {
    /// Begins to load, as [`warm`] does; of a large file all is loaded now.
    ///
    /// # Errors
    /// As [`warm`].
    pub fn begin(
        file: OpenFile,
        extents: Vec<Extent>,
        options: &WarmOptions<'_>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let begun = Begun::new(&file, &extents, options, observer)?;
        Ok(Self { file, extents, begun })
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.begun.started.is_empty()
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &OpenFile {
        &self.file
    }

    /// Waits for what is in flight, and verifies.
    ///
    /// # Errors
    /// As [`warm`].
    pub fn finish(self, options: &WarmOptions<'_>, observer: &dyn Observer) -> Result<Report> {
        self.begun.finish(&self.file, &self.extents, options, observer)
    }
}
