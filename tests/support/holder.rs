//! A running `mmapio lock`, and what can be seen of it from outside.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::command::{Ran, binary};
use super::oracle;

/// No run takes nearly as long; one that does hangs, and is ended by SIGALRM.
const HANGS_AFTER_SECONDS: &str = "240";

/// What has not happened after this time does not.
const NEVER: Duration = Duration::from_secs(60);

/// A command to be.
pub(crate) struct Lock {
    args: Vec<OsString>,
    through: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
}

/// `mmapio lock` with these arguments.
pub(crate) fn lock<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Lock {
    Lock {
        args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
        through: Vec::new(),
        envs: Vec::new(),
        dir: None,
    }
}

impl Lock {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Lock {
        self.args.push(arg.as_ref().into());
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Lock {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Launched by another program; the outermost comes first.
    pub(crate) fn through<S: AsRef<OsStr>>(mut self, launcher: impl IntoIterator<Item = S>) -> Lock {
        self.through.extend(launcher.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Lock {
        self.envs.push((name.into(), value.as_ref().into()));
        self
    }

    pub(crate) fn in_dir(mut self, dir: &Path) -> Lock {
        self.dir = Some(dir.into());
        self
    }

    /// Starts it; what it says is there when it has ended.
    pub(crate) fn start(self) -> Holder {
        let mut command = Command::new(oracle::path());
        command.args(["within", HANGS_AFTER_SECONDS, "--"]).args(self.through);
        command.arg(binary()).arg("lock").args(self.args).envs(self.envs);
        command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
        command.current_dir(self.dir.as_deref().unwrap_or(Path::new(".")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut pipe = child.stderr.take().expect("piped");
        let stderr = std::thread::spawn(move || {
            let mut said = Vec::new();
            pipe.read_to_end(&mut said).expect("a pipe can be read");
            String::from_utf8_lossy(&said).into_owned()
        });
        Holder { child, stdout, stderr: Some(stderr), said: Vec::new() }
    }

    /// Starts it and waits until all is locked.
    pub(crate) fn held(self) -> Holder {
        let mut holder = self.start();
        assert!(holder.line().contains("locked"), "it says that it is ready");
        holder
    }

    /// Runs one that ends by itself.
    pub(crate) fn run(self) -> Ran {
        self.start().end()
    }
}

/// A running command.
pub(crate) struct Holder {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<String>>,
    said: Vec<u8>,
}

impl Holder {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it says; waits for it.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it speaks UTF-8");
        self.said.extend(line.as_bytes());
        if line.is_empty() {
            let ran = self.ended();
            panic!("it ended: {} {}", ran.status, ran.stderr);
        }
        line
    }

    /// Whether it says that it is ready, and does not end instead.
    pub(crate) fn ready(&mut self) -> bool {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it speaks UTF-8");
        line.contains("locked")
    }

    /// The next record of a change to this file, whose kind is one of these.
    #[track_caller]
    pub(crate) fn change(&mut self, path: &Path, kinds: &[&str]) -> Value {
        loop {
            let record: Value = serde_json::from_str(&self.line()).expect("a record");
            let kind = record["change"].as_str().unwrap_or_default();
            if record["path"] == path.to_str().expect("UTF-8") && kinds.contains(&kind) {
                return record;
            }
        }
    }

    /// The process that holds the locks.
    pub(crate) fn worker(&self) -> u32 {
        let pid = self.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it runs");
        children.trim().parse().expect("one child")
    }

    /// Bytes of this file that are locked, as the kernel counts them.
    pub(crate) fn locked_bytes(&self, file: &Path) -> u64 {
        let smaps = std::fs::read_to_string(format!("/proc/{}/smaps", self.worker())).expect("it runs");
        let mut ours = false;
        let mut kilobytes = 0;
        for line in smaps.lines() {
            let field = line.split_whitespace().next().unwrap_or_default();
            if !field.ends_with(':') {
                ours = line.ends_with(file.to_str().expect("UTF-8"));
            } else if ours && field == "Locked:" {
                kilobytes += line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).expect("kB");
            }
        }
        kilobytes * 1024
    }

    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.id()).expect("a pid");
        // SAFETY: takes numbers only; the process is our child and not waited for yet.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0, "the process is there");
    }

    /// Sends a signal, and waits for the end.
    #[track_caller]
    pub(crate) fn ends_by(self, signal: i32) -> Ran {
        self.signal(signal);
        self.end()
    }

    /// Sends a signal, waits for the end of this process alone, and does something before its worker has to have ended.
    pub(crate) fn ends_alone_by(mut self, signal: i32, then: impl FnOnce()) -> Ran {
        self.signal(signal);
        self.child.wait().expect("it ends");
        then();
        self.ended()
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ran {
        self.ended()
    }

    fn ended(&mut self) -> Ran {
        self.stdout.read_to_end(&mut self.said).expect("a pipe can be read");
        let status = self.child.wait().expect("it ends");
        let stderr = self.stderr.take().map(|thread| thread.join().expect("it reads")).unwrap_or_default();
        Ran { status, stdout: std::mem::take(&mut self.said), stderr }
    }
}

impl Drop for Holder {
    /// A failing test leaves no process behind. Errors here mean that it has ended already.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a process is gone, or only waits to be waited for.
pub(crate) fn until_gone(pid: u32) {
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let start = Instant::now();
    while state().is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X ")) {
        assert!(start.elapsed() < NEVER, "process {pid} does not go");
        std::thread::yield_now();
    }
}
