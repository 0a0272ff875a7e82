//! What the view waits for: keys, signals, and what a look at the files found. Each comes from a thread of its own, so that a storage
//! that does not answer leaves the keys alone.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use anyhow::Result;
use crossterm::event::{self, Event as Input};

use super::keys::{Action, action};
use crate::commands::look::Subject;
use crate::commands::report::Merged;
use crate::commands::scan::Task;

/// Something happened.
pub(super) enum Event {
    Key(Action),
    /// The screen has another size, or has to be drawn anew for another reason.
    Resized,
    #[cfg_attr(not(unix), expect(dead_code, reason = "Ctrl-C comes as a key"))]
    Signal(i32),
    Looked(Box<Found>),
    /// No key will come any more.
    Closed(io::Error),
}

/// What a look found, and when.
pub(super) struct Found {
    pub(super) merged: Result<Merged>,
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

/// Where things happen, and how to ask for a look.
pub(super) struct Events {
    pub(super) happened: Receiver<Event>,
    asked: Sender<()>,
    sender: Sender<Event>,
    reads_keys: bool,
}

impl Events {
    /// Listens to signals from now on, and is ready to look.
    pub(super) fn listen(subject: Subject, task: Task) -> io::Result<Self> {
        let (sender, happened) = channel();
        let (asked, asks) = channel();
        signals(sender.clone())?;
        looks(subject, task, asks, sender.clone())?;
        Ok(Self { happened, asked, sender, reads_keys: false })
    }

    /// Reads keys from now on: the terminal must give them one by one already.
    pub(super) fn read_keys(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.reads_keys, true) {
            let sender = self.sender.clone();
            thread::Builder::new().name("keys".into()).spawn(move || keys(&sender))?;
        }
        Ok(())
    }

    /// Asks for a look, which comes as an event.
    pub(super) fn look(&self) -> bool {
        self.asked.send(()).is_ok()
    }
}

/// Ends with the process: nothing else ends a read of the terminal.
fn keys(sender: &Sender<Event>) {
    loop {
        let event = match event::read() {
            Ok(Input::Key(key)) => action(&key).map(Event::Key),
            Ok(Input::Resize(..)) => Some(Event::Resized),
            Ok(_) => None,
            Err(error) => {
                let _ = sender.send(Event::Closed(error));
                return;
            }
        };
        if event.is_some_and(|event| sender.send(event).is_err()) {
            return;
        }
    }
}

fn looks(subject: Subject, task: Task, asks: Receiver<()>, sender: Sender<Event>) -> io::Result<()> {
    let look = move || {
        while asks.recv().is_ok() {
            let began = Instant::now();
            let merged = subject.look(task, || false);
            let found = Box::new(Found { merged, began, ended: Instant::now() });
            if sender.send(Event::Looked(found)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("looks".into()).spawn(look).map(drop)
}

/// Signals that end, and the one that comes after a stop; those that this process was started with ignored stay so. The second of one
/// that ends is obeyed here and at once: the first was not, so the terminal takes nothing more.
#[cfg(unix)]
fn signals(sender: Sender<Event>) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    let ignored = crate::interrupt::Ignored::now();
    let wanted =
        [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT].into_iter().filter(|signal| !ignored.has(*signal));
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    let pass = move || {
        let mut came = None;
        for signal in signals.forever() {
            if came == Some(signal) && signal != SIGCONT {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            came = Some(signal);
            let event = if signal == SIGCONT { Event::Key(Action::Redraw) } else { Event::Signal(signal) };
            if sender.send(event).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(pass).map(drop)
}

/// Ctrl-C comes as a key.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, clippy::needless_pass_by_value, reason = "the same on every system")]
fn signals(_sender: Sender<Event>) -> io::Result<()> {
    Ok(())
}
