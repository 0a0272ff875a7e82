//! Residency of what is not a plain file on a plain disk: holes, ranges, stores, devices, huge pages, links, totals.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde_json::Value;
use support::command::{Records, incore, ndjson, number};
use support::model::{Run, Truth, as_runs, assert_agrees, assert_percent, file_record, while_steady};
use support::mounts::{LoopDevice, privately};
use support::scratch::{Scratch, write_data, write_sparse};
use support::{Outcome, Skip, oracle, report};

const MIB: u64 = 1 << 20;

/// The fields that a total adds up.
const SUMMED: [&str; 8] = [
    "size",
    "pages",
    "resident_pages",
    "resident_bytes",
    "dirty_pages",
    "writeback_pages",
    "evicted_pages",
    "recently_evicted_pages",
];

#[test]
fn a_hole_is_told_from_absent_data_and_from_a_hole_that_was_read() {
    privately("a_hole_is_told_from_absent_data_and_from_a_hole_that_was_read", |mounts| {
        let file = mounts.ext4(64 * MIB)?.join("sparse");
        let page = oracle::page_size();
        write_sparse(&file, 100 * page, &[0, 10, 11, 99]);
        oracle::evict(&file);
        let _data_held = oracle::hold(&file, 10 * page, page);
        let _hole_held = oracle::hold(&file, 50 * page, page);
        assert_agrees(&file, &[], "sparse");
        let truth = Truth::of(&file).all_runs();
        // What is held is resident for certain; what was written and read by nobody is absent for certain.
        assert!(truth.contains(&(50 * page, page, "resident".into())), "{truth:?}");
        assert!(truth.contains(&(11 * page, page, "absent".into())), "{truth:?}");
        assert!(truth.contains(&(51 * page, 48 * page, "hole".into())), "{truth:?}");
        Ok(())
    });
}

#[test]
fn a_page_with_a_byte_of_data_is_no_hole() {
    privately("a_page_with_a_byte_of_data_is_no_hole", |mounts| {
        let path = mounts.ext4_of_blocks(32 * MIB, "1024")?.join("file");
        let page = oracle::page_size();
        let file = File::create(&path).expect("own file");
        file.set_len(20 * page).expect("a sparse file");
        for at in [page + 1024, 5 * page - 1024, 9 * page, 10 * page + 2048] {
            file.write_all_at(&[1; 1024], at).expect("room");
        }
        oracle::evict(&path);
        assert_agrees(&path, &[], "blocks of 1024 bytes");
        let absent: Vec<u64> =
            Truth::of(&path).all_runs().iter().filter(|run| run.2 == "absent").map(|run| run.0).collect();
        assert_eq!(absent, [page, 4 * page, 9 * page], "the last is of two pages");
        Ok(())
    });
}

#[test]
fn runs_can_be_asked_for_by_state() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.path().join("sparse");
    write_sparse(&file, 40 * page, &[0, 1, 2, 3, 20, 21]);
    oracle::evict(&file);
    oracle::touch(&file, &[1, 20]);
    for state in ["resident", "absent"] {
        let option = format!("--runs={state}");
        let ask = || as_runs(&ndjson([&option]).arg(&file).run().cleanly().records().of_type("run"));
        let (truth, said) = while_steady(|| Truth::of(&file), ask);
        let expected: Vec<Run> = truth.all_runs().into_iter().filter(|run| run.2 == state).collect();
        assert_eq!(said, expected, "{option}");
    }
}

/// Runs and counts of part of a file: what is asked for, and the pages it touches.
fn assert_range(file: &Path, range: &str, first: u64, last: u64) {
    let page = oracle::page_size();
    let size = std::fs::metadata(file).expect("own file").len();
    let counts = || ndjson(["--range", range]).arg(file).run().exits(0);
    let runs =
        || as_runs(&ndjson(["--runs", "--range", range]).arg(file).run().exits(0).records().of_type("run"));
    let (truth, (ran, runs)) = while_steady(|| Truth::of(file), || (counts(), runs()));
    let expected = truth.runs(first * page, last * page);
    let resident: u64 =
        expected.iter().filter(|run| run.2 == "resident").map(|run| oracle::pages(run.1)).sum();
    let records = ran.records();
    let record = records.only("file");
    assert_eq!(runs, expected, "{range}");
    assert_eq!(number(record, "offset"), first * page, "{range}: {record}");
    assert_eq!(number(record, "length"), size.min(last * page) - first * page, "{range}: {record}");
    assert_eq!(number(record, "pages"), last - first, "{range}: {record}");
    assert_eq!(number(record, "resident_pages"), resident, "{range}: {record}");
    let aligned = range.split('+').all(|part| part.parse::<u64>().expect("a number").is_multiple_of(page));
    assert_eq!(ran.stderr.is_empty(), aligned, "only a range that was rounded is spoken of: {}", ran.stderr);
}

#[test]
fn a_range_is_rounded_outward_to_pages_and_says_so() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.file("file", 20 * page + 5);
    oracle::evict(&file);
    oracle::touch(&file, &[0, 3, 4, 7, 20]);
    assert_range(&file, &format!("{}+{}", 2 * page, 4 * page), 2, 6);
    assert_range(&file, &format!("{}+{}", 2 * page + 1, 2 * page), 2, 5);
    assert_range(&file, &format!("{}+1", 4 * page - 1), 3, 4);
    assert_range(&file, &(3 * page).to_string(), 3, 21);
}

#[test]
fn stores_that_were_not_written_back_are_dirty() {
    privately("stores_that_were_not_written_back_are_dirty", |mounts| {
        let path = mounts.ext4(64 * MIB)?.join("file");
        write_data(&path, MIB);
        oracle::evict(&path);
        let file = File::options().write(true).open(&path).expect("own file");
        for _ in 0..20 {
            file.write_all_at(&[1; 3 * 4096], 8192).expect("room");
            let (truth, record) = while_steady(|| oracle::cachestat(&path), || file_record(&path));
            let truth = truth.map_err(|errno| Skip(format!("no cachestat here (errno {errno})")))?;
            assert_eq!(number(&record, "dirty_pages"), truth.dirty, "{record}");
            assert_eq!(number(&record, "writeback_pages"), truth.writeback, "{record}");
            if truth.dirty > 0 {
                assert_mincore_knows_no_dirt(&path);
                return Ok(());
            }
            // The kernel wrote it back before we looked, which it may.
        }
        Err(Skip("the kernel writes back at once".into()))
    });
}

/// mincore says nothing of stores: not known is not zero.
fn assert_mincore_knows_no_dirt(file: &Path) {
    let records = ndjson(["--probe", "mincore"]).arg(file).run().cleanly().records();
    assert_eq!(records.only("file")["probe"], "mincore");
    assert_eq!(records.only("file")["dirty_pages"], Value::Null);
}

#[test]
fn a_named_block_device_is_read_in_its_own_size() {
    privately("a_named_block_device_is_read_in_its_own_size", |mounts| {
        let size = 8 * MIB + 3 * 512;
        let image = mounts.tmpfs()?.join("image");
        write_data(&image, size);
        let device = LoopDevice::of(&image)?;
        oracle::evict(device.path());
        oracle::touch(device.path(), &[0, 1, 2, 100, 2000]);
        let _held = oracle::hold(device.path(), 100 * oracle::page_size(), oracle::page_size());
        let (resident, record) =
            while_steady(|| oracle::resident(device.path()), || file_record(device.path()));
        assert_eq!(number(&record, "size"), size);
        assert_eq!(number(&record, "pages"), oracle::pages(size));
        assert!(resident > 0, "a page is held");
        assert_eq!(number(&record, "resident_pages"), resident, "{record}");
        Ok(())
    });
}

#[test]
fn huge_pages_are_unknown() {
    privately("huge_pages_are_unknown", |mounts| {
        let path = mounts.hugetlbfs()?.join("file");
        let file = File::create(&path).map_err(|why| Skip(format!("hugetlbfs: {why}")))?;
        file.set_len(1 << 30).map_err(|why| Skip(format!("hugetlbfs: {why}")))?;
        let ran = ndjson([&path]).run().exits(0);
        assert_unknown(ran.records().only("file"));
        Ok(())
    });
}

/// Unknown: null, with a reason.
fn assert_unknown(record: &Value) {
    assert_eq!(record["resident_pages"], Value::Null, "{record}");
    assert!(record["unknown"].as_str().is_some_and(|reason| !reason.is_empty()), "{record}");
}

#[test]
fn a_sparse_file_of_two_tebibytes_is_exact() {
    let test = "a_sparse_file_of_two_tebibytes_is_exact";
    report(&format!("{test} (disk)"), assert_giant(&Scratch::on_disk()));
    report(&format!("{test} (tmpfs)"), Scratch::in_memory().and_then(|scratch| assert_giant(&scratch)));
}

/// Only the few pages of data are asked of the oracle: nobody ever reads the rest.
fn assert_giant(scratch: &Scratch) -> Outcome {
    let page = oracle::page_size();
    let size = 1 << 41;
    let with_data = [0, (1 << 40) / page, size / page - 1];
    let path = scratch.path().join("giant");
    let file = File::create(&path).expect("own file");
    file.set_len(size).map_err(|why| Skip(format!("no such large files: {why}")))?;
    drop(file);
    write_sparse(&path, size, &with_data);
    oracle::evict(&path);
    oracle::touch(&path, &with_data[1..]);
    let look = || with_data.map(|at| oracle::resident_in(&path, at * page, page) == 1);
    let ask = || (file_record(&path), ndjson(["--runs"]).arg(&path).run().cleanly().records());
    let (resident, (record, runs)) = while_steady(look, ask);
    assert_eq!(number(&record, "pages"), size / page);
    assert_eq!(number(&record, "resident_pages"), resident.iter().map(|one| u64::from(*one)).sum::<u64>());
    assert_eq!(as_runs(&runs.of_type("run")), giant_runs(page, size, resident));
    Ok(())
}

/// Data, hole, data, hole, data.
fn giant_runs(page: u64, size: u64, resident: [bool; 3]) -> Vec<Run> {
    let state = |at: usize| if resident[at] { "resident" } else { "absent" };
    let half = 1 << 40;
    let run = |from: u64, to: u64, state: &str| (from, to - from, state.to_owned());
    vec![
        run(0, page, state(0)),
        run(page, half, "hole"),
        run(half, half + page, state(1)),
        run(half + page, size - page, "hole"),
        run(size - page, size, state(2)),
    ]
}

/// A tree with some of everything.
fn make_tree(scratch: &Scratch) {
    let page = oracle::page_size();
    scratch.dir("tree/deeper/still");
    for (name, size) in
        [("tree/a", 10 * page), ("tree/deeper/b", 1), ("tree/deeper/still/c", MIB + 1), ("tree/empty", 0)]
    {
        scratch.file(name, size);
    }
    oracle::evict(&scratch.path().join("tree/a"));
    oracle::touch(&scratch.path().join("tree/a"), &[1, 2, 3]);
    write_sparse(&scratch.path().join("tree/sparse"), 100 * page, &[7]);
}

fn sum(records: &Records, field: &str) -> u64 {
    records.of_type("file").iter().filter_map(|record| record[field].as_u64()).sum()
}

#[test]
fn the_total_is_the_sum_of_the_files() {
    let scratch = Scratch::on_disk();
    make_tree(&scratch);
    let records = ndjson(["--total"]).arg(scratch.path()).run().cleanly().records();
    let total = records.only("total");
    assert_eq!(number(total, "files"), 5);
    assert_eq!(records.of_type("file").len(), 5);
    for field in SUMMED {
        assert_eq!(total[field].as_u64().unwrap_or(0), sum(&records, field), "{field}: {total}");
    }
    assert_percent(total);
    assert_eq!(number(total, "errors"), 0);
    assert_eq!(number(total, "unknown_files"), 0);
}

#[test]
fn the_summary_is_the_total_alone() {
    let scratch = Scratch::on_disk();
    make_tree(&scratch);
    let with_files =
        || ndjson(["--total"]).arg(scratch.path()).run().cleanly().records().only("total").clone();
    let alone = || ndjson(["--summary"]).arg(scratch.path()).run().cleanly().records();
    let (total, summary) = while_steady(with_files, alone);
    assert_eq!(summary.0, [total]);
}

#[test]
fn hard_links_and_repeated_paths_count_once() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("one", 3 * oracle::page_size());
    std::fs::hard_link(&file, scratch.path().join("other")).expect("hard links");
    scratch.dir("sub");
    std::fs::hard_link(&file, scratch.path().join("sub/third")).expect("hard links");
    let twice = [scratch.path(), &file, scratch.path()];
    let records = ndjson(["--total"].map(Path::new).into_iter().chain(twice)).run().cleanly().records();
    assert_eq!(records.of_type("file").len(), 1, "{:?}", records.0);
    assert_eq!(number(records.only("total"), "files"), 1);
    assert_eq!(number(records.only("total"), "size"), 3 * oracle::page_size());
}

/// What a table has in this one column, below the heading.
fn cell(file: &Path, options: &[&str], column: &str) -> String {
    let table = incore(["--columns", column]).args(options).arg(file).run().cleanly().text();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows.len(), 1, "{table}");
    rows.concat().trim().to_owned()
}

#[test]
fn nothing_is_more_than_wholly_resident() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    for size in [1, page - 1, page + 1, 9 * page, 65 * page + 3] {
        let file = scratch.file("file", size);
        let _held = oracle::hold(&file, 0, oracle::pages(size) * page);
        let record = file_record(&file);
        assert_eq!(number(&record, "resident_pages"), oracle::pages(size), "what is held is resident");
        assert_percent(&record);
        assert_eq!(cell(&file, &[], "resident_percent").parse::<f64>().ok(), Some(100.0));
        assert!(cell(&file, &[], "map").chars().all(|part| part == '█'), "{}", cell(&file, &[], "map"));
    }
}

#[test]
fn a_strip_draws_the_file_from_left_to_right() {
    privately("a_strip_draws_the_file_from_left_to_right", |mounts| {
        let file = mounts.ext4(64 * MIB)?.join("file");
        write_data(&file, MIB);
        oracle::evict(&file);
        let _held = oracle::hold(&file, 0, MIB / 2);
        let strip: Vec<char> = cell(&file, &[], "map").chars().collect();
        let (left, right) = strip.split_at(strip.len() / 2);
        assert!(!left.is_empty() && left.iter().all(|part| *part == '█'), "{strip:?}");
        assert!(right.iter().all(|part| *part == '·'), "{strip:?}");
        let ascii = cell(&file, &["--ascii"], "map");
        assert!(ascii.is_ascii() && ascii.len() == strip.len(), "{ascii}");
        Ok(())
    });
}
