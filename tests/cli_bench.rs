//! `mmapio bench` on files that are small, odd, damaged, not ours or changing: a clear message and status, no signal, and the file
//! and what of it is in memory as before.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::bench::{Whole, bench, checksums, long, noise, noisy, record, scenarios, strategies, sum};
use support::command::{mmapio, number};
use support::damage::{Damaged, cut_short, on_btrfs, on_ext4};
use support::groups::Groups;
use support::mounts::{LoopDevice, Mounts, privately, tool};
use support::scratch::{Scratch, make_fifo, write_sparse};
use support::truncated::Truncating;
use support::{Outcome, Skip, needs_root, oracle, report};

const MIB: u64 = 1 << 20;
const NOBODY: &str = "65534";

/// Demands that nothing of the file is in memory that was not, and most of what was is.
#[track_caller]
fn assert_restored(before: &[bool], path: &Path) {
    let now = oracle::map(path);
    let pages = |map: &[bool]| map.iter().filter(|page| **page).count();
    assert_eq!(before.len(), now.len());
    let extra = before.iter().zip(&now).filter(|(before, now)| **now && !**before).count();
    assert_eq!(extra, 0, "pages are in memory that were not");
    // A reclaimer may have taken some.
    assert!(pages(&now) * 10 >= pages(before) * 8, "{} of {} pages are back", pages(&now), pages(before));
}

#[test]
fn every_strategy_reads_the_bytes_of_small_and_odd_files() {
    let scratch = Scratch::on_disk();
    for size in [1, 4095, 5000, 100_003, MIB + 1] {
        let file = noisy(&scratch, &size.to_string(), size);
        let (before, expected) = (Whole::of(&file), sum(&noise(size)));
        let args = ["--pattern", "sequential,random", "--bytes", "1G"];
        let record = record(&bench(args).arg(&file).run().exits(0));
        assert_eq!(scenarios(&record).len(), 4, "{record}");
        assert!(checksums(&record).iter().all(|found| *found == expected), "{size}: {record}");
        let names: Vec<_> = strategies(&record).iter().map(|strategy| &strategy["strategy"]).collect();
        for name in ["read", "pread", "direct", "mmap", "mmap-copy", "mmap-populate"] {
            assert!(names.contains(&&Value::from(name)), "{size}: no {name}");
        }
        assert!(scenarios(&record).iter().all(|scenario| scenario["sampled"] == false), "{record}");
        before.is_still(&file);
    }
}

#[test]
fn blocks_that_do_not_fit_and_many_threads_read_the_same() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB / 2 + 5);
    let expected = sum(&noise(MIB / 2 + 5));
    for args in [["--block", "1G", "--threads", "1,64"], ["--block", "24,12K", "--threads", "3,64"]] {
        let args =
            args.into_iter().chain(["--state", "warm", "--pattern", "sequential,random", "--bytes", "1G"]);
        let record =
            record(&bench(args).args(&["--strategy", "pread,mmap,mmap-copy"]).arg(&file).run().exits(0));
        let sums = checksums(&record);
        assert!(
            sums.len() >= 12 && sums.iter().all(|found| *found == expected),
            "{sums:x?} not {expected:x}"
        );
    }
}

#[test]
fn a_part_of_a_file_is_read_and_no_more() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let page = usize::try_from(oracle::page_size()).expect("small");
    // Rounded out to pages, of which the last block is no multiple.
    let expected = sum(&noise(MIB)[page..4 * page]);
    let args = ["--range", "5000+8000", "--block", "8K", "--pattern", "sequential,random", "--state", "warm"];
    let record = record(&bench(args).arg(&file).run().exits(0));
    let whole = 3 * oracle::page_size();
    assert!(scenarios(&record).iter().all(|scenario| number(scenario, "bytes") == whole), "{record}");
    assert!(checksums(&record).iter().all(|found| *found == expected), "{record}");
}

#[test]
fn direct_io_needs_blocks_of_pages_and_says_so() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let args = ["--strategy", "direct,pread", "--block", "24", "--pattern", "random", "--state", "warm"];
    bench(args)
        .arg(&file)
        .run()
        .exits(0)
        .says("direct: open: Invalid argument: direct I/O needs blocks that are multiples");
}

#[test]
fn what_is_no_file_is_refused() {
    let scratch = Scratch::on_disk();
    let in_scratch = |name: &str| scratch.path().join(name).into_os_string().into_string().expect("text");
    make_fifo(&scratch.path().join("fifo"));
    File::create(scratch.path().join("empty")).expect("own file");
    let cases = [
        (in_scratch("missing"), "No such file or directory"),
        (in_scratch("fifo"), "is a FIFO"),
        (in_scratch("."), "is a directory"),
        (in_scratch("empty"), "there is nothing to read: the file is empty"),
        ("/dev/zero".to_owned(), "is a character device"),
        ("/proc/self/status".to_owned(), "whose files are not in the page cache"),
    ];
    for (path, why) in cases {
        let ran = bench([&path]).run().exits(1);
        assert!(ran.stdout.is_empty(), "{path}: {}", ran.text());
        ran.says(&format!("mmapio: {path}: ")).says(why);
    }
    let file = noisy(&scratch, "file", 4096);
    bench(["--range", "1G"]).arg(&file).run().exits(1).says("the file has 4096 bytes");
    for (option, value, why) in [
        ("--runs", "10001", "must be at most 10000"),
        ("--runs", "0", "must be at least 1"),
        ("--threads", "1025", "must be at most 1024"),
        ("--block", "12", "multiple of 8"),
        ("--budget", "0", "0.1 to 86400"),
    ] {
        mmapio(["bench", option, value]).arg(&file).run().exits(2).says(why);
    }
}

#[test]
fn a_file_of_holes_is_read_as_zeros_and_stays_one() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    write_sparse(&file, 1 << 40, &[3, 1 << 20]);
    let blocks = || std::fs::metadata(&file).expect("own file").blocks();
    let before = (blocks(), oracle::resident_in(&file, 0, 64 * MIB));
    let args = ["--bytes", "64K", "--pattern", "sequential,random,stride:1G", "--state", "cold,as-found"];
    let record = record(&bench(args).arg(&file).run().exits(0));
    assert_eq!(scenarios(&record).len(), 6, "{record}");
    assert!(scenarios(&record).iter().all(|scenario| scenario["sampled"] == true), "{record}");
    assert_eq!(blocks(), before.0);
    assert!(oracle::resident_in(&file, 0, 64 * MIB) <= before.1, "holes that were read stay in memory");
}

#[test]
fn what_was_in_memory_is_again_and_nothing_else() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 6 * MIB);
    let pages = oracle::pages(6 * MIB);
    let kinds: [Vec<u64>; 4] =
        [vec![], vec![0, 5, 700, 701, 1200, pages - 1], (0..pages / 2).collect(), (0..pages).collect()];
    for touched in kinds {
        for state in ["cold", "warm", "as-found"] {
            oracle::evict(&file);
            oracle::touch(&file, &touched);
            let before = oracle::map(&file);
            bench(["--state", state, "--strategy", "pread,mmap", "--bytes", "4M"]).arg(&file).run().exits(0);
            assert_restored(&before, &file);
        }
    }
    // Left as it is when that is wanted.
    oracle::evict(&file);
    let args = ["--state", "warm", "--no-restore-cache", "--pattern", "sequential"];
    bench(args).arg(&file).run().exits(0);
    assert!(oracle::resident(&file) > pages / 2);
}

#[test]
fn what_others_have_mapped_is_not_called_cold() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let mapped = oracle::mapped(&file, 0, MIB);
    let ran = bench(["--state", "cold", "--strategy", "pread"]).arg(&file).run().exits(1);
    let pid = mapped.pid().to_string();
    assert!(scenarios(&record(&ran)).is_empty(), "{}", ran.text());
    ran.says("sequential, cold: 100.0 % stayed in memory").says(&pid);
    assert_eq!(oracle::resident(&file), oracle::pages(MIB));
}

/// A file that anybody may read and nobody may ask about.
fn without_permission() -> Outcome {
    needs_root()?;
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 4 * MIB);
    let pages = oracle::pages(4 * MIB);
    oracle::touch(&file, &(0..pages).collect::<Vec<_>>());
    let before = Whole::of(&file);
    let ran = bench(["--state", "cold,warm"]).arg(&file).through(["as", NOBODY]).run().exits(1);
    assert!(scenarios(&record(&ran)).is_empty(), "{}", ran.text());
    let ran = ran.says("cold: what is in memory cannot be told (not permitted");
    ran.says("--state as-found can be measured");
    assert!(oracle::resident(&file) * 10 >= pages * 8, "it was dropped, and nobody could put it back");

    let ran = bench(["--state", "as-found"]).arg(&file).through(["as", NOBODY]).run().exits(0);
    let record = record(&ran);
    assert_eq!(scenarios(&record).len(), 2, "{record}");
    assert!(strategies(&record).iter().all(|strategy| strategy["resident_before"].is_null()), "{record}");
    ran.says("what was in memory before cannot be told, and was not put back");
    before.is_still(&file);
    Ok(())
}

#[test]
fn what_may_not_be_known_is_refused_before_anything_is_dropped() {
    report("without_permission", without_permission());
}

#[test]
fn an_unreadable_file_is_no_crash() {
    report(
        "unreadable",
        needs_root().map(|()| {
            let scratch = Scratch::on_disk();
            let file = noisy(&scratch, "file", MIB);
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .expect("own file");
            bench([&file]).through(["as", NOBODY]).run().exits(1).says("open: Permission denied");
        }),
    );
}

fn damaged_file(
    make: impl Fn(&Mounts<'_>, &[Damaged]) -> Result<PathBuf, Skip>,
    mounts: &Mounts<'_>,
) -> Outcome {
    let file = make(mounts, &[Damaged { name: "damaged", size: 4 * MIB, pages: vec![700] }])?.join("damaged");
    let names = "read,pread,mmap,mmap-copy,mmap-willneed";
    for pattern in ["sequential", "random"] {
        let args = ["--pattern", pattern, "--bytes", "1G", "--state", "cold", "--strategy", names];
        let ran = bench(args).arg(&file).run().exits(1);
        assert!(strategies(&record(&ran)).is_empty(), "what failed has no numbers: {}", ran.text());
        for name in names.split(',') {
            assert!(ran.stderr.contains(&format!("mmapio: warning: {name}: ")), "{name}: {}", ran.stderr);
        }
        ran.says("Input/output error at offset ");
    }
    // What does not touch it is measured.
    let args = ["--range", "0+2M", "--state", "cold", "--strategy", names];
    let ran = bench(args).arg(&file).run().exits(0);
    assert_eq!(strategies(&record(&ran)).len(), 12, "{}", ran.text());
    Ok(())
}

#[test]
fn a_page_that_cannot_be_read_ends_no_process() {
    privately("damaged_on_btrfs", |mounts| damaged_file(on_btrfs, mounts));
    privately("damaged_on_ext4", |mounts| damaged_file(on_ext4, mounts));
    privately("cut_short", |mounts| {
        let file = cut_short(mounts, 4 * MIB, 512)?;
        let args = ["--strategy", "pread,mmap,mmap-populate", "--state", "cold", "--bytes", "1G"];
        bench(args).arg(&file).run().exits(1).says("Input/output error");
        Ok(())
    });
}

#[test]
fn filesystems_that_only_give_are_measured() {
    privately("read_only", |mounts| {
        let dir = mounts.ext4(64 << 20)?;
        std::fs::write(dir.join("file"), noise(MIB)).expect("room for it");
        tool(Command::new("mount").args(["-o", "remount,ro"]).arg(&dir))?;
        let record = record(&bench([dir.join("file")]).run().exits(0));
        assert!(checksums(&record).iter().all(|sum| *sum != 0), "{record}");
        Ok(())
    });
    privately("in_memory", |mounts| {
        let file = mounts.tmpfs()?.join("file");
        std::fs::write(&file, noise(MIB)).expect("room for it");
        let ran = bench([&file]).run().exits(1).says("in memory and nowhere else");
        assert_eq!(scenarios(&record(&ran)).len(), 2, "what is warm is measured: {}", ran.text());
        bench(["--state", "warm"]).arg(&file).run().exits(0);
        Ok(())
    });
}

#[test]
fn a_block_device_is_measured_and_stays_as_it_is() {
    report(
        "block_device",
        needs_root().and_then(|()| {
            let scratch = Scratch::on_disk();
            let image = noisy(&scratch, "image", 4 * MIB);
            let device = LoopDevice::of(&image)?;
            let before = Whole::of(&image);
            let args = ["--strategy", "pread,direct,mmap", "--bytes", "1G", "--pattern", "sequential"];
            let record = record(&bench(args).arg(device.path()).run().exits(0));
            assert_eq!(number(&record, "size"), 4 * MIB);
            assert!(checksums(&record).iter().all(|found| *found == sum(&before.bytes)), "{record}");
            before.is_still(&image);
            Ok(())
        }),
    );
}

#[test]
fn a_file_that_is_cut_while_it_is_measured_ends_it_with_the_reason() {
    let scratch = Scratch::on_disk();
    for strategy in ["read", "pread", "direct", "mmap", "mmap-copy", "mmap-random"] {
        for pattern in ["sequential", "random"] {
            let file = noisy(&scratch, "file", 4 * MIB);
            let args = ["--strategy", strategy, "--pattern", pattern, "--state", "warm", "--bytes", "1G"];
            let running = long(&file, &args);
            File::options().write(true).open(&file).and_then(|file| file.set_len(MIB)).expect("own file");
            let ran = running.end().exits(1);
            ran.says("warm: ").says("truncated to 1048576 bytes");
            assert_eq!(std::fs::read(&file).expect("own file"), noise(4 * MIB)[..1 << 20]);
        }
    }
}

#[test]
fn a_file_that_gets_other_bytes_is_no_measurement() {
    let scratch = Scratch::on_disk();
    let path = noisy(&scratch, "file", 4 * MIB);
    let file = File::options().write(true).open(&path).expect("own file");
    let args = ["--strategy", "pread,mmap", "--pattern", "sequential", "--state", "warm", "--bytes", "1G"];
    let mut running = long(&path, &args);
    let mut byte = 0_u8;
    while !running.has_ended() {
        byte = byte.wrapping_add(1);
        file.write_all_at(&[byte], 4 * MIB - 1).expect("own file");
    }
    running.end().exits(1).says("the file changes");
}

#[test]
fn a_file_that_grows_or_is_replaced_is_the_same_to_its_end() {
    let scratch = Scratch::on_disk();
    let path = noisy(&scratch, "file", MIB);
    let args = ["--strategy", "pread,mmap", "--pattern", "sequential", "--state", "warm", "--bytes", "1G"];
    let running = long(&path, &args);
    File::options()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&noise(MIB)))
        .expect("own file");
    std::fs::rename(noisy(&scratch, "other", 5), &path).expect("own file");
    running.signal(libc::SIGINT);
    let ran = running.end().exits(130);
    assert!(checksums(&record(&ran)).iter().all(|found| *found == sum(&noise(MIB))), "{}", ran.text());
}

#[test]
fn truncations_at_any_moment_bring_no_signal_and_no_wrong_numbers() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", Truncating::SIZE);
    let truncating = Truncating::start(&file);
    let expected = sum(&vec![b'x'; usize::try_from(Truncating::SIZE).expect("small")]);
    let (mut noticed, mut rounds) = (0, 0);
    while rounds < 40 {
        let args = ["--state", "warm", "--pattern", "sequential", "--bytes", "1G"];
        let ran = mmapio(["bench", "--format", "json", "--runs", "1"]).args(&args).arg(&file).run();
        assert!([0, 1].contains(&ran.code()), "{}", ran.stderr);
        // It may be opened while it is shorter, and then that is its size.
        if let Ok(record) = serde_json::from_slice::<Value>(&ran.stdout)
            && number(&record, "size") == Truncating::SIZE
        {
            assert!(checksums(&record).iter().all(|found| *found == expected), "{record}");
        }
        noticed += u32::from(ran.code() == 1);
        rounds += 1;
    }
    truncating.tell("bench", rounds, noticed);
}

#[test]
fn ctrl_c_gives_the_report_of_what_was_finished() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 8 * MIB);
    oracle::evict(&file);
    oracle::touch(&file, &[3, 4, 5, 900]);
    let before = (oracle::map(&file), std::fs::metadata(&file).expect("own file").mtime_nsec());
    let args =
        ["--strategy", "pread,mmap", "--pattern", "sequential", "--state", "cold,warm", "--budget", "3"];
    let mut running =
        mmapio(["bench", "--format", "json", "--progress", "always"]).args(&args).arg(&file).start();
    running.until_it_says("(2 of 2)");
    running.signal(libc::SIGINT);
    let ran = running.end().exits(130);
    let told = record(&ran);
    assert!(number(&scenarios(&told)[0], "rounds") >= 5, "{told}");
    assert!(checksums(&told)[..2].iter().all(|found| *found == sum(&noise(8 * MIB))), "{told}");
    assert_restored(&before.0, &file);
    assert_eq!(std::fs::metadata(&file).expect("own file").mtime_nsec(), before.1);

    let running = long(&file, &["--strategy", "pread", "--pattern", "random", "--state", "cold"]);
    running.signal(libc::SIGTERM);
    record(&running.end().exits(143));
}

#[test]
fn one_long_run_is_ended_by_ctrl_c() {
    let scratch = Scratch::on_disk();
    let file = scratch.path().join("sparse");
    write_sparse(&file, 1 << 40, &[]);
    // A pass would take hours.
    for strategy in ["pread", "mmap", "direct"] {
        let args = ["--bytes", "1T", "--state", "as-found", "--pattern", "sequential", "--block", "1M"];
        let running = long(&file, &[&args[..], &["--strategy", strategy]].concat());
        running.signal(libc::SIGINT);
        let ran = running.end().exits(130);
        assert!(scenarios(&record(&ran)).is_empty(), "{}", ran.text());
    }
}

#[test]
fn nobody_who_reads_the_report_is_no_failure_and_no_room_for_it_is() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", MIB);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    bench(["--state", "warm"]).arg(&file).stdout(writer).run().exits(0);
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    bench(["--state", "warm"]).arg(&file).stdout(full).run().exits(1).says("No space left on device");
}

#[test]
fn the_same_seed_reads_the_same_blocks() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 4 * MIB);
    let of = |seed: &str| {
        let args = ["--seed", seed, "--bytes", "64K", "--state", "warm", "--threads", "1,5"];
        let args =
            args.into_iter().chain(["--pattern", "sequential,random,zipf", "--strategy", "pread,mmap"]);
        checksums(&record(&bench(args).arg(&file).run().exits(0)))
    };
    let first = of("7");
    assert_eq!(first, of("7"));
    assert_ne!(first, of("8"));
}

#[test]
fn many_runs_are_made_whatever_the_budget() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 4096);
    let args = ["--runs", "2000", "--state", "as-found", "--pattern", "sequential", "--strategy", "mmap"];
    let usual = ["bench", "--format", "json", "--budget", "0.1"];
    let record = record(&mmapio(usual).args(&args).arg(&file).run().exits(0));
    let samples = strategies(&record)[0]["samples"].as_array().expect("a list").len();
    assert_eq!((samples, number(&scenarios(&record)[0], "rounds")), (2000, 2000));
}

#[test]
fn limits_are_named_and_end_nothing() {
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 16 * MIB);
    let before = Whole::of(&file);
    let args = || bench(["--strategy", "read,pread,direct,mmap", "--state", "warm", "--threads", "4"]);
    for limit in ["6", "9", "20"] {
        let ran = args().arg(&file).through(["limit-fds", limit]).run();
        let said = ran.stderr.contains("Too many open files");
        assert!((ran.code() == 1 && said) || ran.code() == 0, "{limit}: {} {}", ran.code(), ran.stderr);
    }
    for limit in [24, 48, 64, 256_u64] {
        let bytes = (limit * MIB).to_string();
        let ran = args()
            .args(&["--block", "4M", "--bytes", "1G"])
            .arg(&file)
            .through(["limit-space", &bytes])
            .run();
        assert!([0, 1].contains(&ran.code()), "{limit}: {} {}", ran.code(), ran.stderr);
        assert!(ran.code() == 0 || !ran.stderr.is_empty(), "{limit}: says nothing");
    }
    let ran = bench(["--strategy", "pread", "--state", "warm", "--threads", "1024", "--block", "1G"]);
    let sparse = scratch.path().join("sparse");
    write_sparse(&sparse, 1 << 43, &[0]);
    ran.args(&["--bytes", "4T", "--pattern", "random"]).arg(&sparse).run().exits(1).says("memory: ");
    before.is_still(&file);
}

fn larger_than_memory() -> Outcome {
    needs_root()?;
    let scratch = Scratch::on_disk();
    let groups = Groups::new("bench", 64 * MIB).map_err(Skip)?;
    let procs = groups.inner.join("cgroup.procs");
    let in_group = ["in-group", procs.to_str().expect("text")];
    let file = noisy(&scratch, "large", 160 * MIB);
    oracle::evict(&file);
    let args = || bench(["--strategy", "pread,mmap", "--bytes", "8M"]);
    let ran =
        args().args(&["--pattern", "random", "--state", "warm"]).arg(&file).through(in_group).run().exits(1);
    ran.says("would have to be loaded, and there is room for").says("--range takes a part of the file");
    let ran =
        args().args(&["--state", "cold,warm", "--pattern", "sequential"]).arg(&file).through(in_group).run();
    let record = record(&ran.exits(0));
    assert!(scenarios(&record).iter().all(|scenario| scenario["sampled"] == true), "{record}");
    assert!(scenarios(&record).iter().all(|scenario| number(scenario, "bytes") == 8 * MIB), "{record}");
    Ok(())
}

#[test]
fn a_file_larger_than_memory_is_sampled_and_that_is_said() {
    report("larger_than_memory", larger_than_memory());
    let scratch = Scratch::on_disk();
    let file = noisy(&scratch, "file", 4 * MIB);
    let args = ["bench", "--runs", "3", "--bytes", "1M", "--state", "warm", "--strategy", "pread"];
    let ran = mmapio(args).arg(&file).run().exits(0);
    assert!(ran.text().contains("1.00 MiB a run (sampled), 3 rounds"), "{}", ran.text());
}
