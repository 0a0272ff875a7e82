//! Counts and runs equal what an independent mincore reader sees, on every kind of filesystem that differs.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::path::{Path, PathBuf};

use support::model::assert_agrees;
use support::mounts::privately;
use support::scratch::{Scratch, write_data, write_sparse};
use support::{Outcome, oracle, pattern, report};

const MIB: u64 = 1 << 20;

/// Room for every size at once.
const IMAGE: u64 = 192 * MIB;

/// Around a page, more than a window of a probe, and large enough for halving.
const SIZES: [u64; 7] = [0, 1, 4095, 4096, 4097, 10 * MIB + 123, 64 * MIB];

/// What may be asked for everywhere.
const ANYWHERE: &[&[&str]] = &[&[], &["--probe", "mincore"]];

/// The same with cachestat alone, which knows nothing on an overlay.
const EVERY_PROBE: &[&[&str]] = &[&[], &["--probe", "mincore"], &["--probe", "cachestat"]];

/// A file of each size.
fn make_files(dir: &Path) {
    std::fs::create_dir_all(dir).expect("own directory");
    for size in SIZES {
        write_data(&named(dir, size), size);
    }
}

fn named(dir: &Path, size: u64) -> PathBuf {
    dir.join(format!("of-{size}-bytes"))
}

/// Every pattern in every file, where pages come from storage and can be put out of memory.
fn assert_patterns_on_storage(dir: &Path, probes: &[&[&str]]) {
    for size in SIZES {
        let file = named(dir, size);
        for (name, pages_of) in pattern::ALL {
            oracle::evict(&file);
            bring_in(&file, name, &pages_of(oracle::pages(size)));
            assert_probes_agree(&file, &format!("{size} bytes, resident: {name}"), probes);
        }
    }
}

/// A whole file is read in one go, which gives the large folios that reading page by page does not.
fn bring_in(file: &Path, pattern: &str, pages: &[u64]) {
    if pattern == "all" {
        std::fs::read(file).expect("own file");
    } else {
        oracle::touch(file, pages);
    }
}

/// The same in memory, where a page is resident when it was written, and a hole when not.
fn assert_patterns_in_memory(dir: &Path) {
    for size in SIZES {
        let file = named(dir, size);
        for (name, pages_of) in pattern::ALL {
            write_sparse(&file, size, &pages_of(oracle::pages(size)));
            assert_probes_agree(&file, &format!("{size} bytes, written: {name}"), EVERY_PROBE);
        }
    }
}

fn assert_probes_agree(file: &Path, what: &str, probes: &[&[&str]]) {
    for options in probes {
        assert_agrees(file, options, &format!("{what}, {options:?}"));
    }
}

#[test]
fn agrees_on_the_disk() {
    let scratch = Scratch::on_disk();
    make_files(scratch.path());
    assert_patterns_on_storage(scratch.path(), ANYWHERE);
}

#[test]
fn agrees_on_tmpfs() {
    let in_memory = || -> Outcome {
        assert_patterns_in_memory(Scratch::in_memory()?.path());
        Ok(())
    };
    report("agrees_on_tmpfs", in_memory());
}

#[test]
fn agrees_on_ext4() {
    privately("agrees_on_ext4", |mounts| {
        let dir = mounts.ext4(IMAGE)?;
        make_files(&dir);
        assert_patterns_on_storage(&dir, EVERY_PROBE);
        Ok(())
    });
}

#[test]
fn agrees_on_the_lower_layer_of_an_overlay() {
    privately("agrees_on_the_lower_layer_of_an_overlay", |mounts| {
        let ext4 = mounts.ext4(IMAGE)?;
        make_files(&ext4.join("lower"));
        assert_patterns_on_storage(&mounts.overlay(&ext4)?, ANYWHERE);
        Ok(())
    });
}

#[test]
fn agrees_on_the_upper_layer_of_an_overlay() {
    privately("agrees_on_the_upper_layer_of_an_overlay", |mounts| {
        let merged = mounts.overlay(&mounts.ext4(IMAGE)?)?;
        make_files(&merged);
        assert_patterns_on_storage(&merged, ANYWHERE);
        Ok(())
    });
}
