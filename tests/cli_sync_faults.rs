//! `mmapio sync` where writing back fails, cannot be counted, or is not allowed: the first failure is final and is said.

#![expect(clippy::unwrap_used, reason = "a scratch file that fails fails the test")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::{Flush, OpenFile, SyncOptions, sync};
use serde_json::Value;

use support::command::number;
use support::dirty::{PAGES, dirty, file_on_disk, left, size, syncing, unwritten};
use support::mounts::{LoopDevice, Mounts, privately, tool};
use support::scratch::{Scratch, write_data};
use support::{Outcome, Skip, needs_root, oracle, report};

/// Another user's file is written all the same; how much of it was dirty the kernel does not tell.
#[test]
fn who_is_not_the_owner_is_told_nothing_but_can_write_back() {
    let outcome = needs_root().and_then(|()| {
        let scratch = Scratch::on_disk();
        let file = file_on_disk(&scratch)?;
        dirty(&file, 2);
        // By its name alone: the way to the directory may be closed to other users.
        let (dir, name) = (file.parent().expect("a directory"), file.file_name().expect("a name"));
        let asking = |args: &[&str]| syncing(args, Path::new(name)).in_dir(dir).through(["as", "65534"]);
        let ran = asking(&[]).run().cleanly();
        assert_eq!(unwritten(&file), 0);
        let record = ran.records().only("file").clone();
        for field in ["before_dirty_pages", "requested_pages", "changed_pages", "dirty_pages"] {
            assert_eq!(record[field], Value::Null, "{record}");
        }
        let refused = asking(&["--msync"]).run().exits(1);
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
