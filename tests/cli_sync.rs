//! `mmapio sync`: what was dirty is on the storage, or it says that it is not. Dirty pages are counted by the oracle.

#![expect(clippy::unwrap_used, reason = "a scratch file that fails fails the test")]
#![expect(clippy::panic, reason = "a file that never becomes dirty fails the test")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::{Flush, OpenFile, SyncOptions, sync};
use serde_json::Value;

use support::command::{Incore, Ran, binary, mmapio, number};
use support::mounts::{LoopDevice, Mounts, privately, tool};
use support::scratch::{Scratch, write_data};
use support::{Outcome, Skip, needs_root, oracle, report};

const PAGES: u64 = 64;

/// `mmapio sync` of a file with these options, as records.
fn syncing(options: &[&str], file: &Path) -> Incore {
    mmapio(["sync", "--format", "ndjson"]).args(options).arg(file)
}

/// The pages of `count` pages from page `first` that the storage lacks, dirty or being written.
fn unwritten_in(file: &Path, first: u64, count: u64) -> u64 {
    let (offset, length) = (first * oracle::page_size(), count * oracle::page_size());
    let (offset, length) = (offset.to_string(), length.to_string());
    let answer = oracle::ask(&["cachestat".as_ref(), file.as_os_str(), offset.as_ref(), length.as_ref()], "");
    answer
        .iter()
        .flat_map(|line| line.split(' ').skip(1).take(2))
        .map(|count| count.parse::<u64>().unwrap())
        .sum()
}

fn unwritten(file: &Path) -> u64 {
    unwritten_in(file, 0, 1 << 32)
}

/// Stores into each page from the last to the first, which keeps folios small; `seed` is the content.
fn dirty(file: &Path, seed: u8) {
    let (page, file) = (oracle::page_size(), File::options().write(true).open(file).unwrap());
    let data = vec![seed; usize::try_from(page).unwrap()];
    for at in (0..PAGES).rev() {
        file.write_all_at(&data, at * page).unwrap();
    }
}

/// Runs the command on a file all of whose pages are dirty when it starts. The kernel may write them on its own; then it is
/// done again.
fn when_dirty(file: &Path, options: &[&str]) -> (Ran, Value) {
    for seed in 0..50 {
        dirty(file, seed);
        if unwritten(file) != PAGES {
            continue;
        }
        let ran = syncing(options, file).run().exits(0);
        let record = ran.records().only("file").clone();
        if number(&record, "before_dirty_pages") == PAGES {
            assert_eq!(std::fs::read(file).unwrap(), vec![seed; usize::try_from(size()).unwrap()]);
            return (ran, record);
        }
    }
    panic!("{}: never dirty when it was looked at", file.display());
}

fn size() -> u64 {
    PAGES * oracle::page_size()
}

/// A file on a filesystem with a storage.
fn file_on_disk(scratch: &Scratch) -> Result<std::path::PathBuf, Skip> {
    let file = scratch.file("file", size());
    dirty(&file, 1);
    if unwritten(&file) == 0 {
        return Err(Skip("nothing becomes dirty on this filesystem".into()));
    }
    Ok(file)
}

fn on_disk(test: &str, body: impl FnOnce(&Path) -> Outcome) {
    let scratch = Scratch::on_disk();
    report(test, file_on_disk(&scratch).and_then(|file| body(&file)));
}

/// The pages left for a reason.
fn left(record: &Value, reason: &str) -> u64 {
    let remaining = record["remaining"].as_array().unwrap();
    remaining.iter().filter(|left| left["reason"] == reason).map(|left| number(left, "pages")).sum()
}

#[test]
fn what_is_dirty_is_written_by_every_durable_call() {
    on_disk("what_is_dirty_is_written_by_every_durable_call", |file| {
        for options in
            [&[][..], &["--data-only"], &["--msync"], &["--invalidate"], &["--msync", "--invalidate"]]
        {
            let (ran, record) = when_dirty(file, options);
            assert_eq!(unwritten(file), 0, "{options:?}");
            assert_eq!(ran.stderr, "", "{options:?}");
            assert_eq!(number(&record, "dirty_pages"), 0, "{options:?}");
            assert_eq!(number(&record, "writeback_pages"), 0, "{options:?}");
            let requested = number(&record, "requested_pages");
            assert_eq!(requested, PAGES + number(&record, "before_writeback_pages"), "{options:?}");
            assert_eq!(number(&record, "changed_pages"), requested, "{options:?}");
            assert_eq!(record["remaining"], Value::Array(Vec::new()), "{options:?}");
            assert!(record["seconds"].as_f64().unwrap() > 0.0, "{options:?}");
        }
        Ok(())
    });
}

#[test]
fn writing_that_is_only_started_says_so() {
    on_disk("writing_that_is_only_started_says_so", |file| {
        let (ran, record) = when_dirty(file, &["--async"]);
        assert!(ran.stderr.contains("nothing of it is durable yet"), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(number(&record, "dirty_pages") < PAGES, "nothing was started: {record}");
        let rest = left(&record, "dirty") + left(&record, "writeback");
        assert_eq!(number(&record, "changed_pages") + rest, number(&record, "requested_pages"), "{record}");
        assert_eq!(syncing(&["--async", "--quiet"], file).run().exits(0).stderr, "");
        syncing(&[], file).run().cleanly();
        assert_eq!(unwritten(file), 0);
        Ok(())
    });
}

#[test]
fn a_part_is_written_and_the_rest_is_not() {
    on_disk("a_part_is_written_and_the_rest_is_not", |file| {
        let part = format!("0+{}", oracle::page_size());
        for options in [["--range", &part].as_slice(), &["--range", &part, "--data-only"]] {
            let written_in_part = (0..50).any(|seed| {
                // A folio that is there keeps its size, and one that is large is written as a whole.
                oracle::evict(file);
                dirty(file, seed);
                let record = syncing(options, file).run().cleanly().records().only("file").clone();
                assert_eq!(number(&record, "pages"), 1, "{record}");
                assert_eq!(number(&record, "dirty_pages"), 0, "{record}");
                assert_eq!(unwritten_in(file, 0, 1), 0, "{options:?}");
                unwritten_in(file, PAGES / 2, PAGES / 2) > 0
            });
            assert!(written_in_part, "{options:?} always wrote the whole file");
        }
        let mut starting = syncing(&["--async", "--range", &part], file).run().exits(0);
        assert_eq!(number(starting.records().only("file"), "pages"), 1);
        starting = syncing(&["--range", &format!("{}+1", size())], file).run().exits(1);
        assert!(starting.stderr.contains("beyond the end"), "{}", starting.stderr);
        Ok(())
    });
}

#[test]
fn a_dry_run_writes_nothing() {
    on_disk("a_dry_run_writes_nothing", |file| {
        let stayed_dirty = (0..50).any(|_| {
            let (ran, record) = when_dirty(file, &["--dry-run"]);
            assert_eq!(ran.stderr, "");
            assert_eq!(number(&record, "requested_pages"), left(&record, "dry run"), "{record}");
            assert_eq!(number(&record, "changed_pages"), 0, "{record}");
            unwritten(file) == PAGES
        });
        assert!(stayed_dirty, "a dry run wrote");
        when_dirty(file, &["--dry-run", "--async"]).0.cleanly();
        Ok(())
    });
}

/// The calls that write, as strace sees them.
fn calls(options: &[&str], file: &Path) -> Result<Vec<String>, Skip> {
    let log = file.with_extension("strace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,msync,sync_file_range,syncfs,sync", "-o"])
        .arg(&log);
    tool(strace.arg(binary()).arg("sync").args(options).arg(file))?;
    let log = std::fs::read_to_string(log).unwrap();
    // strace shows what it has no name for, such as cachestat, whether asked for or not.
    let name = |line: &str| Some(line.split_once('(')?.0.split(' ').next_back()?.to_owned());
    Ok(log.lines().filter_map(name).filter(|call| !call.starts_with("syscall_")).collect())
}

#[test]
fn a_clean_file_is_written_by_the_call_that_was_asked_for_and_no_other() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("clean", size());
    let record = syncing(&[], &file).run().cleanly().records().only("file").clone();
    assert_eq!((number(&record, "requested_pages"), number(&record, "changed_pages")), (0, 0));
    let by_strace = || {
        for (options, call) in [
            (&[][..], "fsync"),
            (&["--data-only"], "fdatasync"),
            (&["--async"], "sync_file_range"),
            (&["--msync"], "msync"),
            (&["--invalidate"], "msync"),
            (&["--range", "0+1"], "msync"),
        ] {
            assert_eq!(calls(options, &file)?, [call], "{options:?}");
        }
        assert_eq!(calls(&["--dry-run"], &file)?, [""; 0]);
        Ok(())
    };
    report("a_clean_file_is_written_by_the_call_that_was_asked_for_and_no_other", by_strace());
}

#[test]
fn files_in_memory_and_empty_files_have_nothing_to_write() {
    report("files_in_memory_and_empty_files_have_nothing_to_write", in_memory());
}

fn in_memory() -> Outcome {
    let scratch = Scratch::in_memory()?;
    let (file, empty) = (scratch.file("file", size()), scratch.file("empty", 0));
    for options in [&[][..], &["--data-only"], &["--msync"], &["--invalidate"], &["--async"]] {
        let records = syncing(options, &file).arg(&empty).run().exits(0).records();
        for record in records.of_type("file") {
            assert_eq!(number(record, "before_dirty_pages"), 0, "{record}");
            assert_eq!(number(record, "changed_pages"), 0, "{record}");
            assert_eq!(left(record, "dirty"), 0, "{record}");
        }
    }
    Ok(())
}

/// Another user's file is written all the same; how much of it was dirty the kernel does not tell.
#[test]
fn who_is_not_the_owner_is_told_nothing_but_can_write_back() {
    let outcome = needs_root().and_then(|()| {
        let scratch = Scratch::on_disk();
        let file = file_on_disk(&scratch)?;
        dirty(&file, 2);
        let ran = syncing(&[], &file).through(["as", "65534"]).run().cleanly();
        assert_eq!(unwritten(&file), 0);
        let record = ran.records().only("file").clone();
        for field in ["before_dirty_pages", "requested_pages", "changed_pages", "dirty_pages"] {
            assert_eq!(record[field], Value::Null, "{record}");
        }
        let refused = syncing(&["--msync"], &file).through(["as", "65534"]).run().exits(1);
        assert!(refused.stderr.contains(": open for writing: Permission denied"), "{}", refused.stderr);
        assert_eq!(number(refused.records().only("error"), "errno"), 13);
        Ok(())
    });
    report("who_is_not_the_owner_is_told_nothing_but_can_write_back", outcome);
}

#[test]
fn on_an_overlay_the_numbers_are_unknown_and_the_file_is_written() {
    privately("on_an_overlay_the_numbers_are_unknown_and_the_file_is_written", |mounts| {
        let on = mounts.ext4(64 << 20)?;
        std::fs::create_dir_all(on.join("upper")).unwrap();
        write_data(&on.join("upper/file"), size());
        let (merged, below) = (mounts.overlay(&on)?.join("file"), on.join("upper/file"));
        for options in [&[][..], &["--data-only"], &["--msync"], &["--invalidate"]] {
            dirty(&merged, 3);
            let record = syncing(options, &merged).run().cleanly().records().only("file").clone();
            assert_eq!(unwritten(&below), 0, "{options:?}");
            assert_eq!(record["before_dirty_pages"], Value::Null, "{options:?}: {record}");
            assert_eq!(record["changed_pages"], Value::Null, "{options:?}: {record}");
            assert_eq!(number(&record, "resident_pages"), PAGES, "{options:?}: {record}");
        }
        Ok(())
    });
}

#[test]
fn a_read_only_filesystem_has_nothing_to_write() {
    privately("a_read_only_filesystem_has_nothing_to_write", |mounts| {
        let on = mounts.ext4(64 << 20)?;
        let file = on.join("file");
        write_data(&file, size());
        tool(Command::new("mount").args(["-o", "remount,ro"]).arg(&on))?;
        for options in [&[][..], &["--data-only"], &["--async"]] {
            let record = syncing(options, &file).run().exits(0).records().only("file").clone();
            assert_eq!(number(&record, "requested_pages"), 0, "{record}");
        }
        let refused = syncing(&["--msync"], &file).run().exits(1);
        assert!(refused.stderr.contains(": open for writing: Read-only file system"), "{}", refused.stderr);
        Ok(())
    });
}

#[test]
fn a_block_device_is_written() {
    let outcome = needs_root().and_then(|()| {
        let scratch = Scratch::on_disk();
        let image = scratch.file("image", size());
        let device = LoopDevice::of(&image)?;
        for options in [&[][..], &["--msync"], &["--range", "0+1M", "--invalidate"]] {
            dirty(device.path(), 4);
            let record = syncing(options, device.path()).run().cleanly().records().only("file").clone();
            assert_eq!(unwritten(device.path()), 0, "{options:?}: {record}");
            assert_eq!(number(&record, "dirty_pages"), 0, "{options:?}: {record}");
        }
        Ok(())
    });
    report("a_block_device_is_written", outcome);
}

/// A file with dirty pages on an ext4 whose image cannot grow any more.
fn without_room(mounts: &Mounts<'_>) -> Result<std::path::PathBuf, Skip> {
    let on = mounts.ext4(64 << 20)?;
    let tmpfs = mounts.scratch().path().join("tmpfs");
    let file = on.join("file");
    std::fs::write(&file, vec![5; 8 << 20]).unwrap();
    fill(&tmpfs)?;
    Ok(file)
}

/// Leaves no room on a tmpfs: it gets a limit, and that is used up.
fn fill(tmpfs: &Path) -> Outcome {
    tool(Command::new("mount").args(["-o", "remount,size=24m"]).arg(tmpfs))?;
    let filler = File::create(tmpfs.join("filler")).unwrap();
    let page = vec![0; usize::try_from(oracle::page_size()).unwrap()];
    let full = (0..).find(|at| filler.write_all_at(&page, at * oracle::page_size()).is_err());
    assert!(full.is_some());
    Ok(())
}

/// The first failure is all there is: nothing is tried a second time, and what to do is said.
#[test]
fn what_could_not_be_written_is_said_and_not_tried_again() {
    for (options, call) in [
        (&[][..], "fsync"),
        (&["--data-only"], "fdatasync"),
        (&["--msync"], "msync"),
        (&["--invalidate"], "msync"),
    ] {
        privately("what_could_not_be_written_is_said_and_not_tried_again", |mounts| {
            let file = without_room(mounts)?;
            let fine = mounts.scratch().file("fine", size());
            let ran = syncing(options, &file).arg(&fine).run().exits(1);
            let text = format!("{}: {call}: No space left on device; ", file.display());
            assert!(ran.stderr.contains(&text), "{options:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("do not evict it"), "{options:?}: {}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{options:?}: {}", ran.stderr);
            let records = ran.records();
            let error = records.only("error");
            assert_eq!((error["call"].as_str(), number(error, "errno")), (Some(call), 28), "{error}");
            let of = |path: &Path| {
                let found = records
                    .of_type("file")
                    .into_iter()
                    .find(|record| path.to_str() == record["path"].as_str());
                found.unwrap().clone()
            };
            let record = of(&file);
            assert_eq!(record["changed_pages"], Value::Null, "{record}");
            assert_eq!(left(&record, "failed"), number(&record, "requested_pages"), "{record}");
            assert!(number(&record, "requested_pages") > 0, "{record}");
            assert_eq!(of(&fine)["remaining"], Value::Array(Vec::new()));
            Ok(())
        });
    }
}

/// A failure is one also when nobody reads what is written; and the files after it are written.
#[test]
fn a_closed_standard_output_neither_ends_the_act_nor_hides_a_failure() {
    on_disk("a_closed_standard_output_neither_ends_the_act_nor_hides_a_failure", |file| {
        let closed = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            writer
        };
        let missing = Path::new("/no/such/file");
        let sync = |paths: [&Path; 2]| {
            let command = mmapio(["sync", "--jobs", "1", "--format", "csv"]).stdin(b"");
            paths.iter().fold(command, Incore::arg).stdout(closed()).run()
        };
        dirty(file, 6);
        sync([missing, file]).exits(1);
        assert_eq!(unwritten(file), 0);
        sync([file, file]).exits(0);
        Ok(())
    });
}

#[test]
fn one_call_is_chosen_and_no_length_wraps() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", size());
    for options in [
        &["--data-only", "--async"][..],
        &["--data-only", "--msync"],
        &["--data-only", "--invalidate"],
        &["--async", "--msync"],
        &["--async", "--invalidate"],
        &["--range", "0+18446744073709551615"],
        &["--range", "4096+9223372036854775807"],
    ] {
        syncing(options, &file).run().exits(2);
    }
    mmapio(["sync"]).run().exits(2);
    syncing(&["--range", "0+9223372036854775807"], &file).run().exits(0);
}

/// A file that is cut and grows while it is written brings no signal, no panic and no error.
#[test]
fn a_file_may_be_truncated_while_it_is_written() {
    const ROUNDS: usize = 2000;
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", size());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = File::options().write(true).open(&path).unwrap();
            for at in (0..PAGES).cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                file.set_len(at * oracle::page_size() / 2).unwrap();
                file.write_all_at(b"x", size() - 1).unwrap();
            }
        });
        let calls = [Flush::All, Flush::Data, Flush::Msync, Flush::Invalidate, Flush::Start];
        let errors: Vec<_> =
            (0..ROUNDS).zip(calls.iter().cycle()).flat_map(|(_, call)| once(&path, *call)).collect();
        done.store(true, Ordering::Relaxed);
        assert!(errors.is_empty(), "{errors:?}");
    });
}

fn once(path: &Path, call: Flush) -> Vec<mmapio_core::Error> {
    let file = OpenFile::open(path).unwrap();
    let mut options = SyncOptions::default();
    options.flush = call;
    let report = sync(&file, &options);
    assert!(report.changed <= report.requested, "{report:?}");
    report.errors
}

/// msync refuses to invalidate what its own process locked; so the process is one of its own, which locks all it maps.
#[test]
fn locked_pages_are_named_and_not_taken_for_lost() {
    const ME: &str = "locked_pages_are_named_and_not_taken_for_lost";
    const LOCKS: &str = "MMAPIO_TEST_LOCKS";
    if std::env::var_os(LOCKS).is_some() {
        return report(ME, invalidating_what_is_locked());
    }
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let ran = alone.args(["--exact", ME, "--nocapture"]).env(LOCKS, "1").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

fn invalidating_what_is_locked() -> Outcome {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", size());
    dirty(&path, 7);
    // SAFETY: takes a number only; locks the mappings to come, of a process that ends soon.
    if unsafe { libc::mlockall(libc::MCL_FUTURE | libc::MCL_ONFAULT) } != 0 {
        return Err(Skip(format!("mlockall: {}", std::io::Error::last_os_error())));
    }
    let errors = once(&path, Flush::Invalidate);
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["msync: Device or resource busy (pages are locked in memory, mlock(2))"]);
    assert!(once(&path, Flush::Msync).is_empty(), "what is locked can be written");
    assert_eq!(unwritten(&path), 0);
    Ok(())
}
