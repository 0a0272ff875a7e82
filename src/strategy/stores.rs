//! Writing through a mapping.

use std::sync::Arc;

use super::content::Blocks;
use super::writing::{WritePlan, Writing};
use crate::error::{Error, Result};
use crate::extent::{ByteRange, Extent};
use crate::flush::Flush;
use crate::mapping::{MapOptions, Mapping};

/// A mapping, and what is stored into it.
struct Stored {
    mapping: Mapping,
    blocks: Blocks,
    plan: WritePlan,
    sync: Flush,
    /// What was stored to since the last time it was written, by its place in the mapping: from where to where.
    dirty: Option<(u64, u64)>,
}

pub(super) fn msync(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    mapped(plan, Flush::Msync)
}

pub(super) fn fdatasync(plan: &WritePlan) -> Result<Box<dyn Writing>> {
    mapped(plan, Flush::Data)
}

fn mapped(plan: &WritePlan, sync: Flush) -> Result<Box<dyn Writing>> {
    let range = ByteRange::new(plan.extent.offset(), Some(plan.extent.length()))?;
    let mapping = MapOptions::write().range(range).map(Arc::clone(&plan.file))?;
    Ok(Box::new(Stored { mapping, blocks: plan.blocks()?, plan: plan.clone(), sync, dirty: None }))
}

impl Writing for Stored {
    fn access(&mut self, offset: u64, length: usize) -> Result<()> {
        let before = || Error::range(format!("{offset} is before the part that is mapped"));
        let from = offset.checked_sub(self.plan.extent.offset()).ok_or_else(before)?;
        let bytes = self.blocks.at(offset, length);
        self.mapping.store_unverified(from, bytes)?;
        let end = from.saturating_add(length as u64);
        let dirty = self.dirty.map_or((from, end), |(start, last)| (start.min(from), last.max(end)));
        self.dirty = Some(dirty);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let Some((start, end)) = self.dirty.take() else { return Ok(()) };
        self.mapping.flush(Extent::between(start, end), self.sync)
    }

    fn fork(&self) -> Result<Box<dyn Writing>> {
        mapped(&self.plan, self.sync)
    }
}
