//! Mappings that JavaScript has buffers of. A buffer is known by the address of its ArrayBuffer's first byte, and nothing that is
//! not found here is ever detached or advised about.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mmapio_core::Mapping;

/// A mapping, for as long as JavaScript has its buffer and nobody unmaps it.
#[derive(Debug)]
pub(crate) struct Held {
    mapping: Mutex<Option<Arc<Mapping>>>,
    address: usize,
}

static ALL: Mutex<Option<HashMap<usize, Arc<Held>>>> = Mutex::new(None);

fn all() -> MutexGuard<'static, Option<HashMap<usize, Arc<Held>>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    /// Remembers a mapping by its address, which no other has while it is there.
    pub(crate) fn new(mapping: Mapping) -> Arc<Self> {
        let address = mapping.as_ptr().addr();
        let held = Arc::new(Self { mapping: Mutex::new(Some(Arc::new(mapping))), address });
        all().get_or_insert_default().insert(address, Arc::clone(&held));
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
        self.mapping.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the mapping out, to be unmapped when the answer is dropped; none when it is gone already, and an error when a call that
    /// goes on in another thread uses it.
    pub(crate) fn take(&self) -> Result<Option<Arc<Mapping>>, InUse> {
        let mut mapping = self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
        if mapping.as_ref().is_some_and(|mapping| Arc::strong_count(mapping) > 1) {
            return Err(InUse);
        }
        self.forget();
        Ok(mapping.take())
    }

    /// Its buffer is gone.
    pub(crate) fn release(&self) {
        self.forget();
        drop(self.mapping.lock().unwrap_or_else(PoisonError::into_inner).take());
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

/// A call in another thread uses the mapping.
#[derive(Debug)]
pub(crate) struct InUse;
