//! How residency is spread over equal parts of a file.

use crate::error::Result;
use crate::extent::Extent;
use crate::page::{Pages, page_size};
use crate::residency::Prober;

/// One of the equal parts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// The pages of the part.
    pub pages: Pages,
    /// Those of them that are in memory.
    pub resident: Pages,
}

/// The parts of `extent`, of which `resident` pages are known to be resident: asks only when that does not tell.
pub(crate) fn of(
    prober: &mut Prober<'_>,
    extent: Extent,
    parts: usize,
    resident: Pages,
) -> Result<Vec<Part>> {
    if resident == Pages(0) {
        return Ok(bounds(extent, parts).map(|(_, pages)| Part { pages, resident: Pages(0) }).collect());
    }
    if resident == extent.pages() {
        return Ok(bounds(extent, parts).map(|(_, pages)| Part { pages, resident: pages }).collect());
    }
    split(prober, extent, parts)
}

/// The parts of `extent`, each asked for.
pub(crate) fn split(prober: &mut Prober<'_>, extent: Extent, parts: usize) -> Result<Vec<Part>> {
    bounds(extent, parts)
        .map(|(first, pages)| {
            let counts = prober.counts(first, pages.0)?;
            Ok(Part { pages, resident: Pages(counts.resident) })
        })
        .collect()
}

/// First page and number of pages of each part; as many parts as there are pages, when there are fewer.
pub(super) fn bounds(extent: Extent, parts: usize) -> impl Iterator<Item = (u64, Pages)> {
    let first = extent.offset() / page_size();
    let pages = extent.pages().0;
    let parts = u64::try_from(parts).unwrap_or(u64::MAX).min(pages);
    (0..parts).map(move |part| {
        let start = share(pages, part, parts);
        (first + start, Pages(share(pages, part + 1, parts) - start))
    })
}

/// `pages * part / parts` without overflow.
pub(super) fn share(pages: u64, part: u64, parts: u64) -> u64 {
    u64::try_from(u128::from(pages) * u128::from(part) / u128::from(parts)).unwrap_or(pages)
}
