//! One guarded mapping, as the signal handler sees it: numbers only, no locks but its own, no memory but what is there.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering, fence};

use super::holes::{Holes, Told};
use super::{Faults, Guarded};

/// A mapping's entry. All zeros is a free one.
#[derive(Debug)]
pub(super) struct Slot {
    /// Odd while it is in use; another number each time, so that a reader notices that it changed under its eyes.
    generation: AtomicU64,
    start: AtomicUsize,
    length: AtomicUsize,
    offset: AtomicU64,
    descriptor: AtomicI32,
    protection: AtomicI32,
    page: AtomicUsize,
    forgives: AtomicBool,
    /// The process whose handler is at work here, 0 when none is. All signals are kept from it, so that it always ends; but
    /// fork(2) copies the slot as it is, and not the thread.
    worker: AtomicI32,
    /// What is told as replaced and not replaced yet, `owed_to` 0 when nothing is. It stays when that failed, or in a child.
    owed_from: AtomicUsize,
    owed_to: AtomicUsize,
    faults: AtomicU64,
    truncated: AtomicBool,
    private_writes: AtomicU64,
    holes: AtomicUsize,
    owned: AtomicUsize,
}

/// What a fault alone needs of a slot: the ranges that were replaced, and those that are the process's own by now.
#[derive(Debug)]
pub(super) struct Ranges {
    holes: Holes,
    owned: Holes,
}

impl Slot {
    /// Puts a mapping in, instead of the one that was there. The slot is nobody else's.
    pub(super) fn fill(&self, mapping: &Guarded) {
        self.clear();
        self.length.store(mapping.length, Ordering::Relaxed);
        self.offset.store(mapping.offset, Ordering::Relaxed);
        self.descriptor.store(mapping.descriptor, Ordering::Relaxed);
        self.protection.store(mapping.protection, Ordering::Relaxed);
        self.page.store(mapping.page, Ordering::Relaxed);
        self.forgives.store(mapping.forgives, Ordering::Relaxed);
        self.faults.store(0, Ordering::Relaxed);
        self.truncated.store(false, Ordering::Relaxed);
        self.private_writes.store(0, Ordering::Relaxed);
        self.holes.store(0, Ordering::Relaxed);
        self.owned.store(0, Ordering::Relaxed);
        self.worker.store(0, Ordering::Relaxed);
        self.owed_to.store(0, Ordering::Relaxed);
        self.start.store(mapping.start, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Takes it out, when it is in: from now on no fault in it is answered.
    pub(super) fn clear(&self) {
        let generation = self.generation.load(Ordering::Relaxed);
        self.generation.store((generation | 1) + 1, Ordering::Relaxed);
        // Who sees what is stored from here on sees that the generation is another one.
        fence(Ordering::Release);
        self.start.store(0, Ordering::Relaxed);
        self.length.store(0, Ordering::Relaxed);
    }

    /// Whether an address lies in its mapping.
    pub(super) fn holds(&self, address: usize) -> bool {
        let generation = self.generation.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Relaxed);
        let inside = address.checked_sub(start).is_some_and(|at| at < self.length.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        inside && generation % 2 == 1 && self.generation.load(Ordering::Relaxed) == generation
    }

    /// Other rights for the pages that will replace what faults.
    pub(super) fn set_protection(&self, protection: i32) {
        self.protection.store(protection, Ordering::SeqCst);
    }

    /// What was answered in it.
    pub(super) fn answered(&self) -> Faults {
        let count = self.faults.load(Ordering::Acquire);
        let private_writes = self.private_writes.load(Ordering::Acquire);
        Faults { count, truncated: self.truncated.load(Ordering::Acquire), private_writes }
    }

    /// The ranges that were replaced.
    pub(super) fn replaced<'a>(&'a self, ranges: &'a Ranges) -> Told<'a> {
        Told { holes: &ranges.holes, count: &self.holes }
    }

    /// The ranges that were stored into though they may only be read.
    pub(super) fn owned<'a>(&'a self, ranges: &'a Ranges) -> Told<'a> {
        Told { holes: &ranges.owned, count: &self.owned }
    }

    /// Answers a fault at an address that it holds; false when it cannot be.
    pub(super) fn answer(&self, ranges: &Ranges, address: usize) -> bool {
        let holes = self.replaced(ranges);
        self.alone(|| {
            let at = self.place_of(address);
            // Another thread was faster: the bytes are there by now.
            self.settle(holes) && (holes.has(at) || self.replace(holes, at))
        })
    }

    /// Makes the page of a store at an address that it holds the process's own; false when that is not wanted, or cannot be.
    pub(super) fn own(&self, ranges: &Ranges, address: usize) -> bool {
        self.alone(|| {
            // Somebody may have taken it out while this waited.
            let is_wanted = self.holds(address) && self.is_forgiving();
            is_wanted
                && self.settle(self.replaced(ranges))
                && self.allow(self.owned(ranges), self.place_of(address))
        })
    }

    fn place_of(&self, address: usize) -> usize {
        address.wrapping_sub(self.start.load(Ordering::Relaxed))
    }

    /// Whether stores are forgiven: where they fault since it may be read, and not where nothing may be done to it.
    fn is_forgiving(&self) -> bool {
        self.forgives.load(Ordering::Relaxed) && self.protection.load(Ordering::SeqCst) == libc::PROT_READ
    }

    fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        // SAFETY: takes nothing and touches no memory of ours.
        let process = unsafe { libc::getpid() };
        let take = |from| self.worker.compare_exchange(from, process, Ordering::Acquire, Ordering::Relaxed);
        while let Err(other) = take(0) {
            // A thread of the parent was at it when this process was made, and is none of ours.
            if other != process && take(other).is_ok() {
                break;
            }
            // SAFETY: takes nothing and touches no memory of ours.
            unsafe { libc::sched_yield() };
        }
        let done = work();
        self.worker.store(0, Ordering::Release);
        done
    }

    /// Does what was begun and is not done.
    fn settle(&self, holes: Told<'_>) -> bool {
        let (from, to) = (self.owed_from.load(Ordering::Acquire), self.owed_to.load(Ordering::Acquire));
        to == 0 || self.put(holes, from, to)
    }

    fn owe(&self, from: usize, to: usize) {
        self.owed_from.store(from, Ordering::Release);
        self.owed_to.store(to, Ordering::Release);
    }

    /// The page of a byte.
    fn page_at(&self, at: usize) -> (usize, usize) {
        let page = self.page.load(Ordering::Relaxed).max(1);
        let from = at - at % page;
        (from, (from + page).min(self.length.load(Ordering::Relaxed)))
    }

    /// Puts zeros where the fault was: its page, or everything beyond the end of a file that was truncated.
    fn replace(&self, holes: Told<'_>, at: usize) -> bool {
        let (from, to) = self.page_at(at);
        let (from, to) = match self.beyond_the_end() {
            Some(end) if end <= from => {
                self.truncated.store(true, Ordering::Release);
                (end, self.length.load(Ordering::Relaxed))
            }
            _ => (from, to),
        };
        self.faults.fetch_add(1, Ordering::AcqRel);
        self.put(holes, from, to)
    }

    /// Replaces a range, or where that cannot be, all of it. First it is told and then done: who sees zeros finds them told.
    fn put(&self, holes: Told<'_>, from: usize, to: usize) -> bool {
        self.owe(from, to);
        let told = holes.add(from, to);
        (told && self.put_zeros(from, to)) || self.put_zeros_everywhere(holes)
    }

    /// The first byte of the mapping whose page is beyond the end of the file.
    fn beyond_the_end(&self) -> Option<usize> {
        let size = size_of(self.descriptor.load(Ordering::Relaxed))?;
        let kept = size.saturating_sub(self.offset.load(Ordering::Relaxed));
        usize::try_from(kept).ok()?.checked_next_multiple_of(self.page.load(Ordering::Relaxed).max(1))
    }

    fn put_zeros_everywhere(&self, holes: Told<'_>) -> bool {
        let length = self.length.load(Ordering::Relaxed);
        self.owe(0, length);
        holes.add_all(length) && self.put_zeros(0, length)
    }

    fn put_zeros(&self, from: usize, to: usize) -> bool {
        let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let (start, protection) = (self.address_of(from), self.protection.load(Ordering::Relaxed));
        // SAFETY: the range lies inside a mapping that was given to the guard for this, and whose owner keeps it until it has
        // taken it out; its bytes cannot be had any more.
        let put = unsafe { libc::mmap(start, to - from, protection, flags, -1, 0) };
        let is_put = put != libc::MAP_FAILED;
        if is_put {
            self.owed_to.store(0, Ordering::Release);
        }
        is_put
    }

    /// Lets a page be stored into, or where that cannot be, all of it. First it is told and then done: who sees what was stored
    /// finds it told.
    fn allow(&self, owned: Told<'_>, at: usize) -> bool {
        // What was told before is done again: two threads stored at once, or rights were taken away since.
        if let Some((from, to)) = owned.around(at) {
            return self.make_writable(from, to) || self.allow_everywhere(owned);
        }
        self.private_writes.fetch_add(1, Ordering::AcqRel);
        let (from, to) = self.page_at(at);
        (owned.add(from, to) && self.make_writable(from, to)) || self.allow_everywhere(owned)
    }

    fn allow_everywhere(&self, owned: Told<'_>) -> bool {
        let length = self.length.load(Ordering::Relaxed);
        owned.add_all(length) && self.make_writable(0, length)
    }

    /// The mapping is private: the kernel copies a page when it is stored into, and stores of two threads at once meet in one copy.
    fn make_writable(&self, from: usize, to: usize) -> bool {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the range lies inside a mapping that was given to the guard for this, and whose owner keeps it until it has
        // taken it out; the mapping is private, so that nobody else sees what is stored.
        unsafe { libc::mprotect(self.address_of(from), to - from, rights) == 0 }
    }

    fn address_of(&self, at: usize) -> *mut libc::c_void {
        std::ptr::with_exposed_provenance_mut(self.start.load(Ordering::Relaxed).wrapping_add(at))
    }
}

/// The size of an open file, fstat(2), which a signal handler may ask.
fn size_of(descriptor: i32) -> Option<u64> {
    if descriptor < 0 {
        return None;
    }
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the pointer is to a stat, of which the call writes one.
    let done = unsafe { libc::fstat(descriptor, stat.as_mut_ptr()) };
    if done != 0 {
        return None;
    }
    // SAFETY: fstat succeeded, so all of it is written.
    let stat = unsafe { stat.assume_init() };
    let has_size = stat.st_mode & libc::S_IFMT == libc::S_IFREG;
    u64::try_from(stat.st_size).ok().filter(|_| has_size)
}
