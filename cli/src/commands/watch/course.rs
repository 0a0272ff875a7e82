//! How a number of pages goes on from round to round.

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

impl Change {
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
