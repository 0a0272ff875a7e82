//! The handlers of SIGBUS and SIGSEGV: what is ours is answered, all else goes to whoever had the signal before.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, c_void, siginfo_t};

use super::chain::{Chain, coarse_clock};
use super::{store, table};

/// `si_code` of a fault on memory that a file should have filled. Memory that hardware lost (`BUS_MCEERR_AR`) is not ours.
const BUS_ADRERR: c_int = 2;
/// `si_code` of such memory that nobody has touched yet: nothing happens again by itself, as with a signal that was sent.
const BUS_MCEERR_AO: c_int = 5;
/// `si_code` of a fault on memory that is there and may not be used in this way.
const SEGV_ACCERR: c_int = 2;
/// `si_code` of a wrong memory tag that is told some time later, and does not come again, either.
const SEGV_MTEAERR: c_int = 8;

static BUS: Chain = Chain::new(libc::SIGBUS, on_sigbus);
static SEGV: Chain = Chain::new(libc::SIGSEGV, on_sigsegv);

/// Sees to it that SIGBUS comes to us first, and SIGSEGV, too, where stores are forgiven. It is asked again when some milliseconds
/// have gone by: asking each time would cost a twentieth of mapping a page.
pub(super) fn install(forgives: bool) -> io::Result<()> {
    install_at(coarse_clock(), forgives)
}

/// The same for a new mapping: whether this thread takes SIGBUS, too, is asked again after some milliseconds only.
pub(super) fn takes_lately(forgives: bool) -> io::Result<bool> {
    thread_local!(static TAKEN: Cell<u64> = const { Cell::new(0) });
    let now = coarse_clock();
    if now == 0 || TAKEN.get() != now {
        if is_blocked_here() {
            return Ok(false);
        }
        TAKEN.set(now);
    }
    install_at(now, forgives).map(|()| true)
}

/// Sees to it at once that what came to us before comes to us first.
pub(super) fn take_back() -> io::Result<()> {
    BUS.take_back()?;
    SEGV.take_back()
}

fn install_at(now: u64, forgives: bool) -> io::Result<()> {
    BUS.install(now)?;
    if forgives { SEGV.install(now) } else { Ok(()) }
}

/// Whether this thread blocks SIGBUS now: it may have done so since it was asked last.
pub(super) fn is_blocked_here() -> bool {
    let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: no new mask is given; the old one is written through the pointer.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr()) };
    // SAFETY: the mask is initialised: zeros at first, and perhaps what the call wrote.
    unsafe { libc::sigismember(mask.as_ptr(), libc::SIGBUS) == 1 }
}

extern "C" fn on_sigbus(_signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let answer = |code, address| code == BUS_ADRERR && table::answer(address);
    handle(&BUS, info, context, BUS_MCEERR_AO, answer);
}

extern "C" fn on_sigsegv(_signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let answer = |code, address| code == SEGV_ACCERR && store::is_store(context) && table::own(address);
    handle(&SEGV, info, context, SEGV_MTEAERR, answer);
}

/// Answers a signal, or passes it on. Where its code is `once`, or it was sent, it does not come again by itself.
fn handle(
    chain: &Chain,
    info: *mut siginfo_t,
    context: *mut c_void,
    once: c_int,
    answer: impl FnOnce(c_int, usize) -> bool,
) {
    // SAFETY: errno is the thread's own; what was interrupted must find it as it was.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the pointer is the thread's errno.
    let saved = unsafe { *errno };
    // SAFETY: the kernel gives a handler with SA_SIGINFO an info.
    let told = unsafe { &*info };
    let code = told.si_code;
    // SAFETY: for other codes the field holds something else, which is not looked at.
    let address = unsafe { told.si_addr() }.addr();
    if !answer(code, address) {
        chain.pass_on(info, context, code <= 0 || code == once);
    }
    // SAFETY: the pointer is the thread's errno.
    unsafe { *errno = saved };
}
