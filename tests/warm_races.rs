//! Files that are truncated, grown, written and put out of memory while they are loaded in this process: whoever loads them
//! survives, and what is reported can be.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a file that cannot be made fails the test")]

#[path = "support/chance.rs"]
mod chance;

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chance::Chance;
use mmapio_core::{
    ByteRange, Error, ErrorKind, Extent, OpenFile, Pages, ProbeChoice, Report, Unobserved, WarmNeed,
    WarmOptions, Warming, extents_of, warm, warm_need,
};

const MIB: u64 = 1 << 20;

/// How often a file is loaded while it changes, on each of two filesystems: 2,000 in all.
const ROUNDS: u64 = 1000;

/// Writes what is dirty, and drops what is clean.
fn evict(file: &File) {
    let _ = file.sync_data();
    // SAFETY: takes numbers and a descriptor that is open.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
}

/// Ends the changing, also when a demand fails: a scope waits for its threads.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Changes the file without end: cut to nothing, to little, grown, written and cold again.
fn change(file: &File, stop: &AtomicBool, changes: &AtomicU64) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let piece = vec![b'x'; 700_000];
    while !stop.load(Ordering::Relaxed) {
        match chance.below(16) {
            0 => file.set_len(0).unwrap(),
            1 => file.set_len(chance.below(9000)).unwrap(),
            2..=8 => file.set_len(chance.below(5 * MIB)).unwrap(),
            9..=14 => file.write_all_at(&piece, chance.below(4 * MIB)).unwrap(),
            _ => evict(file),
        }
        changes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Demands numbers that can be, and errors that a changing file can give.
#[track_caller]
fn assert_can_be(report: &Report) {
    let left: Pages = report.remaining.iter().map(|left| left.pages).sum();
    let (changed, requested) = (report.changed.unwrap(), report.requested.unwrap());
    assert!(changed + left <= requested, "{report:?}");
    assert!(requested <= report.before.pages, "{report:?}");
    assert!(report.before.resident <= Some(report.before.pages), "{report:?}");
    assert!(report.after.resident <= Some(report.after.pages), "{report:?}");
    assert!(report.after.pages == report.before.pages && report.errors.is_empty(), "{report:?}");
}

/// Only a map of what is gone can fail, with its name.
#[track_caller]
fn assert_named(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::System(_)) && !error.call().is_empty(), "{error}");
}

/// The whole file, or some part of it.
fn parts(file: &OpenFile, round: u64) -> Vec<Extent> {
    let part = ByteRange::new(round * 4096 % (3 * MIB), Some(MIB)).unwrap();
    let ranges = if round.is_multiple_of(3) {
        [part, ByteRange::new(0, Some(9000)).unwrap()]
    } else {
        [ByteRange::WHOLE; 2]
    };
    extents_of(file, &ranges)
}

/// Loads it in each of the ways there are.
fn load(path: &Path, round: u64) -> Result<Option<Report>, Error> {
    let file = OpenFile::open(path)?;
    let extents = parts(&file, round);
    let mut options = WarmOptions::default();
    options.probe = if round % 5 == 4 { ProbeChoice::Mincore } else { ProbeChoice::Auto };
    options.lanes = NonZeroUsize::new(1 + usize::from(!round.is_multiple_of(2)) * 3).unwrap();
    match round % 4 {
        0 => match warm_need(&file, &extents, &options)? {
            WarmNeed::Nothing(report) => Ok(Some(*report)),
            WarmNeed::Bytes(_) => Ok(None),
        },
        1 | 2 => warm(&file, &extents, &options, &Unobserved).map(Some),
        _ => Warming::begin(file, extents, &options, &Unobserved)?.finish(&options, &Unobserved).map(Some),
    }
}

/// Loads a file while it changes, and tells how much was loaded.
fn race(dir: &Path) -> u64 {
    let path = dir.join("file");
    let file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
    file.write_all_at(&vec![b'x'; 5 << 20], 0).unwrap();
    let (stop, changes, mut loaded) = (AtomicBool::new(false), AtomicU64::new(0), 0);
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| change(&file, &stop, &changes));
        for round in 0..ROUNDS {
            while changes.load(Ordering::Relaxed) < round {
                std::thread::yield_now();
            }
            match load(&path, round) {
                Ok(report) => {
                    report.iter().for_each(assert_can_be);
                    loaded += report.and_then(|report| report.changed).unwrap_or_default().0;
                }
                Err(error) => assert_named(&error),
            }
        }
    });
    loaded
}

#[test]
fn a_file_on_a_disk_survives() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    assert!(race(dir.path()) > 0, "nothing was ever loaded");
}

#[test]
fn a_file_in_memory_survives() {
    match tempfile::tempdir_in("/dev/shm") {
        Ok(dir) => drop(race(dir.path())),
        Err(error) => writeln!(std::io::stderr(), "SKIP a_file_in_memory_survives: {error}").unwrap(),
    }
}

/// Cold data that is cut off while it is read: each round from the start.
#[test]
fn cold_data_that_is_cut_off_is_told() {
    const COLD_ROUNDS: u64 = 60;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("file");
    let data = vec![b'x'; 5 << 20];
    let mut chance = Chance(7);
    for round in 0..COLD_ROUNDS {
        std::fs::write(&path, &data).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        evict(&file);
        let size = chance.below(5 * MIB);
        std::thread::scope(|scope| {
            let cut = scope.spawn(|| file.set_len(size).unwrap());
            let opened = OpenFile::open(&path).unwrap();
            let extents = extents_of(&opened, &[ByteRange::WHOLE]);
            let report = warm(&opened, &extents, &WarmOptions::default(), &Unobserved).unwrap();
            assert_can_be(&report);
            cut.join().unwrap();
            let lost = report.left(mmapio_core::Reason::Truncated);
            assert!(lost <= report.before.pages, "round {round}: {report:?}");
        });
    }
}
