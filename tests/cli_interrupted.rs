//! Ctrl-C while something is done to files: at any moment a report of what was done until then, true, and exit status 130.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::command::{Ran, Running, mmapio, number};
use support::oracle;
use support::scratch::Scratch;
use support::warm::{all_left, assert_adds_up, left, warm};

const MIB: u64 = 1 << 20;

/// Demands a report in form that says that it is not all, and claims nothing that the oracle does not see.
#[track_caller]
fn assert_reports(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code(), 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("mmapio: interrupted"), "{}", ran.stderr);
    let records = ran.records();
    assert_eq!(records.of_type("total").len(), 1, "{}", ran.text());
    let files: Vec<Value> = records.of_type("file").into_iter().cloned().collect();
    for record in files.iter().filter(|record| number(record, "pages") > 0) {
        assert_adds_up(record);
        assert_claims_what_is(record);
    }
    files
}

#[track_caller]
fn assert_claims_what_is(record: &Value) {
    let file = Path::new(record["path"].as_str().expect("text"));
    let (claimed, seen) = (number(record, "resident_pages"), oracle::resident(file));
    // A reclaimer may have taken some of a file, and all of a small one.
    assert!(claimed < 16 || seen * 10 >= claimed * 8, "the oracle sees {seen}: {record}");
    let told = number(record, "changed_pages") + all_left(record);
    assert_eq!(told + number(record, "before_resident_pages"), number(record, "pages"), "{record}");
}

fn interrupted(running: Running) -> Ran {
    running.signal(libc::SIGINT);
    running.end()
}

#[test]
fn a_large_file_is_reported_as_far_as_it_came() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 12 * MIB + 123);
    // Begun, one large page, two of them.
    for seen in [1, 513, 1025] {
        oracle::evict(&file);
        let mut running = warm(["--rate", "8M/s"]).arg(&file).start();
        running.until_resident(&file, seen);
        let files = assert_reports(&interrupted(running));
        assert!(number(&files[0], "changed_pages") > 0, "{}", files[0]);
        assert!(left(&files[0], "interrupted") > 0, "{}", files[0]);
    }
}

/// Cold files of 40,000 bytes in `tree`, and what they are called.
fn tree(scratch: &Scratch, files: u64) -> PathBuf {
    let dir = scratch.dir("tree");
    for number in 0..files {
        let file = dir.join(number.to_string());
        std::fs::write(&file, [b'x'; 40_000]).expect("own file");
    }
    let mut opened = std::fs::read_dir(&dir).expect("own directory").map(|entry| File::open(entry?.path()));
    assert!(opened.all(|file| file.is_ok_and(|file| is_evicted(&file))), "all of them are cold");
    dir
}

fn is_evicted(file: &File) -> bool {
    // SAFETY: takes numbers and a descriptor that is open.
    file.sync_data().is_ok()
        && unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) } == 0
}

#[test]
fn many_files_are_reported_as_far_as_they_came() {
    let scratch = Scratch::on_disk();
    let dir = tree(&scratch, 300);
    for jobs in ["1", "4"] {
        let mut running = warm(["--rate", "2M/s", "--progress", "always", "--jobs", jobs]).arg(&dir).start();
        // Bytes are told only of what was loaded and looked at.
        running.until_it_says("B/s, ");
        let ran = interrupted(running).says("files were not reached");
        let files = assert_reports(&ran);
        assert!((1..300).contains(&files.len()), "{} files of 300", files.len());
        let reported: u64 = files.iter().map(|file| left(file, "interrupted")).sum();
        assert_eq!(left(ran.records().only("total"), "interrupted"), reported, "{}", ran.text());
    }
}

#[test]
fn while_it_is_looked_what_there_is_to_load_nothing_is_loaded() {
    let scratch = Scratch::on_disk();
    let dir = tree(&scratch, 600);
    let mut running = warm(["--progress", "always", "--jobs", "1", "--rate", "1M"]).arg(&dir).start();
    // The first walk tells files.
    running.until_it_says(" files/s, ");
    let ran = interrupted(running);
    let files = assert_reports(&ran);
    let changed: u64 = files.iter().map(|file| number(file, "changed_pages")).sum();
    // It may have got as far as the first files by then: what it was granted at once.
    assert!(changed <= oracle::pages(4 * MIB), "{}", ran.text());
}

/// Whether a process waits with SIGINT not yet delivered, or would die of it.
fn has_taken_it(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let pending = status.lines().filter(|line| line.starts_with("SigPnd") || line.starts_with("ShdPnd"));
    pending.into_iter().all(|line| line.ends_with("0000000000000000"))
}

fn listens(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
    u64::from_str_radix(caught.trim(), 16).expect("a mask") >> (libc::SIGINT - 1) & 1 == 1
}

#[test]
fn at_the_very_beginning_it_ends_in_form() {
    let scratch = Scratch::on_disk();
    let dir = tree(&scratch, 200);
    for _ in 0..20 {
        let running = warm(["--rate", "1M"]).arg(&dir).start();
        while !listens(running.pid()) {
            std::thread::yield_now();
        }
        assert_reports(&interrupted(running));
    }
}

/// A pipe that holds little.
fn narrow_pipe() -> (File, OwnedFd) {
    let (read, write) = std::io::pipe().expect("a pipe");
    let (read, write) = (OwnedFd::from(read), OwnedFd::from(write));
    // SAFETY: takes numbers and a descriptor that is open.
    assert_eq!(unsafe { libc::fcntl(write.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) }, 4096, "a narrow pipe");
    (File::from(read), write)
}

fn waiting_in(pipe: &File) -> i32 {
    let mut bytes = 0;
    // SAFETY: the kernel writes a number through the pointer.
    assert_eq!(unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut bytes) }, 0, "a pipe");
    bytes
}

#[test]
fn a_second_one_ends_it_at_once() {
    let scratch = Scratch::on_disk();
    let dir = tree(&scratch, 200);
    let (mut read, write) = narrow_pipe();
    let running = warm([&dir]).stdout(write).start();
    // Nobody reads what it writes, so that it waits.
    while waiting_in(&read) < 4096 {
        std::thread::yield_now();
    }
    running.signal(libc::SIGINT);
    while !has_taken_it(running.pid()) {
        std::thread::yield_now();
    }
    let ran = interrupted(running);
    assert_eq!(ran.code(), 130, "{}", ran.stderr);
    assert!(!ran.stderr.contains("interrupted"), "it went on: {}", ran.stderr);
    let mut text = Vec::new();
    read.read_to_end(&mut text).expect("a pipe");
    assert_eq!(text.len(), 4096, "what was in the pipe");
}

/// As shells start background commands, which are not meant when somebody presses Ctrl-C.
#[test]
fn who_was_started_with_it_ignored_goes_on() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 6 * MIB);
    oracle::evict(&file);
    let mut running = warm(["--rate", "8M/s"]).arg(&file).through(["ignoring", "2"]).start();
    running.until_resident(&file, 1);
    let ran = interrupted(running);
    assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
    let record = ran.records().only("file").clone();
    assert_eq!(left(&record, "interrupted"), 0, "{record}");
    assert_eq!(number(&record, "requested_pages"), oracle::pages(6 * MIB), "{record}");
}

/// What a command printed that was interrupted while it waited for somebody to read.
fn interrupted_while_it_waits(command: &[&str], dir: &Path, signal: i32) -> Ran {
    let (mut read, write) = narrow_pipe();
    let args = command.iter().copied().chain(["--format", "ndjson", "--jobs", "1"]);
    let running = mmapio(args).arg(dir).stdout(write).start();
    while waiting_in(&read) < 4096 {
        std::thread::yield_now();
    }
    running.signal(signal);
    while !has_taken_it(running.pid()) {
        std::thread::yield_now();
    }
    let mut stdout = Vec::new();
    read.read_to_end(&mut stdout).expect("a pipe");
    Ran { stdout, ..running.end() }
}

#[test]
fn whatever_is_done_is_reported_as_far_as_it_came() {
    let scratch = Scratch::on_disk();
    let dir = tree(&scratch, 400);
    let ways: [(&[&str], i32, i32); 5] = [
        (&["evict"], libc::SIGINT, 130),
        (&["sync"], libc::SIGINT, 130),
        (&["advise", "normal"], libc::SIGINT, 130),
        (&["warm", "--dry-run"], libc::SIGINT, 130),
        (&["evict"], libc::SIGTERM, 143),
    ];
    for (command, signal, code) in ways {
        let ran = interrupted_while_it_waits(command, &dir, signal);
        assert_eq!(ran.code(), code, "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("mmapio: interrupted"), "{command:?}: {}", ran.stderr);
        let records = ran.records();
        let files = records.of_type("file").len() as u64;
        assert!((1..400).contains(&files), "{command:?}: {files} of 400");
        assert_eq!(number(records.only("total"), "files"), files, "{command:?}");
    }
}
