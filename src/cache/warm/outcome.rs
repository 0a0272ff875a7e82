//! What loading came to, besides what was loaded.

use std::io;

use crate::error::{Error, ErrorKind};
use crate::extent::Extent;
use crate::page::Pages;

/// As many places that cannot be read are named.
const MOST_NAMED: usize = 16;

/// What was not loaded.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) truncated: Pages,
    pub(crate) interrupted: Pages,
    /// Not tried after too many failures.
    pub(crate) untried: Pages,
    /// Places that cannot be read.
    failures: Vec<(Extent, io::Error)>,
    /// What ended the work.
    pub(crate) error: Option<Error>,
}

impl Outcome {
    /// Notes a page that cannot be read; false when it was noted before.
    pub(crate) fn fail(&mut self, page: Extent, error: io::Error) -> bool {
        if self.has_failed(page) {
            return false;
        }
        match self.failures.last_mut() {
            Some((last, of)) if last.end() == page.offset() && of.raw_os_error() == error.raw_os_error() => {
                *last = Extent::between(last.offset(), page.end());
            }
            _ => self.failures.push((page, error)),
        }
        true
    }

    /// Whether this page was noted.
    pub(crate) fn has_failed(&self, page: Extent) -> bool {
        let holds = |known: &Extent| known.offset() <= page.offset() && page.end() <= known.end();
        self.failures.iter().rev().any(|(known, _)| holds(known))
    }

    pub(crate) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    pub(crate) fn unreadable(&self) -> Pages {
        self.failures.iter().map(|(extent, _)| extent.pages()).sum()
    }

    /// The places that cannot be read.
    pub(crate) fn places(&self) -> impl Iterator<Item = Extent> {
        self.failures.iter().map(|(extent, _)| *extent)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.truncated += other.truncated;
        self.interrupted += other.interrupted;
        self.untried += other.untried;
        self.failures.extend(other.failures);
        self.error = self.error.take().or(other.error);
    }

    /// What is to be said, in file order; of many places the first ones.
    pub(crate) fn into_errors(mut self) -> Vec<Error> {
        self.failures.sort_by_key(|(extent, _)| extent.offset());
        let unreadable =
            |(extent, error)| Error::new("read", ErrorKind::Unreadable { source: error, extent });
        let mut errors: Vec<_> = self.failures.into_iter().take(MOST_NAMED).map(unreadable).collect();
        errors.extend(self.error);
        errors
    }
}
