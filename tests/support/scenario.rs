//! Scenarios that have a process of their own, since they end it or change what is the process's: the test binary runs itself again,
//! and its test `scenarios` does what the environment names.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};
use mmapio_core::{MapOptions, Mapping, memory_file, page_size};

const SCENARIO: &str = "MMAPIO_TEST_SCENARIO";
/// The exit status of handlers that were called as they should be.
pub(crate) const CALLED: i32 = 42;

/// Runs a scenario in a process of its own.
fn run(scenario: &str) -> (ExitStatus, String) {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "scenarios", "--nocapture", "--test-threads", "1"]).env(SCENARIO, scenario);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("this test starts");
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    // Reasons and counts go on past libtest's capture.
    for line in said.lines().filter(|line| line.starts_with("SKIP ") || line.starts_with("RACES ")) {
        tell(line);
    }
    (child.wait().expect("our child"), said)
}

#[track_caller]
pub(crate) fn dies_of(scenario: &str, signal: i32) -> String {
    let (status, said) = run(scenario);
    assert_eq!(status.signal(), Some(signal), "{scenario}: {status}: {said}");
    said
}

#[track_caller]
pub(crate) fn ends_with(scenario: &str, code: i32) {
    let (status, said) = run(scenario);
    assert_eq!(status.code(), Some(code), "{scenario}: {status}: {said}");
}

/// Says something past libtest's capture, in one write, so that no other test's line comes in between.
pub(crate) fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Says why a scenario cannot be had here.
pub(crate) fn skip(scenario: &str, reason: &std::io::Error) {
    tell(&format!("SKIP {scenario}: {reason}"));
}

/// The scenario that this process is for.
pub(crate) fn mine() -> Option<String> {
    let scenario = std::env::var(SCENARIO).ok()?;
    // SAFETY: takes a number only. One that hangs is ended.
    unsafe { libc::alarm(60) };
    end_after(30);
    Some(scenario)
}

/// Ends this process after so many seconds of work: one that turns round in a handler, which no other signal comes into, too.
pub(crate) fn end_after(seconds: u64) {
    let limit = libc::rlimit { rlim_cur: seconds, rlim_max: seconds };
    // SAFETY: reads one limit through the pointer.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_CPU, &raw const limit) }, 0);
}

/// A mapping of one page whose file is gone, guarded.
pub(crate) fn guarded() -> Mapping {
    gone(MapOptions::read())
}

pub(crate) fn gone(options: MapOptions) -> Mapping {
    let file = memory_file("gone", page_size()).expect("memory");
    let mapping = options.map(file).expect("it can be mapped");
    let file = mapping.file().expect("it keeps it");
    file.file().set_len(0).expect("not sealed");
    mapping
}

pub(crate) fn touch(mapping: &Mapping) -> u8 {
    // SAFETY: the byte is inside the mapping.
    unsafe { mapping.as_ptr().read_volatile() }
}

pub(crate) fn fault_elsewhere() {
    touch(&gone(MapOptions::read().unguarded()));
}

pub(crate) fn send(signal: c_int) {
    // SAFETY: takes a number only.
    unsafe { libc::raise(signal) };
}

pub(crate) fn install(signal: c_int, handler: usize, flags: c_int, masked: &[c_int]) -> libc::sigaction {
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

/// Who had the signal before the handler that came after the guard: the guard.
static BEFORE: AtomicUsize = AtomicUsize::new(0);
/// How often that handler was called.
pub(crate) static PASSED_ON: AtomicUsize = AtomicUsize::new(0);

/// Installs a handler that passes all on to the guard.
pub(crate) fn install_one_that_passes_on(signal: c_int) -> libc::sigaction {
    let old = install(signal, pass_on as *const () as usize, libc::SA_SIGINFO, &[]);
    BEFORE.store(old.sa_sigaction, Ordering::SeqCst);
    old
}

extern "C" fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
    PASSED_ON.fetch_add(1, Ordering::SeqCst);
    // SAFETY: it is the guard's handler, which was installed with SA_SIGINFO.
    let handler: Handler = unsafe { std::mem::transmute(BEFORE.load(Ordering::SeqCst)) };
    handler(signal, info, context);
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
pub(crate) fn endless(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    endless(depth + 1) + frame.iter().sum::<u64>()
}
