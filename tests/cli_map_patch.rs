//! `mmapio map --write`, `--fill`, `--copy-from`, `--backup`, `--undo`: what is in the file afterwards, read by others.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::command::{Incore, Ran, mmapio, number};
use support::dirty::unwritten;
use support::scratch::{Scratch, make_fifo};
use support::{needs_root, oracle, report};

const MIB: usize = 1 << 20;

/// `mmapio map` of a file with these options, as a record.
fn map(options: &[&str], file: &Path) -> Incore {
    mmapio(["map", "--format", "ndjson"]).args(options).arg(file)
}

fn patch_of(ran: &Ran) -> Value {
    ran.records().only("patch").clone()
}

/// Bytes of which no two places are alike.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

fn file(scratch: &Scratch, content: &[u8]) -> PathBuf {
    let path = scratch.path().join("file");
    std::fs::write(&path, content).unwrap();
    // What is dirty afterwards is the patch's.
    std::fs::File::open(&path).unwrap().sync_all().unwrap();
    path
}

/// As a tool of the system sees it.
#[track_caller]
fn assert_same(a: &Path, b: &Path) {
    assert!(Command::new("cmp").args([a, b]).status().unwrap().success());
}

#[test]
fn bytes_are_written_where_they_belong_and_nowhere_else() {
    let scratch = Scratch::on_disk();
    let mut expected = noise(20_000);
    let path = file(&scratch, &expected);
    for (options, at, bytes) in [
        (&["--write", "0", "--text", "hello"][..], 0, &b"hello"[..]),
        (&["--write", "4094", "--hex", "0xCAFE bab E"], 4094, b"\xca\xfe\xba\xbe"),
        (&["--write", "8K", "--hex", "00"], 8192, b"\0"),
        (&["--write", "19998", "--text", "ß"], 19_998, "ß".as_bytes()),
        (&["--fill", "0x7f", "--range", "5000+8000"], 5000, &[0x7f; 8000]),
        (&["--fill", "7", "--range", "19990"], 19_990, &[7; 10]),
    ] {
        let changed =
            expected[at..at + bytes.len()].iter().zip(bytes).filter(|(old, new)| old != new).count();
        expected[at..at + bytes.len()].copy_from_slice(bytes);
        let record = patch_of(&map(options, &path).run().cleanly());
        assert!(std::fs::read(&path).unwrap() == expected, "{options:?}");
        assert_eq!(unwritten(&path), 0, "{options:?}: it is on the storage when the command ends");
        assert_eq!(number(&record, "offset"), at as u64);
        assert_eq!(number(&record, "length"), bytes.len() as u64);
        assert_eq!(number(&record, "written_bytes"), bytes.len() as u64);
        assert_eq!(number(&record, "changed_bytes"), changed as u64, "{record}");
        assert_eq!((number(&record, "size_before"), number(&record, "size")), (20_000, 20_000));
        assert_eq!((&record["way"], &record["durable"]), (&"mapping".into(), &true.into()), "{record}");
        assert_eq!((&record["error"], &record["interrupted"]), (&Value::Null, &false.into()), "{record}");
    }
}

#[test]
fn bytes_come_from_files_pipes_and_the_file_itself() {
    let scratch = Scratch::on_disk();
    let old = noise(9 * MIB + 5);
    let new: Vec<u8> = old.iter().rev().copied().collect();
    let source = scratch.path().join("source");
    std::fs::write(&source, &new).unwrap();
    let from = source.to_str().unwrap();
    for (options, stdin) in
        [(&["--write", "3", "--from", from][..], &[][..]), (&["--write", "3", "--from", "-"], &new)]
    {
        let path = file(&scratch, &old);
        let record = patch_of(&map(options, &path).arg("--grow").stdin(stdin).run().cleanly());
        let expected = [&old[..3], &new].concat();
        assert!(std::fs::read(&path).unwrap() == expected, "{options:?}");
        assert_eq!(number(&record, "written_bytes"), new.len() as u64);
        assert_eq!(number(&record, "size"), expected.len() as u64, "{record}");
    }
    let path = file(&scratch, &old);
    let itself = path.to_str().unwrap();
    map(&["--grow", "--write", "4099", "--from", itself], &path).run().cleanly();
    assert!(std::fs::read(&path).unwrap() == [&old[..4099], &old].concat());
    map(&["--write", "0", "--from", "/proc/version"], &path).run().cleanly();
    let version = std::fs::read("/proc/version").unwrap();
    assert!(
        std::fs::read(&path).unwrap().starts_with(&version),
        "a file that tells no size has content, too"
    );
    let record = patch_of(&map(&["--write", "0", "--from", "/dev/null"], &path).run().cleanly());
    assert_eq!(number(&record, "written_bytes"), 0);
}

#[test]
fn what_overlaps_is_copied_as_it_was() {
    let scratch = Scratch::on_disk();
    let mut expected = noise(20 * MIB);
    let path = file(&scratch, &expected);
    for (from, to, length) in [
        (0, 1, 50),
        (1, 0, 50),
        (100, 5000, 18 * MIB),
        (9 * MIB, 11, 10 * MIB),
        (7, 7, MIB),
        (0, 10 * MIB, 10 * MIB),
    ] {
        expected.copy_within(from..from + length, to);
        let (from, range) = (from.to_string(), format!("{to}+{length}"));
        let record = patch_of(&map(&["--copy-from", &from, "--range", &range], &path).run().cleanly());
        assert!(std::fs::read(&path).unwrap() == expected, "{from} to {range}");
        assert_eq!(number(&record, "written_bytes"), length as u64);
    }
}

#[test]
fn a_file_grows_only_when_told_to() {
    let scratch = Scratch::on_disk();
    let path = file(&scratch, b"0123456789");
    for options in [&["--write", "9", "--text", "ab"][..], &["--fill", "1", "--range", "0+11"]] {
        let ran = map(options, &path).run().exits(1);
        assert!(
            ran.stderr.contains("beyond the end of the file at 10: --grow lets it grow to 11"),
            "{}",
            ran.stderr
        );
    }
    map(&["--fill", "1", "--range", "10"], &path)
        .run()
        .exits(1)
        .says("begins at 10, and the file ends at 10");
    map(&["--copy-from", "5", "--range", "0+6"], &path)
        .run()
        .exits(1)
        .says("6 bytes from 5 go beyond the end");
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    let record = patch_of(&map(&["--grow", "--write", "12", "--text", "ab"], &path).run().cleanly());
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789\0\0ab");
    assert_eq!((number(&record, "size_before"), number(&record, "size")), (10, 14));
    assert_eq!(number(&record, "changed_bytes"), 2, "what was not there is changed: {record}");
}

#[test]
fn a_dry_run_shows_and_touches_nothing() {
    let scratch = Scratch::on_disk();
    let path = file(&scratch, b"0123456789");
    let sparse = scratch.path().join("sparse");
    std::fs::File::create(&sparse).unwrap().set_len(1 << 30).unwrap();
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    let watch = oracle::Background::start(&["watch-opens".as_ref(), sparse.as_os_str()]);
    let ran = mmapio(["map", "-n", "--grow", "--write", "8", "--text", "abcd"]).arg(&path).run().cleanly();
    let text = ran.text();
    assert!(
        text.contains("4 bytes would be written at 8, 4 of them changed, the size from 10 to 12"),
        "{text}"
    );
    assert!(text.contains("- 00000008  38 39 ") && text.contains("+ 00000008  61 62 63 64 "), "{text}");
    let record = patch_of(&map(&["-n", "--fill", "120", "--range", "3+2"], &path).run().cleanly());
    assert_eq!((&record["before"], &record["after"]), (&"3334".into(), &"7878".into()), "{record}");
    assert_eq!((&record["dry_run"], number(&record, "written_bytes")), (&true.into(), 0));
    map(&["-n", "--fill", "1", "--range", "0+64K", "--backup", "never"], &sparse)
        .in_dir(scratch.path())
        .run()
        .cleanly();
    assert_eq!(oracle::data(&sparse), [], "no block is allocated");
    assert!(!scratch.path().join("never").exists());
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(watch.stop(), 1, "it was opened once, for reading");
}

#[test]
fn a_backup_brings_everything_back() {
    let scratch = Scratch::on_disk();
    let old = noise(9 * MIB);
    let original = scratch.path().join("original");
    std::fs::write(&original, &old).unwrap();
    for (number, options) in [
        &["--write", "100", "--text", "hello"][..],
        &["--fill", "0", "--range", "1+9000000"],
        &["--copy-from", "0", "--range", "4097+9M", "--grow"],
        &["--write", "20M", "--text", "far away", "--grow"],
    ]
    .iter()
    .enumerate()
    {
        let path = file(&scratch, &old);
        let backup = scratch.path().join(format!("backup {number}"));
        let backup = backup.to_str().unwrap();
        map(options, &path).args(&["--backup", backup]).run().cleanly();
        assert!(std::fs::read(&path).unwrap() != old, "{options:?}");
        let kept = std::fs::read(backup).unwrap();
        assert!(kept.starts_with(b"mmapio-backup 1 patched "), "{options:?}");
        assert_checksum(&kept);
        map(options, &path).args(&["--backup", backup]).run().exits(1).says("open: File exists");
        map(&["--undo", backup, "-n"], &path).run().cleanly();
        map(&["--undo", backup], &path).run().cleanly();
        assert_same(&path, &original);
        assert_eq!(unwritten(&path), 0);
        map(&["--undo", backup], &path).run().exits(1).says("was taken back already");
    }
}

/// The checksum, by another implementation.
#[track_caller]
fn assert_checksum(backup: &[u8]) {
    let script = "import sys,zlib\nd=sys.stdin.buffer.read()\nh=d.index(b'\\n')+1\nassert d[-16:]==b'\\ncrc32=%08x\\n'%zlib.crc32(d[h:-16]),d[-16:]";
    let mut python = Command::new("python3");
    let Ok(mut child) = python.args(["-c", script]).stdin(std::process::Stdio::piped()).spawn() else {
        return;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), backup).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_not_as_it_was_left_is_not_overwritten() {
    let scratch = Scratch::on_disk();
    let path = file(&scratch, b"0123456789");
    let undo = ["--undo", "kept"];
    let run = |options: &[&str], path: &Path| map(options, path).in_dir(scratch.path()).run();
    run(&["--write", "2", "--text", "abc", "--backup", "kept"], &path).cleanly();
    std::fs::write(&path, b"01abX56789").unwrap();
    run(&undo, &path).exits(1).says("kept: backup: the bytes are no longer those that were written");
    assert_eq!(std::fs::read(&path).unwrap(), b"01abX56789");
    std::fs::write(&path, b"01abc5678").unwrap();
    run(&undo, &path).exits(1).says("the file has 9 bytes, the patch left 10");
    let other = scratch.file("other", 10);
    run(&undo, &other).exits(1).says("is of another file");
    run(&["--undo", "kept", "--yes"], &other).exits(1).says("is of another file");
    run(&["--undo", "kept", "--yes"], &path).cleanly();
    assert_eq!(std::fs::read(&path).unwrap(), b"012345678");
    run(&["--undo", "file"], &path).exits(1).says("file: backup: is not a backup");
    run(&["--undo", "nothing"], &path).exits(1).says("nothing: open: No such file");
    run(&["--undo", "."], &path).exits(1).says("is a directory");
}

#[test]
fn what_is_no_file_to_be_patched_is_named() {
    let scratch = Scratch::on_disk();
    let fifo = scratch.path().join("fifo");
    make_fifo(&fifo);
    for (path, words) in [
        (scratch.path(), "is a directory"),
        (&fifo, "is a FIFO"),
        (Path::new("/proc/self/status"), "is on procfs"),
        (Path::new("/dev/null"), "is a character device"),
        (&scratch.path().join("nothing"), "open: No such file or directory"),
    ] {
        for options in [
            &["--write", "0", "--text", "x"][..],
            &["--fill", "1", "--range", "0+1"],
            &["-n", "--copy-from", "0", "--range", "0+1"],
        ] {
            let ran = map(options, path).run().exits(1);
            assert!(ran.stderr.contains(words), "{options:?}: {}", ran.stderr);
            assert!(ran.stderr.starts_with(&format!("mmapio: {}", path.display())), "{}", ran.stderr);
        }
    }
    let empty = scratch.file("empty", 0);
    map(&["--write", "0", "--text", "x"], &empty).run().exits(1).says("--grow lets it grow to 1");
    map(&["--fill", "1", "--range", "0"], &empty).run().exits(1).says("the file ends at 0");
    map(&["--write", "0", "--text", "x", "--grow"], &empty).run().cleanly();
    assert_eq!(std::fs::read(&empty).unwrap(), b"x");
    map(&["--write", "9223372036854775807", "--text", "xy", "--grow"], &empty)
        .run()
        .exits(1)
        .says("beyond 2^63 - 1");
    map(&["--write", "8E", "--text", "xy", "--grow"], &empty).run().exits(1).says("beyond 2^63 - 1");
    map(&["--copy-from", "8E", "--range", "0+1"], &empty).run().exits(1).says("beyond 2^63 - 1");
    map(&["--write", "7E", "--text", "xy", "--grow"], &empty).run().exits(1).says("File too large");
    assert_eq!(std::fs::read(&empty).unwrap(), b"x");
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let scratch = Scratch::on_disk();
    let path = file(&scratch, b"0123456789");
    for options in [
        &["--write", "0"][..],
        &["--text", "x"],
        &["--write", "99999999999999999999", "--text", "x"],
        &["--write", "-1", "--text", "x"],
        &["--write", "0", "--hex", "abc"],
        &["--write", "0", "--hex", "zz"],
        &["--write", "0", "--text", "x", "--from", "-"],
        &["--fill", "256", "--range", "0+1"],
        &["--fill", "1"],
        &["--copy-from", "1"],
        &["--fill", "1", "--copy-from", "0", "--range", "0+1"],
        &["--fill", "1", "--range", "0+9E"],
        &["--grow"],
        &["--backup", "kept"],
        &["--dry-run"],
        &["--undo", "kept", "--backup", "other"],
    ] {
        map(options, &path).in_dir(scratch.path()).run().exits(2);
    }
    mmapio(["map", "--write", "0", "--text", "x"]).run().exits(2).says("no FILE was given");
    assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
}

#[test]
fn who_may_not_write_is_told() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        file(&scratch, b"0123456789");
        let ran = map(&["--write", "0", "--text", "x"], Path::new("file"));
        let ran = ran.in_dir(scratch.path()).through(["as", "65534"]).run().exits(1);
        assert_eq!(ran.stderr, "mmapio: file: open for writing: Permission denied\n");
        map(&["-n", "--write", "0", "--text", "x"], Path::new("file"))
            .in_dir(scratch.path())
            .through(["as", "65534"])
            .run()
            .cleanly();
    });
    report("who_may_not_write_is_told", outcome);
}

#[test]
fn what_cannot_be_said_is_done_all_the_same() {
    let scratch = Scratch::on_disk();
    let path = file(&scratch, b"0123456789");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = map(&["--write", "0", "--text", "abc"], &path).stdout(full).run().exits(1);
    assert!(ran.stderr.contains("No space left on device"), "{}", ran.stderr);
    assert_eq!(std::fs::read(&path).unwrap(), b"abc3456789");
}

#[test]
fn a_terabyte_of_hole_and_many_megabytes_take_little_memory() {
    let scratch = Scratch::on_disk();
    let (path, peak) = (scratch.path().join("file"), scratch.path().join("peak"));
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    for (options, bytes) in [
        (&["--write", "834000000123", "--hex", "00112233445566778899aabbccddeeff"][..], 16),
        (&["--fill", "1", "--range", "1T+100M", "--grow"], 100 * MIB as u64),
    ] {
        let ran = map(options, &path).through(["peak", peak.to_str().unwrap()]).run().cleanly();
        assert_eq!(number(&patch_of(&ran), "written_bytes"), bytes);
        let kilobytes: u64 = std::fs::read_to_string(&peak).unwrap().trim().parse().unwrap();
        assert!(kilobytes < 64 << 10, "{kilobytes} KiB");
    }
    let data: u64 = oracle::data(&path).iter().map(|(_, length)| length).sum();
    assert!(data <= 101 * MIB as u64, "{data}");
}
