//! `mmapio map --write` and its like on files that others truncate and replace meanwhile: an exit status and a message, never a
//! signal, and never another file.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mmapio_core::{OpenFile, Patch};
use support::command::mmapio;
use support::mounts::privately;
use support::oracle::Background;
use support::scratch::Scratch;
use support::{Outcome, report};

/// How often a file is patched in each way while it is truncated.
const ROUNDS: usize = 2000;

const SIZE: u64 = 256 << 10;

/// A file that is cut and grows again and again; most of the time it is long enough.
fn truncating(file: &Path) -> Background {
    let sizes = [SIZE, 0, SIZE, SIZE + 1, 4097, SIZE, SIZE / 2].map(|size| OsString::from(size.to_string()));
    let args: Vec<_> = ["resize".into(), file.as_os_str().to_owned()].into_iter().chain(sizes).collect();
    Background::start(&args)
}

/// What was said, with its numbers left out.
fn gist(text: &str) -> String {
    let mut gist = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if gist.ends_with('#') => {}
            '0'..='9' => gist.push('#'),
            _ => gist.push(c),
        }
    }
    gist
}

type Said = Mutex<BTreeMap<String, usize>>;

fn note(said: &Said, text: &str) {
    *said.lock().unwrap().entry(gist(text)).or_default() += 1;
}

/// What a truncation may come to.
fn is_about_a_truncation(text: &str) -> bool {
    [
        "truncated to",
        "beyond the end of the file",
        "and the file ends at",
        "could not be had when they were touched",
        "was written and reads as another one",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn by_command(file: &Path, options: &[&str], said: &Said) {
    let ran = mmapio(["map"]).args(options).arg(file).run();
    match ran.code() {
        0 => note(said, "done"),
        1 => {
            let first = ran.stderr.lines().next().unwrap_or_default();
            assert!(first.starts_with(&format!("mmapio: {}: ", file.display())), "{}", ran.stderr);
            let (_, reason) =
                first.split_at(first.find(&*file.to_string_lossy()).unwrap() + file.as_os_str().len());
            assert!(is_about_a_truncation(reason), "{}", ran.stderr);
            note(said, reason);
        }
        code => panic!("exit status {code}: {}", ran.stderr),
    }
}

fn by_library(file: &Arc<OpenFile>, patch: Patch<'_>, said: &Said) {
    let patched = patch.apply(Arc::clone(file), &|| false);
    match patched.map(|patched| patched.error) {
        Ok(None) => note(said, "done"),
        Ok(Some(error)) | Err(error) => {
            assert!(is_about_a_truncation(&error.reason()), "{error}");
            note(said, &format!(": {error}"));
        }
    }
}

/// One round of so many is done by the command, the others by the library: the code is the same, and a process takes its time.
fn race(filesystem: &str, file: &Path, one_of: usize) {
    let bytes = vec![b'w'; usize::try_from(SIZE - 4096).unwrap()];
    let source = file.with_extension("source");
    std::fs::write(&source, &bytes).unwrap();
    let source = source.to_str().unwrap();
    let options = [
        &["--write", "4096", "--from", source][..],
        &["--fill", "0x66", "--range", "0+256K"],
        &["--copy-from", "0", "--range", "4096+252K"],
    ];
    let patches: [&(dyn Fn() -> Patch<'static> + Sync); 3] = [
        &|| Patch::stream(4096, SIZE - 4096, std::io::repeat(b'w')).unwrap(),
        &|| Patch::fill(0, SIZE, 0x66).unwrap(),
        &|| Patch::copy(0, 4096, SIZE - 4096).unwrap(),
    ];
    let resizer = truncating(file);
    for (options, patch) in options.iter().zip(patches) {
        let (said, next) = (Said::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let open = Arc::new(OpenFile::open_writable(file).unwrap());
                    loop {
                        match next.fetch_add(1, Ordering::Relaxed) {
                            round if round >= ROUNDS => break,
                            round if round.is_multiple_of(one_of) => by_command(file, options, &said),
                            _ => by_library(&open, patch(), &said),
                        }
                    }
                });
            }
        });
        let said = said.into_inner().unwrap();
        let _ = writeln!(
            std::io::stderr(),
            "{filesystem}: {ROUNDS} rounds of {}, 0 deaths: {said:?}",
            options[0]
        );
        assert!(said.len() > 1, "it was always the same: {said:?}");
    }
    assert!(resizer.stop() > ROUNDS as u64);
}

#[test]
fn truncations_in_memory_are_survived() {
    let outcome = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        race("tmpfs", &scratch.file("file", SIZE), 2);
        Ok(())
    };
    report("truncations_in_memory_are_survived", outcome());
}

#[test]
fn truncations_on_ext4_are_survived() {
    privately("truncations_on_ext4_are_survived", |mounts| {
        let file = mounts.ext4(64 << 20)?.join("file");
        std::fs::write(&file, vec![0; 256 << 10]).unwrap();
        race("ext4", &file, 4);
        Ok(())
    });
}

/// Two files change their places without end: one of them is patched, never parts of both, and that the name went elsewhere is said.
#[test]
fn a_file_that_is_replaced_is_patched_as_a_whole_or_not_at_all() {
    let scratch = Scratch::on_disk();
    let [a, b, away] = ["a", "b", "away"].map(|name| scratch.path().join(name));
    let done = AtomicBool::new(false);
    let (mut moved, mut missing) = (0, 0);
    std::fs::write(&a, [b'o'; 9000]).unwrap();
    std::fs::write(&b, [b'o'; 9000]).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for (from, to) in [(&a, &away), (&b, &a), (&away, &b)] {
                    std::fs::rename(from, to).unwrap();
                }
            }
        });
        for round in 0..200_u8 {
            let byte = (round % 2).to_string();
            let ran = mmapio(["map", "--fill", &byte, "--range", "0+9000"]).arg(&a).run();
            match ran.code() {
                0 => {}
                1 if ran.stderr.contains("leads to another file by now") => moved += 1,
                1 => {
                    assert!(
                        ran.stderr.contains("No such file") || ran.stderr.contains("replaced"),
                        "{}",
                        ran.stderr
                    );
                    missing += 1;
                }
                code => panic!("exit status {code}: {}", ran.stderr),
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    for path in [&a, &b] {
        let content = std::fs::read(path).unwrap();
        assert!(content.iter().all(|byte| *byte == content[0]), "{} is a mixture", path.display());
    }
    let _ = writeln!(
        std::io::stderr(),
        "200 patches of a file that is replaced: {moved} moved, {missing} found nothing"
    );
}
