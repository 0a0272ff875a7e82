//! A look at all files.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use mmapio_core::{ByteRange, Error, FileId, Found, ProbeChoice, Visitor, WalkOptions, walk};

use crate::args::common::When;
use crate::commands::order::Order;
use crate::commands::ranges::Ranged;
use crate::commands::report::Merged;
use crate::commands::scan::{Plan, Scan, Task};
use crate::commands::sink::Frame;
use crate::output::Output;
use crate::progress::Progress;
use crate::render::table::Rows;

/// What is looked at.
pub(super) struct Subject {
    pub(super) paths: Vec<PathBuf>,
    pub(super) options: WalkOptions,
    pub(super) range: Option<ByteRange>,
    pub(super) probe: ProbeChoice,
}

impl Subject {
    /// Looks at all of it, and says nothing: rows by path where the task keeps them, the total, what failed. What it found when it
    /// was stopped is a part.
    pub(super) fn look(&self, task: Task, is_stopped: impl Fn() -> bool + Sync) -> Result<Merged> {
        let output = Output::stdout(Vec::new())?;
        let progress = Progress::new(When::Never);
        let plan = Plan {
            frame: Frame {
                quiet: true,
                keeps_errors: true,
                format: &Rows,
                output: &output,
                progress: &progress,
            },
            task,
            ranged: Ranged::new(self.range),
            probe: self.probe,
            cached_only: false,
            missing: None,
            in_use: None,
            verbose: false,
            picture: 0,
            spread: false,
        };
        let paths = self.paths.iter().cloned().map(Ok);
        let visitor = || Stoppable { scan: Scan::new(&plan), is_stopped: &is_stopped };
        let sinks = walk(paths, &self.options, visitor).into_iter().map(|one| one.scan.into_sink());
        Ok(Merged::of(sinks.collect(), &Order::new(None, false, false)))
    }
}

/// A scan that ends early when it is told to.
struct Stoppable<'a, F> {
    scan: Scan<'a>,
    is_stopped: &'a F,
}

impl<F: Fn() -> bool + Sync> Visitor for Stoppable<'_, F> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if (self.is_stopped)() {
            return ControlFlow::Break(());
        }
        self.scan.file(found)
    }

    fn again(&mut self, path: &Path, id: FileId) {
        self.scan.again(path, id);
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.scan.error(error)
    }
}
