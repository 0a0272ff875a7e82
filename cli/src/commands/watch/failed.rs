//! Why files are not seen in a round: they are gone, or something failed that says nothing about whether they are.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mmapio_core::{Error, ErrorKind};

/// What failed in a round, by path; that something is not there is no failure.
pub(super) struct FailedPaths<'a>(HashMap<&'a Path, Arc<str>>);

impl<'a> FailedPaths<'a> {
    pub(super) fn of(errors: &'a [Error]) -> Self {
        let failure = |error: &'a Error| {
            let why = || format!("{}: {}", error.call(), error.reason()).into();
            error.path().filter(|_| !is_absence(error)).map(|path| (path, why()))
        };
        Self(errors.iter().filter_map(failure).collect())
    }

    /// The paths alone.
    pub(super) fn paths(&self) -> BTreeSet<PathBuf> {
        self.0.keys().map(|path| path.to_path_buf()).collect()
    }

    /// Why this path was not seen: in a directory that failed nothing is seen either.
    pub(super) fn find(&self, path: &Path) -> Option<&Arc<str>> {
        if self.0.is_empty() {
            return None;
        }
        path.ancestors().find_map(|path| self.0.get(path))
    }
}

/// Whether it says that no such file is there, or something else in its place that is not looked at.
fn is_absence(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::System(error) => {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        }
        ErrorKind::RefusedKind(_) | ErrorKind::RefusedFilesystem(_) => true,
        _ => false,
    }
}
