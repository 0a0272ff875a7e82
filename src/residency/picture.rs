//! What a picture of a file is drawn from: how residency, dirty pages and holes are spread over equal parts of it.

use crate::error::Result;
use crate::extent::{ByteRange, Extent};
use crate::page::{Pages, page_size};
use crate::residency::probe::Counts;
use crate::residency::{Holes, Prober, Residency, histogram};

/// In a part that is so finely mixed of data and holes that it has more of them than this, they are not looked up any further.
const MOST_STRETCHES: usize = 256;

/// One of the equal parts of a file, with all that a picture tells apart in it.
///
/// ```
/// # use mmapio_core::{ByteRange, OpenFile, Pages, ProbeChoice, Prober};
/// # let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
/// let (_, parts) = Prober::new(&file, ProbeChoice::Auto).picture(ByteRange::WHOLE, 8).unwrap();
/// for part in parts {
///     assert!(part.resident + part.holes.unwrap_or_default() <= part.pages);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PicturePart {
    /// The pages of the part.
    pub pages: Pages,
    /// Those of them that are in memory.
    pub resident: Pages,
    /// Those of the resident ones that are newer than the storage; none where only mincore(2) could be asked. The kernel counts a
    /// large folio as a whole.
    pub dirty: Option<Pages>,
    /// Those that are neither in memory nor on the storage; none where data and holes change too often to be looked up.
    pub holes: Option<Pages>,
}

impl Prober<'_> {
    /// Counts as [`survey`](Self::survey) does, and tells for each of the `parts` equal parts of the range what else a picture
    /// shows: dirty pages and holes. No parts when residency is unknown.
    ///
    /// Sources: cachestat(2), mincore(2), lseek(2) `SEEK_DATA` and `SEEK_HOLE`. Cost: a system call a part where memory holds
    /// some of the file but not all, or dirty pages; two for each hole in what is not in memory.
    ///
    /// # Errors
    /// As [`residency`](Self::residency).
    pub fn picture(&mut self, range: ByteRange, parts: usize) -> Result<(Residency, Vec<PicturePart>)> {
        self.surveyed(range, |prober, extent| count(prober, extent, parts))
    }
}

fn count(prober: &mut Prober<'_>, extent: Extent, parts: usize) -> Result<(Counts, Vec<PicturePart>)> {
    let all = prober.is_quick().then(|| prober.counts(extent.offset() / page_size(), extent.pages().0));
    let all = all.transpose()?;
    let uniform = all.and_then(|all| uniform(all, extent));
    let mut holes = Holes::new(prober.file());
    let mut found = Vec::with_capacity(parts.min(1 << 10));
    for (first, pages) in histogram::bounds(extent, parts) {
        let mut part = match uniform {
            Some(resident) => part(pages, if resident { pages } else { Pages(0) }, Some(Pages(0))),
            None => asked(prober, first, pages)?,
        };
        part.holes = holes_in(&mut holes, prober, first, part)?;
        found.push(part);
    }
    let sum = || Counts { resident: found.iter().map(|part| part.resident.0).sum(), more: None };
    Ok((all.unwrap_or_else(sum), found))
}

/// Whether all pages are resident, or none, and none is dirty: then the parts need not be asked for.
fn uniform(all: Counts, extent: Extent) -> Option<bool> {
    let is_clean = all.more.is_some_and(|more| more.dirty == 0);
    match all.resident {
        0 => Some(false),
        resident if resident == extent.pages().0 && is_clean => Some(true),
        _ => None,
    }
}

fn asked(prober: &mut Prober<'_>, first: u64, pages: Pages) -> Result<PicturePart> {
    let counts = prober.counts(first, pages.0)?;
    let dirty = counts.more.map(|more| Pages(more.dirty.min(counts.resident)));
    Ok(part(pages, Pages(counts.resident), dirty))
}

fn part(pages: Pages, resident: Pages, dirty: Option<Pages>) -> PicturePart {
    PicturePart { pages, resident, dirty, holes: None }
}

/// How many of a part's pages are in holes and not in memory: where the part is mixed, each hole is asked about.
fn holes_in(
    holes: &mut Holes<'_>,
    prober: &mut Prober<'_>,
    first: u64,
    part: PicturePart,
) -> Result<Option<Pages>> {
    let (mut page, end, mut absent) = (first, first + part.pages.0, 0);
    if part.resident == part.pages {
        return Ok(Some(Pages(0)));
    }
    for _ in 0..MOST_STRETCHES {
        let (is_hole, until) = holes.at(page);
        let pages = until.min(end) - page;
        if is_hole {
            let resident = if part.resident == Pages(0) { 0 } else { prober.counts(page, pages)?.resident };
            absent += pages - resident;
        }
        page += pages;
        if page == end {
            // What is counted twice may have changed in between.
            return Ok(Some(Pages(absent.min(part.pages.0 - part.resident.0))));
        }
    }
    Ok(None)
}
