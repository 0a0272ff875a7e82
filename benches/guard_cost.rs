//! What mappings and the guard cost, for `benches/compare` and for people: a mapping of 4 KiB made and dropped, beside memmap2's own;
//! a fault answered, of a page and of all beyond a new end; bytes copied out, and copied without asking. Nanoseconds, medians of rounds in turns.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mmapio_core::{MapOptions, OpenFile, page_size};

const ROUNDS: usize = 15;
const REPEATS: u64 = 5000;
/// Pages that fault one by one; more than are kept apart would be replaced at once.
const FAULTS: u64 = 200;
const MIB: usize = 1 << 20;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "a program of its own, whose output is the measurement")]
fn main() -> Outcome<()> {
    let path = std::env::temp_dir().join(format!("guard_cost.{}", std::process::id()));
    let measured = measure(&path);
    std::fs::remove_file(&path)?;
    let line: Vec<_> =
        measured?.into_iter().map(|(name, nanoseconds)| format!("{name}_ns={nanoseconds}")).collect();
    println!("{}", line.join(" "));
    Ok(())
}

/// A thing to be measured: its name, and a round of it, in nanoseconds each.
type Contest<'a> = (&'static str, Box<dyn Fn() -> Outcome<u64> + 'a>);

fn measure(path: &Path) -> Outcome<Vec<(&'static str, u64)>> {
    std::fs::write(path, vec![1; MIB])?;
    let file = Arc::new(OpenFile::open(path)?);
    let small = MapOptions::read().range(mmapio_core::ByteRange::new(0, Some(4096))?);
    let whole = MapOptions::read().map(Arc::clone(&file))?;
    let contests: Vec<Contest<'_>> = vec![
        (
            "memmap2",
            Box::new(|| {
                each(REPEATS, || {
                    let map = memmap2::MmapOptions::new().len(4096).map_raw_read_only(file.file())?;
                    black_box(map.as_ptr());
                    Ok(())
                })
            }),
        ),
        (
            "mapping",
            Box::new(|| {
                each(REPEATS, || {
                    black_box(small.map(Arc::clone(&file))?.as_ptr());
                    Ok(())
                })
            }),
        ),
        (
            "unguarded",
            Box::new(|| {
                each(REPEATS, || {
                    black_box(small.unguarded().map(Arc::clone(&file))?.as_ptr());
                    Ok(())
                })
            }),
        ),
        (
            "map_only",
            Box::new(|| {
                each(REPEATS, || {
                    black_box(small.map_only(&file)?.as_ptr());
                    Ok(())
                })
            }),
        ),
        ("fault", Box::new(|| fault(path))),
        ("tail", Box::new(|| tail(path))),
        ("read_64", Box::new(|| read(&whole, 64))),
        ("read_4k", Box::new(|| read(&whole, 4096))),
        ("read_1m", Box::new(|| read(&whole, MIB))),
        ("copy_64", Box::new(|| copy(&whole, 64))),
        ("copy_4k", Box::new(|| copy(&whole, 4096))),
        ("copy_1m", Box::new(|| copy(&whole, MIB))),
    ];
    let mut rounds = vec![Vec::new(); contests.len()];
    for _ in 0..ROUNDS {
        for (round, (_, contest)) in rounds.iter_mut().zip(&contests) {
            round.push(contest()?);
        }
    }
    let median = |mut round: Vec<u64>| {
        round.sort_unstable();
        round.get(round.len() / 2).copied().unwrap_or(0)
    };
    Ok(contests.iter().map(|(name, _)| *name).zip(rounds.into_iter().map(median)).collect())
}

fn each(repeats: u64, mut work: impl FnMut() -> Outcome<()>) -> Outcome<u64> {
    let start = Instant::now();
    for _ in 0..repeats {
        work()?;
    }
    Ok(u64::try_from(start.elapsed().as_nanos())? / repeats)
}

/// Every second page of a mapping that is longer than its file is touched: each is a fault, and a mapping of the kernel's.
fn fault(path: &Path) -> Outcome<u64> {
    let holes = path.with_extension("holes");
    std::fs::write(&holes, "")?;
    let length = 2 * FAULTS * page_size();
    // Without the file a fault is not known to be beyond the end, so that its page alone is replaced.
    let file = OpenFile::open(&holes)?;
    let mapping = MapOptions::read().range(mmapio_core::ByteRange::new(0, Some(length))?).map_only(&file)?;
    let mut page = 0;
    let took = each(FAULTS, || {
        // That it is an error is what is measured.
        drop(mapping.read_at(2 * page * page_size(), &mut [0]));
        page += 1;
        Ok(())
    });
    assert_eq!(mapping.faults().count, FAULTS, "each was a fault");
    std::fs::remove_file(&holes)?;
    took
}

/// A file of 1 MiB is gone under its mapping: one fault for all of it, and as many mappings.
fn tail(path: &Path) -> Outcome<u64> {
    let cut = path.with_extension("cut");
    std::fs::write(&cut, vec![1; MIB])?;
    let file = Arc::new(OpenFile::open(&cut)?);
    let mappings: Vec<_> =
        (0..FAULTS).map(|_| MapOptions::read().map(Arc::clone(&file))).collect::<Result<_, _>>()?;
    std::fs::write(&cut, "")?;
    let mut rest = mappings.iter();
    let took = each(FAULTS, || {
        drop(rest.next().map(|mapping| mapping.read_at(4096, &mut [0])));
        Ok(())
    });
    assert!(mappings.iter().all(|mapping| mapping.faults().count == 1), "each was a fault");
    std::fs::remove_file(&cut)?;
    took
}

/// What reading costs without being safe.
fn copy(mapping: &mmapio_core::Mapping, length: usize) -> Outcome<u64> {
    let mut buffer = vec![0; length];
    each((64 << 20) / (length as u64 + 16384), || {
        // SAFETY: nobody changes the file or makes it shorter.
        let bytes = unsafe { mapping.as_slice() };
        buffer.copy_from_slice(black_box(bytes.split_at(length).0));
        black_box(&buffer);
        Ok(())
    })
}

fn read(mapping: &mmapio_core::Mapping, length: usize) -> Outcome<u64> {
    let mut buffer = vec![0; length];
    each((64 << 20) / (length as u64 + 16384), || {
        black_box(mapping.read_at(0, &mut buffer)?);
        Ok(())
    })
}
