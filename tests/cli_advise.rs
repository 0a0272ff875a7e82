//! `mmapio advise`: what advice does is seen by an independent reader, what it must not do is never done, and what the kernel
//! refuses is named.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]
#![expect(clippy::unwrap_used, reason = "a file of the test's own that fails, fails the test")]

mod support;

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use mmapio_core::{
    ADVICES, Advice, AdviseOptions, AdvisedProcess, ByteRange, Observer, OpenFile, Pages, Reason, Unobserved,
    advise, extents_of,
};
use serde_json::Value;
use support::command::{Incore, Ran, mmapio, number};
use support::model::while_steady;
use support::mounts::{Mounts, privately};
use support::oracle::{self, Background};
use support::scratch::{Scratch, write_data, write_sparse};
use support::{Outcome, is_root, needs_root, report};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";

/// What the kernel must never be told of files.
const DESTRUCTIVE: [&str; 9] = [
    "remove",
    "free",
    "dontfork",
    "wipeonfork",
    "populate-write",
    "hwpoison",
    "soft-offline",
    "guard-install",
    "guard-remove",
];

/// `mmapio advise` with ndjson as its output.
fn advising<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    mmapio(["advise", "--format", "ndjson"].map(Into::into).into_iter().chain(args))
}

fn advised(advice: &str, file: &Path) -> Incore {
    advising([advice.as_ref(), file.as_os_str()])
}

fn only_file(ran: &Ran) -> Value {
    ran.records().only("file").clone()
}

/// Content that no other page has.
fn write_numbers(file: &Path, size: u64) -> Vec<u8> {
    let numbers = (0..size / 8).flat_map(u64::to_le_bytes).collect::<Vec<_>>();
    std::fs::write(file, &numbers).unwrap();
    File::open(file).unwrap().sync_all().unwrap();
    numbers
}

fn blocks(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().blocks()
}

/// Reads a file in one go, which is when no page can be told from another.
fn load(file: &Path) {
    std::fs::read(file).unwrap();
}

/// Done, or a refusal that names the file and a reason.
#[track_caller]
fn assert_done_or_refused(ran: &Ran, file: &Path) {
    let named = format!("mmapio: {}: ", file.display());
    match ran.code() {
        0 => assert!(ran.stderr.lines().all(|line| line.starts_with("mmapio: warning: ")), "{}", ran.stderr),
        code => {
            assert_eq!(code, 1, "{}", ran.stderr);
            assert!(ran.stderr.lines().any(|line| line.starts_with(&named)), "{}", ran.stderr);
        }
    }
}

/// Every advice, by every call, of a file with data and holes.
fn assert_harmless(dir: &Path) {
    let (whole, sparse) = (dir.join("whole"), dir.join("sparse"));
    let content = write_numbers(&whole, 5 * MIB);
    write_sparse(&sparse, 64 * MIB, &[0, 700, 701, 9000]);
    File::open(&sparse).unwrap().sync_all().unwrap();
    let allocated = [blocks(&whole), blocks(&sparse)];
    for advice in ADVICES {
        for call in [&[][..], &["--call", "madvise"], &["--call", "fadvise"]] {
            for file in [&whole, &sparse] {
                let ran = advised(advice.name, file).args(call).run();
                if ran.code() == 2 {
                    assert!(ran.stderr.contains("is carried by"), "{}", ran.stderr);
                    continue;
                }
                assert_done_or_refused(&ran, file);
            }
            assert!(std::fs::read(&whole).unwrap() == content, "{} changed content", advice.name);
            assert_eq!([blocks(&whole), blocks(&sparse)], allocated, "{} changed blocks", advice.name);
        }
    }
}

#[test]
fn no_advice_changes_content_or_blocks() {
    assert_harmless(Scratch::on_disk().path());
    let in_memory = || -> Outcome {
        assert_harmless(Scratch::in_memory()?.path());
        Ok(())
    };
    report("no_advice_changes_content_or_blocks (tmpfs)", in_memory());
}

#[test]
fn willneed_loads() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    for call in [&[][..], &["--call", "fadvise"]] {
        oracle::evict(&file);
        assert_eq!(oracle::resident(&file), 0);
        let record = only_file(&advised("willneed", &file).args(call).run().cleanly());
        assert_eq!(number(&record, "before_resident_pages"), 0, "{record}");
        assert_eq!(number(&record, "requested_pages"), oracle::pages(MIB), "{record}");
        assert!(number(&record, "changed_pages") > 0, "{record}");
        // What was started takes its time; the command does not wait for it.
        assert!((0..5000).any(|_| oracle::resident(&file) > 0), "{record}");
    }
}

#[test]
fn populate_read_loads_all_of_it() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 3 * MIB + 5);
    oracle::evict(&file);
    let record = only_file(&advised("populate-read", &file).run().cleanly());
    assert_eq!(number(&record, "requested_pages"), oracle::pages(3 * MIB + 5), "{record}");
    assert!(number(&record, "resident_pages") * 10 >= 9 * oracle::pages(3 * MIB), "{record}");
    let (resident, again) =
        while_steady(|| oracle::resident(&file), || advised("populate-read", &file).run());
    assert_eq!(number(&only_file(&again), "resident_pages"), resident);
}

#[test]
fn dontneed_and_pageout_drop_clean_pages() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 4 * MIB);
    for advice in ["dontneed", "pageout"] {
        // The kernel need not drop what it holds at that moment for a reason of its own.
        let dropped = (0..20).any(|_| {
            oracle::evict(&file);
            load(&file);
            let record = only_file(&advised(advice, &file).run().cleanly());
            let now = oracle::resident(&file);
            let was = number(&record, "before_resident_pages");
            assert_eq!(number(&record, "changed_pages"), was.abs_diff(number(&record, "resident_pages")));
            was > 500 && now < 10
        });
        assert!(dropped, "{advice} dropped nothing");
    }
}

#[test]
fn pageout_reaches_pages_that_are_scattered() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 4 * MIB);
    let every_third: Vec<u64> = (0..oracle::pages(4 * MIB)).step_by(3).collect();
    let dropped = (0..20).any(|_| {
        oracle::evict(&file);
        oracle::touch(&file, &every_third);
        let record = only_file(&advised("pageout", &file).run().cleanly());
        number(&record, "requested_pages") > 300 && oracle::resident(&file) < 10
    });
    assert!(dropped, "nothing was dropped");
}

#[test]
fn cold_changes_nothing_that_is_in_memory() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 2 * MIB);
    load(&file);
    let (resident, ran) = while_steady(|| oracle::resident(&file), || advised("cold", &file).run());
    let record = only_file(&ran);
    assert_eq!(number(&record, "resident_pages"), resident, "{record}");
    assert_eq!(number(&record, "requested_pages"), resident, "{record}");
}

#[test]
fn collapse_gives_huge_pages_where_memory_is_the_storage() {
    let outcome = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        let file = scratch.file("file", 5 * MIB);
        let ran = advised("collapse", &file).run();
        assert_done_or_refused(&ran, &file);
        if ran.code() == 0 {
            // Whole huge pages only: the rest of the last one is no data.
            assert_eq!(number(&only_file(&ran), "requested_pages"), oracle::pages(4 * MIB));
        }
        Ok(())
    };
    report("collapse_gives_huge_pages_where_memory_is_the_storage", outcome());
}

#[test]
fn a_range_is_all_that_is_advised() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 2 * MIB);
    let page = oracle::page_size();
    oracle::evict(&file);
    oracle::touch(&file, &(0..16).collect::<Vec<_>>());
    let range = format!("{}+{}", 4 * page, 8 * page);
    let record = only_file(&advised("dontneed", &file).args(&["--range", &range]).run().cleanly());
    assert_eq!(number(&record, "requested_pages"), 8, "{record}");
    assert_eq!(oracle::resident_in(&file, 4 * page, 8 * page), 0);
    assert!(oracle::resident_in(&file, 0, 4 * page) > 0, "what lies before was dropped, too");
}

#[test]
fn a_dry_run_changes_nothing() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 2 * MIB);
    let resident = || oracle::map(&file);
    for advice in ADVICES {
        load(&file);
        let (before, ran) = while_steady(resident, || advised(advice.name, &file).arg("--dry-run").run());
        let record = only_file(&ran.exits(0));
        let asked = number(&record, "requested_pages");
        let left = record["remaining"].as_array().unwrap();
        assert_eq!(number(&record, "changed_pages"), 0, "{record}");
        assert!(asked == 0 || left[0]["reason"] == "dry run" && left[0]["pages"] == asked, "{record}");
        assert_eq!(before.len() as u64, oracle::pages(2 * MIB));
    }
}

/// Interrupted before anything was done.
struct Stopped;

impl Observer for Stopped {
    fn is_stopped(&self) -> bool {
        true
    }
}

#[test]
fn what_is_interrupted_is_left_and_counted() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", MIB);
    let held = oracle::hold(&path, 0, MIB);
    let file = OpenFile::open(&path).unwrap();
    let extents = extents_of(&file, &[ByteRange::WHOLE]);
    let process = is_root().then(|| AdvisedProcess::open(held.pid()).unwrap());
    for advice in ADVICES {
        let mut options = AdviseOptions::default();
        options.process = process.as_ref().filter(|_| advice.to_others.is_some());
        let report = advise(&file, &extents, advice, options, &Stopped).unwrap();
        assert_eq!(Some(report.left(Reason::Interrupted)), report.requested, "{}", advice.name);
        assert_eq!(report.changed, Some(Pages(0)), "{}", advice.name);
    }
}

#[test]
fn advice_that_ends_with_the_process_says_so() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", MIB);
    for advice in ADVICES.iter().filter(|advice| !advice.usual().scope.outlives_the_process()) {
        let ran = advised(advice.name, &file).run();
        let words = format!("warning: `{}` by {} ends with the ", advice.name, advice.usual().call);
        assert!(ran.code() == 1 || ran.stderr.contains(&words), "{}", ran.stderr);
        assert_eq!(advised(advice.name, &file).arg("--quiet").run().stderr, "");
    }
}

fn list(format: &str) -> Ran {
    mmapio(["advise", "--list", "--format", format]).run().cleanly()
}

#[test]
fn the_list_has_every_row_in_every_format() {
    let document: Value = serde_json::from_slice(&list("json").stdout).unwrap();
    assert_eq!(document["version"], 1);
    let rows = document["advices"].as_array().unwrap();
    assert_eq!(list("ndjson").records().0, *rows);
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ADVICES.iter().map(|advice| advice.name).collect::<Vec<_>>());
    for row in rows {
        assert_eq!(row["data"], "nothing", "{row}");
        for field in ["constant", "carrier", "scope", "least_kernel", "effect"] {
            assert!(row[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {row}");
        }
        assert!(row["other_processes"].is_boolean(), "{row}");
    }
    for format in ["csv", "table"] {
        let text = list(format).text();
        let first = |line: &str| line.split([',', ' ']).next().unwrap().to_owned();
        assert_eq!(text.lines().skip(1).map(first).collect::<Vec<_>>(), names, "{format}");
    }
}

#[test]
fn nothing_destructive_is_spoken_of_or_taken() {
    let help = mmapio(["advise", "--help"]).run().text() + &list("table").text() + &list("json").text();
    let help = help.to_lowercase().replace('_', "-");
    let words: Vec<_> = help.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
    for name in DESTRUCTIVE {
        let constant = format!("madv-{name}");
        assert!(!words.iter().any(|word| *word == name || *word == constant), "{name}");
        mmapio(["advise", name, "/dev/null"]).run().exits(2).says("invalid value");
    }
}

#[test]
fn what_cannot_be_is_wrong_usage() {
    for (args, words) in [
        (&["advise"][..], "ADVICE"),
        (&["advise", "cold"], "no PATH"),
        (&["advise", "--columns", "size", "--", "cold"], "no PATH"),
        (&["advise", "--list", "cold", "/"], "cannot be used with"),
        (&["advise", "cold", "--call", "fadvise", "/"], "carried by madvise only"),
        (&["advise", "random", "--pid", "1", "/"], "willneed, cold, pageout, collapse"),
        (&["advise", "cold", "--pid", "0", "/"], "--pid"),
        (&["advise", "cold", "--pid", "1", "--call", "madvise", "/"], "cannot be used with"),
    ] {
        mmapio(args).run().exits(2).says(words);
    }
}

#[test]
fn a_large_sparse_file_has_nothing_to_read() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    write_sparse(&file, 4096 * MIB, &[]);
    for advice in ["willneed", "populate-read", "cold", "dontneed"] {
        let record = only_file(&advised(advice, &file).run().cleanly());
        assert_eq!(number(&record, "resident_pages"), 0, "{advice}: {record}");
    }
}

#[test]
fn pageout_of_files_of_others_is_refused_by_name() {
    let outcome = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", MIB);
        let _held = oracle::hold(&file, 0, MIB);
        let asked = advised("pageout", Path::new("file")).in_dir(scratch.path());
        let ran = asked.through(["as", NOBODY]).run().exits(1);
        let ran = ran.says("file: madvise: Operation not permitted: the kernel leaves out");
        assert_eq!(ran.records().of_type("file").len(), 0);
        assert_eq!(oracle::resident(&file), oracle::pages(MIB));
        Ok(())
    };
    report("pageout_of_files_of_others_is_refused_by_name", outcome());
}

/// `mmapio advise ADVICE --pid` of this process.
fn advised_in(process: &Background, advice: &str, path: &Path) -> Incore {
    advised(advice, path).args(&["--pid", &process.pid().to_string()])
}

/// How much of the file is in the page tables of a process, in bytes: `Rss` of its mappings.
fn mapped_bytes(process: &Background, file: &Path) -> u64 {
    let smaps = std::fs::read_to_string(format!("/proc/{}/smaps", process.pid())).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let mut ours = false;
    let mut bytes = 0;
    for line in smaps.lines() {
        match line.strip_prefix("Rss:") {
            Some(rest) if ours => bytes += 1024 * rest.trim().trim_end_matches(" kB").parse::<u64>().unwrap(),
            None if line.contains('-') => ours = line.ends_with(name),
            _ => {}
        }
    }
    bytes
}

#[test]
fn pages_of_another_process_are_paged_out() {
    let outcome = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("mapped-by-another", 2 * MIB);
        let dropped = (0..20).any(|_| {
            oracle::evict(&file);
            let process = oracle::mapped(&file, 0, 2 * MIB);
            let mapped = mapped_bytes(&process, &file);
            assert!(mapped > 0, "the oracle maps nothing");
            let record = only_file(&advised_in(&process, "pageout", &file).run().cleanly());
            assert_eq!(number(&record, "requested_pages"), oracle::pages(2 * MIB), "{record}");
            number(&record, "changed_pages") > 400
                && mapped_bytes(&process, &file) * 10 < mapped
                && oracle::resident(&file) < 50
        });
        assert!(dropped, "nothing was paged out");
        Ok(())
    };
    report("pages_of_another_process_are_paged_out", outcome());
}

#[test]
fn only_what_the_process_maps_is_advised() {
    let outcome = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let page = oracle::page_size();
        let (file, other) = (scratch.file("tree/mapped", 64 * page), scratch.file("tree/other", page));
        let process = oracle::mapped(&file, 16 * page, 32 * page);
        let requested = |options: &[&str]| {
            number(
                &only_file(&advised_in(&process, "willneed", &file).args(options).run().cleanly()),
                "requested_pages",
            )
        };
        assert_eq!(requested(&[]), 32);
        assert_eq!(requested(&["--range", &format!("0+{}", 20 * page)]), 4);
        assert_eq!(requested(&["--dry-run"]), 32);
        let words = format!("is not mapped by process {}", process.pid());
        advised_in(&process, "cold", &other).run().exits(1).says(&words);
        let outside = format!("0+{}", 8 * page);
        advised_in(&process, "cold", &file).args(&["--range", &outside]).run().exits(1).says(&words);
        let tree = advised_in(&process, "cold", &scratch.path().join("tree")).run().cleanly();
        assert_eq!(tree.records().paths("file"), [file.to_str().unwrap()]);
        Ok(())
    };
    report("only_what_the_process_maps_is_advised", outcome());
}

#[test]
fn refusals_about_a_process_say_what_is_missing() {
    let outcome = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let file = scratch.file("file", MIB);
        // By its name alone: the way to the directory may be closed to other users.
        let (name, length) = (Path::new("file"), MIB.to_string());
        let program = oracle::path().to_str().unwrap();
        let own = ["as", NOBODY, "--", program, "mapped", "file", "0", &length];
        let own = Background::start_in(scratch.path(), &own);
        let as_nobody = |process: &Background| {
            advised_in(process, "cold", name).in_dir(scratch.path()).through(["as", NOBODY]).run()
        };
        as_nobody(&own).exits(1).says("process_madvise: Operation not permitted").says("needs CAP_SYS_NICE");
        let of_root = oracle::mapped(&file, 0, MIB);
        as_nobody(&of_root).exits(1).says("Permission denied").says("PTRACE_MODE_READ");
        let pid = of_root.pid().to_string();
        drop(of_root);
        advised("cold", &file)
            .args(&["--pid", &pid])
            .run()
            .exits(1)
            .says(&format!("there is no process {pid}"));
        let locked = oracle::hold(&file, 0, MIB);
        advised_in(&locked, "pageout", &file).run().exits(1).says("locked (mlock)");
        Ok(())
    };
    report("refusals_about_a_process_say_what_is_missing", outcome());
}

/// The first byte of the first page that cannot be read.
fn first_unreadable(file: &Path) -> u64 {
    let (open, page) = (File::open(file).unwrap(), oracle::page_size());
    let size = std::fs::metadata(file).unwrap().len();
    let fails = |at: &u64| open.read_at(&mut [0], *at).is_err();
    (0..size / page).map(|at| at * page).find(fails).expect("the end of the image is gone")
}

/// A file of which a part is gone: the image of its filesystem was cut short.
fn damaged(mounts: &Mounts<'_>) -> Result<std::path::PathBuf, support::Skip> {
    let file = mounts.ext4(64 * MIB)?.join("file");
    write_data(&file, 32 * MIB);
    oracle::evict(&file);
    let image = mounts.scratch().path().join("tmpfs/ext4.img");
    File::options().write(true).open(image).unwrap().set_len(24 * MIB).unwrap();
    Ok(file)
}

#[test]
fn an_unreadable_page_is_named_with_its_offset() {
    privately("an_unreadable_page_is_named_with_its_offset", |mounts| {
        let file = damaged(mounts)?;
        let ran = advised("populate-read", &file).run().exits(1);
        let offset = first_unreadable(&file);
        let ran = ran.says(&format!("Input/output error at offset {offset}"));
        let records = ran.records();
        assert_eq!(number(records.of_type("error")[0], "offset"), offset);
        let record = records.only("file");
        assert!(record["remaining"].as_array().unwrap().iter().any(|left| left["reason"] == "unreadable"));
        for advice in ADVICES.iter().filter(|advice| advice.name != "populate-read") {
            assert_done_or_refused(&advised(advice.name, &file).run(), &file);
        }
        Ok(())
    });
}

/// Advises about a file while it is truncated and grows again.
fn assert_survives(file: &Path, rounds: u32) {
    let size = std::fs::metadata(file).unwrap().len().to_string();
    let resizer = Background::start(&["resize", file.to_str().unwrap(), "0", &size, "4097"]);
    let advices =
        ["populate-read", "pageout", "cold", "willneed", "dontneed"].map(|name| Advice::find(name).unwrap());
    let (mut raced, mut round) = (0, 0);
    // On a busy machine the other process may have no turn for a while.
    while round < rounds || (raced == 0 && round < 50 * rounds) {
        let open = OpenFile::open(file).unwrap();
        let advice = advices[round as usize % advices.len()];
        let extents = extents_of(&open, &[ByteRange::WHOLE]);
        let report = advise(&open, &extents, advice, AdviseOptions::default(), &Unobserved).unwrap();
        assert!(report.errors.is_empty(), "{}: {:?}", advice.name, report.errors);
        assert!(report.left(Reason::Truncated) <= report.requested.unwrap());
        raced += u32::from(report.before.changed || report.after.changed);
        round += 1;
    }
    // How often it changes depends on the storage; that it changed under an advice is what this is about.
    assert!(resizer.stop() > 0 && raced > 0, "the file did not change");
}

#[test]
fn a_file_that_is_truncated_kills_nobody() {
    const ROUNDS: u32 = 2000;
    assert_survives(&Scratch::on_disk().file("file", MIB), ROUNDS);
    let in_memory = || -> Outcome {
        assert_survives(&Scratch::in_memory()?.file("file", MIB), ROUNDS);
        Ok(())
    };
    report("a_file_that_is_truncated_kills_nobody (tmpfs)", in_memory());
}
