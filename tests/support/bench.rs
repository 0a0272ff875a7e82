//! `mmapio bench`, and what its report says.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{Incore, Ran, Running, mmapio, number};
use super::scratch::Scratch;

/// `mmapio bench` with a report for programs; as short as can be.
pub(crate) fn bench<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let usual = ["bench", "--format", "json", "--budget", "0.1", "--runs", "3"];
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    mmapio(usual.map(Into::into).into_iter().chain(args))
}

/// A run that goes on until something ends it, and measures already.
pub(crate) fn long(file: &Path, args: &[&str]) -> Running {
    let usual = ["bench", "--format", "json", "--runs", "10000", "--progress", "always"];
    let mut running = mmapio(usual).args(args).arg(file).start();
    running.until_it_says("(1 of ");
    running
}

#[track_caller]
pub(crate) fn record(ran: &Ran) -> Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|why| panic!("{why}: {}\n{}", ran.text(), ran.stderr))
}

pub(crate) fn scenarios(record: &Value) -> &[Value] {
    record["scenarios"].as_array().expect("a list")
}

pub(crate) fn strategies(record: &Value) -> Vec<&Value> {
    scenarios(record).iter().flat_map(|scenario| scenario["strategies"].as_array().expect("a list")).collect()
}

pub(crate) fn checksums(record: &Value) -> Vec<u64> {
    strategies(record).iter().map(|strategy| number(strategy, "checksum")).collect()
}

/// The sum of the words of a file, without the crate's own.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    bytes.chunks(8).map(word).fold(0, u64::wrapping_add)
}

/// Bytes in no order.
pub(crate) fn noise(size: u64) -> Vec<u8> {
    let mut state = 0x1234_5678_9ABC_DEF1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    };
    (0..size).map(|_| next()).collect()
}

/// A file of them.
pub(crate) fn noisy(scratch: &Scratch, name: &str, size: u64) -> PathBuf {
    let path = scratch.path().join(name);
    let mut file = File::create(&path).expect("own file");
    file.write_all(&noise(size)).and_then(|()| file.sync_all()).expect("room for the file");
    path
}

/// A file as it is: its bytes, and what stat(2) says of it.
#[derive(PartialEq)]
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

impl Whole {
    pub(crate) fn of(path: &Path) -> Whole {
        let stat = std::fs::metadata(path).expect("own file");
        let (modified, changed) = ((stat.mtime(), stat.mtime_nsec()), (stat.ctime(), stat.ctime_nsec()));
        let bytes = std::fs::read(path).expect("own file");
        Whole { bytes, modified, changed, inode: stat.ino() }
    }

    #[track_caller]
    pub(crate) fn is_still(&self, path: &Path) {
        assert!(*self == Whole::of(path), "{} was changed", path.display());
    }
}
