//! `mmapio warm` with little memory, few descriptors, and on files of other people.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::command::number;
use support::groups::Groups;
use support::scratch::{Scratch, write_sparse};
use support::warm::{assert_adds_up, left, warm};
use support::{Outcome, Skip, needs_root, oracle, report};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";

/// The memory of a group, and a file that does not fit.
const LIMIT: u64 = 64 * MIB;
const LARGE: u64 = 256 * MIB;

/// As much memory as the command may use, whatever it loads.
const PEAK_KIB: u64 = 16 << 10;

/// A cold file of this size, written in pieces.
fn cold(scratch: &Scratch, size: u64) -> PathBuf {
    let path = scratch.path().join("large");
    let mut file = File::create(&path).expect("own file");
    let piece = vec![b'x'; 1 << 20];
    (0..size / MIB).for_each(|_| file.write_all(&piece).expect("room for the file"));
    file.sync_data().expect("room for the file");
    oracle::evict(&path);
    path
}

/// What a group's file has on its first line that begins with this.
fn of_group(group: &Path, file: &str, line: &str) -> Option<u64> {
    let text = std::fs::read_to_string(group.join(file)).ok()?;
    text.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok())
}

/// How often the kernel killed somebody in the group; none where it does not say.
fn kills(group: &Path) -> Option<u64> {
    of_group(group, "memory.oom_control", "oom_kill ")
        .or_else(|| of_group(group, "memory.events", "oom_kill "))
}

fn with_a_small_group() -> Outcome {
    needs_root()?;
    let scratch = Scratch::on_disk();
    let groups = Groups::new("warm", LIMIT).map_err(Skip)?;
    let procs = groups.inner.join("cgroup.procs");
    let in_group = ["in-group", procs.to_str().expect("text")];
    let file = cold(&scratch, LARGE);

    let ran = warm([&file]).through(in_group).run().exits(3);
    let ran = ran.says("nothing is loaded: 256.00 MiB would be").says(groups.file).says("--force");
    let record = ran.records().only("file").clone();
    assert_eq!(left(&record, "over budget"), oracle::pages(LARGE), "{record}");
    assert_eq!((number(&record, "changed_pages"), oracle::resident(&file)), (0, 0), "{record}");

    let ran = warm(["--force"]).arg(&file).through(in_group).run();
    let seen = oracle::resident(&file);
    let ran = ran.exits(3).says("reclaimed");
    let record = ran.records().only("file").clone();
    assert_adds_up(&record);
    assert!(left(&record, "reclaimed") >= oracle::pages(LARGE - LIMIT), "{record}");
    assert!(number(&record, "resident_pages") <= oracle::pages(LIMIT), "{record}");
    // Between the two looks only pages of the file itself can go.
    assert!(seen * 10 >= number(&record, "resident_pages") * 8, "the oracle sees {seen}: {record}");
    assert_eq!(kills(&groups.outer).unwrap_or(0), 0, "somebody was killed");
    Ok(())
}

#[test]
fn what_does_not_fit_into_the_group_is_refused_or_told_as_reclaimed() {
    report("what_does_not_fit_into_the_group", with_a_small_group());
}

/// Cold files of a page each, in one directory.
fn many(scratch: &Scratch, files: u64) -> PathBuf {
    let dir = scratch.dir("many");
    for number in 0..files {
        std::fs::write(dir.join(format!("file-{number}")), "some data").expect("own file");
    }
    evict_all(&dir);
    dir
}

fn evict_all(dir: &Path) {
    // At once, since a process for each would take longer than everything else.
    let file = File::open(dir).expect("own directory");
    // SAFETY: takes a descriptor that is open.
    assert_eq!(unsafe { libc::syncfs(std::os::fd::AsRawFd::as_raw_fd(&file)) }, 0, "written back");
    for entry in std::fs::read_dir(dir).expect("own directory") {
        let file = File::open(entry.expect("an entry").path()).expect("own file");
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
        // SAFETY: takes numbers and a descriptor that is open.
        assert_eq!(unsafe { libc::posix_fadvise(fd, 0, 0, libc::POSIX_FADV_DONTNEED) }, 0);
    }
}

/// How many of them the oracle sees in memory; it is asked of every twentieth.
fn seen(dir: &Path, files: u64) -> (u64, u64) {
    let asked = (0..files).step_by(20).map(|number| oracle::resident(&dir.join(format!("file-{number}"))));
    (asked.clone().sum(), asked.count() as u64)
}

#[test]
fn few_descriptors_lose_no_file() {
    const FILES: u64 = 2000;
    let scratch = Scratch::on_disk();
    let dir = many(&scratch, FILES);
    for limit in ["64", "20", "10"] {
        evict_all(&dir);
        let ran = warm([&dir]).through(["limit-fds", limit]).run();
        assert!([0, 3].contains(&ran.code()), "{limit}: {}", ran.stderr);
        let records = ran.records();
        assert_eq!(records.of_type("file").len() as u64, FILES, "{limit}: {}", ran.stderr);
        let total = records.only("total");
        assert_eq!(number(total, "changed_pages") + left(total, "reclaimed"), FILES, "{limit}: {total}");
        let (resident, asked) = seen(&dir, FILES);
        assert!(resident * 10 >= asked * 9, "{limit}: the oracle sees {resident} of {asked}");
    }
}

#[test]
fn what_fails_for_want_of_descriptors_is_named() {
    const FILES: u64 = 200;
    let scratch = Scratch::on_disk();
    let dir = many(&scratch, FILES);
    for leaked in ["24", "26", "27", "28", "29"] {
        let ran = warm([&dir]).through(["limit-fds", "34"]).through(["leak-fds", leaked]).run();
        let records = ran.records();
        let files = records.of_type("file").len() as u64;
        let named = ran.stderr.contains("Too many open files") && ran.code() == 1;
        assert!(named || files == FILES, "{leaked}: {files} files: {}", ran.stderr);
    }
}

#[test]
fn files_of_other_people_are_loaded_though_nobody_tells() {
    let others = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", 5 * MIB);
        let secret = scratch.file("secret", 5000);
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("own file");
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("own file");
        oracle::evict(&file);
        let run = |names: &[&str]| warm(names).in_dir(scratch.path()).through(["as", NOBODY]).run();
        let record = run(&["file"]).cleanly().records().only("file").clone();
        let seen = oracle::resident(&file);
        for field in ["resident_pages", "before_resident_pages", "changed_pages"] {
            assert_eq!(record[field], Value::Null, "{record}");
        }
        assert!(record["unknown"].as_str().is_some_and(|why| why.contains("not permitted")), "{record}");
        assert_eq!(left(&record, "reclaimed"), 0, "{record}");
        assert!(seen * 10 >= oracle::pages(5 * MIB) * 9, "the oracle sees {seen} pages");
        let refused = run(&["secret", "file"]).exits(1).says("mmapio: secret: open: Permission denied");
        assert_eq!(refused.records().only("error")["path"], "secret");
        assert_eq!(refused.records().paths("file"), ["file"]);
        Ok(())
    };
    report("files_of_other_people_are_loaded", others());
}

/// The most memory that warming this took.
fn peak_of(scratch: &Scratch, path: &Path) -> u64 {
    let told = scratch.path().join("peak");
    let ran = warm([path]).through(["peak", told.to_str().expect("text")]).run();
    assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
    std::fs::read_to_string(told).expect("the oracle writes it").trim().parse().expect("a number")
}

#[test]
fn a_large_file_takes_little_memory() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    let page = oracle::page_size();
    write_sparse(&file, 1024 * MIB, &(0..64).map(|place| place * 16 * MIB / page).collect::<Vec<_>>());
    oracle::evict(&file);
    let peak = peak_of(&scratch, &file);
    assert!((500..PEAK_KIB).contains(&peak), "{peak} KiB for a sparse file");
    let file = cold(&scratch, 96 * MIB);
    let peak = peak_of(&scratch, &file);
    assert!((500..PEAK_KIB).contains(&peak), "{peak} KiB for 96 MiB");
}

#[test]
fn many_files_take_little_memory() {
    let scratch = Scratch::on_disk();
    let peak = peak_of(&scratch, &many(&scratch, 5000));
    assert!((500..PEAK_KIB).contains(&peak), "{peak} KiB for 5,000 files");
}
