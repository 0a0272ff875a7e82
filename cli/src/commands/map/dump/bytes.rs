//! Bytes and offsets as text, and their colours.

use std::io::Write;

/// Offsets have at least so many digits.
pub(super) const DIGITS: usize = 8;

pub(in crate::commands::map) const DIM: &str = "\x1b[90m";
pub(super) const RED: &str = "\x1b[31m";
pub(in crate::commands::map) const RESET: &str = "\x1b[0m";

/// What kind of byte it is: each has a colour, and a mark for what cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Nul,
    Printable,
    Whitespace,
    OtherAscii,
    NonAscii,
}

impl Class {
    pub(super) fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Nul,
            b'!'..=b'~' => Self::Printable,
            b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r' | b' ' => Self::Whitespace,
            0x80.. => Self::NonAscii,
            _ => Self::OtherAscii,
        }
    }

    pub(super) fn colour(self) -> &'static str {
        match self {
            Self::Nul => DIM,
            Self::Printable => "\x1b[36m",
            Self::Whitespace => "\x1b[32m",
            Self::OtherAscii => "\x1b[35m",
            Self::NonAscii => "\x1b[33m",
        }
    }

    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Nul => "⋄",
            Self::Whitespace => "_",
            Self::Printable | Self::OtherAscii => "•",
            Self::NonAscii => "×",
        }
    }
}

/// Both hexadecimal digits of each byte.
#[expect(clippy::indexing_slicing, reason = "an index out of bounds in a constant does not compile")]
static HEX: [[u8; 2]; 256] = {
    const DIGIT: &[u8; 16] = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = [DIGIT[byte >> 4], DIGIT[byte & 15]];
        byte += 1;
    }
    table
};

/// The hexadecimal digits of a byte.
#[inline]
pub(crate) fn hex(byte: u8) -> [u8; 2] {
    HEX.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The byte as text, a dot for what cannot be printed.
#[inline]
pub(crate) fn text(byte: u8) -> u8 {
    if (b' '..=b'~').contains(&byte) { byte } else { b'.' }
}

/// Appends an offset of at least `digits` digits.
#[inline]
pub(crate) fn push_offset(offset: u64, digits: usize, out: &mut Vec<u8>) {
    match u32::try_from(offset) {
        Ok(offset) if digits == DIGITS => out.extend(offset.to_be_bytes().map(hex).as_flattened()),
        // Writing into memory cannot fail.
        _ => drop(write!(out, "{offset:0digits$x}")),
    }
}

/// Colours what follows, and says so only when it changes; none where nothing is coloured.
pub(super) struct Brush {
    colour: Option<&'static str>,
}

impl Brush {
    pub(super) fn new(coloured: bool) -> Self {
        Self { colour: coloured.then_some("") }
    }

    pub(super) fn take(&mut self, colour: &'static str, out: &mut Vec<u8>) {
        if self.colour.is_some_and(|last| last != colour) {
            out.extend_from_slice(colour.as_bytes());
            self.colour = Some(colour);
        }
    }

    pub(super) fn put_down(&mut self, out: &mut Vec<u8>) {
        if self.colour.is_some_and(|last| !last.is_empty()) {
            out.extend_from_slice(RESET.as_bytes());
            self.colour = Some("");
        }
    }
}
