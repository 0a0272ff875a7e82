//! The screen of the terminal: taken over and given back as it was.

use std::io::{self, Write};

use anyhow::{Context, Result};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{QueueableCommand, queue};

use super::job;
use super::line::{Line, Style};
use super::screen::Size;
use crate::output::Output;

/// What a terminal that does not tell its size is taken for.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// The terminal, which is given back when this is dropped.
pub(super) struct Terminal<'a> {
    output: &'a Output,
    is_coloured: bool,
    /// Whether its screen is ours.
    is_ours: bool,
    /// Whether somebody else may have changed it meanwhile.
    is_stale: bool,
    /// Whether its modes were changed and not given back.
    is_raw: bool,
    /// What is on the screen, where that is known.
    drawn: Vec<Line>,
    size: Option<Size>,
}

impl<'a> Terminal<'a> {
    /// It is not touched yet.
    pub(super) fn new(output: &'a Output, is_coloured: bool) -> Self {
        let (drawn, size) = (Vec::new(), None);
        Self { output, is_coloured, is_ours: false, is_stale: false, is_raw: false, drawn, size }
    }

    /// Somebody else may have written to it, or changed its modes.
    pub(super) fn doubt(&mut self) {
        self.is_stale = true;
    }

    /// Takes the screen over unless it is ours: another buffer, keys one by one, no cursor.
    pub(super) fn take(&mut self) -> Result<()> {
        if self.is_ours && !self.is_stale {
            return Ok(());
        }
        // What it knows of modes that were given to others meanwhile would keep it from setting them.
        if std::mem::take(&mut self.is_raw) {
            disable_raw_mode().context(MODES)?;
        }
        enable_raw_mode().context(MODES)?;
        (self.is_ours, self.is_stale, self.is_raw) = (true, false, true);
        self.drawn.clear();
        self.size = None;
        self.write(|out| queue!(out, EnterAlternateScreen, DisableLineWrap, Hide))
    }

    /// Gives it back. In the background the job that has it has modes of its own, and to set others would stop this one.
    pub(super) fn leave(&mut self) {
        // A terminal that is gone needs nothing back.
        if std::mem::take(&mut self.is_ours) && !job::is_mute() {
            let _ = self.write(|out| queue!(out, EnableLineWrap, Show, LeaveAlternateScreen));
        }
        if self.is_raw && !job::is_in_background() {
            self.is_raw = false;
            let _ = disable_raw_mode();
        }
    }

    /// Its size now.
    pub(super) fn size() -> Size {
        let told = terminal_size::terminal_size();
        let told = told.map(|(columns, rows)| Size { columns: columns.0.into(), rows: rows.0.into() });
        told.filter(|size| size.columns > 0 && size.rows > 0).unwrap_or(USUAL)
    }

    /// Brings lines onto the screen; only what changed is written.
    pub(super) fn draw(&mut self, lines: Vec<Line>, size: Size) -> Result<()> {
        let is_fresh = self.size != Some(size);
        if is_fresh {
            self.drawn.clear();
        }
        let (drawn, is_coloured) = (std::mem::take(&mut self.drawn), self.is_coloured);
        self.write(|out| {
            queue!(out, BeginSynchronizedUpdate)?;
            if is_fresh {
                queue!(out, Clear(ClearType::All))?;
            }
            let empty = Line::new(size.columns);
            let count = lines.len().max(drawn.len());
            for at in 0..count.min(size.rows) {
                let line = lines.get(at).unwrap_or(&empty);
                if drawn.get(at) != Some(line) {
                    write_line(out, at, line, is_coloured)?;
                }
            }
            queue!(out, EndSynchronizedUpdate)
        })?;
        (self.drawn, self.size) = (lines, Some(size));
        Ok(())
    }

    fn write(&mut self, make: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<()> {
        let mut bytes = Vec::new();
        make(&mut bytes)?;
        let _ = self.output.hold().write_apart(&bytes);
        self.output.result().context("standard output: write")
    }
}

/// The call that fails on a terminal that is not ours to change.
const MODES: &str = "the terminal's modes cannot be changed (--format ndjson needs none): tcsetattr";

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Clears before it writes: after a line that is as wide as the screen the cursor is still on its last character.
fn write_line(out: &mut Vec<u8>, at: usize, line: &Line, is_coloured: bool) -> io::Result<()> {
    out.queue(MoveTo(0, u16::try_from(at).unwrap_or(u16::MAX)))?.queue(Clear(ClearType::UntilNewLine))?;
    for (style, text) in line.pieces() {
        if is_coloured && *style != Style::Plain {
            write!(out, "\x1b[{}m{text}\x1b[0m", style.code())?;
        } else {
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}
