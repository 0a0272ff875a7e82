//! How a number of pages goes on from round to round.

use std::collections::BTreeSet;
use std::path::PathBuf;

use mmapio_core::Pages;

/// The number now, and what it is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    first: Option<Pages>,
    /// None: there was no round before.
    last: Option<Option<Pages>>,
    now: Option<Pages>,
}

/// A difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// There is nothing to compare with.
    None,
    /// One of the two numbers is unknown.
    Unknown,
    /// So many pages more, or less.
    Pages(i64),
}

impl Course {
    /// It begins with this; none is unknown.
    pub(super) fn new(now: Option<Pages>) -> Self {
        Self { first: now, last: None, now }
    }

    /// The next round has this.
    pub(super) fn go_on(&mut self, now: Option<Pages>) {
        self.last = Some(self.now);
        self.now = now;
    }

    /// Since the round before.
    pub(super) fn since_last(&self) -> Change {
        self.last.map_or(Change::None, |last| Change::between(last, self.now))
    }

    /// Since it began.
    pub(super) fn since_start(&self) -> Change {
        Change::between(self.first, self.now)
    }
}

/// How the sum of files goes on. Where other paths fail than in the round that it is compared with, it is the sum of other files, and how it
/// changed is unknown.
#[derive(Debug, Clone)]
pub(super) struct SumCourse {
    course: Course,
    /// What failed in the first round, the last and this one.
    failed: [BTreeSet<PathBuf>; 3],
}

impl SumCourse {
    /// It begins with this.
    pub(super) fn new(now: Option<Pages>, failed: BTreeSet<PathBuf>) -> Self {
        Self { course: Course::new(now), failed: [failed.clone(), failed.clone(), failed] }
    }

    /// The next round has this.
    pub(super) fn go_on(&mut self, now: Option<Pages>, failed: BTreeSet<PathBuf>) {
        self.course.go_on(now);
        let [_, last, this] = &mut self.failed;
        *last = std::mem::replace(this, failed);
    }

    /// Since the round before.
    pub(super) fn since_last(&self) -> Change {
        let [_, last, now] = &self.failed;
        self.course.since_last().known_if(last == now)
    }

    /// Since it began.
    pub(super) fn since_start(&self) -> Change {
        let [first, _, now] = &self.failed;
        self.course.since_start().known_if(first == now)
    }
}

impl Change {
    fn known_if(self, is_known: bool) -> Self {
        if is_known || self == Self::None { self } else { Self::Unknown }
    }

    fn between(before: Option<Pages>, now: Option<Pages>) -> Self {
        before.zip(now).map_or(Self::Unknown, |(before, now)| {
            let pages = i128::from(now.0) - i128::from(before.0);
            i64::try_from(pages).map_or(Self::Unknown, Self::Pages)
        })
    }

    /// Where it is known.
    pub(super) fn pages(self) -> Option<i64> {
        match self {
            Self::Pages(pages) => Some(pages),
            Self::None | Self::Unknown => None,
        }
    }
}
