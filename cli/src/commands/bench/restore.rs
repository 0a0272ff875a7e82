//! What of the file was in memory when we came, and is to be again.

use mmapio_core::{
    ByteRange, Error, EvictOptions, Extent, OpenFile, ProbeChoice, Prober, RunState, Unobserved, WarmOptions,
    evict, extents_of, warm,
};

use super::state::range;

/// What was in memory.
#[derive(Debug)]
pub(super) struct Found {
    resident: Vec<Extent>,
}

impl Found {
    /// None where it cannot be told.
    pub(super) fn look(file: &OpenFile) -> Option<Self> {
        let mut resident = Vec::new();
        for run in Prober::new(file, ProbeChoice::Auto).runs(ByteRange::WHOLE) {
            let run = run.ok()?;
            if run.state == RunState::Resident {
                resident.push(run.extent);
            }
        }
        Some(Self { resident })
    }

    /// Drops what was not there, and loads what was. The answer is how many bytes of what was there could not be had again. Ctrl-C does
    /// not end it: the second one does.
    pub(super) fn restore(&self, file: &OpenFile) -> Result<u64, Error> {
        let others = self.others(file);
        drop_parts(file, &others)?;
        // A part of a large folio cannot be dropped without the rest of it.
        if Self::look(file).is_some_and(|now| overlap(&now.resident, &others) > 0) {
            drop_parts(file, &[Extent::new(0, file.size())])?;
        }
        let ranges = ranges(&self.resident)?;
        warm(file, &extents_of(file, &ranges), &WarmOptions::default(), &Unobserved)?;
        let now = Self::look(file).map_or(0, |now| overlap(&now.resident, &self.resident));
        Ok(total(&self.resident) - now)
    }

    /// What was not in memory.
    fn others(&self, file: &OpenFile) -> Vec<Extent> {
        gaps(&self.resident, file.size())
    }
}

fn drop_parts(file: &OpenFile, parts: &[Extent]) -> Result<(), Error> {
    evict(file, &extents_of(file, &ranges(parts)?), &EvictOptions::default(), &Unobserved).map(drop)
}

fn ranges(parts: &[Extent]) -> Result<Vec<ByteRange>, Error> {
    parts.iter().copied().map(range).collect()
}

fn total(parts: &[Extent]) -> u64 {
    parts.iter().map(Extent::length).sum()
}

/// How many bytes two lists of parts have in common; each is in order.
fn overlap(some: &[Extent], others: &[Extent]) -> u64 {
    let (mut bytes, mut others) = (0, others.iter().peekable());
    for part in some {
        while let Some(other) = others.peek() {
            bytes += Extent::between(part.offset().max(other.offset()), part.end().min(other.end())).length();
            if other.end() > part.end() {
                break;
            }
            others.next();
        }
    }
    bytes
}

/// What of a file lies between some parts of it, which are in order.
fn gaps(parts: &[Extent], size: u64) -> Vec<Extent> {
    let starts = std::iter::once(0).chain(parts.iter().map(Extent::end));
    let ends = parts.iter().map(Extent::offset).chain([size]);
    starts.zip(ends).map(|(start, end)| Extent::between(start, end)).filter(|gap| !gap.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_is_between() {
        let parts = [Extent::new(0, 10), Extent::new(20, 5)];
        assert_eq!(gaps(&parts, 40), [Extent::new(10, 10), Extent::new(25, 15)]);
        assert_eq!(gaps(&[], 5), [Extent::new(0, 5)]);
        assert_eq!(gaps(&[Extent::new(0, 5)], 5), []);
    }

    #[test]
    fn parts_in_common_are_counted_once() {
        let of =
            |parts: &[(u64, u64)]| parts.iter().map(|part| Extent::new(part.0, part.1)).collect::<Vec<_>>();
        assert_eq!(overlap(&of(&[(0, 10), (20, 10)]), &of(&[(5, 20), (28, 100)])), 5 + 5 + 2);
        assert_eq!(overlap(&of(&[(0, 100)]), &of(&[(1, 1), (3, 1), (99, 9)])), 3);
        assert_eq!(overlap(&of(&[(0, 10)]), &of(&[(10, 10)])), 0);
        assert_eq!(overlap(&[], &of(&[(10, 10)])), 0);
    }
}
