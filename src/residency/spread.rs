//! How residency is spread over a file: its thirds, and how long the resident runs are.

use crate::error::Result;
use crate::extent::ByteRange;
use crate::page::Pages;
use crate::residency::{Part, Prober, RunState, histogram};

/// A bucket for each power of two that 64 bits hold.
const BUCKETS: usize = 64;

/// How many resident runs there are, and how long they are: by powers of two of bytes, so that memory stays the same however many
/// there are. A run is as long as the memory of its pages.
///
/// ```
/// use mmapio_core::{Pages, RunLengths, page_size};
/// let mut lengths = RunLengths::default();
/// [1, 1, 5].map(|pages| lengths.add(Pages(pages)));
/// assert_eq!((lengths.runs(), lengths.pages()), (3, Pages(7)));
/// assert_eq!(lengths.longest(), Some(Pages(5)));
/// assert_eq!(lengths.median_bytes(), Some(page_size()));
/// assert_eq!(lengths.buckets().collect::<Vec<_>>(), [(page_size(), 2), (4 * page_size(), 1)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLengths {
    buckets: [u64; BUCKETS],
    pages: Pages,
    shortest: Option<Pages>,
    longest: Option<Pages>,
}

impl Default for RunLengths {
    /// Of no runs.
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], pages: Pages(0), shortest: None, longest: None }
    }
}

impl RunLengths {
    /// Adds a run; one without pages is none.
    pub fn add(&mut self, pages: Pages) {
        let Some(bucket) = pages.bytes().checked_ilog2() else { return };
        if let Some(count) = self.buckets.get_mut(bucket as usize) {
            *count += 1;
        }
        self.pages += pages;
        self.shortest = Some(self.shortest.map_or(pages, |shortest| shortest.min(pages)));
        self.longest = self.longest.max(Some(pages));
    }

    /// Adds the runs of others.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(count, more)| *count += more);
        self.pages += other.pages;
        self.shortest = self.shortest.into_iter().chain(other.shortest).min();
        self.longest = self.longest.max(other.longest);
    }

    /// How many.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The pages of all of them.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.pages
    }

    /// The shortest one; none where there is none.
    #[must_use]
    pub fn shortest(&self) -> Option<Pages> {
        self.shortest
    }

    /// The longest one.
    #[must_use]
    pub fn longest(&self) -> Option<Pages> {
        self.longest
    }

    /// The length in bytes of the middle one, of two that of the shorter, rounded down to a power of two: more is not known of it.
    #[must_use]
    pub fn median_bytes(&self) -> Option<u64> {
        let middle = self.runs().div_ceil(2);
        let mut counted = 0;
        self.buckets().find_map(|(bytes, runs)| {
            counted += runs;
            (counted >= middle).then_some(bytes)
        })
    }

    /// The lengths that there are runs of: a power of two of bytes, and how many runs are as long or longer, but shorter than twice that.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.buckets.iter().enumerate().filter(|(_, runs)| **runs > 0).map(|(bit, runs)| (1 << bit, *runs))
    }
}

/// How residency is spread over a file or a range of it, or over many; see [`Prober::spread`].
///
/// ```
/// use mmapio_core::{Pages, Spread};
/// let mut spread = Spread::of_pages(Pages(9));
/// spread.add(Pages(2), Pages(5));
/// assert_eq!(spread.thirds().unwrap().map(|third| third.resident), [Pages(1), Pages(3), Pages(1)]);
/// spread.merge(&Spread::unknown());
/// assert_eq!((spread.thirds(), spread.lengths()), (None, None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    known: bool,
    thirds: [Part; 3],
    lengths: RunLengths,
}

impl Spread {
    /// Of so many pages, none of which is resident yet.
    #[must_use]
    pub fn of_pages(pages: Pages) -> Self {
        let start = |third| histogram::share(pages.0, third, 3);
        let third = |at| Part { pages: Pages(start(at + 1) - start(at)), resident: Pages(0) };
        Self { known: true, thirds: [third(0), third(1), third(2)], lengths: RunLengths::default() }
    }

    /// Of something of which that cannot be known.
    #[must_use]
    pub fn unknown() -> Self {
        Self { known: false, ..Self::of_pages(Pages(0)) }
    }

    /// Adds a resident run of `pages` pages after the first `skipped` ones.
    pub fn add(&mut self, skipped: Pages, pages: Pages) {
        self.lengths.add(pages);
        let (start, end) = (skipped.0, skipped.0.saturating_add(pages.0));
        let mut from = 0;
        for third in &mut self.thirds {
            let to = from + third.pages.0;
            third.resident += Pages(end.min(to).saturating_sub(start.max(from)));
            from = to;
        }
    }

    /// Adds another file: the thirds with their pages, the runs as they are. With an unknown one all is unknown.
    pub fn merge(&mut self, other: &Self) {
        self.known &= other.known;
        for (third, more) in self.thirds.iter_mut().zip(&other.thirds) {
            third.pages += more.pages;
            third.resident += more.resident;
        }
        self.lengths.merge(&other.lengths);
    }

    /// The first, middle and last third; some have no pages where there are fewer than three.
    #[must_use]
    pub fn thirds(&self) -> Option<[Part; 3]> {
        self.known.then_some(self.thirds)
    }

    /// How long the resident runs are.
    #[must_use]
    pub fn lengths(&self) -> Option<&RunLengths> {
        self.known.then_some(&self.lengths)
    }
}

impl Prober<'_> {
    /// How residency is spread over `range`: found by its [runs](Self::runs), at their cost and in constant memory.
    ///
    /// # Errors
    /// As each run: [`ErrorKind::Unknown`](crate::ErrorKind::Unknown) when that cannot be known.
    ///
    /// ```
    /// # use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober};
    /// # let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
    /// let spread = Prober::new(&file, ProbeChoice::Auto).spread(ByteRange::WHOLE).unwrap();
    /// let resident = spread.thirds().unwrap().iter().map(|third| third.resident).sum();
    /// assert_eq!(spread.lengths().unwrap().pages(), resident);
    /// ```
    pub fn spread(self, range: ByteRange) -> Result<Spread> {
        let extent = range.within(self.file().size());
        let mut spread = Spread::of_pages(extent.pages());
        for run in self.runs(range) {
            let run = run?;
            if run.state == RunState::Resident {
                spread.add(Pages::holding(run.extent.offset() - extent.offset()), run.extent.pages());
            }
        }
        Ok(spread)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::page::page_size;

    /// Runs with gaps between them: how many pages are skipped, then resident.
    fn runs() -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((1..300_u64, 1..3000_u64), 0..40)
    }

    /// Where the runs start, how long they are, and how many pages there are with `after` behind them.
    fn laid_out(runs: &[(u64, u64)], after: u64) -> (Vec<(u64, u64)>, u64) {
        let mut at = 0;
        let mut starts = Vec::new();
        for (gap, length) in runs {
            starts.push((at + gap, *length));
            at += gap + length;
        }
        (starts, at + after)
    }

    fn spread_of(runs: &[(u64, u64)], pages: u64) -> Spread {
        let mut spread = Spread::of_pages(Pages(pages));
        runs.iter().for_each(|(start, length)| spread.add(Pages(*start), Pages(*length)));
        spread
    }

    proptest! {
        #[test]
        fn thirds_and_buckets_are_those_of_the_pages(runs in runs(), after in 0..5_u64) {
            let (runs, pages) = laid_out(&runs, after);
            let spread = spread_of(&runs, pages);
            let is_resident = |page: &u64| runs.iter().any(|(start, length)| (*start..start + length).contains(page));
            for (at, third) in (0..).zip(spread.thirds().unwrap()) {
                let counted = (pages * at / 3..pages * (at + 1) / 3).filter(is_resident).count();
                prop_assert_eq!(third.resident, Pages(counted as u64));
            }
            let lengths = spread.lengths().unwrap();
            let resident: u64 = runs.iter().map(|(_, length)| length).sum();
            prop_assert_eq!(lengths.pages(), Pages(resident));
            prop_assert_eq!(lengths.runs(), runs.len() as u64);
            let (least, most) = lengths.buckets().fold((0, 0), |(least, most), (bytes, runs)| {
                (least + bytes * runs, most + (2 * bytes - 1) * runs)
            });
            prop_assert!((least..=most).contains(&Pages(resident).bytes()));
        }

        #[test]
        fn the_median_is_rounded_down_to_a_power_of_two(mut lengths in prop::collection::vec(1..100_000_u64, 1..50)) {
            let mut found = RunLengths::default();
            lengths.iter().for_each(|pages| found.add(Pages(*pages)));
            lengths.sort_unstable();
            let median = lengths[(lengths.len() - 1) / 2] * page_size();
            prop_assert_eq!(found.median_bytes(), Some(1 << median.ilog2()));
            prop_assert_eq!(found.shortest(), Some(Pages(lengths[0])));
            prop_assert_eq!(found.longest(), lengths.last().map(|pages| Pages(*pages)));
        }

        #[test]
        fn it_does_not_matter_how_files_are_put_together(a in runs(), b in runs()) {
            let ((a, a_pages), (b, b_pages)) = (laid_out(&a, 1), laid_out(&b, 2));
            let (mut one, other) = (spread_of(&a, a_pages), spread_of(&b, b_pages));
            let mut turned = other.clone();
            turned.merge(&one);
            one.merge(&other);
            prop_assert_eq!(&one, &turned);
            prop_assert_eq!(one.lengths().unwrap().runs(), (a.len() + b.len()) as u64);
        }
    }

    #[test]
    fn of_nothing_there_is_no_median_and_the_largest_run_has_a_bucket() {
        let mut lengths = RunLengths::default();
        lengths.add(Pages(0));
        assert_eq!((lengths.runs(), lengths.median_bytes(), lengths.shortest()), (0, None, None));
        lengths.add(Pages(u64::MAX));
        assert_eq!(lengths.median_bytes(), Some(1 << 63));
    }

    #[test]
    fn fewer_than_three_pages_are_in_fewer_thirds() {
        let pages = |pages| Spread::of_pages(Pages(pages)).thirds().unwrap().map(|third| third.pages.0);
        assert_eq!(pages(0), [0, 0, 0]);
        assert_eq!(pages(1), [0, 0, 1]);
        assert_eq!(pages(2), [0, 1, 1]);
        assert_eq!(pages(u64::MAX).iter().sum::<u64>(), u64::MAX);
    }
}
