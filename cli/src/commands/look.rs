//! A look at all files that says nothing: for what looks again and again.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use mmapio_core::{ByteRange, Error, FileId, Found, ProbeChoice, Visitor, WalkOptions, walk};

use super::order::Order;
use super::ranges::Ranged;
use super::report::Merged;
use super::scan::{Plan, Scan, Task};
use super::sink::Frame;
use crate::args::common::When;
use crate::output::Output;
use crate::progress::Progress;
use crate::render::table::Rows;

/// What is looked at.
pub(crate) struct Subject {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) options: WalkOptions,
    pub(crate) range: Option<ByteRange>,
    pub(crate) probe: ProbeChoice,
}

impl Subject {
    /// Looks at all of it, and says nothing: rows by path where the task keeps them, the total, what failed. What it found when it
    /// was stopped is a part.
    pub(crate) fn look(&self, task: Task, is_stopped: impl Fn() -> bool + Sync) -> Result<Merged> {
        let output = Output::stdout(Vec::new())?;
        let progress = Progress::new(When::Never);
        let plan = Plan {
            frame: Frame {
                quiet: true,
                keeps_errors: true,
                needs_all: true,
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

impl<F: Fn() -> bool> Stoppable<'_, F> {
    fn go_on(&self) -> ControlFlow<()> {
        if (self.is_stopped)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<F: Fn() -> bool + Sync> Visitor for Stoppable<'_, F> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.go_on()?;
        self.scan.file(found)
    }

    fn again(&mut self, path: &Path, id: FileId) {
        self.scan.again(path, id);
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.go_on()?;
        self.scan.error(error)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_look_ends_when_it_is_told_to() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let mut options = WalkOptions::default();
        options.jobs = NonZeroUsize::new(1);
        let paths = vec![dir.path().to_owned()];
        let subject = Subject { paths, options, range: None, probe: ProbeChoice::Auto };
        let asked = AtomicUsize::new(0);
        let files = |most: usize| {
            let found = subject.look(Task::Sum, || asked.fetch_add(1, Ordering::Relaxed) >= most).unwrap();
            found.total.files
        };
        assert_eq!(files(2), 2);
        assert_eq!(files(usize::MAX), 3);
    }

    #[test]
    fn it_ends_at_paths_that_fail_too() {
        let dir = tempfile::tempdir().unwrap();
        let paths = vec![dir.path().join("none"), dir.path().join("neither")];
        let options = WalkOptions::default();
        let subject = Subject { paths, options, range: None, probe: ProbeChoice::Auto };
        assert_eq!(subject.look(Task::Sum, || true).unwrap().total.errors, 0);
        assert_eq!(subject.look(Task::Sum, || false).unwrap().total.errors, 2);
    }
}
