//! Locks what was planned, by many threads.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mmapio_core::{Error, Locked, Pages};

use super::plan::Planned;
use super::records::{Record, send, send_error};
use crate::messages;
use crate::progress::Progress;

/// How often the parent hears how far it is.
const EVERY: Duration = Duration::from_secs(1);

/// Says what went wrong: to the person, and as a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller {
    pub(crate) quiet: bool,
}

impl Teller {
    pub(crate) fn error(self, error: &Error) {
        if !self.quiet {
            messages::path_error(error);
        }
        send_error(error);
    }

    /// Says which limit stands in the way: never quietly, since nothing happens then.
    pub(crate) fn limit(self, error: &Error) {
        messages::path_error(error);
        send_error(error);
    }
}

/// A file that is locked.
#[derive(Debug)]
pub(crate) struct HeldFile {
    pub(crate) path: PathBuf,
    pub(crate) locked: Locked,
}

/// Locks many files.
pub(crate) struct Locker<'a> {
    pub(crate) teller: Teller,
    /// Whether to lock the rest when a file fails.
    pub(crate) keeps_going: bool,
    pub(crate) progress: &'a Progress,
    /// Bytes in all.
    pub(crate) of: u64,
    pub(crate) bytes: AtomicU64,
    pub(crate) told: Mutex<Instant>,
    pub(crate) stopped: AtomicBool,
}

impl<'a> Locker<'a> {
    pub(crate) fn new(teller: Teller, keeps_going: bool, progress: &'a Progress, of: Pages) -> Self {
        let (bytes, told) = (AtomicU64::new(0), Mutex::new(Instant::now()));
        Self { teller, keeps_going, progress, of: of.bytes(), bytes, told, stopped: AtomicBool::new(false) }
    }

    /// Locks all that it can, or nothing more after a failure; how many failed.
    pub(crate) fn lock(&self, planned: Vec<Planned>, threads: usize) -> (Vec<HeldFile>, u64) {
        let threads = threads.min(planned.len());
        let rest = Mutex::new(planned.into_iter());
        let (held, failed) = (Mutex::new(Vec::new()), AtomicU64::new(0));
        let work = || {
            let mut mine = Vec::new();
            while let Some(next) = lock(&rest).next().filter(|_| !self.stopped.load(Ordering::Relaxed)) {
                match self.lock_one(next) {
                    Ok(file) => mine.push(file),
                    Err(()) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                }
            }
            lock(&held).append(&mut mine);
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Where no more threads can be had, those that are there do the work.
                if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        (held.into_inner().unwrap_or_else(PoisonError::into_inner), failed.into_inner())
    }

    fn lock_one(&self, Planned { path, mapped }: Planned) -> Result<HeldFile, ()> {
        let locked = mapped.lock(&path, &mut |pages| self.advance(pages)).map_err(|error| {
            // The file that failed first has been told of; others were only given up for it.
            if !self.stopped.swap(!self.keeps_going, Ordering::Relaxed) {
                self.progress.suspend(|| self.teller.error(&error));
            }
        })?;
        self.progress.add(1, 0);
        Ok(HeldFile { path, locked })
    }

    fn advance(&self, pages: Pages) -> ControlFlow<()> {
        let bytes = self.bytes.fetch_add(pages.bytes(), Ordering::Relaxed) + pages.bytes();
        self.progress.add(0, pages.bytes());
        if let Ok(mut told) = self.told.try_lock()
            && told.elapsed() >= EVERY
        {
            *told = Instant::now();
            send(&Record::Progress { bytes: bytes.min(self.of), of: self.of });
        }
        if self.stopped.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Locks even when another thread panicked with the lock held: lists stay valid.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
