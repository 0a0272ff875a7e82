//! The view as a job of a shell: in the background it leaves the terminal alone, and stops.

use std::io;

/// Whether it is its turn to use the terminal.
pub(super) struct Job {
    /// Whether it stops when it uses the terminal though another job has it.
    stops: bool,
}

impl Job {
    pub(super) fn new() -> Self {
        Self { stops: true }
    }

    /// Whether it has to wait for its turn.
    pub(super) fn waits(&self) -> bool {
        self.stops && is_in_background()
    }

    /// Stops until a shell lets it go on, as it does who changes the modes of a terminal that another job has. The call that does
    /// that would be made once more by the kernel after the stop, and stop again before anybody has heard of a signal that came
    /// meanwhile and is to end it all.
    #[cfg(unix)]
    pub(super) fn stop() -> io::Result<()> {
        signal_hook::low_level::raise(signal_hook::consts::SIGTTOU)
    }

    /// There are no jobs.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    pub(super) fn stop() -> io::Result<()> {
        Ok(())
    }

    /// It was told to stop and did not: nobody could let it go on (then the terminal refuses), or it was started so that it may
    /// use the terminal in the background.
    pub(super) fn does_not_stop(&mut self) {
        self.stops = false;
    }
}

/// Whether another job has the terminal: its modes are that job's then, or the shell's.
#[cfg(unix)]
pub(super) fn is_in_background() -> bool {
    use rustix::termios::tcgetpgrp;

    let group = tcgetpgrp(io::stdin()).or_else(|_| tcgetpgrp(io::stdout()));
    group.is_ok_and(|group| group != rustix::process::getpgrp())
}

/// Whether writing to it stops a job in the background, too (`stty tostop`).
#[cfg(unix)]
pub(super) fn is_mute() -> bool {
    use rustix::termios::{LocalModes, tcgetattr};

    let stops = || tcgetattr(io::stdout()).is_ok_and(|modes| modes.local_modes.contains(LocalModes::TOSTOP));
    is_in_background() && stops()
}

/// There are no jobs.
#[cfg(not(unix))]
pub(super) fn is_in_background() -> bool {
    false
}

/// There are no jobs.
#[cfg(not(unix))]
pub(super) fn is_mute() -> bool {
    false
}
