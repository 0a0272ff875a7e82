//! How residency is spread over files and how long its runs are, against what the oracle sees page by page.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::command::{incore, ndjson, number};
use support::model::while_steady;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, needs_root, oracle, pattern, report};

/// What the oracle's map says of each third: pages, and resident ones.
fn thirds(map: &[bool]) -> [(usize, usize); 3] {
    let third = |at: usize| {
        let pages = &map[map.len() * at / 3..map.len() * (at + 1) / 3];
        (pages.len(), pages.iter().filter(|resident| **resident).count())
    };
    [third(0), third(1), third(2)]
}

/// How many pages each resident run has, from the shortest to the longest.
fn runs(map: &[bool]) -> Vec<u64> {
    let mut runs: Vec<u64> =
        map.split(|resident| !resident).map(|run| run.len() as u64).filter(|pages| *pages > 0).collect();
    runs.sort_unstable();
    runs
}

/// A share as records have it: rounded down, and never nothing of something.
fn share((pages, resident): (usize, usize)) -> Value {
    if pages == 0 {
        return Value::Null;
    }
    let thousandths = (resident * 100_000 / pages).max(usize::from(resident > 0));
    json!(f64::from(u32::try_from(thousandths).expect("a share")) / 1000.0)
}

/// The fields that a record of these thirds and runs must have.
fn fields(thirds: [(usize, usize); 3], runs: &[u64]) -> Value {
    let page = oracle::page_size();
    let bytes: Vec<u64> = runs.iter().map(|pages| pages * page).collect();
    let down = |bytes: &u64| 1_u64 << bytes.ilog2();
    let mut lengths: Vec<(u64, u64)> = Vec::new();
    for power in bytes.iter().map(down) {
        match lengths.last_mut() {
            Some((known, runs)) if *known == power => *runs += 1,
            _ => lengths.push((power, 1)),
        }
    }
    let lengths: Vec<Value> =
        lengths.iter().map(|(bytes, runs)| json!({ "bytes": bytes, "runs": runs })).collect();
    json!({
        "first_percent": share(thirds[0]),
        "middle_percent": share(thirds[1]),
        "last_percent": share(thirds[2]),
        "runs": runs.len(),
        "shortest_run_bytes": bytes.first(),
        "median_run_bytes": bytes.get(bytes.len().saturating_sub(1) / 2).map(down),
        "longest_run_bytes": bytes.last(),
        "run_lengths": lengths,
    })
}

/// The same fields of a record.
fn said(record: &Value) -> Value {
    let names: Vec<String> =
        fields([(0, 0); 3], &[]).as_object().expect("an object").keys().cloned().collect();
    names
        .into_iter()
        .map(|name| (name.clone(), record.get(&name).expect("the field is there").clone()))
        .collect()
}

#[track_caller]
fn assert_agrees(file: &Path, probe: &str) {
    let ask = || {
        let ran = ndjson(["--histogram", "--probe", probe]).arg(file).run().cleanly();
        ran.records().only("file").clone()
    };
    let (map, record) = while_steady(|| oracle::map(file), ask);
    assert_eq!(said(&record), fields(thirds(&map), &runs(&map)), "{}, {probe}: {record}", file.display());
}

#[test]
fn it_is_what_the_oracle_sees() {
    let scratch = Scratch::on_disk();
    for size in [0, 1, 4097, 3 * 4096, (10 << 20) + 123] {
        let file = scratch.file(&format!("of-{size}"), size);
        for (_, pages_of) in pattern::ALL {
            oracle::evict(&file);
            oracle::touch(&file, &pages_of(oracle::pages(size)));
            assert_agrees(&file, "auto");
            assert_agrees(&file, "mincore");
        }
    }
}

/// Files on tmpfs whose pages are known: the first only, every second, one run of ten, none, and nothing at all.
fn known() -> Result<Scratch, support::Skip> {
    let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
    scratch.dir("t");
    let write = |name: &str, pages: u64, resident: &[u64]| {
        write_sparse(&scratch.path().join("t").join(name), pages * page, resident);
    };
    write("first", 300, &[0]);
    write("second", 40, &(0..40).step_by(2).collect::<Vec<_>>());
    write("ten", 30, &(10..20).collect::<Vec<_>>());
    write("none", 9, &[]);
    write("empty", 0, &[]);
    Ok(scratch)
}

#[test]
fn the_total_is_weighted_by_pages_and_has_all_runs() {
    let test = || -> Outcome {
        let scratch = known()?;
        let maps = ["first", "second", "ten", "none", "empty"]
            .map(|name| oracle::map(&scratch.path().join("t").join(name)));
        let mut all_thirds = [(0, 0); 3];
        for map in &maps {
            for (sum, third) in all_thirds.iter_mut().zip(thirds(map)) {
                *sum = (sum.0 + third.0, sum.1 + third.1);
            }
        }
        let mut all_runs: Vec<u64> = maps.iter().flat_map(|map| runs(map)).collect();
        all_runs.sort_unstable();
        for format in [&["--summary"][..], &["--total", "--top", "1"], &["--total", "--jobs", "1"]] {
            let ran = ndjson(["--histogram"]).args(format).arg("t").in_dir(scratch.path()).run().cleanly();
            assert_eq!(said(ran.records().only("total")), fields(all_thirds, &all_runs));
        }
        assert_eq!((all_thirds[0].1, all_thirds[1].1, all_runs.len()), (8, 16, 22), "as they were made");
        Ok(())
    };
    report("the_total_is_weighted_by_pages_and_has_all_runs", test());
}

#[test]
fn a_range_has_thirds_of_its_own() {
    let test = || -> Outcome {
        let scratch = known()?;
        let page = oracle::page_size();
        let range = format!("{}+{}", 10 * page, 9 * page);
        let ran = ndjson(["--histogram", "--range", &range, "t/ten"]).in_dir(scratch.path()).run().cleanly();
        assert_eq!(said(ran.records().only("file")), fields([(3, 3); 3], &[9]));
        Ok(())
    };
    report("a_range_has_thirds_of_its_own", test());
}

#[test]
fn columns_are_there_when_asked_for_by_any_name() {
    let test = || -> Outcome {
        let scratch = known()?;
        let page = oracle::page_size();
        let run = |arguments: &[&str]| incore(arguments).in_dir(scratch.path()).run().cleanly().text();
        let csv = run(&["--format", "csv", "--columns", "path,runs,run_lengths,first_percent", "t/second"]);
        let shares = share(thirds(&oracle::map(&scratch.path().join("t/second")))[0]);
        assert_eq!(csv, format!("path,runs,run_lengths,first_percent\nt/second,20,{page}:20,{shares}\n"));
        let all = run(&["--format", "csv", "--histogram", "t/second"]);
        assert!(all.contains(",longest_run_bytes,run_lengths,path,note\n"), "{all}");
        let sorted = run(&["--format", "csv", "--columns", "path", "--sort", "runs", "t"]);
        assert!(sorted.starts_with("path\nt/second\n"), "{sorted}");
        let plain = run(&["--format", "ndjson", "--total", "t"]);
        assert!(!plain.contains("first_percent"), "not unless it was asked: {plain}");
        let table = run(&["--histogram", "--columns", "path,runs,median_run_bytes,run_lengths", "t"]);
        let line = |path: &str| {
            let line = table.lines().find(|line| line.starts_with(path)).expect("a row");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("t/none"), "t/none 0 - -", "of no run there is no length");
        assert!(line("t/second").starts_with("t/second 20 ") && line("t/second").ends_with('█'), "{table}");
        assert!(run(&["--histogram", "--ascii", "--columns", "run_lengths", "t/ten"]).ends_with("#\n"));
        assert!(run(&["--histogram", "t"]).lines().next().expect("a heading").contains("FIRST  MIDDLE"));
        Ok(())
    };
    report("columns_are_there_when_asked_for_by_any_name", test());
}

#[test]
fn records_are_of_the_promised_form() {
    let test = || -> Outcome {
        let scratch = known()?;
        let schema: Value =
            serde_json::from_str(include_str!("../docs/residency.schema.json")).expect("JSON");
        let whole = jsonschema::validator_for(&schema).expect("a schema");
        let json = incore(["--histogram", "--format", "json", "t"]).in_dir(scratch.path()).run().cleanly();
        let document: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        assert!(whole.is_valid(&document), "{document}");
        let mut lacking = document;
        lacking["files"][0].as_object_mut().expect("a record").remove("runs");
        assert!(!whole.is_valid(&lacking), "all of them, or none");
        Ok(())
    };
    report("records_are_of_the_promised_form", test());
}

#[test]
fn what_is_unknown_is_null() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = known()?;
        let path = scratch.path().join("t/second");
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .expect("own file");
        let ask = |arguments: &[&str]| {
            incore(arguments).through(["as", "65534"]).in_dir(scratch.path()).run().exits(0)
        };
        let records = ask(&["--histogram", "--total", "--format", "ndjson", "t/second", "t/ten"]).records();
        let ten = *records.of_type("file").iter().find(|record| record["path"] == "t/ten").expect("a record");
        for (name, value) in said(ten).as_object().expect("an object") {
            assert!(value.is_null(), "{name}: {ten}");
        }
        let total = records.only("total");
        assert_eq!((number(total, "runs"), &total["first_percent"]), (20, &Value::Null), "{total}");
        let table = ask(&["--columns", "runs,first_percent,run_lengths,path", "t/ten"]).text();
        assert_eq!(
            table.lines().nth(1).expect("a row").split_whitespace().collect::<Vec<_>>(),
            ["?", "?", "?", "t/ten"]
        );
        Ok(())
    };
    report("what_is_unknown_is_null", test());
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for arguments in [
        &["--histogram", "--runs", "/"][..],
        &["--histogram", "--by-directory", "/"],
        &["--columns", "runs", "--by-directory", "/"],
        &["--histogram", "--format", "prometheus", "/"],
        &["--sort", "runs", "--format", "paths", "/"],
        &["--histogram", "--watch", "/"],
        &["--sort", "runs", "--watch", "/"],
    ] {
        incore(arguments.iter()).run().exits(2);
    }
}
