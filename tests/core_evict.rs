//! Dropping files from memory in a process of one's own: while they change, and while somebody interrupts.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mmapio_core::{
    ByteRange, EvictOptions, Evictor, Extent, Observer, OpenFile, Pages, Reason, Report, Unobserved,
    extents_of,
};
use support::mounts::privately;
use support::oracle::{self, page_size};
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, report};

fn evict(evictor: &Evictor, path: &Path, observer: &dyn Observer) -> Report {
    let file = OpenFile::open(path).expect("own file");
    let extents = extents_of(&file, &[ByteRange::WHOLE]);
    evictor.evict(&file, &extents, observer).expect("no change of a file is an error")
}

/// Every page that stayed has one reason, and no more pages are named than stayed.
#[track_caller]
fn holds_together(report: &Report) {
    let left: Pages = report.remaining.iter().map(|left| left.pages).sum();
    assert_eq!(Some(left), report.after.resident, "{report:?}");
    assert!(report.changed <= report.requested, "{report:?}");
    assert!(report.errors.is_empty(), "{report:?}");
}

/// Cuts the file and lets it grow again, with pages that were just written, until told to stop.
fn truncate(path: &Path, pages: u64, done: &AtomicBool) {
    let file = File::options().write(true).open(path).unwrap();
    for at in (0..pages).cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        file.set_len(at * page_size() / 2).unwrap();
        file.write_all_at(b"x", pages * page_size() - 1).unwrap();
    }
}

fn survives_truncation(scratch: &Scratch, options: EvictOptions) {
    const ROUNDS: u64 = 1000;
    let path = scratch.file("file", 64 * page_size());
    let (evictor, done) = (Evictor::new(options), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| truncate(&path, 64, &done));
        for _ in 0..ROUNDS {
            holds_together(&evict(&evictor, &path, &Unobserved));
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_file_may_be_truncated_while_it_is_evicted() {
    let mut options = EvictOptions::default();
    survives_truncation(&Scratch::on_disk(), options);
    let in_memory = || -> Outcome {
        survives_truncation(&Scratch::in_memory()?, options);
        Ok(())
    };
    report("a_file_may_be_truncated_while_it_is_evicted (tmpfs)", in_memory());
    options.sync = true;
    survives_truncation(&Scratch::on_disk(), options);
}

/// Interrupts after so many advances.
struct Impatient(AtomicU64);

impl Observer for Impatient {
    fn advance(&self, _bytes: u64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[test]
fn what_an_interruption_leaves_is_told_apart() {
    let scratch = Scratch::on_disk();
    let path = scratch.path().join("large");
    let pages = (3 << 30) / page_size();
    write_sparse(&path, 3 << 30, &[0, pages - 1]);
    File::open(&path).and_then(|file| file.sync_all()).unwrap();
    let late = oracle::hold(&path, (pages - 1) * page_size(), page_size());
    let left = |patience| evict(&Evictor::default(), &path, &Impatient(AtomicU64::new(patience)));
    oracle::touch(&path, &[0]);
    let nothing_done = left(0);
    holds_together(&nothing_done);
    assert_eq!(Some(nothing_done.left(Reason::Interrupted)), nothing_done.after.resident, "{nothing_done:?}");
    assert_eq!(oracle::resident_in(&path, (pages - 1) * page_size(), page_size()), 1);
    let one_piece = left(1);
    holds_together(&one_piece);
    assert_eq!(one_piece.left(Reason::Interrupted), one_piece.after.resident.unwrap(), "{one_piece:?}");
    assert_eq!(oracle::resident_in(&path, 0, page_size()), 0, "the first piece was done");
    let all = left(u64::MAX);
    holds_together(&all);
    assert_eq!(all.left(Reason::Locked), all.after.resident.unwrap(), "{all:?}");
    drop(late);
}

/// Waits, when the pages were asked to go, until nothing of the file is dirty or being written any more.
struct UntilWritten<'a>(&'a Path);

impl Observer for UntilWritten<'_> {
    fn advance(&self, _bytes: u64) {
        let is_written =
            || oracle::cachestat(self.0).is_ok_and(|counts| counts.dirty == 0 && counts.writeback == 0);
        assert!((0..10_000).any(|_| is_written()), "writing never ends");
    }
}

/// The kernel begins to write what is dirty. When that has failed the pages look clean, and memory has their only good copy:
/// a second try would drop it.
#[test]
fn what_fails_to_be_written_meanwhile_is_not_dropped() {
    privately("what_fails_to_be_written_meanwhile_is_not_dropped", |mounts| {
        let path = mounts.file_without_room(8 << 20)?;
        let report = evict(&Evictor::default(), &path, &UntilWritten(&path));
        holds_together(&report);
        assert_eq!(report.left(Reason::Writeback).0, oracle::pages(8 << 20), "{report:?}");
        assert!(std::fs::read(&path).unwrap().iter().all(|byte| *byte == 5));
        Ok(())
    });
}

#[test]
fn the_last_page_goes_also_when_the_file_has_grown_since() {
    let scratch = Scratch::on_disk();
    let went = (0..50).any(|round| {
        let path = scratch.file(&format!("file{round}"), page_size() + 5);
        let (file, grown) =
            (OpenFile::open(&path).unwrap(), File::options().write(true).open(&path).unwrap());
        grown.set_len(8 * page_size()).and_then(|()| grown.sync_all()).unwrap();
        let was_there = oracle::resident(&path) == 2;
        let report = Evictor::default().evict(&file, &[Extent::new(0, file.size())], &Unobserved).unwrap();
        assert!(report.after.changed);
        was_there && report.after.resident == Some(Pages(0))
    });
    assert!(went, "the last page never went");
}
