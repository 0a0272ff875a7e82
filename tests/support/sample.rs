//! The files that the examples of the documentation speak of.

use std::path::Path;

use super::oracle;
use super::scratch::{Scratch, write_data, write_sparse};

const MIB: u64 = 1 << 20;

/// Files of data: name and size.
const FILES: [(&str, u64); 6] = [
    ("bigfile.dat", 8 * MIB),
    ("data/index.db", 2 * MIB),
    ("data/journal.log", MIB + 123),
    ("data/2024/january.csv", 40_000),
    ("data/2024/february.csv", 4096),
    ("data/empty", 0),
];

/// What `list.txt` names.
const LISTED: [&str; 2] = ["data/index.db", "data/journal.log"];

/// A directory with all of them, partly in memory.
pub(crate) fn prepare() -> Scratch {
    let scratch = Scratch::on_disk();
    scratch.dir("data/2024");
    for (name, size) in FILES {
        write_data(&scratch.path().join(name), size);
    }
    let sparse: Vec<u64> = (0..oracle::pages(4 * MIB)).map(|page| page * 7).collect();
    write_sparse(&scratch.path().join("sparse.img"), 1024 * MIB, &sparse);
    std::fs::write(scratch.path().join("list.txt"), LISTED.map(|name| format!("{name}\n")).concat())
        .expect("own file");
    half_evict(&scratch.path().join("bigfile.dat"));
    scratch
}

/// An example that shows a strip has something to show.
fn half_evict(file: &Path) {
    let pages = oracle::pages(8 * MIB);
    oracle::evict(file);
    oracle::touch(file, &(0..pages / 2).collect::<Vec<_>>());
}
