//! Small rows of a table, put together as one.
//!
//! A directory's row has all that lies below it, and is never smaller than a row below it: what is small has nothing but small rows
//! in it. So the sum of all small rows is that of the uppermost ones, in which the others are already. Like every other row, the one
//! that stands for them counts what is also in the rows of directories above. What is unknown could be large, and stays.

use std::collections::HashSet;
use std::path::PathBuf;

use mmapio_core::{Pages, Percent, Total};

use super::roots::Roots;
use crate::commands::report::Merged;
use crate::commands::scan::Strip;
use crate::render::row::{Kept, Row};

/// Puts rows with less than so much of all that is resident into one at the end; a single one stays as it is.
pub(super) fn fold(found: &mut Merged, share: Percent, roots: &Roots, strip: Strip) {
    let Some(all) = found.total.resident() else { return };
    let least = Pages(share.of(all.0));
    if found.rows.iter().filter(|row| is_less(row, least)).count() < 2 {
        return;
    }
    let (small, kept): (Kept, Kept) =
        std::mem::take(&mut found.rows).into_iter().partition(|row| is_less(row, least));
    found.rows = kept;
    let words = PathBuf::from(words(&small, share));
    found.rows.push(Box::new(super::row(words, sum(&small, roots), strip)));
}

fn is_less(row: &Row<'_>, least: Pages) -> bool {
    row.residency.resident.is_some_and(|resident| resident < least)
}

/// What the uppermost rows hold together.
fn sum(rows: &Kept, roots: &Roots) -> Total {
    let paths: HashSet<_> = rows.iter().map(|row| roots.full(&row.path)).collect();
    // Where the row above it is not small, none further up is.
    let lies_in_another = |row: &Row<'_>| {
        roots.rows_of(&roots.full(&row.path)).iter().rev().nth(1).is_some_and(|above| paths.contains(*above))
    };
    let mut sum = Total::default();
    for row in rows.iter().filter(|row| !lies_in_another(row)) {
        match &row.sum {
            Some(of_row) => sum.merge(of_row),
            None => sum.add(row.size, &row.residency),
        }
    }
    sum
}

/// What stands in place of a path.
fn words(rows: &Kept, share: Percent) -> String {
    let directories = rows.iter().filter(|row| row.sum.is_some()).count();
    let said = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let directories_said = said(directories, "directory", "directories");
    let files_said = said(rows.len() - directories, "file", "files");
    let what: Vec<String> = directories_said.into_iter().chain(files_said).collect();
    format!("({} below {share} %)", what.join(" and "))
}
