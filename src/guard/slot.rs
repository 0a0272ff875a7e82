//! One guarded mapping, as the signal handler sees it: numbers only, no locks but its own, no memory but what is there.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering, fence};

use super::{Faults, Guarded};

/// Replaced ranges of a mapping that are kept apart; after that all of it is replaced, since each costs the kernel mappings, of
/// which a process may have 65,530.
const MOST_HOLES: usize = 256;

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
    /// The process whose handler is at work here, 0 when none is. All signals are kept from it, so that it always ends; but
    /// fork(2) copies the slot as it is, and not the thread.
    worker: AtomicI32,
    /// What is told as replaced and not replaced yet, `owed_to` 0 when nothing is. It stays when that failed, or in a child.
    owed_from: AtomicUsize,
    owed_to: AtomicUsize,
    faults: AtomicU64,
    truncated: AtomicBool,
    holes: AtomicUsize,
}

/// The replaced ranges of a mapping, by bytes from its start.
#[derive(Debug)]
pub(super) struct Holes([Hole; MOST_HOLES]);

#[derive(Debug)]
struct Hole {
    start: AtomicUsize,
    end: AtomicUsize,
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
        self.faults.store(0, Ordering::Relaxed);
        self.truncated.store(false, Ordering::Relaxed);
        self.holes.store(0, Ordering::Relaxed);
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
        Faults { count, truncated: self.truncated.load(Ordering::Acquire) }
    }

    /// Answers a fault at an address that it holds; false when it cannot be.
    pub(super) fn answer(&self, holes: &Holes, address: usize) -> bool {
        self.alone(|| {
            let at = address.wrapping_sub(self.start.load(Ordering::Relaxed));
            // Another thread was faster: the bytes are there by now.
            self.settle(holes) && (holes.has(self.count(), at, at + 1) || self.replace(holes, at))
        })
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
    fn settle(&self, holes: &Holes) -> bool {
        let (from, to) = (self.owed_from.load(Ordering::Acquire), self.owed_to.load(Ordering::Acquire));
        to == 0 || self.put(holes, from, to)
    }

    fn owe(&self, from: usize, to: usize) {
        self.owed_from.store(from, Ordering::Release);
        self.owed_to.store(to, Ordering::Release);
    }

    fn count(&self) -> usize {
        self.holes.load(Ordering::Acquire)
    }

    /// Puts zeros where the fault was: its page, or everything beyond the end of a file that was truncated.
    fn replace(&self, holes: &Holes, at: usize) -> bool {
        let length = self.length.load(Ordering::Relaxed);
        let page = self.page.load(Ordering::Relaxed).max(1);
        let from = at - at % page;
        let (from, to) = match self.beyond_the_end(page) {
            Some(end) if end <= from => {
                self.truncated.store(true, Ordering::Release);
                (end, length)
            }
            _ => (from, (from + page).min(length)),
        };
        self.faults.fetch_add(1, Ordering::AcqRel);
        self.put(holes, from, to)
    }

    /// Replaces a range, or where that cannot be, all of it. First it is told and then done: who sees zeros finds them told.
    fn put(&self, holes: &Holes, from: usize, to: usize) -> bool {
        self.owe(from, to);
        let told = self.tell(holes, from, to);
        (told && self.put_zeros(from, to)) || self.put_zeros_everywhere(holes)
    }

    /// The first byte of the mapping whose page is beyond the end of the file.
    fn beyond_the_end(&self, page: usize) -> Option<usize> {
        let size = size_of(self.descriptor.load(Ordering::Relaxed))?;
        let kept = size.saturating_sub(self.offset.load(Ordering::Relaxed));
        usize::try_from(kept).ok()?.checked_next_multiple_of(page)
    }

    /// Tells of a replaced range; false when there is no room for it.
    fn tell(&self, holes: &Holes, from: usize, to: usize) -> bool {
        let count = self.count();
        if holes.lengthen_last(count, from, to) {
            return true;
        }
        let Some(hole) = holes.0.get(count) else { return false };
        hole.start.store(from, Ordering::Relaxed);
        hole.end.store(to, Ordering::Relaxed);
        self.holes.store(count + 1, Ordering::Release);
        true
    }

    fn put_zeros_everywhere(&self, holes: &Holes) -> bool {
        let Some(first) = holes.0.first() else { return false };
        let length = self.length.load(Ordering::Relaxed);
        self.owe(0, length);
        first.start.store(0, Ordering::Release);
        first.end.store(length, Ordering::Release);
        self.holes.store(self.count().max(1), Ordering::Release);
        self.put_zeros(0, length)
    }

    fn put_zeros(&self, from: usize, to: usize) -> bool {
        let start = self.start.load(Ordering::Relaxed).wrapping_add(from);
        let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let start = std::ptr::with_exposed_provenance_mut(start);
        let protection = self.protection.load(Ordering::Relaxed);
        // SAFETY: the range lies inside a mapping that was given to the guard for this, and whose owner keeps it until it has
        // taken it out; its bytes cannot be had any more.
        let put = unsafe { libc::mmap(start, to - from, protection, flags, -1, 0) };
        let is_put = put != libc::MAP_FAILED;
        if is_put {
            self.owed_to.store(0, Ordering::Release);
        }
        is_put
    }
}

impl Holes {
    /// Whether a range has a replaced byte.
    fn has(&self, count: usize, from: usize, to: usize) -> bool {
        self.first(count, from, to).is_some()
    }

    /// The first replaced range of the first `count` that overlaps the range, as far as it does.
    fn first(&self, count: usize, from: usize, to: usize) -> Option<(usize, usize)> {
        let holes = self.0.iter().take(count);
        let overlaps = holes.filter_map(|hole| {
            let (start, end) = (hole.start.load(Ordering::Acquire), hole.end.load(Ordering::Acquire));
            (start < to && from < end).then(|| (start.max(from), end.min(to)))
        });
        overlaps.min()
    }

    /// Makes the last range longer, when the new one follows it.
    fn lengthen_last(&self, count: usize, from: usize, to: usize) -> bool {
        let last = count.checked_sub(1).and_then(|last| self.0.get(last));
        let last = last.filter(|last| last.end.load(Ordering::Relaxed) == from);
        last.map(|last| last.end.store(to, Ordering::Release)).is_some()
    }
}

/// The first replaced range in `from..to` of a mapping, as far as it lies there.
pub(super) fn replaced(slot: &Slot, holes: &Holes, from: usize, to: usize) -> Option<(usize, usize)> {
    // What was read before this is read before the list is: zeros in it are told there.
    fence(Ordering::SeqCst);
    holes.first(slot.count(), from, to)
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
