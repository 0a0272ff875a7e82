//! The oracle (`tests/oracle.c`): compiled once, asked by everyone.

use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../oracle.c");

/// Where the compiled oracle is.
pub(crate) fn path() -> &'static Path {
    static ORACLE: OnceLock<PathBuf> = OnceLock::new();
    ORACLE.get_or_init(compiled)
}

/// The name holds a hash of the source, and the rename is atomic: test binaries that run at the same time share it.
fn compiled() -> PathBuf {
    let mut hash = DefaultHasher::new();
    SOURCE.hash(&mut hash);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let oracle = dir.join(format!("oracle-{:016x}", hash.finish()));
    if !oracle.exists() {
        let unfinished = oracle.with_extension(std::process::id().to_string());
        compile(&unfinished);
        std::fs::rename(&unfinished, &oracle).expect("the oracle gets its name");
    }
    oracle
}

fn compile(to: &Path) {
    std::fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).expect("the target directory is writable");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-Wall", "-Wextra", "-Werror", "-x", "c", "-", "-o"]).arg(to);
    let compiled = feed(cc, SOURCE.as_bytes());
    assert!(compiled.status.success(), "cc: {}", String::from_utf8_lossy(&compiled.stderr));
}

/// Runs a command with this on its standard input.
fn feed(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    child.stdin.take().expect("piped").write_all(input).expect("the command reads its input");
    child.wait_with_output().expect("the command ends")
}

/// The lines the oracle answers.
pub(crate) fn ask<S: AsRef<OsStr>>(args: &[S], input: &str) -> Vec<String> {
    let mut oracle = Command::new(path());
    oracle.args(args);
    let answer = feed(oracle, input.as_bytes());
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).expect("the oracle speaks ASCII").lines().map(str::to_owned).collect()
}

fn ask_of(question: &str, file: &Path) -> Vec<Vec<u64>> {
    ask(&[OsStr::new(question), file.as_os_str()], "").iter().map(|line| numbers(line)).collect()
}

fn numbers(line: &str) -> Vec<u64> {
    line.split(' ').map(|number| number.parse().expect("a number")).collect()
}

/// The page size of this machine.
pub(crate) fn page_size() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    *SIZE.get_or_init(|| numbers(&ask(&["page-size"], "")[0])[0])
}

/// How many pages a file of this size has.
pub(crate) fn pages(size: u64) -> u64 {
    size.div_ceil(page_size())
}

/// For each page of the file, whether it is resident.
pub(crate) fn map(file: &Path) -> Vec<bool> {
    let runs = ask_of("map", file);
    runs.iter().flat_map(|run| (0..run[1]).map(|_| run[2] == 1)).collect()
}

/// How many pages of the file are resident.
pub(crate) fn resident(file: &Path) -> u64 {
    ask_of("counts", file)[0][0]
}

/// How many pages of these bytes of the file are resident.
pub(crate) fn resident_in(file: &Path, offset: u64, length: u64) -> u64 {
    let args = [OsString::from("counts"), file.into(), offset.to_string().into(), length.to_string().into()];
    numbers(&ask(&args, "")[0])[0]
}

/// Offset and length of what is not a hole.
pub(crate) fn data(file: &Path) -> Vec<(u64, u64)> {
    ask_of("data", file).iter().map(|extent| (extent[0], extent[1])).collect()
}

/// What cachestat itself counts, in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cachestat {
    pub(crate) cache: u64,
    pub(crate) dirty: u64,
    pub(crate) writeback: u64,
}

/// What cachestat answers for a whole file: the counts, or the error number.
pub(crate) fn cachestat(file: &Path) -> Result<Cachestat, i32> {
    cachestat_args(&["cachestat".as_ref(), file.as_os_str(), "0".as_ref(), "0".as_ref()])
}

/// What it answers to another user, who can open the file.
pub(crate) fn cachestat_as(uid: &str, file: &Path) -> Result<Cachestat, i32> {
    cachestat_args(&["cachestat".as_ref(), file.as_os_str(), "0".as_ref(), "0".as_ref(), uid.as_ref()])
}

fn cachestat_args(args: &[&OsStr]) -> Result<Cachestat, i32> {
    let answer = ask(args, "");
    if let Some(errno) = answer[0].strip_prefix("errno ") {
        return Err(errno.parse().expect("an error number"));
    }
    let counts = numbers(&answer[0]);
    Ok(Cachestat { cache: counts[0], dirty: counts[1], writeback: counts[2] })
}

/// Puts the file out of memory.
pub(crate) fn evict(file: &Path) {
    ask(&[OsStr::new("evict"), file.as_os_str()], "");
}

/// Reads these pages of the file, and no others.
pub(crate) fn touch(file: &Path, pages: &[u64]) {
    let list: String = pages.iter().map(|page| format!("{page}\n")).collect();
    ask(&[OsStr::new("touch"), file.as_os_str()], &list);
}

/// An oracle that goes on until it is told to stop.
pub(crate) struct Background {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Background {
    /// Starts it, and waits until it says that it is ready.
    pub(crate) fn start<S: AsRef<OsStr>>(args: &[S]) -> Background {
        Self::start_in(Path::new("."), args)
    }

    /// The same in a directory.
    pub(crate) fn start_in<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Background {
        let mut oracle = Command::new(path());
        let mut child = oracle
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("the oracle speaks");
        assert_eq!(line, "ready\n", "the oracle could not do what it was asked to");
        Background { child, output }
    }

    /// Tells it to stop; the number it ends with.
    pub(crate) fn stop(mut self) -> u64 {
        drop(self.child.stdin.take());
        let mut last = String::new();
        self.output.read_to_string(&mut last).expect("the oracle speaks");
        assert!(self.child.wait().expect("the oracle ends").success(), "the oracle failed");
        last.trim().parse().expect("a number")
    }

    /// Waits until it waits for something itself.
    pub(crate) fn until_it_sleeps(&self) {
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        while !state().contains(") S ") {
            std::thread::yield_now();
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Background {
    /// A failing test leaves no process behind. Errors here mean that it has ended already.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has these bytes of the file in its page tables, where the kernel may take them away, until it is dropped.
pub(crate) fn mapped(file: &Path, offset: u64, length: u64) -> Background {
    Background::start(&[
        "mapped".into(),
        file.as_os_str().to_owned(),
        offset.to_string().into(),
        length.to_string().into(),
    ])
}

/// Keeps these bytes of the file in memory until it is dropped.
pub(crate) fn hold(file: &Path, offset: u64, length: u64) -> Background {
    Background::start(&[
        "hold".into(),
        file.as_os_str().to_owned(),
        offset.to_string().into(),
        length.to_string().into(),
    ])
}
