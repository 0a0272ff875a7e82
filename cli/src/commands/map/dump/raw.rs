//! The bytes themselves.

use std::ops::ControlFlow;

use mmapio_core::{Extent, Piece, Reader};

use super::WINDOW;
use crate::args::map::Map;
use crate::commands::map::target::{Target, Window};
use crate::messages;
use crate::output::Output;

/// Writes the bytes; true when some of them could not be had. What cannot be read becomes as many zeros, or all that follows would be
/// at another place.
pub(super) fn copy(target: &Target<'_>, arguments: &Map, output: &Output) -> bool {
    let mut reader = Reader::new(&target.file, target.extent);
    let (mut window, zeros, mut failed) = (Window::new(WINDOW), vec![0; WINDOW], false);
    loop {
        let written = match reader.read(window.bytes_mut()) {
            Ok(None) => return failed,
            Ok(Some(Piece::Data(extent))) => output.write(window.of(extent)),
            Ok(Some(Piece::Unreadable(extent, error))) => {
                failed = true;
                target.fail(arguments, error);
                say_zeros(extent, arguments);
                write_zeros(extent, &zeros, output)
            }
            Ok(Some(piece)) => write_zeros(piece.extent(), &zeros, output),
            Err(error) => {
                target.fail(arguments, error);
                return true;
            }
        };
        if written.is_break() {
            return failed;
        }
    }
}

fn say_zeros(extent: Extent, arguments: &Map) {
    if !arguments.facts.quiet {
        let (length, offset) = (extent.length(), extent.offset());
        messages::warning(&format!("{length} zeros stand for the bytes at {offset} that cannot be read"));
    }
}

fn write_zeros(extent: Extent, zeros: &[u8], output: &Output) -> ControlFlow<()> {
    let mut rest = extent;
    while !rest.is_empty() {
        let length = usize::try_from(rest.length()).unwrap_or(usize::MAX);
        let some = zeros.get(..length).unwrap_or(zeros);
        output.write(some)?;
        rest = Extent::between(rest.offset() + some.len() as u64, rest.end());
    }
    ControlFlow::Continue(())
}
