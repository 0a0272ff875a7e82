//! What must be said of a file, worked out from what the oracle sees.

use std::path::Path;

use serde_json::Value;

use super::command::{ndjson, number};
use super::oracle;

/// The pages of a file as the oracle sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Truth {
    size: u64,
    resident: Vec<bool>,
    has_data: Vec<bool>,
}

/// One run: offset, length, state.
pub(crate) type Run = (u64, u64, String);

impl Truth {
    /// Of a regular file.
    pub(crate) fn of(file: &Path) -> Truth {
        let size = std::fs::metadata(file).expect("own file").len();
        Truth { size, resident: oracle::map(file), has_data: pages_with_data(size, &oracle::data(file)) }
    }

    pub(crate) fn resident_pages(&self) -> u64 {
        self.resident.iter().map(|resident| u64::from(*resident)).sum()
    }

    fn state(&self, page: usize) -> &'static str {
        match (self.resident[page], self.has_data[page]) {
            (true, _) => "resident",
            (false, true) => "absent",
            (false, false) => "hole",
        }
    }

    /// The maximal runs of the bytes from `offset` to `end`, which lie on page boundaries or at the end of the file.
    pub(crate) fn runs(&self, offset: u64, end: u64) -> Vec<Run> {
        let page_size = oracle::page_size();
        let mut runs: Vec<Run> = Vec::new();
        let mut at = offset;
        while at < end.min(self.size) {
            let next = (at + page_size).min(self.size);
            let state = self.state(index(at / page_size));
            match runs.last_mut() {
                Some((_, length, of)) if of == state => *length += next - at,
                _ => runs.push((at, next - at, state.to_owned())),
            }
            at = next;
        }
        runs
    }

    /// The maximal runs of the whole file.
    pub(crate) fn all_runs(&self) -> Vec<Run> {
        self.runs(0, self.size)
    }
}

/// A page is in a hole when no byte of it is data.
fn pages_with_data(size: u64, extents: &[(u64, u64)]) -> Vec<bool> {
    let page_size = oracle::page_size();
    let mut pages = vec![false; index(oracle::pages(size))];
    for (offset, length) in extents {
        pages[index(offset / page_size)..index((offset + length).div_ceil(page_size))].fill(true);
    }
    pages
}

fn index(page: u64) -> usize {
    usize::try_from(page).expect("as many pages as fit in memory")
}

/// Run records as runs.
pub(crate) fn as_runs(records: &[&Value]) -> Vec<Run> {
    let state = |record: &Value| record["state"].as_str().expect("a state").to_owned();
    records.iter().map(|record| (number(record, "offset"), number(record, "length"), state(record))).collect()
}

/// Demands that runs are contiguous and maximal and cover the bytes from `offset` to `end`.
#[track_caller]
pub(crate) fn assert_cover(runs: &[Run], offset: u64, end: u64) {
    let mut at = offset;
    for (start, length, _) in runs {
        assert_eq!(*start, at, "a run starts where the last one ends: {runs:?}");
        assert!(*length > 0, "a run is not empty: {runs:?}");
        at = start + length;
    }
    assert_eq!(at, end, "the runs end where the file ends: {runs:?}");
    assert!(runs.windows(2).all(|pair| pair[0].2 != pair[1].2), "neighbours differ in state: {runs:?}");
}

/// What was observed, and what `act` gave while two looks around it saw the same. Machines reclaim idle pages at any
/// time, so a difference between the looks proves nothing and is tried again.
pub(crate) fn while_steady<T: PartialEq, A>(observe: impl Fn() -> T, act: impl Fn() -> A) -> (T, A) {
    for _ in 0..100 {
        let before = observe();
        let answer = act();
        if observe() == before {
            return (before, answer);
        }
    }
    panic!("what is resident never stayed the same for two looks");
}

/// Demands that the command says of a regular file what the oracle sees, in counts and in runs.
#[track_caller]
pub(crate) fn assert_agrees(file: &Path, options: &[&str], what: &str) {
    let counts = || ndjson(options).arg(file).run().cleanly().records().only("file").clone();
    let runs = || as_runs(&ndjson(options).arg("--runs").arg(file).run().cleanly().records().of_type("run"));
    let (truth, (record, said)) = while_steady(|| Truth::of(file), || (counts(), runs()));
    assert_eq!(number(&record, "size"), truth.size, "{what}: {record}");
    assert_eq!(number(&record, "pages"), oracle::pages(truth.size), "{what}: {record}");
    assert_eq!(number(&record, "resident_pages"), truth.resident_pages(), "{what}: {record}");
    assert_percent(&record);
    assert!(said == truth.all_runs(), "{what}: {}", first_difference(&said, &truth.all_runs()));
}

/// Long lists of runs differ somewhere; where is what helps.
fn first_difference(said: &[Run], truth: &[Run]) -> String {
    let at = said.iter().zip(truth).take_while(|(a, b)| a == b).count();
    format!(
        "run {at} is {:?}, not {:?} ({} runs, not {})",
        said.get(at),
        truth.get(at),
        said.len(),
        truth.len()
    )
}

/// Demands a share that fits its counts, within 0 and 100.
#[track_caller]
pub(crate) fn assert_percent(record: &Value) {
    let (pages, resident) = (number(record, "pages"), number(record, "resident_pages"));
    assert!(resident <= pages, "{record}");
    if pages == 0 {
        return;
    }
    let percent = record["resident_percent"].as_f64().expect("a number");
    #[expect(clippy::cast_precision_loss, reason = "a share is rounded anyway")]
    let exact = resident as f64 * 100.0 / pages as f64;
    assert!(
        (0.0..=100.0).contains(&percent) && (percent - exact).abs() < 0.11,
        "{percent} is not {exact}: {record}"
    );
}

/// The one file record that the command gives for a path.
#[track_caller]
pub(crate) fn file_record(file: &Path) -> Value {
    ndjson([file]).run().exits(0).records().only("file").clone()
}
