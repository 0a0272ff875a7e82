//! How far the bench is, on standard error.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::race::Scenario;
use crate::args::bench::Messages;
use crate::args::common::When;

/// The length of the bar.
const WHOLE: u64 = 1000;

/// Rounds that are done, of all scenarios.
pub(super) struct Rounds {
    bar: Option<ProgressBar>,
    /// Lines where there is no terminal.
    lines: bool,
    start: Instant,
    budget: Duration,
    /// The scenario, and of how many.
    at: Cell<(usize, usize)>,
}

impl Rounds {
    pub(super) fn new(messages: &Messages, budget: Duration) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let shown = match messages.progress {
            When::Auto => is_terminal,
            When::Always => true,
            When::Never => false,
        };
        let bar = (shown && is_terminal).then(bar);
        Self { bar, lines: shown && !is_terminal, start: Instant::now(), budget, at: Cell::new((0, 1)) }
    }

    /// The next scenario.
    pub(super) fn begin(&self, at: usize, of: usize, scenario: &Scenario) {
        self.at.set((at, of));
        let text = format!("{}, {} ({} of {of})", scenario.pattern, scenario.state.as_str(), at + 1);
        if let Some(bar) = &self.bar {
            bar.set_message(text);
        } else if self.lines {
            let left = self.budget.saturating_sub(self.start.elapsed()).as_secs();
            // Nothing can be said about a standard error that takes no more.
            let _ = writeln!(std::io::stderr(), "mmapio: {text}, about {left} s left");
        }
        self.advance(0.0);
    }

    /// So much of the scenario is done.
    pub(super) fn advance(&self, share: f64) {
        let Some(bar) = &self.bar else { return };
        let (at, of) = self.at.get();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a bar"
        )]
        let position = ((at as f64 + share) / of as f64 * WHOLE as f64) as u64;
        bar.set_position(position);
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(WHOLE), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar
}
