//! What scripts decide by: shares that are demanded or waited for, paths of what is missing, metrics.

mod support;

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use support::command::incore;
use support::promtool::promtool;
use support::scratch::{Scratch, make_fifo, write_sparse};
use support::{Outcome, Skip, needs_root, oracle, report};

/// In memory as a whole, to the half, and not at all; on a filesystem whose pages do not go away.
fn three() -> Result<Scratch, Skip> {
    let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
    scratch.file("t/whole", 4 * page);
    write_sparse(&scratch.path().join("t/half"), 4 * page, &[0, 1]);
    write_sparse(&scratch.path().join("t/none"), 4 * page, &[]);
    Ok(scratch)
}

#[test]
fn a_share_of_all_files_is_demanded() {
    let test = || -> Outcome {
        let scratch = three()?;
        let ask =
            |share: &str, path: &str| incore(["--fail-under", share, path]).in_dir(scratch.path()).run();
        ask("50%", "t").cleanly();
        ask("50.001%", "t").exits(3).says("6 of 12 pages are");
        ask("100", "t/whole").cleanly();
        ask("1%", "t/none").exits(3);
        // A path that failed is worse than a share that is not met.
        ask("0%", "t/missing").exits(1).says("it is not known whether 0 % is in memory: 1 path failed");
        Ok(())
    };
    report("a_share_of_all_files_is_demanded", test());
}

/// Who reads the first line only, as `grep -q` does, still learns by the exit status what all files have.
#[test]
fn a_share_is_of_all_files_though_nobody_reads_on() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        for at in 0..2000 {
            scratch.file(&format!("t/{at:060}"), page);
        }
        write_sparse(&scratch.path().join("none"), 3000 * page, &[]);
        for format in ["ndjson", "csv", "paths"] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let ask = incore(["--fail-under", "90%", "--jobs", "1", "--format", format, "t", "none"]);
            let ran = ask.in_dir(scratch.path()).stdout(writer).run();
            ran.exits(3).says("2000 of 5000 pages are");
        }
        Ok(())
    };
    report("a_share_is_of_all_files_though_nobody_reads_on", test());
}

#[test]
fn what_is_unknown_is_not_met() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = three()?;
        let ran =
            incore(["--fail-under", "0%", "t/whole"]).through(["as", "65534"]).in_dir(scratch.path()).run();
        ran.exits(3).says("of 1 file it is unknown");
        let ran = incore(["--missing=1%", "t/whole"]).through(["as", "65534"]).in_dir(scratch.path()).run();
        assert_eq!(ran.exits(0).text(), "t/whole\n", "what may be missing is listed");
        Ok(())
    };
    report("what_is_unknown_is_not_met", test());
}

#[test]
fn waiting_ends_when_it_is_there() {
    let test = || -> Outcome {
        let scratch = three()?;
        let waiting =
            incore(["--wait", "100%", "--timeout", "2m", "t/none", "t/later"]).in_dir(scratch.path()).start();
        let page = oracle::page_size();
        write_sparse(&scratch.path().join("t/none"), 4 * page, &[0, 1, 2, 3]);
        scratch.file("t/later", page);
        waiting.end().cleanly();
        Ok(())
    };
    report("waiting_ends_when_it_is_there", test());
}

#[test]
fn waiting_ends_with_its_time_and_with_a_signal() {
    let test = || -> Outcome {
        let scratch = three()?;
        let ran = incore(["--wait", "1%", "--timeout", "50ms", "t/none"]).in_dir(scratch.path()).run();
        let ran = ran.exits(3).says("0 of 4 pages are");
        assert!(ran.text().contains("t/none"), "the report comes all the same");
        let missing = incore(["--wait", "1%", "--timeout", "50ms", "t/none", "t/still to come"]);
        missing.in_dir(scratch.path()).run().exits(3).says("still to come");
        let waiting = incore(["--wait", "1%", "--timeout", "2m", "t/none"]).in_dir(scratch.path()).start();
        // Before it listens the signal ends it as well, with another status.
        let listens = || {
            let status = fs::read_to_string(format!("/proc/{}/status", waiting.pid())).unwrap_or_default();
            status.lines().any(|line| line.starts_with("SigCgt:") && catches(line, libc::SIGTERM))
        };
        while !listens() {
            std::thread::yield_now();
        }
        waiting.signal(libc::SIGTERM);
        let ran = waiting.end().exits(143);
        assert_eq!(ran.text(), "", "nothing is looked at any more");
        Ok(())
    };
    report("waiting_ends_with_its_time_and_with_a_signal", test());
}

#[test]
fn a_range_that_a_file_has_not_yet_is_waited_for() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        scratch.file("short", page);
        let range = format!("{}+{page}", 4 * page);
        let wait = |arguments: &[&str]| {
            incore(["--wait", "100%", "--range", &range, "short"]).args(arguments).in_dir(scratch.path())
        };
        wait(&["--timeout", "50ms"]).run().exits(3).says("1 path failed");
        let waiting = wait(&["--timeout", "2m"]).start();
        write_sparse(&scratch.path().join("short"), 5 * page, &[4]);
        waiting.end().cleanly();
        Ok(())
    };
    report("a_range_that_a_file_has_not_yet_is_waited_for", test());
}

/// Whether a mask of proc(5) has a signal.
fn catches(line: &str, signal: i32) -> bool {
    let mask = line.split_whitespace().nth(1).and_then(|mask| u64::from_str_radix(mask, 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[test]
fn paths_of_what_is_missing() {
    let test = || -> Outcome {
        let scratch = three()?;
        scratch.file("t/new\nline", 1);
        write_sparse(&scratch.path().join("t/odd\n"), oracle::page_size(), &[]);
        let list = |arguments: &[&str]| incore(arguments).in_dir(scratch.path()).run().cleanly().stdout;
        let names = |text: Vec<u8>, end: u8| {
            let mut names: Vec<String> = text
                .split(|byte| *byte == end)
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(list(&["--missing", "-0", "t"]), 0), ["t/half", "t/none", "t/odd\n"]);
        assert_eq!(names(list(&["--missing=50%", "-0", "t"]), 0), ["t/none", "t/odd\n"]);
        assert_eq!(names(list(&["--format", "paths", "t/half", "t/none"]), b'\n'), ["t/half", "t/none"]);
        let records =
            String::from_utf8(list(&["--missing", "--format", "ndjson", "t/half", "t/whole"])).expect("text");
        assert!(records.contains("t/half") && !records.contains("t/whole"), "{records}");
        Ok(())
    };
    report("paths_of_what_is_missing", test());
}

#[test]
fn metrics_are_what_promtool_accepts() {
    let test = || -> Outcome {
        let scratch = three()?;
        scratch.file("t/a\"b\\c\nd", 1);
        // A byte that is no UTF-8, and a file that is called as that is written.
        let bytes = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
        fs::write(scratch.path().join("t").join::<&std::ffi::OsStr>(bytes), "1").expect("ours");
        scratch.file("t/\\xff", 1);
        let metrics = |arguments: &[&str]| incore(arguments).in_dir(scratch.path()).run().cleanly().text();
        let total = metrics(&["--format", "prometheus", "t"]);
        assert!(total.contains("\nmmapio_files 6\n") && !total.contains("path="), "{total}");
        let page = oracle::page_size();
        assert!(total.contains(&format!("\nmmapio_resident_bytes {}\n", 9 * page)), "{total}");
        let each = metrics(&["--format", "prometheus", "--top", "10", "t"]);
        assert!(each.contains(r#"mmapio_file_size_bytes{path="t/a\"b\\c\nd"} 1"#), "{each}");
        assert_eq!(each.matches("mmapio_file_resident_bytes{").count(), 6, "{each}");
        let series: Vec<_> =
            each.lines().filter_map(|line| line.split_once("} ").map(|(labels, _)| labels)).collect();
        assert_eq!(series.iter().collect::<HashSet<_>>().len(), series.len(), "each is there once: {each}");
        promtool(&total)?;
        promtool(&each)
    };
    report("metrics_are_what_promtool_accepts", test());
}

#[test]
fn a_file_of_metrics_is_replaced_at_once_or_not_at_all() {
    let test = || -> Outcome {
        let scratch = three()?;
        let file = scratch.dir("collector").join("mmapio.prom");
        fs::write(&file, "old").expect("ours");
        let before = fs::metadata(&file).expect("there").ino();
        let ran = incore(["--textfile", "collector/mmapio.prom", "t"]).in_dir(scratch.path()).run().cleanly();
        assert_eq!(ran.text(), "");
        let made = fs::metadata(&file).expect("there");
        assert_ne!(made.ino(), before, "another file took its place");
        assert_eq!(made.permissions().mode() & 0o777, 0o644);
        assert!(fs::read_to_string(&file).expect("ours").contains("mmapio_files 3\n"));
        let failed = incore(["--textfile", "no/mmapio.prom", "t"]).in_dir(scratch.path()).run();
        failed.exits(1).says("no/mmapio.prom: open: No such file or directory");
        // A pipe has its reader until all of it is there.
        make_fifo(&scratch.path().join("pipe"));
        let reader = {
            let pipe = scratch.path().join("pipe");
            std::thread::spawn(move || fs::read_to_string(pipe).expect("our pipe"))
        };
        let writing = incore(["--textfile", "pipe", "t"]).in_dir(scratch.path()).start();
        assert!(reader.join().expect("it reads").contains("mmapio_files 3\n"));
        writing.end().cleanly();
        needs_root()?;
        fs::set_permissions(file.parent().expect("a directory"), fs::Permissions::from_mode(0o755))
            .expect("ours");
        let failed = incore(["--textfile", "collector/mmapio.prom", "t"]).through(["as", "65534"]);
        failed.in_dir(scratch.path()).run().exits(1).says("Permission denied");
        let left: Vec<_> = fs::read_dir(scratch.path().join("collector")).expect("ours").collect();
        assert_eq!(left.len(), 1, "nothing half-written is left");
        Ok(())
    };
    report("a_file_of_metrics_is_replaced_at_once_or_not_at_all", test());
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for arguments in [
        &["--null", "--format", "json", "/"][..],
        &["--textfile", "x", "--format", "csv", "/"],
        &["--textfile", "-", "/"],
        &["--timeout", "1s", "/"],
        &["--wait", "1%", "--fail-under", "1%", "/"],
        &["--missing", "--runs", "/"],
        &["--runs", "--format", "prometheus", "/"],
        &["--wait", "101%", "/"],
        &["--wait", "1%", "--timeout", "soon", "/"],
        &["--format", "prometheus", "--missing", "/"],
        &["--format", "prometheus", "--cached-only", "/"],
        &["--format", "prometheus", "--sort", "size", "/"],
        &["--watch", "--total", "/"],
        &["--watch", "--top", "1", "/"],
        &["--watch", "--cached-only", "--format", "ndjson", "/"],
    ] {
        incore(arguments.iter()).run().exits(2);
    }
}
