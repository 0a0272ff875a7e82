//! Mappings that forgive stores, what is stored into them, and what proc(5) says of it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use mmapio_core::{ErrorKind, Extent, MapOptions, Mapping, memory_file, page_size};

pub(crate) fn forgiving() -> MapOptions {
    MapOptions::read().forgive_writes()
}

/// A file in memory of so many pages, each filled with its number, from 1, modulo 251.
pub(crate) fn numbered(pages: u64) -> File {
    let file = memory_file("numbered", pages * page_size()).expect("memory");
    filled(file.file().try_clone().expect("a descriptor"), pages)
}

/// The same on the filesystem of the target directory, normally a disk.
pub(crate) fn numbered_on_disk(pages: u64) -> File {
    let dir = env!("CARGO_TARGET_TMPDIR");
    std::fs::create_dir_all(dir).expect("the target directory is writable");
    filled(tempfile::tempfile_in(dir).expect("a temporary file"), pages)
}

fn filled(file: File, pages: u64) -> File {
    let length = usize::try_from(page_size()).expect("small");
    for number in 0..pages {
        let bytes = vec![u8::try_from((number + 1) % 251).expect("a byte"); length];
        file.write_all_at(&bytes, number * page_size()).expect("room");
    }
    file
}

/// What the file has, read by pread(2).
pub(crate) fn content(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.metadata().expect("our own").len()).expect("small")];
    file.read_exact_at(&mut bytes, 0).expect("our own");
    bytes
}

fn place(mapping: &Mapping, at: u64) -> *mut u8 {
    assert!(at < mapping.len(), "{at} is not in it");
    mapping.as_ptr().wrapping_add(usize::try_from(at).expect("in memory")).cast_mut()
}

pub(crate) fn store(mapping: &Mapping, at: u64, byte: u8) {
    // SAFETY: the byte is inside the mapping, and no reference to it exists.
    unsafe { place(mapping, at).write_volatile(byte) };
}

pub(crate) fn byte(mapping: &Mapping, at: u64) -> u8 {
    // SAFETY: the byte is inside the mapping.
    unsafe { place(mapping, at).read_volatile() }
}

#[track_caller]
pub(crate) fn overwritten<T: std::fmt::Debug>(done: mmapio_core::Result<T>) -> Extent {
    let error = done.expect_err("a store stayed private there");
    let ErrorKind::Overwritten { extent } = error.kind() else { unreachable!("{error}") };
    *extent
}

/// What the kernel says of the area that has a byte: its rights, and the bytes of it that are the process's own.
pub(crate) fn area(mapping: &Mapping, at: u64) -> (String, u64) {
    let address = place(mapping, at).addr() as u64;
    let smaps = std::fs::read_to_string("/proc/self/smaps").expect("Linux");
    let mut lines =
        smaps.lines().skip_while(|line| !range_of(line).is_some_and(|area| area.contains(&address)));
    let rights = lines.next().and_then(|line| line.split(' ').nth(1)).expect("it is mapped");
    let private = lines.find_map(|line| line.strip_prefix("Anonymous:")).expect("smaps has it");
    let kib: u64 = private.trim().trim_end_matches(" kB").parse().expect("a number");
    (rights.to_owned(), kib << 10)
}

fn range_of(line: &str) -> Option<std::ops::Range<u64>> {
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    Some(u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?)
}

/// Says something past libtest's capture, in one write, so that no other test's line comes in between.
pub(crate) fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
