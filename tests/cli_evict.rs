//! `mmapio evict`: what it says is gone is gone, and what stayed has its reason. Pages are counted by the oracle.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use serde_json::{Value, json};
use support::command::{Incore, Ran, mmapio, number};
use support::model::while_steady;
use support::mounts::{LoopDevice, privately};
use support::oracle::{self, page_size};
use support::scratch::{Scratch, write_data, write_sparse};
use support::{Outcome, Skip, needs_root, report};

const SCHEMA: &str = include_str!("../docs/residency.schema.json");
const PAGES: u64 = 256;

fn size() -> u64 {
    PAGES * page_size()
}

fn evicting(options: &[&str], file: &Path) -> Incore {
    mmapio(["evict", "--format", "ndjson"]).args(options).arg(file)
}

/// The record of a run that succeeds without a word.
#[track_caller]
fn evict(options: &[&str], file: &Path) -> Value {
    checked(&evicting(options, file).run().cleanly())
}

/// The one file record of a run, which holds together: what stayed is what is there, and each page has one reason.
#[track_caller]
fn checked(ran: &Ran) -> Value {
    let record = ran.records().only("file").clone();
    if record["resident_pages"] != Value::Null {
        assert_eq!(number(&record, "resident_pages"), sum(&record), "{record}");
        assert!(number(&record, "changed_pages") <= number(&record, "requested_pages"), "{record}");
    }
    record
}

fn remaining(record: &Value) -> &Vec<Value> {
    record["remaining"].as_array().expect("a list")
}

fn sum(record: &Value) -> u64 {
    remaining(record).iter().map(|left| number(left, "pages")).sum()
}

/// The pages left for a reason.
fn left(record: &Value, reason: &str) -> u64 {
    remaining(record).iter().filter(|left| left["reason"] == reason).map(|left| number(left, "pages")).sum()
}

/// The processes named for a reason.
fn processes(record: &Value, reason: &str) -> Vec<Value> {
    let named = remaining(record).iter().filter(|left| left["reason"] == reason);
    named.flat_map(|left| left["processes"].as_array().cloned().unwrap_or_default()).collect()
}

/// The record while an independent reader sees the same number of pages before and after, and that it is the number said.
#[track_caller]
fn agreed(options: &[&str], file: &Path) -> Value {
    evict(options, file);
    let (seen, record) = while_steady(|| oracle::resident(file), || evict(options, file));
    assert_eq!(number(&record, "resident_pages"), seen, "{record}");
    record
}

/// Makes every page dirty.
fn dirty(file: &Path, seed: u8) {
    let data = vec![seed; usize::try_from(size()).expect("small")];
    File::options().write(true).open(file).expect("own file").write_all_at(&data, 0).expect("room");
}

#[test]
fn a_clean_file_goes_and_nothing_of_it_is_lost() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size() + 5);
    let blocks = || std::fs::metadata(&file).expect("own file").blocks();
    let before = blocks();
    let went = (0..50).any(|_| {
        std::fs::read(&file).expect("own file");
        let record = evict(&[], &file);
        assert_eq!(oracle::resident(&file), number(&record, "resident_pages"), "{record}");
        number(&record, "changed_pages") == PAGES + 1
    });
    assert!(went, "the file was never dropped as a whole");
    let record = agreed(&[], &file);
    assert_eq!((number(&record, "resident_pages"), remaining(&record)), (0, &Vec::new()), "{record}");
    assert_eq!(
        std::fs::read(&file).expect("own file"),
        vec![b'x'; usize::try_from(size()).expect("small") + 5]
    );
    assert_eq!(blocks(), before);
}

#[test]
fn a_tree_goes_and_the_total_is_the_sum() {
    let scratch = Scratch::on_disk();
    for name in ["tree/a", "tree/sub/b", "tree/sub/c"] {
        scratch.file(name, size());
    }
    scratch.file("tree/empty", 0);
    let ran = evicting(&["--require"], &scratch.path().join("tree")).run().cleanly();
    let (records, total) = (ran.records(), ran.records().only("total").clone());
    for field in ["requested_pages", "changed_pages", "before_resident_pages"] {
        let files: u64 = records.of_type("file").iter().map(|record| number(record, field)).sum();
        assert_eq!(number(&total, field), files, "{total}");
    }
    assert_eq!((number(&total, "files"), number(&total, "resident_pages")), (4, 0), "{total}");
}

#[test]
fn what_is_dirty_stays_and_goes_with_sync() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    let stayed = (0..50).any(|seed| {
        dirty(&file, seed);
        let record = evict(&[], &file);
        assert_eq!(left(&record, "dirty") + left(&record, "writeback"), sum(&record), "{record}");
        assert_eq!(std::fs::read(&file).expect("own file")[..2], [seed; 2]);
        sum(&record) == PAGES
    });
    assert!(stayed, "what was dirty never stayed");
    dirty(&file, 99);
    let record = evict(&["--sync", "--require"], &file);
    assert_eq!((number(&record, "resident_pages"), oracle::resident(&file)), (0, 0), "{record}");
    assert!(std::fs::read(&file).expect("own file").iter().all(|byte| *byte == 99));
}

#[test]
fn what_others_map_or_lock_stays_in_their_name() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    let (third, quarter) = (size() / 2, size() / 4);
    let mapping = oracle::mapped(&file, 0, quarter);
    let mapped = agreed(&[], &file);
    assert!(left(&mapped, "mapped") >= PAGES / 4, "{mapped}");
    assert_eq!(sum(&mapped), left(&mapped, "mapped"), "{mapped}");
    assert_eq!(processes(&mapped, "mapped"), [json!(mapping.pid())], "{mapped}");

    let holder = oracle::hold(&file, third, quarter);
    let both = agreed(&[], &file);
    assert!(left(&both, "locked") >= PAGES / 4, "{both}");
    assert_eq!(sum(&both), left(&both, "mapped") + left(&both, "locked"), "{both}");
    assert_eq!(processes(&both, "locked"), [json!(holder.pid())], "{both}");
    assert_eq!(processes(&both, "mapped"), [json!(mapping.pid())], "{both}");
    let table = mmapio(["evict"]).arg(&file).run().cleanly().text();
    assert!(table.contains(&format!("locked by {}", holder.pid())), "{table}");

    drop(mapping);
    let unmet = evicting(&["--require"], &file).run().exits(3).says("--require: ");
    assert_eq!(left(&checked(&unmet), "mapped"), 0);
    drop(holder);
    evict(&["--require"], &file);
}

/// A page in a process's tables keeps all of the folio it is in, of which the process may have mapped little.
#[test]
fn one_page_that_is_mapped_explains_all_that_it_keeps() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 16 * size());
    std::fs::read(&file).expect("own file");
    let holder = oracle::hold(&file, 8 * size() + page_size(), page_size());
    let record = agreed(&[], &file);
    assert_eq!(left(&record, "locked"), sum(&record), "{record}");
    assert_eq!(processes(&record, "locked"), [json!(holder.pid())], "{record}");
}

#[test]
fn files_in_memory_stay_there() {
    let in_memory = || -> Outcome {
        let file = Scratch::in_memory()?;
        let file = file.file("file", size());
        for options in [&[][..], &["--sync"], &["--dry-run"]] {
            let record = evict(options, &file);
            assert_eq!(left(&record, "in-memory filesystem"), PAGES, "{record}");
            assert_eq!(number(&record, "changed_pages"), 0, "{record}");
        }
        assert_eq!(oracle::resident(&file), PAGES);
        evicting(&["--require"], &file).run().exits(3);
        Ok(())
    };
    report("files_in_memory_stay_there", in_memory());
}

#[test]
fn through_an_overlay_a_file_goes_and_dirty_pages_are_not_called_anything_else() {
    privately("through_an_overlay_a_file_goes", |mounts| {
        let on = mounts.ext4(64 << 20)?;
        std::fs::create_dir_all(on.join("lower")).expect("own directory");
        write_data(&on.join("lower/below"), size());
        let merged = mounts.overlay(&on)?;
        let below = merged.join("below");
        std::fs::read(&below).expect("own file");
        let record = agreed(&[], &below);
        assert_eq!((number(&record, "resident_pages"), &record["probe"]), (0, &json!("mincore")), "{record}");

        let above = merged.join("above");
        std::fs::write(&above, vec![1; usize::try_from(size()).expect("small")]).expect("room");
        let record = evict(&[], &above);
        assert_eq!(left(&record, "unknown"), sum(&record), "{record}");
        assert_eq!(number(&agreed(&["--sync"], &above), "resident_pages"), 0);
        Ok(())
    });
}

#[test]
fn a_part_of_a_large_folio_stays_and_says_so() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 16 * size());
    let mut large = 0;
    for page in (0..16 * PAGES).step_by(61) {
        std::fs::read(&file).expect("own file");
        let range = format!("{}+{}", page * page_size(), 2 * page_size());
        let record = evict(&["--range", &range], &file);
        large += left(&record, "large folio");
        assert_eq!(sum(&record), left(&record, "large folio"), "{range}: {record}");
    }
    if large == 0 {
        report("a_part_of_a_large_folio_stays_and_says_so", Err(Skip("no large folios here".into())));
    }
    assert_eq!(number(&agreed(&[], &file), "resident_pages"), 0, "whole folios go");
}

#[test]
fn of_a_kept_range_no_page_goes() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    let (from, length) = (100 * page_size() + 1, 7 * page_size());
    let kept = format!("{from}+{length}");
    let stayed = (0..50).any(|_| {
        std::fs::read(&file).expect("own file");
        let record = evict(&["--all-but", &kept], &file);
        assert_eq!(number(&record, "pages"), PAGES - 8, "{record}");
        assert_eq!(left(&record, "large folio"), sum(&record), "{record}");
        oracle::resident_in(&file, from, length) == 8
    });
    assert!(stayed, "what was to be kept was never there");
    for (options, pages) in [("0", 0), ("1", 0), ("4096+1", PAGES - 1), ("8T+1", PAGES)] {
        assert_eq!(number(&evict(&["--all-but", options], &file), "pages"), pages, "{options}");
    }
}

/// A file so large that its halves are dropped at the same time: data at its start, around its middle and at its end.
#[test]
fn all_of_a_large_file_goes_and_of_a_part_only_that() {
    const GIB: u64 = 1 << 30;
    let scratch = Scratch::on_disk();
    let (file, page) = (scratch.path().join("large"), page_size());
    let pages = |bytes: u64| bytes / page;
    let size = 5 * GIB + 3 * page;
    let data = [0, pages(2 * GIB) - 1, pages(2 * GIB), pages(3 * GIB), pages(5 * GIB), pages(5 * GIB) + 2];
    write_sparse(&file, size, &data);
    oracle::evict(&file);
    // What is around the two ends of the range stays: held, so that nobody else takes it.
    let _held = [data[1], data[5]].map(|page_number| oracle::hold(&file, page_number * page, page));
    oracle::touch(&file, &data);
    let range = format!("{}+{}", 2 * GIB, 3 * GIB + page);
    let record = evict(&["--range", &range], &file);
    assert_eq!((number(&record, "resident_pages"), &record["remaining"]), (0, &json!([])), "{record}");
    assert_eq!(oracle::resident_in(&file, 2 * GIB, 3 * GIB + page), 0, "{record}");
    let seen = |at: u64| oracle::resident_in(&file, data[usize::try_from(at).expect("few")] * page, page);
    assert_eq!((seen(1), seen(5)), (1, 1), "what lies outside of the range stays");
    let record = evict(&[], &file);
    assert_eq!(number(&record, "resident_pages"), 2, "all but what is held: {record}");
    assert_eq!(oracle::resident_in(&file, 0, GIB), 0, "{record}");
}

#[test]
fn who_is_not_told_claims_nothing_and_drops_all_the_same() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", size());
        // By its name alone: the way to the directory may be closed to other users.
        let asking =
            |args: &[&str]| evicting(args, Path::new("file")).in_dir(scratch.path()).through(["as", "65534"]);
        let ran = asking(&[]).run().cleanly();
        let record = checked(&ran);
        for field in ["before_resident_pages", "requested_pages", "changed_pages", "resident_pages"] {
            assert_eq!(record[field], Value::Null, "{record}");
        }
        assert!(record["unknown"].as_str().is_some_and(|why| why.starts_with("not permitted")), "{record}");
        assert_eq!((remaining(&record), oracle::resident(&file)), (&Vec::new(), 0), "{record}");
        asking(&["--require"]).run().exits(3);
    });
    report("who_is_not_told_claims_nothing_and_drops_all_the_same", outcome);
}

#[test]
fn a_dry_run_changes_nothing() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    oracle::evict(&file);
    oracle::touch(&file, &[1, 2, 9, 70]);
    let (seen, record) = while_steady(|| oracle::map(&file), || evict(&["--dry-run", "--sync"], &file));
    let resident = seen.iter().filter(|resident| **resident).count() as u64;
    assert_eq!(number(&record, "requested_pages"), resident, "{record}");
    assert_eq!((left(&record, "dry run"), number(&record, "changed_pages")), (resident, 0), "{record}");
}

/// The oldest kernels that are supported have no cachestat: what stays may be dirty, and nobody can tell.
#[test]
fn by_mincore_alone_it_is_known_what_went() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    let by_mincore =
        |options: &[&str]| checked(&evicting(options, &file).through(["deny", "38"]).run().cleanly());
    assert_eq!(number(&by_mincore(&[]), "resident_pages"), oracle::resident(&file));
    dirty(&file, 1);
    let record = by_mincore(&[]);
    assert_eq!(left(&record, "unknown"), sum(&record), "{record}");
    assert_eq!(number(&by_mincore(&["--sync"]), "resident_pages"), 0);
}

#[test]
fn what_could_not_be_written_is_not_dropped() {
    privately("what_could_not_be_written_is_not_dropped", |mounts| {
        let file = mounts.file_without_room(8 << 20)?;
        let fine = mounts.scratch().file("fine", size());
        let ran = evicting(&["--sync", "--jobs", "1"], &file).arg(&fine).run().exits(1);
        assert!(ran.stderr.contains(&format!("{}: fdatasync: ", file.display())), "{}", ran.stderr);
        let records = ran.records();
        let of = |path: &Path| {
            let files = records.of_type("file");
            files
                .into_iter()
                .find(|record| record["path"].as_str() == path.to_str())
                .cloned()
                .expect("a record")
        };
        let record = of(&file);
        assert_eq!(left(&record, "failed"), number(&record, "resident_pages"), "{record}");
        assert_eq!(number(&record, "changed_pages"), 0, "{record}");
        assert_eq!(oracle::resident(&file), oracle::pages(8 << 20), "memory has the only good copy");
        assert!(std::fs::read(&file).expect("it is in memory").iter().all(|byte| *byte == 5));
        assert_eq!(number(&of(&fine), "resident_pages"), 0);
        Ok(())
    });
}

#[test]
fn block_devices_go_and_huge_pages_are_unknown() {
    let outcome = needs_root().and_then(|()| {
        let scratch = Scratch::on_disk();
        let image = scratch.file("image", size());
        let device = LoopDevice::of(&image)?;
        // When nobody has it open any more the kernel drops it by itself.
        let _open = File::open(device.path()).expect("a device to read");
        std::fs::read(device.path()).expect("a device to read");
        assert_eq!(number(&agreed(&["--sync"], device.path()), "resident_pages"), 0);
        Ok(())
    });
    report("block_devices_go", outcome);
    privately("huge_pages_are_unknown", |mounts| {
        let file = mounts.hugetlbfs()?.join("file");
        File::create(&file).and_then(|file| file.set_len(2 << 20)).expect("own file");
        let record = evict(&["--sync"], &file);
        assert_eq!((&record["requested_pages"], remaining(&record)), (&Value::Null, &Vec::new()), "{record}");
        Ok(())
    });
}

#[test]
fn records_are_of_the_promised_form() {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    schema = json!({ "$schema": schema["$schema"], "$ref": "#/$defs/record", "$defs": schema["$defs"] });
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    let _holder = oracle::hold(&file, 0, page_size());
    let mut seen = 0;
    for options in [&[][..], &["--dry-run"], &["--range", "0+1"], &["--all-but", "0+1"]] {
        for record in evicting(options, &file).arg("/no/such/file").run().exits(1).records().0 {
            let errors: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?} in {record}");
            seen += 1;
        }
    }
    assert_eq!(seen, 12, "a file, an error and a total each");
}

#[test]
fn options_that_contradict_each_other_are_wrong_usage() {
    for options in [
        &["--all-but", "0+1", "--range", "0+1"][..],
        &["--require", "--dry-run"],
        &["--all-but", "1+0"],
        &["--all-but", "x"],
        &["--all-but", "0+18446744073709551615"],
        &["--columns", "map"],
    ] {
        evicting(options, Path::new("/dev/null")).run().exits(2);
    }
    mmapio(["evict"]).run().exits(2);
    evicting(&[], Path::new("/dev/null")).run().exits(1).says("is a character device");
}
