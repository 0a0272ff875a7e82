//! One thread's part of what a command prints: rows are written or kept, what fails is said, everything is added up.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mmapio_core::{Error, FileId, Total};

use crate::messages;
use crate::output::Output;
use crate::progress::Progress;
use crate::render::Format;
use crate::render::row::{Kept, Row};

/// Records are put together up to this size before they are written, and no longer than this time.
const CHUNK: usize = 64 << 10;
const CHUNK_TIME: Duration = Duration::from_millis(200);
/// Files are added to the progress in batches.
const PROGRESS_FILES: u64 = 128;

/// Where all threads of a command print to.
pub(crate) struct Frame<'a> {
    pub(crate) quiet: bool,
    /// Whether errors are wanted at the end once more.
    pub(crate) keeps_errors: bool,
    /// Whether it goes on when nobody reads any more: something else depends on all of it.
    pub(crate) needs_all: bool,
    pub(crate) format: &'a dyn Format,
    pub(crate) output: &'a Output,
    pub(crate) progress: &'a Progress,
}

impl Frame<'_> {
    /// Nothing to show is no failure, but seldom what was meant.
    pub(crate) fn say_nothing_was_found(&self) {
        if !self.quiet {
            messages::note("no file was found, or none that the options let through");
        }
    }

    /// Says what is no error of a path.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.progress.suspend(|| messages::error(text));
        }
    }

    pub(crate) fn warn(&self, text: &str) {
        if !self.quiet {
            self.progress.suspend(|| messages::warning(text));
        }
    }
}

/// A thread's part.
pub(crate) struct Sink<'a> {
    pub(crate) frame: &'a Frame<'a>,
    pub(crate) total: Total,
    pub(crate) rows: Kept,
    /// Other paths to files that have a row, perhaps another thread's.
    pub(crate) aliases: Vec<(FileId, PathBuf)>,
    pub(crate) errors: Vec<Error>,
    pub(crate) chunk: Vec<u8>,
    written: Instant,
    seen: (u64, u64),
}

impl<'a> Sink<'a> {
    pub(crate) fn new(frame: &'a Frame<'a>) -> Self {
        Self {
            frame,
            total: Total::default(),
            rows: Vec::new(),
            aliases: Vec::new(),
            errors: Vec::new(),
            chunk: Vec::new(),
            written: Instant::now(),
            seen: (0, 0),
        }
    }

    /// Keeps a row for the end.
    pub(crate) fn keep(&mut self, row: Row<'_>) {
        self.rows.push(Box::new(row.into_owned()));
    }

    /// Writes a row as soon as there are enough of them.
    pub(crate) fn write(&mut self, row: &Row<'_>) -> ControlFlow<()> {
        self.frame.format.file(row, &mut self.chunk);
        self.flush_when_due()
    }

    /// Says what failed, and remembers it.
    pub(crate) fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.total.errors += 1;
        if !self.frame.quiet {
            self.frame.progress.suspend(|| messages::path_error(&error));
        }
        self.frame.format.error(&error, &mut self.chunk);
        if self.frame.keeps_errors {
            self.errors.push(error);
        }
        self.flush_when_due()
    }

    /// Writes what is left, and counts it.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        let done = if self.chunk.is_empty() {
            ControlFlow::Continue(())
        } else {
            self.frame.output.write(&self.chunk)
        };
        self.chunk.clear();
        self.written = Instant::now();
        self.frame.progress.add(self.seen.0, self.seen.1);
        self.seen = (0, 0);
        if self.frame.needs_all { ControlFlow::Continue(()) } else { done }
    }

    /// Whether so much is put together that it must be written.
    pub(crate) fn is_full(&self) -> bool {
        self.chunk.len() >= CHUNK
    }

    pub(crate) fn flush_when_due(&mut self) -> ControlFlow<()> {
        if self.is_full() || self.written.elapsed() >= CHUNK_TIME {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    /// Counts a file of so many bytes for the progress.
    pub(crate) fn count(&mut self, bytes: u64) {
        self.seen = (self.seen.0 + 1, self.seen.1.saturating_add(bytes));
        if self.seen.0 >= PROGRESS_FILES {
            self.frame.progress.add(self.seen.0, self.seen.1);
            self.seen = (0, 0);
        }
    }
}
