//! What the core counts, as objects of JavaScript: numbers that JavaScript has, null for what is unknown.

use std::path::Path;

use mmapio_core::{Acts, Pages, Remaining, Report, Residency, Total};
use napi_derive::napi;

use crate::failure::{Failure, PathText, path_text};

/// As a number of JavaScript's.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, which no file here reaches")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// A number of JavaScript's; `node/lib` lets no negative one through.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn pages(count: Option<Pages>) -> Option<f64> {
    count.map(|pages| number(pages.0))
}

fn bytes(count: Option<Pages>) -> Option<f64> {
    count.map(|pages| number(pages.bytes()))
}

/// What of something is in memory.
#[napi(object, use_nullable = true)]
#[derive(Debug)]
pub(crate) struct Record {
    pub pages: f64,
    pub resident_pages: Option<f64>,
    pub resident_bytes: Option<f64>,
    pub resident_percent: Option<f64>,
    pub dirty_pages: Option<f64>,
    pub writeback_pages: Option<f64>,
    pub evicted_pages: Option<f64>,
    pub recently_evicted_pages: Option<f64>,
    pub probe: Option<String>,
    pub unknown: Option<String>,
    pub changed: bool,
    pub offset: f64,
    pub length: f64,
}

impl From<&Residency> for Record {
    fn from(residency: &Residency) -> Self {
        Self {
            pages: number(residency.pages.0),
            resident_pages: pages(residency.resident),
            resident_bytes: bytes(residency.resident),
            resident_percent: residency.percent(),
            dirty_pages: pages(residency.dirty),
            writeback_pages: pages(residency.writeback),
            evicted_pages: pages(residency.evicted),
            recently_evicted_pages: pages(residency.recently_evicted),
            probe: residency.probe.map(|probe| probe.to_string()),
            unknown: residency.unknown.map(|unknown| unknown.to_string()),
            changed: residency.changed,
            offset: number(residency.extent.offset()),
            length: number(residency.extent.length()),
        }
    }
}

/// Pages that stayed as they were.
#[napi(object)]
#[derive(Debug)]
pub(crate) struct Left {
    pub reason: String,
    pub pages: f64,
    pub processes: Vec<u32>,
}

impl From<&Remaining> for Left {
    fn from(left: &Remaining) -> Self {
        let reason = left.reason.as_str().to_owned();
        Self { reason, pages: number(left.pages.0), processes: left.processes.clone() }
    }
}

/// What was done to something.
#[napi(object, use_nullable = true)]
#[derive(Debug)]
pub(crate) struct Deed {
    pub before_resident_pages: Option<f64>,
    pub requested_pages: Option<f64>,
    pub changed_pages: Option<f64>,
    pub remaining: Vec<Left>,
    pub seconds: f64,
}

impl From<&Report> for Deed {
    fn from(report: &Report) -> Self {
        Self {
            before_resident_pages: pages(report.before.resident),
            requested_pages: pages(report.requested),
            changed_pages: pages(report.changed),
            remaining: report.remaining.iter().map(Left::from).collect(),
            seconds: report.elapsed.as_secs_f64(),
        }
    }
}

/// A file or a mapping: its residency, and what was done to it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub(crate) struct Entry {
    /// Of a mapping none.
    pub path: Option<PathText>,
    pub size: Option<f64>,
    pub residency: Record,
    pub deed: Option<Deed>,
    pub errors: Vec<Failure>,
}

impl Entry {
    pub(crate) fn looked_at(residency: &Residency) -> Self {
        Self { path: None, size: None, residency: residency.into(), deed: None, errors: Vec::new() }
    }

    pub(crate) fn done(mut report: Report) -> Self {
        let errors = std::mem::take(&mut report.errors).into_iter().map(Failure::from).collect();
        Self { deed: Some(Deed::from(&report)), errors, ..Self::looked_at(&report.after) }
    }

    pub(crate) fn of_file(self, path: &Path, size: u64) -> Self {
        Self { path: Some(path_text(path)), size: Some(number(size)), ..self }
    }
}

/// The sums over files.
#[napi(object, use_nullable = true)]
#[derive(Debug)]
pub(crate) struct Sum {
    pub files: f64,
    pub size: f64,
    pub pages: f64,
    pub resident_pages: Option<f64>,
    pub resident_bytes: Option<f64>,
    pub resident_percent: Option<f64>,
    pub dirty_pages: Option<f64>,
    pub writeback_pages: Option<f64>,
    pub evicted_pages: Option<f64>,
    pub recently_evicted_pages: Option<f64>,
    pub unknown_files: f64,
    pub deed: Option<Deed>,
}

/// The sums, without what was done.
pub(crate) fn sum_of(total: &Total) -> Sum {
    let resident = total.resident();
    let share = |whole: Pages| resident.and_then(|resident| resident.percent_of(whole));
    Sum {
        files: number(total.files),
        size: number(total.size),
        pages: number(total.pages.0),
        resident_pages: pages(resident),
        resident_bytes: bytes(resident),
        resident_percent: total.whole().and_then(share),
        dirty_pages: pages(total.of_known(total.dirty)),
        writeback_pages: pages(total.of_known(total.writeback)),
        evicted_pages: pages(total.of_known(total.evicted)),
        recently_evicted_pages: pages(total.of_known(total.recently_evicted)),
        unknown_files: number(total.unknown_files),
        deed: None,
    }
}

impl From<&Acts> for Deed {
    fn from(acts: &Acts) -> Self {
        Self {
            before_resident_pages: pages(acts.before_resident),
            requested_pages: pages(acts.requested),
            changed_pages: pages(acts.changed),
            remaining: acts.remaining.iter().map(Left::from).collect(),
            seconds: acts.elapsed.as_secs_f64(),
        }
    }
}
