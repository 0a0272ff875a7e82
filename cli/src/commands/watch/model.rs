//! What is known of all files, and how it is looked at. Drawing reads it, keys and rounds change it.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use mmapio_core::{Pages, Total};

use super::course::SumCourse;
use super::failed::FailedPaths;
use super::keys::Action;
use super::sorting::Sorting;
use super::tracked::Tracked;
use crate::commands::report::Merged;
use crate::messages;
use crate::render::row::Kept;
use crate::render::table::Look;

/// So many rounds are remembered of the total; few screens are wider.
const REMEMBERED: usize = 400;

/// What the view is to show.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What is watched, as a terminal may see it.
    pub(super) names: String,
    pub(super) look: Look,
    pub(super) ascii: bool,
    /// No more files than this.
    pub(super) top: usize,
    pub(super) cached_only: bool,
    /// The total alone.
    pub(super) summary: bool,
}

/// The sum of all files over time.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) total: Total,
    pub(super) course: SumCourse,
    /// What was resident, round by round.
    pub(super) history: Vec<Option<Pages>>,
}

/// The state of the view.
pub(super) struct Model {
    pub(super) wanted: Wanted,
    pub(super) sorting: Sorting,
    /// None before the first round.
    pub(super) sum: Option<Sum>,
    pub(super) rounds: usize,
    /// From the start to the last round.
    pub(super) elapsed: Duration,
    /// What a look found that was under way when the view was paused.
    held: Option<Box<(Merged, Duration)>>,
    /// What failed in the last round.
    pub(super) errors: Vec<String>,
    pub(super) is_paused: bool,
    pub(super) is_helping: bool,
    /// By path.
    files: Vec<Tracked>,
    /// Those that are shown, in order.
    order: Vec<usize>,
    /// The first row on the screen, and how many there is room for.
    first: usize,
    room: usize,
}

impl Model {
    pub(super) fn new(wanted: Wanted, sorting: Sorting) -> Self {
        Self {
            wanted,
            sorting,
            sum: None,
            rounds: 0,
            elapsed: Duration::ZERO,
            held: None,
            errors: Vec::new(),
            is_paused: false,
            is_helping: false,
            files: Vec::new(),
            order: Vec::new(),
            first: 0,
            room: 0,
        }
    }

    /// Takes what a round found; its rows are sorted by path. While the view is paused nothing changes, so it is held until the
    /// view goes on, and then still is a round at its time: to drop it would be a gap in what is drawn over time, and a second
    /// wait where looking takes long.
    pub(super) fn take(&mut self, found: Merged, elapsed: Duration) {
        if self.is_paused {
            self.held = Some(Box::new((found, elapsed)));
            return;
        }
        let Merged { rows, total, errors, .. } = found;
        let failures = FailedPaths::of(&errors);
        self.track(rows, &failures);
        self.add(total, failures.paths());
        self.errors = errors.iter().map(messages::of_path).collect();
        self.rounds += 1;
        self.elapsed = elapsed;
        self.sort();
    }

    /// What of the files that failed is in memory is unknown, and so is how the sum changed: without them it is another one.
    fn add(&mut self, mut total: Total, failures: BTreeSet<PathBuf>) {
        let failed = self.files.iter().filter(|file| file.is_failed()).count();
        (0..failed).for_each(|_| total.add_unopened());
        let resident = total.resident().filter(|_| failed == 0);
        let sum = match self.sum.take() {
            None => Sum { total, course: SumCourse::new(resident, failures), history: vec![resident] },
            Some(Sum { mut course, mut history, .. }) => {
                course.go_on(resident, failures);
                if history.len() >= REMEMBERED {
                    history.remove(0);
                }
                history.push(resident);
                Sum { total, course, history }
            }
        };
        self.sum = Some(sum);
    }

    /// Brings what was known and what was found together, both of which are sorted by path.
    fn track(&mut self, rows: Kept, failures: &FailedPaths<'_>) {
        let is_first_round = self.rounds == 0;
        let mut all = Vec::with_capacity(rows.len());
        let missed = |file: Tracked| missed(file, failures);
        let mut known = std::mem::take(&mut self.files).into_iter().peekable();
        for row in rows {
            let before = |file: &Tracked| file.row.path.as_os_str() < row.path.as_os_str();
            while let Some(file) = known.next_if(before) {
                all.extend(missed(file));
            }
            let same = |file: &Tracked| file.row.path.as_os_str() == row.path.as_os_str();
            match known.next_if(same) {
                Some(mut file) => {
                    file.see(row);
                    all.push(file);
                }
                None => all.push(Tracked::new(row, is_first_round)),
            }
        }
        all.extend(known.filter_map(missed));
        self.files = all;
    }

    /// Puts the rows that are shown in order.
    fn sort(&mut self) {
        let (files, sorting) = (&self.files, &self.sorting);
        let is_shown = |file: &Tracked| !self.wanted.cached_only || file.may_be_cached();
        let mut shown: Vec<(usize, &Tracked)> =
            files.iter().enumerate().filter(|(_, file)| is_shown(file)).collect();
        let order =
            |(_, a): &(usize, &Tracked), (_, b): &(usize, &Tracked)| -> Ordering { sorting.compare(a, b) };
        shown.sort_by(order);
        shown.truncate(self.wanted.top);
        self.order = shown.into_iter().map(|(at, _)| at).collect();
        self.fit(self.room);
    }

    /// There is room for so many rows: the first one moves so that none of it is left empty.
    pub(super) fn fit(&mut self, room: usize) {
        self.room = room;
        self.first = self.first.min(self.order.len().saturating_sub(room));
    }

    /// The rows on the screen.
    pub(super) fn visible(&self, room: usize) -> impl Iterator<Item = &Tracked> {
        self.order.iter().skip(self.first).take(room).filter_map(|at| self.files.get(*at))
    }

    /// Which of the files are on the screen, where it is not all of them.
    pub(super) fn place(&self) -> Option<String> {
        let (all, last) = (self.order.len(), self.order.len().min(self.first + self.room));
        (self.room > 0 && all > self.room).then(|| format!("{}-{last} of {all}", self.first + 1))
    }

    /// Does what a key says that is about the view alone.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Sort { forward } => {
                self.sorting.turn(forward);
                self.sort();
            }
            Action::Reverse => {
                self.sorting.reverse = !self.sorting.reverse;
                self.sort();
            }
            Action::Pause => self.pause(),
            Action::Help => self.is_helping = !self.is_helping,
            Action::Up => self.first = self.first.saturating_sub(1),
            Action::Down => self.scroll_to(self.first.saturating_add(1)),
            Action::PageUp => self.first = self.first.saturating_sub(self.room.max(1)),
            Action::PageDown => self.scroll_to(self.first.saturating_add(self.room.max(1))),
            Action::Home => self.first = 0,
            Action::End => self.scroll_to(usize::MAX),
            Action::Quit | Action::Interrupt | Action::Suspend | Action::Redraw => {}
        }
    }

    fn pause(&mut self) {
        self.is_paused = !self.is_paused;
        if let Some((found, elapsed)) = self.held.take().map(|held| *held) {
            self.take(found, elapsed);
        }
    }

    fn scroll_to(&mut self, first: usize) {
        self.first = first;
        self.fit(self.room);
    }
}

/// What is left of a file that was not found.
fn missed(mut file: Tracked, failures: &FailedPaths<'_>) -> Option<Tracked> {
    let is_shown = match failures.find(&file.row.path) {
        Some(why) => file.fail(why),
        None => file.miss(),
    };
    is_shown.then_some(file)
}
