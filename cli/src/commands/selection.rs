//! Which parts of which files are to be loaded.

use std::collections::HashMap;
use std::path::PathBuf;

use mmapio_core::{ByteRange, Error, Extent, FileId, Found, OpenFile, extents_of};

use super::range_list::RangeList;
use super::ranges::Ranged;
use super::sink::Frame;
use crate::args::warm::Parts;

/// The parts of each file: those that a list has for it, else those that the options say.
pub(crate) struct Selection<'a> {
    parts: &'a Parts,
    /// By file, since a list may have it under several names.
    listed: Option<HashMap<FileId, Vec<ByteRange>>>,
}

impl<'a> Selection<'a> {
    pub(crate) fn of_options(parts: &'a Parts) -> Self {
        Self { parts, listed: None }
    }

    /// The parts in a list, and the paths to walk for them: those that are no file of data are errors.
    pub(crate) fn of_list(parts: &'a Parts, list: RangeList) -> (Self, Vec<mmapio_core::Result<PathBuf>>) {
        let mut listed: HashMap<FileId, Vec<ByteRange>> = HashMap::new();
        let mut paths = Vec::with_capacity(list.len());
        for (path, ranges) in list {
            paths.push(OpenFile::open(&path).map(|file| {
                listed.entry(file.id()).or_default().extend(ranges);
                path
            }));
        }
        paths.sort_by(|a, b| a.as_ref().ok().cmp(&b.as_ref().ok()));
        (Self { parts, listed: Some(listed) }, paths)
    }

    /// Whether all files are taken as a whole.
    pub(crate) fn is_whole(&self, ranged: &Ranged) -> bool {
        self.listed.is_none() && self.is_plain() && ranged.range.is_whole()
    }

    /// Whether the files come from a list.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.is_some()
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
        if let Some(listed) = &self.listed {
            let replaced = || Error::range("is another file than when the list was read");
            return Ok(extents_of(&found.file, listed.get(&found.file.id()).ok_or_else(replaced)?));
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
}
