//! How a live view ends, stops and goes on: the terminal is given back as it was, and the exit status tells why.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use support::command::binary;
use support::scratch::Scratch;
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

/// A shell that waits for a command, and tells of jobs as soon as something happens to them.
fn shell(scratch: &Scratch) -> Terminal {
    let mut shell = Command::new(oracle::path());
    shell.args(["within", "240", "--", "bash", "--norc", "--noprofile", "-b", "-i"]);
    shell.current_dir(scratch.path()).env("TERM", TERM).env("PS1", "ready> ").env("INPUTRC", "/dev/null");
    let mut terminal = Terminal::start(shell, 100, 24);
    terminal.until_it_shows("ready>");
    terminal
}

/// Waits for the shell: keys that come before are the view's.
fn until_prompt(terminal: &mut Terminal) {
    let is_prompt = |line: &String| line == "ready>";
    terminal.until("the shell", |terminal| {
        !terminal.screen().alternate_screen()
            && terminal.lines().iter().rfind(|line| !line.is_empty()).is_some_and(is_prompt)
    });
}

#[test]
fn a_shell_stops_it_and_lets_it_go_on() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut terminal = shell(&scratch);
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
        until_prompt(&mut terminal);
        terminal.types("echo left-with-$?; exit\n");
        terminal.until_it_shows("left-with-0");
        terminal.end();
        Ok(())
    };
    report("a_shell_stops_it_and_lets_it_go_on", test());
}

/// How a view comes to be a job that is stopped and has not got the terminal.
fn put_away(terminal: &mut Terminal, how: &str) {
    let view = format!("{} incore --watch=20ms .", binary().display());
    if how == "started in the background" {
        terminal.types(&format!("{view} &\n"));
    } else {
        terminal.types(&format!("{view}\n"));
        terminal.until_it_shows("round 2");
    }
    match how {
        "stopped by a key" => terminal.types("\x1a"),
        "stopped by others" => terminal.signal_job(libc::SIGSTOP),
        _ => {}
    }
    terminal.until_it_shows("Stopped");
}

#[test]
fn a_job_in_the_background_leaves_the_terminal_alone_and_can_be_ended() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        for how in ["started in the background", "stopped by a key", "stopped by others"] {
            for end in ["kill %1", "kill -CONT %1; kill %1", "bg; kill %1", "stty tostop; kill %1"] {
                let mut terminal = shell(&scratch);
                put_away(&mut terminal, how);
                terminal.types(&format!("{end}\n"));
                terminal.until_it_shows("Exit 143");
                let is_given_back = !terminal.screen().alternate_screen() && !terminal.screen().hide_cursor();
                // To write to the terminal would stop it.
                assert!(is_given_back || end.contains("tostop"), "{how}, {end}: {:#?}", terminal.lines());
                terminal.types("stty -a | grep -o ' icanon'; exit\n");
                terminal.end();
                let written = String::from_utf8_lossy(&terminal.written);
                assert!(written.contains(" icanon\r\n"), "{how}, {end}: {written:?}");
            }
        }
        Ok(())
    };
    report("a_job_in_the_background_leaves_the_terminal_alone_and_can_be_ended", test());
}

#[test]
fn a_job_in_the_background_stops_until_it_is_its_turn() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        for how in ["started in the background", "stopped by a key", "stopped by others"] {
            let mut terminal = shell(&scratch);
            put_away(&mut terminal, how);
            terminal.types("\x0c");
            terminal.until("an empty screen", |terminal| terminal.lines()[0] == "ready>");
            terminal.types("bg\n");
            terminal.until_it_shows("Stopped");
            terminal.types("fg\n");
            terminal
                .until("the view", |terminal| terminal.screen().alternate_screen() && terminal.round() > 0);
            let round = terminal.round();
            terminal.until("more rounds", |terminal| terminal.round() > round + 2);
            terminal.types("q");
            until_prompt(&mut terminal);
            terminal.types("echo left-with-$?; exit\n");
            terminal.until_it_shows("left-with-0");
            terminal.end();
        }
        Ok(())
    };
    report("a_job_in_the_background_stops_until_it_is_its_turn", test());
}

#[test]
fn a_job_that_nobody_can_let_go_on_says_why_it_ends() {
    let test = || -> Outcome {
        let scratch = scratch()?;
        let mut terminal = shell(&scratch);
        // What started it ends: it belongs to no shell.
        let view = format!("{} incore --watch=20ms .", binary().display());
        terminal.types(&format!("(set -m; {view} & exit) ; echo started\n"));
        terminal.until_it_shows("cannot be changed (--format ndjson needs none): tcsetattr: ");
        terminal.types("exit\n");
        terminal.end();
        Ok(())
    };
    report("a_job_that_nobody_can_let_go_on_says_why_it_ends", test());
}
