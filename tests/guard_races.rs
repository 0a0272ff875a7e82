//! Truncation raced against readers and writers of a mapping: nobody dies, no wrong byte is given out, and zeros that stand in for
//! what is gone are never passed off as the file's.
//!
//! 2,000 rounds on tmpfs and on ext4; with `MMAPIO_STRESS_ROUNDS`, which `make stress` sets, so many on each of five filesystems.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mmapio_core::{Error, ErrorKind, MapOptions, Mapping};
use support::chance::Chance;
use support::history::{History, Moment};
use support::mounts::{Mounts, privately, tool};
use support::{Outcome, Skip};

const ROUNDS: u64 = 2000;
/// Who reads, or writes.
const WORKERS: u64 = 3;
const MIB: u64 = 1 << 20;
/// The longest read.
const LONGEST: u64 = 40_000;

/// What all threads see of the race.
struct Stage {
    history: History,
    /// The moment that it is.
    now: AtomicU64,
    ended: AtomicBool,
    /// Reads that were begun, and those that were judged, so that the truncation knows that somebody is at it.
    begun: AtomicU64,
    reads: AtomicU64,
}

/// What came of it.
#[derive(Default)]
struct Counts {
    ok: AtomicU64,
    told: AtomicU64,
    faults: AtomicU64,
    judged: AtomicU64,
    /// Reads in the middle of which nothing changed, so that each of their bytes was known.
    certain: AtomicU64,
    /// Bytes of those in the middle of which something did, that were zeros for a moment.
    zeros: AtomicU64,
}

impl Stage {
    fn new(length: u64, rounds: u64) -> Self {
        let (now, begun, reads, ended) = Default::default();
        Self { history: History::new(length, rounds), now, ended, begun, reads }
    }

    fn length(&self) -> u64 {
        self.history.length()
    }

    fn moment(&self) -> Moment {
        Moment(self.now.load(Ordering::SeqCst))
    }

    /// Cuts the file and writes it whole again, both while others read: always the same when they write, too.
    fn truncate(&self, file: &File, same: bool) {
        for (cut, rest) in self.history.rounds().take_while(|_| !self.ended.load(Ordering::SeqCst)) {
            let rest = if same { self.history.version(0, cut, self.length()) } else { rest };
            self.while_others_are_at_it(|| file.set_len(cut).expect("our own"));
            self.while_others_are_at_it(|| file.write_all_at(rest, cut).expect("room for it"));
        }
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Changes the file when somebody has begun to read, and lets all read what came of it. What is counted is looked at before the
    /// moment passes: workers may be done with the next one, and wait for the one after it, before this thread goes on.
    fn while_others_are_at_it(&self, change: impl FnOnce()) {
        let begun = self.begun.load(Ordering::SeqCst);
        self.now.fetch_add(1, Ordering::SeqCst);
        self.until(&self.begun, begun + 1);
        change();
        let reads = self.reads.load(Ordering::SeqCst);
        self.now.fetch_add(1, Ordering::SeqCst);
        self.until(&self.reads, reads + WORKERS);
    }

    fn until(&self, count: &AtomicU64, enough: u64) {
        while count.load(Ordering::SeqCst) < enough && !self.ended.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }

    /// The moment in which a worker begins.
    fn begin(&self) -> Moment {
        let began = self.moment();
        self.begun.fetch_add(1, Ordering::SeqCst);
        began
    }

    /// Lets the others go on: a worker that has been at it a few times in a moment waits for the next.
    fn after_one(&self, chance: &mut Chance, done: &mut (Moment, u64)) {
        self.reads.fetch_add(1, Ordering::SeqCst);
        *done = if done.0 == self.moment() { (done.0, done.1 + 1) } else { (self.moment(), 0) };
        if done.1 > chance.below(12) {
            while self.moment() == done.0 && !self.ended.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        }
    }

    fn read(&self, path: &Path, worker: u64, counts: &Counts) {
        let (mut chance, mut done) = (Chance(77 + worker * 1_000_003), (self.moment(), 0));
        let mut buffer = vec![0; usize::try_from(LONGEST).expect("small")];
        while !self.ended.load(Ordering::SeqCst) {
            // What was replaced stays so: a damaged mapping is read a few times more, and then made anew.
            let mut failures = 0;
            let range = mmapio_core::ByteRange::new(0, Some(self.length())).expect("small");
            let mapping = MapOptions::read().range(range).open(path).expect("it is there");
            while failures < 5 && !self.ended.load(Ordering::SeqCst) {
                let from = chance.below(self.length());
                let length = (1 + chance.below(LONGEST)).min(self.length() - from);
                let buffer = buffer.split_at_mut(usize::try_from(length).expect("small")).0;
                let began = self.begin();
                let read = mapping.read_at(from, buffer);
                let window = (began, self.moment());
                failures += u32::from(read.is_err());
                match read {
                    Ok(length) => {
                        assert_eq!(length, buffer.len(), "at {from}");
                        self.judge(from, buffer, window, &mapping, counts);
                    }
                    Err(error) => self.judge_error(from + length, &error, window, &mapping, counts),
                }
                self.after_one(&mut chance, &mut done);
            }
            counts.faults.fetch_add(mapping.faults().count, Ordering::Relaxed);
        }
    }

    fn judge(&self, from: u64, bytes: &[u8], (began, ended): Window, mapping: &Mapping, counts: &Counts) {
        let is_possible = self.history.is_possible(from, bytes, began, ended);
        assert!(is_possible, "{from}+{}, {began:?} to {ended:?}, {:?}", bytes.len(), mapping.faults());
        counts.add(bytes, (began, ended));
    }

    /// An error is wrong where all was there, and the mapping whole.
    fn judge_error(&self, end: u64, error: &Error, window: Window, mapping: &Mapping, counts: &Counts) {
        assert!(is_told(error), "{error}");
        let was_there = is_rest(window) && end <= self.history.size_at(window.0);
        assert!(!was_there || mapping.faults().count > 0, "{error}, though all up to {end} was there");
        counts.told.fetch_add(1, Ordering::Relaxed);
    }

    /// Each worker writes into a part of its own, and sees that what it wrote is in the file.
    fn write(&self, path: &Path, worker: u64, counts: &Counts) {
        let (mut chance, mut done) = (Chance(77 + worker * 1_000_003), (self.moment(), 0));
        let file = File::open(path).expect("our own");
        let mut found = vec![0; usize::try_from(LONGEST).expect("small")];
        while !self.ended.load(Ordering::SeqCst) {
            let range = mmapio_core::ByteRange::new(0, Some(self.length())).expect("small");
            let mut mapping = MapOptions::write().range(range).open(path).expect("it is there");
            while mapping.faults().count == 0 && !self.ended.load(Ordering::SeqCst) {
                let part = self.length() / WORKERS;
                let from = worker * part + chance.below(part);
                let end = ((worker + 1) * part).min(from + 1 + chance.below(9000));
                let bytes = self.history.version(1 + worker, from, end);
                let began = self.begin();
                let written = mapping.write_at(from, bytes);
                let window = (began, self.moment());
                match written {
                    Ok(()) => {
                        let is_there = end <= self.history.size_at(began);
                        assert!(!is_rest(window) || is_there, "bytes up to {end} were lost");
                        let found = found.split_at_mut(bytes.len()).0;
                        let read = file.read_exact_at(found, from);
                        if is_rest((began, self.moment())) {
                            assert!(read.is_ok() && found == bytes, "{from}+{} is not there", bytes.len());
                        }
                        counts.add(bytes, window);
                    }
                    Err(error) => self.judge_error(end, &error, window, &mapping, counts),
                }
                self.after_one(&mut chance, &mut done);
            }
            counts.faults.fetch_add(mapping.faults().count, Ordering::Relaxed);
        }
    }

    /// After writers the file has what was there at first, or what the writer of that part wrote.
    fn is_whole(&self, content: &[u8]) -> bool {
        let part = self.length() / WORKERS;
        let is_right = |(offset, byte): (u64, &u8)| {
            let versions = [0, 1 + offset / part];
            versions.into_iter().any(|version| self.history.version(version, offset, offset + 1) == [*byte])
        };
        content.len() as u64 == self.length() && (0..).zip(content).all(is_right)
    }
}

/// From when to when something was read or written.
type Window = (Moment, Moment);

/// Whether nothing changed meanwhile.
fn is_rest((began, ended): Window) -> bool {
    began == ended && began.is_rest()
}

fn is_told(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Truncated { .. } | ErrorKind::Faulted { .. })
}

impl Counts {
    fn add(&self, bytes: &[u8], window: Window) {
        self.ok.fetch_add(1, Ordering::Relaxed);
        self.judged.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.certain.fetch_add(u64::from(is_rest(window)), Ordering::Relaxed);
        if !is_rest(window) {
            let zeros = bytes.iter().filter(|byte| **byte == 0).count();
            self.zeros.fetch_add(zeros as u64, Ordering::Relaxed);
        }
    }
}

fn rounds() -> u64 {
    stress_rounds().unwrap_or(ROUNDS)
}

fn stress_rounds() -> Option<u64> {
    std::env::var("MMAPIO_STRESS_ROUNDS").ok()?.parse().ok()
}

/// Tells the counts past libtest's capture: they are the proof.
fn tell(what: &str, filesystem: &str, rounds: u64, counts: &Counts) {
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let line = format!(
        "RACES {what} on {filesystem}: {rounds} rounds, {} done, of which {} with the file at rest, {} told as truncated, {} faults answered, {} bytes judged, {} of them zeros while it was cut; 0 deaths, 0 wrong bytes, 0 fooled\n",
        of(&counts.ok),
        of(&counts.certain),
        of(&counts.told),
        of(&counts.faults),
        of(&counts.judged),
        of(&counts.zeros),
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// What the others do while the file is cut, and their share of the rounds in percent.
type Race = (&'static str, fn(&Stage, &Path, u64, &Counts), u64);
const RACES: [Race; 2] = [("reading", Stage::read, 75), ("writing", Stage::write, 25)];

fn race(filesystem: &str, dir: &Path, length: u64, rounds: u64) {
    let path = dir.join("raced");
    for (what, work, share) in RACES {
        let rounds = rounds * share / 100;
        let (stage, counts) = (Stage::new(length, rounds), Counts::default());
        std::fs::write(&path, stage.history.version(0, 0, length)).expect("room for the file");
        let file = File::options().write(true).open(&path).expect("our own");
        std::thread::scope(|scope| {
            for worker in 0..WORKERS {
                let (stage, path, counts) = (&stage, &path, &counts);
                scope.spawn(move || {
                    // Who fails must not leave the others waiting.
                    let guard = Ending(stage);
                    work(stage, path, worker, counts);
                    drop(guard);
                });
            }
            let guard = Ending(&stage);
            stage.truncate(&file, what == "writing");
            drop(guard);
        });
        let (ok, told) = (counts.ok.load(Ordering::Relaxed), counts.told.load(Ordering::Relaxed));
        assert!(ok > 0 && told > 0 && counts.faults.load(Ordering::Relaxed) > 0, "they did not meet");
        tell(what, filesystem, rounds, &counts);
        if what == "writing" {
            let content = std::fs::read(&path).expect("our own");
            assert!(stage.is_whole(&content), "a store went where it should not");
        }
    }
    std::fs::remove_file(&path).expect("our own");
}

/// Ends the race when a thread panics.
struct Ending<'a>(&'a Stage);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.ended.store(true, Ordering::SeqCst);
        }
    }
}

fn huge_tmpfs(mounts: &Mounts<'_>) -> Result<PathBuf, Skip> {
    let dir = mounts.scratch().dir("huge-tmpfs");
    tool(Command::new("mount").args(["-t", "tmpfs", "-o", "huge=always", "tmpfs"]).arg(&dir))?;
    Ok(dir)
}

/// A filesystem, its name, whether it takes part when there is no stress, and the size of the file.
type Place = (&'static str, bool, u64, fn(&Mounts<'_>) -> Result<PathBuf, Skip>);

const PLACES: [Place; 5] = [
    ("tmpfs", true, MIB, |mounts| mounts.tmpfs()),
    ("ext4", true, MIB, |mounts| mounts.ext4(64 << 20)),
    ("tmpfs with huge pages", false, 8 * MIB, huge_tmpfs),
    ("xfs", false, 4 * MIB, |mounts| mounts.xfs()),
    ("btrfs", false, 4 * MIB, |mounts| mounts.btrfs()),
];

fn on(which: usize) {
    let Some((name, always, length, make)) = PLACES.get(which).copied() else { return };
    if !always && stress_rounds().is_none() {
        return;
    }
    privately(&format!("guard_races on {name}"), |mounts| -> Outcome {
        race(name, &make(mounts)?, length, rounds());
        Ok(())
    });
}

#[test]
fn nobody_dies_or_is_fooled_on_tmpfs() {
    on(0);
}

#[test]
fn nobody_dies_or_is_fooled_on_ext4() {
    on(1);
}

/// Under stress only: see the top.
#[test]
fn nobody_dies_or_is_fooled_on_huge_pages() {
    on(2);
}

/// Under stress only: see the top.
#[test]
fn nobody_dies_or_is_fooled_on_xfs() {
    on(3);
}

/// Under stress only: see the top.
#[test]
fn nobody_dies_or_is_fooled_on_btrfs() {
    on(4);
}
