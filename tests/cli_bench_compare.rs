//! A bench says what changed since an earlier one: no more than the numbers allow, and nothing of what is no report.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a field that is missing fails the test")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::command::{Ran, incore, mmapio};
use support::reports::{about, report, scenario, strategy, write};
use support::scratch::Scratch;

const BEST: (f64, f64, f64) = (1.0, 1.0, 1.0);

/// One scenario, in which these strategies took about so long.
fn simple(strategies: &[(&str, f64)]) -> Value {
    let of = |(name, seconds): &(&str, f64)| strategy(name, &about(*seconds), BEST);
    report(vec![scenario("random", "cold", strategies.iter().map(of).collect())])
}

/// Both reports compared, without measuring anything.
fn compare(old: &Value, new: &Value, options: &[&str]) -> Ran {
    let scratch = Scratch::on_disk();
    let (old, new) = (write(old, scratch.path(), "old.json"), write(new, scratch.path(), "new.json"));
    mmapio(["bench", "--compare"]).arg(old).arg("--from").arg(new).args(options).run()
}

fn comparison(old: &Value, new: &Value) -> Value {
    let ran = compare(old, new, &["--format", "json"]).cleanly();
    let document: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!((&document["type"], &document["version"]), (&json!("bench"), &json!(1)));
    document["comparison"].clone()
}

/// What is said of a strategy.
#[track_caller]
fn change<'a>(comparison: &'a Value, strategy: &str) -> &'a Value {
    let changes = comparison["changes"].as_array().expect("a list");
    changes.iter().find(|change| change["strategy"] == strategy).expect("both have it")
}

#[track_caller]
fn near(value: &Value, expected: f64) {
    let value = value.as_f64().expect("a number");
    assert!((value / expected - 1.0).abs() < 1e-9, "{value}, and not {expected}");
}

#[test]
fn faster_and_slower_are_said_where_the_interval_leaves_out_1() {
    let old = simple(&[("pread", 1.0), ("mmap", 1.0), ("read", 1.0)]);
    let new = simple(&[("pread", 0.5), ("mmap", 1.2), ("read", 1.001)]);
    let found = comparison(&old, &new);
    for (name, ratio, verdict) in
        [("pread", 0.5, json!("faster")), ("mmap", 1.2, json!("slower")), ("read", 1.001, Value::Null)]
    {
        let change = change(&found, name);
        near(&change["ratio"], ratio);
        assert_eq!(change["change"], verdict, "{name}");
        let (low, high) = (&change["ratio_ci95"][0], &change["ratio_ci95"][1]);
        let (low, high) = (low.as_f64().expect("low"), high.as_f64().expect("high"));
        assert!(low <= ratio && ratio <= high && low > ratio * 0.95 && high < ratio * 1.05, "{low} {high}");
        assert_eq!((change["old"]["rounds"].as_u64(), change["new"]["rounds"].as_u64()), (Some(5), Some(5)));
    }
    near(&change(&found, "pread")["old"]["median"], 1.0);
    near(&change(&found, "pread")["new"]["median"], 0.5);
    for list in ["differences", "environment", "only_old", "only_new"] {
        assert_eq!(found[list], json!([]), "{list}");
    }
}

#[test]
fn the_table_says_the_same() {
    let old = simple(&[("pread", 1.0), ("mmap", 1.0), ("read", 1.0)]);
    let new = simple(&[("pread", 0.5), ("mmap", 1.2), ("read", 1.0)]);
    let text = compare(&old, &new, &[]).cleanly().text();
    let (_, text) = text.split_once("Compared with").expect("a comparison");
    for (name, words) in [
        ("pread", ["1.00 MiB/s", "2.00 MiB/s", "0.500", "faster"]),
        ("mmap", ["1.00 MiB/s", "853.33 KiB/s", "1.200", "slower"]),
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a line");
        words.iter().for_each(|word| assert!(line.contains(word), "{word}: {line}"));
    }
    assert!(text.lines().any(|line| line.starts_with("read ") && line.ends_with('=')), "{text}");
    assert!(text.contains("Of 3 comparisons: 1 faster, 1 slower."), "{text}");
}

#[test]
fn csv_has_the_comparison_beside_the_strategy() {
    let (old, new) = (simple(&[("pread", 1.0), ("mmap", 1.0)]), simple(&[("pread", 0.5), ("direct", 1.0)]));
    let text = compare(&old, &new, &["--format", "csv"]).cleanly().text();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headings = rows.headers().expect("headings").clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let cell = |row: &csv::StringRecord, name: &str| {
        row[headings.iter().position(|heading| heading == name).expect("a column")].to_owned()
    };
    assert_eq!((cell(&rows[0], "change"), cell(&rows[1], "change")), ("faster".into(), String::new()));
    assert_eq!(cell(&rows[0], "change_ratio").parse(), Ok(0.5));
    assert_eq!(
        (cell(&rows[0], "old_bytes_per_second"), cell(&rows[1], "change_ratio")),
        ("1048576".into(), String::new())
    );
}

#[test]
fn runs_of_other_lengths_are_set_beside_each_other_and_not_judged() {
    let (old, mut new) = (simple(&[("pread", 1.0)]), simple(&[("pread", 2.0)]));
    new["scenarios"][0]["bytes"] = json!(4 << 20);
    let found = comparison(&old, &new);
    let change = change(&found, "pread");
    near(&change["ratio"], 0.5);
    assert_eq!(change["change"], Value::Null);
    near(&change["new"]["bytes_per_second"], f64::from(2 << 20));
    let text = compare(&old, &new, &[]).cleanly().text();
    assert!(text.contains("? runs of other lengths"), "{text}");
}

#[test]
fn a_run_is_as_long_as_the_one_it_is_compared_with() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 1 << 20);
    let usual = [
        "bench",
        "--runs",
        "1",
        "--state",
        "warm",
        "--strategy",
        "mmap",
        "--pattern",
        "random",
        "--format",
        "json",
    ];
    let run = |options: &[&str]| -> Value {
        let ran = mmapio(usual).args(options).arg(&file).in_dir(scratch.path()).run().exits(0);
        serde_json::from_slice(&ran.stdout).expect("JSON")
    };
    write(&run(&["--bytes", "40K"]), scratch.path(), "old.json");
    let bytes = |report: &Value| report["scenarios"][0]["bytes"].as_u64();
    assert_eq!(bytes(&run(&["--compare", "old.json"])), Some(40 << 10));
    assert_eq!(bytes(&run(&["--compare", "old.json", "--bytes", "80K"])), Some(80 << 10));
}

#[test]
fn of_too_few_runs_nothing_is_said() {
    let few = report(vec![scenario("random", "cold", vec![strategy("pread", &[9.0, 9.1], BEST)])]);
    let many = simple(&[("pread", 1.0)]);
    for (old, new) in [(&few, &many), (&many, &few)] {
        let found = comparison(old, new);
        let change = change(&found, "pread");
        assert_eq!((&change["change"], &change["ratio_ci95"]), (&Value::Null, &Value::Null));
        let text = compare(old, new, &[]).cleanly().text();
        assert!(text.contains("too few runs  ?"), "{text}");
    }
}

#[test]
fn what_differs_besides_is_listed() {
    let (mut old, mut new) = (simple(&[("pread", 1.0)]), simple(&[("pread", 1.0)]));
    for (field, value) in
        [("size", json!(1 << 20)), ("seed", json!(7)), ("length", json!(4096)), ("work", json!("copy"))]
    {
        old[field] = value;
    }
    new["environment"] = json!({ "kernel": "6.2.0", "filesystem": "ext4" });
    old["environment"]["memory"] = json!({ "total": 16_000_000_000_u64, "limit": null });
    old["environment"]["mitigations"] = json!(["a: which is long", "b"]);
    old["environment"]["nothing"] = json!([]);
    let found = comparison(&old, &new);
    let fields = |list: &str| -> Vec<Value> {
        found[list].as_array().expect("a list").iter().map(|difference| difference["field"].clone()).collect()
    };
    assert_eq!(fields("differences"), ["length", "seed", "size", "work"]);
    assert_eq!(fields("environment"), ["kernel", "memory.total", "mitigations"]);
    let text = compare(&old, &new, &[]).cleanly().text();
    for line in
        ["size: 1048576 → 1073741824", "work: copy → sum", "kernel: 6.1.0 → 6.2.0", "mitigations: a, b → ?"]
    {
        assert!(text.lines().any(|found| found.trim() == line), "{line}: {text}");
    }
}

#[test]
fn what_only_one_has_is_said() {
    let mut old = simple(&[("pread", 1.0), ("gone", 1.0)]);
    let new = simple(&[("pread", 1.0), ("mmap", 1.0)]);
    let more = scenario("sequential", "warm", vec![strategy("pread", &about(1.0), BEST)]);
    old["scenarios"].as_array_mut().expect("a list").push(more);
    let found = comparison(&old, &new);
    let names = |list: &str| -> Vec<(Value, Value)> {
        let keys = found[list].as_array().expect("a list").iter();
        keys.map(|key| (key["pattern"].clone(), key["strategy"].clone())).collect()
    };
    assert_eq!(names("only_old"), [("random".into(), "gone".into()), ("sequential".into(), "pread".into())]);
    assert_eq!(names("only_new"), [("random".into(), "mmap".into())]);
    let text = compare(&old, &new, &[]).cleanly().text();
    assert!(text.contains("Only in the earlier report: sequential, warm: pread 4.00 KiB"), "{text}");
    let text = compare(&report(vec![]), &new, &[]).cleanly().text();
    assert!(text.contains("Nothing is in both reports."), "{text}");
}

#[test]
fn reports_of_other_versions_of_the_command_are_compared_as_far_as_they_go() {
    let new = simple(&[("pread", 0.5)]);
    let mut older = simple(&[("pread", 1.0)]);
    let fields = older.as_object_mut().expect("an object");
    for field in ["environment", "overhead", "notes", "advice"] {
        fields.remove(field).expect("a field");
    }
    let strategy = older["scenarios"][0]["strategies"][0].as_object_mut().expect("an object");
    for field in ["checksum", "mad", "again", "ratio"] {
        strategy.remove(field).expect("a field");
    }
    older["scenarios"][0]["strategies"][0]["weather"] = json!("fine");
    let found = comparison(&older, &new);
    assert_eq!(change(&found, "pread")["change"], "faster");
    assert_eq!(found["environment"].as_array().map(Vec::len), Some(2));
}

/// What is no report, and what is said about it.
fn damaged() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = simple(&[("pread", 1.0)]);
    let with = |field: &str, value: Value| {
        let mut report = good.clone();
        report[field] = value;
        report.to_string().into_bytes()
    };
    let (mut timeless, mut empty) = (good.clone(), good.clone());
    timeless["scenarios"][0]["strategies"][0]["samples"][2]["seconds"] = json!(0.0);
    empty["scenarios"][0]["bytes"] = json!(0);
    let whole = good.to_string().into_bytes();
    vec![
        ("nothing", Vec::new(), "EOF"),
        ("no JSON", b"STRATEGY  RATE".to_vec(), "expected value"),
        ("cut off", whole[..whole.len() / 2].to_vec(), "EOF"),
        ("binary", vec![0xff, 0, 1, 2], "expected value"),
        ("another type", with("type", json!("file")), "it has no \"type\": \"bench\""),
        ("no object", b"[1]".to_vec(), "it has no \"type\": \"bench\""),
        ("a later version", with("version", json!(2)), "its version is 2, and only 1 is known here"),
        ("a version of another kind", with("version", json!("1")), "its version is \"1\""),
        ("no version", with("version", Value::Null), "its version is null"),
        ("another shape", with("scenarios", json!({})), "invalid type"),
        ("no time", timeless.to_string().into_bytes(), "a run that took no time"),
        ("no bytes", empty.to_string().into_bytes(), "reads nothing"),
    ]
}

#[test]
fn what_is_no_report_is_refused_before_anything_is_measured() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 4096);
    for (name, bytes, words) in damaged() {
        let old = scratch.path().join("old.json");
        std::fs::write(&old, &bytes).expect("own file");
        let ran = mmapio(["bench", "--runs", "1", "--compare"]).arg(&old).arg(&file).run();
        assert_eq!(ran.text(), "", "{name}");
        ran.exits(1).says("old.json: ").says(words);
        let report = write(&simple(&[("pread", 1.0)]), scratch.path(), "good.json");
        mmapio(["bench", "--compare"]).arg(&old).arg("--from").arg(&report).run().exits(1).says(words);
    }
    mmapio(["bench", "--compare", "nowhere.json"])
        .arg(&file)
        .in_dir(scratch.path())
        .run()
        .exits(1)
        .says("nowhere.json: open: No such file");
}

#[test]
fn reports_of_other_commands_are_refused() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 4096);
    let other = incore(["--format", "json"]).arg(&file).run().exits(0);
    let old = scratch.path().join("old.json");
    std::fs::write(&old, &other.stdout).expect("own file");
    for option in ["--compare", "--from"] {
        let rest: &[&Path] = if option == "--compare" { &[&file] } else { &[] };
        let ran = mmapio(["bench", option]).arg(&old);
        rest.iter()
            .fold(ran, |ran, path| ran.arg(path))
            .run()
            .exits(1)
            .says("no report of `mmapio bench --format json`");
    }
}

#[test]
fn a_run_is_compared_with_one_before() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 1 << 20);
    let run = |options: &[&str]| {
        let fixed = [
            "bench",
            "--runs",
            "3",
            "--bytes",
            "1M",
            "--budget",
            "0.2",
            "--state",
            "warm",
            "--strategy",
            "pread,mmap",
        ];
        mmapio(fixed).args(options).arg(&file).in_dir(scratch.path()).run().exits(0)
    };
    let old = run(&["--format", "json"]);
    std::fs::write(scratch.path().join("old.json"), &old.stdout).expect("own file");
    let new: Value =
        serde_json::from_slice(&run(&["--format", "json", "--compare", "old.json"]).stdout).expect("JSON");
    let found = &new["comparison"];
    let strategies: usize = new["scenarios"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|scenario| scenario["strategies"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(found["changes"].as_array().map(Vec::len), Some(strategies));
    assert_eq!((&found["only_old"], &found["differences"]), (&json!([]), &json!([])));
    assert!(
        run(&["--compare", "old.json"]).text().contains("Compared with the earlier report"),
        "in tables, too"
    );
    let piped = mmapio(["bench", "--compare", "-", "--from", "old.json"])
        .in_dir(scratch.path())
        .stdin(&old.stdout)
        .run();
    let text = piped.exits(0).text();
    assert!(text.contains("No difference can be told"), "with itself: {text}");
}

#[test]
fn a_report_is_taken_up_as_it_was() {
    let scratch = Scratch::on_disk();
    let wanted = simple(&[("pread", 1.0), ("mmap", 1.5)]);
    write(&wanted, scratch.path(), "report.json");
    let from = |format: &str| {
        mmapio(["bench", "--from", "report.json", "--format", format]).in_dir(scratch.path()).run().cleanly()
    };
    let mut found: Value = serde_json::from_slice(&from("json").stdout).expect("JSON");
    for strategy in found["scenarios"][0]["strategies"].as_array_mut().expect("a list") {
        strategy.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    }
    assert_eq!(
        found["scenarios"][0]["strategies"][1]["samples"],
        wanted["scenarios"][0]["strategies"][1]["samples"]
    );
    assert_eq!(found["environment"]["kernel"], wanted["environment"]["kernel"]);
    assert!(found.get("comparison").is_none());
    assert!(from("table").text().contains("random, cold"));
}

#[test]
fn nothing_is_measured_and_taken_up_at_once() {
    let scratch = Scratch::on_disk();
    write(&simple(&[("pread", 1.0)]), scratch.path(), "report.json");
    let file = scratch.file("file", 4096);
    for options in [&["--runs", "3"][..], &["--pattern", "random"], &["--seed", "1"], &["--no-restore-cache"]]
    {
        let ran = mmapio(["bench", "--from", "report.json"]).args(options).in_dir(scratch.path()).run();
        ran.exits(2).says("cannot be used with");
    }
    mmapio(["bench", "--from", "report.json"])
        .arg(file)
        .in_dir(scratch.path())
        .run()
        .exits(2)
        .says("cannot be used");
    mmapio(["bench"]).run().exits(2);
}

#[test]
fn nothing_in_a_report_is_obeyed_by_a_terminal() {
    let mut nasty = simple(&[("pread\u{1b}[31m", 1.0)]);
    for field in ["path", "work"] {
        nasty[field] = json!("\u{1b}]0;title\u{7}\u{202e}");
    }
    nasty["notes"] = json!(["\u{1b}[2J"]);
    nasty["environment"]["kernel"] = json!("\u{9b}31m");
    nasty["environment"]["\u{1b}c"] = json!("\r");
    for (old, new) in [(&nasty, &simple(&[("mmap", 1.0)])), (&simple(&[("mmap", 1.0)]), &nasty)] {
        let ran = compare(old, new, &[]).exits(0);
        for text in [ran.text(), ran.stderr.clone()] {
            let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(bad, None, "{text:?}");
        }
    }
}
