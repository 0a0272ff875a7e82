//! Stores into mappings for reading that forgive them: the file never gets them, and nobody takes them for what is in the file.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

#[path = "support/stores.rs"]
mod stores;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mmapio_core::{
    Access, Advice, ByteRange, ErrorKind, Extent, Flush, MapOptions, Mapping, OpenFile, page_size,
};
use stores::{area, byte, content, forgiving, numbered, numbered_on_disk, overwritten, store};

fn page(number: u64) -> u64 {
    number * page_size()
}

fn range(offset: u64, length: u64) -> ByteRange {
    ByteRange::new(offset, Some(length)).expect("small")
}

fn open(file: &File) -> OpenFile {
    OpenFile::from_file(file.try_clone().expect("a descriptor")).expect("our own")
}

/// Every way to map for reading, by what it is.
fn mappings(file: &File) -> Vec<(&'static str, u64, Mapping)> {
    let read = forgiving();
    let made = [
        ("shared", 0, read.map(open(file))),
        ("private", 0, read.private().map(open(file))),
        ("without the file", 0, read.map_only(&open(file))),
        ("from the middle of a page", 100, read.range(range(100, page(6) - 100)).map(open(file))),
        ("brought in", 0, read.populate().map(open(file))),
    ];
    made.into_iter().map(|(what, offset, made)| (what, offset, made.expect("it can be mapped"))).collect()
}

#[test]
fn a_store_stays_in_its_page_and_is_told() {
    [numbered(6), numbered_on_disk(6)].iter().for_each(a_store_stays);
}

fn a_store_stays(file: &File) {
    let before = content(file);
    let other = MapOptions::read().map(open(file)).expect("it can be mapped");
    for (what, offset, mapping) in mappings(file) {
        let at = |number: u64| page(number) - offset;
        assert!(mapping.forgives_writes() && mapping.faults().private_writes == 0, "{what}");
        assert_eq!(area(&mapping, at(2)).0, "r--p", "{what}");
        store(&mapping, at(2) + 50, 99);
        let bytes = [byte(&mapping, at(2) + 49), byte(&mapping, at(2) + 50), byte(&mapping, at(2) + 51)];
        assert_eq!(
            (bytes, byte(&mapping, at(3) - 1)),
            ([3, 99, 3], 3),
            "{what}: the page is as it was but for it"
        );
        assert_eq!((content(file) == before, byte(&other, page(2) + 50)), (true, 3), "{what}");
        let (rights, private) = area(&mapping, at(2));
        assert_eq!((&*rights, private), ("rw-p", page_size()), "{what}");
        assert_eq!((&*area(&mapping, at(1)).0, &*area(&mapping, at(3)).0), ("r--p", "r--p"), "{what}");
        // Another store there is no fault any more.
        store(&mapping, at(2) + 60, 98);
        let faults = mapping.faults();
        assert_eq!((faults.private_writes, faults.count, faults.truncated), (1, 0, false), "{what}");
        told(&mapping, at(2), offset);
    }
    assert_eq!(content(file), before);
}

/// What shows the store is an error, what is beside it is not.
fn told(mapping: &Mapping, at: u64, offset: u64) {
    let extent = Extent::new(at + offset, page_size());
    assert_eq!(overwritten(mapping.read_at(at + 5, &mut [0])), Extent::new(at + offset + 5, 1));
    assert_eq!(overwritten(mapping.copy_out(0, mapping.len())), extent);
    assert_eq!(overwritten(mapping.check(at - 1, 2)), Extent::new(at + offset, 1));
    assert_eq!(overwritten(mapping.lacks(at, page_size(), b"never there")), extent);
    mapping
        .read_at(0, &mut vec![0; usize::try_from(at).expect("small")])
        .expect("nothing is stored before it");
    mapping.check(at + page_size(), page_size()).expect("nor behind it");
    let ways = [Flush::Msync, Flush::Invalidate, Flush::Start, Flush::Data, Flush::All];
    // Without its file a mapping has but the first two.
    for how in ways.into_iter().take(if mapping.file().is_some() { 5 } else { 2 }) {
        assert_eq!(overwritten(mapping.flush(Extent::new(0, mapping.len()), how)), extent, "{how:?}");
        mapping.flush(Extent::new(0, at), how).expect("nothing is stored there");
    }
}

#[test]
fn what_others_write_is_seen_where_nothing_was_stored() {
    [numbered(6), numbered_on_disk(6)].iter().for_each(what_others_write_is_seen);
}

fn what_others_write_is_seen(file: &File) {
    for (what, offset, mapping) in mappings(file) {
        store(&mapping, page(2) - offset, 99);
        let mut writer = MapOptions::write().map(open(file)).expect("it can be mapped");
        for (number, new) in [(1, 71), (3, 72), (2, 73)] {
            writer.write_at(page(number) + 200, &[new]).expect("there is room");
            file.write_all_at(&[new + 10], page(number) + 300).expect("there is room");
            let seen = [200, 300].map(|at| byte(&mapping, page(number) - offset + at));
            let expected = if number == 2 { [3, 3] } else { [new, new + 10] };
            assert_eq!(seen, expected, "{what}: page {number}");
        }
        for number in 1..4 {
            file.write_all_at(&[u8::try_from(number + 1).expect("few"); 400], page(number)).expect("room");
        }
    }
}

#[test]
fn advice_that_would_lose_a_store_is_refused() {
    let file = numbered(3);
    let mapping = forgiving().map(open(&file)).expect("it can be mapped");
    let (dontneed, all) = (Advice::find("dontneed").expect("known"), Extent::new(0, page(3)));
    mapping.advise(dontneed, all).expect("nothing is stored, so nothing is lost");
    store(&mapping, page(1), 99);
    let refused = mapping.advise(dontneed, all).expect_err("the store would be lost");
    assert!(matches!(refused.kind(), ErrorKind::Refused { .. }), "{refused}");
    assert_eq!(byte(&mapping, page(1)), 99);
}

#[test]
fn renewing_shows_the_file_again() {
    let file = numbered(6);
    let mut mapping = forgiving().map(open(&file)).expect("it can be mapped");
    for round in 1..4 {
        store(&mapping, page(2), 99);
        store(&mapping, page(4), 99);
        assert_eq!(mapping.faults().private_writes, 2, "round {round}");
        assert_eq!(overwritten(mapping.resize(page(3))), Extent::new(page(2), page_size()));
        mapping.renew().expect("the file is there");
        assert_eq!(mapping.faults(), mmapio_core::Faults::default());
        assert_eq!(mapping.copy_out(0, mapping.len()).expect("it is whole"), content(&file));
        assert_eq!(area(&mapping, page(2)), ("r--p".to_owned(), 0));
    }
    // It is forgiven where it is now, too.
    file.set_len(page(400)).expect("room");
    mapping.resize(page(400)).expect("nothing is stored");
    store(&mapping, page(399), 99);
    assert_eq!((mapping.faults().private_writes, byte(&mapping, page(399) + 1)), (1, 0));
}

#[test]
fn rights_can_be_taken_away_and_given_back() {
    let file = numbered(6);
    let mut mapping = forgiving().map(open(&file)).expect("it can be mapped");
    store(&mapping, page(2), 99);
    for access in [Access::Write, Access::Copy] {
        assert!(mapping.protect(access).is_err(), "{access:?}");
    }
    mapping.protect(Access::None).expect("nothing is needed for that");
    assert_eq!(area(&mapping, page(2)).0, "---p");
    mapping.protect(Access::Read).expect("the file may be read");
    assert_eq!((byte(&mapping, page(2)), mapping.faults().private_writes), (99, 1));
    store(&mapping, page(2) + 1, 98);
    store(&mapping, page(3), 97);
    assert_eq!((byte(&mapping, page(2)), byte(&mapping, page(2) + 1)), (99, 98));
    assert_eq!(mapping.faults().private_writes, 2, "the page counts once");
    assert_eq!(overwritten(mapping.check(0, page(6))), Extent::new(page(2), page(2)));
}

#[test]
fn a_store_across_two_pages_is_forgiven_in_both() {
    let file = numbered(3);
    let mapping = forgiving().map(open(&file)).expect("it can be mapped");
    let place = mapping.as_ptr().wrapping_add(usize::try_from(page(1) - 3).expect("small")).cast_mut();
    // SAFETY: the bytes are inside the mapping, and no reference to them exists.
    unsafe { place.cast::<u64>().write_unaligned(u64::MAX) };
    let bytes: Vec<u8> = (page(1) - 4..=page(1) + 5).map(|at| byte(&mapping, at)).collect();
    assert_eq!(bytes, [1, 255, 255, 255, 255, 255, 255, 255, 255, 2]);
    assert_eq!(mapping.faults().private_writes, 2);
}

#[test]
fn what_is_gone_takes_stores_too() {
    let file = numbered(6);
    let mapping = forgiving().map(open(&file)).expect("it can be mapped");
    store(&mapping, page(4) + 1, 99);
    file.set_len(page(2)).expect("not sealed");
    // The private copy is gone with what it was a copy of: zeros are put there, and those are stored into.
    store(&mapping, page(4) + 7, 98);
    assert_eq!([1, 7].map(|at| byte(&mapping, page(4) + at)), [0, 98]);
    let faults = mapping.faults();
    assert_eq!((faults.count, faults.truncated, faults.private_writes), (1, true, 1));
    store(&mapping, page(5), 97);
    assert_eq!((mapping.faults().count, mapping.faults().private_writes), (1, 2));
    let error = mapping.read_at(page(4), &mut [0]).expect_err("it is gone");
    assert!(matches!(error.kind(), ErrorKind::Truncated { .. }), "{error}");
    assert_eq!(content(&file).len() as u64, page(2));
}

#[test]
fn thousands_of_pages_cost_hundreds_of_mappings() {
    const PAGES: u64 = 3000;
    let file = numbered(PAGES);
    let before = content(&file);
    let mapping = forgiving().map(open(&file)).expect("it can be mapped");
    for number in (0..PAGES).step_by(2) {
        store(&mapping, page(number) + 1, 99);
    }
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux").lines().count();
    assert!(maps < 2000, "{maps} mappings");
    assert_eq!(mapping.faults().private_writes, 257, "of the others nothing is known");
    let seen = |number: u64| [0, 1].map(|at| byte(&mapping, page(number) + at));
    let is_right = |number: u64| {
        let is = before.get(usize::try_from(page(number)).expect("small")).copied().expect("in it");
        seen(number) == if number.is_multiple_of(2) { [is, 99] } else { [is, is] }
    };
    assert!((0..PAGES).all(is_right), "no store is lost, and nothing else is changed");
    assert_eq!(content(&file), before);
    assert_eq!(
        overwritten(mapping.check(page(PAGES - 1), 1)).length(),
        1,
        "any page may have been stored into"
    );
}

#[test]
fn a_mapping_larger_than_memory_can_be_stored_into_anywhere() {
    let file = numbered(1);
    file.set_len(1 << 37).expect("a hole");
    let mapping = forgiving().map(open(&file)).expect("it can be mapped");
    for number in 0..300 {
        store(&mapping, number << 20, 99);
    }
    assert_eq!(mapping.faults().private_writes, 257);
    assert_eq!(area(&mapping, 1 << 36).0, "rw-p");
}

const ROUNDS: u64 = 1000;
/// Stores of each thread into a page.
const STORES: u64 = 64;

#[test]
fn stores_of_two_threads_into_one_page_are_both_there() {
    let file = numbered(2);
    let before = content(&file);
    for round in 0..ROUNDS {
        let mapping = forgiving().map_only(&open(&file)).expect("it can be mapped");
        let together = Barrier::new(2);
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let (mapping, together) = (&mapping, &together);
                scope.spawn(move || {
                    together.wait();
                    (0..STORES).for_each(|at| store(mapping, page(1) + 2 * at + thread, 100));
                });
            }
        });
        let lost = (0..2 * STORES).filter(|at| byte(&mapping, page(1) + at) != 100).count();
        assert_eq!((lost, mapping.faults().private_writes), (0, 1), "round {round}");
    }
    assert_eq!(content(&file), before);
}

/// Cuts the file and writes it whole again while others store: nobody dies, and the file has what was written there alone.
#[test]
fn truncation_races_with_stores() {
    race("memory", &numbered(PAGES));
    race("a disk", &numbered_on_disk(PAGES));
}

const PAGES: u64 = 64;

fn race(place: &str, file: &File) {
    let before = content(file);
    let (ended, stored) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut kept, mut gone) = (0, 0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                let (ended, stored) = (&ended, &stored);
                scope.spawn(move || store_until(file, worker, ended, stored))
            })
            .collect();
        for round in 0..ROUNDS {
            let cut = page(round * 7 % PAGES);
            let enough = stored.load(Ordering::SeqCst) + 3;
            file.set_len(cut).expect("not sealed");
            while stored.load(Ordering::SeqCst) < enough && !workers.iter().any(|worker| worker.is_finished())
            {
                std::thread::yield_now();
            }
            let rest = before.get(usize::try_from(cut).expect("small")..).expect("in it");
            file.write_all_at(rest, cut).expect("room");
            assert_eq!(content(file), before, "round {round}: a store is in the file");
        }
        ended.store(true, Ordering::SeqCst);
        for worker in workers {
            let (private, faults) = worker.join().expect("nothing is fooled");
            (kept, gone) = (kept + private, gone + faults);
        }
    });
    assert!(kept > 0 && gone > 0, "they did not meet: {kept} and {gone}");
    stores::tell(&format!(
        "RACES storing in {place}: {ROUNDS} truncations, {} stores, {kept} pages kept private, {gone} faults answered; 0 deaths, 0 stores in the file",
        stored.load(Ordering::SeqCst)
    ));
}

/// Stores anywhere, and sees that what it stored is told of. Gives how much was answered.
fn store_until(file: &File, worker: u64, ended: &AtomicBool, stored: &AtomicU64) -> (u64, u64) {
    let (mut private, mut faults, mut next) = (0, 0, worker);
    while !ended.load(Ordering::SeqCst) {
        let whole = forgiving().range(range(0, page(PAGES)));
        let mapping = whole.map(open(file)).expect("it can be mapped");
        for _ in 0..40 {
            next = (next * 1_103_515_245 + 12_345) % (1 << 31);
            let at = (next >> 4) % page(PAGES);
            store(&mapping, at, 200);
            assert!(mapping.check(at, 1).is_err(), "a store at {at} is not told: {:?}", mapping.faults());
            stored.fetch_add(1, Ordering::SeqCst);
        }
        let answered = mapping.faults();
        (private, faults) = (private + answered.private_writes, faults + answered.count);
    }
    (private, faults)
}
