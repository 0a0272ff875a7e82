//! Who holds pages of a file: what is known of processes, read when it is first needed and shared by all threads.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::extent::Extent;
use crate::open::OpenFile;
use crate::process::{Addresses, FileMapping, Processes, locked_ranges};

use super::stayed::pages::PageSet;

/// Processes map and unmap: an older picture is taken anew, unless taking it is what takes the time.
const FRESH: Duration = Duration::from_secs(1);
const TIMES_ITS_COST: u32 = 10;

/// The processes that hold files.
#[derive(Debug, Default)]
pub(super) struct Holders {
    picture: Mutex<Option<Arc<Picture>>>,
}

/// The mappings of all processes at one time.
#[derive(Debug)]
pub(super) struct Picture {
    taken: Instant,
    lasts: Duration,
    processes: Processes,
    /// The address ranges that processes have locked, read at most once of each.
    locked: Mutex<HashMap<u32, Arc<[Addresses]>>>,
}

/// Pages that processes hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) pages: PageSet,
    pub(super) processes: BTreeSet<u32>,
}

/// Those in page tables, and those locked there.
#[derive(Debug, Default)]
pub(super) struct Holds {
    pub(super) mapped: Held,
    pub(super) locked: Held,
}

impl Holders {
    /// A picture that is not old.
    pub(super) fn picture(&self) -> Arc<Picture> {
        let mut picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        match &*picture {
            Some(taken) if taken.taken.elapsed() < taken.lasts => Arc::clone(taken),
            _ => Arc::clone(picture.insert(Arc::new(Picture::take()))),
        }
    }
}

impl Picture {
    /// Where /proc cannot be read nobody is known to map anything.
    fn take() -> Self {
        let start = Instant::now();
        let processes = Processes::snapshot().unwrap_or_default();
        let lasts = FRESH.max(start.elapsed().saturating_mul(TIMES_ITS_COST));
        Self { taken: Instant::now(), lasts, processes, locked: Mutex::default() }
    }

    /// The pages of `extent` that processes hold now, as far as /proc tells us.
    pub(super) fn holds(&self, file: &OpenFile, extent: Extent) -> Holds {
        let mut holds = Holds::default();
        for mapping in self.processes.mappings_of(file) {
            self.add(&mut holds, mapping, extent);
        }
        holds
    }

    fn add(&self, holds: &mut Holds, mapping: &FileMapping, extent: Extent) {
        let mut present = PageSet::default();
        // What cannot be read is not known to be held.
        let _ = mapping.each_present(extent, |run| present.insert_extent(&run));
        if present.is_empty() {
            return;
        }
        let locked = present.intersection(&self.locked_of(mapping));
        holds.locked.add(mapping.pid, &locked);
        holds.mapped.add(mapping.pid, &present.difference(&locked));
    }

    /// The pages of the file that this mapping has locked.
    fn locked_of(&self, mapping: &FileMapping) -> PageSet {
        let end = mapping.address.saturating_add(mapping.extent.length());
        let mut pages = PageSet::default();
        let in_file = |address: u64| mapping.extent.offset().saturating_add(address - mapping.address);
        let ranges = self.locked_ranges(mapping.pid);
        let at = ranges.partition_point(|range| range.1 <= mapping.address);
        for &(from, to) in ranges.iter().skip(at).take_while(|range| range.0 < end) {
            pages.insert_extent(&Extent::between(in_file(from.max(mapping.address)), in_file(to.min(end))));
        }
        pages
    }

    fn locked_ranges(&self, pid: u32) -> Arc<[Addresses]> {
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let ranges = locked.entry(pid).or_insert_with(|| locked_ranges(pid).unwrap_or_default().into());
        Arc::clone(ranges)
    }
}

impl Held {
    fn add(&mut self, pid: u32, pages: &PageSet) {
        if !pages.is_empty() {
            self.pages.insert_all(pages);
            self.processes.insert(pid);
        }
    }
}
