//! A hex view, as it goes through a file.

use std::ops::ControlFlow;

use mmapio_core::{Extent, Piece, Reader};

use super::WINDOW;
use super::rows::{Note, Rows, WIDTH};
use crate::args::map::Map;
use crate::commands::map::target::{Target, Window};
use crate::output::Output;

/// What is put together before it is written; a row more may be in it.
const CHUNK: usize = 128 << 10;

const ZEROS: [u8; WIDTH] = [0; WIDTH];

/// What was shown last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing that a line could be like.
    Other,
    Line([u8; WIDTH]),
    /// A `*`, for lines like this one.
    Squeezed([u8; WIDTH]),
}

/// A view on its way.
pub(super) struct View<'a> {
    rows: Rows,
    squeezes: bool,
    output: &'a Output,
    out: Vec<u8>,
    /// Where the next line starts.
    at: u64,
    /// The bytes of it that came already: less than a line.
    begun: Vec<u8>,
    last: Last,
}

impl<'a> View<'a> {
    pub(super) fn new(rows: Rows, squeezes: bool, output: &'a Output) -> Self {
        let (out, begun) = (Vec::with_capacity(2 * CHUNK), Vec::with_capacity(WIDTH));
        Self { rows, squeezes, output, out, at: 0, begun, last: Last::Other }
    }

    /// Shows the bytes; true when some of them could not be had.
    pub(super) fn show(mut self, target: &Target<'_>, arguments: &Map) -> bool {
        let mut failed = false;
        self.at = target.extent.offset();
        self.rows.head(&mut self.out);
        // A standard output that takes no more is for whoever asks for its result.
        let _ = self.show_pieces(target, arguments, &mut failed);
        failed
    }

    fn show_pieces(&mut self, target: &Target<'_>, arguments: &Map, failed: &mut bool) -> ControlFlow<()> {
        let mut reader = Reader::new(&target.file, target.extent);
        let mut window = Window::new(WINDOW);
        loop {
            match reader.read(window.bytes_mut()) {
                Ok(None) => break,
                Ok(Some(Piece::Data(extent))) => self.bytes(window.of(extent))?,
                Ok(Some(Piece::Unreadable(extent, error))) => {
                    *failed = true;
                    self.note(extent, Note::Unreadable, &format!("unreadable: {} bytes", extent.length()))?;
                    target.fail(arguments, error);
                }
                Ok(Some(piece)) if arguments.dump.skip_holes => {
                    let extent = piece.extent();
                    self.note(extent, Note::Hole, &format!("hole of {} bytes", extent.length()))?;
                }
                Ok(Some(piece)) => self.zeros(piece.extent().length())?,
                Err(error) => {
                    *failed = true;
                    target.fail(arguments, error);
                    break;
                }
            }
        }
        self.end(target.extent.is_empty())
    }

    fn bytes(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let (first, rest) = bytes.split_at(self.missing().min(bytes.len()));
        self.begin(first)?;
        let (lines, last) = rest.as_chunks::<WIDTH>();
        for line in lines {
            self.line(line)?;
        }
        self.begun.extend_from_slice(last);
        ControlFlow::Continue(())
    }

    /// The bytes that the line that was begun lacks.
    fn missing(&self) -> usize {
        if self.begun.is_empty() { 0 } else { WIDTH - self.begun.len() }
    }

    fn begin(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.begun.extend_from_slice(bytes);
        if let Ok(line) = self.begun.as_slice().try_into() {
            self.begun.clear();
            self.line(&line)?;
        }
        ControlFlow::Continue(())
    }

    /// A hole costs nothing when its lines are one `*`.
    fn zeros(&mut self, length: u64) -> ControlFlow<()> {
        let first = (self.missing() as u64).min(length);
        self.begin(zeros_of(first))?;
        let (mut lines, rest) = ((length - first) / WIDTH as u64, (length - first) % WIDTH as u64);
        while lines > 0 {
            self.line(&ZEROS)?;
            lines -= 1;
            if self.last == Last::Squeezed(ZEROS) {
                self.at += lines * WIDTH as u64;
                break;
            }
        }
        self.begun.extend_from_slice(zeros_of(rest));
        ControlFlow::Continue(())
    }

    #[inline]
    fn line(&mut self, line: &[u8; WIDTH]) -> ControlFlow<()> {
        let at = self.at;
        self.at += WIDTH as u64;
        match self.last {
            Last::Squeezed(last) if last == *line => return ControlFlow::Continue(()),
            Last::Line(last) if last == *line => {
                self.rows.squeezed(&mut self.out);
                self.last = Last::Squeezed(*line);
            }
            _ => {
                self.rows.row(at, line, &mut self.out);
                self.last = if self.squeezes { Last::Line(*line) } else { Last::Other };
            }
        }
        self.write_when_due()
    }

    /// Words in place of bytes; the line before them ends early, and the next begins behind them.
    fn note(&mut self, bytes: Extent, note: Note, words: &str) -> ControlFlow<()> {
        self.end_line();
        self.rows.note(bytes.offset(), note, words, &mut self.out);
        self.last = Last::Other;
        self.at = bytes.end();
        self.write_when_due()
    }

    fn end_line(&mut self) {
        if !self.begun.is_empty() {
            self.rows.row(self.at, &self.begun, &mut self.out);
            self.at += self.begun.len() as u64;
            self.last = Last::Other;
            self.begun.clear();
        }
    }

    fn end(&mut self, is_empty: bool) -> ControlFlow<()> {
        self.end_line();
        if is_empty {
            self.rows.nothing(&mut self.out);
        } else {
            self.rows.end(self.at, matches!(self.last, Last::Squeezed(_)), &mut self.out);
        }
        self.output.write(&self.out)
    }

    fn write_when_due(&mut self) -> ControlFlow<()> {
        if self.out.len() < CHUNK {
            return ControlFlow::Continue(());
        }
        let written = self.output.write(&self.out);
        self.out.clear();
        written
    }
}

/// Less than a line of zeros.
fn zeros_of(length: u64) -> &'static [u8] {
    usize::try_from(length).ok().and_then(|length| ZEROS.get(..length)).unwrap_or_default()
}
