//! The library as a Rust program uses it: descriptors that come from outside, histograms, walks that are ended early.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a scratch file that fails fails the test")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mmapio_core::{
    ByteRange, Error, ErrorKind, Extent, FileKind, Found, Locked, OpenFile, Pages, ProbeChoice, Prober, Run,
    RunState, Visitor, WalkOptions, page_size, walk,
};

/// On the disk's filesystem, where files have holes.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Two pages of data, a hole of six pages, one page of data and a byte.
fn holed_file(directory: &Path) -> PathBuf {
    let (path, page) = (directory.join("holed"), page_size());
    let mut file = File::create(&path).unwrap();
    let data = vec![1; usize::try_from(page).unwrap()];
    file.write_all(&data).unwrap();
    file.write_all(&data).unwrap();
    file.seek(SeekFrom::Start(8 * page)).unwrap();
    file.write_all(&data).unwrap();
    file.write_all(b"x").unwrap();
    file.sync_all().unwrap();
    path
}

fn runs(file: &OpenFile, range: ByteRange) -> Vec<Run> {
    Prober::new(file, ProbeChoice::Auto).runs(range).map(Result::unwrap).collect()
}

#[test]
fn a_descriptor_from_outside_keeps_its_offset_and_tells_the_same() {
    let scratch = scratch();
    let path = holed_file(scratch.path());
    let mut theirs = File::open(&path).unwrap();
    theirs.seek(SeekFrom::Start(5)).unwrap();

    let ours = OpenFile::open(&path).unwrap();
    let shared = OpenFile::from_file(theirs.try_clone().unwrap()).unwrap();
    assert_eq!(shared.id(), ours.id());
    let holes = |runs: &[Run]| {
        runs.iter().filter(|run| run.state == RunState::Hole).map(|run| run.extent).collect::<Vec<_>>()
    };
    let expected = vec![Extent::new(2 * page_size(), 6 * page_size())];
    assert_eq!(holes(&runs(&shared, ByteRange::WHOLE)), expected);
    assert_eq!(holes(&runs(&ours, ByteRange::WHOLE)), expected);
    assert_eq!(theirs.stream_position().unwrap(), 5, "somebody else's file offset was moved");
}

#[test]
fn runs_cover_what_was_asked_for_and_end_with_the_file() {
    let scratch = scratch();
    let path = holed_file(scratch.path());
    let file = OpenFile::open(&path).unwrap();
    let page = page_size();
    for (range, start, end) in [
        (ByteRange::WHOLE, 0, 9 * page + 1),
        (ByteRange::new(page + 1, Some(3 * page)).unwrap(), page, 5 * page),
        (ByteRange::new(9 * page, None).unwrap(), 9 * page, 9 * page + 1),
    ] {
        let runs = runs(&file, range);
        assert_eq!(runs.first().unwrap().extent.offset(), start);
        assert_eq!(runs.last().unwrap().extent.end(), end);
        for pair in runs.windows(2) {
            assert_eq!(pair[0].extent.end(), pair[1].extent.offset());
            assert_ne!(pair[0].state, pair[1].state);
        }
    }
    assert!(runs(&file, ByteRange::new(10 * page, Some(page)).unwrap()).is_empty());
}

#[test]
fn both_probes_tell_the_same_histogram_of_pages_that_are_held() {
    let mut file = tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).unwrap();
    let page = usize::try_from(page_size()).unwrap();
    file.write_all(&vec![7; 10 * page + 1]).unwrap();
    let file = OpenFile::from_file(file).unwrap();
    for choice in [ProbeChoice::Cachestat, ProbeChoice::Mincore] {
        let (residency, parts) = Prober::new(&file, choice).survey(ByteRange::WHOLE, 4).unwrap();
        assert_eq!(residency.pages, Pages(11));
        let Some(resident) = residency.resident else {
            writeln!(std::io::stderr(), "SKIP a part of library: {:?}", residency.unknown).unwrap();
            continue;
        };
        assert_eq!(parts.iter().map(|part| part.pages.0).collect::<Vec<_>>(), [2, 3, 3, 3]);
        assert_eq!(parts.iter().map(|part| part.resident).sum::<Pages>(), resident);
        assert!(resident <= residency.pages);
    }
    let (_, parts) = Prober::new(&file, ProbeChoice::Auto).survey(ByteRange::WHOLE, 1000).unwrap();
    assert_eq!(parts.len(), 11, "no more parts than pages");
}

#[test]
fn a_file_that_changed_since_it_was_opened_is_marked_however_small() {
    let scratch = scratch();
    let path = scratch.path().join("shrinking");
    std::fs::write(&path, vec![1; 3 << 12]).unwrap();
    let file = OpenFile::open(&path).unwrap();
    let is_changed = || {
        Prober::new(&file, ProbeChoice::Auto).residency(ByteRange::WHOLE).map(|residency| residency.changed)
    };
    assert!(!is_changed().unwrap());
    File::options().write(true).open(&path).unwrap().set_len(1).unwrap();
    assert!(is_changed().unwrap());
}

#[test]
fn what_is_no_file_is_refused_by_kind() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let refused = OpenFile::from_file(File::from(std::os::fd::OwnedFd::from(writer))).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::RefusedKind(FileKind::Fifo)), "{refused}");
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "the refused descriptor is closed");
    let directory = OpenFile::open(env!("CARGO_TARGET_TMPDIR")).unwrap_err();
    assert!(matches!(directory.kind(), ErrorKind::RefusedKind(FileKind::Directory)), "{directory}");
    let missing = OpenFile::open("/no/such/file").unwrap_err();
    assert_eq!((missing.call(), missing.path()), ("open", Some(Path::new("/no/such/file"))));
}

/// Counts files, and ends the walk at the first when it is told to.
struct Counter<'a> {
    files: &'a AtomicUsize,
    once: bool,
}

impl Visitor for Counter<'_> {
    fn file(&mut self, _found: Found<'_>) -> ControlFlow<()> {
        self.files.fetch_add(1, Ordering::Relaxed);
        if self.once { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        unreachable!("{error}")
    }
}

fn visited(directory: &Path, once: bool, options: &WalkOptions) -> usize {
    let files = AtomicUsize::new(0);
    walk([Ok(directory.to_owned())], options, || Counter { files: &files, once });
    files.into_inner()
}

#[test]
fn a_walk_finds_every_file_once_and_ends_when_told() {
    let scratch = scratch();
    for directory in 0..20 {
        let directory = scratch.path().join(format!("{directory}/below"));
        std::fs::create_dir_all(&directory).unwrap();
        for file in 0..50 {
            File::create(directory.join(file.to_string())).unwrap();
        }
    }
    let mut options = WalkOptions::default();
    assert_eq!(visited(scratch.path(), false, &options), 1000);
    options.max_depth = Some(2);
    assert_eq!(visited(scratch.path(), false, &options), 0);
    options.max_depth = Some(3);
    assert_eq!(visited(scratch.path(), false, &options), 1000);
    options.jobs = std::num::NonZeroUsize::new(1);
    assert_eq!(visited(scratch.path(), true, &options), 1);
    options.jobs = std::num::NonZeroUsize::new(7);
    assert_eq!(visited(scratch.path(), false, &options), 1000);
}

/// How often a file is locked while it is truncated.
#[cfg(target_os = "linux")]
const ROUNDS: u32 = 2000;

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_truncated_while_it_is_locked_is_no_signal() {
    let directory = scratch();
    let path = directory.path().join("file");
    let size = 64 * page_size();
    std::fs::write(&path, vec![1; usize::try_from(size).unwrap()]).unwrap();
    let resized = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let (done, cuts) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut locked = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while done.load(Ordering::Relaxed) == 0 {
                for size in [size / 3, 0, size, size / 2 + 1] {
                    resized.set_len(size).unwrap();
                }
                cuts.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..ROUNDS {
            let file = OpenFile::open(&path).unwrap();
            let extents = [ByteRange::WHOLE.within(file.size())];
            match Locked::new(&file, &extents, &path, &mut |_| ControlFlow::Continue(())) {
                Ok(_) => locked += 1,
                Err(error) => assert!(
                    matches!(
                        error.kind(),
                        ErrorKind::Truncated { .. } | ErrorKind::Unreadable { .. } | ErrorKind::Limit(_)
                    ),
                    "{error}"
                ),
            }
        }
        done.store(1, Ordering::Relaxed);
    });
    assert!(cuts.into_inner() >= 100 && locked > 0, "both went on at the same time");
}
