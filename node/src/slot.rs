//! Where objects of JavaScript keep their mappings. A runtime may end a worker thread without finishing its objects, or the calls that
//! wait for the thread pool (Deno does), so that the thread remembers them, too.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::Env;

use crate::held::Held;

/// The mapping of an object; none when it was closed.
#[derive(Debug)]
pub(crate) struct Slot(Mutex<Option<Arc<Held>>>);

impl Slot {
    /// One that lets its mapping go when the thread ends, at the latest.
    pub(crate) fn new(env: Env, held: Arc<Held>) -> Arc<Self> {
        let slot = Arc::new(Self(Mutex::new(Some(held))));
        let ended: Arc<dyn Ended> = Arc::clone(&slot) as _;
        remember(env, &ended);
        slot
    }

    pub(crate) fn get(&self) -> Option<Arc<Held>> {
        self.lock().clone()
    }

    /// Puts another mapping there, or none, and gives the old one back, of which the caller is an owner now.
    pub(crate) fn replace(&self, held: Option<Arc<Held>>) -> Option<Arc<Held>> {
        std::mem::replace(&mut *self.lock(), held)
    }

    /// One owner less.
    pub(crate) fn release(&self) {
        if let Some(held) = self.replace(None) {
            held.release();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has something to let go when its thread ends.
pub(crate) trait Ended {
    fn end(&self);
}

impl Ended for Slot {
    fn end(&self) {
        self.release();
    }
}

/// Ends it with its thread, if it is still there.
pub(crate) fn remember(env: Env, what: &Arc<dyn Ended>) {
    ALL.with_borrow_mut(|all| all.remember(env, what));
}

thread_local! {
    static ALL: RefCell<All> = const { RefCell::new(All { known: Vec::new(), look_at: 64, envs: Vec::new() }) };
}

/// Those of this thread.
struct All {
    /// With the environment that each is of: the addon may be loaded more than once.
    known: Vec<(usize, Weak<dyn Ended>)>,
    /// So many are looked through for those that are gone.
    look_at: usize,
    /// Environments whose end is told.
    envs: Vec<usize>,
}

impl All {
    fn remember(&mut self, env: Env, what: &Arc<dyn Ended>) {
        let id = env.raw().addr();
        if !self.envs.contains(&id) {
            self.envs.push(id);
            // Where there are no hooks objects are finished, as far as the runtime does.
            let _ = env.add_env_cleanup_hook(id, end);
        }
        if self.known.len() >= self.look_at {
            self.known.retain(|(_, what)| what.strong_count() > 0);
            self.look_at = 2 * self.known.len() + 64;
        }
        self.known.push((id, Arc::downgrade(what)));
    }

    fn take(&mut self, env: usize) -> Vec<Weak<dyn Ended>> {
        self.envs.retain(|known| *known != env);
        let (ended, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.known).into_iter().partition(|(of, _)| *of == env);
        self.known = others;
        ended.into_iter().map(|(_, what)| what).collect()
    }
}

/// An environment ends: nobody has its objects any more. Buffers are owners of their own.
fn end(env: usize) {
    let ended = ALL.try_with(|all| all.try_borrow_mut().map(|mut all| all.take(env)));
    ended.into_iter().flatten().flatten().filter_map(|what| what.upgrade()).for_each(|what| what.end());
}
