//! The manual pages and completions that are committed are those of the arguments as they are now.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STALE: &str = "run `make generate` and commit what changed";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn mmapio(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_mmapio")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    output
}

fn names_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn manual_pages_are_up_to_date() {
    let fresh = tempfile::tempdir().unwrap();
    mmapio(&["man", "--dir", fresh.path().to_str().unwrap()]);
    let committed = root().join("man");
    assert_eq!(names_in(fresh.path()), names_in(&committed), "{STALE}");
    for name in names_in(&committed) {
        let (new, old) =
            (fs::read(fresh.path().join(&name)).unwrap(), fs::read(committed.join(&name)).unwrap());
        assert!(new == old, "man/{name} is stale: {STALE}");
    }
}

#[test]
fn completions_are_up_to_date() {
    for name in names_in(&root().join("completions")) {
        let shell = name.strip_prefix("mmapio.").unwrap();
        let new = mmapio(&["completions", shell]).stdout;
        let old = fs::read(root().join("completions").join(&name)).unwrap();
        assert!(new == old, "completions/{name} is stale: {STALE}");
    }
}

#[test]
fn every_shell_has_completions() {
    let shells = ["bash", "elvish", "fish", "nushell", "powershell", "zsh"];
    assert_eq!(names_in(&root().join("completions")), shells.map(|shell| format!("mmapio.{shell}")));
}

#[test]
fn one_page_is_the_one_that_is_written_with_the_others() {
    let committed = fs::read(root().join("man/mmapio-incore.1")).unwrap();
    assert!(mmapio(&["man", "incore"]).stdout == committed, "{STALE}");
    let unknown = Command::new(env!("CARGO_BIN_EXE_mmapio")).args(["man", "fly"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no subcommand `fly`"));
}

#[test]
fn mandoc_finds_nothing_to_object_to() {
    for name in names_in(&root().join("man")) {
        let Ok(lint) =
            Command::new("mandoc").args(["-T", "lint"]).arg(root().join("man").join(&name)).output()
        else {
            skip("mandoc is not installed");
            return;
        };
        assert!(lint.status.success() && lint.stdout.is_empty(), "{}", String::from_utf8_lossy(&lint.stdout));
    }
}

#[test]
fn bash_can_read_its_completions() {
    let script = root().join("completions/mmapio.bash");
    match Command::new("bash").arg("-n").arg(script).output() {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(_) => skip("bash is not installed"),
    }
}

/// Says why a test was skipped, past the test runner's capture.
fn skip(reason: &str) {
    use std::io::Write;
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIP cli_generated: {reason}").unwrap();
}
