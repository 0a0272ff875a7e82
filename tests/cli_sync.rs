//! `mmapio sync`: what was dirty is on the storage, by the call that was asked for. Dirty pages are counted by the oracle.

#![expect(clippy::unwrap_used, reason = "a scratch file that fails fails the test")]
#![expect(clippy::panic, reason = "a file that never becomes dirty fails the test")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::command::{Incore, Ran, binary, mmapio, number};
use support::dirty::{PAGES, dirty, left, on_disk, size, syncing, unwritten, unwritten_in};
use support::mounts::tool;
use support::scratch::Scratch;
use support::{Outcome, Skip, oracle, report};

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
