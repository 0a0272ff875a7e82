//! `mmapio incore --by-directory`: the files of a walk summed by directory.

mod fold;
mod roots;
mod sums;
mod survey;

use std::path::PathBuf;

use mmapio_core::{Pages, Percent, Residency, Total, WalkOptions};

use super::order::Order;
use super::paths::PathList;
use super::report::Merged;
use super::scan::{Plan, Strip};
use crate::render::row::{Kept, Row};
use crate::render::strip;

use roots::Roots;
use survey::{Survey, Surveyed};

/// What was asked for.
pub(crate) struct ByDirectory {
    /// How deep below each named directory.
    pub(crate) depth: usize,
    /// What has less than so much of all is put together in one row.
    pub(crate) fold: Option<Percent>,
    /// How wide bars are.
    pub(crate) strip: Strip,
}

/// What tables put together unless told otherwise.
pub(crate) fn usual_fold() -> Option<Percent> {
    "1%".parse().ok()
}

/// Walks, and gives the directories as rows, with the files that were named.
pub(crate) fn sum(
    wanted: &ByDirectory,
    list: PathList,
    options: &WalkOptions,
    plan: &Plan<'_>,
    order: &Order,
) -> Merged {
    // Which directory a file belongs to depends on all that was named, so it must be known before.
    let list: Vec<_> = list.collect();
    let roots = Roots::new(list.iter().flatten(), wanted.depth);
    let roots = if plan.in_use.is_some() { roots.with_all() } else { roots };
    let surveys = plan.walk(list, options, || Survey::new(plan, &roots));
    let mut surveyed = Surveyed::of(surveys, &roots);
    if let Some(sink) = surveyed.sinks.first_mut() {
        sink.rows = rows(&surveyed.files, &surveyed.sums, &roots, plan, wanted.strip);
    }
    let mut found = Merged::of(surveyed.sinks, order);
    if let Some(share) = wanted.fold {
        fold::fold(&mut found, share, &roots, wanted.strip);
    }
    found
}

/// The rows that the options let through.
fn rows(
    files: &[(PathBuf, u64, Residency)],
    sums: &[(PathBuf, Total)],
    roots: &Roots,
    plan: &Plan<'_>,
    strip: Strip,
) -> Kept {
    let ranged = !plan.ranged.range.is_whole();
    let files = files.iter().map(|(path, size, residency)| {
        let strip = bar(residency, strip);
        Row { ranged, strip, ..Row::new(roots.shown(path), *size, residency.clone()) }
    });
    let sums = sums.iter().map(|(path, sum)| row(roots.shown(path), sum.clone(), strip));
    let shows =
        |row: &Row<'_>| !plan.cached_only || row.is_unknown() || row.residency.resident != Some(Pages(0));
    files.chain(sums).filter(shows).map(Box::new).collect()
}

/// The row of a sum.
fn row(path: PathBuf, sum: Total, strip: Strip) -> Row<'static> {
    let mut residency = Residency::default();
    residency.pages = sum.pages;
    // A part of it that is known is no answer for the whole.
    residency.resident = sum.whole().and(sum.resident());
    residency.dirty = sum.of_known(sum.dirty);
    let (size, strip) = (sum.size, bar(&residency, strip));
    Row { strip, sum: Some(Box::new(sum)), ..Row::new(path, size, residency) }
}

/// How much is resident, drawn.
fn bar(residency: &Residency, strip: Strip) -> Box<str> {
    let counts =
        [residency.pages, residency.resident.unwrap_or_default(), residency.dirty.unwrap_or_default()];
    strip::bar(strip.parts, counts, strip.ascii)
}
