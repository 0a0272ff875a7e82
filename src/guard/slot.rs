//! One guarded mapping, as the signal handler sees it: numbers only, no locks but its own, no memory but what is there.

use std::hint;
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
    /// Held by a handler at work, which all signals are kept from: so it is always let go again.
    busy: AtomicBool,
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
    /// Puts a mapping in. The slot is nobody else's.
    pub(super) fn fill(&self, mapping: &Guarded) -> u64 {
        self.length.store(mapping.length, Ordering::Relaxed);
        self.offset.store(mapping.offset, Ordering::Relaxed);
        self.descriptor.store(mapping.descriptor, Ordering::Relaxed);
        self.protection.store(mapping.protection, Ordering::Relaxed);
        self.page.store(mapping.page, Ordering::Relaxed);
        self.faults.store(0, Ordering::Relaxed);
        self.truncated.store(false, Ordering::Relaxed);
        self.holes.store(0, Ordering::Relaxed);
        self.start.store(mapping.start, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Takes it out: from now on no fault in it is answered.
    pub(super) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
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
            holes.has(self.count(), at, at + 1) || self.replace(holes, at)
        })
    }

    fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        while self.busy.swap(true, Ordering::Acquire) {
            hint::spin_loop();
        }
        let done = work();
        self.busy.store(false, Ordering::Release);
        done
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
        // First it is told and then done: who sees zeros finds them told.
        let told = self.tell(holes, from, to);
        self.faults.fetch_add(1, Ordering::AcqRel);
        (told && self.put_zeros(from, to)) || self.put_zeros_everywhere(holes, length)
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

    fn put_zeros_everywhere(&self, holes: &Holes, length: usize) -> bool {
        let Some(first) = holes.0.first() else { return false };
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
        put != libc::MAP_FAILED
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
