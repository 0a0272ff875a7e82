//! The guard and the signals of the process: what is not its own goes to whom it went before. Each scenario has a process of its own,
//! since most end it.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a scenario that cannot be set up fails")]

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};
use mmapio_core::{ErrorKind, MapOptions, Mapping, OpenFile, memory_file, page_size};

const SCENARIO: &str = "MMAPIO_TEST_SCENARIO";
/// The exit status of handlers that were called as they should be.
const CALLED: i32 = 42;

/// Runs a scenario in a process of its own.
fn run(scenario: &str) -> (ExitStatus, String) {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "scenarios", "--nocapture", "--test-threads", "1"]).env(SCENARIO, scenario);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("this test starts");
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    (child.wait().expect("our child"), said)
}

#[track_caller]
fn dies_of(scenario: &str, signal: i32) -> String {
    let (status, said) = run(scenario);
    assert_eq!(status.signal(), Some(signal), "{scenario}: {status}: {said}");
    said
}

#[track_caller]
fn ends_with(scenario: &str, code: i32) {
    let (status, said) = run(scenario);
    assert_eq!(status.code(), Some(code), "{scenario}: {status}: {said}");
}

/// Where the children begin; without a scenario there is nothing to do.
#[test]
fn scenarios() {
    let Ok(scenario) = std::env::var(SCENARIO) else { return };
    // SAFETY: takes a number only. One that hangs is ended.
    unsafe { libc::alarm(60) };
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
        "handler, sent" => handler_is_called(|| send(libc::SIGBUS)),
        "handler, fault" => handler_is_called(fault_elsewhere),
        "handler, once" => handler_once(),
        "ignored" => ignored(),
        "later handler" => later_handler(),
        "in a handler" => in_a_handler(),
        "blocked" => blocked(),
        "errno" => errno_is_kept(),
        "stack overflow" => {
            drop(guarded());
            println!("{}", endless(1));
        }
        other => panic!("no scenario {other}"),
    }
}

/// A mapping of one page whose file is gone, guarded.
fn guarded() -> Mapping {
    gone(MapOptions::read())
}

fn gone(options: MapOptions) -> Mapping {
    let file = memory_file("gone", page_size()).expect("memory");
    let mapping = options.map(file).expect("it can be mapped");
    let file = mapping.file().expect("it keeps it");
    file.file().set_len(0).expect("not sealed");
    mapping
}

fn touch(mapping: &Mapping) -> u8 {
    // SAFETY: the byte is inside the mapping.
    unsafe { mapping.as_ptr().read_volatile() }
}

fn fault_elsewhere() {
    touch(&gone(MapOptions::read().unguarded()));
}

fn send(signal: c_int) {
    // SAFETY: takes a number only.
    unsafe { libc::raise(signal) };
}

fn install(signal: c_int, handler: usize, flags: c_int, masked: &[c_int]) -> libc::sigaction {
    // SAFETY: zeros are a valid sigaction.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    for signal in masked {
        // SAFETY: the set is initialised.
        unsafe { libc::sigaddset(&raw mut action.sa_mask, *signal) };
    }
    // SAFETY: as above.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: both are whole, and the handlers here call only what handlers may.
    assert_eq!(unsafe { libc::sigaction(signal, &raw const action, &raw mut old) }, 0);
    old
}

static CODE: AtomicI32 = AtomicI32::new(i32::MIN);

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
    let code = unsafe { (*info).si_code };
    let expected = CODE.load(Ordering::SeqCst);
    let is_right = signal == libc::SIGBUS && !context.is_null() && is_masked && (code > 0) == (expected > 0);
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(if is_right { CALLED } else { 1 }) };
}

fn handler_is_called(cause: fn()) {
    let was_sent = cause as *const () != fault_elsewhere as *const ();
    CODE.store(if was_sent { 0 } else { 2 }, Ordering::SeqCst);
    install(libc::SIGBUS, check as *const () as usize, libc::SA_SIGINFO, &[libc::SIGUSR1]);
    // Its own faults do not come to that handler.
    assert_eq!(touch(&guarded()), 0);
    cause();
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

/// Who had the signal before the handler that came after the guard: the guard.
static BEFORE: AtomicUsize = AtomicUsize::new(0);
static PASSED_ON: AtomicUsize = AtomicUsize::new(0);

extern "C" fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
    PASSED_ON.fetch_add(1, Ordering::SeqCst);
    // SAFETY: it is the guard's handler, which was installed with SA_SIGINFO.
    let handler: Handler = unsafe { std::mem::transmute(BEFORE.load(Ordering::SeqCst)) };
    handler(signal, info, context);
}

fn later_handler() {
    let mapping = guarded();
    let old = install(libc::SIGBUS, pass_on as *const () as usize, libc::SA_SIGINFO, &[]);
    BEFORE.store(old.sa_sigaction, Ordering::SeqCst);
    assert_eq!((touch(&mapping), mapping.faults().count), (0, 1), "what it passes on is answered");
    assert_eq!(PASSED_ON.load(Ordering::SeqCst), 1);
    // By then the guard has noticed, and is first again.
    let many: Vec<_> = (0..65).map(|_| guarded()).collect();
    let answered = many.iter().map(touch).map(u32::from).sum::<u32>();
    assert_eq!((answered, PASSED_ON.load(Ordering::SeqCst)), (0, 1));
    // Ours, then the other's, then ours again: and that is the end of it.
    fault_elsewhere();
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

fn blocked() {
    let mapping = guarded();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: zeros are a valid set.
            let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
            // SAFETY: the set is initialised.
            unsafe { libc::sigaddset(&raw mut mask, libc::SIGBUS) };
            // SAFETY: the set is initialised; no old one is asked for.
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const mask, std::ptr::null_mut()) };
            let read = mapping.read_at(0, &mut [0]).expect_err("it would have died");
            assert!(matches!(read.kind(), ErrorKind::Refused { .. }), "{read}");
            assert!(read.to_string().contains("blocks SIGBUS"), "{read}");
            let file = OpenFile::open(std::env::current_exe().expect("this test")).expect("readable");
            let refused = MapOptions::read().map_only(&file).expect_err("it could not be guarded");
            assert!(matches!(refused.kind(), ErrorKind::Refused { .. }), "{refused}");
            assert!(MapOptions::read().unguarded().map_only(&file).is_ok());
        });
    });
    assert_eq!(mapping.faults().count, 0);
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
    let guard = unsafe { mmapio_core::Guard::new(map.as_ptr().cast_mut(), length, false, None) };
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

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn endless(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    endless(depth + 1) + frame.iter().sum::<u64>()
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
}

#[test]
fn a_fault_inside_of_another_handler_is_answered() {
    ends_with("in a handler", CALLED);
}

#[test]
fn a_thread_that_blocks_the_signal_is_refused_and_not_killed() {
    ends_with("blocked", CALLED);
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
