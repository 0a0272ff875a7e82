//! Reading through a mapping, which threads share as those of a program do.

use std::sync::Arc;

use super::buffer::Buffer;
use super::{Plan, Reading, Work};
use crate::advice::Advice;
use crate::checksum::checksum;
use crate::error::{Error, Result};
use crate::extent::{ByteRange, Extent};
use crate::mapping::{MapOptions, Mapping};

/// A mapping, and memory to copy into.
struct Mapped {
    mapping: Arc<Mapping>,
    buffer: Option<Buffer>,
    plan: Plan,
}

pub(super) fn plain(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), None, false)
}

pub(super) fn copying(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), None, true)
}

pub(super) fn sequential(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), Some("sequential"), false)
}

pub(super) fn random(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), Some("random"), false)
}

pub(super) fn willneed(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), Some("willneed"), false)
}

pub(super) fn populate(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read().populate(), None, false)
}

pub(super) fn hugepage(plan: &Plan) -> Result<Box<dyn Reading>> {
    mapped(plan, MapOptions::read(), Some("hugepage"), false)
}

fn mapped(plan: &Plan, options: MapOptions, advice: Option<&str>, copies: bool) -> Result<Box<dyn Reading>> {
    let (start, length) = (plan.extent.offset(), plan.extent.length());
    let mapping = options.range(ByteRange::new(start, Some(length))?).map(Arc::clone(&plan.file))?;
    if let Some(advice) = advice.and_then(Advice::find) {
        mapping.advise(advice, Extent::new(0, length))?;
    }
    let needs_buffer = copies || plan.work == Work::Copy;
    let buffer = needs_buffer.then(|| plan.buffer()).transpose()?;
    Ok(Box::new(Mapped { mapping: Arc::new(mapping), buffer, plan: plan.clone() }))
}

impl Reading for Mapped {
    fn fork(&self) -> Result<Box<dyn Reading>> {
        let buffer = self.buffer.as_ref().map(|_| self.plan.buffer()).transpose()?;
        Ok(Box::new(Self { mapping: Arc::clone(&self.mapping), buffer, plan: self.plan.clone() }))
    }

    fn access(&mut self, offset: u64, length: usize) -> Result<u64> {
        let before = || Error::range(format!("{offset} is before the part that is mapped"));
        let from = offset.checked_sub(self.plan.extent.offset()).ok_or_else(before)?;
        match &mut self.buffer {
            None => self.mapping.sum_unverified(from, length as u64),
            Some(buffer) => {
                let buffer = buffer.part(length);
                let copied = self.mapping.copy_unverified(from, buffer)?;
                Ok(match self.plan.work {
                    Work::Sum => checksum(buffer.get(..copied).unwrap_or_default()),
                    Work::Copy => 0,
                })
            }
        }
    }

    fn verify(&self) -> Result<()> {
        self.mapping.check(0, self.mapping.len())
    }
}
