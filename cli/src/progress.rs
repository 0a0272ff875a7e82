//! Progress of long walks, on standard error: files seen, bytes, rate.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::common::When;

/// A run shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Where there is no terminal, a line is written this often.
const LINE_EVERY: u64 = 1000;

/// What was done so far, counted by many threads.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    /// Shown at once, on a terminal or not.
    always: bool,
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
            always: when == When::Always,
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
        if !self.always && self.start.elapsed() < PATIENCE {
            return;
        }
        if std::io::stderr().is_terminal() {
            self.bar.get_or_init(new_bar).set_message(self.text(files, bytes));
        } else {
            self.line(files, bytes);
        }
    }

    /// The rate is that of the whole run: no estimate.
    fn text(&self, files: u64, bytes: u64) -> String {
        let seconds = self.start.elapsed().as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = files as f64 / seconds;
        format!("{} files, {}, {rate:.0} files/s, {seconds:.1} s", HumanCount(files), HumanBytes(bytes))
    }

    fn line(&self, files: u64, bytes: u64) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last_line.load(Ordering::Relaxed);
        let due = last == 0 || now >= last.saturating_add(LINE_EVERY);
        if due
            && self.last_line.compare_exchange(last, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            // Nothing can be said about a standard error that takes no more.
            let _ = writeln!(std::io::stderr(), "mmapio: {}", self.text(files, bytes));
        }
    }

    /// Runs `print` while the bar is out of the way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Clears the bar; elsewhere says how much it was.
    pub(crate) fn finish(&self) {
        if self.always && !std::io::stderr().is_terminal() {
            self.last_line.store(0, Ordering::Relaxed);
            self.line(self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        }
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}
