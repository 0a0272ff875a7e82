//! The handler of SIGBUS: what is ours is answered, all else goes to whoever had the signal before.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use libc::{c_int, c_void, siginfo_t};

use super::table;

type Action = libc::sigaction;

/// `si_code` of a fault on memory that a file should have filled. Memory that hardware lost (`BUS_MCEERR_AR`) is not ours.
const BUS_ADRERR: c_int = 2;
/// `si_code` of such memory that nobody has touched yet: nothing happens again by itself, as with a signal that was sent.
const BUS_MCEERR_AO: c_int = 5;

/// Whom the signal goes to when it is not ours: null is the default action.
static PREVIOUS: AtomicPtr<Action> = AtomicPtr::new(ptr::null_mut());
/// The first of those. Whoever comes after us may give us what it does not want, and then its turn is over.
static FIRST: AtomicPtr<Action> = AtomicPtr::new(ptr::null_mut());
/// Threads in which a handler that came after us is at work.
static CHAINING: [AtomicI32; 16] = [const { AtomicI32::new(0) }; 16];

/// When it was last seen that the handler is ours, by the kernel's coarse clock; 0 is never.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Sees to it that SIGBUS comes to us first. It is asked again when some milliseconds have gone by: asking each time would cost a
/// twentieth of mapping a page.
pub(super) fn install() -> io::Result<()> {
    install_at(coarse_clock())
}

/// The same for a new mapping: whether this thread takes the signal, too, is asked again after some milliseconds only.
pub(super) fn takes_lately() -> io::Result<bool> {
    thread_local!(static TAKEN: Cell<u64> = const { Cell::new(0) });
    let now = coarse_clock();
    if now == 0 || TAKEN.get() != now {
        if is_blocked_here() {
            return Ok(false);
        }
        TAKEN.set(now);
    }
    install_at(now).map(|()| true)
}

fn install_at(now: u64) -> io::Result<()> {
    if now == 0 || SEEN.load(Ordering::Acquire) != now {
        if !is_ours(&current()?) {
            install_now()?;
        }
        SEEN.store(now, Ordering::Release);
    }
    Ok(())
}

/// Nanoseconds in steps of some milliseconds, which costs no system call: clock_gettime(2) `CLOCK_MONOTONIC_COARSE`.
fn coarse_clock() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec, of which the call writes one.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.wrapping_mul(1_000_000_000).wrapping_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

fn install_now() -> io::Result<()> {
    static LOCK: Mutex<()> = Mutex::new(());
    let _alone = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let previous = current()?;
    if is_ours(&previous) {
        return Ok(());
    }
    follow(previous);
    let mut ours = empty();
    ours.sa_sigaction = on_sigbus as *const () as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the set is ours. With all signals kept away no handler can interrupt ours, fault, and be killed for it.
    unsafe { libc::sigfillset(&raw mut ours.sa_mask) };
    let replaced = set(&ours)?;
    // Somebody may have come in between.
    if !is_ours(&replaced) && replaced.sa_sigaction != previous.sa_sigaction {
        follow(replaced);
    }
    Ok(())
}

/// What is not ours goes there from now on.
fn follow(previous: Action) {
    // It is never freed: a handler may be reading it.
    let previous = Box::leak(Box::new(previous));
    if FIRST.load(Ordering::Acquire).is_null() {
        FIRST.store(previous, Ordering::Release);
    }
    PREVIOUS.store(previous, Ordering::Release);
}

/// Whether this thread blocks SIGBUS now: it may have done so since it was asked last.
pub(super) fn is_blocked_here() -> bool {
    let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: no new mask is given; the old one is written through the pointer.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr()) };
    // SAFETY: the mask is initialised: zeros at first, and perhaps what the call wrote.
    unsafe { libc::sigismember(mask.as_ptr(), libc::SIGBUS) == 1 }
}

fn empty() -> Action {
    // SAFETY: zeros are a valid sigaction: the default action, no flags, an empty mask.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn is_ours(action: &Action) -> bool {
    action.sa_sigaction == on_sigbus as *const () as usize
}

fn current() -> io::Result<Action> {
    let mut action = empty();
    // SAFETY: no new action is given; the old one is written through the pointer.
    match unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut action) } {
        0 => Ok(action),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Installs an action, and returns the one that it replaces.
fn set(action: &Action) -> io::Result<Action> {
    let mut replaced = empty();
    // SAFETY: the action is whole, and its handler is a function that may be called in a signal handler.
    match unsafe { libc::sigaction(libc::SIGBUS, action, &raw mut replaced) } {
        0 => Ok(replaced),
        _ => Err(io::Error::last_os_error()),
    }
}

extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: errno is the thread's own; what was interrupted must find it as it was.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the pointer is the thread's errno.
    let saved = unsafe { *errno };
    // SAFETY: the kernel gives a handler with SA_SIGINFO an info.
    let told = unsafe { &*info };
    let code = told.si_code;
    // SAFETY: for other codes the field holds something else, which is not looked at.
    let address = unsafe { told.si_addr() }.addr();
    if code != BUS_ADRERR || !table::answer(address) {
        pass_on(signal, info, context, code <= 0 || code == BUS_MCEERR_AO);
    }
    // SAFETY: the pointer is the thread's errno.
    unsafe { *errno = saved };
}

/// Gives the signal to whom it would have come to without us.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void, was_sent: bool) {
    let entered = Entered::new();
    // SAFETY: a pointer there is null or to an action that is never freed.
    let action = unsafe { entered.action().load(Ordering::Acquire).as_ref() };
    match action.map_or(libc::SIG_DFL, |action| action.sa_sigaction) {
        libc::SIG_IGN if was_sent => {}
        // A fault that is ignored comes again and again: the kernel, too, takes the default action.
        libc::SIG_DFL | libc::SIG_IGN => die(signal, was_sent),
        handler => {
            if let Some(action) = action {
                if action.sa_flags & libc::SA_RESETHAND != 0 {
                    entered.action().store(ptr::null_mut(), Ordering::Release);
                }
                unmask(action, context);
                call(handler, action.sa_flags, signal, info, context);
            }
            // The standard library's handler leaves by taking itself away, for the fault to come again: but a signal that was
            // sent does not come again, and the guard would be gone without a word.
            if was_sent && current().is_ok_and(|now| now.sa_sigaction == libc::SIG_DFL) {
                die(signal, true);
            }
        }
    }
}

/// Takes the default action: at once for a signal that was sent, when the fault comes again otherwise.
fn die(signal: c_int, was_sent: bool) {
    // Nothing can be done about a failure, which there is none of for a signal that exists.
    let _ = set(&empty());
    if was_sent {
        // SAFETY: takes a number only; it is kept back until the handler returns.
        unsafe { libc::raise(signal) };
    }
}

/// Blocks what would be blocked if the kernel had called the handler itself.
fn unmask(action: &Action, context: *mut c_void) {
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
        unsafe { libc::sigaddset(&raw mut mask, libc::SIGBUS) };
    }
    // SAFETY: the set is initialised; no old one is asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, ptr::null_mut()) };
}

fn call(handler: usize, flags: c_int, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    type Full = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
    type Short = extern "C" fn(c_int);
    let handler: *const () = ptr::with_exposed_provenance(handler);
    if flags & libc::SA_SIGINFO != 0 {
        // SAFETY: it was installed as a handler of this kind, and is neither of the two numbers that are none.
        let handler: Full = unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: as above.
        let handler: Short = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
}

/// Remembers that this thread is in a handler that came after us: if that gives us the signal back, it is the first one's.
struct Entered {
    /// Where the thread is written down; none when there was nothing to write or no room.
    entry: Option<&'static AtomicI32>,
    again: bool,
}

impl Entered {
    fn new() -> Self {
        let alone = FIRST.load(Ordering::Acquire) == PREVIOUS.load(Ordering::Acquire);
        if alone {
            return Self { entry: None, again: false };
        }
        // SAFETY: takes nothing and touches no memory of ours.
        let thread = unsafe { libc::gettid() };
        if CHAINING.iter().any(|entry| entry.load(Ordering::Acquire) == thread) {
            return Self { entry: None, again: true };
        }
        let take = |entry: &&AtomicI32| {
            entry.compare_exchange(0, thread, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        Self { entry: CHAINING.iter().find(take), again: false }
    }

    fn action(&self) -> &'static AtomicPtr<Action> {
        if self.again { &FIRST } else { &PREVIOUS }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            entry.store(0, Ordering::Release);
        }
    }
}
