//! Files with pages that cannot be read: the filesystem says EIO for them.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::mounts::{Mounts, tool};
use super::{Skip, oracle};

/// The blocks of the images; the pages of a file are found by them only where both are of one size.
const BLOCK: usize = 4096;

/// A file of so many pages, the last of which may be short, and the ones that cannot be read.
pub(crate) struct Damaged {
    pub(crate) name: &'static str,
    pub(crate) size: u64,
    pub(crate) pages: Vec<u64>,
}

/// What a page begins with, so that it is found again in the image.
fn mark(name: &str, page: u64) -> Vec<u8> {
    format!("<page {page} of {name}>").into_bytes()
}

fn write_marked(path: &Path, file: &Damaged) {
    let mut content = Vec::new();
    for page in 0..oracle::pages(file.size) {
        content.extend(mark(file.name, page));
        content.resize(BLOCK * usize::try_from(page + 1).expect("few pages"), b'.');
    }
    content.truncate(usize::try_from(file.size).expect("a small file"));
    let mut made = File::create(path).expect("own file");
    made.write_all(&content).and_then(|()| made.sync_all()).expect("room for the file");
}

/// Where the marks lie in an image, in their order.
fn places(image: &Path, marks: &[Vec<u8>]) -> Vec<u64> {
    let mut found = vec![None; marks.len()];
    let mut image = File::open(image).expect("own image");
    let mut block = [0; BLOCK];
    let mut at = 0;
    while image.read_exact(&mut block).is_ok() {
        if block.starts_with(b"<page ")
            && let Some(which) = marks.iter().position(|mark| block.starts_with(mark))
        {
            found[which] = Some(at);
        }
        at += BLOCK as u64;
    }
    found.into_iter().map(|place| place.expect("every page is in the image")).collect()
}

fn damage(image: &Path, files: &[Damaged]) {
    let marks: Vec<_> =
        files.iter().flat_map(|file| file.pages.iter().map(|page| mark(file.name, *page))).collect();
    let places = places(image, &marks);
    let image = File::options().write(true).open(image).expect("own image");
    for place in places {
        image.write_all_at(b"<damaged", place).expect("own image");
    }
}

fn needs_pages_of_blocks() -> Result<(), Skip> {
    match oracle::page_size() == BLOCK as u64 {
        true => Ok(()),
        false => Err(Skip("pages are larger than blocks here".into())),
    }
}

/// A process that another test just forked has our descriptors until it executes, and a loop device closes its file late.
fn unmount(dir: &Path) -> Result<(), Skip> {
    let mut done = tool(Command::new("umount").arg(dir));
    for _ in 0..200 {
        match &done {
            Err(Skip(why)) if why.contains("busy") => done = tool(Command::new("umount").arg(dir)),
            _ => break,
        }
    }
    done
}

/// A btrfs with these files: what was changed behind its back does not fit its checksum.
pub(crate) fn on_btrfs(mounts: &Mounts<'_>, files: &[Damaged]) -> Result<PathBuf, Skip> {
    needs_pages_of_blocks()?;
    let dir = mounts.btrfs()?;
    files.iter().for_each(|file| write_marked(&dir.join(file.name), file));
    unmount(&dir)?;
    let image = mounts.scratch().path().join("tmpfs/btrfs.img");
    damage(&image, files);
    mounts.image(&image, "btrfs")
}

/// An ext4 with these files, whose image lies on such a btrfs: single blocks of its device cannot be read.
pub(crate) fn on_ext4(mounts: &Mounts<'_>, files: &[Damaged]) -> Result<PathBuf, Skip> {
    needs_pages_of_blocks()?;
    let below = mounts.btrfs()?;
    let dir = mounts.ext4_in(&below.join("ext4.img"), 64 << 20, "4096")?;
    files.iter().for_each(|file| write_marked(&dir.join(file.name), file));
    unmount(&dir)?;
    unmount(&below)?;
    let image = mounts.scratch().path().join("tmpfs/btrfs.img");
    damage(&image, files);
    let below = mounts.image(&image, "btrfs")?;
    mounts.image(&below.join("ext4.img"), "ext4")
}

/// An ext4 with one file of this size, and the first page that is beyond the end of its image, which was cut short.
pub(crate) fn cut_short(mounts: &Mounts<'_>, size: u64, from: u64) -> Result<PathBuf, Skip> {
    needs_pages_of_blocks()?;
    let dir = mounts.ext4(64 << 20)?;
    let file = dir.join("cut");
    write_marked(&file, &Damaged { name: "cut", size, pages: Vec::new() });
    let image = mounts.scratch().path().join("tmpfs/ext4.img");
    tool(Command::new("sync").arg("-f").arg(&file))?;
    let all: Vec<_> = (0..oracle::pages(size)).map(|page| mark("cut", page)).collect();
    let places = places(&image, &all);
    let (before, after) = places.split_at(usize::try_from(from).expect("few pages"));
    let cut = after.iter().min().copied().expect("pages to lose");
    assert!(before.iter().all(|place| *place < cut), "the file lies in one piece");
    let image = File::options().write(true).open(&image).expect("own image");
    image.set_len(cut).expect("own image");
    oracle::evict(&file);
    Ok(file)
}
