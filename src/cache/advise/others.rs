//! Advice about the mappings of another process.

use std::collections::VecDeque;

use super::{Advising, Done};
use crate::cache::extents::joined;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::Extent;
use crate::page::Pages;
use crate::process::AdvisedProcess;
use crate::sys::errno;

/// Ranges of one call: the kernel takes no more (`IOV_MAX`).
const MOST_RANGES: usize = 1024;
/// Bytes of one call: between two of them it can be interrupted.
const CALL_BYTES: u64 = 1 << 30;

/// A range of addresses and its length.
type Range = (u64, u64);

impl Advising<'_> {
    pub(super) fn advise_process(&self, process: &AdvisedProcess) -> Result<Done> {
        let (ranges, mapped) = self.mapped_by(process);
        if mapped.is_empty() {
            return Err(Error::new("process_madvise", ErrorKind::NotMapped { pid: process.pid() }));
        }
        let mut done = Done { asked: mapped.iter().map(Extent::pages).sum(), ..Done::default() };
        if !self.dry_run {
            let left = self.advise_ranges(process, ranges, &mut done)?;
            if left > 0 {
                done.outcome.interrupted = Pages::holding(left).min(done.asked);
            }
        }
        Ok(done)
    }

    /// Where the process has the extents, and what of the file that is, each page once.
    fn mapped_by(&self, process: &AdvisedProcess) -> (Vec<Range>, Vec<Extent>) {
        let (mut ranges, mut parts) = (Vec::new(), Vec::new());
        for mapping in process.mappings_of(self.file) {
            for extent in self.extents {
                ranges.extend(mapping.addresses(*extent).into_iter().flat_map(in_pieces));
                parts.extend(mapping.part(*extent));
            }
        }
        (ranges, joined(parts))
    }

    /// Advises all ranges; the bytes that were left when the run was interrupted.
    fn advise_ranges(&self, process: &AdvisedProcess, ranges: Vec<Range>, done: &mut Done) -> Result<u64> {
        let number = self.advice.number_for_others().unwrap_or(-1);
        let mut left = VecDeque::from(ranges);
        while !left.is_empty() && !self.observer.is_stopped() {
            match process.advise(&first_of(&left), number) {
                Ok(advised) if advised > 0 => {
                    self.observer.advance(advised);
                    drop_front(&mut left, advised);
                }
                Ok(_) => drop(left.pop_front()),
                Err(error) => {
                    let ended =
                        matches!(error.raw_os_error(), Some(errno::ESRCH | errno::EPERM | errno::EACCES));
                    let error = process.failure(self.advice, error);
                    if ended {
                        return Err(error);
                    }
                    done.outcome.error.get_or_insert(error);
                    left.pop_front();
                }
            }
        }
        Ok(left.iter().map(|(_, length)| length).sum())
    }
}

/// A range in pieces of one call each.
fn in_pieces((start, length): Range) -> impl Iterator<Item = Range> {
    let pieces = length.div_ceil(CALL_BYTES);
    (0..pieces).map(move |piece| {
        let from = piece * CALL_BYTES;
        (start.saturating_add(from), (length - from).min(CALL_BYTES))
    })
}

/// As many of the first ranges as one call takes.
fn first_of(left: &VecDeque<Range>) -> Vec<Range> {
    let mut bytes = 0_u64;
    let fits = |(_, length): &&Range| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(*length);
        first || bytes <= CALL_BYTES
    };
    left.iter().take(MOST_RANGES).take_while(fits).copied().collect()
}

/// Takes away what was advised: whole ranges, and the beginning of the one in which the kernel stopped.
fn drop_front(left: &mut VecDeque<Range>, mut advised: u64) {
    while let Some((start, length)) = left.pop_front() {
        if advised < length {
            left.push_front((start.saturating_add(advised), length - advised));
            return;
        }
        advised -= length;
        if advised == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_into_calls_that_cover_them() {
        let pieces: Vec<_> = in_pieces((4096, 2 * CALL_BYTES + 5)).collect();
        assert_eq!(pieces, [(4096, CALL_BYTES), (4096 + CALL_BYTES, CALL_BYTES), (4096 + 2 * CALL_BYTES, 5)]);
        assert_eq!(in_pieces((7, 0)).count(), 0);
    }

    #[test]
    fn a_call_takes_as_many_ranges_as_it_can_and_at_least_one() {
        let small: VecDeque<_> = (0..3000).map(|at| (at * 8192, 4096)).collect();
        assert_eq!(first_of(&small).len(), MOST_RANGES);
        let large = VecDeque::from([(0, CALL_BYTES), (CALL_BYTES, 4096)]);
        assert_eq!(first_of(&large), [(0, CALL_BYTES)]);
    }

    #[test]
    fn what_was_advised_in_part_goes_on_where_it_stopped() {
        let mut left = VecDeque::from([(0, 10), (100, 10), (200, 10)]);
        drop_front(&mut left, 15);
        assert_eq!(left, [(105, 5), (200, 10)]);
        drop_front(&mut left, 5);
        assert_eq!(left, [(200, 10)]);
        drop_front(&mut left, 99);
        assert!(left.is_empty());
    }

    #[test]
    fn a_page_that_is_mapped_twice_counts_once() {
        let parts = vec![Extent::new(8, 4), Extent::new(0, 4), Extent::new(2, 4)];
        assert_eq!(joined(parts), [Extent::new(0, 6), Extent::new(8, 4)]);
    }
}
