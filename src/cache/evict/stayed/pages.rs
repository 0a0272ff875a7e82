//! Sets of pages.

use crate::extent::Extent;
use crate::page::{Pages, page_size};

/// A set of pages of a file: runs of page numbers from the first up to, not including, the second; ascending, with gaps between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cache::evict) struct PageSet(Vec<(u64, u64)>);

impl PageSet {
    pub(in crate::cache::evict) fn of(first: u64, end: u64) -> Self {
        let mut set = Self::default();
        set.insert(first, end);
        set
    }

    pub(in crate::cache::evict) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::cache::evict) fn len(&self) -> Pages {
        Pages(self.0.iter().map(|(first, end)| end - first).sum())
    }

    pub(in crate::cache::evict) fn runs(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// From the first page to behind the last; none when there is none.
    pub(in crate::cache::evict) fn hull(&self) -> Option<(u64, u64)> {
        self.0.first().zip(self.0.last()).map(|(first, last)| (first.0, last.1))
    }

    pub(in crate::cache::evict) fn has(&self, page: u64) -> bool {
        self.0.get(self.0.partition_point(|run| run.1 <= page)).is_some_and(|run| run.0 <= page)
    }

    /// Adds a run; cheap at the end.
    pub(in crate::cache::evict) fn insert(&mut self, first: u64, end: u64) {
        if first >= end {
            return;
        }
        let from = self.0.partition_point(|run| run.1 < first);
        let to = self.0.partition_point(|run| run.0 <= end);
        let touched = self.0.get(from..to).unwrap_or_default();
        let first = touched.first().map_or(first, |run| run.0.min(first));
        let end = touched.last().map_or(end, |run| run.1.max(end));
        self.0.splice(from..to, [(first, end)]);
    }

    /// Adds the pages that an extent touches.
    pub(in crate::cache::evict) fn insert_extent(&mut self, extent: &Extent) {
        let first = extent.offset() / page_size();
        self.insert(first, first + extent.pages().0);
    }

    pub(in crate::cache::evict) fn insert_all(&mut self, other: &Self) {
        other.runs().for_each(|(first, end)| self.insert(first, end));
    }

    /// The pages of both.
    pub(in crate::cache::evict) fn intersection(&self, other: &Self) -> Self {
        let mut common = Self::default();
        let mut others = other.0.as_slice();
        for &(first, end) in &self.0 {
            others = others.get(others.partition_point(|run| run.1 <= first)..).unwrap_or_default();
            for other in others.iter().take_while(|other| other.0 < end) {
                common.insert(first.max(other.0), end.min(other.1));
            }
        }
        common
    }

    /// The pages of this one alone.
    pub(in crate::cache::evict) fn difference(&self, other: &Self) -> Self {
        let mut left = Self::default();
        for &(first, end) in &self.0 {
            let mut at = first;
            for (from, to) in Self::of(first, end).intersection(other).runs() {
                left.insert(at, from);
                at = to;
            }
            left.insert(at, end);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(runs: &[(u64, u64)]) -> (PageSet, BTreeSet<u64>) {
        let mut pages = PageSet::default();
        runs.iter().for_each(|(first, length)| pages.insert(*first, first + length));
        (pages, runs.iter().flat_map(|(first, length)| *first..first + length).collect())
    }

    fn members(pages: &PageSet) -> BTreeSet<u64> {
        let gaps = pages.0.windows(2).all(|pair| matches!(pair, [a, b] if a.1 < b.0));
        assert!(gaps && pages.0.iter().all(|run| run.0 < run.1), "{pages:?}");
        pages.runs().flat_map(|(first, end)| first..end).collect()
    }

    fn runs() -> impl Strategy<Value = Vec<(u64, u64)>> {
        proptest::collection::vec((0_u64..60, 0_u64..8), 0..12)
    }

    proptest! {
        #[test]
        fn they_are_the_sets_they_stand_for(a in runs(), b in runs()) {
            let ((a, of_a), (b, of_b)) = (set(&a), set(&b));
            prop_assert_eq!(&members(&a), &of_a);
            prop_assert_eq!(a.len().0, of_a.len() as u64);
            prop_assert_eq!(members(&a.intersection(&b)), of_a.intersection(&of_b).copied().collect());
            prop_assert_eq!(members(&a.difference(&b)), of_a.difference(&of_b).copied().collect());
            prop_assert!((0..80).all(|page| a.has(page) == of_a.contains(&page)));
            prop_assert_eq!(a.hull(), of_a.first().zip(of_a.last()).map(|(first, last)| (*first, last + 1)));
            let mut both = a;
            both.insert_all(&b);
            prop_assert_eq!(members(&both), of_a.union(&of_b).copied().collect());
        }
    }
}
