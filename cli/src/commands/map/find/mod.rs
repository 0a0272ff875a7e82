//! `mmapio map --find`: where in a file a pattern is.

mod context;
mod glance;
mod needle;
mod print;
mod records;
mod span;
mod threads;

use std::ops::ControlFlow;

use anyhow::Result;
use mmapio_core::Error;

use self::needle::Needle;
use self::print::Printer;
use self::span::Found;
use super::target::{self, Target};
use crate::args::map::Map;
use crate::commands::paths::usage_error;
use crate::output::{Exit, Output};

/// More context than this is no context any more.
const MOST_CONTEXT: u64 = 1 << 20;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let pattern = arguments.find.find.as_deref().unwrap_or_default();
    let needle = Needle::new(pattern, arguments.find.literal)
        .unwrap_or_else(|why| usage_error("map", &format!("--find: {why}")));
    if arguments.find.context > Some(MOST_CONTEXT) {
        usage_error("map", "--context: at most 1 MiB can be shown");
    }
    let target = target::open(arguments, arguments.range)?;
    let output = Output::stdout(Vec::new())?;
    let mut search = Search {
        arguments,
        target: &target,
        printer: Printer::new(arguments, &target, &needle, &output),
        left: arguments.find.max_count.map(u64::from),
        errors: Vec::new(),
    };
    search.printer.head();
    threads::search(&target, &needle, &mut |found| search.take(found))?;
    search.printer.tail(&search.errors);
    let nothing = search.printer.total == 0;
    match target::exit(&output, !search.errors.is_empty())? {
        Exit::Done if nothing => Ok(Exit::Unmet),
        exit => Ok(exit),
    }
}

/// What came of it so far.
struct Search<'a> {
    arguments: &'a Map,
    target: &'a Target<'a>,
    printer: Printer<'a>,
    /// How many finds are still wanted; none is all.
    left: Option<u64>,
    errors: Vec<Error>,
}

impl Search<'_> {
    /// Takes what was found in the next part of the file; breaks when no more is wanted, or to be had.
    fn take(&mut self, found: Found) -> ControlFlow<()> {
        for mut run in found.runs {
            run.count = run.count.min(self.left.unwrap_or(u64::MAX));
            self.left = self.left.map(|left| left - run.count);
            self.printer.run(run)?;
            if self.left == Some(0) {
                return ControlFlow::Break(());
            }
        }
        self.printer.flush()?;
        for error in found.unreadable {
            self.fail(error);
        }
        match found.ended {
            Some(error) => {
                self.fail(error);
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn fail(&mut self, error: Error) {
        let error = self.target.fail(self.arguments, error);
        self.printer.error(&error);
        self.errors.push(error);
    }
}
