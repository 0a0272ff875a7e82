//! A file that is watched.

use std::cmp::Ordering;
use std::sync::Arc;

use mmapio_core::{Pages, Part};

use super::course::{Change, Course};
use crate::render::columns::Column;
use crate::render::ordering::{compare, unknown_last};
use crate::render::row::Row;
use crate::render::strip;

/// So many rounds are remembered of a file; no screen shows more.
const REMEMBERED: usize = 40;
/// For so many rounds it is said that a file is new, or gone.
const SAID: usize = 5;
/// Levels that no part has: of what is unknown, and of a file that is empty.
const UNKNOWN: u8 = u8::MAX;
const EMPTY: u8 = UNKNOWN - 1;

/// A file, or what is at its path now.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) row: Box<Row<'static>>,
    pub(super) course: Course,
    levels: Vec<u8>,
    state: State,
}

/// What is said of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Known,
    /// It came, for so many rounds more.
    New(usize),
    /// Another file took its place.
    Replaced(usize),
    Gone(usize),
    /// It may be there, but this failed in the last round.
    Failed(Arc<str>),
}

impl State {
    /// A round later; none when nothing is left to be said of what is gone.
    fn later(&self) -> Option<Self> {
        match self {
            Self::Known | Self::Failed(_) | Self::New(0) | Self::Replaced(0) => Some(Self::Known),
            Self::New(rounds) => Some(Self::New(rounds - 1)),
            Self::Replaced(rounds) => Some(Self::Replaced(rounds - 1)),
            Self::Gone(0) => None,
            Self::Gone(rounds) => Some(Self::Gone(rounds - 1)),
        }
    }
}

impl Tracked {
    /// A file that is seen for the first time, in the first round or later.
    pub(super) fn new(row: Box<Row<'static>>, is_first_round: bool) -> Self {
        let state = if is_first_round { State::Known } else { State::New(SAID) };
        Self { course: Course::new(row.residency.resident), levels: vec![level(&row)], row, state }
    }

    /// It is seen again; another file at its path begins anew.
    pub(super) fn see(&mut self, row: Box<Row<'static>>) {
        if self.is_gone() || self.row.id != row.id {
            let state = if self.row.id == row.id { State::Known } else { State::Replaced(SAID) };
            *self = Self { state, ..Self::new(row, true) };
            return;
        }
        self.go_on(row.residency.resident, level(&row));
        self.row = row;
        self.state = self.state.later().unwrap_or(State::Known);
    }

    /// It is not seen since its path, or one above it, failed like this. Of what is gone already that tells nothing new.
    pub(super) fn fail(&mut self, why: &Arc<str>) -> bool {
        if self.is_gone() {
            return self.miss();
        }
        self.go_on(None, UNKNOWN);
        self.state = State::Failed(Arc::clone(why));
        true
    }

    /// It is not there any more; whether it is still to be shown.
    pub(super) fn miss(&mut self) -> bool {
        let next = if self.is_gone() { self.state.later() } else { Some(State::Gone(SAID)) };
        let is_shown = next.is_some();
        self.state = next.unwrap_or(State::Gone(0));
        is_shown
    }

    fn go_on(&mut self, resident: Option<Pages>, level: u8) {
        self.course.go_on(resident);
        if self.levels.len() >= REMEMBERED {
            self.levels.remove(0);
        }
        self.levels.push(level);
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone(_))
    }

    /// Whether nothing is known of it now; its row is that of the last round in which it was well.
    pub(super) fn is_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    /// Whether something of it is in memory, or may be.
    pub(super) fn may_be_cached(&self) -> bool {
        let is_cached = || self.row.residency.resident.is_none_or(|resident| resident.0 > 0);
        self.is_failed() || !self.is_gone() && is_cached()
    }

    /// What is to be said behind its name.
    pub(super) fn note(&self) -> Option<String> {
        match &self.state {
            State::Failed(why) => Some(format!("failed: {why}")),
            State::Gone(_) => Some("gone".to_owned()),
            State::New(_) => Some("new".to_owned()),
            State::Replaced(_) => Some("replaced".to_owned()),
            State::Known => self.row.note(),
        }
    }

    /// Its share of the last so many rounds, drawn.
    pub(super) fn trend(&self, width: usize, ascii: bool) -> String {
        let levels = self.levels.get(self.levels.len().saturating_sub(width)..).unwrap_or_default();
        let character = |level: &u8| if *level == EMPTY { ' ' } else { strip::character(*level, ascii) };
        levels.iter().map(character).collect()
    }
}

fn level(row: &Row<'_>) -> u8 {
    match (row.residency.resident, row.residency.pages) {
        (None, _) => UNKNOWN,
        (Some(_), Pages(0)) => EMPTY,
        (Some(resident), pages) => strip::level(&Part { pages, resident }),
    }
}

/// The order of two files by a column: as in tables, where what is unknown comes last. Of what failed the path is known.
pub(super) fn by_column(column: &Column, reverse: bool, a: &Tracked, b: &Tracked) -> Ordering {
    let known = |file: &Tracked| (column.name == "path" || !file.is_failed()).then_some(());
    unknown_last(known(a), known(b), |(), ()| compare(column, reverse, &a.row, &b.row))
}

/// The order of two changes: what grew most comes first, what shrank most in reverse, unknown last in any case.
pub(super) fn by_change(reverse: bool, a: Change, b: Change) -> Ordering {
    unknown_last(a.pages(), b.pages(), |a, b| if reverse { a.cmp(&b) } else { b.cmp(&a) })
}
