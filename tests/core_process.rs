//! Who maps a file, and what of it: asked while another process holds pages of it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod support;

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::{Extent, FileMapping, OpenFile, Pages, Processes, mappings_in};
use support::mounts::{Mounts, privately, tool};
use support::oracle::{self, hold, page_size};
use support::scratch::{Scratch, write_data};
use support::{Outcome, Skip, needs_root, report};

const NOBODY: &str = "65534";

fn pages(first: u64, count: u64) -> Extent {
    Extent::new(first * page_size(), count * page_size())
}

/// What a process maps of a file.
fn of_process<'a>(processes: &'a Processes, file: &OpenFile, pid: u32) -> Vec<&'a FileMapping> {
    processes.mappings_of(file).into_iter().filter(|mapping| mapping.pid == pid).collect()
}

/// The same, of which there is one.
#[track_caller]
fn only<'a>(processes: &'a Processes, file: &OpenFile, pid: u32) -> &'a FileMapping {
    let found = of_process(processes, file, pid);
    assert_eq!(found.len(), 1, "mappings of {pid}: {:?}", mappings_in(pid));
    found[0]
}

/// Another process holds two pages of a file of four, and that is what is seen of it.
#[track_caller]
fn is_seen(path: &Path) {
    let held = hold(path, page_size(), 2 * page_size());
    let file = OpenFile::open(path).unwrap();
    let processes = Processes::snapshot().unwrap();
    let mapping = only(&processes, &file, held.pid());
    assert_eq!(mapping.extent, pages(1, 2));
    assert_eq!((mapping.readable, mapping.writable, mapping.shared), (true, false, true));
    assert!(mapping.command.starts_with("oracle-"), "{}", mapping.command);
    assert_eq!(mapping.present(pages(0, 4)).unwrap(), Some(Pages(2)));
    assert_eq!(mapping.present(pages(2, 2)).unwrap(), Some(Pages(1)));
    assert_eq!(mapping.present(pages(3, 1)).unwrap(), Some(Pages(0)));
    assert_eq!(mapping.locked().unwrap(), Some(Pages(2)));
    let pid = held.pid();
    let other = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
    let of_file = Processes::snapshot_of([file.id()]).unwrap();
    assert_eq!(of_process(&of_file, &file, pid), [mapping]);
    assert!(of_file.mappings_of(&other).is_empty() && !processes.mappings_of(&other).is_empty());
    drop(held);
    let processes = Processes::snapshot().unwrap();
    assert!(of_process(&processes, &file, pid).is_empty(), "{pid} is gone");
}

/// A mapping of this process's own.
struct Mapping {
    start: *mut libc::c_void,
    length: usize,
}

impl Mapping {
    fn new(file: &File, pages: u64, flags: i32) -> Mapping {
        let length = usize::try_from(pages * page_size()).unwrap();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice replaces nothing.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, file.as_raw_fd(), 0) };
        assert_ne!(start, libc::MAP_FAILED);
        Mapping { start, length }
    }

    /// Writes what is there already into each of these pages.
    fn touch(&self, pages: std::ops::Range<u64>) {
        for page in pages {
            let at = self.start.wrapping_byte_add(usize::try_from(page * page_size()).unwrap());
            // SAFETY: the page lies in the mapping, whose file is large enough.
            unsafe { at.cast::<u8>().write_volatile(b'x') };
        }
    }

    /// Takes these pages out of the page tables.
    fn leave(&self, first: u64, count: u64) {
        let at = self.start.wrapping_byte_add(usize::try_from(first * page_size()).unwrap());
        let length = usize::try_from(count * page_size()).unwrap();
        // SAFETY: the range lies in the mapping, and nobody refers to what is in it.
        assert_eq!(unsafe { libc::madvise(at, length, libc::MADV_DONTNEED) }, 0);
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is the one that mmap gave.
        unsafe { libc::munmap(self.start, self.length) };
    }
}

fn open_to_write(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

#[test]
fn a_file_that_another_process_holds() {
    let scratch = Scratch::on_disk();
    is_seen(&scratch.file("held", 4 * page_size()));
}

#[test]
fn names_with_all_that_names_can_have() {
    let scratch = Scratch::on_disk();
    for name in [" two  spaces ", "two\nlines", "é\t\\040", "gone (deleted)"] {
        let path = scratch.file(name, page_size());
        let held = hold(&path, 0, page_size());
        let mappings = mappings_in(held.pid()).unwrap();
        let mapping = mappings.iter().find(|mapping| mapping.path.starts_with(scratch.path())).unwrap();
        assert_eq!(*mapping.path, *path);
        is_seen(&scratch.file(name, 4 * page_size()));
    }
}

#[test]
fn a_deleted_file_is_still_the_file() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("deleted", page_size());
    let (held, file) = (hold(&path, 0, page_size()), OpenFile::open(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    write_data(&path, page_size());
    let processes = Processes::snapshot().unwrap();
    let mapping = only(&processes, &file, held.pid());
    assert!(mapping.path.to_str().unwrap().ends_with("/deleted (deleted)"), "{}", mapping.path.display());
    let other = OpenFile::open(&path).unwrap();
    assert!(of_process(&processes, &other, held.pid()).is_empty(), "the new file of that name");
}

#[test]
fn a_page_locked_by_two_is_locked_by_both() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("shared", 4 * page_size());
    let file = OpenFile::open(&path).unwrap();
    let (one, two) = (hold(&path, 0, 4 * page_size()), hold(&path, 0, 4 * page_size()));
    let processes = Processes::snapshot().unwrap();
    for pid in [one.pid(), two.pid()] {
        assert_eq!(only(&processes, &file, pid).locked().unwrap(), Some(Pages(4)));
    }
}

#[test]
fn this_process_is_not_left_out_and_its_pages_are_told_apart() {
    report("this_process_is_not_left_out", own_pages());
}

fn own_pages() -> Outcome {
    // In memory, where no page goes away by itself.
    let scratch = Scratch::in_memory()?;
    let path = scratch.file("own", 8 * page_size());
    let mapped = Mapping::new(&open_to_write(&path), 8, libc::MAP_SHARED);
    mapped.touch(0..8);
    mapped.leave(3, 2);
    let file = OpenFile::open(&path).unwrap();
    let processes = Processes::snapshot().unwrap();
    let mapping = only(&processes, &file, std::process::id());
    assert!(mapping.shared && mapping.writable);
    let runs = |extent| {
        let mut runs = Vec::new();
        let count = mapping.each_present(extent, |run| runs.push(run)).unwrap();
        (count, runs)
    };
    assert_eq!(runs(pages(0, 100)), (Some(Pages(6)), vec![pages(0, 3), pages(5, 3)]));
    assert_eq!(runs(Extent::new(page_size() + 1, 3 * page_size())), (Some(Pages(2)), vec![pages(1, 2)]));
    assert_eq!(runs(pages(3, 2)), (Some(Pages(0)), vec![]));
    assert_eq!(runs(pages(50, 2)), (Some(Pages(0)), vec![]));
    assert_eq!(mapping.locked().unwrap(), Some(Pages(0)));
    Ok(())
}

#[test]
fn pages_written_in_private_are_no_longer_the_files() {
    report("pages_written_in_private", private_pages());
}

fn private_pages() -> Outcome {
    let scratch = Scratch::in_memory()?;
    let path = scratch.file("private", 2 * page_size());
    let mapped = Mapping::new(&open_to_write(&path), 2, libc::MAP_PRIVATE);
    mapped.touch(0..2);
    let file = OpenFile::open(&path).unwrap();
    let processes = Processes::snapshot().unwrap();
    let mapping = only(&processes, &file, std::process::id());
    assert!(!mapping.shared && mapping.writable);
    assert_eq!(mapping.present(mapping.extent).unwrap(), Some(Pages(0)));
    Ok(())
}

#[test]
fn files_of_a_btrfs_are_told_apart_by_more_than_the_inode() {
    privately("files_of_a_btrfs", |mounts| {
        let btrfs = mounts.btrfs()?;
        let [one, two] = ["one", "two"].map(|name| btrfs.join(name));
        for volume in [&one, &two] {
            tool(Command::new("btrfs").args(["-q", "subvolume", "create"]).arg(volume))?;
            write_data(&volume.join("file"), 4 * page_size());
        }
        is_seen(&one.join("file"));
        let held = hold(&one.join("file"), 0, page_size());
        let [one, two] = [one, two].map(|volume| OpenFile::open(volume.join("file")).unwrap());
        assert_eq!(one.id().inode, two.id().inode, "the same number in either");
        let processes = Processes::snapshot().unwrap();
        let mapping = only(&processes, &one, held.pid());
        assert_ne!(mapping.id, one.id(), "the devices differ");
        assert!(of_process(&processes, &two, held.pid()).is_empty());
        another_user_sees(&btrfs.join("two/file"))
    });
}

#[test]
fn files_of_an_overlay_above_one_filesystem() {
    privately("files_of_an_overlay", |mounts| {
        let below = mounts.tmpfs()?;
        overlay_is_seen(mounts, &below)
    });
}

#[test]
fn files_of_an_overlay_above_two_filesystems() {
    privately("files_of_an_overlay_above_two", |mounts| {
        let below = mounts.tmpfs()?;
        let lower = below.join("lower");
        std::fs::create_dir(&lower).expect("own directory");
        tool(Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(&lower))?;
        overlay_is_seen(mounts, &below)
    });
}

fn overlay_is_seen(mounts: &Mounts, below: &Path) -> Outcome {
    for layer in ["lower", "upper"] {
        let file = below.join(layer).join(format!("{layer}-file"));
        std::fs::create_dir_all(file.parent().unwrap()).expect("own directory");
        write_data(&file, 4 * page_size());
    }
    let merged = mounts.overlay(below)?;
    is_seen(&merged.join("lower-file"));
    is_seen(&merged.join("upper-file"));
    another_user_sees(&merged.join("upper-file"))
}

/// Names the file that a child is to map and look for.
const FILE: &str = "MMAPIO_TEST_FILE";

/// The child's part: as a user who may neither follow links to mappings nor look at others' processes.
#[test]
fn what_another_user_sees() {
    let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let mapped = Mapping::new(&File::open(&path).unwrap(), 1, libc::MAP_PRIVATE);
    let processes = Processes::snapshot().unwrap();
    let file = OpenFile::open(&path).unwrap();
    let mapping = only(&processes, &file, std::process::id());
    assert_eq!(mapping.address, u64::try_from(mapped.start.addr()).unwrap());
    assert!(mapping.present(mapping.extent).unwrap().is_some(), "its own pages are for it to know");
    assert!(processes.unreadable() > 0, "root's processes are not");
    let other = mappings_in(std::os::unix::process::parent_id()).unwrap_err();
    assert!(other.to_string().ends_with("/maps: read: Permission denied"), "{other}");
    writeln!(std::io::stdout(), "SEEN").unwrap();
}

fn another_user_sees(path: &Path) -> Outcome {
    needs_root()?;
    // To tell where a mapping leads, that user has the path only.
    tool(Command::new(oracle::path()).args(["as", NOBODY, "--", "/usr/bin/test", "-r"]).arg(path))
        .map_err(|_| Skip(format!("{} is out of reach for other users", path.display())))?;
    let child = Command::new(oracle::path())
        .args(["as", NOBODY, "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "what_another_user_sees", "--nocapture"])
        .env(FILE, path)
        .output()
        .map_err(|error| Skip(format!("oracle: {error}")))?;
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && out.contains("SEEN"), "{out}{err}");
    Ok(())
}

#[test]
fn another_user_sees_its_own() {
    let scratch = Scratch::on_disk();
    report("another_user_sees_its_own", another_user_sees(&scratch.file("readable", page_size())));
}

#[test]
fn processes_that_come_and_go_are_no_error() {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(Command::new("true").status().expect("true runs").success());
            }
        });
        let snapshots: Vec<_> = (0..200).map(|_| Processes::snapshot().map(|_| ())).collect();
        done.store(true, Ordering::Relaxed);
        assert!(snapshots.iter().all(Result::is_ok), "{snapshots:?}");
    });
    let error = mappings_in(u32::MAX).unwrap_err();
    assert_eq!(error.to_string(), "/proc/4294967295/maps: read: No such file or directory");
}
