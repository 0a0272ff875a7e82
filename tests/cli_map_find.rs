//! `mmapio map --find`: beside a naive search, over holes and pages that cannot be read, and while the file is truncated.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use support::command::{Incore, Ran, mmapio, number};
use support::damage::{self, Damaged};
use support::scratch::{Scratch, write_sparse};
use support::truncated::Truncating;
use support::{Outcome, mounts, oracle, report};

const MIB: u64 = 1 << 20;
const PAGE: usize = 4096;

/// How often a file is truncated while it is searched.
const ROUNDS: u32 = 2000;

fn find(pattern: impl AsRef<OsStr>, options: &[&str], file: &Path) -> Incore {
    mmapio(["map", "--find"]).arg(pattern).args(options).arg(file)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("memory");
        text
    })
}

/// The offsets of a table, whose two columns must agree.
fn offsets(ran: &Ran) -> Vec<u64> {
    let line = |line: &str| {
        let (decimal, hex) = line.trim_start().split_once("  0x").expect("two columns");
        let offset = decimal.parse().expect("a number");
        assert_eq!(u64::from_str_radix(hex, 16), Ok(offset), "{line}");
        offset
    };
    ran.text().lines().map(line).collect()
}

/// What a search place by place finds.
fn naive(content: &[u8], pattern: &[u8]) -> Vec<u64> {
    let windows = content.windows(pattern.len()).enumerate();
    windows.filter(|(_, window)| *window == pattern).map(|(at, _)| at as u64).collect()
}

/// Some pages of a file.
#[derive(Debug, Clone)]
enum Part {
    Hole(usize),
    Zeros(usize),
    /// Bytes of few values, from this seed.
    Bytes(usize, u64),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        (1usize..300).prop_map(Part::Hole),
        (1usize..3).prop_map(Part::Hole),
        (1usize..3).prop_map(Part::Zeros),
        (1usize..200, any::<u64>()).prop_map(|(pages, seed)| Part::Bytes(pages, seed)),
        (1usize..3, any::<u64>()).prop_map(|(pages, seed)| Part::Bytes(pages, seed)),
    ];
    proptest::collection::vec(part, 0..9)
}

/// Writes the parts one behind the other, then cuts the end; what the file holds.
fn write_parts(path: &Path, parts: &[Part], cut: usize) -> Vec<u8> {
    let file = File::create(path).expect("own file");
    let mut content = Vec::new();
    for part in parts {
        let start = content.len();
        match part {
            Part::Hole(pages) | Part::Zeros(pages) => content.resize(start + pages * PAGE, 0),
            Part::Bytes(pages, seed) => content.extend(few_values(pages * PAGE, *seed)),
        }
        if !matches!(part, Part::Hole(_)) {
            file.write_all_at(&content[start..], start as u64).expect("room");
        }
    }
    content.truncate(content.len().saturating_sub(cut));
    file.set_len(content.len() as u64).expect("own file");
    content
}

/// Mostly zeros, ones and twos, so that short patterns are found often.
fn few_values(length: usize, seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed | 1;
    (0..length).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        [0, 0, 0, 1, 2, 0, 1, 255][usize::try_from(state >> 61).expect("three bits")]
    })
}

/// A pattern that is in the file, mostly: from a place around the border of a part, or anywhere.
fn pattern_of(content: &[u8], place: usize, length: usize, edge: bool) -> Vec<u8> {
    if content.is_empty() {
        return vec![0];
    }
    let place = place % content.len();
    let start = if edge { (place / PAGE * PAGE).saturating_sub(length / 2) } else { place };
    content[start..(start + length).min(content.len())].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn finds_are_those_of_a_naive_search(
        parts in parts(), cut in 0usize..5000, place in any::<usize>(), edge in any::<bool>(),
        length in prop_oneof![1usize..6, 6usize..40, 4000usize..9000], from in 0u64..3_000_000,
    ) {
        let scratch = Scratch::on_disk();
        let file = scratch.path().join("file");
        let content = write_parts(&file, &parts, cut);
        let pattern = pattern_of(&content, place, length, edge);
        let expected = naive(&content, &pattern);
        let ran = find(hex(&pattern), &[], &file).run();
        prop_assert_eq!(ran.code(), if expected.is_empty() { 3 } else { 0 });
        prop_assert!(offsets(&ran) == expected, "{} of {} found", offsets(&ran).len(), expected.len());
        let counted = find(hex(&pattern), &["--count"], &file).run();
        prop_assert_eq!(counted.text().trim().parse::<usize>(), Ok(expected.len()));
        if from < content.len() as u64 {
            let expected: Vec<u64> = expected.into_iter().filter(|at| *at >= from).collect();
            let ran = find(hex(&pattern), &["--range", &from.to_string()], &file).run();
            prop_assert!(offsets(&ran) == expected, "from {from}");
        }
    }
}

fn small(scratch: &Scratch, content: &[u8]) -> PathBuf {
    let file = scratch.path().join("small");
    std::fs::write(&file, content).expect("own file");
    file
}

#[test]
fn text_bytes_and_literal_text() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"0xCAFE \xca\xfe \xca\xfe0xcafe");
    assert_eq!(offsets(&find("0xCAFE", &[], &file).run().cleanly()), [7, 10]);
    assert_eq!(offsets(&find("0xcafe", &["--literal"], &file).run().cleanly()), [12]);
    assert_eq!(offsets(&find("CAFE", &[], &file).run().cleanly()), [2]);
    let bytes = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xfe ");
    assert_eq!(offsets(&find(bytes, &[], &file).run().cleanly()), [8]);
    let table = find("0xCAFE", &[], &file).run().cleanly().text();
    assert_eq!(table, " 7  0x00000007\n10  0x0000000a\n");
}

#[test]
fn patterns_that_are_none_are_wrong_usage() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"text");
    for (pattern, why) in
        [("", "empty"), ("0x", "empty"), ("0x123", "two are a byte"), ("0xhello", "--literal")]
    {
        find(pattern, &[], &file).run().exits(2).says(why);
    }
    find("x", &["--context", "2M"], &file).run().exits(2).says("1 MiB");
    find("x", &["--max-count", "0"], &file).run().exits(2);
    mmapio(["map", "--find", "x"]).run().exits(2).says("no FILE");
}

#[test]
fn nothing_found_is_status_3() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"text");
    for pattern in ["no", "textt", "text and much more of it than the file has"] {
        let ran = find(pattern, &[], &file).run().exits(3);
        assert_eq!((ran.text(), ran.stderr), (String::new(), String::new()), "{pattern}");
    }
    assert_eq!(find("no", &["--count"], &file).run().exits(3).text(), "0\n");
    find("no", &[], &scratch.file("empty", 0)).run().exits(3);
    find("no", &[], &scratch.path().join("missing")).run().exits(1).says("missing: open: No such file");
    find("no", &["--range", "4"], &file).run().exits(1).says("beyond the end at 4");
}

#[test]
fn finds_may_overlap_and_be_limited() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"aaaabaaa");
    assert_eq!(offsets(&find("aa", &[], &file).run().cleanly()), [0, 1, 2, 5, 6]);
    assert_eq!(offsets(&find("aa", &["--max-count", "4"], &file).run().cleanly()), [0, 1, 2, 5]);
    assert_eq!(find("aa", &["--max-count", "4", "--count"], &file).run().cleanly().text(), "4\n");
    assert_eq!(offsets(&find("aa", &["--range", "1+3"], &file).run().cleanly()), [1, 2]);
}

#[test]
fn a_long_pattern_in_a_file_of_one_byte_takes_no_longer() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("same", 8 * MIB);
    let pattern = "x".repeat(60_000);
    let counted = find(&pattern, &["--count"], &file).run().cleanly().text();
    assert_eq!(counted, format!("{}\n", 8 * MIB - 60_000 + 1));
}

#[test]
fn many_finds_come_in_order() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("same", 5 * MIB + 7);
    let found = offsets(&find("x", &[], &file).run().cleanly());
    assert!(found.into_iter().eq(0..5 * MIB + 7));
}

#[test]
fn zeros_are_found_in_holes_and_others_are_not_read() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("hole");
    write_sparse(&file, 1 << 40, &[5]);
    oracle::evict(&file);
    let count = |pattern: &str| find(pattern, &["--count"], &file).run().cleanly().text();
    assert_eq!(count("0x0000000000"), format!("{}\n", (1u64 << 40) - 4 - 5));
    assert_eq!(count("x"), "1\n");
    assert_eq!(count("0x00780000"), "1\n");
    find("0x01", &["--count"], &file).run().exits(3);
    assert_eq!(oracle::resident_in(&file, 100 * 4096, 64 * MIB), 0, "no page of a hole was read");
    let first = find("0x0000", &["--max-count", "3", "--range", "500G"], &file).run().cleanly();
    assert_eq!(offsets(&first), [0, 1, 2].map(|at| (500u64 << 30) + at));
}

#[test]
fn context_shows_the_find_in_its_place() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"0123456789abcdefghijklmnopqrstuvwxyz\0\0\0\0");
    let text = find("defg", &["--context", "6"], &file).run().cleanly().text();
    let expected = "\
13  0x0000000d
00000000                       37  38 39 61 62 63[64 65 66] |       789abcdef|
00000010 [67]68 69 6a 6b 6c 6d                              |ghijklm         |
";
    assert_eq!(text, expected);
    let coloured = find("defg", &["--context", "0", "--color", "always"], &file).run().cleanly().text();
    assert!(
        coloured.contains("\x1b[1;31m64\x1b[0m")
            && !coloured.contains('['.to_string().as_str().repeat(2).as_str())
    );
    let two = find("0x00", &["--context", "1", "--max-count", "2"], &file).run().cleanly().text();
    assert_eq!(two.matches("\n\n").count(), 1, "{two}");
}

fn document(ran: &Ran) -> Value {
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

#[test]
fn machine_formats() {
    let scratch = Scratch::on_disk();
    let file = small(&scratch, b"one two one");
    let json = document(&find("one", &["--format", "json", "--context", "2"], &file).run().cleanly());
    assert_eq!((json["version"].as_u64(), json["total"]["finds"].as_u64()), (Some(1), Some(2)));
    let second = &json["finds"][1];
    assert_eq!(
        (second["type"].as_str(), number(second, "offset"), number(second, "length")),
        (Some("find"), 8, 3)
    );
    assert_eq!(second["path"].as_str(), file.to_str());
    assert_eq!(
        (number(&second["context"], "offset"), second["context"]["hex"].as_str()),
        (6, Some("6f206f6e65"))
    );
    let records = find("one", &["--format", "ndjson"], &file).run().cleanly().records();
    assert_eq!(records.of_type("find").iter().map(|find| number(find, "offset")).collect::<Vec<_>>(), [0, 8]);
    let counted = find("one", &["--format", "ndjson", "--count"], &file).run().cleanly().records();
    assert_eq!((number(counted.only("total"), "finds"), counted.0.len()), (2, 1));
    for options in [&["--format", "json"][..], &["--format", "json", "--count"]] {
        let none = document(&find("three", options, &file).run().exits(3));
        assert_eq!((none["finds"].as_array().map(Vec::len), number(&none["total"], "finds")), (Some(0), 0));
    }
}

/// Searches a file of 6 pages, of which 2 and 3 cannot be read.
fn assert_goes_on(file: &Path) {
    let mut content = Vec::new();
    for page in 0..6 {
        content.extend(format!("<page {page} of bad>").into_bytes());
        content.resize((page + 1) * PAGE, b'.');
    }
    let (before, behind) = (&content[..2 * PAGE], &content[4 * PAGE..]);
    for pattern in ["<page", "...", "> ", ".<", ".<page 2", "4 of", ">......", "."] {
        let mut expected = naive(before, pattern.as_bytes());
        expected.extend(naive(behind, pattern.as_bytes()).into_iter().map(|at| at + 4 * 4096));
        let ran = find(pattern, &[], file).run().exits(1).says("Input/output error at offset 8192 (2 pages)");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(offsets(&ran) == expected, "{pattern}");
    }
    let records = find("<page", &["--format", "ndjson"], file).run().exits(1).records();
    let error = records.only("error");
    assert_eq!((number(error, "offset"), number(error, "length")), (8192, 8192));
    let context = find("<page 4", &["--context", "8"], file).run().exits(1).text();
    assert!(context.contains("\n00004000 [3c 70 61 67 65 20 34]20 "), "{context}");
    find("<page 0", &["--range", "0+8K"], file).run().cleanly();
}

#[test]
fn the_search_goes_on_behind_pages_that_cannot_be_read() {
    let bad = || Damaged { name: "bad", size: 6 * 4096, pages: vec![2, 3] };
    for (name, damage) in
        [("btrfs", damage::on_btrfs as fn(&mounts::Mounts<'_>, &[Damaged]) -> _), ("ext4", damage::on_ext4)]
    {
        let test = format!("the_search_goes_on_behind_pages_that_cannot_be_read ({name})");
        mounts::privately(&test, |mounts| {
            assert_goes_on(&damage(mounts, &[bad()])?.join("bad"));
            Ok(())
        });
    }
}

#[test]
fn standard_output_that_is_full_or_closed() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 3 * MIB);
    for options in [&[][..], &["--format", "json"], &["--context", "4", "--max-count", "1000"], &["--count"]]
    {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("there is one");
        find("x", options, &file).stdout(full).run().exits(1).says("No space left on device");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        find("x", options, &file).stdout(writer).run().cleanly();
    }
}

/// Searches a file again and again while it is truncated. It holds nothing but `x`, so zeros must never be found.
fn race(scratch: &Scratch) {
    let file = scratch.file("file", Truncating::SIZE);
    let truncating = Truncating::start(&file);
    let named =
        [": read: was truncated to ", ": range: "].map(|call| format!("mmapio: {}{call}", file.display()));
    let mut truncated = 0;
    for round in 0..ROUNDS / 2 {
        let (pattern, absent) = if round % 2 == 0 { ("0x00", true) } else { ("xx", false) };
        let ran = find(pattern, &["--count"], &file).run();
        let code = ran.code();
        let is_named = |line: &str| named.iter().any(|named| line.starts_with(named));
        assert!(ran.stderr.lines().all(is_named), "{}", ran.stderr);
        assert_eq!(code == 1, ran.stderr.lines().count() == 1, "status {code}: {}", ran.stderr);
        assert!(
            [0, 1, 3].contains(&code) && (!absent || code != 0),
            "status {code} for {pattern}: {}",
            ran.text()
        );
        truncated += u32::from(code == 1);
    }
    truncating.tell("--find", ROUNDS / 2, truncated);
}

#[test]
fn a_truncated_file_is_searched_as_far_as_it_goes() {
    race(&Scratch::on_disk());
    let in_memory = || -> Outcome {
        race(&Scratch::in_memory()?);
        Ok(())
    };
    report("a_truncated_file_is_searched_as_far_as_it_goes (tmpfs)", in_memory());
}
