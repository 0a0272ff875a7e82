//! Directories as rows: each is the sum of the files below it, whichever way those are found.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{Permissions, hard_link, set_permissions};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::command::{Ran, incore, ndjson, number};
use support::model::while_steady;
use support::promtool::promtool;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, needs_root, oracle, report};

/// Files, bytes, pages, resident pages.
type Sum = [u64; 4];

/// All regular files below a directory, by a walk of its own.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("own directory") {
        let path = entry.expect("readable").path();
        match path.symlink_metadata().expect("there") {
            of if of.is_dir() => found.extend(files(&path)),
            of if of.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

/// What the oracle sees in each directory down to `depth` below `top`, by paths below `root`.
fn truth(root: &Path, top: &str, depth: usize) -> BTreeMap<PathBuf, Sum> {
    let mut sums: BTreeMap<PathBuf, Sum> = BTreeMap::new();
    for file in files(&root.join(top)) {
        let size = file.metadata().expect("there").len();
        let counts = [1, size, oracle::pages(size), oracle::resident(&file)];
        let below = file.parent().expect("a directory").strip_prefix(root).expect("below it");
        let beyond = Path::new(top).components().count() + depth;
        for directory in below.ancestors().filter(|directory| directory.starts_with(top)) {
            if directory.components().count() <= beyond {
                let sum = sums.entry(directory.to_owned()).or_default();
                sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
    }
    sums
}

fn path_of(record: &Value) -> PathBuf {
    let bytes = match (record["path"].as_str(), record["path_b64"].as_str()) {
        (Some(path), _) => path.as_bytes().to_vec(),
        (_, base64) => STANDARD.decode(base64.expect("a path")).expect("base64"),
    };
    OsString::from_vec(bytes).into()
}

/// The same as the records say.
fn said(ran: &Ran) -> BTreeMap<PathBuf, Sum> {
    let sum =
        |record: &Value| ["files", "size", "pages", "resident_pages"].map(|field| number(record, field));
    ran.records().of_type("directory").into_iter().map(|record| (path_of(record), sum(record))).collect()
}

/// A tree with some of everything in it; only so many pages of a file have data, and are in memory on tmpfs.
fn fill(scratch: &Scratch) {
    let page = oracle::page_size();
    let odd = OsString::from_vec(b"od\xff\n\x1b[31m".to_vec());
    for (at, directory) in ["t", "t/a", "t/a/deep", "t/a/deep/er", "t/b", "t/c/only/below"].iter().enumerate()
    {
        let directory = scratch.dir(directory);
        for name in [OsString::from("x"), OsString::from("y"), odd.clone()] {
            let resident: Vec<u64> = (0..=at as u64).map(|page| page * 2).collect();
            write_sparse(&directory.join(&name), 40 * page + at as u64, &resident);
        }
    }
    let odd = scratch.path().join("t").join(OsString::from_vec(b"dir\xfe\t".to_vec()));
    std::fs::create_dir(&odd).expect("own directory");
    write_sparse(&odd.join("z"), 3 * page, &[0, 1, 2]);
    std::fs::write(odd.join("empty"), "").expect("own directory");
    scratch.dir("t/nothing");
    symlink("../b/x", scratch.path().join("t/a/link")).expect("symbolic links");
    symlink("../b", scratch.path().join("t/a/linked")).expect("symbolic links");
}

fn in_memory() -> Result<Scratch, support::Skip> {
    let scratch = Scratch::in_memory()?;
    fill(&scratch);
    Ok(scratch)
}

/// A run on it that is to be clean.
fn ask(scratch: &Scratch, arguments: &[&str]) -> Ran {
    ndjson(arguments).in_dir(scratch.path()).run().cleanly()
}

#[test]
fn each_is_the_sum_of_the_files_below() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        for (option, depth) in [
            ("--by-directory=0", 0),
            ("--by-directory", 1),
            ("--by-directory=2", 2),
            ("--by-directory=99", 99),
        ] {
            let truth = truth(scratch.path(), "t", depth);
            assert_eq!(said(&ask(&scratch, &[option, "t"])), truth, "{option}");
        }
        // What a directory has is what the total of it alone has.
        let sum = |ran: Ran| ran.records().only("total").clone();
        let (alone, records) =
            (sum(ask(&scratch, &["--summary", "t/a"])), ask(&scratch, &["--by-directory", "t"]).records());
        let mut of_a =
            (*records.of_type("directory").iter().find(|record| record["path"] == "t/a").expect("a row"))
                .clone();
        of_a.as_object_mut().expect("a record").remove("path");
        of_a["type"] = json!("total");
        assert_eq!(of_a, alone);
        Ok(())
    };
    report("each_is_the_sum_of_the_files_below", test());
}

#[test]
fn on_the_disk_it_is_what_the_oracle_sees() {
    let scratch = Scratch::on_disk();
    fill(&scratch);
    for file in files(&scratch.path().join("t")).iter().step_by(2) {
        oracle::evict(file);
    }
    let (truth, ran) =
        while_steady(|| truth(scratch.path(), "t", 2), || ask(&scratch, &["--by-directory=2", "t"]));
    assert_eq!(said(&ran), truth);
}

#[test]
fn named_directories_may_lie_in_each_other() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        let mut expected = truth(scratch.path(), "t", 0);
        expected.extend(truth(scratch.path(), "t/a/deep", 0));
        expected.extend(truth(scratch.path(), "t/b", 0));
        for paths in [["t", "t/a/deep", "t/b"], ["t/b", "t/a/deep", "t"], ["t/a/deep", "t", "t/b"]] {
            for jobs in ["1", "4", "4", "4"] {
                let ran = ask(&scratch, &["--by-directory=0", "--jobs", jobs, paths[0], paths[1], paths[2]]);
                assert_eq!(said(&ran), expected, "{paths:?}");
            }
        }
        let rows = said(&ask(&scratch, &["--by-directory", ".", "t/a/"]));
        let names: Vec<_> = rows.keys().map(|path| path.as_os_str().as_bytes().to_vec()).collect();
        assert_eq!(names, [&b"."[..], b"./t", b"t/a/", b"t/a/deep"]);
        assert_eq!(rows[Path::new("./t")], truth(scratch.path(), "t", 0)[Path::new("t")]);
        Ok(())
    };
    report("named_directories_may_lie_in_each_other", test());
}

#[test]
fn a_named_file_is_a_row_of_its_own() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        for paths in [["t/a/x", "t"], ["t", "t/a/x"]] {
            let ran = ask(&scratch, &["--by-directory=0", paths[0], paths[1]]);
            assert_eq!(said(&ran), truth(scratch.path(), "t", 0), "it is in its directory, too");
            let records = ran.records();
            let file = records.only("file");
            assert_eq!((file["path"].as_str(), number(file, "resident_pages")), (Some("t/a/x"), 2));
        }
        // So many names that the directory is walked before the last is looked at.
        let list = ["t\n".to_owned(), "t/b/x\n".repeat(100), "t/a/x\n".to_owned()].concat();
        let late = ndjson(["--by-directory=0", "--jobs", "1", "--files-from", "-"]).stdin(list.as_bytes());
        let late = late.in_dir(scratch.path()).run().cleanly().records();
        assert_eq!(late.paths("file"), ["t/a/x", "t/b/x"], "however it was found");
        let alone = ask(&scratch, &["--by-directory", "t/a/x"]).records();
        assert_eq!(alone.0.len(), 1, "the directory that it lies in was not named");
        Ok(())
    };
    report("a_named_file_is_a_row_of_its_own", test());
}

#[test]
fn a_file_counts_once_where_the_first_of_its_names_is() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        let page = oracle::page_size();
        for at in 0..20 {
            let file = scratch.file(&format!("t/m/{at}"), page);
            for other in ["a", "z"] {
                hard_link(&file, scratch.dir(&format!("t/{other}")).join(format!("l{at}"))).expect("links");
            }
        }
        for _ in 0..5 {
            let rows = said(&ask(&scratch, &["--by-directory", "--jobs", "4", "t"]));
            let all = [20, 20 * page, 20, 20];
            assert_eq!(rows, BTreeMap::from([("t".into(), all), ("t/a".into(), all)]));
        }
        symlink("../t/m", scratch.dir("u").join("linked")).expect("symbolic links");
        let rows = said(&ask(&scratch, &["--by-directory", "t/m", "u"]));
        assert_eq!(
            (rows.len(), rows[Path::new("u")][0]),
            (2, 0),
            "links are not followed, and what was named has a row"
        );
        let followed = said(&ask(&scratch, &["--by-directory", "--follow", "u"]));
        assert_eq!(followed[Path::new("u/linked")][0], 20);
        Ok(())
    };
    report("a_file_counts_once_where_the_first_of_its_names_is", test());
}

#[test]
fn what_is_unknown_or_fails_is_said_of_its_directories() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::in_memory()?;
        let page = oracle::page_size();
        set_permissions(scratch.file("t/hidden/x", page), Permissions::from_mode(0o644)).expect("own file");
        set_permissions(scratch.file("t/open/x", page), Permissions::from_mode(0o666)).expect("own file");
        scratch.file("t/open/more", 9 * page);
        set_permissions(scratch.path().join("t/open/more"), Permissions::from_mode(0o600)).expect("own file");
        let ask = |arguments: &[&str]| {
            incore(arguments).through(["as", "65534"]).in_dir(scratch.path()).run().exits(1)
        };
        let records = ask(&["--by-directory", "--format", "ndjson", "t"]).records();
        let row = |path: &str| {
            let all = records.of_type("directory");
            let row = all.iter().find(|record| record["path"] == path).expect("a row");
            ["files", "unknown_files", "errors", "resident_pages", "resident_percent"]
                .map(|field| row[field].clone())
        };
        assert_eq!(row("t"), [json!(2), json!(1), json!(1), json!(1), Value::Null]);
        assert_eq!(row("t/hidden"), [json!(1), json!(1), json!(0), Value::Null, Value::Null]);
        assert_eq!(row("t/open"), [json!(1), json!(0), json!(1), json!(1), json!(100.0)]);
        set_permissions(scratch.dir("closed"), Permissions::from_mode(0o700)).expect("own directory");
        let closed = ask(&["--by-directory", "--format", "ndjson", "closed"]).records();
        assert_eq!(number(closed.only("directory"), "errors"), 1, "what failed is no directory of nothing");
        let table = ask(&["--by-directory", "--cached-only", "t"]).text();
        assert!(table.contains("1 of 2 files unknown, 1 failed"), "{table}");
        let shares = ask(&["--by-directory=0", "--columns", "resident_percent,map,path", "t"]).text();
        assert!(
            shares.ends_with("    ?  ?    t\n"),
            "what is known of a part is no bar of the whole: {shares:?}"
        );
        let hidden = table.lines().find(|line| line.contains("t/hidden")).expect("unknown ones stay");
        let cells: Vec<&str> = hidden.split_whitespace().collect();
        assert_eq!(cells[4..7], ["?", "?", "?"], "{hidden}");
        Ok(())
    };
    report("what_is_unknown_or_fails_is_said_of_its_directories", test());
}

/// A tree of which `big` holds nearly everything, and twenty times nothing much.
fn lopsided() -> Result<Scratch, support::Skip> {
    let scratch = Scratch::in_memory()?;
    let page = oracle::page_size();
    scratch.file("t/big/x", 1000 * page);
    scratch.file("t/middle/x", 50 * page);
    for at in 0..20 {
        scratch.file(&format!("t/small/{at:02}/x"), page / 3);
    }
    scratch.file("t/tiny/x", page);
    Ok(scratch)
}

#[test]
fn small_directories_are_folded_in_tables_and_count_once() {
    let test = || -> Outcome {
        let scratch = lopsided()?;
        let table = |arguments: &[&str]| {
            let always = ["--by-directory=2", "--columns", "files,pages,path"];
            incore(always).args(arguments).arg("t").in_dir(scratch.path()).run().cleanly().text()
        };
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        // 1 % of 1071 pages are 11: `small` has 20, each directory in it one.
        let usual = [
            "FILES PAGES PATH",
            "23 1071 t",
            "1 1000 t/big",
            "1 50 t/middle",
            "20 20 t/small",
            "21 21 (21 directories below 1 %)",
        ];
        assert_eq!(lines(&table(&[])), usual);
        // With `small` and `middle`, too: what lies in a folded directory is in it already.
        let more = ["FILES PAGES PATH", "23 1071 t", "1 1000 t/big", "22 71 (23 directories below 5 %)"];
        assert_eq!(lines(&table(&["--fold", "5%"])), more);
        for all in [&["--fold", "0"][..], &["--verbose"]] {
            let text = incore(["--by-directory=2"]).args(all).arg("t").in_dir(scratch.path()).run().text();
            assert_eq!(text.lines().count(), 26, "{all:?}: {text}");
        }
        assert_eq!(table(&["--top", "20"]).lines().count(), 21);
        assert_eq!(ask(&scratch, &["--by-directory=2", "t"]).records().0.len(), 25);
        Ok(())
    };
    report("small_directories_are_folded_in_tables_and_count_once", test());
}

#[test]
fn the_order_is_by_memory_unless_told_otherwise() {
    let test = || -> Outcome {
        let scratch = lopsided()?;
        let paths = |arguments: &[&str]| -> Vec<String> {
            let records = ask(&scratch, arguments).records();
            records.of_type("directory").iter().map(|record| record["path"].to_string()).collect()
        };
        let by_memory = ["\"t\"", "\"t/big\"", "\"t/middle\"", "\"t/small\"", "\"t/tiny\""];
        assert_eq!(paths(&["--by-directory", "t"]), by_memory);
        assert_eq!(paths(&["--by-directory", "--top", "2", "t"]), by_memory[..2]);
        assert_eq!(paths(&["--by-directory", "--reverse", "--top", "1", "t"]), by_memory[4..]);
        assert_eq!(
            paths(&["--by-directory", "--sort", "files", "--top", "2", "t"]),
            ["\"t\"", "\"t/small\""]
        );
        assert_eq!(paths(&["--by-directory", "--sort", "path", "-r", "t"])[0], "\"t/tiny\"");
        Ok(())
    };
    report("the_order_is_by_memory_unless_told_otherwise", test());
}

#[test]
fn bars_are_as_full_as_the_directories() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        let page = oracle::page_size();
        write_sparse(&scratch.dir("t").join("half"), 40 * page, &(0..20).collect::<Vec<_>>());
        write_sparse(&scratch.dir("t/e").join("x\u{202e}\n"), 40 * page, &(0..5).collect::<Vec<_>>());
        let drawn = |options: &[&str]| {
            incore(["--by-directory"]).args(options).arg("t").in_dir(scratch.path()).run().cleanly().text()
        };
        let table = drawn(&[]);
        assert!(table.contains(" ██████▂·············  t\n"), "25 of 80 pages: {table}");
        assert!(table.contains(" ██▄·················  t/e\n"), "5 of 40 pages: {table}");
        assert!(drawn(&["--ascii"]).contains(" ##=.................  t/e\n"));
        Ok(())
    };
    report("bars_are_as_full_as_the_directories", test());
}

#[test]
fn names_are_shown_harmlessly() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        let table = incore(["--by-directory", "--fold", "0", "t"]).in_dir(scratch.path()).run().cleanly();
        assert!(table.text().contains("t/dir\\xfe\\t\n"), "{}", table.text());
        Ok(())
    };
    report("names_are_shown_harmlessly", test());
}

#[test]
fn records_and_rows_are_of_the_promised_form() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        let schema: Value =
            serde_json::from_str(include_str!("../docs/residency.schema.json")).expect("JSON");
        let whole = jsonschema::validator_for(&schema).expect("a schema");
        let record =
            json!({ "$schema": schema["$schema"], "$ref": "#/$defs/record", "$defs": schema["$defs"] });
        let record = jsonschema::validator_for(&record).expect("a schema");
        let arguments = ["--by-directory", "--total", "t", "t/a/x"];
        let records = ask(&scratch, &arguments).records();
        for found in &records.0 {
            assert!(record.is_valid(found), "{found}");
        }
        let json = incore(["--format", "json"]).args(&arguments).in_dir(scratch.path()).run().cleanly();
        let document: Value = serde_json::from_slice(&json.stdout).expect("JSON");
        assert!(whole.is_valid(&document), "{document}");
        assert_eq!(document["directories"].as_array().expect("a list")[..], records.0[..records.0.len() - 1]);
        let csv = incore(["--format", "csv", "--columns", "files,resident_pages,path"]).args(&arguments);
        let csv = csv.in_dir(scratch.path()).run().cleanly().text();
        for found in records.of_type("directory").iter().filter(|record| record["path"].is_string()) {
            let path = found["path"].as_str().expect("text");
            let line = format!("\n{},{},{path}\n", found["files"], found["resident_pages"]);
            assert!(csv.contains(&line), "{line} in {csv}");
        }
        let usual = incore(["--format", "csv", "--by-directory", "t"]).in_dir(scratch.path()).run().cleanly();
        assert!(usual.stdout.starts_with(b"files,size,pages,"));
        Ok(())
    };
    report("records_and_rows_are_of_the_promised_form", test());
}

#[test]
fn metrics_have_a_series_for_each_directory() {
    let test = || -> Outcome {
        let scratch = in_memory()?;
        scratch.file("t/a\"b\\c\nd/x", 1);
        let metrics = |arguments: &[&str]| {
            incore(["--format", "prometheus", "--by-directory"]).args(arguments).in_dir(scratch.path()).run()
        };
        let all = metrics(&["t", "t/b/x"]).cleanly().text();
        assert!(all.contains("mmapio_directory_files{path=\"t/a\\\"b\\\\c\\nd\"} 1\n"), "{all}");
        assert!(all.contains("{path=\"t/dir\\\\xfe\\\\t\",escaped=\"true\"}"), "{all}");
        assert!(all.contains("mmapio_file_size_bytes{path=\"t/b/x\"}"), "{all}");
        let resident = truth(scratch.path(), "t", 1)[Path::new("t/a")][3] * oracle::page_size();
        assert!(
            all.contains(&format!("mmapio_directory_resident_bytes{{path=\"t/a\"}} {resident}\n")),
            "{all}"
        );
        let capped = metrics(&["--top", "2", "t"]).cleanly().text();
        assert_eq!(capped.matches("mmapio_directory_files{").count(), 2, "{capped}");
        promtool(&all)?;
        promtool(&capped)
    };
    report("metrics_have_a_series_for_each_directory", test());
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for arguments in [
        &["--by-directory", "--runs", "/"][..],
        &["--by-directory", "--missing", "/"],
        &["--by-directory", "--null", "/"],
        &["--by-directory", "--format", "paths", "/"],
        &["--by-directory=-1", "/"],
        &["--fold", "1%", "/"],
        &["--by-directory", "--fold", "1%", "--top", "1", "/"],
        &["--by-directory", "--fold", "101%", "/"],
    ] {
        incore(arguments.iter()).run().exits(2);
    }
}
