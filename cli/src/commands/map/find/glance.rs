//! A glance at a part of a file in a mapping, without copying it: most parts lack what is searched for.
//!
//! Only that it is not there is believed. Where it may be, where a page cannot be had, or where there are holes, which would come into
//! memory, the part is read: that tells what there is to tell.

use mmapio_core::{ByteRange, Extent, MapOptions, Mapping, OpenFile, Stretches};

use super::needle::Needle;

/// Bytes mapped at once: what is touched stays in the page tables, and counts as memory of this process, until it is unmapped.
const WINDOW: u64 = 8 << 20;

/// Looks at parts of a file.
pub(super) struct Glance<'a> {
    file: &'a OpenFile,
    mapping: Option<Mapping>,
    /// It was of no use: the file cannot be mapped.
    given_up: bool,
}

impl<'a> Glance<'a> {
    pub(super) fn new(file: &'a OpenFile) -> Self {
        Self { file, mapping: None, given_up: false }
    }

    /// Whether the part is certain to lack what is searched for.
    pub(super) fn sees_none(&mut self, part: Extent, needle: &Needle) -> bool {
        let is_data = |stretch: mmapio_core::Stretch| !stretch.is_hole && stretch.extent == part;
        if self.given_up || !Stretches::new(self.file, part).next().is_some_and(is_data) {
            return false;
        }
        let Some(mapping) = self.window(part) else { return false };
        let offset = part.offset() - mapping.extent().offset();
        let lacks = mapping.lacks(offset, part.length(), needle.bytes());
        lacks.unwrap_or(false) && !self.file.has_changed_size()
    }

    /// The mapping that has a part; they begin at multiples of their size.
    fn window(&mut self, part: Extent) -> Option<&Mapping> {
        let has = |mapping: &Mapping| {
            let extent = mapping.extent();
            extent.offset() <= part.offset() && part.end() <= extent.end()
        };
        if !self.mapping.as_ref().is_some_and(has) {
            self.mapping = self.map(part);
            self.given_up = self.mapping.is_none();
        }
        self.mapping.as_ref()
    }

    fn map(&self, part: Extent) -> Option<Mapping> {
        let start = part.offset() - part.offset() % WINDOW;
        let end = part.end().max(start + WINDOW).min(self.file.size());
        let range = ByteRange::new(start, Some(end - start)).ok()?;
        // Without the guard a file that shrinks would end the process.
        MapOptions::read().range(range).map_only(self.file).ok().filter(Mapping::is_guarded)
    }
}
