//! The guard's table: slots that are taken and given back while others fault, all of them taken, and copied by fork(2).

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a scenario that cannot be set up fails")]

#[expect(dead_code, reason = "what is for signals is not used here")]
#[path = "support/scenario.rs"]
mod scenario;

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use mmapio_core::{ByteRange, ErrorKind, Guard, MapOptions, Mapping, OpenFile, memory_file, page_size};
use scenario::{CALLED, end_after, ends_with, gone, mine, tell};

#[test]
fn scenarios() {
    let Some(scenario) = mine() else { return };
    match &*scenario {
        "full" => full(),
        "forked" => forked(),
        other => panic!("no scenario {other}"),
    }
    std::process::exit(CALLED);
}

fn range(length: u64) -> ByteRange {
    ByteRange::new(0, Some(length)).expect("small")
}

/// A mapping of so many pages beyond the end of its file. Without the file it is not known that all is gone, so that its pages fault
/// one by one.
fn empty_pages(pages: u64) -> Mapping {
    let file = memory_file("empty", 0).expect("memory");
    MapOptions::read().range(range(pages * page_size())).map_only(&file).expect("it can be mapped")
}

fn byte(mapping: &Mapping, offset: u64) -> u8 {
    let byte = mapping.as_ptr().wrapping_add(usize::try_from(offset).expect("small"));
    // SAFETY: the byte is inside the mapping.
    unsafe { byte.read_volatile() }
}

const CHURNERS: u64 = 2;
/// Slots that are filled and emptied all the time.
const CHURNED: usize = 40;
const FAULTING: u64 = 10_000;

/// Takes slots and gives them back, and sees that no fault of others is told of there.
fn churn(ended: &AtomicBool, registered: &AtomicU64) {
    let file = OpenFile::from_file(memory_file_of_sevens()).expect("our own");
    let map = || MapOptions::read().map_only(&file).expect("there is room");
    let mut slots: Vec<Mapping> = (0..CHURNED).map(|_| map()).collect();
    let mut next = 0;
    while !ended.load(Ordering::SeqCst) {
        next = (next * 7 + 3) % CHURNED;
        let slot = slots.get_mut(next).expect("in it");
        assert_eq!((slot.faults().count, byte(slot, 17)), (0, 7), "nothing of it is gone");
        *slot = map();
        registered.fetch_add(1, Ordering::Relaxed);
    }
}

fn memory_file_of_sevens() -> File {
    use std::os::unix::fs::FileExt;
    let file = memory_file("sevens", page_size()).expect("memory");
    let file = file.file().try_clone().expect("a descriptor");
    file.write_all_at(&vec![7; usize::try_from(page_size()).expect("small")], 0).expect("room");
    file
}

#[test]
fn no_fault_is_told_of_another_mapping() {
    let (ended, registered) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CHURNERS {
            scope.spawn(|| churn(&ended, &registered));
        }
        let end = End(&ended);
        for _ in 0..FAULTING {
            let mapping = empty_pages(6);
            for page in [0, 2, 4] {
                assert_eq!(byte(&mapping, page * page_size()), 0);
            }
            assert_eq!(mapping.faults().count, 3, "each has its own, and no other");
        }
        drop(end);
    });
    let registered = registered.load(Ordering::Relaxed);
    tell(&format!("RACES slots: {registered} taken anew during {} faults; 0 misattributed", 3 * FAULTING));
}

/// Ends the others also when this thread fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// More mappings than a process may have cannot be made; parts of one can be guarded, though.
fn full() {
    let whole = empty_pages(1);
    let guard = || {
        // SAFETY: the mapping is there longer than the guard, and nobody relies on its bytes.
        unsafe { Guard::new(whole.as_ptr().cast_mut(), 1, false, None) }
    };
    let mut guards = Vec::new();
    let full = loop {
        match guard() {
            Ok(guard) => guards.push(guard),
            Err(error) => break error,
        }
    };
    assert_eq!(guards.len(), 65_535, "and the mapping's own");
    assert!(matches!(full.kind(), ErrorKind::Limit(_)), "{full}");
    // What has a slot does not lose it to others, and what has none is told so.
    guards.truncate(65_533);
    let (mut kept, mut second) = (gone(MapOptions::read()), gone(MapOptions::read()));
    assert!(guard().is_err());
    kept.resize(2 * page_size()).expect("there is room");
    let start = Instant::now();
    assert!(kept.read_at(page_size(), &mut [0]).is_err());
    tell(&format!("RACES slots: a fault beside 65535 others took {} us", start.elapsed().as_micros()));
    second.renew().expect("the file is there");
    assert_eq!((kept.faults().count, second.is_guarded()), (1, true));
    drop((guards, kept, second));
    assert!(guard().is_ok());
}

const FORKS: u64 = 40;

/// Children are made while threads of their parent are at work in a slot: they find it as if nobody was.
fn forked() {
    for _ in 0..FORKS {
        let mapping = empty_pages(400);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for first in 0..2 {
                let (mapping, ended) = (&mapping, &ended);
                scope.spawn(move || {
                    for page in (first..200).step_by(2).take_while(|_| !ended.load(Ordering::SeqCst)) {
                        byte(mapping, 2 * page * page_size());
                    }
                });
            }
            while mapping.faults().count == 0 {
                std::hint::spin_loop();
            }
            // SAFETY: the child touches memory and ends.
            let child = unsafe { libc::fork() };
            if child == 0 {
                in_the_child(&mapping);
            }
            ended.store(true, Ordering::SeqCst);
            let mut status = 0;
            // SAFETY: waits for our child, and writes its status through the pointer.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert!(libc::WIFEXITED(status), "the child died: {status}");
            assert_eq!(libc::WEXITSTATUS(status), CALLED, "zeros were not told");
        });
    }
}

/// Touches all: a child that waits for a thread which it has not got is ended.
fn in_the_child(mapping: &Mapping) -> ! {
    end_after(2);
    let is_told =
        |page: u64| byte(mapping, page * page_size()) == 0 && mapping.check(page * page_size(), 1).is_err();
    let are_told = (0..400).rev().step_by(3).all(is_told) && (0..400).all(is_told);
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(if are_told { CALLED } else { 1 }) };
}

#[test]
fn a_full_table_is_told_and_takes_nothing_away() {
    ends_with("full", CALLED);
}

#[test]
fn a_child_does_not_wait_for_threads_of_its_parent() {
    ends_with("forked", CALLED);
}
