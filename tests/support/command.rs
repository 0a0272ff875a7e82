//! Runs the command and reads what it says.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::oracle;

/// No run takes nearly as long; one that does hangs, and is ended by SIGALRM.
const HANGS_AFTER_SECONDS: &str = "240";

/// The command as built for these tests.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_mmapio"))
}

/// `mmapio incore` with these arguments.
pub(crate) fn incore<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let mut command = mmapio(args);
    command.args.insert(0, "incore".into());
    command
}

/// `mmapio` with these arguments, the first of which is a subcommand.
pub(crate) fn mmapio<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
    Incore { args, through: Vec::new(), dir: None, stdin: Vec::new(), stdout: None }
}

/// The same with ndjson as its output.
pub(crate) fn ndjson<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let mut command = incore(args);
    command.args.splice(1..1, ["--format".into(), "ndjson".into()]);
    command
}

/// A run of the command to be.
pub(crate) struct Incore {
    args: Vec<OsString>,
    through: Vec<OsString>,
    dir: Option<PathBuf>,
    stdin: Vec<u8>,
    stdout: Option<Stdio>,
}

impl Incore {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Incore {
        self.args.push(arg.as_ref().into());
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Incore {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// Launched by the oracle, for example as another user: `["as", "65534"]`. The outermost comes first.
    pub(crate) fn through(mut self, condition: [&str; 2]) -> Incore {
        self.through.push(oracle::path().into());
        self.through.extend(condition.map(OsString::from));
        self.through.push("--".into());
        self
    }

    pub(crate) fn in_dir(mut self, dir: &Path) -> Incore {
        self.dir = Some(dir.into());
        self
    }

    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Incore {
        self.stdin = bytes.into();
        self
    }

    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Incore {
        self.stdout = Some(to.into());
        self
    }

    pub(crate) fn run(self) -> Ran {
        self.start().end()
    }

    /// Starts it, and does not wait for its end.
    pub(crate) fn start(self) -> Running {
        let mut command = Command::new(oracle::path());
        command.args(["within", HANGS_AFTER_SECONDS, "--"]).args(self.through);
        command.arg(binary()).args(self.args);
        // What the person at the terminal prefers must not change what the tests see.
        command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").env_remove("COLUMNS");
        if let Some(dir) = self.dir {
            command.current_dir(dir);
        }
        command.stdin(Stdio::piped()).stdout(self.stdout.unwrap_or_else(Stdio::piped)).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        // A command that never reads its input has closed it; that is not for this to judge.
        let _ = child.stdin.take().expect("piped").write_all(&self.stdin);
        Running { stderr: BufReader::new(child.stderr.take().expect("piped")), said: String::new(), child }
    }
}

/// A run that goes on.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    /// Waits until a line of standard error has these words.
    #[track_caller]
    pub(crate) fn until_it_says(&mut self, words: &str) {
        let mut from = self.said.len();
        while !self.said[from..].contains(words) {
            from = self.said.len();
            let read = self.stderr.read_line(&mut self.said).expect("text");
            assert!(read > 0, "it ended and never said {words:?}: {}", self.said);
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the oracle sees so many pages of the file in memory, which must come before the end.
    #[track_caller]
    pub(crate) fn until_resident(&mut self, file: &Path, pages: u64) {
        while oracle::resident(file) < pages {
            let ended = self.child.try_wait().expect("our child");
            assert!(ended.is_none(), "it ended, and {} was not loaded", file.display());
        }
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("our child").is_some()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: i32) {
        let pid = libc::pid_t::try_from(self.pid()).expect("a process");
        // SAFETY: takes numbers only; the child was not waited for, so that its number is nobody else's.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0, "it can be sent a signal");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        let reader = self.child.stdout.take().map(|mut stdout| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).map(|_| bytes)
            })
        });
        let mut stderr = std::mem::take(&mut self.said).into_bytes();
        self.stderr.read_to_end(&mut stderr).expect("it speaks");
        let stdout = reader.map(|reader| reader.join().expect("a reader").expect("it writes"));
        let status = self.child.wait().expect("the command ends");
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ran { status, stdout: stdout.unwrap_or_default(), stderr }
    }
}

/// A test that fails leaves nothing behind.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of it.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// The exit status; a command that died of a signal fails the test.
    pub(crate) fn code(&self) -> i32 {
        let signal = self.status.signal();
        self.status.code().unwrap_or_else(|| panic!("died of signal {signal:?}: {}", self.stderr))
    }

    /// Demands this exit status.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code(), code, "stderr: {}\nstdout: {}", self.stderr, self.text());
        self
    }

    /// Demands success and silence on standard error.
    #[track_caller]
    pub(crate) fn cleanly(self) -> Ran {
        let ran = self.exits(0);
        assert_eq!(ran.stderr, "", "a clean run has nothing to say");
        ran
    }

    /// Demands that standard error says this.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Ran {
        assert!(self.stderr.contains(words), "not {words:?} on stderr: {}", self.stderr);
        self
    }

    /// Standard output, of which the test knows that it is text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The ndjson records of standard output; a line that is not valid JSON fails the test.
    pub(crate) fn records(&self) -> Records {
        let lines = self.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let parse = |line: &[u8]| {
            serde_json::from_slice(line)
                .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(line)))
        };
        Records(lines.map(parse).collect())
    }
}

/// The records of one run.
pub(crate) struct Records(pub(crate) Vec<Value>);

impl Records {
    /// The records of this type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().filter(|record| record["type"] == kind).collect()
    }

    /// The only record of this type.
    #[track_caller]
    pub(crate) fn only(&self, kind: &str) -> &Value {
        let found = self.of_type(kind);
        assert_eq!(found.len(), 1, "one {kind} record among {:?}", self.0);
        found[0]
    }

    /// The paths of the records of this type, sorted.
    pub(crate) fn paths(&self, kind: &str) -> Vec<&str> {
        let mut paths: Vec<&str> =
            self.of_type(kind).iter().filter_map(|record| record["path"].as_str()).collect();
        paths.sort_unstable();
        paths
    }
}

/// A number of a record.
#[track_caller]
pub(crate) fn number(record: &Value, field: &str) -> u64 {
    record[field].as_u64().unwrap_or_else(|| panic!("{field} is no count: {record}"))
}
