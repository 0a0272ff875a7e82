//! Surviving SIGBUS inside registered mappings, and SIGSEGV of stores into those that forgive them.
//!
//! A mapping of a file can be touched where there is no file any more, or where the storage does not give its data, or has no
//! room for a store. The kernel then sends SIGBUS, and the process dies. The guard answers such a fault with a page of zeros
//! and writes down where; whoever reads or writes asks afterwards whether what it read is real.
//!
//! What it costs: nothing until there is a fault, then some ten microseconds for each. A truncated file is one fault.
//!
//! A store into a mapping that may only be read is the program's own mistake, and ends it by SIGSEGV. Where it should live on, as a
//! JavaScript program should that was given a buffer, [`MapOptions::forgive_writes`] has the guard answer that, too: such a mapping
//! is private from the start, and the handler makes the page writable and writes down which. It is the kernel that copies the page
//! then, so that no store is lost when threads store at once. Only the first store into a page costs something.
//!
//! # What it cannot do
//! - Zeros are not marked: ask after each batch of reads whether a fault was answered **and** whether the file is still as long as
//!   it must be (on tmpfs with huge pages, pages beyond a new end can be read without a fault for a while). [`Mapping`] does.
//! - The rest of the last page, and a file that shrank and grew again before anybody looked, bring no fault.
//! - A store into a replaced page is lost, and msync(2) does not know. Replaced pages do not come back by themselves.
//! - System calls that are given an address in the mapping say `EFAULT` or do less, as without the guard.
//! - A thread that blocks SIGBUS is killed by the kernel: who copies through a [`Mapping`] is refused then, who reads in another way is
//!   told only when the mapping is made. Sealed mappings (mseal(2)) cannot be repaired.
//! - A store is forgiven on x86-64 and AArch64, where the processor tells stores from other accesses, to a thread that does not block
//!   SIGSEGV. A truncation takes what was stored behind the new end. After [256 places](Faults::private_writes) that are apart all of
//!   the mapping can be stored into.
//! - A handler that somebody installs after the guard comes first, until it is noticed, when a mapping is made or copied from or to
//!   some milliseconds later. Of handlers that came later only the last one is passed on to, and the first of all.
//! - A child of fork(2) of a process with threads may touch mappings, and is told; making and dropping them there waits for a lock
//!   that may never be free, as with all of the standard library's.
//! - Faults are looked up among all guarded mappings in turn: beside 65,000 of them one takes up to a millisecond.
//!
//! Signals that were sent (kill(2)), memory that hardware lost, and faults elsewhere go to whom they went before. SIGSEGV is not
//! touched before the first mapping that forgives stores is made.
//!
//! [`Mapping`]: crate::Mapping
//! [`MapOptions::forgive_writes`]: crate::MapOptions::forgive_writes

#[cfg(target_os = "linux")]
mod chain;
#[cfg(target_os = "linux")]
mod holes;
#[cfg(target_os = "linux")]
mod signal;
#[cfg(target_os = "linux")]
mod slot;
#[cfg(target_os = "linux")]
mod store;
#[cfg(target_os = "linux")]
mod table;

#[cfg(not(target_os = "linux"))]
mod absent;
#[cfg(not(target_os = "linux"))]
use absent::{Place, signal, store};
#[cfg(target_os = "linux")]
use table::Place;

use std::fs::File;
use std::io;

use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::open::unsupported_or;
use crate::sys;

/// A mapping as the guard knows it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has a guard"))]
struct Guarded {
    start: usize,
    length: usize,
    offset: u64,
    descriptor: i32,
    protection: i32,
    page: usize,
    /// Whether it is private, and a store into it makes the page the process's own where it may only be read.
    forgives: bool,
}

/// Whether this system has a guard that forgives stores.
pub(crate) const FORGIVES: bool = store::ARE_KNOWN;

/// What the guard answered in a mapping.
///
/// ```
/// # use mmapio_core::MapOptions;
/// # let path = std::env::current_exe().unwrap();
/// let mapping = MapOptions::read().open(&path).unwrap();
/// assert_eq!(mapping.faults().count, 0);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// How many faults were answered with zeros.
    pub count: u64,
    /// Whether one of them was beyond the end of the file, which was truncated then.
    pub truncated: bool,
    /// How many stores into a mapping for reading stayed private ([`MapOptions::forgive_writes`](crate::MapOptions::forgive_writes)):
    /// one is counted for each page. Of 256 places that are apart the pages are known; after that all of the mapping is told as
    /// stored into, and no more are counted.
    pub private_writes: u64,
}

/// A mapping whose faults are answered, until this is dropped.
///
/// For mappings that are made elsewhere; [`Mapping`](crate::Mapping) has one of its own.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::Guard;
/// # let scratch = tempfile::NamedTempFile::new().unwrap();
/// # let (path, file) = (scratch.path(), scratch.as_file());
/// std::fs::write(path, [7; 8192])?;
/// // SAFETY: no reference into the mapping is made.
/// let map = unsafe { memmap2::MmapOptions::new().len(8192).map_raw_read_only(file) }?;
/// // SAFETY: the mapping is there until after the guard is dropped, and nobody relies on bytes that a truncation takes.
/// let guard = unsafe { Guard::new(map.as_mut_ptr(), map.len(), false, Some((file, 0))) }?;
/// file.set_len(0)?;
/// // SAFETY: the byte is inside the mapping.
/// assert_eq!(unsafe { map.as_ptr().add(5000).read_volatile() }, 0);
/// assert!(guard.faults().truncated && guard.replaced(0, 8192).is_some());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Guard {
    place: Place,
}

impl Guard {
    /// Guards `length` bytes from `start` that are mapped, readable, and writable when `writable`. `file` is what is mapped there
    /// and from which offset; with it a truncation is told from an I/O error. It may be none.
    ///
    /// Calls: pthread_sigmask(3); sigaction(2) for SIGBUS, each few milliseconds; statfs(2) of the file, for the size of its pages.
    ///
    /// # Safety
    /// The range is a mapping, or part of one, that stays until this is dropped, and so does the descriptor of `file`. Its pages may
    /// be replaced by pages of zeros at any moment. It has no other guard, which might be told instead of this one.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when this thread blocks SIGBUS,
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) with more than 65,536 guarded mappings,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where there is no guard.
    pub unsafe fn new(
        start: *mut u8,
        length: usize,
        writable: bool,
        file: Option<(&File, u64)>,
    ) -> Result<Self> {
        let how = if writable { sys::Protection::ReadWrite } else { sys::Protection::Read };
        require_signal(false)?;
        let guard = Self::idle(false)?;
        guard.cover(start, length, how, file, file.and_then(|(file, _)| sys::huge_page_size_of(file)), false);
        Ok(guard)
    }

    /// One that guards nothing yet. Who copies through a mapping asks for the signal itself, each time.
    pub(crate) fn idle(forgives: bool) -> Result<Self> {
        if !signal::takes_lately(forgives).map_err(unasked)? {
            return Err(blocked());
        }
        Place::take().map(|place| Self { place }).ok_or_else(full)
    }

    /// Guards a mapping of the crate's own from now on, instead of what it guarded: of pages of this size where it is not the usual
    /// one. One that forgives stores is private. This cannot fail, so that a mapping that was guarded is never without.
    pub(crate) fn cover(
        &self,
        start: *mut u8,
        length: usize,
        how: sys::Protection,
        file: Option<(&File, u64)>,
        page: Option<u64>,
        forgives: bool,
    ) {
        let page = usize::try_from(page.unwrap_or_else(sys::page_size)).unwrap_or(4096);
        let start = start.expose_provenance();
        let lead = start % page;
        self.place.slot().fill(&Guarded {
            start: start - lead,
            length: (length + lead).next_multiple_of(page),
            offset: file.map_or(0, |(_, offset)| offset).saturating_sub(lead as u64),
            descriptor: file.map_or(-1, |(file, _)| sys::descriptor(file)),
            protection: sys::protection(how),
            page,
            forgives,
        });
    }

    /// Guards nothing until it is given a mapping again.
    pub(crate) fn rest(&self) {
        self.place.slot().clear();
    }

    /// Takes the signals back from handlers that were installed since the first guard: these get what is not the guard's. The guard notices
    /// such handlers by itself only when mappings are made or copied from or to; who knows of one calls this.
    ///
    /// ```
    /// mmapio_core::Guard::take_back()?;
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what sigaction(2) says.
    pub fn take_back() -> Result<()> {
        signal::take_back().map_err(unasked)
    }

    /// What was answered so far.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.place.answered()
    }

    /// The first replaced bytes among `length` from byte `from` of the first page of the mapping: they read as zeros, and stores
    /// to them are lost.
    #[must_use]
    pub fn replaced(&self, from: usize, length: usize) -> Option<Extent> {
        let (start, end) = self.place.replaced(from, from.saturating_add(length))?;
        Some(Extent::between(start as u64, end as u64))
    }

    /// The first bytes among these that were stored into though they may only be read: they are the process's own.
    pub(crate) fn owned(&self, from: usize, length: usize) -> Option<Extent> {
        let (start, end) = self.place.owned(from, from.saturating_add(length))?;
        Some(Extent::between(start as u64, end as u64))
    }

    /// The mapping has other rights by now.
    pub(crate) fn set_protection(&self, how: sys::Protection) {
        self.place.slot().set_protection(sys::protection(how));
    }
}

/// The signal comes to the guard, and to this thread: one that blocks SIGBUS cannot be helped, the kernel kills it. SIGSEGV comes to
/// the guard where stores are forgiven.
pub(crate) fn require_signal(forgives: bool) -> Result<()> {
    if signal::is_blocked_here() {
        return Err(blocked());
    }
    signal::install(forgives).map_err(unasked)
}

fn blocked() -> Error {
    let why = "this thread blocks SIGBUS, so that a fault would kill the process: unblock it, or map without the guard";
    Error::refused("pthread_sigmask", io::Error::from_raw_os_error(sys::errno::EINVAL), why)
}

fn unasked(error: io::Error) -> Error {
    unsupported_or("sigaction", error)
}

fn full() -> Error {
    Error::limit("guard", "65536 mappings can be guarded, and all are: unmap some, or map without the guard")
}
