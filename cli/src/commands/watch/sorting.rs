//! What the rows are sorted by.

use std::cmp::Ordering;

use super::tracked::{Tracked, by_change, by_column};
use crate::render::columns::{self, Column};

/// A column of the view.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    /// One that tables have, too.
    Column(&'static Column),
    /// The change since the last round.
    SinceLast,
    /// The change since the start.
    SinceStart,
    /// The share over time.
    Trend,
}

impl Key {
    /// The heading.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Column(column) => column.heading,
            Self::SinceLast => "CHANGE",
            Self::SinceStart => "SINCE START",
            Self::Trend => "OVER TIME",
        }
    }

    pub(super) fn is(self, name: &str) -> bool {
        matches!(self, Self::Column(column) if column.name == name)
    }

    pub(super) fn compare(self, reverse: bool, a: &Tracked, b: &Tracked) -> Ordering {
        match self {
            Self::Column(column) => by_column(column, reverse, a, b),
            Self::SinceLast => by_change(reverse, a.course.since_last(), b.course.since_last()),
            Self::SinceStart => by_change(reverse, a.course.since_start(), b.course.since_start()),
            Self::Trend => Ordering::Equal,
        }
    }
}

/// The columns that can be sorted by, and which of them is.
#[derive(Debug)]
pub(super) struct Sorting {
    keys: Vec<Key>,
    at: usize,
    pub(super) reverse: bool,
}

impl Sorting {
    /// Begins with a column by its name; those of the view are the others, as they stand in it.
    pub(super) fn new(first: &str, reverse: bool) -> Self {
        let column = |name: &str| columns::find(name).map(Key::Column);
        let before = ["size", "resident_bytes", "resident_percent"].map(column);
        let asked =
            Some(first).filter(|name| *name != "path" && before.iter().flatten().all(|key| !key.is(name)));
        let keys: Vec<Key> = before
            .into_iter()
            .flatten()
            .chain([Key::SinceLast, Key::SinceStart])
            .chain(asked.and_then(column))
            .chain(column("path"))
            .collect();
        let at = keys.iter().position(|key| key.is(first)).unwrap_or(0);
        Self { keys, at, reverse }
    }

    /// All that can be sorted by, as they stand from left to right.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The column that is sorted by.
    pub(super) fn key(&self) -> Option<Key> {
        self.keys.get(self.at).copied()
    }

    /// Whether it is this one, by its place.
    pub(super) fn is_at(&self, at: usize) -> bool {
        self.at == at
    }

    /// The next column to the right, or to the left.
    pub(super) fn turn(&mut self, forward: bool) {
        let step = if forward { 1 } else { self.keys.len().saturating_sub(1) };
        self.at = (self.at + step) % self.keys.len().max(1);
    }

    /// Where the column is equal it is by path.
    pub(super) fn compare(&self, a: &Tracked, b: &Tracked) -> Ordering {
        let by_key = || self.key().map_or(Ordering::Equal, |key| key.compare(self.reverse, a, b));
        let by_path = || a.row.path.as_os_str().cmp(b.row.path.as_os_str());
        by_key().then_with(by_path)
    }
}
