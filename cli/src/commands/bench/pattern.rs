//! Which blocks are read, in which order.

use mmapio_core::Extent;
use rand::rngs::SmallRng;
use rand::seq::{SliceRandom, index};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use crate::args::bench::Pattern;

/// What one run reads: blocks of the same length, of which only the last of the file may be shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accesses {
    pub(super) offsets: Vec<u64>,
    /// The part of the file that holds them.
    pub(super) extent: Extent,
    /// What is read, as often as it is.
    pub(super) bytes: u64,
}

impl Accesses {
    /// Where is read, each place once.
    pub(super) fn places(&self) -> Vec<u64> {
        let mut places = self.offsets.clone();
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// What all runs of a scenario have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    pub(super) pattern: Pattern,
    /// The part of the file that may be read; it begins with a page.
    pub(super) extent: Extent,
    /// Bytes that are to be read.
    pub(super) bytes: u64,
}

impl Ground {
    /// The accesses of a round in blocks of this size. In order, all sizes of blocks read the same bytes.
    pub(super) fn accesses(&self, block: usize, largest: usize, round: u64, seed: u64) -> Accesses {
        let mut random =
            SmallRng::seed_from_u64(seed ^ round.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let block = block as u64;
        match self.pattern {
            Pattern::Sequential => self.sequential(block, largest as u64, &mut random),
            _ => self.scattered(block, &mut random),
        }
    }

    /// A part of the file, another one in each round.
    fn sequential(&self, block: u64, largest: u64, random: &mut SmallRng) -> Accesses {
        let unit = largest.next_multiple_of(1 << 20);
        let length = self.bytes.min(self.extent.length());
        let room = (self.extent.length() - length) / unit;
        let start = self.extent.offset() + random.random_range(0..=room) * unit;
        let extent = Extent::new(start, length);
        let offsets = (0..length.div_ceil(block)).map(|at| start + at * block).collect();
        Accesses { offsets, extent, bytes: length }
    }

    fn scattered(&self, block: u64, random: &mut SmallRng) -> Accesses {
        let blocks = self.extent.length().div_ceil(block);
        // Rounded up, so that a shorter last block does not make each round shorter than the one before.
        let count = self.bytes.div_ceil(block).max(1);
        let numbers = self.numbers(blocks, count, block, random);
        let offsets: Vec<u64> =
            numbers.into_iter().map(|number| self.extent.offset() + number * block).collect();
        let end = self.extent.end();
        let bytes = offsets.iter().map(|offset| block.min(end - offset)).sum();
        Accesses { offsets, extent: self.extent, bytes }
    }

    fn numbers(&self, blocks: u64, count: u64, block: u64, random: &mut SmallRng) -> Vec<u64> {
        let most = usize::try_from(blocks).unwrap_or(usize::MAX);
        let wanted = usize::try_from(count).unwrap_or(usize::MAX).min(most);
        match self.pattern {
            Pattern::Random | Pattern::Sequential => {
                let mut numbers: Vec<u64> =
                    index::sample(random, most, wanted).into_iter().map(|number| number as u64).collect();
                numbers.shuffle(random);
                numbers
            }
            Pattern::Stride(bytes) => {
                let step = (bytes / block).max(1);
                // Where it comes round it begins one block further on.
                (0..count.min(blocks)).map(|at| strided(at, step, blocks)).collect()
            }
            Pattern::Zipf(exponent) => {
                let scatter = random.random::<u64>();
                #[expect(clippy::cast_precision_loss, reason = "a rank, not a place")]
                let ranks = Zipf::new(blocks as f64, exponent);
                let rank = |random: &mut SmallRng| ranks.as_ref().map_or(1.0, |ranks| ranks.sample(random));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rank is at least 1"
                )]
                (0..count).map(|_| place_of(rank(random) as u64, scatter, blocks)).collect()
            }
        }
    }
}

/// The number of the block that comes at this turn: each comes once. The first laps have one more where they do not come out even.
fn strided(at: u64, step: u64, blocks: u64) -> u64 {
    let (shorter, longer_laps) = (blocks / step, blocks % step);
    let in_longer = longer_laps * (shorter + 1);
    match at.checked_sub(in_longer) {
        None => at % (shorter + 1) * step + at / (shorter + 1),
        Some(at) => at % shorter.max(1) * step + longer_laps + at / shorter.max(1),
    }
}

/// Where the block of this rank is: those that are read most lie anywhere.
fn place_of(rank: u64, scatter: u64, blocks: u64) -> u64 {
    let mut mixed = rank.wrapping_add(scatter);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accesses(pattern: Pattern, length: u64, bytes: u64, block: usize) -> Accesses {
        Ground { pattern, extent: Extent::new(4096, length), bytes }.accesses(block, block, 0, 7)
    }

    #[test]
    fn all_that_is_read_lies_inside() {
        for pattern in [Pattern::Sequential, Pattern::Random, Pattern::Stride(65536), Pattern::Zipf(1.1)] {
            for (length, bytes, block) in
                [(1, 1, 4096), (5000, 1 << 20, 4096), (1 << 20, 1 << 16, 8), (1 << 22, 1 << 22, 1 << 20)]
            {
                let found = accesses(pattern, length, bytes, block);
                assert!(!found.offsets.is_empty(), "{pattern} {length} {bytes} {block}");
                for offset in &found.offsets {
                    assert!((4096..4096 + length).contains(offset), "{pattern}: {offset} of {length}");
                }
            }
        }
    }

    #[test]
    fn at_random_each_block_comes_once() {
        let mut found = accesses(Pattern::Random, 1 << 20, 1 << 20, 4096).offsets;
        assert!(!found.is_sorted(), "in order");
        found.sort_unstable();
        assert_eq!(found, (1..=256).map(|at| at * 4096).collect::<Vec<u64>>());
    }

    #[test]
    fn in_order_all_blocks_read_the_same() {
        let ground =
            Ground { pattern: Pattern::Sequential, extent: Extent::new(0, 64 << 20), bytes: 3 << 20 };
        let of = |block| ground.accesses(block, 1 << 20, 5, 3);
        assert_eq!(of(4096).extent, of(1 << 20).extent);
        assert_eq!(of(4096).bytes, of(1 << 20).bytes);
        assert_ne!(of(4096).extent, ground.accesses(4096, 1 << 20, 6, 3).extent);
    }

    #[test]
    fn strides_come_round() {
        let found = accesses(Pattern::Stride(8 * 4096), 1 << 20, 1 << 20, 4096).offsets;
        assert_eq!(found.get(..3), Some(&[4096, 9 * 4096, 17 * 4096][..]));
        let mut all = found;
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 256);
    }

    #[test]
    fn strides_miss_no_block_where_they_do_not_come_out_even() {
        for (blocks, step) in
            [(74, 16), (1, 1), (1, 9), (5, 9), (64, 16), (63, 16), (65, 16), (7, 7), (100, 1)]
        {
            let mut all: Vec<u64> = (0..blocks).map(|at| strided(at, step, blocks)).collect();
            assert!(
                all.windows(2).all(|pair| pair[1] != pair[0] + 1 || step == 1 || step >= blocks),
                "{all:?}"
            );
            all.sort_unstable();
            assert_eq!(all, (0..blocks).collect::<Vec<u64>>(), "{step}");
        }
    }

    #[test]
    fn some_blocks_come_far_more_often() {
        let found = accesses(Pattern::Zipf(1.2), 1 << 24, 1 << 24, 4096).offsets;
        let mut counts = std::collections::HashMap::new();
        found.iter().for_each(|offset| *counts.entry(offset).or_insert(0) += 1);
        assert!(counts.values().max() > Some(&(found.len() / 20)) && counts.len() > 100);
    }
}
