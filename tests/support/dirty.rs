//! Files with dirty pages, and what `mmapio sync` is to make of them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{Incore, mmapio, number};
use super::scratch::Scratch;
use super::{Outcome, Skip, oracle, report};

pub(crate) const PAGES: u64 = 64;

/// `mmapio sync` of a file with these options, as records.
pub(crate) fn syncing(options: &[&str], file: &Path) -> Incore {
    mmapio(["sync", "--format", "ndjson"]).args(options).arg(file)
}

/// The pages of `count` pages from page `first` that the storage lacks, dirty or being written.
pub(crate) fn unwritten_in(file: &Path, first: u64, count: u64) -> u64 {
    let (offset, length) = (first * oracle::page_size(), count * oracle::page_size());
    let (offset, length) = (offset.to_string(), length.to_string());
    let answer = oracle::ask(&["cachestat".as_ref(), file.as_os_str(), offset.as_ref(), length.as_ref()], "");
    answer
        .iter()
        .flat_map(|line| line.split(' ').skip(1).take(2))
        .map(|count| count.parse::<u64>().expect("a count"))
        .sum()
}

pub(crate) fn unwritten(file: &Path) -> u64 {
    unwritten_in(file, 0, 1 << 32)
}

/// Stores into each page from the last to the first, which keeps folios small; `seed` is the content.
pub(crate) fn dirty(file: &Path, seed: u8) {
    let (page, file) = (oracle::page_size(), File::options().write(true).open(file).expect("own file"));
    let data = vec![seed; usize::try_from(page).expect("fits memory")];
    for at in (0..PAGES).rev() {
        file.write_all_at(&data, at * page).expect("room for a page");
    }
}

pub(crate) fn size() -> u64 {
    PAGES * oracle::page_size()
}

/// A file on a filesystem with a storage.
pub(crate) fn file_on_disk(scratch: &Scratch) -> Result<PathBuf, Skip> {
    let file = scratch.file("file", size());
    dirty(&file, 1);
    if unwritten(&file) == 0 {
        return Err(Skip("nothing becomes dirty on this filesystem".into()));
    }
    Ok(file)
}

pub(crate) fn on_disk(test: &str, body: impl FnOnce(&Path) -> Outcome) {
    let scratch = Scratch::on_disk();
    report(test, file_on_disk(&scratch).and_then(|file| body(&file)));
}

/// The pages left for a reason.
pub(crate) fn left(record: &Value, reason: &str) -> u64 {
    let remaining = record["remaining"].as_array().expect("a list");
    remaining.iter().filter(|left| left["reason"] == reason).map(|left| number(left, "pages")).sum()
}
