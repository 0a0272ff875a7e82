//! Stores that are forgiven, and those that are not, among the signals of the process. Each scenario has a process of its own, since
//! most end it.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a scenario that cannot be set up fails")]

#[expect(dead_code, reason = "what is for mappings whose file is gone is not used here")]
#[path = "support/scenario.rs"]
mod scenario;
#[expect(dead_code, reason = "some is for the other tests of stores")]
#[path = "support/stores.rs"]
mod stores;

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use libc::{SIGSEGV, c_int, c_void, siginfo_t};
use mmapio_core::{Access, MapOptions, Mapping, OpenFile, page_size};
use scenario::{
    CALLED, PASSED_ON, dies_of, endless, ends_with, install, install_one_that_passes_on, send, skip,
};
use stores::{byte, content, forgiving, numbered, store};

/// Where the children begin; without a scenario there is nothing to do.
#[test]
fn scenarios() {
    let Some(scenario) = scenario::mine() else { return };
    match &*scenario {
        "not asked for" => store(&of_two_pages(MapOptions::read()), 0, 1),
        "without the guard" => store(&of_two_pages(forgiving().unguarded()), 0, 1),
        "another mapping" => {
            forgive_one(&of_two_pages(forgiving()));
            store(&of_two_pages(MapOptions::read()), 0, 1);
        }
        "untouchable" => store(&of_two_pages(MapOptions::new(Access::None).forgive_writes()), 0, 1),
        "untouchable by now" => untouchable(false),
        "reading the untouchable" => untouchable(true),
        "written, then for reading" => written_then_for_reading(),
        "sent" => {
            forgive_one(&of_two_pages(forgiving()));
            send(SIGSEGV);
        }
        "blocked" => blocked(),
        "sealed" => sealed(),
        "guard page" => guard_page(),
        "untouched signal" => untouched_signal(),
        "handler, null" => handler_is_called(1, 8, |_| null()),
        "handler, sent" => handler_is_called(0, 0, |_| send(SIGSEGV)),
        "handler, instruction" => handler_is_called(2, 0, run),
        "later handler" => later_handler(),
        "in a handler" => in_a_handler(),
        "errno" => errno_is_kept(),
        "system call" => system_call(),
        "child" => child(),
        "no mappings left" => no_mappings_left(),
        "null" => {
            forgive_one(&of_two_pages(forgiving()));
            null();
        }
        "stack overflow" => {
            forgive_one(&of_two_pages(forgiving()));
            println!("{}", endless(1));
        }
        "stack overflow of a thread" => {
            forgive_one(&of_two_pages(forgiving()));
            println!("{}", std::thread::spawn(|| endless(1)).join().expect("it never ends"));
        }
        other => panic!("no scenario {other}"),
    }
}

fn of_two_pages(options: MapOptions) -> Mapping {
    options.map(OpenFile::from_file(numbered(2)).expect("our own")).expect("it can be mapped")
}

fn forgive_one(mapping: &Mapping) {
    store(mapping, 7, 99);
    assert_eq!((byte(mapping, 7), mapping.faults().private_writes), (99, 1));
}

fn untouchable(is_read: bool) {
    let mut mapping = of_two_pages(forgiving());
    forgive_one(&mapping);
    mapping.protect(Access::None).expect("nothing is needed for that");
    // The page that is the process's own is as untouchable as the other.
    if is_read {
        assert_eq!(byte(&mapping, 7), 99, "it was read");
    } else {
        store(&mapping, 7, 98);
    }
}

/// What was made for writing is the file's: nothing of it can stay private.
fn written_then_for_reading() {
    let mut mapping = of_two_pages(MapOptions::write().forgive_writes());
    assert!(!mapping.forgives_writes());
    mapping.write_at(0, &[9]).expect("there is room");
    mapping.protect(Access::Read).expect("the file may be read");
    store(&mapping, 0, 8);
}

fn null() {
    let nothing: *mut u8 = std::ptr::without_provenance_mut(std::hint::black_box(8));
    // SAFETY: it is what ends the process, or what the handler is called for.
    unsafe { nothing.write_volatile(1) };
}

/// The kernel kills who blocks the signal of a fault.
fn blocked() {
    // SAFETY: zeros are a valid set.
    let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is initialised.
    unsafe { libc::sigaddset(&raw mut mask, SIGSEGV) };
    // SAFETY: the set is initialised; no old one is asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const mask, std::ptr::null_mut()) };
    let mapping = of_two_pages(forgiving());
    assert_eq!(mapping.read_at(0, &mut [0]).expect("reading needs no SIGSEGV"), 1);
    store(&mapping, 0, 1);
}

/// A mapping that is sealed, mseal(2), keeps its rights: it is as if nothing were forgiven, and no endless loop.
fn sealed() {
    const SYS_MSEAL: libc::c_long = 462;
    let mapping = std::mem::ManuallyDrop::new(of_two_pages(forgiving()));
    // SAFETY: seals a mapping of ours, which is never unmapped again.
    let sealed = unsafe { libc::syscall(SYS_MSEAL, mapping.as_ptr(), 2 * page_size(), 0) };
    if sealed != 0 {
        skip("sealed", &std::io::Error::last_os_error());
        send(SIGSEGV);
    }
    store(&mapping, 0, 1);
}

/// A guard page inside of it, `MADV_GUARD_INSTALL`, faults as if nothing were there, whatever its rights.
fn guard_page() {
    const GUARD_INSTALL: c_int = 102;
    let mapping = of_two_pages(forgiving());
    forgive_one(&mapping);
    let length = usize::try_from(page_size()).expect("small");
    let place = mapping.as_ptr().cast_mut().wrapping_add(length).cast();
    // SAFETY: the page is inside a mapping of ours, and no reference to it exists.
    if unsafe { libc::madvise(place, length, GUARD_INSTALL) } != 0 {
        skip("guard page", &std::io::Error::last_os_error());
        send(SIGSEGV);
    }
    store(&mapping, page_size(), 1);
}

fn handler_now() -> usize {
    // SAFETY: zeros are a valid sigaction.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given; the old one is written through the pointer.
    assert_eq!(unsafe { libc::sigaction(SIGSEGV, std::ptr::null(), &raw mut now) }, 0);
    now.sa_sigaction
}

/// Who asks for nothing finds SIGSEGV as it was.
fn untouched_signal() {
    let before = handler_now();
    let mapping = of_two_pages(MapOptions::read());
    mapping.read_at(0, &mut [0]).expect("it is there");
    let writable = of_two_pages(MapOptions::copy().forgive_writes());
    assert!(!writable.forgives_writes() && handler_now() == before);
    assert!(of_two_pages(forgiving()).forgives_writes() && handler_now() != before);
    std::process::exit(CALLED);
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
    let is_masked = has(libc::SIGUSR1) && has(SIGSEGV) && !has(libc::SIGUSR2) && !has(libc::SIGBUS);
    // SAFETY: the kernel's info, handed on.
    let info = unsafe { &*info };
    let (code, expected) = (info.si_code, CODE.load(Ordering::SeqCst));
    // SAFETY: of a signal that was sent it is another field, which is not looked at.
    let is_there = code <= 0 || unsafe { info.si_addr() }.addr() == ADDRESS.load(Ordering::SeqCst);
    let is_told = is_there && (code == expected || (code <= 0 && expected <= 0));
    let is_right = signal == SIGSEGV && !context.is_null() && is_masked && is_told;
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(if is_right { CALLED } else { 1 }) };
}

fn handler_is_called(code: i32, address: usize, cause: impl FnOnce(&Mapping)) {
    CODE.store(code, Ordering::SeqCst);
    ADDRESS.store(address, Ordering::SeqCst);
    install(SIGSEGV, check as *const () as usize, libc::SA_SIGINFO, &[libc::SIGUSR1]);
    let mapping = of_two_pages(forgiving());
    // What is forgiven does not come to that handler.
    forgive_one(&mapping);
    cause(&mapping);
}

/// An instruction in a mapping for reading is not to be run: that is no store, faults with the same code, and would for ever.
fn run(mapping: &Mapping) {
    let place = mapping.as_ptr().wrapping_add(usize::try_from(page_size()).expect("small"));
    ADDRESS.store(place.addr(), Ordering::SeqCst);
    // SAFETY: it is never run: what it would need is not allowed.
    let function: extern "C" fn() = unsafe { std::mem::transmute(place) };
    function();
}

fn later_handler() {
    let mapping = of_two_pages(forgiving());
    let old = install_one_that_passes_on(SIGSEGV);
    forgive_one(&mapping);
    assert_eq!(PASSED_ON.load(Ordering::SeqCst), 1, "what it passes on is answered");
    // The guard notices some milliseconds later, when such a mapping is read from, and is first again.
    while handler_now() != old.sa_sigaction {
        mapping.read_at(page_size(), &mut [0]).expect("nothing is stored there");
    }
    store(&mapping, page_size(), 1);
    assert_eq!((mapping.faults().private_writes, PASSED_ON.load(Ordering::SeqCst)), (2, 1));
    // Ours, then the other's, then ours again: and that is the end of it.
    null();
}

static MAPPED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn store_in_handler(_signal: c_int) {
    let byte: *mut u8 = std::ptr::with_exposed_provenance_mut(MAPPED.load(Ordering::SeqCst));
    // SAFETY: the byte is inside a mapping that is there.
    unsafe { byte.write_volatile(77) };
}

fn in_a_handler() {
    let mapping = of_two_pages(forgiving());
    MAPPED.store(mapping.as_ptr().expose_provenance(), Ordering::SeqCst);
    install(libc::SIGUSR1, store_in_handler as *const () as usize, 0, &[]);
    send(libc::SIGUSR1);
    assert_eq!((byte(&mapping, 0), mapping.faults().private_writes), (77, 1));
    std::process::exit(CALLED);
}

fn errno_is_kept() {
    let mapping = of_two_pages(forgiving());
    // SAFETY: errno is the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *errno = 77 };
    store(&mapping, 0, 1);
    // SAFETY: as above.
    let after = unsafe { *errno };
    assert_eq!((after, mapping.faults().private_writes), (77, 1));
    std::process::exit(CALLED);
}

/// The kernel itself says that it may not, and nothing is stored.
fn system_call() {
    let (mapping, other) = (of_two_pages(forgiving()), numbered(9));
    let place = mapping.as_ptr().cast_mut().cast();
    // SAFETY: the place is inside a mapping, and no reference to it exists.
    let read = unsafe { libc::pread(other.as_raw_fd(), place, 9, 5000) };
    let error = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((read, error), (-1, Some(libc::EFAULT)));
    assert_eq!((byte(&mapping, 0), mapping.faults().private_writes), (1, 0));
    std::process::exit(CALLED);
}

/// A child's stores are the child's: neither its parent nor the file has them.
fn child() {
    let file = numbered(2);
    let before = content(&file);
    let open = OpenFile::from_file(file.try_clone().expect("a descriptor")).expect("our own");
    let mapping = forgiving().map(open).expect("it can be mapped");
    store(&mapping, 0, 98);
    // SAFETY: the child touches memory and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        [0, page_size()].iter().for_each(|at| store(&mapping, *at, 97));
        let is_right = byte(&mapping, 0) == 97 && mapping.faults().private_writes == 2;
        // SAFETY: ends the process without running anything else.
        unsafe { libc::_exit(if is_right { CALLED } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for our child, and writes its status through the pointer.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!((libc::WIFEXITED(status), libc::WEXITSTATUS(status)), (true, CALLED));
    assert_eq!([0, page_size()].map(|at| byte(&mapping, at)), [98, 2]);
    assert_eq!((mapping.faults().private_writes, content(&file) == before), (1, true));
    std::process::exit(CALLED);
}

/// Where no part of a mapping can have rights of its own, all of it gets them.
fn no_mappings_left() {
    let file = numbered(4);
    let open = OpenFile::from_file(file.try_clone().expect("a descriptor")).expect("our own");
    let mapping = forgiving().map(open).expect("it can be mapped");
    let other = numbered(1);
    let map = || {
        let (length, flags) = (usize::try_from(page_size()).expect("small"), libc::MAP_SHARED);
        // SAFETY: a new mapping at a place of the kernel's choice.
        unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, flags, other.as_raw_fd(), 0) }
    };
    while map() != libc::MAP_FAILED {}
    store(&mapping, page_size(), 99);
    let seen = [0, page_size(), page_size() + 1].map(|at| byte(&mapping, at));
    let is_right = seen == [1, 99, 2] && mapping.faults().private_writes == 1 && mapping.check(0, 1).is_err();
    // SAFETY: ends the process without running anything else, which might want memory.
    unsafe { libc::_exit(if is_right { CALLED } else { 1 }) };
}

#[test]
fn a_store_that_is_not_forgiven_ends_the_process() {
    for scenario in ["not asked for", "without the guard", "another mapping", "written, then for reading"] {
        dies_of(scenario, SIGSEGV);
    }
}

#[test]
fn what_may_not_be_touched_ends_the_process() {
    for scenario in [
        "untouchable",
        "untouchable by now",
        "reading the untouchable",
        "null",
        "sealed",
        "blocked",
        "guard page",
    ] {
        dies_of(scenario, SIGSEGV);
    }
}

#[test]
fn a_signal_that_was_sent_ends_the_process() {
    dies_of("sent", SIGSEGV);
}

#[test]
fn the_signal_is_left_alone_until_a_store_is_to_be_forgiven() {
    ends_with("untouched signal", CALLED);
}

#[test]
fn a_handler_that_was_there_before_is_called() {
    for scenario in ["handler, null", "handler, sent", "handler, instruction"] {
        ends_with(scenario, CALLED);
    }
}

#[test]
fn a_handler_that_came_later_is_put_behind_and_makes_no_loop() {
    dies_of("later handler", SIGSEGV);
}

#[test]
fn stores_of_handlers_and_children_are_forgiven() {
    for scenario in ["in a handler", "child", "errno"] {
        ends_with(scenario, CALLED);
    }
}

#[test]
fn a_system_call_is_not_forgiven_and_lives() {
    ends_with("system call", CALLED);
}

#[test]
fn without_a_mapping_to_spare_all_of_it_can_be_stored_into() {
    ends_with("no mappings left", CALLED);
}

#[test]
fn a_stack_overflow_is_still_told() {
    for scenario in ["stack overflow", "stack overflow of a thread"] {
        let said = dies_of(scenario, libc::SIGABRT);
        assert!(said.contains("has overflowed its stack"), "{said}");
    }
}
