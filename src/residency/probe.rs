//! Which call to ask, and whether to believe it.

use std::io;

use crate::error::{Error, ErrorKind, Result, Unknown};
use crate::extent::{ByteRange, Extent};
use crate::open::{OpenFile, unsupported_or};
use crate::page::{Pages, page_size};
use crate::residency::spans::PageSource;
use crate::residency::{Part, Probe, Residency, Runs, histogram};
use crate::sys::{self, CacheStat, Filesystem, FilesystemClass, Window, errno};

/// Which call to use. The two differ only for pages that are being read or could not be read, in what they cost, and
/// in that cachestat(2) alone knows of dirty and evicted pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProbeChoice {
    /// cachestat(2) where it is there and right, else mincore(2).
    #[default]
    Auto,
    /// cachestat(2) or unknown.
    Cachestat,
    /// mincore(2) or unknown.
    Mincore,
}

/// Bytes mapped at once for mincore(2): address space is cheap, but `RLIMIT_AS` and 32-bit systems are not.
const WINDOW_BYTES: u64 = if cfg!(target_pointer_width = "64") { 1 << 30 } else { 64 << 20 };

/// With a limit on address space windows are halved down to this size.
const LEAST_WINDOW: u64 = 1 << 20;

/// Pages asked with one mincore(2): its vector is a byte a page.
const VECTOR_PAGES: u64 = 16 << 10;

/// A walk asks files of up to this many pages microseconds after opening them; a change of size meanwhile is not looked
/// for, since that would cost as much as asking.
const MOMENT_PAGES: u64 = 256;

/// Asks the kernel about one open file.
///
/// cachestat(2) is tried first. mincore(2) on a `PROT_NONE` mapping takes over where cachestat is missing (an old kernel,
/// a seccomp filter) or wrong (overlayfs). The kernel tells residency only to a file's owner, to `CAP_FOWNER` and to
/// those who may write it; to others mincore would claim that everything is resident, so the answer is
/// [`Unknown::NotPermitted`]. No byte of the file is ever read.
///
/// ```
/// use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober};
/// # let path = std::env::current_exe().unwrap();
/// let file = OpenFile::open(&path).unwrap();
/// let mut prober = Prober::new(&file, ProbeChoice::Auto);
/// let residency = prober.residency(ByteRange::WHOLE).unwrap();
/// assert!(residency.resident <= Some(residency.pages));
/// ```
#[derive(Debug)]
pub struct Prober<'a> {
    file: &'a OpenFile,
    choice: ProbeChoice,
    probe: Probe,
    window: Option<(Extent, Window)>,
    window_bytes: u64,
    vector: Vec<u8>,
    /// Whether mincore tells, once that was asked.
    mincore_tells: Option<Tells>,
}

/// What was counted in a range of pages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) resident: u64,
    /// What cachestat alone knows.
    pub(crate) more: Option<CacheStat>,
}

impl<'a> Prober<'a> {
    /// A prober of `file`; nothing is asked yet.
    #[must_use]
    pub fn new(file: &'a OpenFile, choice: ProbeChoice) -> Self {
        let stacked = file.filesystem().class == FilesystemClass::Stacked;
        let probe = match choice {
            ProbeChoice::Mincore => Probe::Mincore,
            ProbeChoice::Auto if stacked || !sys::has_cachestat() => Probe::Mincore,
            ProbeChoice::Auto | ProbeChoice::Cachestat => Probe::Cachestat,
        };
        Self {
            file,
            choice,
            probe,
            window: None,
            window_bytes: WINDOW_BYTES,
            vector: Vec::new(),
            mincore_tells: None,
        }
    }

    /// Counts the pages of `range` that are in memory. What cannot be known is no error but says so:
    /// [`Residency::unknown`].
    ///
    /// Sources: cachestat(2), mincore(2). Cost: one system call, and in it the time of a walk over what is resident.
    ///
    /// # Errors
    /// [`ErrorKind::System`] with the call that failed; [`ErrorKind::Unsupported`] where the system has neither.
    pub fn residency(&mut self, range: ByteRange) -> Result<Residency> {
        self.survey(range, 0).map(|(residency, _)| residency)
    }

    /// Counts as [`residency`](Self::residency) does, and tells how it is spread over `parts` equal parts of the range,
    /// from its start to its end; fewer parts when there are fewer pages, none when residency is unknown.
    ///
    /// # Errors
    /// As [`residency`](Self::residency).
    ///
    /// ```
    /// # use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober};
    /// # let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
    /// let (residency, parts) = Prober::new(&file, ProbeChoice::Auto).survey(ByteRange::WHOLE, 8).unwrap();
    /// assert!(residency.resident.is_none() || parts.iter().map(|part| part.pages).sum::<mmapio_core::Pages>() == residency.pages);
    /// ```
    pub fn survey(&mut self, range: ByteRange, parts: usize) -> Result<(Residency, Vec<Part>)> {
        self.surveyed(range, |prober, extent| prober.count_with_parts(extent, parts))
    }

    /// What `count` counts in the range, made a residency, and what it has of the parts.
    pub(super) fn surveyed<P>(
        &mut self,
        range: ByteRange,
        count: impl FnOnce(&mut Self, Extent) -> Result<(Counts, Vec<P>)>,
    ) -> Result<(Residency, Vec<P>)> {
        let extent = range.within(self.file.size());
        let mut residency = Residency { extent, pages: extent.pages(), ..Residency::default() };
        match count(self, extent) {
            Ok((counts, parts)) => {
                fill(&mut residency, counts);
                residency.probe = (!extent.is_empty()).then_some(self.probe);
                residency.changed = self.has_changed(residency.pages);
                Ok((residency, parts))
            }
            Err(error) => match error.kind() {
                ErrorKind::Unknown(unknown) => {
                    residency.unknown = Some(*unknown);
                    Ok((residency, Vec::new()))
                }
                _ => Err(error),
            },
        }
    }

    /// The maximal runs of pages in one state, in file order: see [`Runs`].
    #[must_use]
    pub fn runs(self, range: ByteRange) -> Runs<'a> {
        let extent = range.within(self.file.size());
        Runs::new(self, extent)
    }

    /// The file that is asked.
    #[must_use]
    pub fn file(&self) -> &'a OpenFile {
        self.file
    }

    /// One pass where that is enough: the whole at once, the parts apart only where it is neither full nor empty. By
    /// mincore the parts cost the same as the whole, so they come first.
    fn count_with_parts(&mut self, extent: Extent, parts: usize) -> Result<(Counts, Vec<Part>)> {
        if self.probe == Probe::Mincore && parts > 0 {
            let parts = histogram::split(self, extent, parts)?;
            let resident = parts.iter().map(|part| part.resident.0).sum();
            return Ok((Counts { resident, more: None }, parts));
        }
        let counts = self.counts(extent.offset() / page_size(), extent.pages().0)?;
        let parts = histogram::of(self, extent, parts, Pages(counts.resident))?;
        Ok((counts, parts))
    }

    /// Whether counting costs what is resident: by mincore it costs every page, and all of it should be asked for once.
    pub(super) fn is_quick(&self) -> bool {
        self.probe == Probe::Cachestat
    }

    /// Counts `pages` pages from page `first`.
    pub(crate) fn counts(&mut self, first: u64, pages: u64) -> Result<Counts> {
        if pages == 0 {
            return Ok(Counts { resident: 0, more: Some(CacheStat::default()) });
        }
        if self.probe == Probe::Cachestat {
            self.require_truthful_cachestat()?;
            let page = page_size();
            match sys::cachestat(self.file.file(), first * page, pages.saturating_mul(page)) {
                Ok(counts) => return Ok(Counts { resident: counts.cached.min(pages), more: Some(counts) }),
                Err(error) => self.leave_cachestat(error)?,
            }
        }
        self.counts_by_mincore(first, pages)
    }

    /// What a failing cachestat means: the file is not ours to ask about, or the call is not there and mincore takes over.
    fn leave_cachestat(&mut self, error: io::Error) -> Result<()> {
        let there = sys::has_cachestat();
        match error.raw_os_error() {
            Some(errno::EPERM) if there => return Err(unknown("cachestat", Unknown::NotPermitted)),
            Some(errno::EOPNOTSUPP) if there => {
                let name = filesystem_name(self.file);
                return Err(unknown("cachestat", Unknown::Filesystem(name)));
            }
            _ if there => return Err(Error::system("cachestat", error)),
            _ => {}
        }
        if self.choice == ProbeChoice::Cachestat {
            return Err(unknown("cachestat", Unknown::NoProbe("cachestat")));
        }
        self.probe = Probe::Mincore;
        Ok(())
    }

    /// cachestat(2) succeeds on a stacked filesystem, and counts nothing.
    fn require_truthful_cachestat(&self) -> Result<()> {
        match self.file.filesystem() {
            Filesystem { class: FilesystemClass::Stacked, name } => {
                Err(unknown("cachestat", Unknown::Filesystem(name)))
            }
            _ => Ok(()),
        }
    }

    fn counts_by_mincore(&mut self, first: u64, pages: u64) -> Result<Counts> {
        let mut vector = std::mem::take(&mut self.vector);
        let needed = usize::try_from(pages.min(VECTOR_PAGES)).unwrap_or(0);
        if vector.len() < needed {
            vector.resize(needed, 0);
        }
        let mut counts = Counts::default();
        let mut done = 0;
        while done < pages {
            let (asked, length) = prefix(&mut vector, pages - done);
            self.mincore(first + done, asked)?;
            counts.resident += asked.iter().map(|byte| u64::from(byte & 1)).sum::<u64>();
            done += length;
        }
        self.vector = vector;
        Ok(counts)
    }

    /// Asks mincore(2) for `pages.len()` pages from page `first`; the answer is bit 0 of each byte.
    fn mincore(&mut self, first: u64, pages: &mut [u8]) -> Result<()> {
        self.require_truthful_mincore()?;
        let page = page_size();
        let mut rest = pages;
        let mut at = first * page;
        while !rest.is_empty() {
            let window = self.window_at(at)?;
            let left = (window.0.end().div_ceil(page) * page - at) / page;
            let (asked, length) = prefix(rest, left);
            window
                .1
                .residency(at - window.0.offset(), asked)
                .map_err(|error| Error::system("mincore", error))?;
            at += length * page;
            rest = rest.split_at_mut(usize::try_from(length).unwrap_or(0)).1;
        }
        Ok(())
    }

    /// The mapping that holds byte `at`; they follow each other in steps of their own size.
    fn window_at(&mut self, at: u64) -> Result<&(Extent, Window)> {
        let holds = |(extent, _): &(Extent, Window)| extent.offset() <= at && at < extent.end();
        let window = match self.window.take().filter(holds) {
            Some(window) => window,
            None => self.map_window(at)?,
        };
        Ok(self.window.insert(window))
    }

    /// Maps a window; where address space is short a smaller one.
    fn map_window(&mut self, at: u64) -> Result<(Extent, Window)> {
        loop {
            let start = at - at % self.window_bytes;
            // Mapping up to the next page beyond the size seen is allowed, and such pages are simply not there.
            let end = self.file.size().max(at + 1).min(start.saturating_add(self.window_bytes));
            let extent = Extent::between(start, end.div_ceil(page_size()).saturating_mul(page_size()));
            match Window::new(self.file.file(), extent.offset(), extent.length()) {
                Ok(window) => return Ok((extent, window)),
                Err(error)
                    if error.raw_os_error() == Some(errno::ENOMEM) && self.window_bytes > LEAST_WINDOW =>
                {
                    self.window_bytes /= 2;
                }
                Err(error) => return Err(mapping_error(self.file, error)),
            }
        }
    }

    /// mincore's silent mask: whom the kernel does not want to tell, it tells that every page is resident.
    fn require_truthful_mincore(&mut self) -> Result<()> {
        let tells = match self.mincore_tells {
            Some(tells) => tells,
            None => mincore_tells(self.file)?,
        };
        self.mincore_tells = Some(tells);
        tells.map_err(|reason| unknown("mincore", reason))
    }

    /// Whether pages count as resident though reading them has not ended, or failed: cachestat(2) does not tell them apart.
    pub(crate) fn counts_unread(&self) -> bool {
        self.choice == ProbeChoice::Auto && self.probe == Probe::Cachestat
    }

    /// Whether the size changed in the time that asking took.
    pub(crate) fn has_changed(&self, pages: Pages) -> bool {
        (pages.0 > MOMENT_PAGES || !self.file.is_fresh()) && self.file.has_changed_size()
    }
}

impl PageSource for Prober<'_> {
    fn resident(&mut self, first: u64, pages: u64) -> Result<Option<u64>> {
        if self.probe == Probe::Mincore {
            return Ok(None);
        }
        let counts = self.counts(first, pages)?;
        Ok(counts.more.is_some().then_some(counts.resident))
    }

    /// By mincore; where that would not tell the truth though cachestat does (a descriptor opened for writing by somebody
    /// else), page by page.
    fn map(&mut self, first: u64, pages: &mut [u8]) -> Result<()> {
        if self.probe == Probe::Mincore || self.require_truthful_mincore().is_ok() {
            return self.mincore(first, pages);
        }
        for (page, resident) in (first..).zip(pages) {
            *resident = u8::from(self.counts(page, 1)?.resident > 0);
        }
        Ok(())
    }
}

/// Whether mincore(2) tells what of a file is in memory, or why not.
pub(crate) type Tells = std::result::Result<(), Unknown>;

/// Asks whether it tells this user the truth about a file.
pub(crate) fn mincore_tells(file: &OpenFile) -> Result<Tells> {
    mincore_tells_user(file, sys::user())
}

/// Asks whether it tells the truth to the user that this process acts as.
pub(crate) fn mincore_tells_user(file: &OpenFile, user: u32) -> Result<Tells> {
    let Filesystem { class, name } = file.filesystem();
    if class == FilesystemClass::Blind {
        return Ok(Err(Unknown::Filesystem(name)));
    }
    match sys::mincore_is_truthful(file.file(), file.stat(), user) {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Ok(Err(Unknown::NotPermitted)),
        Err(error) => Err(mapping_error(file, error)),
    }
}

fn mapping_error(file: &OpenFile, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(errno::ENODEV) => unknown("mmap", Unknown::Filesystem(filesystem_name(file))),
        _ => unsupported_or("mmap", error),
    }
}

fn filesystem_name(file: &OpenFile) -> &'static str {
    file.filesystem_name().unwrap_or("this filesystem")
}

fn fill(residency: &mut Residency, counts: Counts) {
    let pages = residency.pages;
    let known = |count: Option<u64>| count.map(|count| Pages(count.min(pages.0)));
    residency.resident = known(Some(counts.resident));
    residency.dirty = known(counts.more.map(|more| more.dirty));
    residency.writeback = known(counts.more.map(|more| more.writeback));
    residency.evicted = known(counts.more.map(|more| more.evicted));
    residency.recently_evicted = known(counts.more.map(|more| more.recently_evicted));
}

/// The first `length` bytes of `bytes`, or all when there are fewer, and how many they are.
fn prefix(bytes: &mut [u8], length: u64) -> (&mut [u8], u64) {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    (bytes.split_at_mut(length).0, length as u64)
}

pub(crate) fn unknown(call: &'static str, reason: Unknown) -> Error {
    Error::new(call, ErrorKind::Unknown(reason))
}
