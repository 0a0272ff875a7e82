//! `mmapio map --write` and its like where there is no room, no memory, no storage, or the process is killed: nothing is half
//! done without a word, and a backup brings back what was there.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use mmapio_core::{OpenFile, Patch};
use serde_json::Value;
use support::command::{Incore, Running, binary, mmapio, number};
use support::mounts::{privately, tool};
use support::scratch::Scratch;
use support::{Outcome, Skip, oracle, report};

const MIB: u64 = 1 << 20;

fn map(options: &[&str], file: &Path) -> Incore {
    mmapio(["map", "--format", "ndjson"]).args(options).arg(file)
}

/// Takes all the room that there is.
fn fill(dir: &Path) {
    let mut filler = File::create(dir.join("filler")).unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
    while filler.write_all(&[1]).is_ok() {}
}

/// A hole of 1 MiB with one page of data in it.
fn holey(dir: &Path) -> PathBuf {
    let path = dir.join("holey");
    let file = File::create(&path).unwrap();
    file.set_len(MIB).unwrap();
    file.write_all_at(b"data", 64 << 10).unwrap();
    file.sync_all().unwrap();
    path
}

/// On a full filesystem nothing is stored, whatever would be needed: no signal, and the file is as it was.
fn nothing_is_stored(dir: &Path, kept: &Path) {
    let path = holey(dir);
    fill(dir);
    let (before, blocks) = (std::fs::read(&path).unwrap(), path.metadata().unwrap().blocks());
    let backup = kept.join("backup");
    for options in [
        &["--write", "200000", "--text", "x"][..],
        &["--fill", "1", "--range", "0+1M"],
        &["--copy-from", "64K", "--range", "500000+4"],
        &["--fill", "1", "--range", "1000000+8M", "--grow"],
        &["--write", "1M", "--text", "x", "--grow"],
    ] {
        let ran = map(options, &path).args(&["--backup", backup.to_str().unwrap()]).run().exits(1);
        let words = format!("mmapio: {}: fallocate: No space left on device", path.display());
        assert!(ran.stderr.starts_with(&words), "{options:?}: {}", ran.stderr);
        assert_eq!(ran.text(), "", "nothing began, and nothing is reported");
        assert!(std::fs::read(&path).unwrap() == before, "{options:?}");
        assert!(!backup.exists(), "{options:?}: what is of no use is removed");
    }
    let more = path.metadata().unwrap().blocks() - blocks;
    assert!(more < 64, "what was allocated in vain is little: {more} blocks");
    map(&["--write", "64K", "--text", "fits"], &path).run().cleanly();
    let ran = map(&["--write", "64K", "--text", "x", "--backup"], Path::new("inside"))
        .arg(&path)
        .in_dir(dir)
        .run()
        .exits(1);
    assert!(ran.stderr.starts_with("mmapio: inside: write: No space left"), "{}", ran.stderr);
    assert!(!dir.join("inside").exists());
    let mut there = [0; 4];
    File::open(&path).unwrap().read_exact_at(&mut there, 64 << 10).unwrap();
    assert_eq!(&there, b"fits");
}

#[test]
fn a_full_tmpfs_is_named() {
    privately("a_full_tmpfs_is_named", |mounts| {
        let dir = mounts.tmpfs()?;
        tool(Command::new("mount").args(["-o", "remount,size=4m"]).arg(&dir))?;
        nothing_is_stored(&dir, mounts.scratch().path());
        Ok(())
    });
}

#[test]
fn a_full_ext4_is_named() {
    privately("a_full_ext4_is_named", |mounts| {
        let dir = mounts.ext4(16 * MIB)?;
        nothing_is_stored(&dir, mounts.scratch().path());
        Ok(())
    });
}

/// What is overwritten on btrfs needs new room, which nobody can reserve: it is an error all the same, and no signal.
#[test]
fn a_full_btrfs_is_an_error() {
    privately("a_full_btrfs_is_an_error", |mounts| {
        let dir = mounts.btrfs()?;
        let path = holey(&dir);
        fill(&dir);
        let codes = [&["--write", "200000", "--text", "x"][..], &["--fill", "1", "--range", "0+1M"]]
            .map(|options| map(options, &path).run().code());
        assert!(codes.iter().all(|code| matches!(code, 0 | 1)), "{codes:?}");
        assert_eq!(codes[1], 1, "a mebibyte does not fit");
        Ok(())
    });
}

/// More than there is on the disk is refused before any of it is allocated.
#[test]
fn what_cannot_fit_takes_nothing() {
    privately("what_cannot_fit_takes_nothing", |mounts| {
        let dir = mounts.ext4(64 * MIB)?;
        let path = dir.join("file");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let ran = map(&["--fill", "1", "--range", "0+1T"], &path).run().exits(1);
        assert!(
            ran.stderr.contains("No space left on device: 1099511627776 bytes are wanted, "),
            "{}",
            ran.stderr
        );
        assert_eq!(path.metadata().unwrap().blocks(), 0);
        Ok(())
    });
}

#[test]
fn without_fallocate_bytes_are_written_by_other_means() {
    privately("without_fallocate_bytes_are_written_by_other_means", |mounts| {
        let image = mounts.tmpfs()?.join("ext2.img");
        File::create(&image).unwrap().set_len(32 * MIB).unwrap();
        tool(Command::new("mkfs.ext2").arg("-q").arg(&image))?;
        let dir = mounts.image(&image, "ext2")?;
        let path = holey(&dir);
        let mut expected = std::fs::read(&path).unwrap();
        for (options, at, bytes) in [
            (&["--write", "1000", "--text", "hello"][..], 1000, &b"hello"[..]),
            (&["--fill", "3", "--range", "50000+20000"], 50_000, &[3; 20_000]),
            (&["--grow", "--write", "1048574", "--hex", "01020304"], 1_048_574, &[1, 2, 3, 4]),
        ] {
            expected.resize(expected.len().max(at + bytes.len()), 0);
            let (_, rest) = expected.split_at_mut(at);
            rest.iter_mut().zip(bytes).for_each(|(old, new)| *old = *new);
            let record = map(options, &path).run().cleanly().records().only("patch").clone();
            assert_eq!((&record["way"], &record["durable"]), (&"pwrite".into(), &true.into()), "{record}");
            assert!(std::fs::read(&path).unwrap() == expected, "{options:?}");
            assert_eq!(support::dirty::unwritten(&path), 0);
        }
        fill(&dir);
        let ran = map(&["--fill", "1", "--range", "200000+800000"], &path).run().exits(1);
        assert!(ran.stderr.contains("pwrite: No space left on device"), "{}", ran.stderr);
        let record = ran.records().only("patch").clone();
        assert_eq!((number(&record, "written_bytes"), &record["durable"]), (0, &false.into()), "{record}");
        Ok(())
    });
}

#[test]
fn what_could_not_be_written_back_is_said() {
    privately("what_could_not_be_written_back_is_said", |mounts| {
        let path = mounts.file_without_room(8 << 20)?;
        let ran = map(&["--fill", "7", "--range", "0+8M"], &path).run().exits(1);
        assert!(ran.stderr.contains(": msync: "), "{}", ran.stderr);
        assert!(ran.stderr.contains("do not evict it"), "{}", ran.stderr);
        let record = ran.records().only("patch").clone();
        assert_eq!(
            (&record["durable"], &record["error"]["call"]),
            (&false.into(), &"msync".into()),
            "{record}"
        );
        assert!(number(&record, "written_bytes") < 8 * MIB, "{record}");
        Ok(())
    });
}

/// Waits until a byte of the file is another one.
fn until_changed(running: &Running, file: &File, at: u64, from: u8) {
    let mut byte = [from];
    while byte == [from] {
        file.read_exact_at(&mut byte, at).unwrap();
        assert!(Path::new(&format!("/proc/{}", running.pid())).exists());
    }
}

fn ends_killed(running: Running) {
    running.signal(libc::SIGKILL);
    assert_eq!(running.end().status.signal(), Some(libc::SIGKILL), "it was killed in the middle");
}

#[test]
fn who_is_killed_in_the_middle_can_be_taken_back() {
    let scratch = Scratch::on_disk();
    let size = 96 * MIB;
    let content: Vec<u8> = (0..size / 8).flat_map(|at| (at | 1 << 56).to_le_bytes()).collect();
    let (path, original) = (scratch.path().join("file"), scratch.path().join("original"));
    std::fs::write(&original, &content).unwrap();
    for at in [0, 8 * MIB, 40 * MIB + 777_777] {
        std::fs::write(&path, &content).unwrap();
        let file = File::open(&path).unwrap();
        let (_, rest) = content.split_at(usize::try_from(at).unwrap());
        let backup = scratch.path().join("backup");
        let backup = backup.to_str().unwrap();
        let running = map(&["--fill", "0xEE", "--range", "0", "--backup", backup], &path).start();
        until_changed(&running, &file, at, rest.first().copied().unwrap());
        ends_killed(running);
        assert!(std::fs::read(backup).unwrap().starts_with(b"mmapio-backup 1 started "));
        assert!(std::fs::read(&path).unwrap() != content, "it was in the middle");
        let record = map(&["--undo", backup], &path).run().cleanly().records().only("patch").clone();
        assert_eq!(number(&record, "written_bytes"), size);
        assert!(Command::new("cmp").args([&path, &original]).status().unwrap().success());
        std::fs::remove_file(backup).unwrap();
    }
}

/// At any moment: either the file is as it was, or the backup brings it back.
#[test]
fn who_is_killed_at_any_moment_has_changed_nothing_that_cannot_be_taken_back() {
    let scratch = Scratch::on_disk();
    let content = vec![5; 3 << 20];
    let (path, backup) = (scratch.path().join("file"), scratch.path().join("backup"));
    let (mut unchanged, mut restored) = (0, 0);
    for round in 0..60 {
        std::fs::write(&path, &content).unwrap();
        let options = ["--fill", "6", "--range", "1+3000000", "--backup", backup.to_str().unwrap()];
        let running = map(&options, &path).start();
        match round % 3 {
            0 => until_changed(&running, &File::open(&path).unwrap(), 1, 5),
            1 => while !backup.exists() {},
            _ => {}
        }
        let (seen, moment) = (Instant::now(), Duration::from_micros(round * 100));
        while seen.elapsed() < moment {
            std::hint::spin_loop();
        }
        running.signal(libc::SIGKILL);
        running.end();
        if std::fs::read(&path).unwrap() == content {
            unchanged += 1;
        } else {
            map(&["--undo", options[5]], &path).run().exits(0);
            assert!(std::fs::read(&path).unwrap() == content);
            restored += 1;
        }
        let _ = std::fs::remove_file(&backup);
    }
    let _ =
        writeln!(std::io::stderr(), "60 killed: {unchanged} had changed nothing, {restored} were taken back");
}

#[test]
fn who_interrupts_hears_how_far_it_came() {
    let scratch = Scratch::on_disk();
    let path = scratch.path().join("file");
    let content = vec![5; 200 << 20];
    std::fs::write(&path, &content).unwrap();
    let running =
        map(&["--fill", "6", "--range", "0", "--backup", "kept"], &path).in_dir(scratch.path()).start();
    until_changed(&running, &File::open(&path).unwrap(), 0, 5);
    running.signal(libc::SIGINT);
    let ran = running.end().exits(130);
    let record = ran.records().only("patch").clone();
    let written = number(&record, "written_bytes");
    assert!(written > 0 && written < 200 * MIB, "{record}");
    assert_eq!((&record["interrupted"], &record["durable"]), (&true.into(), &true.into()), "{record}");
    let words =
        format!("mmapio: interrupted: {written} of 209715200 bytes were written and compared; --undo puts");
    assert!(ran.stderr.starts_with(&words), "{}", ran.stderr);
    let now = std::fs::read(&path).unwrap();
    let (new, old) = now.split_at(usize::try_from(written).unwrap());
    assert!(new.iter().all(|byte| *byte == 6) && old.iter().all(|byte| *byte == 5));
    map(&["--undo", "kept"], &path).in_dir(scratch.path()).run().cleanly();
    assert!(std::fs::read(&path).unwrap() == content);
}

/// The command with this many KiB of address space.
fn within(kilobytes: u64, options: &[&str], path: &Path) -> Output {
    let script = "ulimit -v \"$1\"; shift; exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", &kilobytes.to_string()]).arg(binary()).arg("map").args(options).arg(path);
    shell.output().unwrap()
}

#[test]
fn a_limit_on_address_space_is_named() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 32 * MIB);
    let small = ["--write", "0", "--text", "y"];
    let least = (8..256).map(|mib| mib << 10).find(|limit| within(*limit, &small, &path).status.success());
    let least = least.expect("with 256 MiB a byte can be written");
    let ran = within(least + 1024, &["--fill", "1", "--range", "0"], &path);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{:?}: {said}", ran.status);
    assert!(said.contains("RLIMIT_AS: ") && said.contains("raise it (ulimit -v)"), "{said}");
    let content = std::fs::read(&path).unwrap();
    assert!(content.iter().skip(1).all(|byte| *byte == b'x'), "nothing was written");
}

/// In a process of its own, which has all the mappings that there may be.
#[test]
fn a_limit_on_mappings_is_named() {
    const ME: &str = "a_limit_on_mappings_is_named";
    const MAPS: &str = "MMAPIO_TEST_MAPS";
    if std::env::var_os(MAPS).is_some() {
        return report(ME, patching_without_mappings());
    }
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let ran = alone.args(["--exact", ME, "--nocapture"]).env(MAPS, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    if let Some(skip) = said.lines().find(|line| line.starts_with("SKIP")) {
        return report(ME, Err(Skip(skip.to_owned())));
    }
    assert!(ran.status.success(), "{}{said}", String::from_utf8_lossy(&ran.stdout));
}

fn patching_without_mappings() -> Outcome {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 8192);
    let allowed = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
    if allowed.trim().parse::<u64>().unwrap() > 1 << 20 {
        return Err(Skip("more mappings are allowed than can be made in a moment".into()));
    }
    let file = OpenFile::open_writable(&path).unwrap();
    let page = usize::try_from(oracle::page_size()).unwrap();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    for protection in [libc::PROT_NONE, libc::PROT_READ].into_iter().cycle() {
        // SAFETY: a new mapping replaces nothing, and nobody touches it.
        let place = unsafe { libc::mmap(std::ptr::null_mut(), page, protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            break;
        }
    }
    let error = Patch::bytes(0, b"abc").unwrap().apply(file, &|| false).unwrap_err();
    assert!(error.to_string().starts_with("vm.max_map_count: "), "{error}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"xxx"));
    Ok(())
}

/// A file larger than is allowed is an error, and not the signal that comes with it.
#[test]
fn a_limit_on_file_size_is_no_signal() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 1024);
    let script = "ulimit -f 2; exec \"$@\"";
    for options in [
        &["--grow", "--write", "10000", "--text", "x"][..],
        &["--resize", "10000"],
        &["--resize", "10000", "--sparse"],
    ] {
        let mut shell = Command::new("sh");
        let ran = shell
            .args(["-c", script, "sh"])
            .arg(binary())
            .arg("map")
            .args(options)
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{options:?}: {:?} {said}", ran.status);
        assert!(said.contains("File too large"), "{said}");
        assert_eq!(path.metadata().unwrap().len(), 1024);
    }
}

#[test]
fn a_page_that_cannot_be_read_is_named_and_nothing_is_written() {
    privately("a_page_that_cannot_be_read_is_named_and_nothing_is_written", |mounts| {
        let damaged = support::damage::Damaged { name: "broken", size: 40_960, pages: vec![3] };
        let path = support::damage::on_btrfs(mounts, &[damaged])?.join("broken");
        let backup = mounts.scratch().path().join("backup");
        let backup = backup.to_str().unwrap();
        for options in [
            &["--fill", "1", "--range", "0"][..],
            &["--fill", "1", "--range", "0", "--backup", backup],
            &["-n", "--fill", "1", "--range", "0"],
        ] {
            let ran = map(options, &path).run().exits(1);
            assert!(ran.stderr.contains("Input/output error at offset 12288"), "{}", ran.stderr);
            assert!(ran.stderr.contains("broken: "), "{}", ran.stderr);
            assert!(!Path::new(backup).exists());
        }
        let mut first = [0; 6];
        File::open(&path).unwrap().read_exact_at(&mut first, 0).unwrap();
        assert_eq!(&first, b"<page ");
        let record: Value =
            map(&["--write", "0", "--text", "x"], &path).run().cleanly().records().only("patch").clone();
        assert_eq!(number(&record, "changed_bytes"), 1);
        Ok(())
    });
}
