//! The live view, on a terminal: what is shown, at any size, and that the terminal is given back as it was.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use support::command::incore;
use support::hanging::{Hanging, UNKNOWN};
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, mounts, needs_root, oracle, report};
use terminal::{TERM, Terminal, kib, scratch, watch, watch_as};

#[track_caller]
fn line(terminal: &Terminal, end: &str) -> String {
    let lines = terminal.lines();
    lines.iter().find(|line| line.ends_with(end)).expect("a line of it").clone()
}

#[test]
fn a_view_is_shown_follows_and_is_put_away() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut terminal = Terminal::start(watch(&scratch, &["one", "two"]), 80, 24);
        terminal.until_it_shows("round 2");
        assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor() && terminal.is_raw());
        terminal.until_it_shows(&format!("7.5 %  {} of {} in memory", kib(3), kib(40)));
        assert!(line(&terminal, "  one").contains(&kib(2)), "{:#?}", terminal.lines());
        write_sparse(&scratch.path().join("one"), 20 * oracle::page_size(), &[0, 1, 2, 3, 4, 5, 6, 7]);
        terminal.until_it_shows(&format!("since the start +{}", kib(6)));
        assert_eq!(oracle::resident(&scratch.path().join("one")), 8);
        assert!(line(&terminal, "  one").contains(&kib(8)), "{:#?}", terminal.lines());
        terminal.types("q");
        assert_eq!(terminal.end().code(), Some(0));
        terminal.assert_restored();
        terminal.until_it_shows(&format!("22.5 %, {} of {} in memory, +{} in 0:0", kib(9), kib(40), kib(6)));
        Ok(())
    };
    report("a_view_is_shown_follows_and_is_put_away", test());
}

#[test]
fn keys_sort_scroll_and_explain() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut terminal = Terminal::start(watch(&scratch, &["."]), 80, 12);
        terminal.until_it_shows("PATH↓");
        let order = |terminal: &Terminal| {
            let lines = terminal.lines();
            let at = |end: &str| lines.iter().position(|line| line.ends_with(end));
            at("/one").cmp(&at("/two"))
        };
        assert!(order(&terminal).is_lt());
        terminal.types("r");
        terminal.until_it_shows("PATH↑");
        terminal.until("two before one", |terminal| order(terminal).is_gt());
        terminal.types("\x1b[C");
        terminal.until_it_shows("SIZE↑");
        terminal.types("s");
        terminal.until_it_shows("RESIDENT↑");
        terminal.types("\x1b[Dr");
        terminal.until_it_shows("SIZE↓");
        terminal.types("?");
        terminal.until_it_shows("q quit");
        terminal.types("\x1b[F\x1b[6~\x1b[5~\x1b[A\x1b[B\x1b[H\x1b");
        assert_eq!(terminal.end().code(), Some(0), "Esc quits");
        terminal.assert_restored();
        Ok(())
    };
    report("keys_sort_scroll_and_explain", test());
}

/// What the first lines say; they change with every round in which something happens to files.
fn numbers(terminal: &Terminal) -> Vec<String> {
    terminal.lines().into_iter().take(4).collect()
}

/// As long as a view that goes on has many rounds.
fn let_rounds_pass(scratch: &Scratch) {
    incore(["--watch=20ms", "--rounds=25", "one"]).in_dir(scratch.path()).run().cleanly();
}

#[test]
fn while_it_is_paused_nothing_changes() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut terminal = Terminal::start(watch(&scratch, &["."]), 80, 14);
        terminal.until_it_shows("round 2");
        terminal.types(" ");
        terminal.until_it_shows("paused");
        let (round, before) = (terminal.round(), numbers(&terminal));
        assert!(round >= 2, "{before:?}");
        write_sparse(&scratch.path().join("one"), 20 * oracle::page_size(), &[0, 1, 2, 3, 4]);
        write_sparse(&scratch.path().join("three"), 1, &[0]);
        let_rounds_pass(&scratch);
        for (key, shown) in [("?", "q quit"), ("r", "PATH↑"), ("s", "SIZE↑")] {
            terminal.types(key);
            terminal.until_it_shows(shown);
            assert_eq!(numbers(&terminal), before);
            assert!(!terminal.lines().iter().any(|line| line.contains("three")), "{:#?}", terminal.lines());
        }
        terminal.types(" ");
        terminal.until_it_shows("three (new)");
        terminal.until("more rounds", |terminal| terminal.round() > round + 5);
        assert!(!terminal.lines().iter().any(|line| line.contains("paused")));
        terminal.types("q");
        assert_eq!(terminal.end().code(), Some(0));
        Ok(())
    };
    report("while_it_is_paused_nothing_changes", test());
}

#[test]
fn a_look_that_ends_while_it_is_paused_counts_when_it_goes_on() {
    mounts::privately("a_look_that_ends_while_it_is_paused_counts_when_it_goes_on", |mounts| {
        let (scratch, dir) = (scratch()?, mounts.scratch().dir("hanging"));
        // What comes first ends last: without answers it could not.
        let mut terminal;
        let hanging = Hanging::on(&dir)?;
        let path = dir.join(UNKNOWN);
        let path = path.to_str().expect("text");
        terminal = Terminal::start(watch(&scratch, &["one", path]), 120, 14);
        terminal.until_it_shows("looking");
        hanging.until_it_hangs();
        terminal.types(" ");
        terminal.until_it_shows("paused");
        hanging.fail();
        let_rounds_pass(&scratch);
        terminal.types("?");
        terminal.until_it_shows("q quit");
        assert!(terminal.round() == 0 && terminal.lines()[1] == "looking...", "{:#?}", terminal.lines());
        terminal.types(" ");
        // The next look hangs.
        terminal.until_it_shows("round 1");
        terminal.until_it_shows("1 failed");
        hanging.until_it_hangs();
        terminal.types("q");
        terminal.until("the end of it", |terminal| !terminal.screen().alternate_screen());
        // FUSE does not let a process go that waits for a name.
        hanging.fail();
        assert_eq!(terminal.end().code(), Some(0));
        Ok(())
    });
}

#[test]
fn every_size_is_enough() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let name = "a-long-name-".repeat(15);
        write_sparse(&scratch.path().join(&name), 1, &[0]);
        let mut terminal = Terminal::start(watch(&scratch, &["."]), 20, 10);
        terminal.until("its rows", |terminal| terminal.lines().iter().any(|line| line.ends_with("./two")));
        assert!(terminal.lines().iter().any(|line| line.starts_with("  5.0")), "{:#?}", terminal.lines());
        terminal.resize(80, 1);
        let whole = format!("{} of {} in memory", kib(4), kib(41));
        terminal.until("one row", |terminal| terminal.lines()[0].contains(&whole));
        terminal.resize(1, 1);
        terminal.until("one cell", |terminal| terminal.lines() == ["…"]);
        terminal.resize(200, 50);
        terminal.until_it_shows("round");
        terminal.until_it_shows(&name[100..]);
        terminal.resize(80, 24);
        terminal
            .until("80 columns", |terminal| terminal.lines().iter().any(|line| line.starts_with("mmapio")));
        for row in 0..24 {
            assert!(!terminal.screen().row_wrapped(row), "{:#?}", terminal.lines());
        }
        terminal.types("q");
        assert_eq!(terminal.end().code(), Some(0));
        terminal.assert_restored();
        Ok(())
    };
    report("every_size_is_enough", test());
}

#[test]
fn what_happens_to_files_is_shown_and_so_is_what_fails() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let page = oracle::page_size();
        let mut terminal = Terminal::start(watch(&scratch, &[".", "missing"]), 100, 24);
        terminal.until_it_shows("missing: open: No such file or directory");
        terminal.until_it_shows("1 failed");
        write_sparse(&scratch.path().join("three"), page, &[0]);
        terminal.until_it_shows("three (new)");
        fs::rename(scratch.path().join("three"), scratch.path().join("one")).expect("ours");
        terminal.until_it_shows("one (replaced)");
        fs::File::options()
            .write(true)
            .open(scratch.path().join("two"))
            .and_then(|two| two.set_len(0))
            .expect("ours");
        terminal.until("an empty file", |terminal| line(terminal, "./two").trim_start().starts_with("0 B"));
        fs::remove_file(scratch.path().join("two")).expect("ours");
        terminal.until_it_shows("two (gone)");
        terminal.until("nothing of it", |terminal| !terminal.lines().iter().any(|line| line.contains("two")));
        terminal.types("q");
        assert_eq!(terminal.end().code(), Some(0));
        terminal.assert_restored();
        Ok(())
    };
    report("what_happens_to_files_is_shown_and_so_is_what_fails", test());
}

#[test]
fn what_cannot_be_looked_at_for_a_while_is_unknown_meanwhile() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = scratch()?;
        let directory = scratch.path().join("directory");
        fs::create_dir(&directory).expect("ours");
        fs::rename(scratch.path().join("one"), directory.join("one")).expect("ours");
        chown(directory.join("one"), Some(65534), None).expect("root may");
        let mut terminal = Terminal::start(watch_as("65534", &scratch, &["directory"]), 120, 24);
        terminal.until_it_shows("10.0 %");
        let mode = |mode| fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).expect("ours");
        mode(0);
        terminal.until_it_shows("directory/one (failed: open: Permission denied)");
        let round = terminal.round();
        // Nothing is said of what is gone for so long.
        terminal.until("more rounds", |terminal| terminal.round() > round + 10);
        assert!(line(&terminal, "Permission denied)").trim().starts_with('?'), "{:#?}", terminal.lines());
        terminal.until_it_shows("last round ?  since the start ?");
        mode(0o755);
        terminal.until("the file", |terminal| {
            terminal.lines().iter().any(|line| line.ends_with("  directory/one"))
        });
        fs::remove_file(directory.join("one")).expect("ours");
        terminal.until_it_shows("directory/one (gone)");
        terminal.types("q");
        assert_eq!(terminal.end().code(), Some(0));
        Ok(())
    };
    report("what_cannot_be_looked_at_for_a_while_is_unknown_meanwhile", test());
}

#[test]
fn names_do_nothing_to_the_terminal() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        scratch.file("a\x1b[31m\x1b[2J\n\u{202e}b", 1);
        let mut terminal = Terminal::start(watch(&scratch, &["."]), 120, 24);
        terminal.until_it_shows("a\\u{1b}[31m\\u{1b}[2J\\n\\u{202e}b");
        terminal.types("q");
        terminal.end();
        let written = String::from_utf8_lossy(&terminal.written);
        assert!(!written.contains("a\x1b") && !written.contains('\u{202e}'), "{written:?}");
        Ok(())
    };
    report("names_do_nothing_to_the_terminal", test());
}

#[test]
fn a_frame_is_seen_however_short_it_is_there() {
    let test = || -> Outcome {
        // All of it is written at once, the last of it without a frame.
        let frames: String =
            (0..50).map(|at| format!("\x1b[?2026h\x1b[2J\x1b[Hblank\rframe {at}.\x1b[?2026l")).collect();
        let mut command = Command::new(oracle::path());
        command.args(["within", "240", "--", "printf", "%s", &format!("{frames}\x1b[2J\x1b[Hno frame")]);
        let mut terminal = Terminal::start(command, 80, 24);
        for at in 0..50 {
            terminal.until("a frame", |terminal| {
                let lines = terminal.lines();
                assert!(!lines[0].starts_with("blank"), "half of a frame: {lines:?}");
                lines[0] == format!("frame {at}.")
            });
        }
        terminal.until_it_shows("no frame");
        assert_eq!(terminal.end().code(), Some(0));
        Ok(())
    };
    report("a_frame_is_seen_however_short_it_is_there", test());
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_records() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        for (term, arguments) in
            [("dumb", &["--rounds=2", "."][..]), (TERM, &["--rounds=2", "--format=ndjson", "."])]
        {
            let mut command = watch(&scratch, arguments);
            command.env("TERM", term);
            let mut terminal = Terminal::start(command, 80, 24);
            assert_eq!(terminal.end().code(), Some(0));
            let written = String::from_utf8_lossy(&terminal.written).replace('\r', "");
            assert!(!written.contains('\x1b'), "{written:?}");
            let records: Vec<serde_json::Value> =
                written.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
            assert_eq!(records.len(), 2);
            assert_eq!(records[1]["resident_pages"], 3);
        }
        Ok(())
    };
    report("a_terminal_that_cannot_move_its_cursor_gets_records", test());
}
