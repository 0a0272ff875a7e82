//! What a mapping cannot have: pages that are gone or unreadable, room, more than the limits, and what is not for us to know.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use mmapio_core::{ErrorKind, Extent, Flush, Guard, MapOptions, Mapping, OpenFile, ProcessMemory};
use support::damage::{Damaged, on_btrfs, on_ext4};
use support::mapped::{cut, kind_of, mappings_of, numbered, range};
use support::mounts::{Mounts, privately, tool};
use support::oracle::{self, page_size};
use support::scratch::Scratch;
use support::{Outcome, Skip, needs_root, report};

#[test]
fn thousands_of_faults_are_survived() {
    const PAGES: u64 = 200_000;
    let scratch = Scratch::on_disk();
    let file = OpenFile::open(scratch.file("empty", 0)).expect("our own");
    // Without the file it is not known that all is gone, so that pages fault one by one.
    let mapping =
        MapOptions::read().range(range(0, PAGES * page_size())).map_only(&file).expect("it can be mapped");
    for page in (0..PAGES).step_by(2) {
        assert_eq!(kind_of(mapping.read_at(page * page_size(), &mut [0])), "Faulted");
    }
    let faults = mapping.faults().count;
    assert!((200..400).contains(&faults), "after some hundreds all is replaced at once: {faults}");
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux").lines().count();
    assert!(maps < 2000, "{maps} mappings");
}

#[test]
fn more_mappings_than_a_table_has_slots() {
    let scratch = Scratch::on_disk();
    let path = numbered(&scratch, "file", 1);
    let file = Arc::new(OpenFile::open(&path).expect("our own"));
    let map = || MapOptions::read().map(Arc::clone(&file)).expect("there is room");
    let many: Vec<Mapping> = (0..3000).map(|_| map()).collect();
    cut(&path, 0);
    for mapping in &many {
        assert_eq!(kind_of(mapping.read_at(0, &mut [0])), "Truncated");
        assert_eq!(mapping.faults().count, 1, "each has its own");
    }
    drop(many);
    for _ in 0..70_000 {
        drop(map());
    }
}

#[test]
fn pages_that_cannot_be_read_are_named() {
    let files = |name| [Damaged { name, size: 16 * 4096, pages: vec![5] }];
    for (name, make) in [
        ("btrfs", on_btrfs as fn(&Mounts<'_>, &[Damaged]) -> Result<std::path::PathBuf, Skip>),
        ("ext4", on_ext4),
    ] {
        privately(&format!("pages_that_cannot_be_read_are_named on {name}"), |mounts| -> Outcome {
            let path = make(mounts, &files("damaged"))?.join("damaged");
            oracle::evict(&path);
            let mapping = MapOptions::read().populate().open(&path).expect("it can be mapped");
            let unpopulated = mapping.unpopulated().expect("a page of it cannot be read");
            assert!(matches!(unpopulated.kind(), ErrorKind::Unreadable { .. }), "{unpopulated}");
            assert_eq!(kind_of(mapping.lock()), "Unreadable", "and it does not try for ever");
            let error = mapping.read_at(5 * 4096 + 7, &mut [0]).expect_err("it cannot be read");
            let ErrorKind::Unreadable { extent, source } = error.kind() else {
                return Err(Skip(error.to_string()));
            };
            assert_eq!((*extent, source.raw_os_error()), (Extent::new(5 * 4096, 4096), Some(libc::EIO)));
            assert_eq!((mapping.faults().count, mapping.faults().truncated), (1, false));
            assert_eq!(mapping.copy_out(15 * 4096, 6).expect("the last can be read"), b"<page ");
            Ok(())
        });
    }
}

/// A filesystem that is full but for a sparse file.
fn full(mounts: &Mounts<'_>, name: &str) -> Result<std::path::PathBuf, Skip> {
    let dir = if name == "tmpfs" { mounts.tmpfs()? } else { mounts.ext4(16 << 20)? };
    if name == "tmpfs" {
        tool(Command::new("mount").args(["-o", "remount,size=1m"]).arg(&dir))?;
    }
    let path = dir.join("sparse");
    File::create(&path).and_then(|file| file.set_len(64 << 20)).expect("a hole has room");
    let mut filler = File::create(dir.join("filler")).expect("our own");
    for size in [1 << 20, 4096, 1] {
        while filler.write_all(&vec![1; size]).is_ok() {}
    }
    filler.sync_all().expect("what was taken has room");
    Ok(path)
}

#[test]
fn a_store_without_room_is_told() {
    for name in ["tmpfs", "ext4"] {
        privately(&format!("a_store_without_room_is_told on {name}"), |mounts| -> Outcome {
            let path = full(mounts, name)?;
            let mut mapping = MapOptions::write().open(&path).expect("it can be mapped");
            let error = mapping.write_at(4 << 20, b"no room").expect_err("there is none");
            assert!(matches!(error.kind(), ErrorKind::Faulted { .. }), "{name}: {error}");
            assert_eq!((mapping.faults().count, mapping.faults().truncated), (1, false));
            assert_eq!(kind_of(mapping.flush(Extent::new(0, mapping.len()), Flush::Msync)), "Faulted");
            assert!(mapping.flush(Extent::new(0, 4096), Flush::Msync).is_ok(), "nothing was lost there");
            let mut found = [1];
            File::open(&path).and_then(|file| file.read_exact_at(&mut found, 4 << 20)).expect("our own");
            assert_eq!(found, [0], "what is told as lost is");
            Ok(())
        });
    }
}

/// Some huge pages more than the machine had.
struct HugePages(u64);

impl HugePages {
    const POOL: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

    fn of(more: u64) -> Result<HugePages, Skip> {
        let there = fs::read_to_string(Self::POOL).ok().and_then(|text| text.trim().parse().ok());
        let there: u64 = there.ok_or_else(|| Skip("no huge pages of 2 MiB".into()))?;
        fs::write(Self::POOL, (there + more).to_string()).map_err(|why| Skip(why.to_string()))?;
        Ok(HugePages(there))
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        let _ = fs::write(Self::POOL, self.0.to_string());
    }
}

/// The kernel takes no part of a huge page: neither to replace it nor to unmap it.
fn parts_of_huge_pages(path: &Path, file: &File) {
    let huge = 2 << 20;
    file.set_len(2 * huge).expect("a multiple");
    let opened = OpenFile::open(path).expect("our own");
    // The option does nothing here: a private mapping would show other pages than the file's.
    let options = MapOptions::read().forgive_writes().range(range(huge, 100));
    let mapping = options.map_only(&opened).expect("it can be mapped");
    assert!(!mapping.forgives_writes());
    let raw = memmap2::MmapOptions::new().offset(huge).len(1 << 21).map_raw_read_only(file);
    let raw = raw.expect("it can be mapped");
    // SAFETY: the mapping is there until after the guard is dropped, and nobody relies on its bytes.
    let guard = unsafe { Guard::new(raw.as_mut_ptr(), 10, false, Some((file, huge))) }.expect("room");
    file.set_len(huge).expect("a multiple");
    assert_eq!(kind_of(mapping.read_at(0, &mut [0])), "Faulted");
    let behind = raw.as_ptr().wrapping_add(4096);
    // SAFETY: the byte is inside the mapping.
    let byte = unsafe { behind.read_volatile() };
    assert_eq!(byte, 0);
    assert!(guard.faults().truncated);
    drop((guard, raw, mapping));
    assert_eq!(mappings_of(path), 0, "all is unmapped");
}

#[test]
fn huge_pages_that_are_gone_are_told() {
    privately("huge_pages_that_are_gone_are_told", |mounts| -> Outcome {
        let huge = 2 << 20;
        let path = mounts.hugetlbfs()?.join("file");
        let pool = HugePages::of(4)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .expect("our own");
        file.set_len(2 * huge).expect("a multiple");
        let mut mapping = MapOptions::write().open(&path).map_err(|error| Skip(error.to_string()))?;
        mapping.write_at(huge, b"huge").map_err(|error| Skip(format!("no huge page: {error}")))?;
        file.set_len(huge).expect("a multiple");
        assert_eq!(kind_of(mapping.read_at(huge + 5, &mut [0])), "Truncated");
        assert_eq!(mapping.faults().count, 1);
        drop(mapping);
        parts_of_huge_pages(&path, &file);
        drop(pool);
        Ok(())
    });
}

#[test]
fn huge_pages_come_where_they_can() {
    privately("huge_pages_come_where_they_can", |mounts| -> Outcome {
        let dir = mounts.scratch().dir("advised");
        tool(Command::new("mount").args(["-t", "tmpfs", "-o", "huge=advise", "tmpfs"]).arg(&dir))?;
        let length = 8 << 20;
        for asked in [false, true] {
            let path = dir.join(format!("asked-{asked}"));
            File::create(&path).and_then(|file| file.set_len(length)).expect("our own");
            let options = MapOptions::write();
            let options = if asked { options.huge_pages() } else { options };
            let mut mapping = options.open(&path).expect("it can be mapped");
            mapping.write_at(0, &vec![1; usize::try_from(length).expect("small")]).expect("there is room");
            let memory = ProcessMemory::of(std::process::id()).expect("our own");
            let held = memory.files.iter().find(|(found, _)| *found.path == *path).map(|(_, held)| held.huge);
            match held {
                Some(0) if asked => return Err(Skip("no huge page was to be had".into())),
                held => assert_eq!(held.is_some_and(|huge| huge > 0), asked, "{held:?}"),
            }
        }
        Ok(())
    });
}

const LIMIT: &str = "MMAPIO_TEST_LIMIT";

/// Where the children with limits begin; without one there is nothing to do.
#[test]
fn under_a_limit() {
    let Ok(limit) = std::env::var(LIMIT) else { return };
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 1 << 20);
    let file = Arc::new(OpenFile::open(&path).expect("our own"));
    let error = match &*limit {
        "RLIMIT_AS" => {
            set_limit(libc::RLIMIT_AS, 4 << 30);
            let map = |length: u64| MapOptions::read().range(range(0, length << 30)).map_only(&file);
            let mut large = map(3).expect("there is room");
            for error in [large.copy_out(0, 3 << 30).map(drop), large.resize(5 << 30)] {
                assert_eq!(error.expect_err("there is no room twice").call(), limit);
            }
            assert_eq!(kind_of(large.read_at(1 << 30, &mut [0])), "Faulted", "it is guarded");
            map(8).expect_err("there is no room")
        }
        "vm.max_map_count" => {
            let mut all = Vec::new();
            loop {
                // Neighbours of one file in one order would become one mapping.
                match MapOptions::read().range(range(0, 1)).map(Arc::clone(&file)) {
                    Ok(mapping) => all.push(mapping),
                    Err(error) => break error,
                }
            }
        }
        _ => {
            set_limit(libc::RLIMIT_MEMLOCK, 65536);
            // Root would be without limits.
            become_nobody();
            MapOptions::read().map(file).expect("there is room").lock().expect_err("it is too much")
        }
    };
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    assert_eq!(error.call(), limit, "{error}");
}

fn set_limit(resource: libc::__rlimit_resource_t, bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: reads one limit through the pointer.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
}

#[test]
fn limits_are_named() {
    for limit in ["RLIMIT_AS", "vm.max_map_count", "RLIMIT_MEMLOCK"] {
        if limit == "RLIMIT_MEMLOCK" && needs_root().is_err() {
            report("limits_are_named: RLIMIT_MEMLOCK", needs_root());
            continue;
        }
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        let ran = command.args(["--exact", "under_a_limit", "--nocapture"]).env(LIMIT, limit).output();
        let ran = ran.expect("this test starts");
        assert!(ran.status.success(), "{limit}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

fn become_nobody() {
    // SAFETY: takes a number only.
    assert_eq!(unsafe { libc::setuid(65534) }, 0);
}

/// Says which file the child that becomes somebody else looks at.
const OTHER: &str = "MMAPIO_TEST_OTHER";

/// Where that child begins; without a file there is nothing to do.
#[test]
fn as_somebody_else() {
    let Some(path) = std::env::var_os(OTHER) else { return };
    let file = OpenFile::open(&path).expect("our own");
    let before = MapOptions::read().map_only(&file).expect("it can be mapped");
    before.mincore(0, &mut [0; 4]).expect("ours to ask about");
    become_nobody();
    let after = MapOptions::read().map_only(&file).expect("it can be mapped");
    let kept = MapOptions::read().map(file).expect("it can be mapped");
    for mapping in [before, after, kept] {
        let asked = mapping.mincore(0, &mut [0; 4]);
        assert_eq!(kind_of(asked), "Unknown", "the kernel would claim that all is there");
    }
}

#[test]
fn residency_of_others_files_is_unknown() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        let path = numbered(&scratch, "ours", 4);
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        let ran = command.args(["--exact", "as_somebody_else", "--nocapture"]).env(OTHER, path).output();
        let ran = ran.expect("this test starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    });
    report("residency_of_others_files_is_unknown", outcome);
}
