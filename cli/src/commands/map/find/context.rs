//! What is around a find.

use mmapio_core::{Extent, OpenFile, Piece, Reader};

use crate::commands::map::dump::bytes::{DIM, RESET, hex, push_offset, text};
use crate::commands::map::dump::rows::WIDTH;

const FOUND: &str = "\x1b[1;31m";

/// A find, and the bytes around it as far as they can be read.
pub(super) struct Context {
    find: Extent,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

impl Context {
    /// Reads up to `more` bytes before and after a find; what fails there is not the find's.
    pub(super) fn read(file: &OpenFile, find: Extent, more: u64) -> Self {
        let around = Extent::between(find.offset().saturating_sub(more), find.end().saturating_add(more));
        let mut context = Self { find, offset: around.offset(), bytes: Vec::new() };
        let (mut reader, mut buffer) = (Reader::new(file, around), vec![0; WIDTH << 10]);
        while let Ok(Some(piece)) = reader.read(&mut buffer) {
            if !context.take(&piece, &buffer) {
                break;
            }
        }
        context
    }

    /// Takes a piece that comes next; false when nothing behind it belongs to the find.
    fn take(&mut self, piece: &Piece, buffer: &[u8]) -> bool {
        let extent = piece.extent();
        let length = usize::try_from(extent.length()).unwrap_or(0);
        match piece {
            Piece::Data(_) => self.bytes.extend_from_slice(buffer.get(..length).unwrap_or_default()),
            Piece::Unreadable(..) if extent.offset() >= self.find.offset() => return false,
            Piece::Unreadable(..) => {
                self.bytes.clear();
                self.offset = extent.end();
            }
            _ => self.bytes.resize(self.bytes.len() + length, 0),
        }
        true
    }

    /// Its bytes in rows; the find in colour, or in brackets.
    pub(super) fn push(&self, coloured: bool, out: &mut Vec<u8>) {
        let width = WIDTH as u64;
        let mut row = self.offset - self.offset % width;
        while row < self.offset + self.bytes.len() as u64 {
            let cells: [Cell; WIDTH] = std::array::from_fn(|index| self.cell(row + index as u64));
            push_row(row, &cells, coloured, out);
            row += width;
        }
    }

    fn cell(&self, at: u64) -> Cell {
        let index = at.checked_sub(self.offset).and_then(|index| usize::try_from(index).ok());
        let byte = index.and_then(|index| self.bytes.get(index)).copied();
        Cell { byte, is_found: at >= self.find.offset() && at < self.find.end() }
    }
}

/// A place in a row.
#[derive(Clone, Copy)]
struct Cell {
    byte: Option<u8>,
    is_found: bool,
}

fn push_row(offset: u64, cells: &[Cell; WIDTH], coloured: bool, out: &mut Vec<u8>) {
    painted(DIM, coloured, out, |out| push_offset(offset, 8, out));
    out.push(b' ');
    let mut was_found = false;
    for (index, cell) in cells.iter().enumerate() {
        push_gap(index == WIDTH / 2, was_found, cell.is_found, coloured, out);
        was_found = cell.is_found;
        painted(FOUND, coloured && cell.is_found, out, |out| out.extend(cell.byte.map_or(*b"  ", hex)));
    }
    push_gap(true, was_found, false, coloured, out);
    out.push(b'|');
    for cell in cells {
        painted(FOUND, coloured && cell.is_found, out, |out| out.push(cell.byte.map_or(b' ', text)));
    }
    out.extend_from_slice(b"|\n");
}

/// What is between two bytes; a bracket stands at the find's side.
fn push_gap(wide: bool, was_found: bool, is_found: bool, coloured: bool, out: &mut Vec<u8>) {
    let gap: &[u8] = match (wide, coloured || was_found == is_found, was_found) {
        (false, true, _) => b" ",
        (false, false, true) => b"]",
        (false, false, false) => b"[",
        (true, true, _) => b"  ",
        (true, false, true) => b"] ",
        (true, false, false) => b" [",
    };
    out.extend_from_slice(gap);
}

fn painted(colour: &str, coloured: bool, out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    if !coloured {
        return push(out);
    }
    out.extend_from_slice(colour.as_bytes());
    push(out);
    out.extend_from_slice(RESET.as_bytes());
}
