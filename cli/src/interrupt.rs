//! Ctrl-C and SIGTERM: end what goes on, so that what was done so far is still reported.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::output::Exit;

/// The signals, and the exit status that each comes to.
const SIGNALS: [(i32, Exit); 2] = [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)];

/// Which of the signals came.
#[derive(Debug, Default)]
pub(crate) struct Interrupt([Arc<AtomicBool>; SIGNALS.len()]);

impl Interrupt {
    /// Listens from now on. The first signal is remembered; the second ends the process at once, since the first may wait for
    /// a storage that never answers. Who started us with a signal ignored, as shells do with background jobs, wants it so.
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = Self::default();
        for ((signal, exit), came) in SIGNALS.into_iter().zip(&interrupt.0) {
            if !is_ignored(signal) {
                flag::register_conditional_shutdown(signal, exit as i32, Arc::clone(came))?;
                flag::register(signal, Arc::clone(came))?;
            }
        }
        Ok(interrupt)
    }

    /// Whether one came.
    pub(crate) fn came(&self) -> bool {
        self.0.iter().any(|came| came.load(Ordering::Relaxed))
    }

    /// The exit status of the one that came.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let came = SIGNALS.iter().zip(&self.0).find(|(_, came)| came.load(Ordering::Relaxed));
        came.map(|((_, exit), _)| *exit)
    }
}

/// Whether this process was started with the signal ignored, by `SigIgn` in proc(5); where there is no /proc it was not.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
