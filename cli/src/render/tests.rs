//! What the formats print for the same few files: kept as snapshots, so that a change of a contract is seen.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p mmapio-cli --bin mmapio`, and look at the difference.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

use mmapio_core::{Error, Extent, Pages, Probe, Residency, Run, RunState, Unknown, WalkOptions, page_size};

use super::columns::Verb;
use super::csv::Csv;
use super::json::{Json, List};
use super::ndjson::Ndjson;
use mmapio_core::Total;

use super::row::{Kept, Row};
use super::table::{self, Look, RunLines};
use super::{Ending, Format, columns, ordering};

fn residency(pages: u64, resident: Option<u64>) -> Residency {
    let mut residency = Residency::default();
    residency.pages = Pages(pages);
    residency.resident = resident.map(Pages);
    residency
}

fn row(path: &str, size: u64, residency: Residency, strip: &str) -> Box<Row<'static>> {
    let path = Cow::Owned(Path::new(path).to_owned());
    Box::new(Row { strip: strip.into(), ..Row::new(path, size, residency) })
}

/// A file that is almost resident, one that may not be asked about, an empty one, one asked by mincore that changed.
fn rows() -> Kept {
    let mut known = residency(262_144, Some(262_143));
    known.probe = Some(Probe::Cachestat);
    known.dirty = Some(Pages(3));
    known.writeback = Some(Pages(0));
    known.evicted = Some(Pages(1));
    known.recently_evicted = Some(Pages(1));
    let mut hidden = residency(2, None);
    hidden.unknown = Some(Unknown::NotPermitted);
    let mut empty = residency(0, Some(0));
    empty.dirty = Some(Pages(0));
    let mut changed = residency(300_000, Some(1));
    changed.probe = Some(Probe::Mincore);
    changed.changed = true;
    vec![
        row("index.db", 1 << 30, known, "████▇"),
        row("secret", 5000, hidden, ""),
        row("empty", 0, empty, ""),
        row("växt,\n\"日本\".log", 1_228_800_000, changed, "▁····"),
    ]
}

fn total(rows: &[Box<Row<'_>>]) -> Total {
    let mut total = Total::default();
    total.errors = 1;
    rows.iter().for_each(|row| total.add(row.size, &row.residency));
    total
}

fn runs() -> [Run; 3] {
    let page = page_size();
    [(0, 2 * page, RunState::Resident), (2 * page, page, RunState::Absent), (3 * page, 5, RunState::Hole)]
        .map(|(offset, length, state)| Run { extent: Extent::new(offset, length), state })
}

/// Everything a format has to say.
fn document(format: &dyn Format) -> String {
    let (rows, mut out) = (rows(), Vec::new());
    let error = Error::system("open", std::io::Error::from_raw_os_error(13)).with_path("/private/x");
    format.head(&mut out);
    rows.iter().for_each(|row| format.file(row, &mut out));
    runs().iter().for_each(|run| format.run(Path::new("index.db"), run, &mut out));
    format.error(&error, &mut out);
    let total = total(&rows);
    format.tail(&Ending { total: Some(&total), cached: None, errors: &[error] }, &mut out);
    // The output leaves out the comma before the first record.
    String::from_utf8(out).unwrap().replace("[,", "[")
}

fn drawn(exact: bool, with_total: bool) -> String {
    let rows = rows();
    let total = with_total.then(|| total(&rows));
    let columns = table::usual_columns(Verb::Incore, &rows, total.as_ref());
    let (mut text, look) = (Vec::new(), Look { exact, color: false, ascii: false, verb: Verb::Incore });
    let options = WalkOptions::default();
    let _ = table::draw(&rows, total.as_ref(), &columns, look, &options, &mut |piece| {
        text.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    String::from_utf8(text).unwrap()
}

/// Snapshots hold figures of 4096-byte pages.
fn is_comparable() -> bool {
    use std::io::Write;
    let comparable = page_size() == 4096;
    if !comparable {
        let _ = writeln!(std::io::stderr(), "SKIP render snapshots: pages of {} bytes", page_size());
    }
    comparable
}

#[test]
fn machine_formats() {
    if is_comparable() {
        insta::assert_snapshot!("ndjson", document(&Ndjson { verb: Verb::Incore }));
        insta::assert_snapshot!("json", document(&Json { list: List::Files, verb: Verb::Incore }));
        insta::assert_snapshot!("csv", document(&Csv::of_files(Verb::Incore, None, &[])));
        insta::assert_snapshot!("csv_of_runs", document(&Csv::of_runs()));
    }
}

#[test]
fn tables() {
    if is_comparable() {
        insta::assert_snapshot!("table", drawn(false, false));
        insta::assert_snapshot!("table_with_total", drawn(false, true));
        insta::assert_snapshot!("table_exact", drawn(true, true));
        insta::assert_snapshot!("table_of_runs", document(&RunLines));
    }
}

#[test]
fn numbers_sort_from_the_largest_and_unknown_comes_last_both_ways() {
    let column = columns::find("resident_bytes").unwrap();
    for (reverse, order) in
        [(false, ["index.db", "växt", "empty", "secret"]), (true, ["empty", "växt", "index.db", "secret"])]
    {
        let mut rows = rows();
        rows.sort_by(|a, b| ordering::compare(column, reverse, a, b));
        for (row, path) in rows.iter().zip(order) {
            assert!(row.path.to_str().unwrap().starts_with(path), "{reverse}: {:?} for {path}", row.path);
        }
    }
}

#[test]
fn what_lacks_a_page_is_not_complete_and_what_has_one_is_not_nothing() {
    let text = drawn(false, false);
    assert!(text.contains(" 99.9 ") && text.contains(" 0.1 "), "{text}");
    let records = document(&Ndjson { verb: Verb::Incore });
    assert!(
        records.contains("\"resident_percent\":99.999") && records.contains("\"resident_percent\":0.001")
    );
}
