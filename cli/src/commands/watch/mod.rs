//! `mmapio incore --watch`: what is in memory, again and again; drawn on a terminal, as records elsewhere.

mod course;
mod events;
mod failed;
mod grid;
mod header;
mod job;
mod keys;
mod line;
mod live;
mod model;
mod rounds;
mod screen;
mod sorting;
mod terminal;
mod tracked;

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::Result;
use mmapio_core::WalkOptions;

use super::look::Subject;
use super::paths::{self, PathList};
use crate::args::common;
use crate::args::incore::{Incore, Show};
use crate::output::Exit;

/// Runs it.
pub(super) fn run(arguments: &Incore, every: Duration, list: PathList, options: WalkOptions) -> Result<Exit> {
    let show = &arguments.show;
    let is_drawn = can_draw() && show.format() == common::Format::Table;
    check(arguments, is_drawn);
    // An endless list has no second round, so all of it is needed, and one that cannot be read is not watched in part.
    let paths = list.collect::<mmapio_core::Result<Vec<_>>>()?;
    let range = arguments.paths.range;
    let subject = Subject { paths, options, range, probe: show.probe.into() };
    let pace = Pace { every, rounds: arguments.watch.rounds };
    if is_drawn {
        live::run(arguments, subject, pace)
    } else {
        rounds::run(&subject, pace, arguments.messages.quiet)
    }
}

/// What does not go together, and the parser cannot know.
fn check(arguments: &Incore, is_drawn: bool) {
    match arguments.show.format() {
        common::Format::Ndjson => {}
        common::Format::Table if is_drawn || arguments.show.format.is_none() => {}
        common::Format::Table => paths::usage_error(
            "incore",
            "--watch draws on a terminal only: elsewhere it needs --format ndjson",
        ),
        _ => paths::usage_error("incore", "--watch has --format table, on a terminal, and ndjson"),
    }
    let Show { top, sort, reverse, cached_only, .. } = &arguments.show;
    if !is_drawn && (top.is_some() || sort.is_some() || *reverse || *cached_only) {
        let message = "the records of --watch are of all files together: --top, --sort, --reverse and --cached-only are about its view on a terminal";
        paths::usage_error("incore", message);
    }
}

/// Whether standard output is a terminal that can move its cursor. On Windows there is no TERM.
fn can_draw() -> bool {
    let moves = match std::env::var_os("TERM") {
        Some(term) => !term.is_empty() && term != "dumb",
        None => cfg!(windows),
    };
    std::io::stdout().is_terminal() && moves
}

/// When it is looked, and how often.
#[derive(Debug, Clone, Copy)]
struct Pace {
    every: Duration,
    rounds: Option<NonZeroUsize>,
}

impl Pace {
    /// Whether so many rounds are all.
    fn is_over(self, rounds: usize) -> bool {
        self.rounds.is_some_and(|all| rounds >= all.get())
    }

    /// When it is looked again: watching takes no more than half of the time, however long looking takes.
    fn next(self, began: Instant, ended: Instant) -> Instant {
        let rested = ended + ended.saturating_duration_since(began);
        began.checked_add(self.every).map_or(rested, |due| due.max(rested))
    }
}
