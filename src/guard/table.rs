//! All guarded mappings. The handler walks them without a lock; only putting in and taking out has one.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Faults;
use super::slot::{Ranges, Slot};

/// Slots that are made at once.
const SLOTS: usize = 1024;
/// Together as many as there can be mappings in a process: vm.max_map_count is 65,530.
const CHUNKS: usize = 64;

/// Slots, and apart from them what a fault alone needs, so that walking them touches little memory.
#[derive(Debug)]
struct Chunk {
    slots: [Slot; SLOTS],
    ranges: [Ranges; SLOTS],
}

static TABLE: [AtomicPtr<Chunk>; CHUNKS] = [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS];
/// Slots from this one on were never used.
static USED: AtomicUsize = AtomicUsize::new(0);
/// Slots below that are free.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// A mapping's place in the table, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    index: usize,
    slot: &'static Slot,
    ranges: &'static Ranges,
}

impl Place {
    /// A place that is empty; none when the table is full.
    pub(super) fn take() -> Option<Self> {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        match free.pop() {
            Some(index) => Self::at(index),
            None => Self::new(),
        }
    }

    /// The next slot that was never used; the table grows by a chunk where it must.
    fn new() -> Option<Self> {
        let index = USED.load(Ordering::Relaxed);
        let chunk = TABLE.get(index / SLOTS)?;
        if chunk.load(Ordering::Relaxed).is_null() {
            // SAFETY: the layout is of a type that has a size.
            let new: *mut Chunk = unsafe { alloc_zeroed(Layout::new::<Chunk>()) }.cast();
            if new.is_null() {
                return None;
            }
            chunk.store(new, Ordering::Release);
        }
        let place = Self::at(index)?;
        USED.store(index + 1, Ordering::Release);
        Some(place)
    }

    fn at(index: usize) -> Option<Self> {
        let chunk = chunk(index / SLOTS)?;
        Some(Self { index, slot: chunk.slots.get(index % SLOTS)?, ranges: chunk.ranges.get(index % SLOTS)? })
    }

    pub(super) fn answered(&self) -> Faults {
        self.slot.answered()
    }

    pub(super) fn replaced(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        self.slot.replaced(self.ranges).seen(from, to)
    }

    pub(super) fn owned(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        self.slot.owned(self.ranges).seen(from, to)
    }

    pub(super) fn slot(&self) -> &'static Slot {
        self.slot
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot.clear();
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
    }
}

fn chunk(number: usize) -> Option<&'static Chunk> {
    let chunk = TABLE.get(number)?.load(Ordering::Acquire);
    // SAFETY: a pointer in the table is null or leads to a chunk that is never freed; all zeros is a valid one.
    unsafe { chunk.as_ref() }
}

/// Answers a fault at an address, when it lies in a guarded mapping. A signal handler may call this.
pub(super) fn answer(address: usize) -> bool {
    find(address).is_some_and(|(slot, ranges)| slot.answer(ranges, address))
}

/// Makes the page of a store at an address the process's own, when it lies in a guarded mapping that forgives it. A signal handler
/// may call this.
pub(super) fn own(address: usize) -> bool {
    find(address).is_some_and(|(slot, ranges)| slot.own(ranges, address))
}

/// The slot whose mapping has an address.
fn find(address: usize) -> Option<(&'static Slot, &'static Ranges)> {
    let used = USED.load(Ordering::Acquire);
    (0..used.div_ceil(SLOTS)).find_map(|number| {
        let chunk = chunk(number)?;
        chunk.slots.iter().zip(&chunk.ranges).find(|(slot, _)| slot.holds(address))
    })
}
