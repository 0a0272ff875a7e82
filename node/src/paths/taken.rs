//! What came of files, one thread's part and all together.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mmapio_core::{
    Error, Extent, Found, Observer, Report, Result, Subject, Total, Visitor, WarmVisitor, extents_of,
};

use super::{Ground, Survey};
use crate::failure::Failure;
use crate::record::{Deed, Entry, sum_of};

/// What came of a file.
pub(super) enum Came {
    Seen(mmapio_core::Residency),
    Done(Box<Report>),
    Nothing,
}

/// What a thread has taken.
#[derive(Default)]
pub(super) struct Taken {
    entries: Vec<Entry>,
    errors: Vec<Error>,
    /// What failed inside of files that there are no entries of.
    inside: Vec<Error>,
    pub(super) total: Total,
}

impl Taken {
    fn take(&mut self, subject: Subject<'_>, came: Came, is_summary: bool) {
        let Subject { path, size, .. } = subject;
        let entry = match came {
            Came::Nothing => return,
            Came::Seen(residency) => {
                self.total.add(size, &residency);
                Entry::looked_at(&residency)
            }
            Came::Done(report) => {
                self.total.add_act(size, &report);
                if is_summary {
                    self.inside.extend(report.errors.into_iter().map(|error| error.with_path(path)));
                    return;
                }
                Entry::done(*report)
            }
        };
        if !is_summary {
            self.entries.push(entry.of_file(path, size));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.errors.extend(other.errors);
        self.inside.extend(other.inside);
        self.total.merge(&other.total);
    }

    pub(super) fn into_survey(self, paths: &[PathBuf], is_done: bool) -> Survey {
        let named: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let is_named = |error: &&Error| error.path().is_none_or(|path| named.contains(path));
        let worst = self.errors.iter().find(is_named).map(Failure::of);
        let mut sum = sum_of(&self.total);
        if is_done {
            sum.deed = Some(Deed::from(&self.total.acts));
        }
        let errors = self.errors.iter().chain(&self.inside).map(Failure::of).collect();
        Survey { entries: self.entries.into_iter(), errors, named: worst, sum: Some(sum) }
    }
}

/// A thread that acts on each file.
pub(super) struct Acting<'a> {
    pub(super) ground: &'a Ground,
    pub(super) act: &'a (dyn Fn(&Found<'_>) -> Result<Came> + Sync),
    pub(super) taken: Taken,
}

impl Visitor for Acting<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if self.ground.course.is_stopped() {
            return ControlFlow::Break(());
        }
        match found.require(self.ground.range).and_then(|()| (self.act)(&found)) {
            Ok(came) => {
                let subject = Subject::new(found.path, &found.file, found.named);
                self.taken.take(subject, came, self.ground.is_summary);
            }
            Err(error) => self.taken.errors.push(error.with_path(found.path)),
        }
        ControlFlow::Continue(())
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.taken.errors.push(error);
        ControlFlow::Continue(())
    }
}

impl WarmVisitor for Acting<'_> {
    fn extents(&mut self, found: &Found<'_>) -> Result<Vec<Extent>> {
        found.require(self.ground.range)?;
        Ok(extents_of(&found.file, &[self.ground.range]))
    }

    fn report(&mut self, subject: Subject<'_>, report: Report) {
        self.taken.take(subject, Came::Done(Box::new(report)), self.ground.is_summary);
    }

    fn error(&mut self, error: Error) {
        self.taken.errors.push(error);
    }
}
