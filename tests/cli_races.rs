//! Files and trees that change while they are looked at: no crash, no malformed record, no way out of the tree.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::command::{Ran, Records, ndjson, number};
use support::model::{as_runs, assert_cover, assert_percent};
use support::oracle::Background;
use support::scratch::Scratch;
use support::{Outcome, report};

const MIB: u64 = 1 << 20;

/// How often a changing file is looked at, in each way, on each filesystem.
const FILE_ROUNDS: u32 = 150;

/// How often a changing tree is walked, in each of the four ways: 2,000 in all.
const TREE_ROUNDS: u32 = 500;

/// The size of a file that lies outside the tree, and which no file inside has.
const OUTSIDE: u64 = 12_345;

/// A file that changes its size again and again.
fn resizing(file: &Path, sizes: &[u64]) -> Background {
    let sizes = sizes.iter().map(|size| OsString::from(size.to_string()));
    let args: Vec<OsString> =
        ["resize".into(), file.as_os_str().to_owned()].into_iter().chain(sizes).collect();
    Background::start(&args)
}

/// Success, or a failure that names the path: nothing else may come of a change.
fn assert_ends_well(ran: &Ran, path: &Path) {
    let code = ran.code();
    assert!([0, 1].contains(&code), "exit status {code}: {}", ran.stderr);
    let named = format!("mmapio: {}", path.display());
    let mut errors = ran.stderr.lines().filter(|line| !line.starts_with("mmapio: warning: "));
    assert!(code == 0 || errors.clone().count() > 0, "a failure is named");
    assert!(errors.all(|line| line.starts_with(&named)), "{}", ran.stderr);
}

/// Looks at the file in both ways while it changes, and demands records that hold together.
fn assert_holds_together(file: &Path, sizes: &[u64]) {
    let resizer = resizing(file, sizes);
    for _ in 0..FILE_ROUNDS {
        let counted = ndjson([file]).run();
        assert_ends_well(&counted, file);
        counted.records().of_type("file").into_iter().for_each(assert_possible);
        let mapped = ndjson(["--runs", "--total"]).arg(file).run();
        assert_ends_well(&mapped, file);
        assert_runs_hold_together(&mapped.records());
    }
    assert!(resizer.stop() >= 2 * u64::from(FILE_ROUNDS), "the file changed at least once in each round");
}

fn assert_possible(record: &Value) {
    assert_percent(record);
    let size = number(record, "size");
    assert_eq!(number(record, "pages"), support::oracle::pages(size), "{record}");
}

/// The runs cover the size that was seen.
fn assert_runs_hold_together(records: &Records) {
    let runs = as_runs(&records.of_type("run"));
    if records.of_type("error").is_empty() {
        assert_cover(&runs, 0, number(records.only("total"), "size"));
    }
}

/// From 0 to 16 MiB in small steps.
fn growing() -> Vec<u64> {
    (0..=4096).map(|step| step * 4096).collect()
}

fn on_every_filesystem(test: &str, body: impl Fn(&Path)) {
    body(&Scratch::on_disk().file("file", 4 * MIB));
    let in_memory = || -> Outcome {
        body(&Scratch::in_memory()?.file("file", 4 * MIB));
        Ok(())
    };
    report(&format!("{test} (tmpfs)"), in_memory());
}

#[test]
fn a_file_that_is_truncated_holds_together() {
    on_every_filesystem("a_file_that_is_truncated_holds_together", |file| {
        assert_holds_together(file, &[0, 4 * MIB, 4097, 3 * MIB]);
    });
}

#[test]
fn a_file_that_grows_holds_together() {
    on_every_filesystem("a_file_that_grows_holds_together", |file| assert_holds_together(file, &growing()));
}

#[test]
fn a_large_sparse_file_that_shrinks_holds_together() {
    on_every_filesystem("a_large_sparse_file_that_shrinks_holds_together", |file| {
        assert_holds_together(file, &[1 << 40, 5, 1 << 33]);
    });
}

#[test]
fn a_change_of_size_is_marked() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 0);
    // So many pages take mincore longer than any process waits for its turn.
    let resizer = resizing(&file, &[1 << 30, (1 << 30) - 4096]);
    let look = || ndjson(["--probe", "mincore"]).arg(&file).run().exits(0).records().only("file").clone();
    let marked = (0..100).map(|_| look()).find(|record| record["changed"] == true);
    resizer.stop();
    assert_possible(&marked.expect("the size changes without end"));
    let still = look();
    assert_eq!(still.get("changed"), None, "{still}");
}

/// A tree for `churn`: directories `a` and `b`, a file `f`, and links to the outside that take their places.
struct Churned {
    scratch: Scratch,
    tree: PathBuf,
}

impl Churned {
    fn new() -> Churned {
        let scratch = Scratch::on_disk();
        let tree = scratch.dir("tree");
        for name in ["tree/a/1", "tree/a/sub/2", "tree/b/3", "tree/f"] {
            std::fs::create_dir_all(scratch.path().join(name).parent().expect("in a directory"))
                .expect("own directory");
            scratch.file(name, 4096);
        }
        scratch.dir("outside/sub");
        for name in ["outside/1", "outside/sub/2", "outside/outsider"] {
            scratch.file(name, OUTSIDE);
        }
        symlink(scratch.path().join("outside"), tree.join("a-link")).expect("symbolic links");
        symlink("../outside/outsider", tree.join("f-link")).expect("symbolic links");
        Churned { scratch, tree }
    }

    /// Walks it many times while it changes.
    fn walk(&self, options: &[&str], judge: impl Fn(&Records)) {
        let churn = Background::start(&["churn".into(), self.tree.as_os_str().to_owned()]);
        for _ in 0..TREE_ROUNDS {
            let ran = ndjson(options).arg("tree").in_dir(self.scratch.path()).run();
            assert_ends_well(&ran, Path::new("tree"));
            judge(&ran.records());
        }
        assert!(churn.stop() >= u64::from(TREE_ROUNDS), "the tree changed at least once in each round");
    }
}

/// What lies outside has its own size and, some of it, its own name: it must not be reported by any.
fn assert_inside(records: &Records) {
    for record in &records.0 {
        assert_ne!(record["size"], OUTSIDE, "{record}");
        let path = record["path"].as_str().unwrap_or("tree/total");
        assert!(path.starts_with("tree") && !path.contains("outsider"), "{record}");
    }
}

/// What nobody moves is always seen.
fn assert_sees_what_stays(records: &Records) {
    assert!(records.paths("file").contains(&"tree/b/3"), "{:?}", records.0);
    assert_inside(records);
}

#[test]
fn a_changing_tree_is_never_left() {
    Churned::new().walk(&[], assert_sees_what_stays);
}

#[test]
fn a_changing_tree_is_never_left_by_many_jobs() {
    Churned::new().walk(&["--jobs", "8", "--total"], |records| {
        assert_sees_what_stays(records);
        assert_eq!(number(records.only("total"), "files"), count(records));
    });
}

#[test]
fn a_changing_tree_is_never_left_for_runs() {
    Churned::new().walk(&["--runs"], assert_inside);
}

#[test]
fn a_changing_tree_with_links_followed_ends_well() {
    // Followed links lead outside by right; that it ends, with records in form, is what is left to demand.
    Churned::new().walk(&["--follow", "--total"], |records| {
        assert_eq!(number(records.only("total"), "files"), count(records));
    });
}

fn count(records: &Records) -> u64 {
    u64::try_from(records.of_type("file").len()).expect("few files")
}
