//! Every example of the documentation works: it is run, in a directory with the files that the examples speak of.

#![expect(clippy::expect_used, reason = "documentation that cannot be read fails the test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::command::binary;
use support::sample;

/// A command of a `console` block, and the first line of output that the block shows for it.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    command: String,
    first_line: Option<String>,
}

/// The root of the repository: what lies beside the tests.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package of the workspace").to_owned()
}

/// The README and every page of the documentation.
fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).expect("there is a documentation");
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.expect("readable").path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages.insert(0, root().join("README.md"));
    pages
}

/// The `$ mmapio …` commands of the `console` blocks of a page.
fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "```console" {
            let block: Vec<&str> =
                lines.by_ref().take_while(|line| line.trim() != "```").map(str::trim_start).collect();
            found.extend(examples_of_block(&block));
        }
    }
    found
}

fn examples_of_block(block: &[&str]) -> Vec<Example> {
    let prompt = |line: &&str| line.strip_prefix("$ ").map(str::to_owned);
    let after =
        |at: usize| block.get(at + 1).filter(|line| !line.starts_with("$ ") && !line.trim().is_empty());
    let example = |(at, line): (usize, &&str)| {
        let command = prompt(line)?;
        command
            .starts_with("mmapio ")
            .then(|| Example { command, first_line: after(at).map(|line| (*line).to_owned()) })
    };
    block.iter().enumerate().filter_map(example).collect()
}

/// A line as far as it is the same on every machine: words and their order, not widths, and not the numbers.
fn shape(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut shape = String::new();
    for c in words.join(" ").chars() {
        match c {
            '0'..='9' if shape.ends_with('#') => {}
            '0'..='9' => shape.push('#'),
            _ => shape.push(c),
        }
    }
    shape.replace("#.#", "#")
}

/// Runs an example by the shell, since examples have pipes and quotes.
fn run(example: &Example, page: &Path, dir: &Path) {
    let place = format!("{}: `{}`", page.file_name().expect("a file").to_string_lossy(), example.command);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = binary().parent().expect("in a directory").to_owned();
    let path =
        std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a PATH");
    let mut shell = Command::new("sh");
    let ran =
        shell.args(["-c", &example.command]).current_dir(dir).env("PATH", path).output().expect("a shell");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{place}: {}: {}", ran.status, String::from_utf8_lossy(&ran.stderr));
    if let Some(expected) = &example.first_line {
        assert_eq!(shape(said.lines().next().unwrap_or("")), shape(expected), "{place}");
    }
}

#[test]
fn every_example_works() {
    let scratch = sample::prepare();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("readable");
        for example in examples(&text) {
            run(&example, &page, scratch.path());
        }
    }
}

#[test]
fn the_readme_has_examples() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    assert!(examples(&readme).iter().any(|example| example.first_line.is_some()), "none with output");
}

#[test]
fn examples_are_found() {
    let page = "text\n```console\n$ mmapio a\nPATH  SIZE\nx 1\n$ cargo run\nno\n$ mmapio b\n```\n$ mmapio no\n```sh\n$ mmapio no\n```";
    let found = examples(page);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], Example { command: "mmapio a".into(), first_line: Some("PATH  SIZE".into()) });
    assert_eq!(found[1], Example { command: "mmapio b".into(), first_line: None });
}

#[test]
fn numbers_and_widths_do_not_matter_words_do() {
    assert_eq!(shape("a   8.0 MiB  12"), shape(" a 16 MiB 1"));
    assert_ne!(shape("PATH SIZE"), shape("PATH PAGES"));
}
