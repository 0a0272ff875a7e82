//! What there is to lock: walked and mapped, so that what is counted is what will be locked, and nothing read yet.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use mmapio_core::{
    ByteRange, Error, Found, LockCost, LockLimit, LockNeed, Mapped, Visitor, WalkOptions, data_extents, walk,
};

use super::hold::Teller;

/// A file to lock.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) path: PathBuf,
    pub(crate) mapped: Mapped,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Not all when there are too many to be mapped.
    pub(crate) planned: Vec<Planned>,
    pub(crate) files: u64,
    pub(crate) cost: LockCost,
    pub(crate) failed: u64,
}

/// What all threads need to know.
pub(crate) struct Survey<'a> {
    pub(crate) range: ByteRange,
    /// Whether to map what is found.
    pub(crate) maps: bool,
    pub(crate) teller: Teller,
    /// Mapping ends where these do, which is no failure before all is counted.
    pub(crate) limits: &'a [LockLimit],
    pub(crate) mappings: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

impl Survey<'_> {
    /// Walks.
    pub(crate) fn plan(&self, paths: Vec<mmapio_core::Result<PathBuf>>, options: &WalkOptions) -> Plan {
        let parts = walk(paths, options, || Part { survey: self, plan: Plan::default() });
        let mut whole = Plan::default();
        for Part { plan, .. } in parts {
            whole.planned.extend(plan.planned);
            whole.files += plan.files;
            whole.failed += plan.failed;
            whole.cost = [whole.cost, plan.cost].into_iter().sum();
        }
        whole
    }

    /// Whether there is room for the mappings of another file.
    fn has_room(&self, cost: LockCost) -> bool {
        let mappings = self.mappings.fetch_add(cost.mappings, Ordering::Relaxed) + cost.mappings;
        let bytes = self.bytes.fetch_add(cost.bytes, Ordering::Relaxed).saturating_add(cost.bytes);
        self.limits.iter().all(|limit| match limit.of {
            LockNeed::Mappings => mappings <= limit.available,
            LockNeed::MappedBytes => bytes <= limit.available,
            _ => true,
        })
    }

    fn check_range(&self, found: &Found<'_>) -> mmapio_core::Result<()> {
        let (offset, size) = (self.range.offset(), found.file.size());
        if found.named && offset > 0 && offset >= size {
            return Err(Error::range(format!("starts at {offset}, beyond the end at {size}")));
        }
        Ok(())
    }
}

/// A thread's part.
struct Part<'a> {
    survey: &'a Survey<'a>,
    plan: Plan,
}

impl Part<'_> {
    fn take(&mut self, found: &Found<'_>) -> mmapio_core::Result<()> {
        self.survey.check_range(found)?;
        let extents = data_extents(&found.file, self.survey.range);
        let cost = LockCost::of(&extents);
        if self.survey.has_room(cost) && self.survey.maps {
            let mapped = Mapped::new(&found.file, &extents)?;
            self.plan.planned.push(Planned { path: found.path.to_owned(), mapped });
        }
        self.plan.files += 1;
        self.plan.cost = [self.plan.cost, cost].into_iter().sum();
        Ok(())
    }
}

impl Visitor for Part<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        match self.take(&found) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.error(error.with_path(found.path)),
        }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.plan.failed += 1;
        self.survey.teller.error(&error);
        ControlFlow::Continue(())
    }
}
