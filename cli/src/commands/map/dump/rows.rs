//! A row of a hex view: offset, sixteen bytes in two groups, text.

use std::io::Write;

use super::bytes::{Brush, Class, DIGITS, DIM, RED, hex, push_offset, text};

/// The bytes of a row.
pub(crate) const WIDTH: usize = 16;

/// The bytes of a group.
const GROUP: usize = WIDTH / 2;

/// How a hex view looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Borders around the columns.
    Boxed,
    /// As `hexdump -C` has it.
    Hexdump,
    /// As `xxd` has it.
    Xxd,
}

/// What stands between the columns of a form.
struct Frame {
    start: &'static str,
    after_offset: &'static str,
    between_groups: &'static str,
    before_text: &'static str,
    between_texts: &'static str,
    end: &'static str,
}

impl Form {
    const fn frame(self) -> Frame {
        let [start, after_offset, between_groups, before_text, between_texts, end] = match self {
            Self::Boxed => ["│", "│ ", "┊ ", "│", "┊", "│\n"],
            Self::Hexdump => ["", "  ", " ", " |", "", "|\n"],
            Self::Xxd => ["", ": ", "", " ", "", "\n"],
        };
        Frame { start, after_offset, between_groups, before_text, between_texts, end }
    }

    /// The space behind a byte's digits; xxd has one behind every second byte.
    fn space_after(self, index: usize) -> &'static [u8] {
        if self == Self::Xxd && index.is_multiple_of(2) { b"" } else { b" " }
    }
}

/// Why there are no bytes in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    Nothing,
    Hole,
    Unreadable,
}

/// Writes the rows of a view.
#[derive(Debug)]
pub(crate) struct Rows {
    form: Form,
    coloured: bool,
    digits: usize,
}

impl Rows {
    /// Rows up to `end`: in a box all offsets are of one width.
    pub(crate) fn new(form: Form, coloured: bool, end: u64) -> Self {
        let needed = usize::try_from((u64::BITS - end.leading_zeros()).div_ceil(4)).unwrap_or(DIGITS);
        let digits = if form == Form::Boxed { needed.max(DIGITS) } else { DIGITS };
        Self { form, coloured, digits }
    }

    /// What comes before the first row.
    pub(crate) fn head(&self, out: &mut Vec<u8>) {
        self.border(["┌", "┬", "┬", "┬", "┬", "┐\n"], out);
    }

    /// What comes after the last row; where the bytes end, when that would not be seen else.
    pub(crate) fn end(&self, offset: u64, is_squeezed: bool, out: &mut Vec<u8>) {
        match self.form {
            Form::Boxed if is_squeezed => self.any(offset, &[], out),
            Form::Hexdump => {
                self.offset(offset, out);
                out.push(b'\n');
            }
            Form::Boxed | Form::Xxd => {}
        }
        self.border(["└", "┴", "┴", "┴", "┴", "┘\n"], out);
    }

    /// There is no byte to show.
    pub(crate) fn nothing(&self, out: &mut Vec<u8>) {
        if self.form == Form::Boxed {
            self.note(0, Note::Nothing, "no bytes", out);
            self.end(0, false, out);
        }
    }

    fn border(&self, corners: [&str; 6], out: &mut Vec<u8>) {
        if self.form != Form::Boxed {
            return;
        }
        let group = 3 * GROUP + 1;
        let widths = [self.digits, group, group, GROUP, GROUP, 0];
        for (corner, width) in corners.into_iter().zip(widths) {
            out.extend_from_slice(corner.as_bytes());
            out.extend_from_slice("─".repeat(width).as_bytes());
        }
    }

    /// A row of up to sixteen bytes.
    #[inline]
    pub(crate) fn row(&self, offset: u64, bytes: &[u8], out: &mut Vec<u8>) {
        match (self.form, bytes.try_into()) {
            (Form::Xxd, Ok(bytes)) => xxd(offset, bytes, out),
            (Form::Hexdump, Ok(bytes)) if !self.coloured => hexdump(offset, bytes, out),
            _ => self.any(offset, bytes, out),
        }
    }

    /// A row of any form, of less than sixteen bytes perhaps.
    fn any(&self, offset: u64, bytes: &[u8], out: &mut Vec<u8>) {
        let frame = self.form.frame();
        let (left, right) = bytes.split_at(bytes.len().min(GROUP));
        out.extend_from_slice(frame.start.as_bytes());
        self.offset(offset, out);
        out.extend_from_slice(frame.after_offset.as_bytes());
        self.cells(left, out);
        out.extend_from_slice(frame.between_groups.as_bytes());
        self.cells(right, out);
        out.extend_from_slice(frame.before_text.as_bytes());
        self.texts(left, out);
        out.extend_from_slice(frame.between_texts.as_bytes());
        self.texts(right, out);
        out.extend_from_slice(frame.end.as_bytes());
    }

    fn offset(&self, offset: u64, out: &mut Vec<u8>) {
        let mut brush = self.brush();
        brush.take(DIM, out);
        push_offset(offset, self.digits, out);
        brush.put_down(out);
    }

    fn cells(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut brush = self.brush();
        for (index, byte) in bytes.iter().enumerate() {
            brush.take(Class::of(*byte).colour(), out);
            out.extend(hex(*byte));
            out.extend_from_slice(self.form.space_after(index));
        }
        brush.put_down(out);
        for index in bytes.len()..GROUP {
            out.extend_from_slice(b"  ");
            out.extend_from_slice(self.form.space_after(index));
        }
    }

    fn texts(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut brush = self.brush();
        for byte in bytes {
            let class = Class::of(*byte);
            brush.take(class.colour(), out);
            if self.form != Form::Boxed || matches!(byte, b' '..=b'~') {
                out.push(text(*byte));
            } else {
                out.extend_from_slice(class.mark().as_bytes());
            }
        }
        brush.put_down(out);
        if self.form == Form::Boxed {
            out.extend(std::iter::repeat_n(b' ', GROUP - bytes.len()));
        }
    }

    /// Stands for lines like the one before.
    pub(crate) fn squeezed(&self, out: &mut Vec<u8>) {
        if self.form == Form::Boxed {
            let width = self.digits;
            self.across(&format!("{:width$}", "*"), "", DIM, out);
        } else {
            out.extend_from_slice(b"*\n");
        }
    }

    /// Stands for bytes that are not shown.
    pub(crate) fn note(&self, offset: u64, note: Note, words: &str, out: &mut Vec<u8>) {
        let colour = if note == Note::Unreadable { RED } else { DIM };
        let mut digits = Vec::new();
        push_offset(offset, self.digits, &mut digits);
        self.across(&String::from_utf8_lossy(&digits), words, colour, out);
    }

    /// Words in place of bytes.
    fn across(&self, first: &str, words: &str, colour: &'static str, out: &mut Vec<u8>) {
        let (frame, mut brush) = (self.form.frame(), self.brush());
        out.extend_from_slice(frame.start.as_bytes());
        brush.take(DIM, out);
        out.extend_from_slice(first.as_bytes());
        brush.put_down(out);
        out.extend_from_slice(frame.after_offset.as_bytes());
        brush.take(colour, out);
        out.extend_from_slice(words.as_bytes());
        brush.put_down(out);
        if self.form == Form::Boxed {
            let (width, group) = ((6 * GROUP + 2).saturating_sub(words.chars().count()), GROUP);
            // Writing into memory cannot fail.
            let _ = write!(out, "{:width$}│{:group$} {:group$}", "", "", "");
        }
        out.extend_from_slice(if self.form == Form::Boxed { frame.end.as_bytes() } else { b"\n" });
    }

    fn brush(&self) -> Brush {
        Brush::new(self.coloured)
    }
}

/// A full row as `hexdump -C` has it.
fn hexdump(offset: u64, bytes: &[u8; WIDTH], out: &mut Vec<u8>) {
    let cells = bytes.map(|byte| {
        let [high, low] = hex(byte);
        [high, low, b' ']
    });
    let (left, right) = cells.as_flattened().split_at(3 * GROUP);
    push_offset(offset, DIGITS, out);
    out.extend_from_slice(b"  ");
    out.extend_from_slice(left);
    out.push(b' ');
    out.extend_from_slice(right);
    out.extend_from_slice(b" |");
    out.extend_from_slice(&bytes.map(text));
    out.extend_from_slice(b"|\n");
}

/// A full row as `xxd` has it.
fn xxd(offset: u64, bytes: &[u8; WIDTH], out: &mut Vec<u8>) {
    push_offset(offset, DIGITS, out);
    out.extend_from_slice(b": ");
    for pair in bytes.as_chunks::<2>().0 {
        let [first, second] = pair.map(hex);
        out.extend_from_slice(&[first[0], first[1], second[0], second[1], b' ']);
    }
    out.push(b' ');
    out.extend_from_slice(&bytes.map(text));
    out.push(b'\n');
}
