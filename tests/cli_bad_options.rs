//! Options that make no sense, lists that cannot be read, and outputs that take nothing.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;

use support::command::{Ran, incore, ndjson, number};
use support::oracle;
use support::scratch::Scratch;
use support::{Outcome, needs_root, report};

const FORMATS: [&str; 4] = ["table", "json", "ndjson", "csv"];

/// The command with these options on a file of three pages and a bit.
fn with(options: &[&str]) -> Ran {
    let scratch = Scratch::on_disk();
    scratch.file("file", 3 * oracle::page_size() + 10);
    ndjson(options).arg("file").in_dir(scratch.path()).run()
}

#[test]
fn a_range_beyond_the_end_is_an_error_of_the_named_path() {
    let end = 3 * oracle::page_size() + 10;
    for start in [end, end + 1, 1 << 40] {
        let ran = with(&["--range", &start.to_string()]).exits(1).says("mmapio: file: ");
        assert!(ran.records().of_type("file").is_empty(), "{start}");
        assert_eq!(ran.records().only("error")["path"], "file");
    }
}

#[test]
fn a_range_beyond_the_end_is_no_pages_in_a_walk() {
    let scratch = Scratch::on_disk();
    scratch.file("short", 10);
    scratch.file("long", 5 * oracle::page_size());
    let start = (2 * oracle::page_size()).to_string();
    let records =
        ndjson(["--total", "--range", &start, "."]).in_dir(scratch.path()).run().cleanly().records();
    assert_eq!(number(records.only("total"), "pages"), 3);
}

#[test]
fn a_range_that_ends_beyond_the_end_is_cut() {
    let records = with(&["--range", &format!("{}+{}", oracle::page_size(), 1_u64 << 40)]).cleanly().records();
    assert_eq!(number(records.only("file"), "pages"), 3);
}

#[test]
fn a_range_that_overflows_is_wrong_usage() {
    for range in
        ["9223372036854775807+1", "1+9223372036854775807", "9223372036854775808", "18446744073709551615+1"]
    {
        let ran = with(&["--range", range]).exits(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{range}");
    }
}

#[test]
fn the_largest_range_is_the_whole_file() {
    let records = with(&["--range", "0+9223372036854775807"]).exits(0).records();
    assert_eq!(number(records.only("file"), "pages"), 4);
}

#[test]
fn an_unaligned_range_is_rounded_out_and_says_so() {
    let page = oracle::page_size();
    let ran = with(&["--range", &format!("{}+{page}", page + 1)]).exits(0);
    assert!(!ran.stderr.is_empty(), "the rounding is spoken of");
    let records = ran.records();
    assert_eq!(number(records.only("file"), "offset"), page);
    assert_eq!(number(records.only("file"), "length"), 2 * page);
    assert_eq!(number(records.only("file"), "pages"), 2);
}

#[test]
fn what_is_no_range_is_wrong_usage() {
    for range in ["", "+", "a", "1+", "-1", "1+-1", "1+2+3"] {
        let ran = with(&[&format!("--range={range}")]).exits(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{range:?}");
    }
}

#[test]
fn wrong_values_are_wrong_usage() {
    let wrong: [&[&str]; 12] = [
        &["--columns", "path,colour"],
        &["--columns", ""],
        &["--sort", "colour"],
        &["--top", "0"],
        &["--top", "-1"],
        &["--top", "all"],
        &["--jobs", "many"],
        &["--min-size", "big"],
        &["--max-depth", "-1"],
        &["--format", "xml"],
        &["--probe", "guess"],
        &["--include", "[a"],
    ];
    for options in wrong {
        let ran = with(options).exits(2);
        assert!(ran.stdout.is_empty(), "{options:?}");
        assert!(!ran.stderr.is_empty(), "{options:?}");
    }
}

#[test]
fn an_unknown_column_is_named() {
    with(&["--columns", "path,colour"]).exits(2).says("colour");
}

/// A directory with the files `one` and `two`, and the command on a list of paths there.
fn listed(option: &str, list: &[u8]) -> Ran {
    let scratch = Scratch::on_disk();
    scratch.file("one", 10);
    scratch.file("two", 10);
    scratch.file("a\nb", 10);
    std::fs::write(scratch.path().join("list"), list).expect("own file");
    ndjson([option, "list"]).in_dir(scratch.path()).run()
}

#[test]
fn a_list_needs_no_final_newline() {
    assert_eq!(listed("--files-from", b"one\ntwo").cleanly().records().paths("file"), ["one", "two"]);
    assert_eq!(listed("--files-from", b"one\ntwo\n").cleanly().records().paths("file"), ["one", "two"]);
}

#[test]
fn a_list_may_be_separated_by_nul() {
    assert_eq!(listed("--files0-from", b"one\0a\nb").cleanly().records().paths("file"), ["a\nb", "one"]);
    assert_eq!(listed("--files0-from", b"one\0a\nb\0").cleanly().records().paths("file"), ["a\nb", "one"]);
}

#[test]
fn an_empty_list_is_no_files() {
    for option in ["--files-from", "--files0-from"] {
        let ran = listed(option, b"").cleanly();
        assert!(ran.records().of_type("file").is_empty(), "{}", ran.text());
    }
}

#[test]
fn a_bad_path_of_a_list_is_named_and_the_rest_goes_on() {
    let ran = listed("--files-from", b"one\nmissing\ntwo\n").exits(1).says("mmapio: missing: ");
    assert_eq!(ran.records().paths("file"), ["one", "two"]);
}

#[test]
fn a_list_may_come_from_standard_input() {
    let scratch = Scratch::on_disk();
    scratch.file("one", 10);
    scratch.file("a\nb", 10);
    let from = |option, list: &[u8]| {
        ndjson([option, "-"]).in_dir(scratch.path()).stdin(list).run().cleanly().records()
    };
    assert_eq!(from("--files-from", b"one").paths("file"), ["one"]);
    assert_eq!(from("--files0-from", b"a\nb\0one\0").paths("file"), ["a\nb", "one"]);
}

#[test]
fn a_list_that_cannot_be_read_is_named() {
    let scratch = Scratch::on_disk();
    scratch.dir("directory");
    for (list, reason) in [("missing", "No such file"), ("directory", "Is a directory")] {
        for option in ["--files-from", "--files0-from"] {
            let ran = ndjson([option, list]).in_dir(scratch.path()).run().says(list).says(reason);
            assert_ne!(ran.code(), 0, "{option} {list}");
            assert_eq!(ran.stderr.matches(reason).count(), 1, "said once: {}", ran.stderr);
        }
    }
}

#[test]
fn a_list_that_may_not_be_read_is_named() {
    let forbidden = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let list = scratch.file("list", 10);
        std::fs::set_permissions(&list, Permissions::from_mode(0o600)).expect("own file");
        let ran = ndjson(["--files-from", "list"]).through(["as", "65534"]).in_dir(scratch.path()).run();
        assert_ne!(ran.says("list").says("Permission denied").code(), 0);
        Ok(())
    };
    report("a_list_that_may_not_be_read_is_named", forbidden());
}

/// The command on a small tree, in a format, with its output going there.
fn printing_to(format: &str, options: &[&str], output: impl Into<std::process::Stdio>) -> Ran {
    let scratch = Scratch::on_disk();
    for name in ["a", "b", "c"] {
        scratch.file(name, 10_000);
    }
    incore(["--format", format]).args(options).arg(".").in_dir(scratch.path()).stdout(output).run()
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    for format in FORMATS {
        for options in [&[][..], &["--runs"], &["--summary"]] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let ran = printing_to(format, options, writer).exits(0);
            assert_eq!(ran.stderr, "", "{format} {options:?}");
        }
    }
}

#[test]
fn a_full_output_is_an_error() {
    for format in FORMATS {
        for options in [&[][..], &["--runs"], &["--summary"]] {
            let full = File::options().write(true).open("/dev/full").expect("/dev/full");
            printing_to(format, options, full).exits(1).says("No space left on device");
        }
    }
}
