//! `mmapio map --dump`: beside xxd and hexdump, with holes, with pages that cannot be read, and while the file is truncated.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use support::command::{Incore, Ran, mmapio};
use support::damage::{self, Damaged};
use support::scratch::{Scratch, make_fifo, write_sparse};
use support::truncated::Truncating;
use support::{Outcome, Skip, mounts, oracle, report};

const MIB: u64 = 1 << 20;

/// How often a file is truncated under each form of the dump.
const ROUNDS: u32 = 2000;

fn dump(options: &[&str], file: &Path) -> Incore {
    mmapio(["map", "--dump"]).args(options).arg(file)
}

fn raw(file: &Path) -> Vec<u8> {
    dump(&["--raw"], file).run().cleanly().stdout
}

/// What another tool prints.
fn printed_by(tool: &str, args: &[&str], file: &Path) -> Result<Vec<u8>, Skip> {
    let ran = Command::new(tool).args(args).arg(file).stdin(Stdio::null()).output();
    let ran = ran.map_err(|why| Skip(format!("{tool}: {why}")))?;
    assert!(ran.status.success(), "{tool}: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(ran.stdout)
}

/// Bytes in which every value comes, some of them as lines that repeat.
fn assorted(length: usize) -> Vec<u8> {
    let noise = |index: usize| (index.wrapping_mul(index).wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0];
    (0..length).map(|index| if index / 100 % 3 == 0 { 0 } else { noise(index) }).collect()
}

fn assorted_file(scratch: &Scratch, length: usize) -> std::path::PathBuf {
    let file = scratch.path().join(format!("assorted-{length}"));
    std::fs::write(&file, assorted(length)).expect("own file");
    file
}

/// Lengths around a line, and around what is read and written at once.
const LENGTHS: [usize; 12] = [0, 1, 7, 8, 9, 15, 16, 17, 4096, 262_144, 262_145, 1_000_003];

#[test]
fn plain_is_what_xxd_prints() {
    let scratch = Scratch::on_disk();
    let body = || -> Outcome {
        for length in LENGTHS {
            let file = assorted_file(&scratch, length);
            let ours = dump(&["--plain"], &file).run().cleanly().stdout;
            assert!(ours == printed_by("xxd", &[], &file)?, "{length} bytes");
        }
        Ok(())
    };
    report("plain_is_what_xxd_prints", body());
}

#[test]
fn ranges_are_what_xxd_prints_of_them() {
    let scratch = Scratch::on_disk();
    let file = assorted_file(&scratch, 1_000_003);
    let body = || -> Outcome {
        for (from, length) in [(0, 1), (5, 40), (999_990, 13), (999_990, 100), (262_140, 10), (17, 600_000)] {
            let theirs = printed_by("xxd", &["-s", &from.to_string(), "-l", &length.to_string()], &file)?;
            let range = format!("{from}+{length}");
            let option = mmapio(["map", "--plain", &format!("--dump={range}")]).arg(&file).run().cleanly();
            assert!(option.stdout == theirs, "--dump={range}");
            let other = dump(&["--plain", "--range", &range], &file).run().cleanly();
            assert!(other.stdout == theirs, "--range {range}");
        }
        Ok(())
    };
    report("ranges_are_what_xxd_prints_of_them", body());
}

#[test]
fn a_pipe_gets_what_hexdump_prints() {
    let scratch = Scratch::on_disk();
    let body = || -> Outcome {
        for length in LENGTHS {
            let file = assorted_file(&scratch, length);
            let ours = dump(&[], &file).run().cleanly().stdout;
            assert!(ours == printed_by("hexdump", &["-C"], &file)?, "{length} bytes");
            let ours = dump(&["--no-squeeze"], &file).run().cleanly().stdout;
            assert!(ours == printed_by("hexdump", &["-v", "-C"], &file)?, "{length} bytes, every line");
        }
        Ok(())
    };
    report("a_pipe_gets_what_hexdump_prints", body());
}

#[test]
fn what_is_plain_can_be_turned_back() {
    let scratch = Scratch::on_disk();
    let (file, back) = (scratch.path().join("file"), scratch.path().join("back"));
    write_sparse(&file, 50 * 4096 + 5, &[0, 7, 50]);
    let body = || -> Outcome {
        for options in [&["--plain"][..], &["--plain", "--skip-holes"]] {
            let plain = dump(options, &file).run().cleanly().stdout;
            std::fs::write(scratch.path().join("plain"), plain).expect("own file");
            let _ = std::fs::remove_file(&back);
            printed_by("xxd", &["-r", &scratch.path().join("plain").to_string_lossy()], &back)?;
            assert!(std::fs::read(&back).expect("xxd made it") == raw(&file), "{options:?}");
        }
        Ok(())
    };
    report("what_is_plain_can_be_turned_back", body());
}

#[test]
fn raw_is_the_bytes() {
    let scratch = Scratch::on_disk();
    for length in LENGTHS {
        assert!(raw(&assorted_file(&scratch, length)) == assorted(length), "{length} bytes");
    }
    let file = assorted_file(&scratch, 1_000_003);
    let part = mmapio(["map", "--raw", "--dump=777+300001"]).arg(&file).run().cleanly();
    assert!(part.stdout == assorted(1_000_003)[777..][..300_001], "a part");
    let sparse = scratch.path().join("sparse");
    write_sparse(&sparse, 3 * MIB + 11, &[0, 9, 500, 768]);
    assert!(raw(&sparse) == std::fs::read(&sparse).expect("own file"), "with holes");
}

#[test]
fn offsets_grow_where_they_must() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("large");
    write_sparse(&file, 5 << 30, &[(5 << 30) / oracle::page_size() - 1]);
    let text = dump(&[], &file).run().cleanly().text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("00000000  00"), "{text}");
    assert_eq!(lines[1], "*");
    assert!(lines[2].starts_with("13ffff000  78 00"), "{text}");
    assert_eq!(*lines.last().expect("lines"), "140000000");
    let body = || -> Outcome {
        let theirs = printed_by("xxd", &["-s", "5368709100"], &file)?;
        let ours = mmapio(["map", "--plain", "--dump=5368709100"]).arg(&file).run().cleanly();
        assert!(ours.stdout == theirs);
        Ok(())
    };
    report("offsets_grow_where_they_must", body());
}

#[test]
fn a_hole_is_neither_read_nor_waited_for() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("hole");
    write_sparse(&file, 1 << 40, &[1000]);
    oracle::evict(&file);
    let text = dump(&[], &file).run().cleanly().text();
    assert_eq!(text.lines().count(), 6, "{text}");
    let skipped = dump(&["--skip-holes"], &file).run().cleanly().text();
    let hole = |from: u64, to: u64| format!("{from:08x}  hole of {} bytes", to - from);
    let lines: Vec<&str> = skipped.lines().collect();
    assert_eq!(lines[0], hole(0, 4_096_000));
    assert!(lines[1].starts_with("003e8000  78 00"), "{skipped}");
    assert_eq!(lines[lines.len() - 2], hole(4_100_096, 1 << 40));
    // Half a terabyte of zeros would fill the memory if they were read.
    let part = mmapio(["map", "--dump=1G+512G"]).arg(&file).run().cleanly().text();
    assert_eq!(part.lines().count(), 3, "{part}");
    assert!(oracle::resident_in(&file, 4096 * 1010, 64 * MIB) == 0, "no page of a hole was read");
}

#[test]
fn lines_go_over_the_edges_of_holes() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    write_sparse(&file, 3 * 4096, &[1]);
    let part = mmapio(["map", "--dump=4091+10"]).arg(&file).run().cleanly().text();
    assert!(part.starts_with("00000ffb  00 00 00 00 00 78 00 00  00 00  "), "{part}");
    let part = mmapio(["map", "--skip-holes", "--dump=4091+10"]).arg(&file).run().cleanly().text();
    assert_eq!(part.lines().next(), Some("00000ffb  hole of 5 bytes"));
    assert!(part.contains("00001000  78 00 00 00 00 "), "{part}");
}

#[test]
fn colours_are_only_colours() {
    let scratch = Scratch::on_disk();
    let file = assorted_file(&scratch, 5000);
    let plain = dump(&[], &file).run().cleanly().text();
    let coloured = dump(&["--color", "always"], &file).run().cleanly().text();
    assert!(coloured.contains("\x1b[90m00 ") && coloured.contains("\x1b[33m"), "{coloured}");
    assert_eq!(without_colours(&coloured), plain);
    assert_eq!(dump(&["--color", "never"], &file).run().cleanly().text(), plain);
    let xxd = dump(&["--plain", "--color", "always"], &file).run().cleanly().text();
    assert!(!xxd.contains('\x1b'), "{xxd}");
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').expect("a colour").1)
}

/// What a terminal is shown.
fn on_terminal(options: &str, environment: &str, file: &Path) -> Result<String, Skip> {
    let ours = support::command::binary().display();
    let command = format!("{environment} {ours} map --dump {options} {}", file.display());
    let ran = Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output();
    let ran = ran.map_err(|why| Skip(format!("script: {why}")))?;
    Ok(String::from_utf8_lossy(&ran.stdout).replace('\r', ""))
}

#[test]
fn a_terminal_has_borders_and_colours() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("file");
    std::fs::write(&file, b"\0A \t\x01\xff\0\0\0\0\0\0\0\0\0\0\0").expect("own file");
    let body = || -> Outcome {
        let bare = on_terminal("", "NO_COLOR=1", &file)?;
        let expected = "\
┌────────┬─────────────────────────┬─────────────────────────┬────────┬────────┐
│00000000│ 00 41 20 09 01 ff 00 00 ┊ 00 00 00 00 00 00 00 00 │⋄A _•×⋄⋄┊⋄⋄⋄⋄⋄⋄⋄⋄│
│00000010│ 00                      ┊                         │⋄       ┊        │
└────────┴─────────────────────────┴─────────────────────────┴────────┴────────┘
";
        assert_eq!(bare, expected);
        let coloured = on_terminal("", "env -u NO_COLOR TERM=xterm", &file)?;
        assert!(coloured.contains("\x1b[36m41 "), "{coloured}");
        assert_eq!(without_colours(&coloured), expected);
        Ok(())
    };
    report("a_terminal_has_borders_and_colours", body());
}

#[test]
fn a_box_is_closed_whatever_is_in_it() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("file");
    write_sparse(&file, 1 << 40, &[1, 2]);
    let empty = scratch.file("empty", 0);
    let body = || -> Outcome {
        for (options, file) in
            [("", &file), ("--skip-holes", &file), ("", &empty), ("--range 4090+20", &file)]
        {
            let text = on_terminal(options, "NO_COLOR=1", file)?;
            let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
            assert!(widths.iter().all(|width| *width == widths[0]) && widths.len() > 2, "{text}");
        }
        Ok(())
    };
    report("a_box_is_closed_whatever_is_in_it", body());
}

/// Reads it in every form where page 2 of 5 cannot be read.
fn assert_goes_on(file: &Path) {
    let shown = dump(&[], file).run().exits(1).says("read: Input/output error at offset 8192 (1 page)");
    let text = shown.text();
    assert!(text.contains("\n00002000  unreadable: 4096 bytes\n00003000  3c 70"), "{text}");
    assert!(text.ends_with("\n00005000\n"), "{text}");
    let plain = dump(&["--plain"], file).run().exits(1).text();
    assert!(plain.contains("\n00002000: unreadable: 4096 bytes\n00003000: 3c70"), "{plain}");
    let bytes = dump(&["--raw"], file).run().exits(1).says("at offset 8192").says("4096 zeros stand for");
    assert_eq!(bytes.stdout.len(), 5 * 4096);
    assert!(bytes.stdout[8192..12_288].iter().all(|byte| *byte == 0));
    assert!(bytes.stdout[12_288..].starts_with(b"<page 3 of bad>"), "what follows is where it was");
    let quiet = dump(&["--quiet"], file).run().exits(1);
    assert_eq!(quiet.stderr, "");
    mmapio(["map", "--dump=0+8192"]).arg(file).run().cleanly();
    let part = mmapio(["map", "--dump=8200+5000"]).arg(file).run().exits(1).text();
    assert!(part.starts_with("00002008  unreadable: 4088 bytes\n00003000  3c 70"), "{part}");
}

#[test]
fn a_page_that_cannot_be_read_is_marked() {
    let bad = || Damaged { name: "bad", size: 5 * 4096, pages: vec![2] };
    for (name, damage) in
        [("btrfs", damage::on_btrfs as fn(&mounts::Mounts<'_>, &[Damaged]) -> _), ("ext4", damage::on_ext4)]
    {
        mounts::privately(&format!("a_page_that_cannot_be_read_is_marked ({name})"), |mounts| {
            assert_goes_on(&damage(mounts, &[bad()])?.join("bad"));
            Ok(())
        });
    }
}

#[test]
fn many_unreadable_pages_are_told_at_once() {
    mounts::privately("many_unreadable_pages_are_told_at_once", |mounts| {
        let file = damage::cut_short(mounts, 8 * MIB, 100)?;
        let ran = dump(&[], &file).run().exits(1).says(" pages)");
        let said: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(said.len(), 1, "{said:?}");
        Ok(())
    });
}

#[test]
fn standard_output_that_is_full_or_closed() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 3 * MIB);
    for options in [&[][..], &["--raw"], &["--plain"], &["--no-squeeze"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("there is one");
        dump(options, &file).stdout(full).run().exits(1).says("No space left on device");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        dump(options, &file).stdout(writer).run().cleanly();
    }
}

#[test]
fn what_cannot_be_shown_is_named() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 5000);
    let fifo = scratch.path().join("fifo");
    make_fifo(&fifo);
    for (options, path, reason) in [
        ("", scratch.path(), "is a directory"),
        ("", &fifo, "is a FIFO"),
        ("", Path::new("/proc/self/status"), "is on proc"),
        ("", &scratch.path().join("missing"), "No such file"),
        ("--range=5000", &file, "starts at 5000, beyond the end at 5000"),
        ("--range=7E+1", &file, "beyond the end"),
    ] {
        let options: Vec<&str> = options.split_whitespace().collect();
        let ran = dump(&options, path).run().exits(1).says(reason);
        assert!(ran.stderr.starts_with("mmapio: ") && ran.stdout.is_empty(), "{}", ran.stderr);
    }
    for value in ["--dump=x", "--dump=7E+7E", "--dump=1+0"] {
        mmapio(["map", value]).arg(&file).run().exits(2);
    }
    mmapio(["map", "--dump=1+1", "--range", "1+1"]).arg(&file).run().exits(2).says("one range is enough");
    mmapio(["map", "--dump"]).run().exits(2).says("no FILE");
    dump(&["--raw", "--plain"], &file).run().exits(2);
}

#[test]
fn an_empty_file_is_shown_as_nothing() {
    let file = Scratch::on_disk();
    let empty = file.file("empty", 0);
    for options in [&[][..], &["--plain"], &["--raw"]] {
        assert_eq!(dump(options, &empty).run().cleanly().text(), "");
    }
}

/// Success, or a failure that names the file: never a signal.
fn assert_ends_well(ran: &Ran, file: &Path) {
    let code = ran.code();
    assert!([0, 1].contains(&code), "exit status {code}: {}", ran.stderr);
    let named = format!("mmapio: {}: read: was truncated to ", file.display());
    let beyond = format!("mmapio: {}: range: ", file.display());
    let is_named = |line: &str| line.starts_with(&named) || line.starts_with(&beyond);
    assert!(ran.stderr.lines().all(is_named), "{}", ran.stderr);
    assert_eq!(code == 1, ran.stderr.lines().count() == 1, "{}", ran.stderr);
}

/// Dumps a file again and again while it is truncated.
fn race(scratch: &Scratch, options: &[&str], judge: impl Fn(&Ran)) {
    let file = scratch.file("file", Truncating::SIZE);
    let truncating = Truncating::start(&file);
    let mut truncated = 0;
    for _ in 0..ROUNDS / 2 {
        let ran = dump(options, &file).run();
        assert_ends_well(&ran, &file);
        truncated += u32::from(ran.code() == 1);
        judge(&ran);
    }
    truncating.tell(&format!("--dump {}", options.join(" ")), ROUNDS / 2, truncated);
}

fn race_everywhere(test: &str, options: &[&str], judge: impl Fn(&Ran)) {
    race(&Scratch::on_disk(), options, &judge);
    let in_memory = || -> Outcome {
        race(&Scratch::in_memory()?, options, &judge);
        Ok(())
    };
    report(&format!("{test} (tmpfs)"), in_memory());
}

#[test]
fn a_truncated_file_is_dumped_as_far_as_it_goes() {
    race_everywhere("a_truncated_file_is_dumped_as_far_as_it_goes", &[], |ran| {
        let text = ran.text();
        let zeros = text.lines().find(|line| line.contains(" 00 "));
        assert!(zeros.is_none(), "these are not the file's: {zeros:?}");
    });
}

#[test]
fn a_truncated_file_is_copied_as_far_as_it_goes() {
    race_everywhere("a_truncated_file_is_copied_as_far_as_it_goes", &["--raw"], |ran| {
        assert!(ran.stdout.iter().all(|byte| *byte == b'x'), "zeros are not the file's");
    });
}

#[test]
fn the_file_may_be_a_block_device() {
    mounts::privately("the_file_may_be_a_block_device", |mounts| {
        let file = mounts.scratch().file("image", 2 * MIB);
        let device = mounts::LoopDevice::of(&file)?;
        let mut bytes = Vec::new();
        File::open(&file).and_then(|mut file| file.read_to_end(&mut bytes)).expect("own file");
        assert!(raw(device.path()) == bytes);
        File::options()
            .write(true)
            .open(device.path())
            .and_then(|device| device.write_all_at(b"!", 0))
            .expect("ours");
        assert!(raw(device.path()).starts_with(b"!x"));
        Ok(())
    });
}
