//! Pages that cannot be read: each is named and counted, everything else is loaded, and nothing is claimed of them: not by
//! the next run either.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::command::{Incore, Ran, number};
use support::damage::{Damaged, cut_short, on_btrfs, on_ext4};
use support::model::while_steady;
use support::mounts::{Mounts, privately};
use support::warm::{assert_adds_up, left, warm};
use support::{Outcome, oracle};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";
const EIO: i32 = 5;

/// After so many failures the rest of a file is left alone.
const MOST_FAILURES: u64 = 256;

fn damaged(name: &'static str, size: u64, pages: impl IntoIterator<Item = u64>) -> Damaged {
    Damaged { name, size, pages: pages.into_iter().collect() }
}

/// Where pages can be bad: inside and at the edges of large pages, in tails, in small files.
fn files() -> Vec<Damaged> {
    vec![
        damaged("middle", 6 * MIB, [700, 702, 703]),
        damaged("first", 4 * MIB, [0, 512, 1023]),
        damaged("tail", 5 * MIB + 123, [1279, 1280]),
        damaged("small", 100_000, [3, 20]),
        damaged("one", 4000, [0]),
        damaged("many", 2 * MIB, 50..170),
    ]
}

/// The bytes of each page that an error record names, as page numbers.
fn named_pages(ran: &Ran) -> Vec<u64> {
    let page = oracle::page_size();
    let pages = |error: &&Value| {
        let (at, length) = (number(error, "offset"), number(error, "length"));
        at / page..(at + length).div_ceil(page)
    };
    ran.records().of_type("error").iter().flat_map(pages).collect()
}

/// Demands that a run names these pages on standard error and in the records, and counts them.
#[track_caller]
fn assert_names(ran: &Ran, path: &Path, pages: &[u64]) {
    assert_eq!(ran.code(), 1, "{}", ran.stderr);
    for error in ran.records().of_type("error") {
        assert_eq!(error["path"], path.to_str().expect("text"), "{error}");
        assert_eq!((&error["call"], &error["errno"]), (&"read".into(), &EIO.into()), "{error}");
        let said = format!("{}: read: Input/output error at offset {} ", path.display(), error["offset"]);
        assert!(ran.stderr.contains(&said), "not {said:?} in {}", ran.stderr);
    }
    assert_eq!(named_pages(ran), pages, "{}", ran.text());
    let record = ran.records().only("file").clone();
    assert_eq!(left(&record, "unreadable"), pages.len() as u64, "{record}");
    assert_adds_up(&record);
}

/// Demands that what can be read is in memory, what cannot is not, and that the record says just that.
#[track_caller]
fn assert_true(map: &[bool], record: &Value, pages: &[u64]) {
    let is_resident = |page: u64| map[usize::try_from(page).expect("few pages")];
    assert!(pages.iter().all(|page| !is_resident(*page)), "a damaged page is in memory: {record}");
    let resident = map.iter().map(|resident| u64::from(*resident)).sum::<u64>();
    assert_eq!(number(record, "resident_pages"), resident, "{record}");
    let readable = map.len() as u64 - pages.len() as u64;
    // A reclaimer may have taken some.
    assert!(resident * 10 >= readable * 9, "{resident} of {readable} pages: {record}");
}

/// Warms a cold file, and again, and demands the truth both times.
fn assert_told(run: impl Fn() -> Incore, file: &Path, shown: &Path, pages: &[u64]) {
    oracle::evict(file);
    assert_names(&run().run(), shown, pages);
    let (map, again) = while_steady(|| oracle::map(file), || run().run());
    assert_names(&again, shown, pages);
    assert_true(&map, again.records().only("file"), pages);
}

fn assert_each_told(dir: &Path, files: &[Damaged]) {
    for file in files {
        let path = dir.join(file.name);
        assert_told(|| warm([&path]), &path, &path, &file.pages);
    }
}

type Make = fn(&Mounts<'_>, &[Damaged]) -> Result<PathBuf, support::Skip>;

fn on_each(test: &str, files: &(impl Fn() -> Vec<Damaged> + Sync), body: impl Fn(&Path, &[Damaged]) + Sync) {
    for (name, make) in [("ext4", on_ext4 as Make), ("btrfs", on_btrfs as Make)] {
        privately(&format!("{test} ({name})"), |mounts| {
            let files = files();
            body(&make(mounts, &files)?, &files);
            Ok(())
        });
    }
}

#[test]
fn unreadable_pages_are_named_and_the_rest_is_loaded() {
    on_each("unreadable_pages_are_named", &files, assert_each_told);
}

#[test]
fn a_tree_with_unreadable_pages_is_loaded_around_them() {
    on_each("a_tree_with_unreadable_pages", &files, |dir, files| {
        files.iter().for_each(|file| oracle::evict(&dir.join(file.name)));
        let ran = warm([dir]).run().exits(1);
        let records = ran.records();
        assert_eq!(records.paths("file").len(), files.len(), "{}", ran.text());
        let bad: u64 = files.iter().map(|file| file.pages.len() as u64).sum();
        assert_eq!(left(records.only("total"), "unreadable"), bad, "{}", ran.text());
        records.of_type("file").into_iter().for_each(assert_adds_up);
    });
}

#[test]
fn what_others_read_in_vain_is_not_taken_for_resident() {
    on_each("what_others_read_in_vain", &|| vec![damaged("f", 8 * MIB, [700, 1500])], |dir, files| {
        let file = dir.join("f");
        oracle::evict(&file);
        // It stops at the first bad page, which stays in the cache without content.
        let cat = Command::new("cat").arg(&file).output().expect("cat starts");
        assert!(!cat.status.success(), "the page can be read");
        let dry = || warm(["--dry-run"]).arg(&file).run().exits(0).records().only("file").clone();
        let (resident, record) = while_steady(|| oracle::resident(&file), dry);
        assert_eq!(number(&record, "resident_pages"), resident, "{record}");
        assert_names(&warm([&file]).run(), &file, &files[0].pages);
    });
}

#[test]
fn a_range_without_unreadable_pages_is_none_of_their_business() {
    on_each("a_range_without", &|| vec![damaged("f", 4 * MIB, [100, 300])], |dir, _| {
        let file = dir.join("f");
        oracle::evict(&file);
        let page = oracle::page_size();
        let range = format!("{}+{}", 101 * page, 199 * page);
        let ran = warm(["--range", &range]).arg(&file).run();
        assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
        let named = warm(["--range", &format!("{}+{}", 300 * page, 5 * page)]).arg(&file).run();
        assert_names(&named, &file, &[300]);
    });
}

#[test]
fn unreadable_pages_are_named_to_the_owner_and_to_others() {
    on_each("unreadable_pages_to_others", &|| vec![damaged("f", 3 * MIB, [5, 600])], |dir, files| {
        let (file, pages) = (dir.join("f"), &files[0].pages);
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("own file");
        let run = || warm(["f"]).in_dir(dir).through(["as", NOBODY]);
        oracle::evict(&file);
        let ran = run().run().exits(1);
        let record = ran.records().only("file").clone();
        assert_eq!(named_pages(&ran), *pages, "{}", ran.text());
        assert_eq!(left(&record, "unreadable"), pages.len() as u64, "{record}");
        assert_eq!((&record["resident_pages"], &record["changed_pages"]), (&Value::Null, &Value::Null));
        assert!(oracle::resident(&file) > 700, "what can be read is loaded");
        chown(&file, Some(65534), Some(65534)).expect("root");
        assert_told(run, &file, Path::new("f"), pages);
    });
}

#[test]
fn too_many_unreadable_pages_end_the_reading_of_a_file() {
    let many = || vec![damaged("f", 9 * MIB, 600..1700)];
    on_each("too_many_unreadable_pages", &many, |dir, files| {
        let (file, bad) = (dir.join("f"), files[0].pages.len() as u64);
        for _ in 0..2 {
            let (resident, ran) = while_steady(|| oracle::resident(&file), || warm([&file]).run().exits(1));
            let record = ran.records().only("file").clone();
            assert_adds_up(&record);
            assert_eq!(number(&record, "resident_pages"), resident, "{record}");
            let (unreadable, untried) = (left(&record, "unreadable"), left(&record, "failed"));
            assert!((MOST_FAILURES..bad).contains(&unreadable), "{record}");
            assert!(unreadable + untried >= bad, "{record}");
        }
    });
}

/// Pages from the first lost one on are gone: in the middle of a large page, at the start of one, all of them.
#[test]
fn an_image_cut_short_is_named_where_it_ends() {
    for (from, size) in [(1100, 5 * MIB), (1024, 5 * MIB), (1279, 5 * MIB + 123), (10, 50_000)] {
        privately("an_image_cut_short", |mounts| -> Outcome {
            let file = cut_short(mounts, size, from)?;
            let pages: Vec<u64> = (from..oracle::pages(size)).collect();
            assert_told(|| warm([&file]), &file, &file, &pages);
            Ok(())
        });
    }
}
