//! The parts of a file that an act is about.

use crate::error::Result;
use crate::extent::{ByteRange, Extent};
use crate::open::OpenFile;
use crate::page::Pages;
use crate::residency::{Prober, Residency};

/// The residency of several extents of a file as one: counts are added up, the extent is their hull.
pub(crate) fn survey(prober: &mut Prober<'_>, extents: &[Extent]) -> Result<Residency> {
    let mut extents = extents.iter().filter(|extent| !extent.is_empty());
    let first = extents.next().copied().unwrap_or_default();
    let mut whole = one(prober, first)?;
    for extent in extents {
        add(&mut whole, &one(prober, *extent)?);
    }
    Ok(whole)
}

fn one(prober: &mut Prober<'_>, extent: Extent) -> Result<Residency> {
    prober.residency(ByteRange::new(extent.offset(), Some(extent.length()))?)
}

fn add(whole: &mut Residency, part: &Residency) {
    let sum = |a: Option<Pages>, b: Option<Pages>| a.zip(b).map(|(a, b)| a + b);
    whole.extent = Extent::between(
        whole.extent.offset().min(part.extent.offset()),
        whole.extent.end().max(part.extent.end()),
    );
    whole.pages += part.pages;
    whole.resident = sum(whole.resident, part.resident);
    whole.dirty = sum(whole.dirty, part.dirty);
    whole.writeback = sum(whole.writeback, part.writeback);
    whole.evicted = sum(whole.evicted, part.evicted);
    whole.recently_evicted = sum(whole.recently_evicted, part.recently_evicted);
    whole.unknown = whole.unknown.or(part.unknown);
    whole.changed |= part.changed;
}

/// Ranges of a file as whole pages inside of it: in order, none twice.
///
/// ```
/// use mmapio_core::{ByteRange, Extent, OpenFile, extents_of, page_size};
/// # let scratch = tempfile::tempdir().unwrap();
/// # let path = scratch.path().join("file");
/// # std::fs::write(&path, vec![1; 20 * page_size() as usize]).unwrap();
/// let file = OpenFile::open(&path)?;
/// let page = page_size();
/// let ranges = [ByteRange::new(8 * page, None)?, ByteRange::new(0, Some(1))?, ByteRange::new(page, Some(5))?];
/// assert_eq!(extents_of(&file, &ranges), [Extent::new(0, 2 * page), Extent::new(8 * page, 12 * page)]);
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[must_use]
pub fn extents_of(file: &OpenFile, ranges: &[ByteRange]) -> Vec<Extent> {
    let size = file.size();
    joined(ranges.iter().map(|range| range.within(size)).filter(|extent| !extent.is_empty()).collect())
}

/// Extents in file order, those that overlap or touch as one.
pub(crate) fn joined(mut extents: Vec<Extent>) -> Vec<Extent> {
    extents.sort_unstable_by_key(Extent::offset);
    let mut merged: Vec<Extent> = Vec::with_capacity(extents.len());
    for extent in extents {
        match merged.last_mut().filter(|last| extent.offset() <= last.end()) {
            Some(last) => *last = Extent::between(last.offset(), last.end().max(extent.end())),
            None => merged.push(extent),
        }
    }
    merged
}
