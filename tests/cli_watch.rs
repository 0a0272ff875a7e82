//! Watching where there is no terminal: a record a round, true at its time, until it is told to end.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use support::command::{Incore, Running, incore, number};
use support::model::while_steady;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, needs_root, oracle, report};

const SCHEMA: &str = include_str!("../docs/residency.schema.json");

#[track_caller]
fn assert_in_form(record: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let schema = json!({ "$schema": schema["$schema"], "$ref": "#/$defs/round", "$defs": schema["$defs"] });
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema).expect("the schema is a schema");
    let errors: Vec<String> = validator.iter_errors(record).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {record}");
}

/// A watch that goes on, and its records as they come.
struct Watch {
    running: Running,
    lines: BufReader<PipeReader>,
}

impl Watch {
    fn start(directory: &Path, paths: &[&str]) -> Self {
        Self::of(incore(["--watch=10ms"]).args(paths).in_dir(directory))
    }

    fn of(command: Incore) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        Self { running: command.stdout(writer).start(), lines: BufReader::new(reader) }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        assert!(line.ends_with('\n'), "a whole record: {line:?}");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The first record of which this holds.
    fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let record = self.next();
            if holds(&record) {
                return record;
            }
        }
    }
}

#[test]
fn every_round_is_what_is_there() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        let file = scratch.path().join("file");
        write_sparse(&file, 100 * page, &[0, 1, 2, 50]);
        let run = || incore(["--watch=0.01", "--rounds", "3"]).arg(&file).run().cleanly().records();
        let (seen, records) = while_steady(|| oracle::resident(&file), run);
        assert_eq!(records.0.len(), 3);
        for (record, round) in records.0.iter().zip(1..) {
            assert_in_form(record);
            assert_eq!(number(record, "round"), round);
            assert_eq!(number(record, "resident_pages"), seen);
            assert_eq!((number(record, "pages"), number(record, "files")), (100, 1));
            let change = if round == 1 { Value::Null } else { json!(0) };
            assert_eq!(record["resident_pages_change"], change);
            assert_eq!(record["resident_pages_change_since_start"], 0);
        }
        assert_eq!(records.0[0]["seconds"], 0.0);
        let seconds: Vec<f64> = records.0.iter().filter_map(|record| record["seconds"].as_f64()).collect();
        assert!(seconds.windows(2).all(|two| two[1] >= two[0] + 0.01), "{seconds:?}");
        Ok(())
    };
    report("every_round_is_what_is_there", test());
}

#[test]
fn files_change_under_its_eyes() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        let file = scratch.path().join("file");
        write_sparse(&file, 10 * page, &[0]);
        let mut watch = Watch::start(scratch.path(), &["file"]);
        let resident = |pages: u64| move |record: &Value| record["resident_pages"] == pages;
        watch.until(resident(1));
        write_sparse(&file, 20 * page, &[0, 1, 2, 19]);
        let record = watch.until(resident(4));
        assert_eq!(
            (number(&record, "pages"), record["resident_pages_change_since_start"].as_i64()),
            (20, Some(3))
        );
        File::options().write(true).open(&file).and_then(|file| file.set_len(2 * page)).expect("ours");
        let record = watch.until(resident(2));
        assert_eq!(number(&record, "pages"), 2);
        let other = scratch.path().join("other");
        write_sparse(&other, 7 * page, &[0, 1, 2, 3, 4, 5]);
        fs::rename(&other, &file).expect("ours");
        let record = watch.until(resident(6));
        assert_eq!((number(&record, "pages"), record["resident_pages_change"].as_i64()), (7, Some(4)));
        fs::remove_file(&file).expect("ours");
        let record = watch.until(|record| record["errors"] == 1);
        assert_eq!((number(&record, "files"), record["resident_pages_change"].as_i64()), (0, Some(-6)));
        watch.next();
        write_sparse(&file, page, &[0]);
        watch.until(resident(1));
        let Watch { running, mut lines } = watch;
        running.signal(libc::SIGINT);
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("text");
        assert!(rest.is_empty() || rest.ends_with("}\n"), "the last record is whole: {rest:?}");
        let ran = running.end().exits(130);
        // Once each time that it failed, not once a round.
        assert_eq!(ran.stderr.matches("file: open: No such file or directory").count(), 1, "{}", ran.stderr);
        Ok(())
    };
    report("files_change_under_its_eyes", test());
}

#[test]
fn files_come_and_go_below_a_directory() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        write_sparse(&scratch.path().join("one"), page, &[0]);
        let mut watch = Watch::start(scratch.path(), &["."]);
        watch.until(|record| record["files"] == 1);
        write_sparse(&scratch.path().join("two"), 3 * page, &[0, 1, 2]);
        watch.until(|record| record["files"] == 2 && record["resident_pages"] == 4);
        fs::remove_file(scratch.path().join("one")).expect("ours");
        let record = watch.until(|record| record["files"] == 1);
        assert_eq!((number(&record, "resident_pages"), number(&record, "errors")), (3, 0));
        watch.running.signal(libc::SIGTERM);
        assert_eq!(watch.running.end().exits(143).stderr, "");
        Ok(())
    };
    report("files_come_and_go_below_a_directory", test());
}

#[test]
fn nobody_reads_any_more() {
    let scratch = Scratch::on_disk();
    scratch.file("file", 1);
    let mut watch = Watch::start(scratch.path(), &["file"]);
    watch.next();
    let Watch { running, lines } = watch;
    drop(lines);
    running.end().cleanly();
}

#[test]
fn what_is_unknown_has_no_changes() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::in_memory()?;
        scratch.file("file", 3);
        let watch = incore(["--watch=10ms", "--rounds=2", "file"]).through(["as", "65534"]);
        let records = watch.in_dir(scratch.path()).run().cleanly().records();
        assert_eq!(records.0.len(), 2);
        for record in &records.0 {
            assert_in_form(record);
            assert_eq!(number(record, "unknown_files"), 1);
            for field in ["resident_pages", "resident_pages_change", "resident_pages_change_since_start"] {
                assert_eq!(record[field], Value::Null, "{record}");
            }
        }
        Ok(())
    };
    report("what_is_unknown_has_no_changes", test());
}

/// That a path cannot be looked at is no eviction, and that it is well again no loading.
#[test]
fn a_path_that_fails_makes_the_change_unknown() {
    let test = || -> Outcome {
        needs_root()?;
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        let mode =
            |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
        let directory = scratch.dir("d");
        mode(&scratch.file("d/closed", 2 * page), 0o666);
        mode(&scratch.file("open", page), 0o666);
        let command = incore(["--watch=10ms", "d", "open"]).through(["as", "65534"]).in_dir(scratch.path());
        let mut watch = Watch::of(command);
        let changes = |record: &Value| {
            let [last, start] =
                ["resident_pages_change", "resident_pages_change_since_start"].map(|of| &record[of]);
            (record["resident_pages"].as_u64(), last.as_i64(), start.as_i64())
        };
        watch.until(|record| changes(record) == (Some(3), Some(0), Some(0)));
        mode(&directory, 0o700);
        let record = watch.until(|record| record["errors"] == 1);
        assert_eq!(changes(&record), (Some(1), None, None));
        assert_eq!(changes(&watch.next()), (Some(1), Some(0), None), "of the same files as the round before");
        mode(&directory, 0o755);
        let record = watch.until(|record| record["errors"] == 0);
        assert_eq!(changes(&record), (Some(3), None, Some(0)));
        watch.running.signal(libc::SIGTERM);
        watch.running.end().exits(143);
        Ok(())
    };
    report("a_path_that_fails_makes_the_change_unknown", test());
}

#[test]
fn the_last_round_tells_whether_paths_failed() {
    let scratch = Scratch::on_disk();
    scratch.file("file", 1);
    let watch = |path: &str| incore(["--watch=10ms", "--rounds=2", path]).in_dir(scratch.path());
    watch("file").run().cleanly();
    let ran = watch("missing").run().exits(1);
    assert_eq!(ran.stderr, "mmapio: missing: open: No such file or directory\n", "said once");
    assert_eq!(ran.records().0.len(), 2);
    assert_eq!(watch("missing").arg("-q").run().exits(1).stderr, "");
    let listed = incore(["--watch=10ms", "--rounds=2", "--files-from", "-"]).stdin(b"file\n");
    assert_eq!(listed.in_dir(scratch.path()).run().cleanly().records().0.len(), 2);
    let unreadable = incore(["--watch", "--files-from", "missing"]).in_dir(scratch.path()).run();
    unreadable.exits(1).says("missing: open: No such file or directory");
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for arguments in [
        &["--watch=0", "/"][..],
        &["--watch=1ms", "/"],
        &["--watch=soon", "/"],
        &["--rounds", "2", "/"],
        &["--watch", "--rounds", "0", "/"],
        &["--watch", "--runs", "/"],
        &["--watch", "--missing", "/"],
        &["--watch", "-0", "/"],
        &["--watch", "--wait", "1%", "/"],
        &["--watch", "--fail-under", "1%", "/"],
        &["--watch", "--textfile", "x", "/"],
        &["--watch", "--columns", "path", "/"],
        &["--watch", "--open"],
        &["--watch", "--svg", "x", "/"],
        &["--watch", "--format", "json", "/"],
        &["--watch", "--format", "csv", "/"],
        &["--watch", "--format", "paths", "/"],
        &["--watch", "--format", "prometheus", "/"],
        // Standard output is no terminal here.
        &["--watch", "--format", "table", "/"],
        &["--watch"],
    ] {
        incore(arguments.iter()).run().exits(2);
    }
}
