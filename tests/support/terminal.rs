//! A terminal that a program runs on: what it shows, what it was told, what modes it has.

#![allow(dead_code, reason = "every test file has its own copy and uses a part")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use vt100::{Parser, Screen};

use crate::support::command::binary;
use crate::support::scratch::{Scratch, write_sparse};
use crate::support::{Skip, oracle};

/// A usual terminal, which tells programs what it is.
pub(crate) const TERM: &str = "xterm-256color";

/// Milliseconds in which every program on a terminal has something to say.
const SILENCE: libc::c_int = 60_000;

/// `mmapio incore --watch=…` in a directory.
pub(crate) fn watch(scratch: &Scratch, arguments: &[&str]) -> Command {
    watching(scratch, &[], arguments)
}

/// The same, as this user.
pub(crate) fn watch_as(user: &str, scratch: &Scratch, arguments: &[&str]) -> Command {
    watching(scratch, &[oracle::path().as_os_str(), "as".as_ref(), user.as_ref(), "--".as_ref()], arguments)
}

fn watching(scratch: &Scratch, through: &[&OsStr], arguments: &[&str]) -> Command {
    let mut command = Command::new(oracle::path());
    command.args(["within", "240", "--"]).args(through).arg(binary());
    command.args(["incore", "--watch=20ms"]).args(arguments);
    command.current_dir(scratch.path()).env("TERM", TERM).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Two files of which three pages of 40 are in memory, where pages do not go away.
pub(crate) fn scratch() -> Result<Scratch, Skip> {
    let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
    write_sparse(&scratch.path().join("one"), 20 * page, &[0, 1]);
    write_sparse(&scratch.path().join("two"), 20 * page, &[5]);
    Ok(scratch)
}

pub(crate) fn kib(pages: u64) -> String {
    format!("{}.00 KiB", pages * oracle::page_size() / 1024)
}

/// A pseudo-terminal with a program on it, which has it as its controlling terminal.
pub(crate) struct Terminal {
    master: File,
    child: Child,
    parser: Parser,
    /// All that the program wrote.
    pub(crate) written: Vec<u8>,
    /// How much of that is on the screen.
    shown: usize,
    modes: String,
}

impl Terminal {
    /// Starts a program on a terminal of this size.
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let (master, slave) = pair(columns, rows);
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: it makes system calls only, which may be made between fork and exec.
        unsafe { command.pre_exec(lead_session) };
        let modes = modes(&master);
        let child = command.spawn().expect("the command starts");
        // The command has ends of its own; those that are left open here would keep the terminal from ending.
        drop(command);
        drop(slave);
        let (lines, width) = (NonZeroU16::new(rows), NonZeroU16::new(columns));
        let parser = Parser::new(lines.expect("rows"), width.expect("columns"), 0);
        Self { master, child, parser, written: Vec::new(), shown: 0, modes }
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Its lines, without spaces at their ends.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (_, columns) = self.screen().size();
        self.screen().rows(0, columns.get()).map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits until it shows what is wanted, however shortly: frames are looked at one by one, and none before it is complete.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            assert!(self.go_on(), "it ended without {what}: {:#?}", self.lines());
        }
    }

    /// Shows what comes next: a frame, or what is between two of them.
    fn go_on(&mut self) -> bool {
        loop {
            if let Some(length) = step(&self.written[self.shown..]) {
                self.show(length);
                return true;
            }
            if !self.read() {
                return self.show(self.written.len() - self.shown);
            }
        }
    }

    /// Waits until these words are on it.
    #[track_caller]
    pub(crate) fn until_it_shows(&mut self, words: &str) {
        self.until(words, |terminal| terminal.lines().iter().any(|line| line.contains(words)));
    }

    /// Which round is shown; where none is, it is 0.
    pub(crate) fn round(&self) -> u64 {
        let lines = self.lines();
        let after = lines.iter().find_map(|line| line.split_once("round ")).map_or("", |(_, after)| after);
        after.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Shows so much more of what was written; whether that is anything.
    fn show(&mut self, length: usize) -> bool {
        let end = self.shown + length;
        self.parser.process(&self.written[self.shown..end]);
        self.shown = end;
        length > 0
    }

    /// Reads a piece of what is written; whether there was one before the end. What writes nothing for so long has failed, and may
    /// be of a kind that cannot be ended from here.
    fn read(&mut self) -> bool {
        let mut piece = [0; 4096];
        if !is_readable(&self.master) {
            return false;
        }
        match self.master.read(&mut piece) {
            Ok(0) => false,
            Ok(read) => {
                self.written.extend_from_slice(&piece[..read]);
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            // Nobody has the terminal open any more.
            Err(_) => false,
        }
    }

    /// Types keys.
    pub(crate) fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("it takes keys");
    }

    /// Makes it larger or smaller.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        set_size(&self.master, columns, rows);
        let (lines, width) = (NonZeroU16::new(rows), NonZeroU16::new(columns));
        self.parser.screen_mut().set_size(lines.expect("rows"), width.expect("columns"));
    }

    pub(crate) fn signal(&self, signal: i32) {
        let pid = libc::pid_t::try_from(self.child.id()).expect("a process");
        // SAFETY: takes numbers only; the child was not waited for, so that its number is nobody else's.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0, "it can be sent a signal");
    }

    /// Sends a signal to the job in the foreground.
    pub(crate) fn signal_job(&self, signal: i32) {
        // SAFETY: takes numbers only; the descriptor is open.
        let group = unsafe { libc::tcgetpgrp(self.master.as_raw_fd()) };
        // SAFETY: takes numbers only; the job is a descendant of our child.
        assert!(group > 0 && unsafe { libc::kill(-group, signal) } == 0, "a job to send a signal to");
    }

    /// Reads to the end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        while self.go_on() {}
        self.child.wait().expect("our child")
    }

    /// Demands that it is as it was before the program came.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        assert!(!self.screen().alternate_screen(), "the alternate screen was left");
        assert!(!self.screen().hide_cursor(), "the cursor is shown");
        assert_eq!(modes(&self.master), self.modes, "the modes are as they were");
        let last = |sequence: &str| String::from_utf8_lossy(&self.written).rfind(sequence);
        assert!(last("\x1b[?7h") > last("\x1b[?7l"), "lines wrap");
    }

    /// Whether its keys come one by one.
    pub(crate) fn is_raw(&self) -> bool {
        modes(&self.master) != self.modes
    }
}

impl Drop for Terminal {
    /// A failing test leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where frames begin and end: synchronized updates, which terminals show at once.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// How long the first frame is, or what comes before it; none where more has to be read to tell.
fn step(written: &[u8]) -> Option<usize> {
    let find = |what: &[u8]| written.windows(what.len()).position(|bytes| bytes == what);
    match find(BEGIN) {
        Some(0) => find(END).map(|end| end + END.len()),
        Some(begin) => Some(begin),
        None => {
            let is_begun = |length: &usize| written.ends_with(&BEGIN[..*length]);
            let begun = (1..BEGIN.len()).rev().find(is_begun).unwrap_or(0);
            Some(written.len() - begun).filter(|length| *length > 0)
        }
    }
}

/// Makes the terminal, which is standard input by then, that of a session of our own, in which signals do what they do at a terminal:
/// whoever runs the tests in the background may have them ignored.
fn lead_session() -> std::io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
        // SAFETY: gives back what signals do by themselves; no handler is named.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: takes nothing.
    let leads = unsafe { libc::setsid() } >= 0;
    // SAFETY: takes numbers only.
    let done = leads && unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) } == 0;
    if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

fn is_readable(terminal: &File) -> bool {
    let mut wanted = libc::pollfd { fd: terminal.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: the descriptor is open, and it is one that is told of.
    unsafe { libc::poll(&raw mut wanted, 1, SILENCE) != 0 }
}

fn pair(columns: u16, rows: u16) -> (File, OwnedFd) {
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: both places are there to be written to; no name, modes or size are given.
    let done = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    assert_eq!(done, 0, "a pseudo-terminal: {}", std::io::Error::last_os_error());
    for end in [master, slave] {
        // SAFETY: takes numbers only. Programs that other tests start have no end of this terminal.
        assert_eq!(unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) }, 0);
    }
    // SAFETY: the descriptor is new and nobody else's.
    let master = unsafe { File::from_raw_fd(master) };
    // SAFETY: so is this.
    let slave = unsafe { OwnedFd::from_raw_fd(slave) };
    set_size(&master, columns, rows);
    (master, slave)
}

fn set_size(terminal: &File, columns: u16, rows: u16) {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the descriptor is open, and the call reads a winsize.
    assert_eq!(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }, 0);
}

/// All modes, in words that can be compared.
fn modes(terminal: &File) -> String {
    // SAFETY: all of it is numbers, for which zero is a value.
    let mut modes: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open, and the call writes a termios.
    assert_eq!(unsafe { libc::tcgetattr(terminal.as_raw_fd(), &raw mut modes) }, 0, "modes");
    let (input, output, control, local) = (modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
    format!("{input:o} {output:o} {control:o} {local:o} {:?}", modes.c_cc)
}
