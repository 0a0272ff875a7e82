//! Imports go down only, as the crate's documentation draws it; and nothing but the boundary knows libc.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom; modules in one layer may use each other.
const LAYERS: [&[&str]; 7] = [
    &["sys"],
    &["error", "page", "size", "extent", "checksum"],
    &["open", "guard"],
    &["residency", "reader", "memory", "process", "advice", "flush"],
    &["mapping", "space"],
    &["cache", "patch", "strategy"],
    &["walk"],
];

/// What errors are made of comes from the boundary itself; so `sys` may not use `error`, but `error` may use `sys`.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The module of the crate that a file belongs to: `residency` for `src/residency/runs.rs`.
fn module_of(file: &Path) -> String {
    let below = file.strip_prefix(root().join("src")).unwrap();
    below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The text without comments: an example in the documentation imports from outside.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules that `crate::…` paths in a text lead to.
fn uses(text: &str) -> Vec<String> {
    text.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// Whether a file of `module` may use `used`.
fn allowed(module: &str, used: &str) -> bool {
    match (layer(module), layer(used)) {
        (Some(above), Some(below)) => below <= above,
        _ => false,
    }
}

#[test]
fn imports_go_down_only() {
    let mut checked = 0;
    for file in sources(&root().join("src")).iter().filter(|file| !file.ends_with("lib.rs")) {
        let module = module_of(file);
        assert!(layer(&module).is_some(), "{}: which layer is `{module}` in?", file.display());
        for used in uses(&code(file)) {
            assert!(allowed(&module, &used), "{}: `{module}` must not use `{used}`", file.display());
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} imports were seen: is this test still looking at the right files?");
}

#[test]
fn only_the_boundary_knows_libc_and_is_unsafe() {
    for file in sources(&root().join("src")) {
        let (text, module) = (code(&file), module_of(&file));
        // A signal handler may call little else than the system; and what is lent at the caller's risk is lent in one file.
        if !["sys", "guard"].contains(&module.as_str()) && !file.ends_with("mapping/slices.rs") {
            assert!(!text.contains("libc::"), "{}: libc belongs to src/sys", file.display());
            assert!(!text.contains("unsafe {"), "{}: unsafe code belongs to src/sys", file.display());
        }
        if module != "lib" {
            assert!(!text.contains("println!"), "{}: the core never prints", file.display());
        }
    }
}

/// mlock(2), and mmap(2) with these flags, never return when a page cannot be read; and advice that destroys data has no place.
#[test]
fn calls_that_hang_or_destroy_are_not_made() {
    const BANNED: [&str; 9] = [
        "MAP_POPULATE",
        "MAP_LOCKED",
        "mlockall",
        "libc::mlock(",
        "MADV_REMOVE",
        "MADV_FREE",
        "MADV_POPULATE_WRITE",
        "MADV_HWPOISON",
        "MADV_SOFT_OFFLINE",
    ];
    for file in sources(&root().join("src")) {
        let text = code(&file);
        for name in BANNED {
            assert!(!text.contains(name), "{}: {name}", file.display());
        }
    }
}

#[test]
fn nothing_makes_the_kernel_try_forever() {
    // On a page that cannot be read these try again without end, and no signal that is handled gets through.
    for file in sources(&root().join("src")) {
        for call in ["libc::mlock(", "mlockall", "MAP_LOCKED", "MAP_POPULATE"] {
            let text = code(&file);
            assert!(!text.contains(call), "{}: {call} may never return", file.display());
        }
    }
}

#[test]
fn an_upward_import_would_be_noticed() {
    assert_eq!(uses("use crate::walk::Walk;\nlet x = crate::page::Pages(1);"), ["walk", "page"]);
    assert!(!allowed("residency", "walk"));
    assert!(!allowed("sys", "error"));
    assert!(allowed("walk", "residency"));
}
