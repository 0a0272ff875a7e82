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

use mmapio_core::{ErrorKind, MapOptions, Mapping, Result};
use support::chance::Chance;
use support::mounts::{Mounts, privately, tool};
use support::{Outcome, Skip};

const ROUNDS: u64 = 2000;
const READERS: u64 = 3;
const MIB: u64 = 1 << 20;
/// The longest read.
const LONGEST: u64 = 40_000;

/// What the file has at an offset: never a zero.
fn byte_at(offset: u64) -> u8 {
    u8::try_from(offset.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57).expect("seven bits") | 0x80
}

fn content(from: u64, to: u64) -> Vec<u8> {
    (from..to).map(byte_at).collect()
}

/// What all threads see of the file: `epoch` is even while nothing changes,
/// and odd meanwhile.
struct Stage {
    whole: Vec<u8>,
    epoch: AtomicU64,
    size: AtomicU64,
    ended: AtomicBool,
    /// Reads that were judged, so that the truncation knows that somebody is at it.
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
}

impl Stage {
    fn new(length: u64) -> Self {
        let (epoch, reads, ended) = Default::default();
        Self { whole: content(0, length), epoch, size: AtomicU64::new(length), ended, reads }
    }

    fn length(&self) -> u64 {
        self.whole.len() as u64
    }

    /// The bytes that the file has when it is whole.
    fn bytes(&self, from: u64, length: usize) -> &[u8] {
        let from = usize::try_from(from).expect("it fits into memory");
        self.whole.get(from..from + length).expect("inside of the file")
    }

    /// Cuts the file and writes it whole again, both while others read.
    fn truncate(&self, file: &File, rounds: u64) {
        let mut chance = Chance(0x1234_5678_9abc_def1);
        for _ in (0..rounds).take_while(|_| !self.ended.load(Ordering::SeqCst)) {
            let cut = if chance.below(8) == 0 { 0 } else { chance.below(self.length()) };
            self.epoch.fetch_add(1, Ordering::SeqCst);
            self.size.store(cut, Ordering::SeqCst);
            file.set_len(cut).expect("our own");
            self.epoch.fetch_add(1, Ordering::SeqCst);
            self.until_somebody_read();
            self.epoch.fetch_add(1, Ordering::SeqCst);
            let from = usize::try_from(cut).expect("it fits into memory");
            file.write_all_at(self.whole.split_at(from).1, cut).expect("room for it");
            self.size.store(self.length(), Ordering::SeqCst);
            self.epoch.fetch_add(1, Ordering::SeqCst);
            self.until_somebody_read();
        }
        self.ended.store(true, Ordering::SeqCst);
    }

    fn until_somebody_read(&self) {
        let before = self.reads.load(Ordering::SeqCst);
        while self.reads.load(Ordering::SeqCst) < before + READERS && !self.ended.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }

    /// The size that the file had from before `work` until after it; none when it changed meanwhile.
    fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Option<u64>) {
        let before = self.epoch.load(Ordering::SeqCst);
        let size = self.size.load(Ordering::SeqCst);
        let done = work();
        let is_same = self.epoch.load(Ordering::SeqCst) == before && before.is_multiple_of(2);
        (done, is_same.then_some(size))
    }

    fn read(&self, path: &Path, seed: u64, counts: &Counts) {
        let mut chance = Chance(seed);
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
                let (read, size) = self.during(|| mapping.read_at(from, buffer));
                failures += u32::from(read.is_err());
                self.judge(from, buffer, &read, size, &mapping, counts);
                self.reads.fetch_add(1, Ordering::SeqCst);
            }
            counts.faults.fetch_add(mapping.faults().count, Ordering::Relaxed);
        }
    }

    fn write(&self, path: &Path, seed: u64, counts: &Counts) {
        let mut chance = Chance(seed);
        while !self.ended.load(Ordering::SeqCst) {
            let range = mmapio_core::ByteRange::new(0, Some(self.length())).expect("small");
            let mut mapping = MapOptions::write().range(range).open(path).expect("it is there");
            while mapping.faults().count == 0 && !self.ended.load(Ordering::SeqCst) {
                let from = chance.below(self.length());
                let end = self.length().min(from + 1 + chance.below(9000));
                let bytes = self.bytes(from, usize::try_from(end - from).expect("small"));
                let (written, size) = self.during(|| mapping.write_at(from, bytes));
                match written {
                    Ok(()) => {
                        assert!(size.is_none_or(|size| end <= size), "bytes up to {end} were lost: {size:?}");
                        counts.add(bytes, size);
                    }
                    Err(error) => {
                        assert!(is_told(&error), "{error}");
                        counts.told.fetch_add(1, Ordering::Relaxed);
                    }
                }
                self.reads.fetch_add(1, Ordering::SeqCst);
            }
            counts.faults.fetch_add(mapping.faults().count, Ordering::Relaxed);
        }
    }
}

fn is_told(error: &mmapio_core::Error) -> bool {
    matches!(error.kind(), ErrorKind::Truncated { .. } | ErrorKind::Faulted { .. })
}

impl Stage {
    /// What may be read: where the size did not change, the file's bytes or an error that is right; where it did, any byte may be
    /// what it was, or a zero that was there for a moment.
    fn judge(
        &self,
        from: u64,
        bytes: &[u8],
        read: &Result<usize>,
        size: Option<u64>,
        mapping: &Mapping,
        counts: &Counts,
    ) {
        let end = from + bytes.len() as u64;
        match read {
            Ok(length) => {
                assert_eq!(*length, bytes.len(), "at {from}");
                assert!(size.is_none_or(|size| end <= size), "up to {end} of {size:?} bytes were given out");
                let expected = self.bytes(from, bytes.len());
                let is_right = |(byte, right): (&u8, &u8)| byte == right || (size.is_none() && *byte == 0);
                let is_all_right = bytes == expected || bytes.iter().zip(expected).all(is_right);
                assert!(is_all_right, "{from}+{length}, size {size:?}, {:?}", mapping.faults());
                counts.add(bytes, size);
            }
            Err(error) => {
                assert!(is_told(error), "{error}");
                // An error is wrong where all was there, and the mapping whole.
                let was_there = size.is_some_and(|size| end <= size) && mapping.faults().count == 0;
                assert!(!was_there, "{error}, though {from}+{} was there", bytes.len());
                counts.told.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Counts {
    fn add(&self, bytes: &[u8], size: Option<u64>) {
        self.ok.fetch_add(1, Ordering::Relaxed);
        self.judged.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.certain.fetch_add(u64::from(size.is_some()), Ordering::Relaxed);
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
        "RACES {what} on {filesystem}: {rounds} rounds, {} done, of which {} with the file at rest, {} told as truncated, {} faults answered, {} bytes judged; 0 deaths, 0 wrong bytes, 0 fooled\n",
        of(&counts.ok),
        of(&counts.certain),
        of(&counts.told),
        of(&counts.faults),
        of(&counts.judged),
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// What the others do while the file is cut, and their share of the rounds in percent.
type Race = (&'static str, fn(&Stage, &Path, u64, &Counts), u64);
const RACES: [Race; 2] = [("reading", Stage::read, 75), ("writing", Stage::write, 25)];

fn race(filesystem: &str, dir: &Path, length: u64, rounds: u64) {
    let path = dir.join("raced");
    std::fs::write(&path, content(0, length)).expect("room for the file");
    for (what, worker, share) in RACES {
        let rounds = rounds * share / 100;
        let (stage, counts) = (Stage::new(length), Counts::default());
        let file = File::options().write(true).open(&path).expect("our own");
        std::thread::scope(|scope| {
            for reader in 0..READERS {
                let (stage, path, counts) = (&stage, &path, &counts);
                scope.spawn(move || {
                    // Who fails must not leave the others waiting.
                    let guard = Ending(stage);
                    worker(stage, path, 77 + reader * 1_000_003, counts);
                    drop(guard);
                });
            }
            stage.truncate(&file, rounds);
        });
        let (ok, told) = (counts.ok.load(Ordering::Relaxed), counts.told.load(Ordering::Relaxed));
        assert!(ok > 0 && told > 0 && counts.faults.load(Ordering::Relaxed) > 0, "they did not meet");
        tell(what, filesystem, rounds, &counts);
        if what == "writing" {
            assert_eq!(
                std::fs::read(&path).expect("our own"),
                stage.whole,
                "a store went where it should not"
            );
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
