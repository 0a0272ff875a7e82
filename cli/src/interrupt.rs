//! Ctrl-C and SIGTERM: end what goes on, so that what was done so far is still reported.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::Observer;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output::Exit;

/// The signals, and the exit status that each comes to.
const SIGNALS: [(i32, Exit); 2] = [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)];

/// Which of the signals came.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    came: [Arc<AtomicBool>; SIGNALS.len()],
    /// Whether the next one ends the process.
    ends: [Arc<AtomicBool>; SIGNALS.len()],
}

impl Interrupt {
    /// Listens from now on. The first signal is remembered; the second ends the process at once, since the first may wait for
    /// a storage that never answers. Who started us with a signal ignored, as shells do with background jobs, wants it so.
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = Self::default();
        let ignored = Ignored::now();
        let flags = interrupt.came.iter().zip(&interrupt.ends);
        for ((signal, exit), (came, ends)) in SIGNALS.into_iter().zip(flags) {
            if !ignored.has(signal) {
                listen_to(signal, exit, came, ends)?;
            }
        }
        Ok(interrupt)
    }

    /// Listens no more: a signal ends the process, as it did before. One that came until now is told by [`exit`](Self::exit).
    pub(crate) fn leave(&self) {
        self.ends.iter().for_each(|ends| ends.store(true, Ordering::SeqCst));
    }

    /// Whether one came.
    pub(crate) fn came(&self) -> bool {
        self.came.iter().any(|came| came.load(Ordering::Relaxed))
    }

    /// The exit status of the one that came.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let came = SIGNALS.iter().zip(&self.came).find(|(_, came)| came.load(Ordering::Relaxed));
        came.map(|((_, exit), _)| *exit)
    }
}

/// What goes on ends when one came.
impl Observer for Interrupt {
    fn is_stopped(&self) -> bool {
        self.came()
    }
}

/// Actions run in the order of their registration, and from the first one on the signal no longer kills: so remembering it comes
/// first, or a signal between two registrations would be lost. The first signal finds `ends` unset, and sets it last.
fn listen_to(signal: i32, exit: Exit, came: &Arc<AtomicBool>, ends: &Arc<AtomicBool>) -> io::Result<()> {
    flag::register(signal, Arc::clone(came))?;
    flag::register_conditional_shutdown(signal, exit as i32, Arc::clone(ends))?;
    flag::register(signal, Arc::clone(ends))?;
    Ok(())
}

/// Takes the signal that comes with a file larger than `RLIMIT_FSIZE`: it would kill us, where the call fails with `EFBIG` all the
/// same.
#[cfg(unix)]
pub(crate) fn outlive_file_size_limit() -> io::Result<()> {
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(drop)
}

/// There is no such signal.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(crate) fn outlive_file_size_limit() -> io::Result<()> {
    Ok(())
}

/// The signals that this process was started with ignored, `SigIgn` in proc(5); where there is no /proc, none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ignored(u64);

impl Ignored {
    /// Looked up by one read, since this is at the start of every command that changes something.
    pub(crate) fn now() -> Self {
        let mut status = [0; 4096];
        let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status)).unwrap_or(0);
        let status = String::from_utf8_lossy(status.get(..read).unwrap_or_default());
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
    }

    pub(crate) fn has(self, signal: i32) -> bool {
        self.0 >> (signal - 1) & 1 == 1
    }
}
