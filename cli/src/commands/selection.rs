//! Which parts of which files are to be loaded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mmapio_core::{ByteRange, Extent, Found, OpenFile, extents_of};

use super::ranges::Ranged;
use super::sink::Frame;
use crate::args::warm::Parts;

/// The parts of each file: those that a list has for it, else those that the options say.
pub(crate) struct Selection<'a> {
    parts: &'a Parts,
    by_path: Option<HashMap<PathBuf, Vec<ByteRange>>>,
}

impl<'a> Selection<'a> {
    pub(crate) fn new(parts: &'a Parts, by_path: Option<HashMap<PathBuf, Vec<ByteRange>>>) -> Self {
        Self { parts, by_path }
    }

    /// Whether all files are taken as a whole.
    pub(crate) fn is_whole(&self, ranged: &Ranged) -> bool {
        self.by_path.is_none() && self.is_plain() && ranged.range.is_whole()
    }

    fn is_plain(&self) -> bool {
        self.parts.head.is_none() && self.parts.tail.is_none()
    }

    /// The extents of a file that was found.
    pub(crate) fn extents(
        &self,
        found: &Found<'_>,
        ranged: &Ranged,
        frame: &Frame<'_>,
    ) -> mmapio_core::Result<Vec<Extent>> {
        if let Some(by_path) = &self.by_path {
            let ranges = by_path.get(found.path).map_or(&[][..], Vec::as_slice);
            return Ok(extents_of(&found.file, ranges));
        }
        let mut ranges = self.ends(&found.file)?;
        if !ranged.range.is_whole() {
            ranged.check(found, frame)?;
            ranges.push(ranged.range);
        } else if self.is_plain() {
            ranges.push(ByteRange::WHOLE);
        }
        Ok(extents_of(&found.file, &ranges))
    }

    /// The ends that were asked for.
    fn ends(&self, file: &OpenFile) -> mmapio_core::Result<Vec<ByteRange>> {
        let tail =
            |length: u64| ByteRange::new(file.size().saturating_sub(length), Some(length.min(file.size())));
        let head = |length: u64| ByteRange::new(0, Some(length.min(file.size())));
        self.parts.head.map(head).into_iter().chain(self.parts.tail.map(tail)).collect()
    }

    /// The paths that the list has.
    pub(crate) fn listed(&self) -> Option<Vec<&Path>> {
        let mut paths: Vec<&Path> = self.by_path.as_ref()?.keys().map(PathBuf::as_path).collect();
        paths.sort_unstable();
        Some(paths)
    }
}
