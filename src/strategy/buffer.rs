//! Memory to read into.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::page::page_size;

/// Bytes that begin with a page, as direct I/O wants them.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(super) fn new(length: usize) -> Result<Self> {
        let page = usize::try_from(page_size()).unwrap_or(4096);
        let no_room = || Error::limit("memory", format!("there is no room for a buffer of {length} bytes"));
        let all = length.checked_add(page).ok_or_else(no_room)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(all).map_err(|_| no_room())?;
        // Touched here, so that no page of it faults later.
        bytes.resize(all, 1);
        let start = bytes.as_ptr().align_offset(page).min(page);
        Ok(Self { bytes, start, length })
    }

    /// The first `length` bytes; fewer where it has no more.
    pub(super) fn part(&mut self, length: usize) -> &mut [u8] {
        let end = self.start + length.min(self.length);
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }
}

/// What was made beforehand, so that making it is no part of what is measured.
#[derive(Debug)]
pub(super) struct Spare<T>(Arc<Mutex<Vec<T>>>);

impl<T> Spare<T> {
    pub(super) fn keep(&self, what: T) {
        self.list().push(what);
    }

    pub(super) fn take(&self) -> Option<T> {
        self.list().pop()
    }

    fn list(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// The same ones.
impl<T> Clone for Spare<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
