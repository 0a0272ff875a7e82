//! Mappings that JavaScript has. A buffer is known by the address of its ArrayBuffer's first byte, and nothing that is not found
//! here is ever detached or advised about.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mmapio_core::Mapping;

use crate::raw::View;

/// A mapping, for as long as somebody owns it: its buffer, or an object of JavaScript that makes the buffer when it is asked for.
#[derive(Debug)]
pub(crate) struct Held {
    state: Mutex<State>,
    address: usize,
    /// Whether its buffer's memory may be another buffer's by now.
    moves: AtomicBool,
}

#[derive(Debug)]
struct State {
    mapping: Option<Arc<Mapping>>,
    owners: usize,
    buffer: Shown,
}

/// What JavaScript sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Not,
    Buffer,
    /// A SharedArrayBuffer, which nobody can take away.
    Shared,
}

static ALL: Mutex<Option<ByAddress>> = Mutex::new(None);

/// Addresses are the kernel's, not an attacker's, to choose: a simple hash is enough.
type ByAddress = HashMap<usize, Arc<Held>, BuildHasherDefault<AddressHasher>>;

#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    /// Spreads page numbers over all bits: the table looks at the highest and the lowest.
    fn write_usize(&mut self, number: usize) {
        let mixed = (self.0 ^ (number as u64 >> 12)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn all() -> MutexGuard<'static, Option<ByAddress>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    /// Remembers a mapping by its address, which no other has while it is there. It has one owner.
    pub(crate) fn new(mapping: Mapping) -> Arc<Self> {
        let address = mapping.as_ptr().addr();
        let is_empty = mapping.is_empty();
        let state = State { mapping: Some(Arc::new(mapping)), owners: 1, buffer: Shown::Not };
        let held = Arc::new(Self { state: Mutex::new(state), address, moves: AtomicBool::new(false) });
        if !is_empty {
            all().get_or_insert_default().insert(address, Arc::clone(&held));
        }
        held
    }

    /// How many there are.
    pub(crate) fn count() -> usize {
        all().as_ref().map_or(0, HashMap::len)
    }

    /// The mapping whose buffer begins at this address.
    pub(crate) fn at(address: usize) -> Option<Arc<Self>> {
        all().as_ref()?.get(&address).cloned()
    }

    /// The mapping itself, which stays mapped for as long as the answer is kept; none when it was unmapped.
    pub(crate) fn mapping(&self) -> Option<Arc<Mapping>> {
        self.state().mapping.clone()
    }

    /// One owner more, when there is none like it: a second buffer over the same memory would show what is unmapped.
    pub(crate) fn begin_buffer(&self, is_shared: bool) -> bool {
        let mut state = self.state();
        let is_first = state.buffer == Shown::Not && state.mapping.is_some();
        if is_first {
            state.buffer = if is_shared { Shown::Shared } else { Shown::Buffer };
            state.owners += 1;
        }
        is_first
    }

    /// Its buffer is gone, or was not made.
    pub(crate) fn end_buffer(&self) {
        self.state().buffer = Shown::Not;
        self.release();
    }

    /// An owner is gone; with the last one the mapping is.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        state.owners = state.owners.saturating_sub(1);
        if state.owners > 0 {
            return;
        }
        let mapping = state.mapping.take();
        drop(state);
        self.forget();
        drop(mapping);
    }

    /// Takes the mapping away from all owners: it is unmapped when the answer is dropped, and what calls in other threads have of
    /// it. None when it is gone already, or cannot be taken since threads share it.
    pub(crate) fn take(&self) -> Option<Arc<Mapping>> {
        let mut state = self.state();
        if state.buffer == Shown::Shared {
            return None;
        }
        let mapping = state.mapping.take();
        drop(state);
        self.forget();
        mapping
    }

    /// Whether a view is of its buffer, and not of one that is empty by now.
    pub(crate) fn is_shown_by(&self, view: &View) -> bool {
        view.base == self.address
    }

    /// The memory of its buffer is about to be moved on to another.
    pub(crate) fn move_on(&self) {
        self.moves.store(true, Ordering::Release);
    }

    /// Whether it was.
    pub(crate) fn has_moved_on(&self) -> bool {
        self.moves.load(Ordering::Acquire)
    }

    /// Whether nobody can reach the bytes any more once `buffer` is emptied.
    pub(crate) fn can_be_taken(&self, buffer: Option<&View>) -> bool {
        match self.state().buffer {
            Shown::Not => true,
            Shown::Buffer => buffer.is_some_and(|buffer| self.is_shown_by(buffer)),
            Shown::Shared => false,
        }
    }

    /// Takes it back.
    pub(crate) fn put_back(self: &Arc<Self>, mapping: Arc<Mapping>) {
        self.state().mapping = Some(mapping);
        all().get_or_insert_default().insert(self.address, Arc::clone(self));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another mapping may have the address by now.
    fn forget(&self) {
        let mut all = all();
        let is_this = |held: &Arc<Self>| std::ptr::eq(&raw const **held, self);
        if let Some(all) = all.as_mut().filter(|all| all.get(&self.address).is_some_and(is_this)) {
            all.remove(&self.address);
        }
    }
}
