//! How finds are printed.

use std::io::Write;
use std::ops::ControlFlow;

use mmapio_core::{Error, Extent};

use super::context::Context;
use super::needle::Needle;
use super::records::{FindRecord, TotalRecord};
use super::span::Run;
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::commands::map::target::Target;
use crate::commands::report::is_coloured;
use crate::output::Output;
use crate::render::ndjson::push;
use crate::render::records::ErrorRecord;

/// What is put together before it is written.
const CHUNK: usize = 64 << 10;

/// Prints finds as they come.
pub(super) struct Printer<'a> {
    format: Format,
    counts_only: bool,
    context: Option<u64>,
    coloured: bool,
    target: &'a Target<'a>,
    length: u64,
    /// The digits of the last offset there can be.
    width: usize,
    output: &'a Output,
    chunk: Vec<u8>,
    pub(super) total: u64,
}

impl<'a> Printer<'a> {
    pub(super) fn new(arguments: &Map, target: &'a Target<'a>, needle: &Needle, output: &'a Output) -> Self {
        Self {
            format: arguments.facts.format,
            counts_only: arguments.find.count,
            context: arguments.find.context,
            coloured: is_coloured(),
            target,
            length: needle.length() as u64,
            width: target.extent.end().to_string().len(),
            output,
            chunk: Vec::with_capacity(2 * CHUNK),
            total: 0,
        }
    }

    /// What comes before the first find.
    pub(super) fn head(&self) {
        if self.format == Format::Json {
            // What comes of it is asked for at the end.
            let _ = self.output.hold().write_apart(b"{\"version\":1,\"finds\":[");
        }
    }

    pub(super) fn run(&mut self, run: Run) -> ControlFlow<()> {
        if self.counts_only {
            self.total += run.count;
            return ControlFlow::Continue(());
        }
        for offset in run.offsets() {
            self.find(offset);
            self.total += 1;
            if self.chunk.len() >= CHUNK {
                self.flush()?;
            }
        }
        ControlFlow::Continue(())
    }

    fn find(&mut self, offset: u64) {
        let find = Extent::new(offset, self.length);
        let context = self.context.map(|more| Context::read(&self.target.file, find, more));
        match self.format {
            Format::Table => self.line(offset, context.as_ref()),
            Format::Json | Format::Ndjson => {
                self.record(&FindRecord::new(self.target.path, find, context.as_ref()));
            }
        }
    }

    fn line(&mut self, offset: u64, context: Option<&Context>) {
        if context.is_some() && self.total > 0 {
            self.chunk.push(b'\n');
        }
        // Writing into memory cannot fail.
        let _ = writeln!(self.chunk, "{offset:width$}  0x{offset:08x}", width = self.width);
        if let Some(context) = context {
            context.push(self.coloured, &mut self.chunk);
        }
    }

    fn record(&mut self, record: &impl serde::Serialize) {
        let (before, after): (&[u8], &[u8]) = match self.format {
            Format::Json => (b",\n", b""),
            Format::Ndjson | Format::Table => (b"", b"\n"),
        };
        self.chunk.extend_from_slice(before);
        push(record, &mut self.chunk);
        self.chunk.extend_from_slice(after);
    }

    /// A part that failed, in the format that has such things among the finds.
    pub(super) fn error(&mut self, error: &Error) {
        if self.format == Format::Ndjson {
            self.record(&ErrorRecord(error));
        }
    }

    /// Writes what there is: who waits for finds sees them early.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.chunk.is_empty() {
            return ControlFlow::Continue(());
        }
        let written = self.output.write(&self.chunk);
        self.chunk.clear();
        written
    }

    /// What comes after the last find.
    pub(super) fn tail(&mut self, errors: &[Error]) {
        let total = TotalRecord::new(self.target.path, self.total);
        match self.format {
            Format::Table if self.counts_only => {
                let _ = writeln!(self.chunk, "{}", self.total);
            }
            Format::Table => {}
            Format::Ndjson => {
                if self.counts_only {
                    self.record(&total);
                }
            }
            Format::Json => {
                let _ = self.flush();
                self.chunk.extend_from_slice(b"\n],\"total\":");
                push(&total, &mut self.chunk);
                self.chunk.extend_from_slice(b",\"errors\":[");
                for (index, error) in errors.iter().enumerate() {
                    self.chunk.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
                    push(&ErrorRecord(error), &mut self.chunk);
                }
                self.chunk.extend_from_slice(b"]}\n");
            }
        }
        // What comes of it is asked for at the end.
        let _ = self.output.hold().write_apart(&self.chunk);
        self.chunk.clear();
    }
}
