//! What a file had at each moment of a race in which it is cut and written whole again, round by round: so that each byte that somebody
//! read meanwhile can be judged.

use super::chance::Chance;

/// Contents that differ at each offset; after so many rounds they come again.
pub(crate) const VERSIONS: u64 = 8;

/// Bytes from an offset on that were written in this round, to where the next such begins.
type Since = (u64, u64);

/// All rounds, which are known before the first.
pub(crate) struct History {
    versions: Vec<Vec<u8>>,
    cuts: Vec<u64>,
    /// What is in the file before each round, and after the last.
    states: Vec<Vec<Since>>,
}

/// A moment: four a round, before the cut, while it is made, after it, and while the file is written again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    fn round(self) -> usize {
        usize::try_from(self.0 / 4).expect("not that many")
    }

    fn is_cut(self) -> bool {
        self.0 % 4 >= 2
    }

    /// Whether nothing changes then.
    pub(crate) fn is_rest(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("it fits into memory")
}

/// What a version has at an offset: never a zero, and in no other version the same.
fn byte_at(offset: u64, version: u64) -> u8 {
    let mixed = (offset.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) + version * (128 / VERSIONS);
    u8::try_from(mixed % 128).expect("seven bits") | 0x80
}

impl History {
    pub(crate) fn new(length: u64, rounds: u64) -> Self {
        let version = |version| (0..length).map(|offset| byte_at(offset, version)).collect();
        let mut chance = Chance(0x1234_5678_9abc_def1);
        let mut cut = || if chance.below(8) == 0 { 0 } else { chance.below(length) };
        let cuts: Vec<u64> = (0..rounds).map(|_| cut()).collect();
        let mut states = vec![vec![(0, 0)]];
        for (round, cut) in (1..).zip(&cuts) {
            let mut state = states.last().cloned().unwrap_or_default();
            state.retain(|(start, _)| start < cut);
            state.push((*cut, round));
            states.push(state);
        }
        Self { versions: (0..VERSIONS).map(version).collect(), cuts, states }
    }

    /// What version 0 has there, which the file begins with.
    pub(crate) fn version(&self, version: u64, from: u64, to: u64) -> &[u8] {
        let version = self.versions.get(index(version % VERSIONS)).expect("one of them");
        version.get(index(from)..index(to)).expect("inside of the file")
    }

    pub(crate) fn length(&self) -> u64 {
        self.versions.first().map_or(0, |version| version.len() as u64)
    }

    /// Where each round cuts, and what it writes from there.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let written = |(round, cut): (u64, &u64)| (*cut, self.version(round, *cut, self.length()));
        (1..).zip(&self.cuts).map(written)
    }

    /// The size while nothing changes.
    pub(crate) fn size_at(&self, at: Moment) -> u64 {
        if at.is_cut() { self.cut(at.round()) } else { self.length() }
    }

    fn cut(&self, round: usize) -> u64 {
        self.cuts.get(round).copied().unwrap_or(u64::MAX)
    }

    /// Whether these bytes from an offset are what was there before a round.
    fn is_state(&self, round: usize, from: u64, bytes: &[u8]) -> bool {
        let end = from + bytes.len() as u64;
        let state = self.states.get(round).expect("a round");
        let ends = state.iter().skip(1).map(|(start, _)| *start).chain([self.length()]);
        state.iter().zip(ends).all(|((start, since), until)| {
            let (start, until) = ((*start).max(from), until.min(end));
            start >= until
                || bytes.get(index(start - from)..index(until - from))
                    == Some(self.version(*since, start, until))
        })
    }

    /// Whether all these bytes from an offset can have been read between two moments.
    pub(crate) fn is_possible(&self, from: u64, bytes: &[u8], began: Moment, ended: Moment) -> bool {
        if began == ended && began.is_rest() {
            return from + bytes.len() as u64 <= self.size_at(began)
                && self.is_state(began.round(), from, bytes);
        }
        // Mostly it is what was there when it began, or when it ended.
        (!began.is_cut() && self.is_state(began.round(), from, bytes))
            || self.is_state(ended.round(), from, bytes)
            || (from..).zip(bytes).all(|(offset, byte)| self.is_possible_byte(offset, *byte, began, ended))
    }

    /// A byte is what was there when it began, unless that was cut off before, or what a round wrote since; a zero, when one cut it off.
    fn is_possible_byte(&self, offset: u64, byte: u8, began: Moment, ended: Moment) -> bool {
        let was_there = !began.is_cut() || offset < self.cut(began.round());
        let (first, last) = (began.round(), ended.round().min(self.cuts.len().saturating_sub(1)));
        let mut cuts = (first..=last).filter(|round| self.cut(*round) <= offset);
        (was_there && self.is_state(first, offset, &[byte]))
            || cuts.any(|round| byte == 0 || byte == byte_at(offset, (round as u64 + 1) % VERSIONS))
    }
}
