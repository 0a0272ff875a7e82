//! The work that is left, shared by the threads of a walk: last in, first out, so that what is held open stays small.

use std::ffi::CString;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::walk::directory::Directory;

/// A piece of work.
#[derive(Debug)]
pub(crate) enum Task {
    /// Take the next of the named paths.
    Paths,
    /// Open and list a directory that was found in another.
    Enter(Arc<Directory>, CString),
    /// List a directory, or go on at an offset where another thread stopped.
    List(Arc<Directory>, Option<u64>),
}

#[derive(Debug, Default)]
struct State {
    tasks: Vec<Task>,
    /// Threads that work on a task, and so may bring more.
    active: usize,
    stopped: bool,
}

/// The tasks of a walk; it is over when none is left and nobody works on one.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

/// A task that is being worked on; the queue learns of its end when this is dropped, by a panic, too.
pub(crate) struct Active<'a> {
    queue: &'a Queue,
}

impl Queue {
    pub(crate) fn push(&self, task: Task) {
        lock(&self.state).tasks.push(task);
        self.changed.notify_one();
    }

    /// Waits for a task; none when the walk is over.
    pub(crate) fn pop(&self) -> Option<(Task, Active<'_>)> {
        let mut state = lock(&self.state);
        loop {
            if state.stopped {
                return None;
            }
            if let Some(task) = state.tasks.pop() {
                state.active += 1;
                return Some((task, Active { queue: self }));
            }
            if state.active == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the walk was ended.
    pub(crate) fn is_stopped(&self) -> bool {
        lock(&self.state).stopped
    }

    /// Ends the walk: no more tasks are given out.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.state);
        state.stopped = true;
        state.tasks.clear();
        drop(state);
        self.changed.notify_all();
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        state.active -= 1;
        if state.active == 0 && state.tasks.is_empty() {
            drop(state);
            self.queue.changed.notify_all();
        }
    }
}

/// Locks even when another thread panicked with the lock held: the data are counters and lists that stay valid.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
