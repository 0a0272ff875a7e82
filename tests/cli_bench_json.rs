//! The report of a bench in formats for machines: everything is there, in the form that the schema promises, and adds up.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a field that is missing fails the test")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::command::mmapio;
use support::reports;
use support::scratch::Scratch;

const SCHEMA: &str = include_str!("../docs/bench.schema.json");
/// No multiple of a block or of a page.
const SIZE: usize = 300_001;
const PATTERNS: [&str; 4] = ["sequential", "random", "stride:65536", "zipf:1"];

#[track_caller]
fn assert_in_form(report: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// A file in which no two words are the same.
fn prepare(scratch: &Scratch) -> (PathBuf, Vec<u8>) {
    let numbers = (1_u64..).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).to_le_bytes());
    let content: Vec<u8> = numbers.flatten().take(SIZE).collect();
    let path = scratch.path().join("file");
    std::fs::write(&path, &content).expect("room for the file");
    (path, content)
}

/// The sum as the schema describes it, by arithmetic that cannot wrap.
fn checksum(content: &[u8]) -> u64 {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0_u128, |word, byte| word * 256 + u128::from(*byte));
    let sum: u128 = content.chunks(8).map(word).sum();
    u64::try_from(sum % (1 << 64)).expect("a remainder")
}

fn bench(file: &Path, options: &[&str]) -> Vec<u8> {
    let fixed = ["bench", "--budget", "0.5", "--strategy", "pread,mmap", "--bytes", "300001"];
    mmapio(fixed).args(options).arg(file).run().cleanly().stdout
}

fn report(file: &Path, options: &[&str]) -> Value {
    let options = [&["--format", "json"], options].concat();
    serde_json::from_slice(&bench(file, &options)).expect("JSON")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().expect("a list")
}

/// All strategies with their scenarios.
fn strategies(report: &Value) -> Vec<(&Value, &Value)> {
    let scenarios = list(report, "scenarios").iter();
    scenarios
        .flat_map(|scenario| list(scenario, "strategies").iter().map(move |strategy| (scenario, strategy)))
        .collect()
}

fn float(value: &Value, field: &str) -> f64 {
    value[field].as_f64().expect("a number")
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) }
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * 1e-9, "{found}, and not {expected}");
}

#[test]
fn all_of_it_is_in_the_form_that_is_promised() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let report = report(&file, &["--pattern", &PATTERNS.join(",")]);
    assert_in_form(&report);
    assert_eq!((&report["type"], &report["size"]), (&json!("bench"), &json!(SIZE)));
    assert_eq!((&report["offset"], &report["length"]), (&json!(0), &json!(SIZE)));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    assert_eq!(report["environment"]["kernel"], kernel.trim());
    assert!(report["environment"]["filesystem"].is_string());
    let wanted: Vec<(&str, &str)> =
        PATTERNS.iter().flat_map(|pattern| [(*pattern, "cold"), (*pattern, "warm")]).collect();
    let found: Vec<(&str, &str)> = list(&report, "scenarios")
        .iter()
        .map(|scenario| {
            (scenario["pattern"].as_str().expect("a pattern"), scenario["state"].as_str().expect("a state"))
        })
        .collect();
    assert_eq!(found, wanted);
    for (scenario, strategy) in strategies(&report) {
        let is_timed = scenario["pattern"] != "sequential";
        for field in ["p50", "p90", "p99", "p99.9", "max"] {
            assert_eq!(strategy.get(field).is_some_and(Value::is_number), is_timed, "{field}: {strategy}");
        }
        // Zipf reads other blocks in each round.
        let last = list(strategy, "samples").last().expect("a sample");
        assert_eq!(strategy["checksum"], last["checksum"]);
    }
}

#[test]
fn the_sums_are_those_of_the_bytes() {
    let scratch = Scratch::on_disk();
    let (file, content) = prepare(&scratch);
    let report = report(&file, &["--pattern", "sequential,random,stride:65536", "--threads", "1,3"]);
    let expected = checksum(&content);
    assert_eq!(strategies(&report).len(), 2 * 2 * (4 + 2 + 2));
    for (scenario, strategy) in strategies(&report) {
        assert_eq!(scenario["bytes"], SIZE, "{}", scenario["pattern"]);
        assert_eq!(strategy["checksum"], expected, "{}", strategy["strategy"]);
        for sample in list(strategy, "samples") {
            assert_eq!(sample["checksum"], expected, "{}", strategy["strategy"]);
        }
    }
    assert_eq!(std::fs::read(&file).expect("own file"), content, "the file is as it was");
}

#[test]
fn numbers_are_those_of_the_samples() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let report = report(&file, &["--runs", "7"]);
    for (scenario, strategy) in strategies(&report) {
        assert_eq!(scenario["rounds"], 7);
        let samples = list(strategy, "samples");
        let rounds: Vec<u64> = samples.iter().filter_map(|sample| sample["round"].as_u64()).collect();
        // What is much slower than the others is not measured in all rounds.
        assert!(rounds == (1..=7).collect::<Vec<u64>>() || rounds == [1, 2, 3, 4, 5], "{rounds:?}");
        let of = |field: &str| samples.iter().map(|sample| float(sample, field)).collect::<Vec<f64>>();
        let (times, middle) = (of("seconds"), median(of("seconds")));
        near(float(strategy, "median"), middle);
        near(float(strategy, "min"), times.iter().copied().fold(f64::INFINITY, f64::min));
        near(float(strategy, "mad"), median(times.iter().map(|time| (time - middle).abs()).collect()));
        near(float(strategy, "bytes_per_second"), float(scenario, "bytes") / middle);
        for field in ["setup", "first", "again", "teardown", "user", "system", "minor_faults", "major_faults"]
        {
            near(float(strategy, field), median(of(field)));
        }
        let interval: Vec<f64> = list(strategy, "ci95").iter().filter_map(Value::as_f64).collect();
        assert!(interval[0] <= middle && middle <= interval[1] && interval[0] >= float(strategy, "min"));
        for (sample, time) in samples.iter().zip(times) {
            assert!(
                float(sample, "setup") + float(sample, "first") + float(sample, "teardown")
                    <= time * 1.000_001
            );
        }
    }
    list(&report, "scenarios").iter().for_each(assert_ratios);
}

/// To the fastest, in the rounds that both took part in; what is the fastest may have been slow in the pilot.
fn assert_ratios(scenario: &Value) {
    let strategies = list(scenario, "strategies");
    let times = |strategy: &Value, rounds: usize| -> f64 {
        median(list(strategy, "samples").iter().take(rounds).map(|sample| float(sample, "seconds")).collect())
    };
    let by_median = |a: &&Value, b: &&Value| float(a, "median").total_cmp(&float(b, "median"));
    let best = strategies.iter().min_by(by_median).expect("a strategy");
    for strategy in strategies {
        let rounds = list(strategy, "samples").len().min(list(best, "samples").len());
        near(float(strategy, "ratio"), times(strategy, rounds) / times(best, rounds));
    }
}

#[test]
fn csv_has_the_same_numbers() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let report = report(&file, &["--pattern", "sequential,random"]);
    let path = reports::write(&report, scratch.path(), "report.json");
    let text = mmapio(["bench", "--format", "csv", "--from"]).arg(path).run().cleanly().text();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headings = rows.headers().expect("headings").clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), strategies(&report).len());
    for (row, (scenario, strategy)) in rows.iter().zip(strategies(&report)) {
        for (heading, cell) in headings.iter().zip(row) {
            assert_cell(heading, cell, scenario, strategy);
        }
    }
}

fn assert_cell(heading: &str, cell: &str, scenario: &Value, strategy: &Value) {
    let value = match heading
        .strip_suffix("_low")
        .map(|of| (of, 0))
        .or(heading.strip_suffix("_high").map(|of| (of, 1)))
    {
        Some((of, at)) => &strategy[of][at],
        None if strategy.get(heading).is_some() => &strategy[heading],
        None => &scenario[heading],
    };
    match value {
        Value::Null => assert_eq!(cell, "", "{heading}"),
        Value::String(text) => assert_eq!(cell, text, "{heading}"),
        Value::Bool(whether) => assert_eq!(cell, whether.to_string(), "{heading}"),
        // To a double it would be rounded.
        Value::Number(number) if heading == "checksum" => assert_eq!(cell, number.to_string()),
        value => near(cell.parse().expect("a number"), value.as_f64().expect("a number")),
    }
}

#[test]
fn a_comparison_is_in_form_too() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let mut old = report(&file, &["--pattern", "random", "--state", "warm"]);
    old["environment"]["kernel"] = json!("another");
    old["scenarios"][0]["strategies"][0]["samples"].as_array_mut().expect("a list").truncate(2);
    old["scenarios"][0]["strategies"][1]["block"] = json!(8192);
    let old = reports::write(&old, scratch.path(), "old.json");
    let options = ["--pattern", "random", "--state", "warm", "--compare", old.to_str().expect("text")];
    let report = report(&file, &options);
    assert_in_form(&report);
    let comparison = &report["comparison"];
    assert_eq!(list(comparison, "changes").len(), 1);
    assert_eq!(list(comparison, "changes")[0]["ratio_ci95"], Value::Null);
    assert_eq!((list(comparison, "only_old").len(), list(comparison, "only_new").len()), (1, 1));
}

#[test]
fn what_was_written_is_in_form_too() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let args = ["bench", "--write", "--budget", "0.5", "--runs", "3", "--quiet", "--format", "json"];
    let ran = mmapio(args).args(&["--sync-every", "16"]).arg(&file).run().cleanly();
    let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_in_form(&report);
    assert_eq!((&report["work"], &report["copy"]["sync_every"]), (&json!("write"), &json!(16)));
}

#[test]
fn what_was_only_copied_has_no_sum() {
    let scratch = Scratch::on_disk();
    let (file, _) = prepare(&scratch);
    let report = report(&file, &["--work", "copy", "--state", "warm"]);
    assert_in_form(&report);
    assert_eq!(report["work"], "copy");
    assert!(strategies(&report).iter().all(|(_, strategy)| strategy["checksum"] == 0));
}
