//! Large folios: pages that the kernel keeps or drops together only. It does not tell where they are; what is known is that
//! they lie at multiples of their size, a power of two, and that all of one is in memory or nothing.

use crate::error::Result;
use crate::page::page_size;
use crate::residency::Prober;
use crate::sys;

use super::pages::PageSet;

/// The pages of the largest folio.
fn most_pages() -> u64 {
    /// Where the kernel has no huge pages it makes folios of 256 pages at most.
    const WITHOUT_HUGE_PAGES: u64 = 256;
    sys::huge_page_size().map_or(WITHOUT_HUGE_PAGES, |size| size / page_size())
}

/// The places where a folio that has this page may lie, from the smallest on.
fn around(page: u64) -> impl Iterator<Item = (u64, u64)> {
    let sizes = std::iter::successors(Some(2_u64), |size| size.checked_mul(2));
    sizes.take_while(|size| *size <= most_pages()).map(move |size| {
        let first = page - page % size;
        (first, first.saturating_add(size))
    })
}

/// The pages of `held` with those that can be in one folio with them: a process that holds a page keeps all of its folio.
/// All of a folio stayed, so it lies in `stayed`.
pub(super) fn with_folios(held: &PageSet, stayed: (u64, u64)) -> PageSet {
    let mut whole = held.clone();
    for (first, end) in held.runs() {
        for page in [first, end - 1] {
            let fits = |block: &(u64, u64)| stayed.0 <= block.0 && block.1 <= stayed.1;
            if let Some(block) = around(page).take_while(fits).last() {
                whole.insert(block.0, block.1);
            }
        }
    }
    whole
}

/// The pages that can be in one folio across page `edge`, on both sides of it; none when there can be no such folio. The
/// file has `pages` pages.
pub(super) fn across(prober: &mut Prober<'_>, edge: u64, pages: u64) -> Result<PageSet> {
    let mut found = PageSet::default();
    for (first, end) in around(edge).filter(|block| block.0 < edge) {
        let end = end.min(pages);
        if end <= edge || prober.counts(first, end - first)?.resident < end - first {
            break;
        }
        found = PageSet::of(first, end);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_in_a_folio_keeps_no_more_than_can_be_one() {
        let grown = |page: u64, stayed| with_folios(&PageSet::of(page, page + 1), stayed);
        assert_eq!(grown(5, (5, 6)), PageSet::of(5, 6), "a page alone");
        assert_eq!(grown(5, (4, 8)), PageSet::of(4, 8));
        assert_eq!(grown(5, (3, 9)), PageSet::of(4, 8));
        assert_eq!(grown(5, (5, 16)), PageSet::of(5, 6), "no folio begins at 5");
        let most = most_pages();
        assert_eq!(grown(5, (0, 8 * most)), PageSet::of(0, most));
        let two = with_folios(&PageSet::of(most - 1, most + 1), (0, 2 * most));
        assert_eq!(two, PageSet::of(0, 2 * most));
    }
}
