//! What is searched for.

use std::ffi::OsStr;

use memchr::memmem::Finder;

use super::span::Run;

/// A pattern, ready to be searched for.
pub(super) struct Needle {
    finder: Finder<'static>,
    /// The least distance at which it can overlap itself; its length when it cannot.
    period: usize,
    /// Whether it is zeros and nothing else, which are in holes, too.
    pub(super) is_zeros: bool,
}

impl Needle {
    /// Text, or 0x and hexadecimal digits; else why not.
    pub(super) fn new(pattern: &OsStr, literal: bool) -> Result<Self, String> {
        let text = pattern.as_encoded_bytes();
        let bytes = match text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")) {
            Some(digits) if !literal => from_digits(digits)?,
            _ => text.to_vec(),
        };
        if bytes.is_empty() {
            return Err("an empty pattern is everywhere".to_owned());
        }
        let (period, is_zeros) = (period(&bytes), bytes.iter().all(|byte| *byte == 0));
        Ok(Self { finder: Finder::new(&bytes).into_owned(), period, is_zeros })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.finder.needle()
    }

    pub(super) fn length(&self) -> usize {
        self.finder.needle().len()
    }

    /// Every place in a text that is at `offset` of the file. After one place, the next is where the pattern overlaps itself, if it
    /// goes on like that: so a text of one byte only takes no longer than another.
    pub(super) fn find(&self, text: &[u8], offset: u64, runs: &mut Vec<Run>) {
        let (needle, mut from) = (self.finder.needle(), 0);
        let again = needle.get(needle.len() - self.period..).unwrap_or_default();
        while let Some(place) = text.get(from..).and_then(|rest| self.finder.find(rest)) {
            let first = from + place;
            let behind = text.get(first + needle.len()..).unwrap_or_default();
            let more = behind.chunks_exact(self.period).take_while(|next| *next == again).count();
            let (step, count) = (self.period as u64, 1 + more as u64);
            runs.push(Run { first: offset + first as u64, step, count });
            from = first + more * self.period + 1;
        }
    }
}

fn from_digits(digits: &[u8]) -> Result<Vec<u8>, String> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let values: Option<Vec<u8>> = digits.iter().map(value).collect();
    let (bytes, rest) = values.as_deref().ok_or(NO_DIGITS)?.as_chunks::<2>();
    match rest {
        [] => Ok(bytes.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err("an odd number of hexadecimal digits: two are a byte".to_owned()),
    }
}

const NO_DIGITS: &str = "after 0x only hexadecimal digits can come; --literal searches for it as text";

/// The length less the longest end that is a start, too (Knuth, Morris, Pratt).
fn period(bytes: &[u8]) -> usize {
    let mut borders = vec![0; bytes.len()];
    let border_of = |borders: &[usize], length: usize| match length {
        0 => 0,
        length => borders.get(length - 1).copied().unwrap_or(0),
    };
    for end in 1..bytes.len() {
        let mut border = border_of(&borders, end);
        while border > 0 && bytes.get(border) != bytes.get(end) {
            border = border_of(&borders, border);
        }
        if let Some(entry) = borders.get_mut(end) {
            *entry = border + usize::from(bytes.get(border) == bytes.get(end));
        }
    }
    bytes.len() - border_of(&borders, bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_where_a_pattern_overlaps_itself() {
        for (pattern, period) in [("a", 1), ("aaaa", 1), ("abab", 2), ("aba", 2), ("abc", 3), ("aabaaab", 4)]
        {
            assert_eq!(super::period(pattern.as_bytes()), period, "{pattern}");
        }
    }

    #[test]
    fn overlapping_places_are_all_found() {
        for (pattern, text) in [("aa", "aaaabaaa"), ("aba", "ababababbaba"), ("aabaa", "aabaabaaabaabaa")] {
            let (mut runs, needle) = (Vec::new(), Needle::new(pattern.as_ref(), false));
            needle.unwrap_or_else(|_| unreachable!("it is text")).find(text.as_bytes(), 100, &mut runs);
            let found: Vec<u64> = runs.iter().flat_map(Run::offsets).collect();
            let naive = (0..text.len() as u64).filter(|at| {
                text.get(usize::try_from(*at).unwrap_or(0)..).is_some_and(|rest| rest.starts_with(pattern))
            });
            assert_eq!(found, naive.map(|at| at + 100).collect::<Vec<_>>(), "{pattern} in {text}");
        }
    }

    #[test]
    fn patterns_that_are_none_are_refused() {
        for pattern in ["", "0x", "0x1", "0x123", "0xzz", "0x12 34"] {
            assert!(Needle::new(pattern.as_ref(), false).is_err(), "{pattern}");
        }
        assert_eq!(Needle::new("0x".as_ref(), true).map(|needle| needle.length()), Ok(2));
        assert_eq!(Needle::new("0XcAfE00".as_ref(), false).map(|needle| needle.length()), Ok(3));
    }
}
