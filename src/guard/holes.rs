//! Ranges of a mapping that are no longer the file's, as the signal handler writes them down: without locks, in memory that is there.

use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// Ranges of a mapping that are kept apart; after that all of it is one, since each costs the kernel mappings, of which a process
/// may have 65,530.
const MOST_HOLES: usize = 256;

/// Ranges of a mapping, by bytes from its start. All zeros is none.
#[derive(Debug)]
pub(super) struct Holes([Hole; MOST_HOLES]);

#[derive(Debug)]
struct Hole {
    start: AtomicUsize,
    end: AtomicUsize,
}

/// Ranges, and how many of them count. The handler of one thread at a time adds to it; anybody may look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) holes: &'a Holes,
    pub(super) count: &'a AtomicUsize,
}

impl Told<'_> {
    /// Tells of a range; false when there is no room for it.
    pub(super) fn add(&self, from: usize, to: usize) -> bool {
        let count = self.count();
        if self.lengthen_last(count, from, to) {
            return true;
        }
        let Some(hole) = self.holes.0.get(count) else { return false };
        hole.start.store(from, Ordering::Relaxed);
        hole.end.store(to, Ordering::Relaxed);
        self.count.store(count + 1, Ordering::Release);
        true
    }

    /// Tells of all of a mapping of this length.
    pub(super) fn add_all(&self, length: usize) -> bool {
        let Some(first) = self.holes.0.first() else { return false };
        first.start.store(0, Ordering::Release);
        first.end.store(length, Ordering::Release);
        self.count.store(self.count().max(1), Ordering::Release);
        true
    }

    /// Whether a byte was told of.
    pub(super) fn has(&self, at: usize) -> bool {
        self.first(at, at + 1).is_some()
    }

    /// The longest range that has a byte.
    pub(super) fn around(&self, at: usize) -> Option<(usize, usize)> {
        self.ranges()
            .filter(|(start, end)| (*start..*end).contains(&at))
            .max_by_key(|(start, end)| end - start)
    }

    /// The first range that overlaps `from..to`, as far as it does, for who has read bytes there.
    pub(super) fn seen(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        // What was read before this is read before the list is: what in it is not the file's is told there.
        fence(Ordering::SeqCst);
        self.first(from, to)
    }

    fn first(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let overlaps = self.ranges().filter(|(start, end)| *start < to && from < *end);
        overlaps.map(|(start, end)| (start.max(from), end.min(to))).min()
    }

    fn ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        let holes = self.holes.0.iter().take(self.count());
        holes.map(|hole| (hole.start.load(Ordering::Acquire), hole.end.load(Ordering::Acquire)))
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Makes the last range longer, when the new one follows it.
    fn lengthen_last(&self, count: usize, from: usize, to: usize) -> bool {
        let last = count.checked_sub(1).and_then(|last| self.holes.0.get(last));
        let last = last.filter(|last| last.end.load(Ordering::Relaxed) == from);
        last.map(|last| last.end.store(to, Ordering::Release)).is_some()
    }
}
