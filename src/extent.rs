//! Byte ranges: as people ask for them ([`ByteRange`]) and as they lie in a file ([`Extent`]).

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::page::{Pages, page_size};
use crate::size::parse_size;

/// The largest end of a range: file offsets are signed 64-bit numbers.
const MAX_END: u64 = i64::MAX.unsigned_abs();

/// A range as it is asked for: from an offset, to the end or for a length. Reads `OFFSET[+LENGTH]`.
///
/// ```
/// use mmapio_core::ByteRange;
/// let range: ByteRange = "1MiB+64K".parse().unwrap();
/// assert_eq!((range.offset(), range.length()), (1 << 20, Some(64 << 10)));
/// assert!("8E+1".parse::<ByteRange>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ByteRange {
    offset: u64,
    length: Option<u64>,
}

impl ByteRange {
    /// The whole of any file.
    pub const WHOLE: Self = Self { offset: 0, length: None };

    /// The range from `offset`, for `length` bytes or to the end.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) when its end is beyond 2^63 - 1, the largest offset a file can have.
    pub fn new(offset: u64, length: Option<u64>) -> Result<Self> {
        let end = offset.checked_add(length.unwrap_or(0)).filter(|end| *end <= MAX_END);
        match end {
            Some(_) => Ok(Self { offset, length }),
            None => {
                Err(Error::range("the range ends beyond 2^63 - 1, the largest offset in a file".to_owned()))
            }
        }
    }

    /// The first byte.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The length in bytes; none is to the end of the file.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether this is the whole file, whatever its size.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::WHOLE
    }

    /// The part of a file of `size` bytes that lies in this range, rounded out to whole pages but not beyond the
    /// end of the file. It is empty where the range begins at or beyond the end.
    ///
    /// ```
    /// use mmapio_core::{ByteRange, Extent, page_size};
    /// let page = page_size();
    /// let range = ByteRange::new(page + 1, Some(1)).unwrap();
    /// assert_eq!(range.within(10 * page), Extent::new(page, page));
    /// assert_eq!(range.within(page + 2), Extent::new(page, 2));
    /// assert!(range.within(page).is_empty());
    /// ```
    #[must_use]
    pub fn within(&self, size: u64) -> Extent {
        let end = self.length.map_or(size, |length| self.offset.saturating_add(length)).min(size);
        if self.offset >= end {
            return Extent { offset: self.offset.min(size), length: 0 };
        }
        let page = page_size();
        let start = self.offset - self.offset % page;
        let end = end.div_ceil(page).saturating_mul(page).min(size);
        Extent { offset: start, length: end - start }
    }

    /// Whether [`within`](Self::within) had to round this range out to whole pages in a file of `size` bytes.
    #[must_use]
    pub fn is_rounded_in(&self, size: u64) -> bool {
        let extent = self.within(size);
        let end = self.length.map_or(size, |length| self.offset.saturating_add(length)).min(size);
        !extent.is_empty() && (extent.offset != self.offset || extent.end() != end)
    }
}

impl FromStr for ByteRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (offset, length) = match text.split_once('+') {
            Some((offset, length)) => (offset, Some(length)),
            None => (text, None),
        };
        let offset = number(offset, text)?;
        let length = length.map(|length| number(length, text)).transpose()?;
        if length == Some(0) {
            return Err(Error::range(format!("`{text}` is empty: the length must be at least 1")));
        }
        Self::new(offset, length)
    }
}

fn number(part: &str, text: &str) -> Result<u64> {
    parse_size(part).map_err(|_| {
        Error::range(format!("`{text}` is not OFFSET[+LENGTH] (examples: 0+4K, 1MiB+64KiB, 2G)"))
    })
}

/// A byte range inside a file: an offset and a length whose sum is a valid file offset.
///
/// ```
/// use mmapio_core::Extent;
/// let extent = Extent::new(8, 4);
/// assert_eq!((extent.offset(), extent.length(), extent.end()), (8, 4, 12));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Extent {
    offset: u64,
    length: u64,
}

impl Extent {
    /// The extent of `length` bytes from `offset`, cut off at the largest offset a file can have.
    #[must_use]
    pub fn new(offset: u64, length: u64) -> Self {
        let offset = offset.min(MAX_END);
        Self { offset, length: length.min(MAX_END - offset) }
    }

    /// The extent from `offset` up to, not including, `end`; empty when `end` is not after `offset`.
    #[must_use]
    pub fn between(offset: u64, end: u64) -> Self {
        Self::new(offset, end.saturating_sub(offset))
    }

    /// The first byte.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The byte after the last.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.length
    }

    /// Whether it holds no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The number of pages it touches.
    #[must_use]
    pub fn pages(&self) -> Pages {
        if self.is_empty() {
            return Pages(0);
        }
        let page = page_size();
        Pages(self.end().div_ceil(page) - self.offset / page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_in_a_file_stays_in_it(offset in any::<u64>(), length in proptest::option::of(any::<u64>()), size in 0..=MAX_END) {
            if let Ok(range) = ByteRange::new(offset, length) {
                let extent = range.within(size);
                prop_assert!(extent.end() <= size);
                prop_assert!(extent.is_empty() || extent.offset() <= offset);
                prop_assert!(extent.is_empty() || extent.offset() % page_size() == 0);
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,24}") {
            let _ = text.parse::<ByteRange>();
        }
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        for text in ["", "+", "+4K", "4K+", "1+0", "a+b", "8E", "0+8E", "7E+2E", "1+2+3", "-1+4"] {
            assert!(text.parse::<ByteRange>().is_err(), "{text} was taken");
        }
    }
}
