//! `mmapio bench --write`: the user's file is never written, the copy holds what was to be written and is gone at the end, whatever the
//! end is.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::bench::{Whole, bench, checksums, long, noise, noisy, record, scenarios, strategies, sum};
use support::command::{mmapio, number};
use support::mounts::{LoopDevice, privately, tool};
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, Skip, needs_root, oracle, report};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";
const NAMES: [&str; 6] =
    ["pwrite", "pwrite-fsync", "pwrite-dontcache", "pwrite-direct", "mmap-msync", "mmap-fdatasync"];

/// What is in a directory besides what a test put there.
fn copies(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("own directory").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.to_string_lossy().contains(".mmapio-bench-")).collect()
}

#[track_caller]
fn assert_gone(dir: &Path) {
    assert_eq!(copies(dir), Vec::<PathBuf>::new(), "the copy is still there");
}

#[test]
fn all_ways_write_the_same_bytes_and_leave_nothing() {
    let scratch = Scratch::on_disk();
    for size in [1, 5000, MIB, 3 * MIB + 5] {
        let file = noisy(&scratch, "file", size);
        let before = Whole::of(&file);
        let args = ["--write", "--bytes", "1G", "--threads", "1,3", "--seed", "5"];
        let ran = bench(args).arg(&file).run().exits(0);
        let told = record(&ran);
        assert_eq!((&told["work"], scenarios(&told).len()), (&Value::from("write"), 4), "{told}");
        assert_eq!(number(&told["copy"], "bytes"), size.next_multiple_of(oracle::page_size()), "{told}");
        assert_eq!(told["copy"]["directory"], scratch.path().to_str().expect("text"), "{told}");
        for scenario in scenarios(&told) {
            assert_eq!(
                (&scenario["state"], &scenario["sampled"]),
                (&"writing".into(), &false.into()),
                "{scenario}"
            );
            let names: Vec<_> = scenario["strategies"].as_array().expect("a list").iter().collect();
            let has = |name: &str| names.iter().any(|strategy| strategy["strategy"] == name);
            assert!(NAMES.iter().all(|name| has(name)), "{scenario}");
        }
        // In all scenarios the whole copy is written in the last round, by the same seed.
        let sums = checksums(&told);
        assert!(sums.iter().all(|found| *found == sums[0]) && sums[0] != 0, "{sums:x?}");
        assert!(strategies(&told).iter().all(|strategy| strategy["sync"].as_f64() > Some(0.0)), "{told}");
        before.is_still(&file);
        assert_gone(scratch.path());
        ran.says(" are written to, again and again, and removed at the end");
    }
}

#[test]
fn what_is_written_is_on_the_device_to_an_independent_eye() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    for name in NAMES {
        let args =
            ["--write", "--strategy", name, "--pattern", "sequential", "--bytes", "1M", "--block", "64K"];
        let usual = ["bench", "--format", "json", "--runs", "60", "--seed", "9"];
        let running = mmapio(usual).args(&args).arg(&file).start();
        // A second name keeps what the copy is at the end.
        let linked = scratch.path().join("linked");
        while copies(scratch.path()).first().is_none_or(|copy| std::fs::hard_link(copy, &linked).is_err()) {}
        let told = record(&running.end().exits(0));
        assert_gone(scratch.path());
        // What is dropped from memory is read from the device.
        oracle::evict(&linked);
        assert_eq!(oracle::resident(&linked), 0);
        let bytes = std::fs::read(&linked).expect("own file");
        std::fs::remove_file(&linked).expect("own file");
        assert_eq!(checksums(&told), [sum(&bytes)], "{name}");
        assert!(bytes != noise(MIB), "nothing was written");
    }
}

#[test]
fn more_is_waited_for_when_each_access_is_to_be_on_the_storage() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let args = ["--write", "--pattern", "random", "--bytes", "256K", "--strategy", "pwrite,mmap-msync"];
    let of = |more: &[&str]| record(&bench(args).args(more).arg(&file).run().exits(0));
    let (end, each) = (of(&[]), of(&["--sync-every", "1"]));
    assert_eq!((&end["copy"]["sync_every"], &each["copy"]["sync_every"]), (&Value::Null, &1.into()));
    assert_eq!(checksums(&end), checksums(&each));
    for strategy in strategies(&each) {
        // Each of 64 blocks makes at least a page of its own dirty anew.
        let written = strategy["written_bytes"].as_f64().expect("known on Linux");
        assert!(written >= 256.0 * 1024.0, "{strategy}");
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let refused = |args: &[&str], why: &str| {
        mmapio(["bench"]).args(args).arg(&file).run().exits(2).says(why);
    };
    refused(&["--write", "--state", "warm"], "cannot be used with '--state");
    refused(&["--write", "--work", "copy"], "cannot be used with '--work");
    refused(&["--scratch", "/tmp"], "--write");
    refused(&["--sync-every", "1"], "--write");
    refused(&["--write", "--strategy", "pread"], "pread reads; --write measures: pwrite, ");
    refused(&["--strategy", "mmap-msync"], "mmap-msync writes; --write is not there for: read, ");
    let help = mmapio(["bench", "--strategy", "help"]).run().exits(0);
    assert!(NAMES.iter().all(|name| help.text().contains(name)), "{}", help.text());
}

#[test]
fn no_directory_to_write_to_is_named() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let missing = scratch.path().join("missing");
    for (dir, why) in [(&missing, "No such file or directory"), (&file, "Not a directory")] {
        let ran = bench(["--write", "--scratch"]).arg(dir).arg(&file).run().exits(1);
        assert!(ran.stdout.is_empty(), "{}", ran.text());
        ran.says(&format!("mmapio: {}: open: {why}", dir.display())).says("--scratch DIR");
    }
    report(
        "unwritable",
        needs_root().map(|()| {
            // Other users may not write beside it, and may where everybody does.
            let ran = bench(["--write"]).arg(&file).through(["as", NOBODY]).run().exits(1);
            ran.says("open: Permission denied").says("--scratch DIR takes another directory");
            let open = scratch.dir("open");
            std::fs::set_permissions(&open, Permissions::from_mode(0o777)).expect("own directory");
            let args = ["--write", "--pattern", "sequential", "--scratch"];
            let ran = bench(args).arg(&open).arg(&file).through(["as", NOBODY]).run().exits(0);
            assert!(checksums(&record(&ran)).len() >= 6, "{}", ran.text());
            assert_gone(&open);
        }),
    );
    assert_gone(scratch.path());
}

#[test]
fn links_are_followed_to_the_directory_of_the_file() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let here = scratch.dir("here");
    std::os::unix::fs::symlink(&file, here.join("link")).expect("own directory");
    let args = ["--write", "--pattern", "sequential", "--strategy", "pwrite"];
    let told = record(&bench(args).arg(here.join("link")).run().exits(0));
    assert_eq!(told["copy"]["directory"], scratch.path().to_str().expect("text"), "{told}");
}

#[test]
fn where_there_is_no_room_nothing_is_begun_and_nothing_is_left() {
    privately("no_room_on_tmpfs", |mounts| {
        let dir = mounts.tmpfs()?;
        tool(Command::new("mount").args(["-o", "remount,size=4m"]).arg(&dir))?;
        no_room(mounts.scratch(), &dir)
    });
    privately("no_room_on_ext4", |mounts| {
        let dir = mounts.ext4(16 * MIB)?;
        no_room(mounts.scratch(), &dir)
    });
    privately("read_only", |mounts| {
        let dir = mounts.ext4(16 * MIB)?;
        std::fs::write(dir.join("file"), "some data").expect("room for it");
        tool(Command::new("mount").args(["-o", "remount,ro"]).arg(&dir))?;
        bench(["--write"])
            .arg(dir.join("file"))
            .run()
            .exits(1)
            .says("Read-only file system")
            .says("--scratch DIR");
        Ok(())
    });
}

fn no_room(scratch: &Scratch, dir: &Path) -> Outcome {
    let file = noisy(scratch, "large", 24 * MIB);
    let before = Whole::of(&file);
    let ran = bench(["--write", "--scratch"]).arg(dir).arg(&file).run().exits(1);
    assert!(ran.stdout.is_empty(), "{}", ran.text());
    ran.says("No space left on device").says("a copy of 24.00 MiB is to be written to").says("--scratch DIR");
    assert_gone(dir);
    before.is_still(&file);
    // A part that fits is measured.
    let args = [
        "--write",
        "--range",
        "0+1M",
        "--pattern",
        "sequential",
        "--strategy",
        "pwrite,mmap-msync",
        "--scratch",
    ];
    let told = record(&bench(args).arg(dir).arg(&file).run().exits(0));
    assert_eq!(number(&told["copy"], "bytes"), MIB, "{told}");
    assert_gone(dir);
    Ok(())
}

#[test]
fn writing_that_fails_is_told_and_nothing_is_left() {
    privately("writing_fails", |mounts| {
        // The image below has no more room: what is written to the filesystem cannot be on the device.
        let full = mounts.file_without_room(4096)?;
        let dir = full.parent().ok_or_else(|| Skip("no directory".into()))?;
        let file = noisy(mounts.scratch(), "file", 8 * MIB);
        let before = Whole::of(&file);
        let ran = bench(["--write", "--scratch"]).arg(dir).arg(&file).run().exits(1);
        assert!(!ran.stderr.is_empty());
        assert_gone(dir);
        before.is_still(&file);
        Ok(())
    });
}

#[test]
fn ctrl_c_removes_the_copy_at_any_moment() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("file");
    // Long to copy, as holes are copied as zeros.
    write_sparse(&file, 1 << 40, &[0]);
    let before = std::fs::metadata(&file).expect("own file").mtime_nsec();
    let running = mmapio(["bench", "--format", "json", "--write", "--bytes", "1G"]).arg(&file).start();
    while copies(scratch.path()).is_empty() {}
    running.signal(libc::SIGINT);
    let ran = running.end().exits(130);
    assert!(scenarios(&record(&ran)).is_empty(), "{}", ran.text());
    assert_gone(scratch.path());
    for signal in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let running = long(&file, &["--write", "--range", "0+2M"]);
        assert_eq!(copies(scratch.path()).len(), 1);
        running.signal(signal.0);
        record(&running.end().exits(signal.1));
        assert_gone(scratch.path());
    }
    assert_eq!(std::fs::metadata(&file).expect("own file").mtime_nsec(), before);
}

#[test]
fn other_filesystems_lack_some_ways_and_say_so() {
    for make in ["tmpfs", "btrfs", "xfs"] {
        privately(make, |mounts| {
            let dir = match make {
                "tmpfs" => mounts.tmpfs()?,
                "btrfs" => mounts.btrfs()?,
                _ => mounts.xfs()?,
            };
            let file = noisy(mounts.scratch(), "file", MIB);
            let args = ["--write", "--bytes", "1M", "--scratch"];
            let ran = bench(args).arg(&dir).arg(&file).run().exits(0);
            let told = record(&ran);
            assert_eq!(told["environment"]["filesystem"], make, "of the copy: {told}");
            let missing = ran.stderr.contains("pwrite-dontcache: write: Operation not supported");
            assert_eq!(missing, make != "xfs", "{}", ran.stderr);
            assert_gone(&dir);
            Ok(())
        });
    }
}

#[test]
fn a_block_device_is_read_for_a_copy_elsewhere_only() {
    report(
        "block_device",
        needs_root().and_then(|()| {
            let scratch = Scratch::on_disk();
            let image = noisy(&scratch, "image", MIB);
            let device = LoopDevice::of(&image)?;
            let before = Whole::of(&image);
            bench(["--write"]).arg(device.path()).run().exits(1).says("--scratch DIR says where to make it");
            let args = ["--write", "--pattern", "sequential", "--scratch"];
            bench(args).arg(scratch.path()).arg(device.path()).run().exits(0);
            before.is_still(&image);
            assert_gone(scratch.path());
            Ok(())
        }),
    );
}

#[test]
fn what_was_in_memory_of_the_file_is_again() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 4 * MIB);
    oracle::evict(&file);
    oracle::touch(&file, &[7, 8, 500]);
    let before = oracle::map(&file);
    bench(["--write", "--pattern", "sequential", "--strategy", "pwrite"]).arg(&file).run().exits(0);
    let extra = before.iter().zip(oracle::map(&file)).filter(|(before, now)| *now && !**before).count();
    assert_eq!(extra, 0, "pages are in memory that were not");
}
