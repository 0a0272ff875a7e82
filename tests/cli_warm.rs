//! `mmapio warm` loads what is asked for and nothing else, and says of it what an independent reader sees.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;
use support::command::{Incore, Ran, mmapio, number};
use support::model::while_steady;
use support::mounts::privately;
use support::scratch::{Scratch, write_sparse};
use support::{oracle, report};

const MIB: u64 = 1 << 20;

/// `mmapio warm` with ndjson as its output.
fn warm<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    mmapio(["warm", "--format", "ndjson"].map(Into::into).into_iter().chain(args))
}

fn left(record: &Value, reason: &str) -> u64 {
    let remaining = record["remaining"].as_array().expect("a list");
    remaining.iter().filter(|left| left["reason"] == reason).map(|left| number(left, "pages")).sum()
}

/// Which pages are in memory at a moment when nothing changes, and what the last run said of them.
fn settled(file: &Path, run: impl Fn() -> Ran) -> (Vec<bool>, Ran) {
    while_steady(|| oracle::map(file), run)
}

fn resident(map: &[bool]) -> u64 {
    map.iter().map(|page| u64::from(*page)).sum()
}

#[test]
fn a_cold_file_is_loaded_and_counted_as_it_is() {
    let scratch = Scratch::on_disk();
    for size in [1, 4096, 70_000, 2 * MIB, 5 * MIB + 123] {
        let file = scratch.file("cold", size);
        oracle::evict(&file);
        let ran = warm([&file]).run();
        let record = ran.records().only("file").clone();
        let pages = oracle::pages(size);
        assert_eq!(number(&record, "requested_pages"), pages, "{record}");
        let gone = left(&record, "reclaimed");
        assert_eq!(number(&record, "changed_pages") + number(&record, "before_resident_pages") + gone, pages);
        assert_eq!(ran.code(), if gone == 0 { 0 } else { 3 }, "{record}");
        // What it says of a file that is in memory already is what the oracle sees.
        let (map, again) = settled(&file, || warm([&file]).run());
        assert_eq!(number(again.records().only("file"), "resident_pages"), resident(&map), "{size}");
    }
}

#[test]
fn what_is_in_memory_is_not_loaded_again() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("warm", 3 * MIB);
    let _held = oracle::hold(&file, 0, 3 * MIB);
    let record = warm([&file]).run().cleanly().records().only("file").clone();
    assert_eq!(number(&record, "changed_pages"), 0, "{record}");
    assert_eq!(number(&record, "before_resident_pages"), oracle::pages(3 * MIB), "{record}");
}

/// The pages that are in memory after warming part of a cold file.
fn pages_after(file: &Path, options: &[&str]) -> Vec<u64> {
    oracle::evict(file);
    let (map, _) = settled(file, || warm(options).arg(file).run());
    (0..).zip(map).filter(|(_, resident)| *resident).map(|(page, _)| page).collect()
}

/// Demands that these pages, and no others, are loaded; a reclaimer may have taken a few.
#[track_caller]
fn assert_only(file: &Path, options: &[&str], wanted: &[u64]) {
    let loaded = pages_after(file, options);
    assert!(
        loaded.iter().all(|page| wanted.contains(page)),
        "{options:?}: {loaded:?} is more than {wanted:?}"
    );
    assert!(loaded.len() * 10 >= wanted.len() * 9, "{options:?}: {loaded:?} is not {wanted:?}");
}

#[test]
fn parts_are_loaded_and_nothing_around_them() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.file("parts", 6 * MIB);
    let pages = oracle::pages(6 * MIB);
    let bytes = |pages: u64| (pages * page).to_string();
    let range = format!("{}+{}", 100 * page, 7 * page);
    assert_only(&file, &["--range", &range], &(100..107).collect::<Vec<_>>());
    assert_only(&file, &["--head", &bytes(5)], &(0..5).collect::<Vec<_>>());
    assert_only(&file, &["--tail", &bytes(3)], &(pages - 3..pages).collect::<Vec<_>>());
    let three: Vec<u64> = (0..2).chain(100..107).chain(pages - 1..pages).collect();
    assert_only(&file, &["--head", &bytes(2), "--tail", "1", "--range", &range], &three);
    // A range as long as a large page, and not aligned to one.
    let long = format!("{}+{}", 300 * page, 1000 * page);
    assert_only(&file, &["--range", &long], &(300..1300).collect::<Vec<_>>());
}

#[test]
fn holes_are_skipped_and_stay_holes() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.path().join("sparse");
    let data: Vec<u64> = (0..40).map(|at| at * 5000).collect();
    write_sparse(&file, 1 << 40, &data);
    // Written back first: before that, blocks are not all allocated.
    oracle::evict(&file);
    let blocks = std::fs::metadata(&file).expect("own file").blocks();
    let record = warm([&file]).run().records().only("file").clone();
    assert_eq!(number(&record, "requested_pages"), 40, "{record}");
    assert_eq!(number(&record, "changed_pages") + left(&record, "reclaimed"), 40, "{record}");
    assert!(number(&record, "resident_pages") <= 40, "{record}");
    assert_eq!(std::fs::metadata(&file).expect("own file").blocks(), blocks);
    assert!(oracle::resident_in(&file, 4000 * page, 1000 * page) == 0, "a hole was read");
}

#[test]
fn a_tree_is_loaded_and_added_up() {
    let scratch = Scratch::on_disk();
    let mut pages = 0;
    for index in 0..150_u64 {
        let size = index * 731;
        oracle::evict(&scratch.file(&format!("tree/{}/{index}", index % 7), size));
        pages += oracle::pages(size);
    }
    let ran = warm([scratch.path().join("tree")]).run();
    let records = ran.records();
    let total = records.only("total");
    assert_eq!(records.of_type("file").len(), 150);
    assert_eq!(number(total, "files"), 150);
    assert_eq!(number(total, "requested_pages"), pages, "{total}");
    let sum = |field: &str| -> u64 { records.of_type("file").iter().map(|file| number(file, field)).sum() };
    assert_eq!(number(total, "changed_pages"), sum("changed_pages"));
    assert_eq!(number(total, "resident_pages"), sum("resident_pages"));
    let seen: u64 = records.of_type("file").iter().map(|file| resident_now(file)).sum();
    assert!(seen * 10 >= number(total, "resident_pages") * 9, "the oracle sees {seen}: {total}");
}

fn resident_now(record: &Value) -> u64 {
    oracle::resident(Path::new(record["path"].as_str().expect("a path")))
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would_do() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 3 * MIB);
    oracle::evict(&file);
    oracle::touch(&file, &[7, 8, 500]);
    let (map, ran) = settled(&file, || warm(["--dry-run"]).arg(&file).run());
    let record = ran.exits(0).records().only("file").clone();
    assert_eq!(left(&record, "dry run"), oracle::pages(3 * MIB) - resident(&map), "{record}");
    assert_eq!(number(&record, "resident_pages"), resident(&map), "{record}");
    assert_eq!(number(&record, "changed_pages"), 0, "{record}");
}

#[test]
fn what_does_not_fit_is_not_loaded_unless_forced() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 3 * MIB);
    oracle::evict(&file);
    for limit in ["1M", "0", "0.001%"] {
        let ran = warm(["--max-memory", limit]).arg(&file).run().exits(3).says("nothing is loaded: 3.00 MiB");
        let record = ran.records().only("file").clone();
        assert_eq!(left(&record, "over budget"), oracle::pages(3 * MIB), "{record}");
        assert_eq!(oracle::resident(&file), 0, "{limit}");
    }
    let forced = warm(["--max-memory", "1M", "--force"]).arg(&file).run().records().only("file").clone();
    assert_eq!(left(&forced, "over budget"), 0);
    assert!(number(&forced, "changed_pages") > 0, "{forced}");
}

#[test]
fn what_is_demanded_decides_the_exit_status() {
    let scratch = Scratch::on_disk();
    let (small, large) = (scratch.file("small", 4096), scratch.file("large", 3 * MIB));
    let _held = oracle::hold(&small, 0, 4096);
    let _also = oracle::hold(&large, 0, 3 * MIB);
    warm(["--require", "100%"]).arg(&small).arg(&large).run().cleanly();
    drop(_also);
    oracle::evict(&large);
    // The small file alone is far less than half of what is asked for.
    for demanded in ["50", "0%"] {
        let refused = warm(["--require", demanded, "--max-memory", "1"]).arg(&small).arg(&large).run();
        refused.exits(3);
    }
    warm(["--require", "50%"]).arg(&small).arg(&large).run().exits(0);
    warm(["--require", "1%", "--include", "*.none"])
        .arg(scratch.path())
        .run()
        .exits(3)
        .says("there is no file");
    warm(["--require", "1%", "--files-from", "-"]).run().exits(3);
    for wrong in ["101%", "x", "-1", "0.95"] {
        warm([&format!("--require={wrong}")]).arg(&small).run().exits(2);
    }
}

#[test]
fn what_was_in_memory_comes_back_by_its_list() {
    let scratch = Scratch::on_disk();
    let (a, b) = (scratch.file("a b", 2 * MIB), scratch.file("c", 40_000));
    for format in ["table", "json", "ndjson", "csv"] {
        for file in [&a, &b] {
            oracle::evict(file);
        }
        let wanted = [3, 4, 5, 100];
        oracle::touch(&a, &wanted);
        let saved = mmapio(["incore", "--runs=resident", "--format", format]).arg(&a).arg(&b).run().exits(0);
        let saved_pages = oracle::map(&a);
        oracle::evict(&a);
        let ran = warm(["--ranges-from", "-"]).stdin(&saved.stdout).run();
        let seen = oracle::map(&a);
        assert!(ran.records().paths("file").iter().all(|path| path.ends_with("a b")), "{format}");
        assert!(
            seen.iter().zip(&saved_pages).all(|(now, then)| *then || !now),
            "{format}: more than was saved"
        );
        assert!(resident(&seen) > 0 || resident(&saved_pages) < 4, "{format}: nothing came back");
    }
    warm(["--ranges-from", "-"]).stdin(b"nonsense\n").run().exits(1).says("line 1");
    let without_runs = mmapio(["incore", "--format", "ndjson"]).arg(&a).run().stdout;
    warm(["--ranges-from", "-"]).stdin(&without_runs).run().exits(1).says("has no ranges");
    warm(["--ranges-from", "-", "x"]).run().exits(2);
}

#[test]
fn a_file_that_a_list_has_under_several_names_is_loaded_in_all_its_ranges() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.file("file", MIB);
    std::fs::hard_link(&file, scratch.path().join("other")).expect("a second name");
    scratch.dir("dir");
    oracle::evict(&file);
    let list = format!("0 {page} file\n{} {page} ./file\n{} {page} other\n0 1 dir\n", 9 * page, 99 * page);
    let ran = || warm(["--ranges-from", "-"]).stdin(list.as_bytes()).in_dir(scratch.path()).run();
    let (map, ran) = settled(&file, ran);
    let ran = ran.exits(1).says("dir: open: is a directory");
    assert_eq!(number(ran.records().only("file"), "requested_pages"), 3);
    let loaded: Vec<_> = (0..).zip(map).filter(|(_, resident)| *resident).map(|(page, _)| page).collect();
    assert!(loaded.iter().all(|page: &u64| [0, 9, 99].contains(page)) && loaded.len() >= 2, "{loaded:?}");
}

#[test]
fn a_name_is_escaped_once_where_it_failed() {
    let scratch = Scratch::on_disk();
    let ran = mmapio(["warm", "a\rb\\c"]).in_dir(scratch.path()).run().exits(1);
    assert_eq!(ran.stderr, "mmapio: a\\rb\\\\c: open: No such file or directory\n");
}

#[test]
fn files_in_memory_need_no_loading() {
    report(
        "files_in_memory_need_no_loading",
        (|| {
            let scratch = Scratch::in_memory()?;
            let file = scratch.file("file", 3 * MIB);
            let sparse = scratch.path().join("sparse");
            write_sparse(&sparse, 64 * MIB, &[1, 2, 3]);
            let ran = warm([&file, &sparse]).run().cleanly();
            assert_eq!(number(ran.records().only("total"), "changed_pages"), 0);
            assert_eq!(oracle::resident(&sparse), 3, "holes of a tmpfs take memory when they are read");
            Ok(())
        })(),
    );
}

#[test]
fn files_seen_through_an_overlay_are_loaded() {
    privately("files_seen_through_an_overlay_are_loaded", |mounts| {
        let on = mounts.ext4(64 * MIB)?;
        std::fs::create_dir(on.join("lower")).expect("own directory");
        let below = on.join("lower/file");
        support::scratch::write_data(&below, 5 * MIB);
        let merged = mounts.overlay(&on)?.join("file");
        oracle::evict(&below);
        let (map, ran) = while_steady(|| oracle::map(&merged), || warm([&merged]).run());
        let record = ran.records().only("file").clone();
        assert_eq!(record["probe"], "mincore", "{record}");
        assert_eq!(number(&record, "resident_pages"), resident(&map), "{record}");
        assert!(resident(&map) * 10 >= oracle::pages(5 * MIB) * 9, "{record}");
        Ok(())
    });
}

#[test]
fn the_table_speaks_of_named_files_and_sums_up_the_rest() {
    let scratch = Scratch::on_disk();
    for index in 0..3 {
        scratch.file(&format!("tree/{index}"), 5000);
    }
    let named = scratch.file("named", 5000);
    let one = mmapio(["warm"]).arg(&named).run().exits(0).text();
    assert_eq!(one.lines().count(), 2, "{one}");
    let few = mmapio(["prewarm", "tree", "named"]).in_dir(scratch.path()).run().text();
    assert!(few.contains("named") && !few.contains("tree/1") && few.contains("total of 4 files"), "{few}");
    let all = mmapio(["warm", "--verbose", "tree"]).in_dir(scratch.path()).run().text();
    assert!(all.contains("tree/1") && all.contains("total of 3 files"), "{all}");
}
