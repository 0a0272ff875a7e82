//! The order of rows.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::parallel;
use crate::render::columns::{self, Column};
use crate::render::ordering::{compare, numeric_key};
use crate::render::row::{Kept, Row};

/// By the column that was asked for, else by what `--top` is about, else by path; where that is equal by path.
pub(crate) struct Order {
    column: Option<&'static Column>,
    reverse: bool,
}

/// What rows are compared by before their text is looked at, which lies all over memory: a number, and the part of the
/// path in which paths begin to differ.
type Keyed = ((u64, u128), Box<Row<'static>>);

impl Order {
    pub(crate) fn new(column: Option<&str>, is_top: bool, reverse: bool) -> Self {
        let usual = if is_top { "resident_bytes" } else { "path" };
        Self { column: columns::find(column.unwrap_or(usual)), reverse }
    }

    /// One sorted list of several: each is sorted by a thread of its own, so that what is left is to merge them.
    pub(crate) fn merge(&self, lists: Vec<Kept>) -> Kept {
        let common = common_prefix(&lists);
        let lists: Vec<_> = lists.into_iter().map(Mutex::new).collect();
        let sorted = |list: &Mutex<Kept>| {
            let rows = std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner));
            let mut keyed: Vec<Keyed> = rows.into_iter().map(|row| (self.key(&row, common), row)).collect();
            keyed.sort_by(|a, b| self.compare(a, b));
            keyed
        };
        let sorted = parallel::map(&lists, 1, |lists| lists.iter().flat_map(sorted).collect::<Vec<_>>());
        let mut all: Vec<Keyed> = sorted.into_iter().flatten().collect();
        all.sort_by(|a, b| self.compare(a, b));
        all.into_iter().map(|(_, row)| row).collect()
    }

    fn key(&self, row: &Row<'_>, common: usize) -> (u64, u128) {
        let number = self.column.and_then(|column| numeric_key(column, self.reverse, row));
        // Columns of text are compared as text: their rows all have one key.
        number.map_or((0, 0), |number| (number, head(&row.path, common)))
    }

    fn compare(&self, (a_key, a): &Keyed, (b_key, b): &Keyed) -> Ordering {
        let by_column = || self.column.map_or(Ordering::Equal, |column| compare(column, self.reverse, a, b));
        a_key.cmp(b_key).then_with(by_column).then_with(|| a.path.as_os_str().cmp(b.path.as_os_str()))
    }
}

/// How many bytes all paths begin with.
fn common_prefix(lists: &[Kept]) -> usize {
    let Some(first) = lists.iter().flatten().next().map(|row| bytes(&row.path)) else { return 0 };
    let in_common = |common: usize, path: &Path| {
        first.iter().zip(bytes(path)).take(common).take_while(|(a, b)| a == b).count()
    };
    let of_lists =
        |lists: &[Kept]| lists.iter().flatten().fold(first.len(), |common, row| in_common(common, &row.path));
    parallel::map(lists, 1, of_lists).into_iter().min().unwrap_or(0)
}

/// The sixteen bytes after the first `skipped`, as a number that is ordered as they are.
fn head(path: &Path, skipped: usize) -> u128 {
    let mut head = [0; 16];
    let rest = bytes(path).get(skipped..).unwrap_or_default();
    head.iter_mut().zip(rest).for_each(|(head, byte)| *head = *byte);
    u128::from_be_bytes(head)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}
