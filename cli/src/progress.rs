//! Progress on standard error: of long walks files and bytes seen, of acts bytes done and the time that is left.

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
    /// The bytes that there are to do, of an act that knows.
    expected: OnceLock<u64>,
    done: AtomicU64,
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
            expected: OnceLock::new(),
            done: AtomicU64::new(0),
            last_line: AtomicU64::new(0),
        }
    }

    /// From now on there are so many bytes to do: files are no longer what is counted.
    pub(crate) fn expect(&self, bytes: u64) {
        // Told once by the only thread that knows.
        let _ = self.expected.set(bytes);
        if self.shown && (self.always || self.start.elapsed() >= PATIENCE) && std::io::stderr().is_terminal()
        {
            self.bar.get_or_init(|| bytes_bar(bytes));
        }
    }

    /// Counts bytes of those that are expected.
    pub(crate) fn advance(&self, bytes: u64) {
        let Some(expected) = self.expected.get().filter(|_| self.shown) else { return };
        let done = self.done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if !self.always && self.start.elapsed() < PATIENCE {
            return;
        }
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_init(|| bytes_bar(*expected));
            bar.set_position(done.min(*expected));
            bar.set_message(bytes_text(done, *expected, self.start.elapsed().as_secs_f64()));
        } else {
            self.line(|seconds| bytes_text(done, *expected, seconds));
        }
    }

    /// Counts some files and their bytes.
    pub(crate) fn add(&self, files: u64, bytes: u64) {
        if !self.shown || self.expected.get().is_some() {
            return;
        }
        let files = self.files.fetch_add(files, Ordering::Relaxed) + files;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if !self.always && self.start.elapsed() < PATIENCE {
            return;
        }
        if std::io::stderr().is_terminal() {
            let seconds = self.start.elapsed().as_secs_f64();
            self.bar.get_or_init(files_bar).set_message(files_text(files, bytes, seconds));
        } else {
            self.line(|seconds| files_text(files, bytes, seconds));
        }
    }

    fn line(&self, text: impl Fn(f64) -> String) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last_line.load(Ordering::Relaxed);
        let due = last == 0 || now >= last.saturating_add(LINE_EVERY);
        if due
            && self.last_line.compare_exchange(last, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            // Nothing can be said about a standard error that takes no more.
            let _ = writeln!(std::io::stderr(), "mmapio: {}", text(self.start.elapsed().as_secs_f64()));
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
            match self.expected.get() {
                Some(expected) => {
                    self.line(|seconds| bytes_text(self.done.load(Ordering::Relaxed), *expected, seconds));
                }
                None => {
                    let (files, bytes) =
                        (self.files.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
                    self.line(|seconds| files_text(files, bytes, seconds));
                }
            }
        }
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// The rate is that of the whole run: no estimate.
fn files_text(files: u64, bytes: u64, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = files as f64 / seconds.max(0.001);
    format!("{} files, {}, {rate:.0} files/s, {seconds:.1} s", HumanCount(files), HumanBytes(bytes))
}

/// The rate, and the time left at it, are those of the whole run, too.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people"
)]
fn bytes_text(done: u64, expected: u64, seconds: f64) -> String {
    let rate = done as f64 / seconds.max(0.001);
    let left = match rate {
        rate if rate > 0.0 => format!("{:.0} s left", expected.saturating_sub(done) as f64 / rate),
        _ => "nothing yet".to_owned(),
    };
    let (done, expected, rate) = (HumanBytes(done), HumanBytes(expected), HumanBytes(rate as u64));
    format!("{done} of {expected}, {rate}/s, {seconds:.0} s, {left}")
}

fn files_bar() -> ProgressBar {
    bar(None, "{spinner} {msg}")
}

fn bytes_bar(bytes: u64) -> ProgressBar {
    bar(Some(bytes), "{bar:30} {msg}")
}

fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
