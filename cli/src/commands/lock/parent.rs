//! The process that everybody knows: announces, answers signals, and ends the worker.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mmapio_core::Error;
use sd_notify::NotifyState;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::WORKER_OF;
use super::claim::{Claim, Claimed};
use super::records::Record;
use crate::args::lock::Lock;
use crate::interrupt::Ignored;
use crate::messages;
use crate::output::Exit;

mod announce;

use announce::Announcer;

/// How long a killed worker is waited for: one that is stuck in the kernel ends when the storage answers, and unmapping takes
/// a second for each 16 GiB or so.
const GRACE: Duration = Duration::from_millis(500);

/// This very program, also where its path leads elsewhere by now, or may not be walked.
const OURSELVES: &str = "/proc/self/exe";

/// What the process waits for.
enum Event {
    Signal(i32),
    /// The worker has a file that must be removed after it.
    Claimed(PathBuf),
    /// The worker closed its end of the pipe: it ended.
    Gone,
    /// What it had to say could not be written.
    Failed(anyhow::Error),
}

/// Runs it.
pub(crate) fn run(arguments: &Lock) -> Result<Exit> {
    let (sender, events) = channel();
    watch_signals(sender.clone())?;
    let pidfile = match &arguments.hold.pidfile {
        Some(path) if !arguments.hold.dry_run => Some(claim_pidfile(path)?),
        _ => None,
    };
    let mut worker = start_worker()?;
    if let Some(pipe) = worker.stdout.take() {
        let announcer = Announcer::new(&arguments.hold);
        std::thread::Builder::new().name("listen".into()).spawn(move || listen(pipe, announcer, &sender))?;
    }
    let exit = wait(&events, &mut worker);
    drop(pidfile);
    exit
}

fn claim_pidfile(path: &Path) -> Result<Claim> {
    match Claim::of(path, std::process::id())? {
        Claimed::Ours(claim) => Ok(claim),
        Claimed::Taken(Some(pid)) => bail!("{}: process {pid} runs with this pidfile", path.display()),
        Claimed::Taken(None) => bail!("{}: another process runs with this pidfile", path.display()),
    }
}

/// Sends signals as events. A shell without job control has its background commands ignore SIGINT; it stays so.
fn watch_signals(events: Sender<Event>) -> Result<()> {
    let interrupt = (!Ignored::now().has(SIGINT)).then_some(SIGINT);
    let mut signals = Signals::new(interrupt.into_iter().chain([SIGTERM]))?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// This program once more, as the worker. It is started by the main thread: the worker dies when the thread that started it
/// ends.
fn start_worker() -> Result<Child> {
    Command::new(OURSELVES)
        .args(std::env::args_os().skip(1))
        .env(WORKER_OF, std::process::id().to_string())
        .env_remove("NOTIFY_SOCKET")
        .stdout(Stdio::piped())
        .spawn()
        .context("the worker cannot be started")
}

/// Passes on what the worker says.
fn listen(pipe: impl Read, announcer: Announcer, events: &Sender<Event>) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let event = match serde_json::from_slice(&line) {
            Ok(Record::Claimed { file }) => Event::Claimed(file),
            Ok(record) => match announcer.announce(&record, &line) {
                Ok(()) => continue,
                Err(error) => Event::Failed(error),
            },
            Err(_) => continue,
        };
        if events.send(event).is_err() {
            return;
        }
    }
    // When nobody listens any more, this process is about to end.
    let _ = events.send(Event::Gone);
}

/// Waits for the end, and brings it about.
fn wait(events: &Receiver<Event>, worker: &mut Child) -> Result<Exit> {
    let mut claimed = None;
    let end = loop {
        match events.recv() {
            Ok(Event::Claimed(file)) => claimed = Some(file),
            Ok(end) => break end,
            Err(_) => break Event::Gone,
        }
    };
    notify(&[NotifyState::Stopping]);
    if !matches!(end, Event::Gone) {
        // It fails only when the worker has ended.
        let _ = worker.kill();
    }
    let status = ended(worker);
    if let (Some(file), Some(_)) = (&claimed, status) {
        // Claiming what the worker left and letting it go removes it; in the hands of another it stays.
        drop(Claim::of(file, std::process::id()));
    }
    if status.is_none() {
        let pid = worker.id();
        messages::warning(&format!(
            "process {pid} is still ending: its locks go once the storage answers or all is unmapped"
        ));
    }
    match end {
        Event::Signal(SIGINT) => Ok(Exit::Interrupted),
        Event::Signal(_) => Ok(Exit::Done),
        Event::Failed(error) => Err(error),
        Event::Gone | Event::Claimed(_) => Ok(verdict(status)),
    }
}

/// How the worker ended; none when it does not.
fn ended(worker: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        match worker.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < GRACE => std::thread::sleep(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

/// What the end of the worker means that nobody asked for.
fn verdict(status: Option<ExitStatus>) -> Exit {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(0), _)) => Exit::Done,
        Some((Some(3), _)) => Exit::Unmet,
        Some((Some(1), _)) | None => Exit::SomeFailed,
        Some((Some(code), _)) => failed(&format!("the worker ended with status {code}")),
        Some((None, Some(9))) => failed("the worker was killed (signal 9), perhaps for want of memory"),
        Some((None, signal)) => failed(&format!("the worker died of signal {}", signal.unwrap_or(0))),
    }
}

fn failed(what: &str) -> Exit {
    let error = Error::range(format!("{what}; nothing is locked any more"));
    messages::error(&error.reason());
    Exit::SomeFailed
}

/// Tells systemd, where it is there.
fn notify(states: &[NotifyState<'_>]) {
    // A service manager that does not listen has no bearing on the files.
    let _ = sd_notify::notify(states);
}
