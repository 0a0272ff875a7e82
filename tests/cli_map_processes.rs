//! `mmapio map --pid` and `--all` beside /proc and an independent look at the cache.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::command::{mmapio, number};
use support::oracle::{hold, page_size};
use support::scratch::Scratch;
use support::{Skip, needs_root, report};

const NOBODY: [&str; 2] = ["as", "65534"];

/// The records of a run that ends well.
#[track_caller]
fn records(args: &[&str]) -> Vec<Value> {
    mmapio(["map"]).args(args).args(&["--format", "ndjson"]).run().exits(0).records().0
}

/// The JSON document of a run that ends well.
#[track_caller]
fn document(args: &[&str]) -> Value {
    let ran = mmapio(["map"]).args(args).args(&["--format", "json"]).run().exits(0);
    serde_json::from_slice(&ran.stdout).expect("a JSON document")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

/// A field of the paragraphs of /proc/PID/smaps whose first line has these words, in bytes.
fn of_smaps(pid: u32, words: &str, field: &str) -> u64 {
    let smaps = std::fs::read_to_string(format!("/proc/{pid}/smaps")).expect("our child");
    let (mut sum, mut is_ours) = (0, false);
    for line in smaps.lines() {
        let first = line.split(' ').next().unwrap_or("");
        if !first.ends_with(':') {
            is_ours = line.contains(words);
        } else if is_ours && first.strip_suffix(':') == Some(field) {
            sum += line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("kB") * 1024;
        }
    }
    sum
}

#[test]
fn what_a_process_maps_is_what_proc_says() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("table", 8 * page_size());
    let held = hold(&file, page_size(), 3 * page_size());
    let pid = held.pid().to_string();
    let document = document(&["--pid", &pid]);
    assert_eq!((&document["version"], &document["pid"]), (&1.into(), &held.pid().into()));
    let files = document["files"].as_array().expect("a list");
    let record = files.iter().find(|record| record["path"] == text(&file)).expect("it maps the file");
    assert_eq!(number(record, "mapped_bytes"), 3 * page_size());
    assert_eq!(number(record, "rss_bytes"), 3 * page_size());
    assert_eq!(number(record, "resident_bytes"), 3 * page_size(), "what is held cannot go");
    assert_eq!((&record["rights"], &record["mappings"]), (&"r-s".into(), &1.into()));
    assert_eq!(record["deleted"], false);
    for (field, kernel) in [("rss_bytes", "Rss"), ("pss_bytes", "Pss"), ("locked_bytes", "Locked")] {
        assert_eq!(number(record, field), of_smaps(held.pid(), "table", kernel), "{kernel}");
    }
    let total = &document["total"];
    assert_eq!(number(total, "rss_bytes"), of_smaps(held.pid(), "", "Rss"), "the sum is the process's");
    let sum: u64 = files.iter().map(|record| number(record, "rss_bytes")).sum();
    assert_eq!(number(total, "rss_bytes"), sum + number(&total["own"], "rss_bytes"));
}

#[test]
fn the_total_is_that_of_pmap() {
    let scratch = Scratch::on_disk();
    let held = hold(&scratch.file("table", 8 * page_size()), 0, 5 * page_size());
    let pid = held.pid().to_string();
    let outcome = (|| {
        let ran = Command::new("pmap").args(["-x", &pid]).output();
        let ran = ran.map_err(|why| Skip(format!("pmap: {why}")))?;
        let text = String::from_utf8(ran.stdout).expect("names of our own");
        let total = text.lines().rfind(|line| line.starts_with("total")).expect("a last line");
        let theirs: Vec<u64> =
            total.split_whitespace().filter_map(|word| word.parse().ok()).map(|kb: u64| kb * 1024).collect();
        let document = document(&["--pid", &pid]);
        let ours =
            ["mapped_bytes", "rss_bytes", "dirty_bytes"].map(|field| number(&document["total"], field));
        assert_eq!(ours, *theirs, "{text}");
        Ok(())
    })();
    report("the_total_is_that_of_pmap", outcome);
}

#[test]
fn the_table_is_for_people() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("table", 8 * page_size());
    let held = hold(&file, 0, 5 * page_size());
    let table = mmapio(["map", "--exact", "--pid", &held.pid().to_string()]).run().exits(0).text();
    let lines: Vec<_> = table.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[0]).join(" "), "MAPPED RSS PSS DIRTY IN CACHE MAPS RIGHTS FILE");
    let line = lines.iter().find(|line| line.ends_with(text(&file))).expect("it maps the file");
    let size = (5 * page_size()).to_string();
    assert_eq!(
        (&words(line)[..2], &words(line)[4..7]),
        (&[size.clone(), size.clone()][..], &[size, "1".into(), "r-s".into()][..])
    );
    assert!(lines[lines.len() - 2].ends_with("(memory of its own)"), "{table}");
    assert!(lines[lines.len() - 1].contains(&format!("total of process {} (oracle", held.pid())), "{table}");
    assert!(lines.iter().all(|line| *line == line.trim_end()), "{table}");
}

#[test]
fn one_file_of_a_process_can_be_asked_for() {
    let scratch = Scratch::on_disk();
    let (file, other) = (scratch.file("table", 4 * page_size()), scratch.file("other", 1));
    let held = hold(&file, 0, 2 * page_size());
    let pid = held.pid().to_string();
    let found = records(&["--pid", &pid, "--file", text(&file)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((number(&found[0], "mapped_bytes"), &found[1]["own"]), (2 * page_size(), &Value::Null));
    let ran = mmapio(["map", "--pid", &pid, "--file", text(&other)]).run().exits(0);
    assert_eq!(ran.text(), "");
    ran.says("does not map this file");
}

#[test]
fn a_deleted_file_is_marked_and_still_looked_at() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("gone", 4 * page_size());
    let held = hold(&file, 0, 4 * page_size());
    std::fs::remove_file(&file).expect("our own");
    let pid = held.pid().to_string();
    let found = records(&["--pid", &pid]);
    let is_ours =
        |record: &&Value| record["path"].as_str().is_some_and(|path| path.contains("gone (deleted)"));
    let record = found.iter().find(is_ours).expect("it maps the file");
    assert_eq!(record["deleted"], true);
    if needs_root().is_ok() {
        assert_eq!(number(record, "resident_bytes"), 4 * page_size());
    } else {
        assert!(record["resident_bytes"].is_null() && record["unknown"].is_string(), "{record}");
    }
}

#[test]
fn a_file_that_is_called_deleted_is_not() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("here (deleted)", page_size());
    let held = hold(&file, 0, page_size());
    let found = records(&["--pid", &held.pid().to_string(), "--file", text(&file)]);
    assert_eq!((&found[0]["path"], &found[0]["deleted"]), (&text(&file).into(), &false.into()));
}

#[test]
fn who_maps_a_file_is_found() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("table", 8 * page_size());
    let (one, two) = (hold(&file, 0, 2 * page_size()), hold(&file, 0, 5 * page_size()));
    let found = records(&["--all", text(&file)]);
    let pids: Vec<_> = found[..2].iter().map(|record| number(record, "pid")).collect();
    assert_eq!(pids, [u64::from(two.pid()), u64::from(one.pid())], "who holds most comes first");
    assert_eq!(number(&found[0], "rss_bytes"), 5 * page_size());
    assert_eq!(number(&found[0], "locked_bytes"), of_smaps(two.pid(), "table", "Locked"));
    assert_eq!((number(&found[2], "processes"), number(&found[2], "mapped_bytes")), (2, 7 * page_size()));
    drop((one, two));
    let ran = mmapio(["map", "--all", text(&file)]).run().exits(0);
    assert_eq!(ran.text(), "");
    ran.says("no process maps it");
}

#[test]
fn processes_that_hold_nothing_or_are_none_are_told_apart() {
    let none = std::fs::read_to_string("/proc/sys/kernel/pid_max").expect("Linux has one");
    mmapio(["map", "--pid", none.trim()]).run().exits(1).says("there is none");
    let mut zombie = Command::new("true").stdout(Stdio::null()).spawn().expect("true starts");
    let stat = format!("/proc/{}/stat", zombie.id());
    while !std::fs::read_to_string(&stat).expect("not waited for").contains(") Z ") {
        std::thread::yield_now();
    }
    let ran = mmapio(["map", "--pid", &zombie.id().to_string()]).run().exits(1);
    assert_eq!(ran.text(), "");
    assert!(ran.stderr.contains("has ended") || ran.stderr.contains("maps nothing"), "{}", ran.stderr);
    zombie.wait().expect("our child");
    mmapio(["map", "--pid", "0"]).run().exits(1);
    mmapio(["map", "--pid", "many"]).run().exits(2);
    mmapio(["map", "--all"]).run().exits(2).says("no FILE");
}

#[test]
fn others_processes_are_not_looked_at() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        let file = scratch.file("table", page_size());
        let held = hold(&file, 0, page_size());
        let pid = held.pid().to_string();
        let ran = mmapio(["map", "--pid", &pid]).through(NOBODY).run().exits(1);
        ran.says("not ours to look at");
        let everybody =
            mmapio(["map", "--all", "table"]).through(NOBODY).in_dir(scratch.path()).run().exits(0);
        assert_eq!(everybody.text(), "");
        everybody.says("not ours to look at");
    });
    report("others_processes_are_not_looked_at", outcome);
}

#[test]
fn a_kernel_thread_maps_nothing() {
    let outcome = needs_root().map(|()| {
        // kthreadd, in the first namespace of processes; in others 2 is anybody, or nobody.
        let comm = std::fs::read_to_string("/proc/2/comm").unwrap_or_default();
        if comm.trim() == "kthreadd" {
            let ran = mmapio(["map", "--pid", "2", "--format", "json"]).run().exits(1);
            assert_eq!(ran.text(), "");
            ran.says("maps nothing");
        }
    });
    report("a_kernel_thread_maps_nothing", outcome);
}
