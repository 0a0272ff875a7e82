//! What the kernel refuses: descriptors, cachestat, and the residency of other people's files. Never a lie for it.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::command::{Incore, Ran, incore, ndjson, number};
use support::model::{Truth, as_runs, while_steady};
use support::mounts::privately;
use support::oracle;
use support::scratch::{Scratch, write_data};
use support::{Outcome, Skip};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";
const EPERM: &str = "1";
const ENOSYS: &str = "38";

/// The ways in which cachestat is there, or not.
const CACHESTAT: [Option<&str>; 3] = [None, Some(EPERM), Some(ENOSYS)];

/// A command to which cachestat is denied in this way.
fn denied(command: Incore, errno: Option<&str>) -> Incore {
    match errno {
        Some(errno) => command.through(["deny", errno]),
        None => command,
    }
}

/// A directory `tree` of 300 directories, with 600 files.
fn make_wide_tree(scratch: &Scratch) {
    for number in 0..300 {
        scratch.dir(&format!("tree/{number}/sub"));
        std::fs::write(scratch.path().join(format!("tree/{number}/sub/file")), "x").expect("own file");
        std::fs::write(scratch.path().join(format!("tree/{number}/file")), "x").expect("own file");
    }
}

/// A directory `tree` of 1,000 directories in each other, with a file in the last.
fn make_deep_tree(scratch: &Scratch) {
    let mut oracle = Command::new(oracle::path());
    let made = oracle.args(["deep", "1000", "directory"]).current_dir(scratch.dir("tree")).status();
    assert!(made.expect("the oracle starts").success());
}

/// How many files the command sees in `tree`, with no error.
fn files(scratch: &Scratch, options: &[&str], conditions: &[[&str; 2]]) -> u64 {
    let command = ndjson(["--summary", "tree"]).args(options).in_dir(scratch.path());
    let command = conditions.iter().fold(command, |command, condition| command.through(*condition));
    number(command.run().cleanly().records().only("total"), "files")
}

#[test]
fn a_wide_tree_needs_few_descriptors() {
    let scratch = Scratch::on_disk();
    make_wide_tree(&scratch);
    for options in [&[][..], &["--jobs", "1"], &["--jobs", "10"], &["--follow"]] {
        assert_eq!(files(&scratch, options, &[["limit-fds", "64"]]), 600, "{options:?}");
    }
}

#[test]
fn a_deep_tree_needs_few_descriptors() {
    let scratch = Scratch::on_disk();
    make_deep_tree(&scratch);
    for options in [&[][..], &["--jobs", "1"], &["--jobs", "10"], &["--follow"]] {
        assert_eq!(files(&scratch, options, &[["limit-fds", "64"]]), 1, "{options:?}");
    }
}

#[test]
fn descriptors_that_are_open_from_the_start_are_room_that_is_missing() {
    let (wide, deep) = (Scratch::on_disk(), Scratch::on_disk());
    make_wide_tree(&wide);
    make_deep_tree(&deep);
    let conditions = [["limit-fds", "64"], ["leak-fds", "44"]];
    assert_eq!(files(&wide, &["--jobs", "2"], &conditions), 600);
    assert_eq!(files(&deep, &["--jobs", "2"], &conditions), 1);
}

#[test]
fn what_fails_for_want_of_descriptors_is_named() {
    let scratch = Scratch::on_disk();
    make_wide_tree(&scratch);
    for limit in ["12", "10", "8"] {
        let command = ndjson(["--summary", "--jobs", "8", "tree"]).in_dir(scratch.path());
        let ran = command.through(["limit-fds", limit]).run();
        let complete = || number(ran.records().only("total"), "files") == 600;
        let named = ran.code() == 1 && ran.stderr.contains("Too many open files");
        assert!(named || (ran.code() == 0 && complete()), "{}: {}", ran.text(), ran.stderr);
    }
}

#[test]
fn many_named_paths_need_few_descriptors() {
    let scratch = Scratch::on_disk();
    let names: Vec<String> = (0..200).map(|number| format!("file-{number}")).collect();
    for name in &names {
        scratch.file(name, 1);
    }
    let command = ndjson(["--total"].into_iter().chain(names.iter().map(String::as_str)));
    let records = command.through(["limit-fds", "64"]).in_dir(scratch.path()).run().cleanly().records();
    assert_eq!(number(records.only("total"), "files"), 200);
}

#[test]
fn without_cachestat_mincore_answers() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 10 * MIB);
    oracle::evict(&file);
    oracle::touch(&file, &[0, 5, 6, 7, 100, 2000, 2001]);
    for errno in [EPERM, ENOSYS] {
        let counts = || denied(ndjson([&file]), Some(errno)).run().cleanly().records().only("file").clone();
        let runs = || {
            as_runs(
                &denied(ndjson(["--runs"]).arg(&file), Some(errno)).run().cleanly().records().of_type("run"),
            )
        };
        let (truth, (record, runs)) = while_steady(|| Truth::of(&file), || (counts(), runs()));
        assert_eq!(record["probe"], "mincore", "errno {errno}: {record}");
        assert_eq!(number(&record, "resident_pages"), truth.resident_pages(), "errno {errno}: {record}");
        assert_eq!(record["dirty_pages"], Value::Null, "not known is not zero: {record}");
        assert_eq!(runs, truth.all_runs(), "errno {errno}");
    }
}

/// An evicted file of root's in this directory, readable by all.
fn evicted(dir: &Path) -> PathBuf {
    let file = dir.join("evicted");
    write_data(&file, MIB);
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("own file");
    oracle::evict(&file);
    file
}

/// The command on that file, as somebody whom the kernel tells nothing of it.
fn as_nobody(dir: &Path, options: &[&str], errno: Option<&str>) -> Ran {
    denied(ndjson(options).arg("evicted").in_dir(dir), errno).through(["as", NOBODY]).run()
}

/// Demands that the command is honest about it: no count, no run, a reason.
fn assert_unknown(dir: &Path, options: &[&str], errno: Option<&str>) {
    let records = as_nobody(dir, &[options, &["--total"]].concat(), errno).exits(0).records();
    let record = records.only("file");
    for field in ["resident_pages", "resident_bytes", "resident_percent", "dirty_pages"] {
        assert_eq!(record[field], Value::Null, "{options:?} {errno:?}: {record}");
    }
    assert!(record["unknown"].as_str().is_some_and(|reason| !reason.is_empty()), "{record}");
    assert_eq!(number(records.only("total"), "unknown_files"), 1);
    // A list of runs has no place for a reason, so it is said.
    let mapped = as_nobody(dir, &[options, &["--runs"]].concat(), errno).says("not permitted");
    assert!(mapped.records().of_type("run").is_empty(), "{}", mapped.text());
}

#[test]
fn an_evicted_file_of_another_user_is_unknown() {
    privately("an_evicted_file_of_another_user_is_unknown", |mounts| {
        let dir = mounts.ext4(32 * MIB)?;
        let file = evicted(&dir);
        let tells = oracle::cachestat_as(NOBODY, &file).is_ok();
        for errno in CACHESTAT {
            // An early cachestat told everybody; where it does, what it says is the truth.
            if !(tells && errno.is_none()) {
                assert_unknown(&dir, &[], errno);
            }
            assert_unknown(&dir, &["--probe", "mincore"], errno);
        }
        Ok(())
    });
}

#[test]
fn on_an_overlay_it_is_unknown_as_well() {
    privately("on_an_overlay_it_is_unknown_as_well", |mounts| {
        let ext4 = mounts.ext4(32 * MIB)?;
        std::fs::create_dir(ext4.join("lower")).expect("own directory");
        evicted(&ext4.join("lower"));
        let merged = mounts.overlay(&ext4)?;
        for errno in CACHESTAT {
            assert_unknown(&merged, &[], errno);
        }
        Ok(())
    });
}

#[test]
fn a_table_marks_what_is_unknown() {
    privately("a_table_marks_what_is_unknown", |mounts| {
        let dir = mounts.ext4(32 * MIB)?;
        evicted(&dir);
        let command = incore(["--probe", "mincore", "evicted"]).in_dir(&dir).through(["as", NOBODY]);
        let table = command.run().exits(0).text();
        assert!(table.contains('?') && !table.contains("100"), "{table}");
        Ok(())
    });
}

/// Whether a user may make a user namespace here.
fn needs_user_namespaces() -> Outcome {
    let mut tried = Command::new(oracle::path());
    tried.args(["unmapped", "1000", "--", "/bin/true"]);
    match tried.output().is_ok_and(|output| output.status.success()) {
        true => Ok(()),
        false => Err(Skip("users may make no user namespaces here".into())),
    }
}

#[test]
fn the_overflow_user_of_a_namespace_owns_nothing() {
    privately("the_overflow_user_of_a_namespace_owns_nothing", |mounts| {
        needs_user_namespaces()?;
        let dir = mounts.ext4(32 * MIB)?;
        // Both its owner and who asks show as the overflow user there.
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("own directory");
        evicted(&dir);
        for probe in ["auto", "mincore"] {
            let command = ndjson(["--probe", probe, "evicted"]).in_dir(&dir);
            let records = command.through(["unmapped", "1000"]).run().exits(0).records();
            let record = records.only("file");
            assert_eq!(record["resident_pages"], Value::Null, "{probe}: {record}");
        }
        Ok(())
    });
}

/// Owner and mode of files that are the other user's own.
const OWN: [(u32, u32); 2] = [(65534, 0o400), (65534, 0o644)];

/// A file that the other user may write.
const WRITABLE: (u32, u32) = (0, 0o666);

/// An evicted file of this owner and mode, of which some pages are read again.
fn make_told(dir: &Path, (owner, mode): (u32, u32)) -> PathBuf {
    let file = dir.join("told");
    // It may be there from the last time.
    let _ = std::fs::remove_file(&file);
    write_data(&file, MIB);
    chown(&file, Some(owner), Some(owner)).expect("root may");
    std::fs::set_permissions(&file, Permissions::from_mode(mode)).expect("root may");
    oracle::evict(&file);
    oracle::touch(&file, &[3, 4, 9]);
    file
}

/// Demands that the other user is told the truth, as the oracle (which is root) sees it.
fn assert_told(dir: &Path, whose: (u32, u32), errno: Option<&str>) {
    let file = make_told(dir, whose);
    let command = || denied(ndjson(["told"]).in_dir(dir), errno).through(["as", NOBODY]);
    let ask = || command().run().cleanly().records().only("file").clone();
    let (resident, record) = while_steady(|| oracle::resident(&file), ask);
    assert_eq!(record["resident_pages"], resident, "{whose:?}, cachestat denied: {errno:?}: {record}");
}

#[test]
fn who_owns_a_file_or_may_write_it_is_told() {
    privately("who_owns_a_file_or_may_write_it_is_told", |mounts| {
        let dir = mounts.ext4(32 * MIB)?;
        for errno in CACHESTAT {
            OWN.into_iter().chain([WRITABLE]).for_each(|whose| assert_told(&dir, whose, errno));
        }
        Ok(())
    });
}

#[test]
fn who_owns_a_file_on_an_overlay_is_told() {
    privately("who_owns_a_file_on_an_overlay_is_told", |mounts| {
        let merged = mounts.overlay(&mounts.ext4(32 * MIB)?)?;
        for errno in CACHESTAT {
            // Who may write is asked of a layer that is not seen, so that who is no owner need not be told.
            OWN.into_iter().for_each(|whose| assert_told(&merged, whose, errno));
        }
        Ok(())
    });
}

#[test]
fn cachestat_alone_knows_nothing_on_an_overlay() {
    privately("cachestat_alone_knows_nothing_on_an_overlay", |mounts| {
        let merged = mounts.overlay(&mounts.ext4(32 * MIB)?)?;
        let file = merged.join("file");
        write_data(&file, MIB);
        let _held = oracle::hold(&file, 0, MIB);
        let record =
            ndjson(["--probe", "cachestat"]).arg(&file).run().exits(0).records().only("file").clone();
        assert_eq!(record["resident_pages"], Value::Null, "its zeros mean nothing: {record}");
        Ok(())
    });
}
