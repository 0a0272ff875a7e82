//! Progress of long walks, on standard error: files seen, bytes, rate.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::common::When;

/// A run shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Where there is no terminal, a line is written this often.
const LINE_EVERY: u64 = 1000;

/// What was done so far, counted by many threads.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    start: Instant,
    files: AtomicU64,
    bytes: AtomicU64,
    bar: OnceLock<ProgressBar>,
    /// When the last line was written, in milliseconds.
    last_line: AtomicU64,
}

impl Progress {
    pub(crate) fn new(when: When) -> Self {
        let shown = match when {
            When::Auto => std::io::stderr().is_terminal(),
            When::Always => true,
            When::Never => false,
        };
        Self {
            shown,
            start: Instant::now(),
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            bar: OnceLock::new(),
            last_line: AtomicU64::new(0),
        }
    }

    /// Counts some files and their bytes.
    pub(crate) fn add(&self, files: u64, bytes: u64) {
        if !self.shown {
            return;
        }
        let files = self.files.fetch_add(files, Ordering::Relaxed) + files;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if self.start.elapsed() < PATIENCE {
            return;
        }
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_init(new_bar);
            bar.set_position(files);
            bar.set_message(HumanBytes(bytes).to_string());
        } else {
            self.line(files, bytes);
        }
    }

    fn line(&self, files: u64, bytes: u64) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last_line.load(Ordering::Relaxed);
        let due = now >= last.saturating_add(LINE_EVERY);
        if due && self.last_line.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // Nothing can be said about a standard error that takes no more.
            let _ = writeln!(std::io::stderr(), "{files} files, {} in {} s", HumanBytes(bytes), now / 1000);
        }
    }

    /// Runs `print` while the bar is out of the way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Clears the bar.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {human_pos} files, {msg}, {per_sec}, {elapsed}")
    {
        bar.set_style(style);
    }
    bar
}
