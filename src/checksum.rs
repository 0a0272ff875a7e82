//! A sum by which it is known that the same bytes were read.

/// The sum of a part of a file, by which it is known that two readings saw the same bytes: of its words of eight bytes, the last one
/// filled with zeros. Sums of neighbouring parts add up, wrapping, when all but the last have a multiple of eight bytes.
///
/// ```
/// use mmapio_core::checksum;
/// let bytes: Vec<u8> = (0..100).collect();
/// assert_eq!(checksum(&bytes), checksum(&bytes[..64]).wrapping_add(checksum(&bytes[64..])));
/// ```
#[must_use]
#[inline]
pub fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    sum.wrapping_add(u64::from_le_bytes(last))
}
