//! Finding which pages are resident with the fewest and cheapest questions.
//!
//! Counting a range is cheap where memory holds it in large pieces or not at all; reading the page map costs the same for
//! every page. So ranges are counted, doubling as long as each is wholly resident or wholly absent, and a mixed one is
//! halved until it is small enough that its map is the cheaper question. Where map after map turns out finely mixed,
//! counting is given up for growing stretches of map, until one of them is calm again: the cost is that of the
//! fragmentation, and never much more than that of reading the whole map.

use crate::error::Result;

/// What answers about a file's pages.
pub(crate) trait PageSource {
    /// How many of `pages` pages from page `first` are resident; none when only the map can tell.
    fn resident(&mut self, first: u64, pages: u64) -> Result<Option<u64>>;

    /// Which of the pages from page `first` are resident: bit 0 of each byte.
    fn map(&mut self, first: u64, pages: &mut [u8]) -> Result<()>;
}

/// Neighbouring pages in one state; the next span may be in the same state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) resident: bool,
    pub(crate) pages: u64,
}

/// A mixed range of this many pages or fewer is read by map.
const LEAF: u64 = 64;
/// The first count is asked of this many pages.
const FIRST_COUNT: u64 = 512;
/// The first stretch read by map instead of counted, and the longest.
const FIRST_MAP: u64 = 512;
const LONGEST_MAP: u64 = 16 << 10;
/// After this many finely mixed leaves in a row counting is given up for a stretch.
const PATIENCE: u32 = 3;
/// A map is finely mixed when its spans are shorter than this on average: halving down to such spans costs more calls
/// than the map.
const FINE: u64 = 24;

/// The spans of a range of pages, in order.
#[derive(Debug)]
pub(crate) struct Spans<S> {
    source: S,
    next: u64,
    end: u64,
    count: u64,
    stretch: u64,
    fine_leaves: u32,
    /// The source cannot count: from here on nothing else is asked.
    only_map: bool,
    /// Ranges still to look at: first page, pages, resident pages where a neighbour's count told. They end at `next`, and the last
    /// one comes first.
    stack: Vec<(u64, u64, Option<u64>)>,
    map: Vec<u8>,
    at: usize,
}

impl<S: PageSource> Spans<S> {
    pub(crate) fn new(source: S, first: u64, pages: u64) -> Self {
        Self {
            source,
            next: first,
            end: first.saturating_add(pages),
            count: FIRST_COUNT,
            stretch: 0,
            fine_leaves: 0,
            only_map: false,
            stack: Vec::new(),
            map: Vec::new(),
            at: 0,
        }
    }

    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    /// The next span; none at the end.
    #[inline]
    pub(crate) fn next_span(&mut self) -> Result<Option<Span>> {
        if let Some(span) = self.span_of_map() {
            return Ok(Some(span));
        }
        self.ask()
    }

    /// The next span of the map that was read last.
    #[inline]
    fn span_of_map(&mut self) -> Option<Span> {
        let rest = self.map.get(self.at..)?;
        let first = rest.first()? & 1;
        let length = rest.iter().position(|byte| byte & 1 != first).unwrap_or(rest.len());
        self.at += length;
        Some(Span { resident: first == 1, pages: length as u64 })
    }

    fn ask(&mut self) -> Result<Option<Span>> {
        loop {
            let (first, pages, known) = match self.stack.pop() {
                Some(range) => range,
                None if self.next >= self.end => return Ok(None),
                None if self.stretch > 0 => {
                    self.read_stretch()?;
                    return Ok(self.span_of_map());
                }
                None => self.next_range(),
            };
            let resident = match known {
                Some(resident) => Some(resident),
                None => self.source.resident(first, pages)?,
            };
            match resident {
                Some(0) => return Ok(Some(self.uniform(false, pages))),
                Some(resident) if resident >= pages => return Ok(Some(self.uniform(true, pages))),
                Some(resident) if pages > LEAF => self.halve(first, pages, resident)?,
                Some(_) => {
                    self.read_leaf(first, pages)?;
                    return Ok(self.span_of_map());
                }
                None => {
                    self.only_map = true;
                    self.stack.clear();
                    self.next = first;
                    self.stretch = LONGEST_MAP;
                }
            }
        }
    }

    /// The next range to count, at the end of what was looked at.
    fn next_range(&mut self) -> (u64, u64, Option<u64>) {
        let first = self.next;
        let pages = self.count.min(self.end - first);
        self.next = first + pages;
        (first, pages, None)
    }

    /// A uniform range: the next count may be of twice as many pages.
    fn uniform(&mut self, resident: bool, pages: u64) -> Span {
        if self.stack.is_empty() {
            self.count = self.count.saturating_mul(2);
            self.fine_leaves = 0;
        }
        Span { resident, pages }
    }

    /// Counts the left half; the right half should have what remains. That only saves the question whether it is mixed, too:
    /// the two counts are of different moments, so that a half is uniform is believed only when it was said of that half.
    fn halve(&mut self, first: u64, pages: u64, resident: u64) -> Result<()> {
        let left = pages / 2;
        let right = pages - left;
        let in_left = self.source.resident(first, left)?;
        let in_right = in_left
            .and_then(|in_left| resident.checked_sub(in_left))
            .filter(|in_right| (1..right).contains(in_right));
        self.count = (pages / 2).max(FIRST_COUNT);
        self.stack.push((first + left, right, in_right));
        self.stack.push((first, left, in_left));
        Ok(())
    }

    fn read_leaf(&mut self, first: u64, pages: u64) -> Result<()> {
        self.read(first, pages)?;
        if !self.is_fine() {
            self.fine_leaves = 0;
            return Ok(());
        }
        self.fine_leaves += 1;
        if self.fine_leaves >= PATIENCE {
            self.stack.clear();
            self.next = first + pages;
            self.stretch = FIRST_MAP;
        }
        Ok(())
    }

    /// Reads the next stretch by map; a fine one makes the next one longer, a calm one ends the reading.
    fn read_stretch(&mut self) -> Result<()> {
        let first = self.next;
        let pages = self.stretch.min(self.end - first);
        self.next = first + pages;
        self.read(first, pages)?;
        if self.only_map || self.is_fine() {
            self.stretch = self.stretch.saturating_mul(2).min(LONGEST_MAP);
        } else {
            self.stretch = 0;
            self.fine_leaves = 0;
            self.count = FIRST_COUNT;
        }
        Ok(())
    }

    fn read(&mut self, first: u64, pages: u64) -> Result<()> {
        self.map.resize(usize::try_from(pages).unwrap_or(0), 0);
        self.at = 0;
        self.source.map(first, &mut self.map)
    }

    /// Whether the map just read changes state so often that counting would not have helped.
    fn is_fine(&self) -> bool {
        let changes: u64 =
            self.map.iter().zip(self.map.iter().skip(1)).map(|(a, b)| u64::from((a ^ b) & 1)).sum();
        (changes + 1) * FINE > self.map.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(page: u64) -> usize {
        usize::try_from(page).unwrap()
    }

    /// A file in memory that counts what it is asked.
    struct Fake {
        pages: Vec<bool>,
        counted: u64,
        mapped: u64,
        only_map: bool,
    }

    impl PageSource for Fake {
        fn resident(&mut self, first: u64, pages: u64) -> Result<Option<u64>> {
            if self.only_map {
                return Ok(None);
            }
            self.counted += 1;
            let asked = index(first)..index(first + pages);
            Ok(Some(self.pages[asked].iter().filter(|resident| **resident).count() as u64))
        }

        fn map(&mut self, first: u64, pages: &mut [u8]) -> Result<()> {
            self.mapped += pages.len() as u64;
            for (byte, resident) in pages.iter_mut().zip(&self.pages[index(first)..]) {
                // The kernel may set other bits: only bit 0 counts.
                *byte = u8::from(*resident) | 0b10;
            }
            Ok(())
        }
    }

    fn found(pages: &[bool], only_map: bool) -> (Vec<bool>, Fake) {
        let fake = Fake { pages: pages.to_vec(), counted: 0, mapped: 0, only_map };
        let mut spans = Spans::new(fake, 0, pages.len() as u64);
        let mut found = Vec::new();
        while let Some(span) = spans.next_span().unwrap() {
            assert!(span.pages > 0);
            found.extend(std::iter::repeat_n(span.resident, index(span.pages)));
        }
        (found, spans.source)
    }

    /// Stretches of one kind of residency after another: uniform ones, fine ones, random ones.
    fn patterns() -> impl Strategy<Value = Vec<bool>> {
        let stretch = prop_oneof![
            (any::<bool>(), 1_usize..6000).prop_map(|(state, length)| vec![state; length]),
            (1_usize..5, 1_usize..3000)
                .prop_map(|(period, length)| (0..length).map(|page| page % period == 0).collect()),
            proptest::collection::vec(any::<bool>(), 1..2000),
        ];
        proptest::collection::vec(stretch, 0..6).prop_map(|stretches| stretches.concat())
    }

    proptest! {
        #[test]
        fn spans_are_the_map(pages in patterns(), only_map in any::<bool>()) {
            prop_assert_eq!(found(&pages, only_map).0, pages);
        }

        #[test]
        fn the_map_is_never_read_twice(pages in patterns()) {
            let (_, fake) = found(&pages, false);
            prop_assert!(fake.mapped <= pages.len() as u64);
        }
    }

    #[test]
    fn a_uniform_file_is_asked_a_few_times() {
        for state in [false, true] {
            let (_, fake) = found(&vec![state; 1 << 20], false);
            assert_eq!(fake.mapped, 0);
            assert!(fake.counted <= 12, "{} counts", fake.counted);
        }
    }

    #[test]
    fn a_finely_mixed_file_is_read_by_map() {
        let pages: Vec<bool> = (0..1 << 18).map(|page| page % 2 == 0).collect();
        let (_, fake) = found(&pages, false);
        assert!(fake.counted < 60, "{} counts", fake.counted);
    }

    /// Half resident when it is counted as a whole, wholly resident from the second question on.
    struct Warming(u64);

    impl PageSource for Warming {
        fn resident(&mut self, _first: u64, pages: u64) -> Result<Option<u64>> {
            self.0 += 1;
            Ok(Some(if self.0 == 1 { pages / 2 } else { pages }))
        }

        fn map(&mut self, _first: u64, pages: &mut [u8]) -> Result<()> {
            pages.fill(1);
            Ok(())
        }
    }

    #[test]
    fn what_was_never_said_is_not_concluded() {
        let mut spans = Spans::new(Warming(0), 0, FIRST_COUNT);
        while let Some(span) = spans.next_span().unwrap() {
            assert!(span.resident, "no answer ever said that a range is absent: {span:?}");
        }
    }

    #[test]
    fn one_change_costs_a_halving() {
        let mut pages = vec![true; 1 << 18];
        pages[100_000..].fill(false);
        let (_, fake) = found(&pages, false);
        assert!(fake.mapped <= LEAF, "{} pages by map", fake.mapped);
        assert!(fake.counted < 60, "{} counts", fake.counted);
    }
}
