//! `mmapio map FILE` beside an independent look at the cache and at /proc.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::command::{Incore, mmapio, number};
use support::model::while_steady;
use support::mounts::{LoopDevice, privately, tool};
use support::oracle::{self, hold, page_size};
use support::scratch::{Scratch, write_data};
use support::{needs_root, report};

const NOBODY: [&str; 2] = ["as", "65534"];

/// The JSON document of a run that ends well.
#[track_caller]
fn document(run: Incore) -> Value {
    serde_json::from_slice(&run.args(&["--format", "json"]).run().exits(0).stdout).expect("a JSON document")
}

#[track_caller]
fn facts(file: &Path) -> Value {
    document(mmapio(["map"]).arg(file))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

/// The lines of a table: names and values.
fn rows(table: &str) -> Vec<(&str, &str)> {
    table
        .lines()
        .map(|line| line.split_once("  ").expect("two columns"))
        .map(|(name, value)| (name, value.trim_start()))
        .collect()
}

#[test]
fn facts_are_what_an_independent_look_says() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("table");
    write_data(&file, 16 * page_size() - 100);
    let held = hold(&file, 0, 6 * page_size());
    let document = facts(&file);
    assert_eq!(number(&document, "size"), 16 * page_size() - 100);
    assert_eq!((number(&document, "offset"), number(&document, "length")), (0, 16 * page_size() - 100));
    let resident = number(&document, "resident_bytes");
    assert!(resident >= 6 * page_size() && resident <= 16 * page_size(), "{resident}");
    assert!(number(&document, "rss_bytes") >= 6 * page_size());
    let processes = document["processes"].as_array().expect("a list");
    assert_eq!(processes.len(), 1, "not this one: {processes:?}");
    assert_eq!(number(&processes[0], "pid"), u64::from(held.pid()));
    assert_eq!(number(&processes[0], "rss_bytes"), 6 * page_size());
    let flags = document["vm_flags"].as_array().expect("a list");
    assert!(flags.contains(&"rd".into()) && !flags.contains(&"wr".into()), "{flags:?}");
    if needs_root().is_ok() {
        assert!(number(&document, "largest_folio_bytes") >= page_size());
    }
}

#[test]
fn what_is_in_memory_is_what_mincore_says_of_the_range() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("table", 64 * page_size());
    oracle::evict(&file);
    let _held = hold(&file, 8 * page_size(), 4 * page_size());
    let (from, length) = (10 * page_size(), 20 * page_size());
    let range = format!("{from}+{length}");
    let (resident, facts) = while_steady(
        || oracle::resident_in(&file, from, length),
        || document(mmapio(["map", "--range", &range]).arg(&file)),
    );
    assert_eq!(number(&facts, "resident_bytes"), resident * page_size());
    assert_eq!((number(&facts, "offset"), number(&facts, "length")), (from, length));
    assert_eq!(
        (number(&facts, "rss_bytes"), number(&facts, "looked_at_bytes")),
        (resident * page_size(), resident * page_size())
    );
    assert_eq!(number(&facts, "size"), 64 * page_size());
}

#[test]
fn a_range_need_not_begin_with_a_page() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("table", 8 * page_size());
    let _held = hold(&file, 0, 8 * page_size());
    let range = format!("{}+{}", page_size() + 100, page_size());
    let facts = document(mmapio(["map", "--range", &range]).arg(&file));
    assert_eq!((number(&facts, "offset"), number(&facts, "length")), (page_size() + 100, page_size()));
    assert_eq!(number(&facts, "resident_bytes"), 2 * page_size(), "it lies in two pages");
}

#[test]
fn of_a_file_with_a_single_page_that_page_is_found() {
    use std::os::unix::fs::FileExt;
    let scratch = Scratch::on_disk();
    let (path, at) = (scratch.path().join("sparse"), 500 << 30);
    let file = std::fs::File::create(&path).expect("our own");
    file.set_len(1 << 40).expect("a sparse file");
    file.write_all_at(b"here", at).expect("room");
    let _held = hold(&path, at, page_size());
    let (resident, facts) = while_steady(|| oracle::resident_in(&path, at, page_size()), || facts(&path));
    assert_eq!((resident, number(&facts, "resident_bytes")), (1, page_size()));
    assert_eq!(number(&facts, "rss_bytes"), page_size());
    if needs_root().is_ok() {
        assert_eq!(number(&facts, "largest_folio_bytes"), page_size());
    }
}

#[test]
fn huge_pages_are_told() {
    privately("huge_pages_are_told", |mounts| {
        const HUGE: u64 = 2 << 20;
        let dir = mounts.scratch().dir("huge-tmpfs");
        tool(Command::new("mount").args(["-t", "tmpfs", "-o", "huge=always,mode=755", "tmpfs"]).arg(&dir))?;
        let file = dir.join("table");
        write_data(&file, 2 * HUGE);
        let facts = facts(&file);
        let by_huge_pages = number(&facts, "huge_bytes");
        if by_huge_pages == 0 {
            return Err(support::Skip("the kernel gave no huge pages".to_owned()));
        }
        assert_eq!((by_huge_pages % HUGE, number(&facts, "rss_bytes")), (0, 2 * HUGE));
        assert_eq!(
            number(&facts, "largest_folio_bytes"),
            HUGE,
            "as /proc/self/smaps says of {by_huge_pages}"
        );
        let middle = document(mmapio(["map", "--range", "1M+64K"]).arg(&file));
        assert_eq!(number(&middle, "largest_folio_bytes"), HUGE, "it begins before the range");
        assert_eq!(facts["filesystem"], "tmpfs");
        Ok(())
    });
}

#[test]
fn a_block_device_has_facts() {
    let outcome = needs_root().and_then(|()| {
        let scratch = Scratch::on_disk();
        let image = scratch.path().join("image");
        write_data(&image, 1 << 20);
        let device = LoopDevice::of(&image)?;
        let _held = hold(device.path(), 0, 4 * page_size());
        let facts = facts(device.path());
        assert_eq!((&facts["kind"], number(&facts, "size")), (&"a block device".into(), 1 << 20));
        assert!(number(&facts, "resident_bytes") >= 4 * page_size(), "{facts}");
        assert_eq!(facts["processes"].as_array().expect("a list").len(), 1, "{facts}");
        Ok(())
    });
    report("a_block_device_has_facts", outcome);
}

fn command_of(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("our child").trim_end().to_owned()
}

#[test]
fn the_table_says_the_same() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("table");
    write_data(&file, 3 * page_size());
    let held = hold(&file, 0, 3 * page_size());
    let table = mmapio(["map", "--exact"]).arg(&file).run().exits(0).text();
    let size = 3 * page_size();
    for row in [
        ("size", format!("{size} (3 pages)")),
        ("mapped", format!("{size}, PROT_READ, MAP_SHARED")),
        ("resident", format!("{size} (3 pages, 100.0 %)")),
        ("map", "███".to_owned()),
        ("rss", size.to_string()),
        (
            "mapped by",
            format!("{} ({}): {size}, of which it holds {size}", held.pid(), command_of(held.pid())),
        ),
    ] {
        assert!(rows(&table).contains(&(row.0, &*row.1)), "{row:?} in\n{table}");
    }
}

#[test]
fn to_learn_the_facts_nothing_is_loaded() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("cold", 64 * page_size());
    oracle::evict(&file);
    let (before, document) = (oracle::resident(&file), facts(&file));
    assert!(oracle::resident(&file) <= before, "asking for facts loaded pages");
    assert!(number(&document, "resident_bytes") <= before * page_size());
}

#[test]
fn facts_of_what_is_no_usual_file() {
    let scratch = Scratch::on_disk();
    let empty = scratch.file("empty", 0);
    let document = facts(&empty);
    assert_eq!((number(&document, "size"), number(&document, "length")), (0, 0));
    mmapio(["map", text(scratch.path())]).run().exits(1).says("is a directory");
    support::scratch::make_fifo(&scratch.path().join("fifo"));
    mmapio(["map", text(&scratch.path().join("fifo"))]).run().exits(1).says("is a FIFO");
    mmapio(["map", "/proc/self/maps"]).run().exits(1).says("procfs");
    mmapio(["map", "--range", "1T", text(&empty)]).run().exits(1).says("beyond the end");
    mmapio(["map", "--range", "8E", text(&empty)]).run().exits(2);
    mmapio(["map"]).run().exits(2).says("no FILE");
}

#[test]
fn facts_of_a_file_of_somebody_else_are_unknown_not_wrong() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        let file = scratch.file("table", 8 * page_size());
        let ran = mmapio(["map", "--format", "json", "table"]).through(NOBODY).in_dir(scratch.path()).run();
        let document: Value = serde_json::from_slice(&ran.exits(0).stdout).expect("a JSON document");
        assert!(document["resident_bytes"].is_null(), "{document}");
        assert!(document["unknown"].as_str().is_some_and(|why| why.contains("not permitted")), "{document}");
        assert_eq!(number(&document, "size"), file.metadata().expect("ours").len());
    });
    report("facts_of_a_file_of_somebody_else_are_unknown_not_wrong", outcome);
}
