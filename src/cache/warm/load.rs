//! Loading a window, and waiting until it is really there.
//!
//! A whole window is asked for as one large page: a mapping of a single page with `MADV_HUGEPAGE`, populated by
//! `MADV_POPULATE_READ`, makes the kernel read all around it at once. That costs a twentieth of reading page by page, and
//! leaves the file in pieces that are cheap to count and to map. Everything else is asked for by readahead(2), in the
//! exact range. Neither says what became of it, so every window is looked at by mincore(2), and what is not there is read,
//! which is where an unreadable page shows. No mapped byte is ever touched, so that nothing raises a signal.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cache::Observer;
use crate::cache::warm::outcome::Outcome;
use crate::cache::warm::source::Window;
use crate::cache::warm::{RateLimit, WarmOptions};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::{OpenFile, Seekable};
use crate::page::{Pages, page_size};
use crate::residency::{PageSource, Prober};
use crate::sys::{self, FilesystemClass, errno, fadvise, madvise};

/// The size of windows where large pages are of no use.
const WINDOW: u64 = 2 << 20;
/// Larger pages than this are not asked for: a window is what is lost when something fails.
const LARGEST_WINDOW: u64 = 4 << 20;
/// What every device takes at once.
const SMALL_STEP: u64 = 128 << 10;
/// A window of up to this many pages is read page by page, which costs less than mapping it to look.
const FEW_PAGES: u64 = 16;
/// After so many unreadable pages nothing more of a file is tried: a dying disk takes seconds for each.
const MOST_FAILURES: u64 = 256;

/// The size of windows on this system, and whether one large page can hold one.
pub(crate) fn window_bytes() -> (u64, bool) {
    match sys::huge_page_size().filter(|size| (page_size()..=LARGEST_WINDOW).contains(size)) {
        Some(size) => (size, true),
        None => (WINDOW.max(page_size()), false),
    }
}

/// What all lanes that load a file share.
pub(crate) struct Loader<'a> {
    pub(crate) file: &'a OpenFile,
    /// For reading single pages: a description of our own, so that advice for it is nobody else's.
    single: Option<File>,
    observer: &'a dyn Observer,
    rate: Option<&'a RateLimit>,
    options: &'a WarmOptions<'a>,
    /// Whether the kernel tells what is in memory.
    known: bool,
    /// Whether large pages are still worth trying.
    large: AtomicBool,
    /// How much one readahead is asked for.
    step: AtomicU64,
    failures: AtomicU64,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        file: &'a OpenFile,
        options: &'a WarmOptions<'a>,
        known: bool,
        observer: &'a dyn Observer,
    ) -> Self {
        let single = match file.seekable() {
            Seekable::Other(other) => Some(other),
            Seekable::Same | Seekable::Nothing => None,
        };
        let loader = Self {
            file,
            single,
            observer,
            rate: options.rate,
            options,
            known,
            large: AtomicBool::new(window_bytes().1 && !is_memory(file)),
            step: AtomicU64::new(LARGEST_WINDOW),
            failures: AtomicU64::new(0),
        };
        // Where the kernel does not take it, single pages bring a few neighbours along.
        let _ = fadvise(loader.single(), 0, 0, fadvise::RANDOM);
        loader
    }

    fn single(&self) -> &File {
        self.single.as_ref().unwrap_or_else(|| self.file.file())
    }

    /// Starts loading a window and does not wait for it.
    pub(crate) fn start(&self, extent: Extent) {
        if is_memory(self.file) {
            return;
        }
        let step = self.step.load(Ordering::Relaxed);
        let mut at = extent.offset();
        while at < extent.end() {
            // What it does not start is read when the window is looked at.
            let _ = sys::readahead(self.file.file(), at, step.min(extent.end() - at));
            at = at.saturating_add(step);
        }
    }

    /// Waits for the turn that the rate gives.
    pub(crate) fn wait_for_turn(&self, extent: Extent) {
        if let Some(rate) = self.rate {
            rate.wait_for(extent.length(), self.observer);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.observer.is_stopped()
    }

    /// Whether so much could not be read that nothing more is tried.
    fn gives_up(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= MOST_FAILURES
    }

    /// What is in the cache without content is not read again by reading ahead, and a large page of it only as a whole.
    pub(crate) fn make_way(&self, window: Window) {
        if window.unread {
            self.forget(window.extent);
        }
    }

    /// Takes pages out of the cache whose reading failed: they stay there without content, where cachestat(2) would count
    /// them as resident. Where that fails, they are told as unreadable all the same.
    fn forget(&self, extent: Extent) {
        // A length in whole pages, so that the last one is no part, which would be left out when the file grows.
        let length = extent.pages().bytes();
        let _ = fadvise(self.file.file(), extent.offset(), length, fadvise::DONTNEED);
    }
}

/// Whether the page cache is the storage: what is absent is in swap, where readahead does not look.
fn is_memory(file: &OpenFile) -> bool {
    file.filesystem().class == FilesystemClass::Memory
}

/// What one thread that loads has of its own.
pub(crate) struct Lane<'a> {
    loader: &'a Loader<'a>,
    prober: Prober<'a>,
    map: Vec<u8>,
    pub(crate) outcome: Outcome,
}

/// What reading a page came to.
enum Touched {
    There,
    /// The file ends before it.
    End,
    Unreadable(io::Error),
}

impl<'a> Lane<'a> {
    pub(crate) fn new(loader: &'a Loader<'a>) -> Self {
        let prober = Prober::new(loader.file, loader.options.probe);
        Self { loader, prober, map: Vec::new(), outcome: Outcome::default() }
    }

    /// Loads a window from start to end.
    pub(crate) fn load(&mut self, window: Window) -> Result<()> {
        self.loader.make_way(window);
        if self.loader.gives_up() {
            self.outcome.untried += window.extent.pages();
            return Ok(());
        }
        self.loader.wait_for_turn(window.extent);
        if self.loader.is_stopped() {
            self.outcome.interrupted += window.extent.pages();
            return Ok(());
        }
        if !(window.whole && self.load_large(window.extent)) {
            self.loader.start(window.extent);
        }
        self.settle(window.extent)
    }

    /// Loads a whole window as one large page; false when that cannot be done.
    fn load_large(&self, extent: Extent) -> bool {
        if !self.loader.large.load(Ordering::Relaxed) {
            return false;
        }
        match populate_large(self.loader.file.file(), extent.offset()) {
            Ok(()) => true,
            Err(error) if error.raw_os_error() == Some(errno::EINVAL) => {
                self.loader.large.store(false, Ordering::Relaxed);
                false
            }
            Err(_) => {
                // A large page that could not be read as a whole stands in the way of its readable parts.
                self.loader.forget(extent);
                false
            }
        }
    }

    /// Waits until a window that was started is there, and reads what is not.
    pub(crate) fn settle(&mut self, extent: Extent) -> Result<()> {
        let pages = extent.pages();
        if self.loader.known && pages > Pages(FEW_PAGES) {
            self.settle_by_map(extent)?;
        } else {
            self.touch_all(extent, 0..pages.0);
        }
        self.loader.observer.advance(extent.length());
        Ok(())
    }

    fn settle_by_map(&mut self, extent: Extent) -> Result<()> {
        if self.absent(extent)? == 0 {
            return Ok(());
        }
        // Reads end in order, mostly: when the last page is there, so is what came before.
        let last = self.map.iter().rposition(|byte| byte & 1 == 0).unwrap_or(0) as u64;
        self.touch(extent, last);
        let absent = self.absent(extent)?;
        if absent * 2 > extent.pages().0 && self.loader.step.load(Ordering::Relaxed) > SMALL_STEP {
            self.loader.step.store(SMALL_STEP, Ordering::Relaxed);
            self.loader.start(extent);
        }
        if absent > 0 {
            let map = std::mem::take(&mut self.map);
            self.touch_all(extent, (0..).zip(&map).filter(|(_, byte)| *byte & 1 == 0).map(|(page, _)| page));
            self.map = map;
        }
        Ok(())
    }

    /// Reads the map of the pages, and counts the absent ones.
    fn absent(&mut self, extent: Extent) -> Result<u64> {
        let pages = extent.pages().0;
        self.map.resize(usize::try_from(pages).unwrap_or(0), 0);
        self.prober.map(extent.offset() / page_size(), &mut self.map)?;
        Ok(self.map.iter().map(|byte| u64::from(byte & 1 == 0)).sum())
    }

    /// Reads these pages of a window, one byte of each: that waits for a read under way, and makes one where there is none.
    fn touch_all(&mut self, extent: Extent, mut pages: impl Iterator<Item = u64>) {
        while let Some(page) = pages.next() {
            if self.loader.gives_up() {
                return self.leave_untried(extent, std::iter::once(page).chain(pages));
            }
            if !self.touch(extent, page) {
                self.outcome.truncated += Pages(1 + pages.count() as u64);
                return;
            }
        }
    }

    /// Counts pages that are not tried any more; reading ahead may have failed for them, too.
    fn leave_untried(&mut self, extent: Extent, pages: impl Iterator<Item = u64>) {
        for page in pages.map(|page| page_of(extent, page)) {
            self.loader.forget(page);
            self.outcome.untried += Pages(u64::from(!self.outcome.has_failed(page)));
        }
    }

    /// Reads a page; false where the file ends before it.
    fn touch(&mut self, extent: Extent, page: u64) -> bool {
        let page = page_of(extent, page);
        match self.read(page.offset()) {
            Touched::There => true,
            Touched::End => false,
            Touched::Unreadable(error) => {
                self.loader.forget(page);
                if self.outcome.fail(page, error) {
                    self.loader.failures.fetch_add(1, Ordering::Relaxed);
                }
                true
            }
        }
    }

    fn read(&self, at: u64) -> Touched {
        match sys::read_at(self.loader.single(), &mut [0], at) {
            Ok(0) => Touched::End,
            Ok(_) => Touched::There,
            Err(error) => Touched::Unreadable(error),
        }
    }
}

/// A page of an extent.
fn page_of(extent: Extent, page: u64) -> Extent {
    let at = extent.offset() + page * page_size();
    Extent::new(at, page_size().min(extent.end() - at))
}

/// Makes the kernel read a large page's worth of the file. The mapping is of one page, so that it is never mapped as a whole
/// and does not count as memory of ours.
fn populate_large(file: &File, offset: u64) -> io::Result<()> {
    let page = sys::Window::readable(file, offset, page_size())?;
    page.advise(0, page_size(), madvise::HUGEPAGE)?;
    // Else the kernel reads the next large page as well, which may be beyond what was asked for.
    page.advise(0, page_size(), madvise::RANDOM)?;
    page.advise(0, page_size(), madvise::POPULATE_READ)
}
