//! `mmapio map --create`, `--resize`, `--punch`: sizes and blocks as stat(2) tells them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::command::{Incore, Ran, binary, mmapio, number};
use support::mounts::{privately, tool};
use support::scratch::{Scratch, make_fifo};
use support::{oracle, report};

const MIB: u64 = 1 << 20;

fn map(options: &[&str], file: &Path) -> Incore {
    mmapio(["map", "--format", "ndjson"]).args(options).arg(file)
}

fn record_of(ran: &Ran) -> Value {
    ran.records().only("size").clone()
}

fn allocated(path: &Path) -> u64 {
    path.metadata().unwrap().blocks() * 512
}

#[test]
fn a_new_file_has_its_blocks() {
    let scratch = Scratch::on_disk();
    let path = scratch.path().join("new");
    let record = record_of(&map(&["--create", "--size", "3M"], &path).run().cleanly());
    assert_eq!(path.metadata().unwrap().len(), 3 * MIB);
    assert!(allocated(&path) >= 3 * MIB);
    assert_eq!(number(&record, "allocated_bytes"), allocated(&path));
    assert_eq!((&record["act"], number(&record, "size")), (&"create".into(), 3 * MIB));
    assert_eq!(record["size_before"], Value::Null, "there was none: {record}");
    assert!(std::fs::read(&path).unwrap().iter().all(|byte| *byte == 0));
    map(&["--create", "--size", "1"], &path).run().exits(1).says("open: File exists");
    map(&["-n", "--create", "--size", "1"], &path).run().exits(1).says("open: ");
    let sparse = scratch.path().join("sparse");
    map(&["--create", "--size", "1T", "--sparse"], &sparse).run().cleanly();
    assert_eq!((sparse.metadata().unwrap().len(), allocated(&sparse)), (1 << 40, 0));
    let empty = scratch.path().join("empty");
    map(&["--create", "--size", "0"], &empty).run().cleanly();
    assert_eq!(empty.metadata().unwrap().len(), 0);
    let never = scratch.path().join("never");
    let record = record_of(&map(&["-n", "--create", "--size", "5"], &never).run().cleanly());
    assert_eq!((&record["dry_run"], &record["allocated_bytes"]), (&true.into(), &Value::Null));
    assert!(!never.exists());
}

#[test]
fn a_new_file_has_the_mode_that_the_umask_leaves() {
    let scratch = Scratch::on_disk();
    let script = "umask 027; exec \"$0\" map --create --size 1 new";
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", script]).arg(binary()).current_dir(scratch.path()).status().unwrap().success());
    assert_eq!(scratch.path().join("new").metadata().unwrap().mode() & 0o777, 0o640);
}

#[test]
fn nothing_is_made_through_a_link_or_where_it_cannot_be() {
    let scratch = Scratch::on_disk();
    symlink("elsewhere", scratch.path().join("link")).unwrap();
    let create = |name: &str, size: &str| {
        map(&["--create", "--size", size], Path::new(name)).in_dir(scratch.path()).run().exits(1)
    };
    assert!(create("link", "1").stderr.contains("File exists"));
    assert!(!scratch.path().join("elsewhere").exists());
    assert!(create("no/where", "1").stderr.contains("no/where: open: No such file or directory"));
    assert!(create(".", "1").stderr.contains("open: "));
    assert!(create("huge", "7E").stderr.contains("huge: fallocate: "), "no disk is so large");
    assert!(!scratch.path().join("huge").exists(), "what could not be finished is removed");
    assert!(create("larger", "15E").stderr.contains("larger: "));
    assert!(!scratch.path().join("larger").exists());
}

#[test]
fn without_room_no_file_is_left() {
    for kind in ["tmpfs", "ext4"] {
        privately("without_room_no_file_is_left", |mounts| {
            let dir = if kind == "tmpfs" { mounts.tmpfs()? } else { mounts.ext4(16 * MIB)? };
            if kind == "tmpfs" {
                tool(Command::new("mount").args(["-o", "remount,size=8m"]).arg(&dir))?;
            }
            let before = free(&dir);
            let path = dir.join("new");
            let ran = map(&["--create", "--size", "40M"], &path).run().exits(1);
            assert!(ran.stderr.contains("new: fallocate: No space left on device"), "{}", ran.stderr);
            assert!(!path.exists() && free(&dir) == before, "all of it is given back");
            std::fs::write(&path, [7; 5000]).unwrap();
            let blocks = allocated(&path);
            map(&["--resize", "40M"], &path).run().exits(1).says("fallocate: No space left on device");
            assert_eq!((path.metadata().unwrap().len(), allocated(&path)), (5000, blocks));
            map(&["--resize", "40M", "--sparse"], &path).run().cleanly();
            assert_eq!(path.metadata().unwrap().len(), 40 * MIB);
            assert!(std::fs::read(&path).unwrap().starts_with(&[7; 5000]));
            Ok(())
        });
    }
}

/// The bytes that are left, as df(1) tells them.
fn free(dir: &Path) -> String {
    tool(Command::new("sync").arg("-f").arg(dir)).unwrap();
    let ran = Command::new("df").args(["--output=avail", "-B1"]).arg(dir).output().unwrap();
    String::from_utf8_lossy(&ran.stdout).lines().last().unwrap().trim().to_owned()
}

#[test]
fn a_file_gets_another_size() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 10_000);
    let record = record_of(&map(&["--resize", "1M"], &path).run().cleanly());
    assert!(path.metadata().unwrap().len() == MIB && allocated(&path) >= MIB);
    assert_eq!((number(&record, "size_before"), number(&record, "size")), (10_000, MIB), "{record}");
    let content = std::fs::read(&path).unwrap();
    assert!(
        content[..10_000].iter().all(|byte| *byte == b'x') && content[10_000..].iter().all(|byte| *byte == 0)
    );
    let blocks = allocated(&path);
    map(&["--resize", "1G", "--sparse"], &path).run().cleanly();
    assert_eq!((path.metadata().unwrap().len(), allocated(&path)), (1 << 30, blocks));
    let ran = map(&["--resize", "5000"], &path).run().exits(2);
    assert!(ran.stderr.contains("--yes is needed"), "{}", ran.stderr);
    let record = record_of(&map(&["-n", "--resize", "5000"], &path).run().cleanly());
    let lost = number(&record, "lost_bytes");
    // What has blocks and was read is data to the filesystem, too.
    assert!((5000..MIB).contains(&lost), "of the data, not of the hole: {record}");
    assert_eq!(path.metadata().unwrap().len(), 1 << 30);
    map(&["--resize", "5000", "--yes"], &path).run().cleanly();
    assert_eq!(std::fs::read(&path).unwrap(), [b'x'; 5000]);
    map(&["--resize", "5000"], &path).run().cleanly();
}

#[test]
fn a_hole_is_made_to_the_byte() {
    for in_memory in [false, true] {
        let body = || {
            let scratch = if in_memory { Scratch::in_memory()? } else { Scratch::on_disk() };
            let page = usize::try_from(oracle::page_size()).unwrap();
            let mut expected = vec![b'x'; 64 * page];
            let path = scratch.file("file", expected.len() as u64);
            for (offset, length) in [
                (8 * page, 8 * page),
                (100, 50),
                (3 * page - 1, 2),
                (20 * page + 1, 10 * page),
                (60 * page, 9 * page),
            ] {
                let before = allocated(&path);
                let range = format!("{offset}+{length}");
                map(&["--punch", &range], &path).run().exits(2).says("--yes is needed");
                let record = record_of(&map(&["--punch", &range, "--yes"], &path).run().cleanly());
                let end = (offset + length).min(expected.len());
                expected[offset..end].fill(0);
                assert!(std::fs::read(&path).unwrap() == expected, "{range}");
                let whole = ((end / page).saturating_sub(offset.div_ceil(page))) * page;
                assert_eq!(before - allocated(&path), whole as u64, "{range}: whole blocks are given back");
                assert_eq!(
                    (number(&record, "offset"), number(&record, "length")),
                    (offset as u64, (end - offset) as u64)
                );
                assert_eq!(number(&record, "allocated_bytes"), allocated(&path));
            }
            let record = record_of(&map(&["--punch", "8K", "-n"], &path).run().cleanly());
            assert!(number(&record, "lost_bytes") > 0 && record["dry_run"] == true);
            map(&["--punch", "1G", "--yes"], &path).run().exits(1).says("and the file ends at");
            assert!(std::fs::read(&path).unwrap() == expected);
            Ok(())
        };
        report("a_hole_is_made_to_the_byte", body());
    }
}

#[test]
fn a_filesystem_without_holes_is_named() {
    privately("a_filesystem_without_holes_is_named", |mounts| {
        let dir = mounts.scratch().dir("ramfs");
        tool(Command::new("mount").args(["-t", "ramfs", "ramfs"]).arg(&dir))?;
        let path = dir.join("file");
        std::fs::write(&path, [1; 9000]).unwrap();
        map(&["--punch", "0+4096", "--yes"], &path)
            .run()
            .exits(1)
            .says("Operation not supported: this filesystem makes no holes");
        map(&["--resize", "1M"], &path)
            .run()
            .exits(1)
            .says("this filesystem allocates nothing in advance: make it sparse");
        assert_eq!(std::fs::read(&path).unwrap(), [1; 9000]);
        map(&["--resize", "1M", "--sparse"], &path).run().cleanly();
        Ok(())
    });
}

#[test]
fn what_is_no_file_is_named() {
    let scratch = Scratch::on_disk();
    let fifo = scratch.path().join("fifo");
    make_fifo(&fifo);
    for (path, words) in [
        (scratch.path(), "is a directory"),
        (&fifo, "is a FIFO"),
        (Path::new("/proc/version"), "is on procfs"),
    ] {
        for options in [&["--resize", "5", "--yes"][..], &["--punch", "0", "--yes"], &["-n", "--resize", "5"]]
        {
            map(options, path).run().exits(1).says(words);
        }
    }
    for options in [
        &["--create"][..],
        &["--size", "1"],
        &["--resize", "x"],
        &["--punch", "0+0"],
        &["--sparse"],
        &["--yes"],
    ] {
        map(options, &scratch.path().join("file")).run().exits(2);
    }
}

/// A terminal for the command, and its other end.
fn terminal() -> (File, File) {
    let (mut ours, mut theirs) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: two descriptors are written through the pointers; no name, settings or size are given.
    let opened = unsafe { libc::openpty(&raw mut ours, &raw mut theirs, null, null.cast(), null.cast()) };
    assert_eq!(opened, 0, "a terminal");
    // SAFETY: openpty just gave us this descriptor, so nobody else owns it.
    let ours = unsafe { File::from_raw_fd(ours) };
    // SAFETY: as above.
    (ours, unsafe { File::from_raw_fd(theirs) })
}

/// Runs it at a terminal where this is typed; the exit status and what was shown.
fn at_a_terminal(options: &[&str], path: &Path, typed: &str) -> (Option<i32>, String) {
    let (mut ours, theirs) = terminal();
    let end = || Stdio::from(theirs.try_clone().unwrap());
    let mut child = Command::new(binary())
        .arg("map")
        .args(options)
        .arg(path)
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .unwrap();
    drop(theirs);
    ours.write_all(typed.as_bytes()).unwrap();
    let (mut shown, mut bytes) = (Vec::new(), [0; 1024]);
    // The end of a terminal that nobody has any more is an error.
    while let Ok(read) = ours.read(&mut bytes) {
        shown.extend(&bytes[..read]);
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn at_a_terminal_it_asks() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 20_000);
    for (options, typed) in
        [(&["--punch", "0+8192"][..], "n\n"), (&["--punch", "0+8192"], "\n"), (&["--resize", "100"], "no\n")]
    {
        let (code, shown) = at_a_terminal(options, &path, typed);
        assert_eq!(code, Some(1), "{shown}");
        assert!(
            shown.contains("of them data. Do it? [y/N]") && shown.contains("nothing was done"),
            "{shown}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), [b'x'; 20_000]);
    }
    let (code, shown) = at_a_terminal(&["--punch", "0+8192"], &path, "y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("--punch takes 8192 bytes at 0, 8192 of them data"), "{shown}");
    let mut first = [1; 8192];
    File::open(&path).unwrap().read_exact_at(&mut first, 0).unwrap();
    assert_eq!(first, [0; 8192]);
    assert_eq!(at_a_terminal(&["--resize", "100"], &path, "yes\n").0, Some(0));
    assert_eq!(path.metadata().unwrap().len(), 100);
    assert_eq!(at_a_terminal(&["--resize", "5000"], &path, "").0, Some(0), "growing loses nothing");
}
