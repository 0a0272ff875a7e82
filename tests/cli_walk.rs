//! Walks that are hard: few descriptors or threads, several ways to one directory, options that look at the way.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::os::unix::fs::symlink;

use support::command::{Incore, ndjson, number};
use support::mounts::privately;
use support::scratch::Scratch;

/// How many files the command counts, with no error.
fn files(command: Incore) -> u64 {
    number(command.run().exits(0).records().only("total"), "files")
}

/// Directories in each other, each with so many long names that one batch does not hold them all.
fn make_deep_and_crowded_tree(scratch: &Scratch, levels: usize, names: usize) {
    let mut directory = scratch.dir("tree");
    for _ in 0..levels {
        for number in 0..names {
            let name = format!("{number:03}-{}", "n".repeat(200));
            std::fs::write(directory.join(name), "").expect("own file");
        }
        directory.push("d");
        std::fs::create_dir(&directory).expect("own directory");
    }
}

#[test]
fn crowded_directories_in_each_other_need_few_descriptors() {
    let scratch = Scratch::on_disk();
    make_deep_and_crowded_tree(&scratch, 60, 200);
    for jobs in ["1", "2", "4"] {
        let command = ndjson(["--summary", "--jobs", jobs, "tree"]).in_dir(scratch.path());
        assert_eq!(files(command.through(["limit-fds", "64"])), 60 * 200, "--jobs {jobs}");
    }
}

#[test]
fn many_named_directories_need_few_descriptors() {
    let scratch = Scratch::on_disk();
    let names: Vec<String> = (0..200).map(|number| format!("tree/{number}")).collect();
    for name in &names {
        scratch.file(&format!("{name}/file"), 1);
    }
    let command = ndjson(["--summary"].into_iter().chain(names.iter().map(String::as_str)));
    assert_eq!(files(command.in_dir(scratch.path()).through(["limit-fds", "64"])), 200);
}

#[test]
fn any_number_of_jobs_will_do() {
    let scratch = Scratch::on_disk();
    scratch.file("tree/file", 1);
    for jobs in ["1000", "18446744073709551615"] {
        let command = ndjson(["--summary", "--jobs", jobs, "tree"]).in_dir(scratch.path());
        assert_eq!(files(command.through(["limit-fds", "256"])), 1, "--jobs {jobs}");
    }
}

#[test]
fn another_path_never_takes_files_away() {
    let scratch = Scratch::on_disk();
    scratch.file("tree/b/x.dat", 1);
    for paths in [&["tree"][..], &["tree", "tree/b"], &["tree/b", "tree"]] {
        let command =
            ndjson(["--summary", "--include", "b/*.dat"].iter().chain(paths)).in_dir(scratch.path());
        assert_eq!(files(command), 1, "{paths:?}");
    }
}

#[test]
fn a_shorter_way_counts_for_the_depth() {
    let scratch = Scratch::on_disk();
    scratch.file("tree/z/sub/file", 1);
    scratch.dir("tree/a");
    symlink("../z", scratch.path().join("tree/a/link")).expect("own link");
    for jobs in ["1", "2"] {
        for _ in 0..20 {
            let command = ndjson(["--summary", "--follow", "--max-depth", "3", "--jobs", jobs, "tree"]);
            assert_eq!(files(command.in_dir(scratch.path())), 1, "--jobs {jobs}");
        }
    }
}

#[test]
fn a_glob_sees_named_files_and_loops_end() {
    let scratch = Scratch::on_disk();
    scratch.file("tree/a/x.dat", 1);
    symlink("..", scratch.path().join("tree/a/up")).expect("own link");
    let run = |options: &[&str]| files(ndjson(["--summary"].iter().chain(options)).in_dir(scratch.path()));
    assert_eq!(run(&["--include", "tree/a/*.dat", "tree/a/x.dat"]), 1);
    assert_eq!(run(&["--exclude", "*.dat", "tree/a/x.dat"]), 0);
    assert_eq!(run(&["--exclude", "a/", "tree"]), 0);
    assert_eq!(run(&["--follow", "--include", "*.dat", "tree"]), 1);
}

#[test]
fn the_first_name_of_a_file_is_shown_whoever_finds_it() {
    let scratch = Scratch::on_disk();
    for number in 0..20 {
        let original = scratch.file(&format!("tree/c/{number:02}"), 1);
        for directory in ["a", "b"] {
            scratch.dir(&format!("tree/{directory}"));
            let name = scratch.path().join(format!("tree/{directory}/{number:02}"));
            std::fs::hard_link(&original, name).expect("own link");
        }
    }
    for _ in 0..10 {
        let records = ndjson(["--sort", "path", "tree"]).in_dir(scratch.path()).run().cleanly().records();
        let paths = records.paths("file");
        assert_eq!(paths.len(), 20);
        assert!(paths.iter().all(|path| path.starts_with("tree/a/")), "{paths:?}");
    }
}

#[test]
fn a_block_device_behind_a_link_in_a_tree_is_not_opened() {
    privately("a_block_device_behind_a_link_in_a_tree_is_not_opened", |mounts| {
        let image = mounts.scratch().file("image", 1 << 20);
        let device = support::mounts::LoopDevice::of(&image)?;
        mounts.scratch().dir("tree");
        symlink(device.path(), mounts.scratch().path().join("tree/link")).expect("own link");
        let walked = ndjson(["--summary", "--follow", "tree"]).in_dir(mounts.scratch().path());
        assert_eq!(files(walked), 0, "only a device that is named itself is read");
        let named = ndjson(["--summary"]).in_dir(mounts.scratch().path()).arg("tree/link");
        assert_eq!(files(named), 1);
        Ok(())
    });
}
