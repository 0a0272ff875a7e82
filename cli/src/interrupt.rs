//! Ctrl-C: ends what goes on, so that what was done so far is still reported.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::output::Exit;

/// Whether SIGINT came.
#[derive(Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. The first SIGINT is remembered; the second ends the process at once, since the first may wait for
    /// a storage that never answers.
    pub(crate) fn listen() -> io::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, Exit::Interrupted as i32, Arc::clone(&came))?;
        flag::register(SIGINT, Arc::clone(&came))?;
        Ok(Self(came))
    }

    /// Whether it came.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
