//! Which files there are by now.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use mmapio_core::{Error, FileId, Found, Visitor, WalkOptions, walk};

/// A thread's part of a walk for names alone.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(PathBuf, FileId)>);

impl Names {
    /// The files under these paths.
    pub(super) fn under(tops: &[PathBuf], options: &WalkOptions) -> HashMap<PathBuf, FileId> {
        walk(tops.iter().cloned().map(Ok), options, Self::default)
            .into_iter()
            .flat_map(|names| names.0)
            .collect()
    }
}

impl Visitor for Names {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        self.0.push((found.path.to_owned(), found.file.id()));
        ControlFlow::Continue(())
    }

    /// What failed was told of, or is when it is looked at.
    fn error(&mut self, _error: Error) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
