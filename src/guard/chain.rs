//! A signal that comes to the guard first, and from there to whoever had it before.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use libc::{c_int, c_void, siginfo_t};

type Action = libc::sigaction;
type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// A signal, our handler of it, and the others.
#[derive(Debug)]
pub(super) struct Chain {
    signal: c_int,
    handler: Handler,
    /// Whom the signal goes to when it is not ours: null is the default action.
    previous: AtomicPtr<Action>,
    /// The first of those. Whoever comes after us may give us what it does not want, and then its turn is over.
    first: AtomicPtr<Action>,
    /// Threads in which a handler that came after us is at work.
    chaining: [AtomicI32; 16],
    /// When it was last seen that the handler is ours, by the kernel's coarse clock; 0 is never.
    seen: AtomicU64,
    lock: Mutex<()>,
}

impl Chain {
    pub(super) const fn new(signal: c_int, handler: Handler) -> Self {
        let (previous, first) = (AtomicPtr::new(ptr::null_mut()), AtomicPtr::new(ptr::null_mut()));
        let chaining = [const { AtomicI32::new(0) }; 16];
        Self { signal, handler, previous, first, chaining, seen: AtomicU64::new(0), lock: Mutex::new(()) }
    }

    /// Sees to it that the signal comes to us first, when that was not seen at this time yet.
    pub(super) fn install(&self, now: u64) -> io::Result<()> {
        if now == 0 || self.seen.load(Ordering::Acquire) != now {
            if !self.is_ours(&self.current()?) {
                self.install_now()?;
            }
            self.seen.store(now, Ordering::Release);
        }
        Ok(())
    }

    /// The same at once, where it came to us before.
    pub(super) fn take_back(&self) -> io::Result<()> {
        if self.seen.load(Ordering::Acquire) == 0 || self.is_ours(&self.current()?) {
            Ok(())
        } else {
            self.install_now()
        }
    }

    fn install_now(&self) -> io::Result<()> {
        let _alone = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = self.current()?;
        if self.is_ours(&previous) {
            return Ok(());
        }
        self.follow(previous);
        let mut ours = empty();
        ours.sa_sigaction = self.handler as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the set is ours. With all signals kept away no handler can interrupt ours, fault, and be killed for it.
        unsafe { libc::sigfillset(&raw mut ours.sa_mask) };
        let replaced = self.set(&ours)?;
        // Somebody may have come in between.
        if !self.is_ours(&replaced) && replaced.sa_sigaction != previous.sa_sigaction {
            self.follow(replaced);
        }
        Ok(())
    }

    /// What is not ours goes there from now on.
    fn follow(&self, previous: Action) {
        // It is never freed: a handler may be reading it.
        let previous = Box::leak(Box::new(previous));
        if self.first.load(Ordering::Acquire).is_null() {
            self.first.store(previous, Ordering::Release);
        }
        self.previous.store(previous, Ordering::Release);
    }

    fn is_ours(&self, action: &Action) -> bool {
        action.sa_sigaction == self.handler as *const () as usize
    }

    fn current(&self) -> io::Result<Action> {
        let mut action = empty();
        // SAFETY: no new action is given; the old one is written through the pointer.
        match unsafe { libc::sigaction(self.signal, ptr::null(), &raw mut action) } {
            0 => Ok(action),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Installs an action, and returns the one that it replaces.
    fn set(&self, action: &Action) -> io::Result<Action> {
        let mut replaced = empty();
        // SAFETY: the action is whole, and its handler is a function that may be called in a signal handler.
        match unsafe { libc::sigaction(self.signal, action, &raw mut replaced) } {
            0 => Ok(replaced),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Gives the signal to whom it would have come to without us.
    pub(super) fn pass_on(&self, info: *mut siginfo_t, context: *mut c_void, was_sent: bool) {
        let entered = Entered::new(self);
        // SAFETY: a pointer there is null or to an action that is never freed.
        let action = unsafe { entered.action().load(Ordering::Acquire).as_ref() };
        match action.map_or(libc::SIG_DFL, |action| action.sa_sigaction) {
            libc::SIG_IGN if was_sent => {}
            // A fault that is ignored comes again and again: the kernel, too, takes the default action.
            libc::SIG_DFL | libc::SIG_IGN => self.die(was_sent),
            handler => {
                if let Some(action) = action {
                    if action.sa_flags & libc::SA_RESETHAND != 0 {
                        entered.action().store(ptr::null_mut(), Ordering::Release);
                    }
                    self.unmask(action, context);
                    call(handler, action.sa_flags, self.signal, info, context);
                }
                // The standard library's handler leaves by taking itself away, for the fault to come again: but a signal that
                // was sent does not come again, and the guard would be gone without a word.
                if was_sent && self.current().is_ok_and(|now| now.sa_sigaction == libc::SIG_DFL) {
                    self.die(true);
                }
            }
        }
    }

    /// Takes the default action: at once for a signal that was sent, when the fault comes again otherwise.
    fn die(&self, was_sent: bool) {
        // Nothing can be done about a failure, which there is none of for a signal that exists.
        let _ = self.set(&empty());
        if was_sent {
            // SAFETY: takes a number only; it is kept back until the handler returns.
            unsafe { libc::raise(self.signal) };
        }
    }

    /// Blocks what would be blocked if the kernel had called the handler itself.
    fn unmask(&self, action: &Action, context: *mut c_void) {
        let context: *mut libc::ucontext_t = context.cast();
        // SAFETY: the kernel gives a handler with SA_SIGINFO a context, whose mask is the one that was interrupted.
        let mut mask = unsafe { (*context).uc_sigmask };
        for number in 1..=64 {
            // SAFETY: both sets are initialised; a number that is no signal is refused.
            if unsafe { libc::sigismember(&raw const action.sa_mask, number) } == 1 {
                // SAFETY: as above.
                unsafe { libc::sigaddset(&raw mut mask, number) };
            }
        }
        if action.sa_flags & libc::SA_NODEFER == 0 {
            // SAFETY: the set is initialised.
            unsafe { libc::sigaddset(&raw mut mask, self.signal) };
        }
        // SAFETY: the set is initialised; no old one is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, ptr::null_mut()) };
    }
}

/// Nanoseconds in steps of some milliseconds, which costs no system call: clock_gettime(2) `CLOCK_MONOTONIC_COARSE`.
pub(super) fn coarse_clock() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec, of which the call writes one.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.wrapping_mul(1_000_000_000).wrapping_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

fn empty() -> Action {
    // SAFETY: zeros are a valid sigaction: the default action, no flags, an empty mask.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn call(handler: usize, flags: c_int, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    type Short = extern "C" fn(c_int);
    let handler: *const () = ptr::with_exposed_provenance(handler);
    if flags & libc::SA_SIGINFO != 0 {
        // SAFETY: it was installed as a handler of this kind, and is neither of the two numbers that are none.
        let handler: Handler = unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: as above.
        let handler: Short = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
}

/// Remembers that this thread is in a handler that came after us: if that gives us the signal back, it is the first one's.
struct Entered<'a> {
    chain: &'a Chain,
    /// Where the thread is written down; none when there was nothing to write or no room.
    entry: Option<&'a AtomicI32>,
    again: bool,
}

impl<'a> Entered<'a> {
    fn new(chain: &'a Chain) -> Self {
        let alone = chain.first.load(Ordering::Acquire) == chain.previous.load(Ordering::Acquire);
        if alone {
            return Self { chain, entry: None, again: false };
        }
        // SAFETY: takes nothing and touches no memory of ours.
        let thread = unsafe { libc::gettid() };
        if chain.chaining.iter().any(|entry| entry.load(Ordering::Acquire) == thread) {
            return Self { chain, entry: None, again: true };
        }
        let take = |entry: &&AtomicI32| {
            entry.compare_exchange(0, thread, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        Self { chain, entry: chain.chaining.iter().find(take), again: false }
    }

    fn action(&self) -> &'a AtomicPtr<Action> {
        if self.again { &self.chain.first } else { &self.chain.previous }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            entry.store(0, Ordering::Release);
        }
    }
}
