//! The guard and the signals of the process: what is not its own goes to whom it went before. Each scenario has a process of its own,
//! since most end it.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a scenario that cannot be set up fails")]

#[path = "support/scenario.rs"]
mod scenario;

use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};
use mmapio_core::{Access, ErrorKind, Guard, MapOptions, OpenFile, memory_file, page_size};
use scenario::{
    CALLED, PASSED_ON, dies_of, endless, ends_with, fault_elsewhere, gone, guarded, install,
    install_one_that_passes_on, send, skip, touch,
};

/// Where the children begin; without a scenario there is nothing to do.
#[test]
fn scenarios() {
    let Some(scenario) = scenario::mine() else { return };
    match &*scenario {
        "sent" => {
            drop(guarded());
            send(libc::SIGBUS);
        }
        "elsewhere" => {
            drop(guarded());
            fault_elsewhere();
        }
        "dropped" => dropped(),
        "handler, sent" => handler_is_called(true),
        "handler, fault" => handler_is_called(false),
        "handler, once" => handler_once(),
        "ignored" => ignored(),
        "later handler" => later_handler(),
        "later handler, taken back" => taken_back(),
        "in a handler" => in_a_handler(),
        "later handler that keeps all" => later_handler_that_keeps_all(),
        "lost memory" => lost_memory(),
        "sealed" => sealed(),
        "blocked" => blocked(),
        "blocked later" => blocked_later(),
        "errno" => errno_is_kept(),
        "stack overflow" => {
            drop(guarded());
            println!("{}", endless(1));
        }
        other => panic!("no scenario {other}"),
    }
}

static CODE: AtomicI32 = AtomicI32::new(i32::MIN);
/// Where a fault is to be told.
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Leaves with success when it was called with what it should be, and with the mask that it asked for.
extern "C" fn check(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: zeros are a valid set.
    let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: no new mask is given; the old one is written through the pointer.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut mask) };
    // SAFETY: the set is initialised.
    let has = |signal| unsafe { libc::sigismember(&raw const mask, signal) } == 1;
    let is_masked = has(libc::SIGUSR1) && has(libc::SIGBUS) && !has(libc::SIGUSR2);
    // SAFETY: the kernel's info, handed on.
    let info = unsafe { &*info };
    let code = info.si_code;
    let expected = CODE.load(Ordering::SeqCst);
    // SAFETY: of a signal that was sent it is another field, which is not looked at.
    let is_there = code <= 0 || unsafe { info.si_addr() }.addr() == ADDRESS.load(Ordering::SeqCst);
    let is_told = (code > 0) == (expected > 0) && is_there;
    let is_right = signal == libc::SIGBUS && !context.is_null() && is_masked && is_told;
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(if is_right { CALLED } else { 1 }) };
}

fn handler_is_called(is_sent: bool) {
    CODE.store(if is_sent { 0 } else { 2 }, Ordering::SeqCst);
    install(libc::SIGBUS, check as *const () as usize, libc::SA_SIGINFO, &[libc::SIGUSR1]);
    // Its own faults do not come to that handler.
    assert_eq!(touch(&guarded()), 0);
    if is_sent {
        return send(libc::SIGBUS);
    }
    let elsewhere = gone(MapOptions::read().unguarded());
    ADDRESS.store(elsewhere.as_ptr().addr(), Ordering::SeqCst);
    touch(&elsewhere);
}

extern "C" fn count(_signal: c_int) {
    CODE.store(7, Ordering::SeqCst);
}

fn handler_once() {
    install(libc::SIGBUS, count as *const () as usize, libc::SA_RESETHAND, &[]);
    drop(guarded());
    send(libc::SIGBUS);
    assert_eq!(CODE.load(Ordering::SeqCst), 7, "it was called");
    send(libc::SIGBUS);
}

fn ignored() {
    install(libc::SIGBUS, libc::SIG_IGN, 0, &[]);
    assert_eq!(touch(&guarded()), 0);
    send(libc::SIGBUS);
    assert_eq!(touch(&guarded()), 0);
    fault_elsewhere();
}

/// Who knows of a handler that came later need not wait until the guard notices.
fn taken_back() {
    Guard::take_back().expect("there is nothing to take back");
    let mapping = guarded();
    install_one_that_passes_on(libc::SIGBUS);
    Guard::take_back().expect("it can be taken back");
    assert_eq!((touch(&mapping), mapping.faults().count), (0, 1));
    assert_eq!(PASSED_ON.load(Ordering::SeqCst), 0, "the guard came first");
}

fn later_handler() {
    let mapping = guarded();
    let old = install_one_that_passes_on(libc::SIGBUS);
    assert_eq!((touch(&mapping), mapping.faults().count), (0, 1), "what it passes on is answered");
    assert_eq!(PASSED_ON.load(Ordering::SeqCst), 1);
    // The guard notices some milliseconds later, and is first again.
    while handler_now() != old.sa_sigaction {
        assert_eq!(touch(&guarded()), 0);
    }
    let before = PASSED_ON.load(Ordering::SeqCst);
    assert_eq!((touch(&guarded()), PASSED_ON.load(Ordering::SeqCst)), (0, before));
    // Ours, then the other's, then ours again: and that is the end of it.
    fault_elsewhere();
}

fn handler_now() -> usize {
    // SAFETY: zeros are a valid sigaction.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given; the old one is written through the pointer.
    assert_eq!(unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut now) }, 0);
    now.sa_sigaction
}

extern "C" fn keep(_signal: c_int) {
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(3) };
}

/// Reading alone notices it, too: the mapping may have been made long before.
fn later_handler_that_keeps_all() {
    let mapping = guarded();
    let file = memory_file("whole", page_size()).expect("memory");
    let whole = MapOptions::read().map(file).expect("it can be mapped");
    let old = install(libc::SIGBUS, keep as *const () as usize, 0, &[]);
    while handler_now() != old.sa_sigaction {
        whole.read_at(0, &mut [0]).expect("it is there");
    }
    assert!(mapping.read_at(0, &mut [0]).is_err());
    fault_elsewhere();
}

/// What the kernel says of memory that hardware lost and that nobody touched does not come again by itself: it must not be swallowed,
/// nor may it take the guard away.
fn lost_memory() {
    const BUS_MCEERR_AO: c_int = 5;
    drop(guarded());
    // SAFETY: zeros are a valid info.
    let mut info: siginfo_t = unsafe { std::mem::zeroed() };
    info.si_signo = libc::SIGBUS;
    info.si_code = BUS_MCEERR_AO;
    // SAFETY: takes nothing.
    let (process, thread) = (std::process::id(), unsafe { libc::gettid() });
    // SAFETY: reads an info through the pointer; the thread is this one.
    unsafe { libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, libc::SIGBUS, &raw const info) };
}

/// A mapping that is sealed, mseal(2), cannot be repaired: it is as if there were no guard, and no endless loop.
fn sealed() {
    const SYS_MSEAL: libc::c_long = 462;
    let mapping = std::mem::ManuallyDrop::new(guarded());
    // SAFETY: seals a mapping of ours, which is never unmapped again.
    let sealed = unsafe { libc::syscall(SYS_MSEAL, mapping.as_ptr(), page_size(), 0) };
    if sealed != 0 {
        skip("sealed", &std::io::Error::last_os_error());
        send(libc::SIGBUS);
    }
    touch(&mapping);
}

static MAPPED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn touch_in_handler(_signal: c_int) {
    let byte: *const u8 = std::ptr::with_exposed_provenance(MAPPED.load(Ordering::SeqCst));
    // SAFETY: the byte is inside a mapping that is there.
    CODE.store(i32::from(unsafe { byte.read_volatile() }), Ordering::SeqCst);
}

fn in_a_handler() {
    let mapping = guarded();
    MAPPED.store(mapping.as_ptr().expose_provenance(), Ordering::SeqCst);
    install(libc::SIGUSR1, touch_in_handler as *const () as usize, 0, &[]);
    send(libc::SIGUSR1);
    assert_eq!((CODE.load(Ordering::SeqCst), mapping.faults().count), (0, 1));
    std::process::exit(CALLED);
}

fn block() {
    // SAFETY: zeros are a valid set.
    let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is initialised.
    unsafe { libc::sigaddset(&raw mut mask, libc::SIGBUS) };
    // SAFETY: the set is initialised; no old one is asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const mask, std::ptr::null_mut()) };
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(done: mmapio_core::Result<T>) {
    let refused = done.expect_err("it would die");
    assert!(matches!(refused.kind(), ErrorKind::Refused { .. }), "{refused}");
    assert!(refused.to_string().contains("blocks SIGBUS"), "{refused}");
}

fn blocked() {
    let mut mapping = gone(MapOptions::read());
    let file = || OpenFile::open(std::env::current_exe().expect("this test")).expect("readable");
    let mut untouchable = MapOptions::new(Access::None).map(file()).expect("it can be mapped");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            block();
            is_refused(mapping.read_at(0, &mut [0]));
            is_refused(MapOptions::read().map_only(&file()));
            assert!(MapOptions::read().unguarded().map_only(&file()).is_ok());
            // What cannot be guarded does not become touchable; what is guarded stays so, wherever it goes.
            is_refused(untouchable.protect(Access::Read));
            assert_eq!(untouchable.access(), Access::None);
            mapping.resize(3 * page_size()).expect("there is room");
            mapping.renew().expect("the file is there");
            assert!(mapping.is_guarded());
        });
    });
    assert_eq!(mapping.faults().count, 0);
    let error = mapping.read_at(2 * page_size(), &mut [0]).expect_err("it is gone");
    assert!(matches!(error.kind(), ErrorKind::Truncated { .. }), "{error}");
    untouchable.protect(Access::Read).expect("it can be guarded here");
    assert!(untouchable.is_guarded() && untouchable.read_at(0, &mut [0]).is_ok());
    std::process::exit(CALLED);
}

/// That a thread took the signal before is no promise.
fn blocked_later() {
    let mut mapping = gone(MapOptions::write());
    assert!(mapping.read_at(0, &mut [0]).is_err());
    mapping.renew().expect("the file is there");
    block();
    is_refused(mapping.read_at(0, &mut [0]));
    is_refused(mapping.write_at(0, &[0]));
    // SAFETY: nobody changes the bytes.
    is_refused(unsafe { mapping.with_bytes(0, 1, |_| ()) });
    std::process::exit(CALLED);
}

fn errno_is_kept() {
    let mapping = guarded();
    // SAFETY: errno is the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *errno = 77 };
    let byte = touch(&mapping);
    // SAFETY: as above.
    let after = unsafe { *errno };
    assert_eq!((byte, after, mapping.faults().count), (0, 77, 1));
    std::process::exit(CALLED);
}

/// A mapping that is no longer guarded is nobody's.
fn dropped() {
    let file = memory_file("dropped", 4 * page_size()).expect("memory");
    let map = MapOptions::read().unguarded().map(file).expect("it can be mapped");
    let length = usize::try_from(map.len()).expect("small");
    // SAFETY: the mapping is there until after the guard is dropped, and nobody relies on its bytes.
    let guard = unsafe { Guard::new(map.as_ptr().cast_mut(), length, false, None) };
    let guard = guard.expect("there is room");
    map.file().expect("kept").file().set_len(0).expect("not sealed");
    assert_eq!((touch(&map), guard.faults().count), (0, 1));
    drop(guard);
    // The page that was replaced is there; the next one is not.
    assert_eq!(touch(&map), 0);
    let last = map.as_ptr().wrapping_add(length - 1);
    // SAFETY: the byte is inside the mapping.
    unsafe { last.read_volatile() };
}

#[test]
fn a_signal_that_was_sent_ends_the_process() {
    dies_of("sent", libc::SIGBUS);
}

#[test]
fn a_fault_elsewhere_ends_the_process() {
    dies_of("elsewhere", libc::SIGBUS);
    dies_of("dropped", libc::SIGBUS);
}

#[test]
fn a_handler_that_was_there_before_is_called() {
    ends_with("handler, sent", CALLED);
    ends_with("handler, fault", CALLED);
}

#[test]
fn a_handler_for_one_time_is_called_one_time() {
    dies_of("handler, once", libc::SIGBUS);
}

#[test]
fn a_signal_that_was_ignored_is_ignored_and_a_fault_is_not() {
    dies_of("ignored", libc::SIGBUS);
}

#[test]
fn a_handler_that_came_later_is_put_behind_and_makes_no_loop() {
    dies_of("later handler", libc::SIGBUS);
    ends_with("later handler that keeps all", 3);
    ends_with("later handler, taken back", 0);
}

#[test]
fn memory_that_was_lost_is_told() {
    dies_of("lost memory", libc::SIGBUS);
}

#[test]
fn a_sealed_mapping_ends_the_process() {
    dies_of("sealed", libc::SIGBUS);
}

#[test]
fn a_fault_inside_of_another_handler_is_answered() {
    ends_with("in a handler", CALLED);
}

#[test]
fn a_thread_that_blocks_the_signal_is_refused_and_not_killed() {
    ends_with("blocked", CALLED);
    ends_with("blocked later", CALLED);
}

#[test]
fn errno_is_what_it_was() {
    ends_with("errno", CALLED);
}

#[test]
fn a_stack_overflow_is_still_told() {
    let said = dies_of("stack overflow", libc::SIGABRT);
    assert!(said.contains("has overflowed its stack"), "{said}");
}
