//! Threads that load windows of a file.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::cache::warm::load::{Lane, Loader};
use crate::cache::warm::outcome::Outcome;
use crate::cache::warm::source::Source;
use crate::error::Result;

/// Loads every window, several at the same time: each thread takes the next, so that they are loaded in file order.
pub(super) fn load_all(loader: &Loader<'_>, source: &mut Source<'_>, lanes: NonZeroUsize) -> Result<Outcome> {
    let source = Mutex::new(source);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        let mut lane = Lane::new(loader);
        let done = load_each(&mut lane, &source);
        lane.outcome.error = done.err();
        outcome.lock().unwrap_or_else(PoisonError::into_inner).merge(lane.outcome);
    };
    std::thread::scope(|scope| {
        for _ in 1..lanes.get() {
            // Where no more threads can be had, those that are there do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.error.take().map_or(Ok(outcome), Err)
}

fn load_each(lane: &mut Lane<'_>, source: &Mutex<&mut Source<'_>>) -> Result<()> {
    loop {
        let window = source.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        match window {
            Some(window) => lane.load(window)?,
            None => return Ok(()),
        }
    }
}
