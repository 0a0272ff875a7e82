//! How a live view ends, stops and goes on: the terminal is given back as it was, and the exit status tells why.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use support::command::binary;
use support::{Outcome, oracle, report};
use terminal::{TERM, Terminal, scratch, watch};

#[test]
fn interrupted_it_leaves_the_terminal_as_it_was() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let start = || {
            let mut terminal = Terminal::start(watch(&scratch, &["."]), 80, 24);
            terminal.until_it_shows("round 1");
            assert!(terminal.screen().alternate_screen());
            terminal
        };
        let mut typed = start();
        typed.types("\x03");
        assert_eq!(typed.end().code(), Some(130));
        typed.assert_restored();
        for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
            let mut terminal = start();
            terminal.signal(signal);
            assert_eq!(terminal.end().code(), Some(code));
            terminal.assert_restored();
        }
        for signal in [libc::SIGHUP, libc::SIGQUIT] {
            let mut terminal = start();
            terminal.signal(signal);
            assert_eq!(terminal.end().signal(), Some(signal), "it dies of it all the same");
            terminal.assert_restored();
        }
        Ok(())
    };
    report("interrupted_it_leaves_the_terminal_as_it_was", test());
}

#[test]
fn so_many_rounds_end_it() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        for (variable, is_coloured) in [("IRRELEVANT", true), ("NO_COLOR", false)] {
            let mut command = watch(&scratch, &["--rounds=3", "."]);
            command.env(variable, "1");
            let mut terminal = Terminal::start(command, 80, 24);
            assert_eq!(terminal.end().code(), Some(0));
            terminal.assert_restored();
            let written = String::from_utf8_lossy(&terminal.written);
            assert_eq!(written.contains("\x1b[1m"), is_coloured, "{variable}: {written:?}");
        }
        let mut terminal = Terminal::start(watch(&scratch, &["--summary", "."]), 80, 24);
        terminal.until_it_shows("round 3");
        assert!(!terminal.lines().iter().any(|line| line.contains("PATH") || line.contains("one")));
        terminal.types("q");
        terminal.end();
        Ok(())
    };
    report("so_many_rounds_end_it", test());
}

#[test]
fn the_last_round_tells_whether_paths_failed() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        for (quiet, is_said) in [(&[][..], true), (&["-q"][..], false)] {
            let arguments = [&["--rounds=3", "missing", "."], quiet].concat();
            let mut terminal = Terminal::start(watch(&scratch, &arguments), 100, 24);
            terminal.until_it_shows("1 failed");
            assert_eq!(terminal.end().code(), Some(1), "{arguments:?}");
            terminal.assert_restored();
            let written = String::from_utf8_lossy(&terminal.written).into_owned();
            let (_, after) = written.rsplit_once("\x1b[?1049l").expect("the screen was left");
            let said = "mmapio: missing: open: No such file or directory\r\n";
            assert_eq!(after.matches(said).count(), usize::from(is_said), "{after:?}");
        }
        Ok(())
    };
    report("the_last_round_tells_whether_paths_failed", test());
}

#[test]
fn a_shell_stops_it_and_lets_it_go_on() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut shell = Command::new(oracle::path());
        shell.args(["within", "240", "--", "bash", "--norc", "--noprofile", "-i"]);
        shell.current_dir(scratch.path()).env("TERM", TERM).env("PS1", "ready> ").env("INPUTRC", "/dev/null");
        let mut terminal = Terminal::start(shell, 100, 24);
        terminal.until_it_shows("ready>");
        terminal.types(&format!("{} incore --watch=20ms .\n", binary().display()));
        terminal.until_it_shows("round 2");
        assert!(terminal.screen().alternate_screen());
        terminal.types("\x1a");
        terminal.until_it_shows("Stopped");
        assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor());
        terminal.types("stty -a | grep -o ' icanon'; fg\n");
        terminal.until("the view once more", |terminal| terminal.screen().alternate_screen());
        assert!(
            String::from_utf8_lossy(&terminal.written).contains(" icanon\r\n"),
            "the modes were given back"
        );
        terminal.until_it_shows("PATH↓");
        terminal.types("q");
        // Keys that come before the shell reads them are the view's.
        let is_prompt = |line: &String| line == "ready>";
        terminal.until("the shell", |terminal| {
            terminal.lines().iter().rfind(|line| !line.is_empty()).is_some_and(is_prompt)
        });
        terminal.types("echo left-with-$?; exit\n");
        terminal.until_it_shows("left-with-0");
        terminal.end();
        Ok(())
    };
    report("a_shell_stops_it_and_lets_it_go_on", test());
}
