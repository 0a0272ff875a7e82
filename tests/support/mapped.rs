//! What the tests of mappings have in common.

use std::fs::{self, OpenOptions};
use std::path::Path;

use mmapio_core::ByteRange;

use super::oracle::page_size;
use super::scratch::Scratch;

pub(crate) fn range(offset: u64, length: u64) -> ByteRange {
    ByteRange::new(offset, Some(length)).expect("small")
}

pub(crate) fn cut(path: &Path, size: u64) {
    OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(size)).expect("our own");
}

/// A file of these pages, each filled with its number, from 1.
pub(crate) fn numbered(scratch: &Scratch, name: &str, pages: u64) -> std::path::PathBuf {
    let path = scratch.path().join(name);
    let page = usize::try_from(page_size()).expect("small");
    let content: Vec<u8> =
        (1..=pages).flat_map(|number| vec![u8::try_from(number).expect("few"); page]).collect();
    fs::write(&path, content).expect("room for it");
    path
}

#[track_caller]
pub(crate) fn kind_of<T: std::fmt::Debug>(done: mmapio_core::Result<T>) -> String {
    let error = done.expect_err("it cannot be");
    let name = format!("{:?}", error.kind());
    name.split([' ', '(', '{']).next().unwrap_or("").to_owned()
}

/// How many mappings of a file this process has.
pub(crate) fn mappings_of(path: &Path) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux");
    maps.lines().filter(|line| line.ends_with(path.to_str().expect("text"))).count()
}
