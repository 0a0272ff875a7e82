//! What is written: bytes in no order, so that nothing can make them smaller.

use super::buffer::Buffer;
use crate::error::Result;

/// So many bytes after one another are told from others by their first word.
const UNIT: u64 = 4096;

/// What is written: other bytes for each place in the file and each seed, so that what is missing or elsewhere shows when it is read
/// back.
///
/// ```
/// use mmapio_core::Content;
/// let of = |seed, offset| {
///     let mut bytes = vec![0; 8192];
///     Content::new(seed).bytes(offset, &mut bytes);
///     bytes
/// };
/// assert_eq!(of(7, 0)[4096..], of(7, 4096)[..4096]);
/// assert!(of(7, 0) != of(8, 0) && of(7, 0)[..4096] != of(7, 0)[4096..]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    seed: u64,
}

impl Content {
    /// The content of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The bytes at `offset`, a multiple of 8.
    pub fn bytes(&self, offset: u64, buffer: &mut [u8]) {
        for (word, at) in buffer.chunks_mut(8).zip((offset..).step_by(8)) {
            put(word, self.word(at));
        }
    }

    fn word(&self, offset: u64) -> u64 {
        match offset % UNIT {
            0 => mixed(!self.seed ^ offset),
            at => mixed(self.seed.wrapping_add(at)),
        }
    }
}

/// The content of blocks at any place, made beforehand up to the first words of its units: what is left costs next to nothing while time
/// is taken.
#[derive(Debug)]
pub(super) struct Blocks {
    content: Content,
    buffer: Buffer,
}

impl Blocks {
    /// Blocks of up to `block` bytes.
    pub(super) fn new(content: Content, block: usize) -> Result<Self> {
        let unit = usize::try_from(UNIT).unwrap_or_default();
        let length = block.saturating_add(unit);
        let mut buffer = Buffer::new(length)?;
        content.bytes(0, buffer.part(length));
        Ok(Self { content, buffer })
    }

    /// The block at `offset`, a multiple of 8. It begins with a page where the offset is one of a page.
    #[inline]
    pub(super) fn at(&mut self, offset: u64, length: usize) -> &[u8] {
        let before = usize::try_from(offset % UNIT).unwrap_or_default();
        let part = self.buffer.part(before.saturating_add(length));
        let first = offset - offset % UNIT;
        for (unit, at) in part.chunks_mut(usize::try_from(UNIT).unwrap_or(1)).zip((first..).step_by(4096)) {
            put(unit, self.content.word(at));
        }
        part.get(before..).unwrap_or_default()
    }
}

/// The first bytes, as many as there are.
fn put(bytes: &mut [u8], word: u64) {
    bytes.iter_mut().zip(word.to_le_bytes()).for_each(|(to, from)| *to = from);
}

/// A number of which all bits depend on all bits of the one given.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_content_of_their_place_in_any_order() {
        for block in [8, 24, 4096, 6000, 12_288, 1 << 20] {
            let content = Content::new(3);
            let mut blocks = Blocks::new(content, block).unwrap();
            for number in [0, 700, 3, 1, 2, 701] {
                let offset = number * block as u64;
                let mut expected = vec![0; block];
                content.bytes(offset, &mut expected);
                assert!(blocks.at(offset, block) == expected, "{block} at {offset}");
                assert!(blocks.at(offset, 8) == &expected[..8]);
            }
        }
    }
}
