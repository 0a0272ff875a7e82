//! Standard output and the exit status: a closed pipe is success, a full disk is not.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::messages;
use crate::render::Format;

/// The exit status, documented in every manual page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    SomeFailed = 1,
    /// A condition that the caller set was not met.
    Unmet = 3,
    Interrupted = 130,
    Terminated = 143,
}

/// Ends a run that could not go on.
pub(crate) fn failure(error: &anyhow::Error) -> Exit {
    if error.chain().any(is_closed_pipe) {
        return Exit::Done;
    }
    messages::error(&format!("{error:#}"));
    Exit::SomeFailed
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Standard output, for many threads that each bring whole chunks of records.
#[derive(Debug)]
pub(crate) struct Output {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    out: File,
    /// What comes before everything else, written with it: on a terminal an error may have to be said first.
    head: Vec<u8>,
    /// Whether nothing was written yet.
    fresh: bool,
    error: Option<io::Error>,
}

/// Standard output, held by one thread until this is dropped.
pub(crate) struct Held<'a> {
    state: MutexGuard<'a, State>,
}

impl Output {
    /// Standard output without the line buffer of the standard library, which would be filled line by line; `head` is
    /// written before anything else.
    pub(crate) fn stdout(head: Vec<u8>) -> io::Result<Self> {
        let out = duplicate_of_stdout()?;
        Ok(Self { state: Mutex::new(State { out, head, fresh: true, error: None }) })
    }

    /// The same, with what a format has to say before the first record.
    pub(crate) fn with_head_of(format: &dyn Format) -> io::Result<Self> {
        let mut head = Vec::new();
        format.head(&mut head);
        Self::stdout(head)
    }

    /// Holds it so that several chunks stay together.
    pub(crate) fn hold(&self) -> Held<'_> {
        Held { state: self.state.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Writes a chunk.
    pub(crate) fn write(&self, chunk: &[u8]) -> ControlFlow<()> {
        self.hold().write(chunk)
    }

    /// How writing went.
    pub(crate) fn result(&self) -> io::Result<()> {
        self.hold().state.error.take().map_or(Ok(()), Err)
    }
}

impl Held<'_> {
    /// Writes a chunk of records; breaks when there is no sense in going on. The comma before the very first record is
    /// left out.
    pub(crate) fn write(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        let first = self.state.fresh;
        self.state.fresh = first && chunk.is_empty();
        self.write_apart(if first { chunk.strip_prefix(b",").unwrap_or(chunk) } else { chunk })
    }

    /// Writes what is no record: what comes before and after them.
    pub(crate) fn write_apart(&mut self, text: &[u8]) -> ControlFlow<()> {
        let state = &mut *self.state;
        if state.error.is_none() {
            let head = std::mem::take(&mut state.head);
            state.error = state.out.write_all(&head).and_then(|()| state.out.write_all(text)).err();
        }
        if self.state.error.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(unix)]
fn duplicate_of_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn duplicate_of_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}
