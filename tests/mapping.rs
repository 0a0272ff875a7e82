//! Files as memory: what is read and written through a mapping is what is in the file.

mod support;

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use mmapio_core::{
    Access, Advice, ByteRange, ErrorKind, Extent, Flush, MapOptions, OpenFile, Pages, ReadLease, RunState,
    Seals, memory_file,
};
use support::mapped::{cut, kind_of, mappings_of, numbered, range};
use support::oracle::{self, page_size};
use support::scratch::Scratch;

#[test]
fn any_offset_and_length_shows_those_bytes() {
    let scratch = Scratch::on_disk();
    let path = scratch.path().join("file");
    let content: Vec<u8> = (0..40_000_u32).map(|at| u8::try_from(at % 251).expect("a byte")).collect();
    fs::write(&path, &content).expect("room for it");
    for (offset, length) in
        [(0, 40_000), (1, 1), (4095, 2), (4096, 4096), (5000, 30_000), (39_999, 1), (40_000, 0), (7, 0)]
    {
        for options in
            [MapOptions::read(), MapOptions::read().private(), MapOptions::copy(), MapOptions::write()]
        {
            let mapping = options.range(range(offset, length)).open(&path).expect("it can be mapped");
            assert_eq!((mapping.len(), mapping.extent().offset()), (length, offset));
            let (from, to) =
                (usize::try_from(offset).expect("small"), usize::try_from(offset + length).expect("small"));
            assert_eq!(
                mapping.copy_out(0, length).expect("it is there"),
                content[from..to],
                "{offset}+{length}"
            );
            assert_eq!(mapping.read_at(length, &mut [0]).expect("its end"), 0);
            assert_eq!(kind_of(mapping.read_at(length + 1, &mut [0])), "Range");
            // SAFETY: nobody changes the file.
            assert_eq!(unsafe { mapping.as_slice() }, &content[from..to]);
        }
    }
    let rest = MapOptions::read().range(ByteRange::new(39_000, None).expect("small")).open(&path);
    assert_eq!(rest.expect("it can be mapped").len(), 1000);
    let beyond = MapOptions::read().range(ByteRange::new(40_001, None).expect("small")).open(&path);
    assert_eq!(kind_of(beyond), "Range");
}

#[test]
fn what_is_written_goes_where_it_should() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 3);
    let at = page_size() - 3;
    let mut copy = MapOptions::copy().open(&path).expect("it can be mapped");
    copy.write_at(at, b"private").expect("there is room");
    assert_eq!(copy.copy_out(at, 7).expect("there"), b"private");
    let before = fs::read(&path).expect("our own");
    assert_eq!(before[usize::try_from(at).expect("small")], 1, "the file has nothing of it");
    let mut shared =
        MapOptions::write().range(range(5, 2 * page_size())).open(&path).expect("it can be mapped");
    shared.write_at(at - 5, b"shared!").expect("there is room");
    let mut found = [0; 7];
    File::open(&path).and_then(|file| file.read_exact_at(&mut found, at)).expect("our own");
    assert_eq!(&found, b"shared!", "others see it at once");
    assert_eq!(kind_of(shared.write_at(2 * page_size() - 2, b"xyz")), "Range");
    assert_eq!(kind_of(MapOptions::read().open(&path).expect("fine").write_at(0, b"x")), "System");
    let file = OpenFile::open(&path).expect("our own");
    assert_eq!(kind_of(MapOptions::write().map(file)), "Refused");
}

#[test]
fn flushing_leaves_no_dirty_page() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 4);
    for how in [Flush::Msync, Flush::Invalidate, Flush::Data, Flush::All] {
        let mut mapping = MapOptions::write().open(&path).expect("it can be mapped");
        mapping.write_at(page_size(), b"dirty").expect("there is room");
        mapping.flush(Extent::new(0, mapping.len()), how).expect("the storage works");
        if let Ok(counts) = oracle::cachestat(&path) {
            assert_eq!(counts.dirty, 0, "after {how:?}");
        }
    }
    let file = OpenFile::open_writable(&path).expect("our own");
    let only = MapOptions::write().map_only(&file).expect("it can be mapped");
    let all = Extent::new(0, only.len());
    only.flush(all, Flush::Msync).expect("the storage works");
    assert_eq!(kind_of(only.flush(all, Flush::All)), "Unsupported", "less than all is not all");
}

#[test]
fn a_truncated_file_is_told_and_can_be_mapped_anew() {
    let scratch = Scratch::on_disk();
    for options in [MapOptions::read(), MapOptions::read().private(), MapOptions::copy(), MapOptions::write()]
    {
        let path = numbered(&scratch, "file", 8);
        let mut mapping = options.open(&path).expect("it can be mapped");
        cut(&path, 3 * page_size() + 10);
        let error = mapping.read_at(5 * page_size(), &mut [0; 9]).expect_err("it is gone");
        assert!(
            matches!(error.kind(), ErrorKind::Truncated { size } if *size == 3 * page_size() + 10),
            "{error}"
        );
        assert_eq!((mapping.faults().count, mapping.faults().truncated), (1, true));
        assert_eq!(kind_of(mapping.read_at(7 * page_size(), &mut [0])), "Truncated");
        assert_eq!(mapping.faults().count, 1, "one fault for all that is gone");
        assert_eq!(mapping.copy_out(2 * page_size(), 1).expect("still there"), [3]);
        assert_eq!(mapping.copy_out(3 * page_size() + 9, 1).expect("still there"), [4]);
        assert_eq!(
            kind_of(mapping.read_at(3 * page_size() + 5, &mut [0; 6])),
            "Truncated",
            "behind the end in its page"
        );
        if mapping.access() == Access::Write {
            assert_eq!(kind_of(mapping.flush(Extent::new(0, mapping.len()), Flush::Msync)), "Faulted");
        }
        assert_eq!(kind_of(mapping.resize(4 * page_size())), "Faulted");
        numbered(&scratch, "file", 8);
        assert_eq!(
            kind_of(mapping.read_at(5 * page_size(), &mut [0])),
            "Faulted",
            "it is there again, but not here"
        );
        mapping.renew().expect("it can be mapped");
        assert_eq!(mapping.copy_out(5 * page_size(), 1).expect("there"), [6]);
        assert_eq!(mapping.faults().count, 0);
    }
}

#[test]
fn a_mapping_may_be_longer_than_its_file() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 1);
    let mapping = MapOptions::read().range(range(0, 10 * page_size())).open(&path).expect("it can be mapped");
    assert_eq!(kind_of(mapping.read_at(9 * page_size(), &mut [0])), "Truncated");
    let grown = MapOptions::read().range(range(0, 10 * page_size())).open(&path).expect("it can be mapped");
    cut(&path, 10 * page_size());
    assert_eq!(grown.copy_out(9 * page_size(), 1).expect("there by now"), [0]);
}

#[test]
fn resizing_keeps_what_is_there() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 6);
    for from in [0, 100] {
        let mut mapping =
            MapOptions::read().range(range(from, page_size())).open(&path).expect("it can be mapped");
        mapping.resize(5 * page_size()).expect("there is room");
        assert_eq!(mapping.copy_out(4 * page_size(), 1).expect("there"), [5]);
        mapping.resize(10).expect("shorter is always possible");
        assert_eq!(mapping.copy_out(0, 20).expect("there"), [1; 10]);
        mapping.resize(6 * page_size() - from).expect("there is room");
        cut(&path, page_size());
        assert_eq!(
            kind_of(mapping.read_at(4 * page_size(), &mut [0])),
            "Truncated",
            "it is guarded where it is now"
        );
        numbered(&scratch, "file", 6);
    }
}

#[test]
fn access_can_change() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 2);
    let mut mapping = MapOptions::new(Access::None).open(&path).expect("it can be mapped");
    assert!(!mapping.is_guarded());
    assert_eq!(kind_of(mapping.read_at(0, &mut [0])), "System");
    mapping.protect(Access::Read).expect("reading is allowed");
    assert_eq!(mapping.copy_out(0, 1).expect("there"), [1]);
    assert_eq!(kind_of(mapping.protect(Access::Write)), "System", "it is open for reading");
    assert_eq!(kind_of(mapping.protect(Access::Copy)), "System");
    assert_eq!(mapping.access(), Access::Read);
    cut(&path, 0);
    assert_eq!(kind_of(mapping.read_at(0, &mut [0])), "Truncated");
}

#[test]
fn what_is_dropped_is_unmapped() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 3);
    for (offset, length) in [(0, 0), (7, 0), (7, 1), (4096, 0), (5000, 100), (5000, 5000), (1, 0)] {
        for options in [MapOptions::read(), MapOptions::copy(), MapOptions::write()] {
            let mut mapping = options.range(range(offset, length)).open(&path).expect("it can be mapped");
            assert_eq!((mapping.len(), mappings_of(&path)), (length, 1));
            mapping.resize(page_size()).expect("there is room");
            assert_eq!(mapping.copy_out(0, 1).expect("there"), [if offset < page_size() { 1 } else { 2 }]);
            mapping.resize(0).expect("shorter is always possible");
            assert_eq!((mapping.len(), mapping.copy_out(0, 1).expect("its end").len()), (0, 0));
            mapping.resize(2).expect("there is room");
            assert!(mapping.is_guarded());
            drop(mapping);
            assert_eq!(mappings_of(&path), 0, "{offset}+{length}");
        }
    }
}

#[test]
fn what_was_advised_in_parts_can_grow() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 6);
    let random = Advice::find("random").expect("in the table");
    for (options, is_possible) in
        [(MapOptions::read(), true), (MapOptions::write(), true), (MapOptions::copy(), false)]
    {
        let mut mapping = options.range(range(100, 3 * page_size())).open(&path).expect("it can be mapped");
        mapping.advise(random, Extent::new(0, 1)).expect("it is advice");
        let resized = mapping.resize(5 * page_size());
        if is_possible {
            resized.expect("it can be mapped anew");
            assert_eq!(mapping.copy_out(4 * page_size(), 1).expect("there"), [5]);
        } else {
            assert_eq!(kind_of(resized), "Refused");
            assert_eq!(mapping.copy_out(2 * page_size(), 1).expect("it stays"), [3]);
        }
        cut(&path, 0);
        assert_eq!(kind_of(mapping.read_at(page_size(), &mut [0])), "Truncated", "it is guarded");
        numbered(&scratch, "file", 6);
    }
}

#[test]
fn a_mapping_goes_to_other_threads() {
    fn is_for_all<T: Send + Sync>(_: &T) {}
    let memory = MapOptions::copy().anonymous(100).expect("there is room");
    is_for_all(&memory);
    let seen = std::thread::scope(|scope| scope.spawn(|| memory.copy_out(99, 1)).join().expect("it ends"));
    assert_eq!(seen.expect("there"), [0]);
}

#[test]
fn residency_is_what_the_oracle_says() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 32);
    File::open(&path).and_then(|file| file.sync_all()).expect("our own");
    let held = oracle::hold(&path, 4 * page_size(), 8 * page_size());
    let mapping =
        MapOptions::read().range(range(4 * page_size() + 1, 8 * page_size() - 1)).open(&path).expect("fine");
    let residency = mapping.residency().expect("ours to ask about");
    assert_eq!((residency.resident, residency.pages), (Some(Pages(8)), Pages(8)));
    let mut pages = [0; 8];
    mapping.mincore(0, &mut pages).expect("ours to ask about");
    assert!(pages.iter().all(|page| page & 1 == 1), "{pages:?}");
    assert_eq!(kind_of(mapping.mincore(0, &mut [0; 9])), "Range");
    let runs: Vec<_> =
        mapping.runs().expect("it keeps the file").map(|run| run.expect("ours").state).collect();
    assert_eq!(runs, [RunState::Resident]);
    drop(held);
}

#[test]
fn advice_is_taken_and_destructive_advice_is_not() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 4);
    let mut copy = MapOptions::copy().open(&path).expect("it can be mapped");
    copy.write_at(0, b"mine").expect("there is room");
    let advice = |name| Advice::find(name).expect("in the table");
    let all = Extent::new(0, copy.len());
    assert_eq!(kind_of(copy.advise(advice("dontneed"), all)), "Refused");
    assert_eq!(copy.copy_out(0, 4).expect("there"), b"mine");
    assert_eq!(kind_of(copy.advise(advice("noreuse"), all)), "Unsupported");
    assert_eq!(kind_of(copy.advise(advice("random"), Extent::new(5 * page_size(), 1))), "Range");
    let shared = MapOptions::write().open(&path).expect("it can be mapped");
    for name in ["normal", "random", "sequential", "willneed", "dontneed", "populate-read"] {
        shared
            .advise(advice(name), Extent::new(10, 2 * page_size()))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(shared.copy_out(page_size(), 1).expect("there"), [2]);
}

#[test]
fn memory_files_keep_their_seals() {
    let file = memory_file("sealed", 2 * page_size()).expect("memory");
    file.seal(Seals { shrink: true, grow: true, future_write: true, ..Seals::default() })
        .expect("it can be sealed");
    assert_eq!(file.file().set_len(0).expect_err("sealed").raw_os_error(), Some(libc::EPERM));
    assert_eq!(file.file().set_len(1 << 20).expect_err("sealed").raw_os_error(), Some(libc::EPERM));
    assert_eq!(file.file().write_at(b"x", 0).expect_err("sealed").raw_os_error(), Some(libc::EPERM));
    file.seal(Seals { seal: true, ..Seals::default() }).expect("it can be sealed");
    assert_eq!(kind_of(file.seal(Seals { write: true, ..Seals::default() })), "System");
    let scratch = Scratch::on_disk();
    let usual = OpenFile::open_writable(scratch.file("usual", 1)).expect("our own");
    assert_eq!(kind_of(usual.seal(Seals { shrink: true, ..Seals::default() })), "System");
}

#[test]
fn a_lease_is_wanted_back_before_the_file_changes() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 1);
    let file = OpenFile::open(&path).expect("our own");
    let lease = ReadLease::take(&file).expect("ours, and nobody writes");
    assert!(!lease.is_wanted_back().expect("a lease"));
    let open = || OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&path);
    assert_eq!(open().expect_err("it is leased").raw_os_error(), Some(libc::EAGAIN));
    // The signal that came with it did no harm.
    assert!(lease.is_wanted_back().expect("a lease"));
    drop(lease);
    let writer = open().expect("it is free");
    assert_eq!(kind_of(ReadLease::take(&file)), "System", "somebody writes");
    drop(writer);
}

#[test]
fn memory_without_a_file() {
    let mut memory = MapOptions::copy().anonymous(100_000).expect("there is room");
    memory.write_at(99_990, &[7; 10]).expect("there is room");
    assert_eq!(memory.copy_out(99_989, 11).expect("there"), [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
    memory.resize(200_000).expect("there is room");
    assert_eq!(memory.copy_out(99_999, 2).expect("there"), [7, 0]);
    assert_eq!(kind_of(memory.residency()), "Unsupported");
    let none = MapOptions::read().anonymous(10).expect("there is room");
    assert_eq!(none.copy_out(0, 10).expect("zeros"), [0; 10]);
    assert!(MapOptions::copy().anonymous(u64::MAX).is_err());
}

#[test]
fn a_descriptor_is_given_back() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 1);
    let mapping = MapOptions::read().open(&path).expect("it can be mapped");
    let number = mapping.file().expect("kept").file().as_raw_fd();
    let link = format!("/proc/self/fd/{number}");
    assert!(fs::read_link(&link).is_ok_and(|to| to == path));
    drop(mapping);
    assert!(!fs::read_link(&link).is_ok_and(|to| to == path));
}
