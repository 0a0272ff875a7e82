//! Files and trees that change while they are loaded, and files that others use: nothing outside is loaded, nothing is harmed.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use support::command::{Ran, Running, number};
use support::mounts::{LoopDevice, privately, tool};
use support::oracle::{self, Background};
use support::pattern;
use support::scratch::{Scratch, make_fifo, write_data, write_sparse};
use support::warm::{assert_adds_up, left, warm};
use support::{Outcome, report};

const MIB: u64 = 1 << 20;

/// How often a file that changes its size is loaded, in each way; far more rounds are in `warm_races.rs`.
const SIZE_ROUNDS: u32 = 50;

/// How often a changing tree is loaded.
const TREE_ROUNDS: u32 = 120;

/// A run so slow that things can be done to its files meanwhile: it has begun with the first of them.
fn begun(first: &Path, others: &[&Path]) -> Running {
    begun_with(&[], first, others)
}

fn begun_with(options: &[&str], first: &Path, others: &[&Path]) -> Running {
    let run = warm(["--rate", "4M/s", "--jobs", "1"]).args(options).arg(first);
    let mut running = others.iter().fold(run, |run, other| run.arg(other)).start();
    running.until_resident(first, 1);
    running
}

#[test]
fn what_takes_the_place_of_a_file_is_not_loaded() {
    let scratch = Scratch::on_disk();
    let (slow, file) = (scratch.file("slow", 6 * MIB), scratch.file("file", 100_000));
    let outside = scratch.file("outside", 100_000);
    [&slow, &file, &outside].into_iter().for_each(|file| oracle::evict(file));
    let running = begun(&slow, &[&file]);
    std::fs::rename(&file, scratch.path().join("old")).expect("own file");
    symlink(&outside, &file).expect("symbolic links");
    let ran = running.end();
    assert_eq!(oracle::resident(&outside), 0, "what lies outside was loaded");
    let ran = ran.says("1 file was removed or replaced");
    assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
    assert_eq!(ran.records().paths("file"), [slow.to_str().expect("text")]);
}

#[test]
fn what_takes_the_place_of_a_directory_is_not_loaded() {
    let scratch = Scratch::on_disk();
    let slow = scratch.file("slow", 6 * MIB);
    let (file, outside) = (scratch.file("tree/dir/file", 100_000), scratch.file("outside/file", 100_000));
    for options in [&[][..], &["--follow"]] {
        [&slow, &file, &outside].into_iter().for_each(|file| oracle::evict(file));
        let running = begun_with(options, &slow, &[&scratch.path().join("tree")]);
        let (dir, aside) = (scratch.path().join("tree/dir"), scratch.path().join("aside"));
        std::fs::rename(&dir, &aside).expect("own directory");
        symlink("../outside", &dir).expect("symbolic links");
        let ran = running.end();
        assert_eq!(oracle::resident(&outside), 0, "{options:?}: what lies outside was loaded");
        let ran = ran.says("1 file was removed or replaced");
        assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
        std::fs::remove_file(&dir).and_then(|()| std::fs::rename(&aside, &dir)).expect("own directory");
    }
}

#[test]
fn a_named_file_that_vanishes_is_named() {
    let scratch = Scratch::on_disk();
    let (slow, file) = (scratch.file("slow", 6 * MIB), scratch.file("file", 100_000));
    [&slow, &file].into_iter().for_each(|file| oracle::evict(file));
    let running = begun(&slow, &[&file]);
    std::fs::remove_file(&file).expect("own file");
    let ran = running.end().exits(1).says(&format!("mmapio: {}: open: No such file", file.display()));
    assert_eq!(ran.records().only("error")["path"], file.to_str().expect("text"));
    assert!(!ran.stderr.contains("removed or replaced"), "told twice: {}", ran.stderr);
}

/// A tree for `churn`: see the oracle.
fn churned(scratch: &Scratch) -> (PathBuf, PathBuf) {
    for name in ["tree/a/1", "tree/a/sub/2", "tree/b/3", "tree/f"] {
        scratch.file(name, 4096);
    }
    let outside = scratch.file("outside/outsider", 12_345);
    symlink(scratch.path().join("outside"), scratch.path().join("tree/a-link")).expect("symbolic links");
    symlink("../outside/outsider", scratch.path().join("tree/f-link")).expect("symbolic links");
    (scratch.path().join("tree"), outside)
}

#[test]
fn a_changing_tree_is_loaded_and_nothing_outside_of_it() {
    let scratch = Scratch::on_disk();
    let (tree, outside) = churned(&scratch);
    let stays = tree.join("b/3");
    oracle::evict(&outside);
    let churn = Background::start(&["churn".into(), tree.as_os_str().to_owned()]);
    for round in 0..TREE_ROUNDS {
        oracle::evict(&stays);
        let jobs = if round % 2 == 0 { "1" } else { "8" };
        let ran = warm(["--jobs", jobs, "tree"]).in_dir(scratch.path()).run();
        assert!([0, 1, 3].contains(&ran.code()), "{}", ran.stderr);
        assert!(ran.records().paths("file").contains(&"tree/b/3"), "{}", ran.text());
        ran.records().of_type("file").into_iter().for_each(assert_adds_up);
        assert!(ran.code() != 1 || ran.stderr.contains("mmapio: tree"), "a failure is named: {}", ran.stderr);
    }
    assert!(churn.stop() >= u64::from(TREE_ROUNDS), "the tree changed at least once in each round");
    assert_eq!(oracle::resident(&outside), 0, "what lies outside was loaded");
}

/// Success or a named failure, and numbers that can be.
fn assert_ends_well(ran: &Ran, file: &Path) {
    assert!([0, 1, 3].contains(&ran.code()), "{}", ran.stderr);
    let named = format!("mmapio: {}: ", file.display());
    assert!(ran.code() != 1 || ran.stderr.contains(&named), "{}", ran.stderr);
    ran.records().of_type("file").into_iter().for_each(assert_adds_up);
    assert_eq!(ran.records().of_type("total").len(), 1, "{}", ran.text());
}

/// Loads a file while it has one size after the other, and tells how many pages were loaded.
fn load_while_it_is_resized(file: &Path, sizes: &[u64]) -> u64 {
    let sizes = sizes.iter().map(|size| OsString::from(size.to_string()));
    let args: Vec<OsString> = ["resize".into(), file.into()].into_iter().chain(sizes).collect();
    let resizer = Background::start(&args);
    let mut loaded = 0;
    for round in 0..SIZE_ROUNDS {
        oracle::evict(file);
        let options = if round % 3 == 0 { &["--range", "1M+2M"][..] } else { &[] };
        let ran = warm(options).arg(file).run();
        assert_ends_well(&ran, file);
        let changed = |record: &&serde_json::Value| number(record, "changed_pages");
        loaded += ran.records().of_type("file").iter().map(changed).sum::<u64>();
    }
    assert!(resizer.stop() >= u64::from(SIZE_ROUNDS), "the file changed at least once in each round");
    loaded
}

/// Sizes that leave data to be loaded, and sizes that leave none.
fn in_both_ways(file: &Path) -> u64 {
    write_data(file, 5 * MIB);
    let loaded = load_while_it_is_resized(file, &[5 * MIB, 3 * MIB, 4 * MIB + 1, 3 * MIB + 4097]);
    loaded + load_while_it_is_resized(file, &[0, 4 * MIB, 4097, 3 * MIB, 5 * MIB])
}

#[test]
fn a_file_that_changes_its_size_ends_well() {
    let disk = Scratch::on_disk();
    let loaded = in_both_ways(&disk.path().join("file"));
    assert!(loaded >= oracle::pages(3 * MIB), "{loaded} pages were loaded in all");
    let in_memory = || -> Outcome {
        let memory = Scratch::in_memory()?;
        in_both_ways(&memory.path().join("file"));
        Ok(())
    };
    report("a_file_that_changes_its_size_ends_well (tmpfs)", in_memory());
}

#[test]
fn what_a_file_lost_is_told_and_is_no_failure() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    let page = oracle::page_size();
    // Few pages of data among many of hole: no more than those can be lost.
    write_sparse(&file, 64 * MIB, &(0..40).map(|place| place * 400).collect::<Vec<_>>());
    File::options()
        .write(true)
        .open(&file)
        .and_then(|mut file| file.write_all(&vec![b'x'; 6 << 20]))
        .expect("data");
    oracle::evict(&file);
    let running = begun(&file, &[]);
    File::options().write(true).open(&file).and_then(|file| file.set_len(5000)).expect("own file");
    let ran = running.end().exits(0);
    let record = ran.records().only("file").clone();
    assert_adds_up(&record);
    assert_eq!(record["changed"], true, "{record}");
    let lost = left(&record, "truncated");
    assert!((1..=6 * MIB / page + 40).contains(&lost), "{record}");
}

#[test]
fn what_is_no_file_is_left_alone() {
    let scratch = Scratch::on_disk();
    let (tree, outside) = (scratch.dir("tree"), scratch.file("outside", 10_000));
    let file = scratch.file("tree/file", 10_000);
    make_fifo(&tree.join("fifo"));
    let _socket = UnixListener::bind(tree.join("socket")).expect("sockets");
    symlink(&outside, tree.join("link")).expect("symbolic links");
    symlink("/dev/zero", tree.join("zero")).expect("symbolic links");
    [&file, &outside].into_iter().for_each(|file| oracle::evict(file));
    let ran = warm([&tree]).run();
    assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
    assert_eq!(ran.records().paths("file"), [file.to_str().expect("text")]);
    assert_eq!(oracle::resident(&outside), 0, "a link was followed");
    for refused in ["tree/fifo", "tree/socket", "/dev/zero", "/proc/self/maps"] {
        let path = scratch.path().join(refused);
        warm([&path]).run().exits(1).says(&format!("mmapio: {}: open: is ", path.display()));
    }
}

#[test]
fn devices_and_read_only_filesystems_are_loaded() {
    privately("devices_and_read_only_filesystems_are_loaded", |mounts| {
        let dir = mounts.ext4(32 * MIB)?;
        let file = dir.join("file");
        write_data(&file, 5 * MIB);
        tool(std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(&dir))?;
        oracle::evict(&file);
        let ran = warm([&file]).run();
        assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
        assert!(oracle::resident(&file) * 10 >= oracle::pages(5 * MIB) * 9, "{}", ran.text());
        let device = LoopDevice::of(&mounts.scratch().file("image", 5 * MIB))?;
        oracle::evict(device.path());
        // When the last one closes a device, the kernel drops what it has of it.
        let _open = File::open(device.path()).expect("own device");
        let ran = warm([device.path()]).run();
        assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
        assert!(oracle::resident(device.path()) * 10 >= oracle::pages(5 * MIB) * 9, "{}", ran.text());
        Ok(())
    });
}

#[test]
fn files_in_swappable_memory_stay_as_they_are() {
    let in_memory = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        let file = scratch.path().join("sparse");
        write_sparse(&file, 8 * MIB, &[0, 5, 700]);
        let before = (std::fs::read(&file).expect("own file"), oracle::map(&file));
        warm([&file]).run().exits(0);
        assert!(before == (std::fs::read(&file).expect("own file"), oracle::map(&file)), "a hole was filled");
        Ok(())
    };
    report("files_in_swappable_memory_stay_as_they_are", in_memory());
}

/// What must be the same after loading: content and allocated blocks.
fn what_counts(file: &Path) -> (Vec<u8>, u64) {
    let blocks = std::fs::metadata(file).expect("own file").blocks();
    (std::fs::read(file).expect("own file"), blocks)
}

#[test]
fn dirty_and_mapped_files_come_to_no_harm() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 5 * MIB);
    let sparse = scratch.path().join("sparse");
    write_sparse(&sparse, 5 * MIB, &[1, 600, 601]);
    [&file, &sparse].into_iter().for_each(|file| oracle::evict(file));
    let before = [what_counts(&file), what_counts(&sparse)];
    [&file, &sparse].into_iter().for_each(|file| oracle::evict(file));
    let _mapped = oracle::hold(&file, MIB, 64 << 10);
    let mut dirty = File::options().write(true).open(&file).expect("own file");
    dirty.write_all(b"newer").expect("room");
    let ran = warm([&file, &sparse]).run();
    assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
    dirty.sync_all().expect("room");
    let after = [what_counts(&file), what_counts(&sparse)];
    assert!(after[0].0.starts_with(b"newer") && after[0].0[5..] == before[0].0[5..], "its content changed");
    assert!(after[1] == before[1] && after[0].1 == before[0].1, "blocks or content changed");
}

#[test]
fn nothing_outside_of_a_range_is_loaded() {
    let scratch = Scratch::on_disk();
    let (page, size) = (oracle::page_size(), 6 * MIB + 123);
    let file = scratch.file("file", size);
    let pages = oracle::pages(size);
    for (name, resident) in pattern::ALL {
        for (from, to) in [(0, 512), (3, 700), (511, 1025), (600, pages), (pages - 1, pages)] {
            oracle::evict(&file);
            oracle::touch(&file, &resident(pages));
            let before = oracle::map(&file);
            let range = format!("{}+{}", from * page, (to - from) * page);
            let ran = warm(["--range", &range]).arg(&file).run();
            let after = oracle::map(&file);
            assert!([0, 3].contains(&ran.code()), "{}", ran.stderr);
            let loaded: Vec<u64> = (0..)
                .zip(before.iter().zip(&after))
                .filter(|(_, (was, is))| !*was && **is)
                .map(|(page, _)| page)
                .collect();
            assert!(loaded.iter().all(|page| (from..to).contains(page)), "{name} {from}..{to}: {loaded:?}");
            let changed = number(ran.records().only("file"), "changed_pages");
            assert!(loaded.len() as u64 <= changed, "{name} {from}..{to}: {loaded:?}: {}", ran.text());
        }
    }
}
