//! `mmapio lock`: what it holds is held, what it cannot hold it says before it holds anything, and it goes when it is told to.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use libc::{SIGINT, SIGKILL, SIGTERM};
use support::command::number;
use support::hanging::{Hanging, UNKNOWN, UNREADABLE};
use support::holder::{Lock, lock, until_gone};
use support::mounts::privately;
use support::oracle::{self, Background};
use support::scratch::{Scratch, write_data, write_sparse};
use support::{Outcome, Skip, needs_root, report};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";

fn ndjson<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Lock {
    lock(["--format", "ndjson"]).args(args)
}

fn whole_pages(size: u64) -> u64 {
    oracle::pages(size) * oracle::page_size()
}

#[test]
fn what_is_locked_stays_and_goes_with_the_process() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("dir/file", 5 * MIB + 123);
    oracle::evict(&file);
    let holder = lock([file.parent().expect("a directory")]).held();
    assert_eq!(holder.locked_bytes(&file), whole_pages(5 * MIB + 123));
    oracle::evict(&file);
    assert!(oracle::map(&file).iter().all(|resident| *resident), "locked pages cannot be evicted");
    let ran = holder.ends_by(SIGTERM).cleanly();
    assert_eq!(ran.text(), "mmapio: locked 1 file, 5.00 MiB (1,281 pages)\n");
    oracle::evict(&file);
    assert_eq!(oracle::resident(&file), 0, "nobody holds them any more");
}

#[test]
fn the_record_says_how_much() {
    let scratch = Scratch::on_disk();
    scratch.file("dir/a", MIB);
    scratch.file("dir/b", 1);
    scratch.file("dir/empty", 0);
    let mut holder = ndjson([scratch.path()]).start();
    let record: serde_json::Value = serde_json::from_str(&holder.line()).expect("a record");
    assert_eq!(record["type"], "locked");
    assert_eq!((number(&record, "files"), number(&record, "failed")), (3, 0));
    assert_eq!(number(&record, "pages"), oracle::pages(MIB) + 1);
    assert_eq!(number(&record, "bytes"), MIB + oracle::page_size());
    assert_eq!(holder.ends_by(SIGTERM).exits(0).records().0.len(), 1);
}

#[test]
fn a_terabyte_of_hole_is_not_locked() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    let pages = [0, 1, 7, 1 << 20, (1 << 28) - 1];
    write_sparse(&file, 1 << 40, &pages);
    let data: u64 = oracle::data(&file).iter().map(|(_, length)| length).sum();
    let holder = lock([&file]).held();
    assert_eq!(holder.locked_bytes(&file), data, "as much as there is data");
    holder.ends_by(SIGTERM).cleanly();
}

#[test]
fn a_range_is_locked_alone() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 8 * MIB);
    let holder = lock(["--range", "2M+1M"]).arg(&file).held();
    assert_eq!(holder.locked_bytes(&file), MIB);
    holder.ends_by(SIGTERM).cleanly();
}

#[test]
fn an_interrupt_is_no_stop() {
    let scratch = Scratch::on_disk();
    let holder = lock([scratch.file("file", MIB)]).held();
    let worker = holder.worker();
    let ran = holder.ends_by(SIGINT);
    assert_eq!(ran.code(), 130);
    assert_eq!(ran.stderr, "");
    until_gone(worker);
}

#[test]
fn a_killed_parent_takes_the_worker_along() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    let holder = lock([&file]).held();
    let worker = holder.worker();
    holder.ends_alone_by(SIGKILL, || until_gone(worker));
    oracle::evict(&file);
    assert_eq!(oracle::resident(&file), 0, "nobody holds them any more");
}

#[test]
fn a_killed_worker_is_no_success() {
    let scratch = Scratch::on_disk();
    let holder = lock([scratch.file("file", MIB)]).held();
    let worker = i32::try_from(holder.worker()).expect("a pid");
    // SAFETY: takes numbers only; the process is one that this test started.
    assert_eq!(unsafe { libc::kill(worker, SIGKILL) }, 0);
    holder.end().exits(1).says("nothing is locked any more");
}

#[test]
fn a_dry_run_changes_nothing() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    oracle::evict(&file);
    let pidfile = scratch.path().join("pid");
    let records = ndjson(["--dry-run", "--pidfile"]).arg(&pidfile).arg(&file).run().cleanly().records();
    let plan = records.only("plan");
    assert_eq!((number(plan, "pages"), number(plan, "files")), (oracle::pages(MIB), 1));
    assert_eq!(plan["fits"], true, "{plan}");
    assert_eq!(oracle::resident(&file), 0);
    assert!(!pidfile.exists());
    lock(["--dry-run", "--max-memory", "4K"]).arg(&file).run().exits(3);
}

#[test]
fn a_path_that_fails_leaves_nothing_locked() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    oracle::evict(&file);
    let missing = scratch.path().join("missing");
    let ran =
        lock([&missing, &file]).run().exits(1).says("missing: open: No such file").says("nothing is locked");
    assert_eq!(ran.text(), "");
    assert_eq!(oracle::resident(&file), 0, "not even read");
    let holder = lock(["--keep-going"]).arg(&missing).arg(&file).held();
    assert_eq!(holder.locked_bytes(&file), MIB);
    holder.ends_by(SIGTERM).exits(0).says("missing: open: No such file");
}

#[test]
fn without_paths_it_is_wrong_usage() {
    lock::<&str>([]).run().exits(2).says("no PATH was given");
    lock(["--max-memory", "120%", "x"]).run().exits(2).says("not a percentage from 0 to 100");
}

/// The first page that a program cannot read.
fn first_unreadable(file: &Path) -> u64 {
    let file = File::open(file).expect("own file");
    let page = oracle::page_size();
    let mut buffer = vec![0; usize::try_from(page).expect("small")];
    let size = file.metadata().expect("own file").len();
    (0..size).step_by(4096).find(|at| file.read_at(&mut buffer, at - at % page).is_err()).expect("cut short")
}

#[test]
fn a_page_that_cannot_be_read_is_named() {
    privately("a_page_that_cannot_be_read_is_named", |mounts| {
        let dir = mounts.ext4(64 * MIB)?;
        let (good, bad) = (dir.join("good"), dir.join("bad"));
        write_data(&good, MIB);
        write_data(&bad, 24 * MIB);
        let image = mounts.scratch().path().join("tmpfs/ext4.img");
        oracle::evict(&bad);
        let cut = OpenOptions::new().write(true).open(image).and_then(|image| image.set_len(16 * MIB));
        cut.expect("own image");
        let ran = lock([&bad]).run().exits(1);
        let offset = first_unreadable(&bad);
        let ran = ran.says(&format!("bad: read: Input/output error at offset {offset} (1 page)"));
        assert_eq!(ran.text(), "", "it is not ready");
        let mut holder = ndjson(["--keep-going"]).arg(&bad).arg(&good).start();
        let locked = loop {
            let record: serde_json::Value = serde_json::from_str(&holder.line()).expect("a record");
            if record["type"] == "locked" {
                break record;
            }
            assert_eq!(record["errno"], libc::EIO, "{record}");
        };
        assert_eq!((number(&locked, "files"), number(&locked, "failed")), (1, 1));
        assert_eq!(holder.locked_bytes(&good), MIB);
        holder.ends_by(SIGTERM).exits(0);
        Ok(())
    });
}

#[test]
fn the_limit_on_locked_memory_is_known_before() {
    let body = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", MIB);
        oracle::evict(&file);
        let oracle_path = oracle::path().to_str().expect("UTF-8");
        let limited = || {
            let limit = ["prlimit", "--memlock=262144:262144", oracle_path, "as", NOBODY, "--"];
            // By its name alone: the way to the directory may be closed to other users.
            lock(["file"]).in_dir(scratch.path()).through(limit)
        };
        let ran = limited().run().exits(3);
        let ran = ran.says("RLIMIT_MEMLOCK: 1.00 MiB are needed, 256.00 KiB of 256.00 KiB are left");
        assert_eq!(ran.text(), "");
        assert_eq!(oracle::resident(&file), 0, "nothing was read, either");
        limited().arg("--force").run().exits(3).says("RLIMIT_MEMLOCK");
        let holder = limited().arg("--range").arg("0+128K").held();
        assert_eq!(holder.locked_bytes(&file), 128 << 10);
        holder.ends_by(SIGTERM).cleanly();
        Ok(())
    };
    report("the_limit_on_locked_memory_is_known_before", body());
}

/// A group with a limit on its memory, where this machine has such; it goes when the test ends.
struct Group(PathBuf);

impl Group {
    fn of(limit: u64) -> Result<Group, Skip> {
        needs_root()?;
        let (v1, v2) = (Path::new("/sys/fs/cgroup/memory"), Path::new("/sys/fs/cgroup"));
        let known = |dir: &Path, name: &str| dir.join(name).exists();
        let (parent, file) = match () {
            () if known(v1, "memory.limit_in_bytes") => (v1, "memory.limit_in_bytes"),
            () if known(v2, "cgroup.controllers") => (v2, "memory.max"),
            () => return Err(Skip("no groups that limit memory".into())),
        };
        let group = Group(parent.join(format!("mmapio-lock-test-{}", std::process::id())));
        let made = std::fs::create_dir(&group.0)
            .and_then(|()| std::fs::write(group.0.join(file), limit.to_string()));
        made.map_err(|why| Skip(format!("{}: {why}", group.0.display())))?;
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn the_memory_of_a_group_is_known_before() {
    let body = || -> Outcome {
        let group = Group::of(64 * MIB)?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", 80 * MIB);
        oracle::evict(&file);
        let procs = group.0.join("cgroup.procs");
        let inside = || {
            let enter = r#"echo $$ > "$0" && exec "$@""#;
            lock([&file]).through(["sh", "-c", enter, procs.to_str().expect("UTF-8")])
        };
        let ran = inside().run().exits(3).says("memory: 80.00 MiB would be locked, and there is room for");
        assert!(ran.stderr.contains("mmapio-lock-test"), "the group is named: {}", ran.stderr);
        assert_eq!(oracle::resident(&file), 0, "nothing was read");
        let holder = inside().arg("--range").arg("0+16M").held();
        assert_eq!(holder.locked_bytes(&file), 16 * MIB);
        holder.ends_by(SIGTERM).cleanly();
        Ok(())
    };
    report("the_memory_of_a_group_is_known_before", body());
}

/// Whether this system call was made, by any of the processes.
fn calls(traced: &str, name: &str) -> usize {
    traced.matches(&format!("{name}(")).count()
}

#[test]
fn nothing_is_locked_before_all_limits_were_looked_at() {
    let scratch = Scratch::on_disk();
    let (file, trace) = (scratch.file("file", MIB), scratch.path().join("trace"));
    let traced = |args: &[&str]| {
        let strace =
            ["strace", "-f", "-o", trace.to_str().expect("UTF-8"), "-e", "trace=mlock,mlock2,mlockall,mmap"];
        let holder = lock(args).arg(&file).through(strace);
        let code = holder.run().code();
        (code, std::fs::read_to_string(&trace).expect("a trace"))
    };
    if Command::new("strace").arg("-V").output().is_err() {
        return report("nothing_is_locked_before_all_limits_were_looked_at", Err(Skip("no strace".into())));
    }
    let missing = scratch.path().join("missing");
    for (args, expected) in
        [(&["--max-memory", "4K"][..], 3), (&["--dry-run"], 0), (&[missing.to_str().expect("UTF-8")], 1)]
    {
        let (code, text) = traced(args);
        assert_eq!(code, expected, "{text}");
        assert_eq!(calls(&text, "mlock2"), 0, "{text}");
        assert_eq!(calls(&text, "mlock") + calls(&text, "mlockall"), 0, "{text}");
        assert!(!text.contains("MAP_POPULATE") && !text.contains("MAP_LOCKED"), "{text}");
    }
}

#[test]
fn more_mappings_than_a_process_may_have_are_refused() {
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").expect("Linux");
    let limit: u64 = limit.trim().parse().expect("a number");
    let body = || -> Outcome {
        if limit > 100_000 {
            return Err(Skip(format!("{limit} mappings are too many to make for a test")));
        }
        let scratch = Scratch::in_memory()?;
        let file = scratch.path().join("file");
        let step = 2 * MIB / oracle::page_size();
        write_sparse(&file, limit * 2 * MIB, &(0..limit).map(|page| page * step).collect::<Vec<_>>());
        let ran =
            lock([&file]).run().exits(3).says("vm.max_map_count: ").says("sysctl vm.max_map_count=NUMBER");
        assert_eq!(ran.text(), "");
        Ok(())
    };
    report("more_mappings_than_a_process_may_have_are_refused", body());
}

#[test]
fn the_memory_that_may_be_used_is_known_before() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    oracle::evict(&file);
    lock(["--max-memory", "512K"])
        .arg(&file)
        .run()
        .exits(3)
        .says("memory: 1.00 MiB would be locked, and there is room for 512.00 KiB (the limit given)");
    lock(["--max-memory", "0%"]).arg(&file).run().exits(3).says("MemAvailable").says("--force");
    assert_eq!(oracle::resident(&file), 0, "nothing was read");
    lock(["--max-memory", "0%", "--force"]).arg(&file).held().ends_by(SIGTERM).cleanly();
}

#[test]
fn a_pidfile_is_there_while_it_runs() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    let pidfile = scratch.path().join("pid");
    let holder = lock(["--pidfile"]).arg(&pidfile).arg(&file).held();
    let pid = holder.id();
    assert_eq!(std::fs::read_to_string(&pidfile).expect("a pidfile"), format!("{pid}\n"));
    let other = scratch.file("other", MIB);
    let second = lock(["--pidfile"]).arg(&pidfile).arg(&other).run().exits(1);
    second.says(&format!("process {pid} runs with this pidfile"));
    assert!(pidfile.exists(), "the second leaves it to the first");
    holder.ends_by(SIGTERM).cleanly();
    assert!(!pidfile.exists());
}

#[test]
fn a_pidfile_of_a_killed_instance_is_taken_over() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    let pidfile = scratch.path().join("pid");
    let holder = lock(["--pidfile"]).arg(&pidfile).arg(&file).held();
    let worker = holder.worker();
    holder.ends_alone_by(SIGKILL, || until_gone(worker));
    assert!(pidfile.exists());
    let holder = lock(["--pidfile"]).arg(&pidfile).arg(&file).held();
    assert_eq!(std::fs::read_to_string(&pidfile).expect("a pidfile"), format!("{}\n", holder.id()));
    holder.ends_by(SIGTERM).cleanly();
    assert!(!pidfile.exists());
}

#[test]
fn what_is_no_pidfile_is_left_alone() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    let precious = scratch.path().join("precious");
    let number = scratch.path().join("number");
    std::fs::write(&precious, "precious").expect("own file");
    std::fs::write(&number, "12\n").expect("own file");
    let link = scratch.path().join("link");
    symlink(&number, &link).expect("symbolic links");
    let dangling = scratch.path().join("dangling");
    symlink(scratch.path().join("planted"), &dangling).expect("symbolic links");
    let hard = scratch.path().join("hard");
    std::fs::hard_link(&number, &hard).expect("hard links");
    let run = |pidfile: &Path| lock(["--pidfile"]).arg(pidfile).arg(&file).run().exits(1);
    run(&precious).says("precious: range: exists and holds something else than a process id");
    run(&link).says("is a symbolic link");
    run(&dangling).says("is a symbolic link");
    run(&hard).says("has several names");
    run(scratch.path()).says("Is a directory");
    assert_eq!(std::fs::read_to_string(&precious).expect("own file"), "precious");
    assert_eq!(std::fs::read_to_string(&number).expect("own file"), "12\n");
    assert!(!scratch.path().join("planted").exists());
}

#[test]
fn a_second_instance_on_the_same_files_is_refused() {
    let scratch = Scratch::on_disk();
    scratch.file("dir/file", MIB);
    scratch.file("other/file", MIB);
    let (dir, other) = (scratch.path().join("dir"), scratch.path().join("other"));
    let holder = lock([&dir, &other]).held();
    let again = scratch.path().join("other/../dir/.");
    let second = lock([&other, &again]).run().exits(1);
    second.says(&format!("the same files are locked by process {} already", holder.id()));
    lock([&dir]).held().ends_by(SIGTERM).cleanly();
    holder.ends_by(SIGTERM).cleanly();
    lock([&dir, &other]).held().ends_by(SIGTERM).cleanly();
}

#[test]
fn systemd_is_told() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    // A path that is longer than a socket's address may be does for the name, not for the directory.
    let dir = tempfile::tempdir().expect("a directory");
    let address = dir.path().join("notify");
    let socket = UnixDatagram::bind(&address).expect("a socket");
    let holder = lock([&file]).env("NOTIFY_SOCKET", &address).held();
    let mut buffer = [0; 4096];
    let mut heard = || {
        let length = socket.recv(&mut buffer).expect("a message");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert_eq!(heard(), "READY=1\nSTATUS=locked 1 file, 1.00 MiB (256 pages)\n");
    holder.signal(SIGTERM);
    assert_eq!(heard(), "STOPPING=1\n");
    holder.end().cleanly();
}

#[test]
fn signals_are_answered_while_the_storage_hangs() {
    privately("signals_are_answered_while_the_storage_hangs", |mounts| {
        let dir = mounts.scratch().dir("hanging");
        let hanging = Hanging::on(&dir)?;
        for (name, signal, code) in [
            (UNREADABLE, SIGTERM, 0),
            (UNREADABLE, SIGINT, 130),
            (UNKNOWN, SIGTERM, 0),
            (UNKNOWN, SIGINT, 130),
        ] {
            let holder = lock([dir.join(name)]).start();
            hanging.until_it_hangs();
            let worker = holder.worker();
            let ran = holder.ends_alone_by(signal, || hanging.fail()).exits(code);
            assert_eq!(ran.text(), "");
            // FUSE lets a process go that waits for a page, but not one that waits for a name.
            let hangs = ran.stderr
                == format!(
                    "mmapio: warning: process {worker} is still ending: its locks go once the storage answers or all is unmapped\n"
                );
            assert!(hangs == (name == UNKNOWN), "{name}: {}", ran.stderr);
            until_gone(worker);
        }
        Ok(())
    });
}

fn append(file: &Path, size: u64) {
    let mut file = OpenOptions::new().append(true).open(file).expect("own file");
    file.write_all(&vec![b'y'; usize::try_from(size).expect("small")]).expect("room");
}

#[test]
fn a_file_that_grows_is_followed() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("dir/file", MIB + 5);
    let mut holder = ndjson(["--follow-changes"]).arg(scratch.path().join("dir")).held();
    for round in 1..=20_u64 {
        append(&file, 3 * oracle::page_size());
        let size = MIB + 5 + round * 3 * oracle::page_size();
        while number(&holder.change(&file, &["grown"]), "pages") < oracle::pages(size) {}
        assert_eq!(holder.locked_bytes(&file), whole_pages(size));
    }
    holder.ends_by(SIGTERM).cleanly();
}

#[test]
fn a_file_that_is_replaced_is_followed() {
    let scratch = Scratch::on_disk();
    let (file, named) = (scratch.file("dir/file", MIB), scratch.file("named", MIB));
    let mut holder = ndjson(["--follow-changes"]).arg(scratch.path().join("dir")).arg(&named).held();
    for file in [&file, &named] {
        let new = scratch.path().join("new");
        write_data(&new, 2 * MIB);
        std::fs::rename(&new, file).expect("own file");
        assert_eq!(number(&holder.change(file, &["replaced"]), "pages"), oracle::pages(2 * MIB));
        assert_eq!(holder.locked_bytes(file), 2 * MIB);
        std::fs::remove_file(file).expect("own file");
        holder.change(file, &["gone"]);
        assert_eq!(holder.locked_bytes(Path::new(" (deleted)")), 0, "no lock keeps a removed file");
        write_data(file, 3 * MIB);
        while number(&holder.change(file, &["new", "grown"]), "pages") < oracle::pages(3 * MIB) {}
        assert_eq!(holder.locked_bytes(file), 3 * MIB);
    }
    holder.ends_by(SIGTERM).cleanly();
}

#[test]
fn what_comes_into_a_directory_is_locked_and_a_link_is_not() {
    let scratch = Scratch::on_disk();
    scratch.file("dir/file", MIB);
    let outside = scratch.file("outside", MIB);
    let dir = scratch.path().join("dir");
    let mut holder = ndjson(["--follow-changes"]).arg(&dir).held();
    symlink(&outside, dir.join("link")).expect("symbolic links");
    std::fs::create_dir_all(dir.join("a/b")).expect("own directory");
    write_data(&dir.join("a/b/new"), MIB);
    let new = dir.join("a/b/new");
    while number(&holder.change(&new, &["new", "grown"]), "pages") < oracle::pages(MIB) {}
    std::fs::rename(dir.join("a"), dir.join("c")).expect("own directory");
    let moved = dir.join("c/b/new");
    // A late event under the old name makes it two changes.
    holder.change(&moved, &["renamed", "new"]);
    append(&moved, MIB);
    while number(&holder.change(&moved, &["grown"]), "pages") < oracle::pages(2 * MIB) {}
    std::fs::remove_file(dir.join("file")).expect("own file");
    symlink(&outside, dir.join("file")).expect("symbolic links");
    holder.change(&dir.join("file"), &["gone"]);
    assert_eq!(holder.locked_bytes(&outside), 0, "what a link leads to is not in the tree");
    holder.ends_by(SIGTERM).cleanly();
}

#[test]
fn what_truncation_took_is_locked_again() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    let mut holder = ndjson(["--follow-changes"]).arg(&file).held();
    let open = OpenOptions::new().write(true).open(&file).expect("own file");
    open.set_len(oracle::page_size()).expect("own file");
    holder.change(&file, &["shrunk"]);
    assert_eq!(holder.locked_bytes(&file), oracle::page_size());
    // In between the old pages are gone, whether that was seen or not.
    for _ in 0..20 {
        open.set_len(0).expect("own file");
        open.write_all_at(&vec![b'z'; usize::try_from(MIB).expect("small")], 0).expect("room");
    }
    while holder.locked_bytes(&file) != MIB {
        std::thread::yield_now();
    }
    holder.ends_by(SIGTERM).cleanly();
}

/// How often a file is locked while it changes its size.
const ROUNDS: u32 = 100;

#[test]
fn a_file_that_is_truncated_meanwhile_kills_nobody() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 4 * MIB);
    let mut args = vec!["resize".into(), file.as_os_str().to_owned()];
    args.extend(["0", "4194304", "4097", "3145728"].map(Into::into));
    let resizer = Background::start(&args);
    for _ in 0..ROUNDS {
        let mut holder = lock([&file]).start();
        if holder.ready() {
            assert_eq!(holder.ends_by(SIGTERM).exits(0).stderr, "");
        } else {
            holder.end().exits(1).says("file: ");
        }
    }
    assert!(resizer.stop() >= u64::from(ROUNDS), "the file changed at least once in each round");
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/mmapio-lock@.service");
    let body = || -> Outcome {
        let scratch = Scratch::on_disk();
        let mut text = String::new();
        File::open(&unit).and_then(|mut file| file.read_to_string(&mut text)).expect("the unit");
        let here = scratch.path().join("mmapio-lock@.service");
        let program = support::command::binary().to_str().expect("UTF-8");
        std::fs::write(&here, text.replace("/usr/bin/mmapio", program)).expect("own file");
        let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&here).output();
        let verified = verified.map_err(|why| Skip(format!("systemd-analyze: {why}")))?;
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && !said.contains("mmapio-lock"), "{said}");
        Ok(())
    };
    report("the_unit_is_one_that_systemd_takes", body());
}
