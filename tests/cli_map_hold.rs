//! `mmapio map --hold`: what others see of the mapping, and how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::command::{binary, mmapio, number};
use support::scratch::Scratch;
use support::{needs_root, oracle, report};

const SIZE: u64 = 1 << 20;

/// One that holds a file.
struct Holding {
    child: Child,
    stdout: BufReader<ChildStdout>,
    record: Value,
}

/// Starts it, and reads the line that it says once it holds the file.
fn hold(options: &[&str], path: &Path) -> Holding {
    let mut command = Command::new(oracle::path());
    command
        .args(["within", "240", "--"])
        .arg(binary())
        .args(["map", "--format", "json"])
        .args(options)
        .arg(path);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let record = serde_json::from_str(&line).unwrap();
    Holding { child, stdout, record }
}

impl Holding {
    /// What the kernel says of the mapping: fields of smaps, in KiB; and its flags.
    fn smaps(&self) -> Vec<(String, String)> {
        let smaps = std::fs::read_to_string(format!("/proc/{}/smaps", number(&self.record, "pid"))).unwrap();
        let start = format!("{:x}-", number(&self.record, "address"));
        let ours = smaps.lines().skip_while(|line| !line.starts_with(&start));
        let fields = ours.skip(1).take_while(|line| line.split(' ').next().unwrap().ends_with(':'));
        fields
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect()
    }

    fn field(&self, name: &str) -> String {
        self.smaps().into_iter().find(|(field, _)| field == name).expect("the mapping is there").1
    }

    fn bytes(&self, name: &str) -> u64 {
        self.field(name).split(' ').next().unwrap().parse::<u64>().unwrap() * 1024
    }

    fn signal(&self, signal: i32) {
        // SAFETY: takes numbers only; the child was not waited for, so that its number is nobody else's.
        assert_eq!(unsafe { libc::kill(i32::try_from(self.child.id()).unwrap(), signal) }, 0);
    }

    /// Demands that it ends with this exit status and says no more; what it said on standard error.
    #[track_caller]
    fn ends(mut self, code: i32) -> String {
        let (mut rest, mut said) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(rest, "", "it says one line");
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{said}");
        said
    }
}

impl Drop for Holding {
    /// A failing test leaves no process behind. Errors here mean that it has ended already.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn others_see_the_mapping_where_it_says() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", SIZE);
    let page = oracle::page_size();
    for (options, offset, length) in [
        (&["--hold", "1h"][..], 0, SIZE),
        (&["--hold", "1h", "--range", "64K+100"], 65_536, 100),
        (&["--hold", "1h", "--range", "65537"], 65_537, SIZE - 65_537),
    ] {
        let holding = hold(options, &path);
        let record = &holding.record;
        assert_eq!((&record["type"], &record["version"]), (&"held".into(), &1.into()));
        assert_eq!(number(record, "pid"), u64::from(holding.child.id()));
        assert_eq!((number(record, "offset"), number(record, "length")), (offset, length), "{record}");
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", number(record, "pid"))).unwrap();
        let line = maps.lines().find(|line| line.ends_with(path.to_str().unwrap())).unwrap();
        let address = number(record, "address");
        assert!(line.starts_with(&format!("{:x}-", address - address % page)), "{line}: {record}");
        assert!(line.contains(&format!(" r--s {:08x} ", offset - offset % page)), "{line}");
        holding.signal(libc::SIGINT);
        assert_eq!(holding.ends(130), "");
    }
}

#[test]
fn what_was_asked_for_is_seen_in_smaps() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", SIZE);
    let plain = hold(&["--hold", "1h"], &path);
    assert_eq!((plain.bytes("Rss"), plain.bytes("Locked")), (0, 0));
    let populated = hold(&["--hold", "1h", "--populate", "--advice", "random"], &path);
    assert_eq!(populated.bytes("Size"), SIZE);
    assert!(
        populated.bytes("Rss") > SIZE / 2,
        "most of it, whatever was reclaimed: {}",
        populated.field("Rss")
    );
    assert!(populated.field("VmFlags").split(' ').any(|flag| flag == "rr"), "{}", populated.field("VmFlags"));
    assert_eq!(
        (&populated.record["advice"], &populated.record["populated"]),
        (&"random".into(), &true.into())
    );
    for holding in [plain, populated] {
        holding.signal(libc::SIGTERM);
        assert_eq!(holding.ends(143), "");
    }
    // The kernel counts what is locked in shares of those who have it.
    let locked = hold(&["--hold", "1h", "--lock"], &path);
    assert_eq!((locked.bytes("Locked"), locked.bytes("Rss")), (SIZE, SIZE));
    assert!(locked.field("VmFlags").split(' ').any(|flag| flag == "lo"), "{}", locked.field("VmFlags"));
    assert_eq!(oracle::resident(&path), oracle::pages(SIZE), "what is locked stays");
    locked.signal(libc::SIGINT);
    assert_eq!(locked.ends(130), "");
}

#[test]
fn it_ends_when_its_time_is_over_and_sleeps_until_then() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", 100);
    let (start, holding) = (Instant::now(), hold(&["--hold", "1.5s"], &path));
    let pid = holding.child.id();
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split(' ').map(str::to_owned).collect();
        fields.iter().skip(12).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
    };
    let before = ticks();
    let mut after = before;
    while start.elapsed() < Duration::from_millis(1200) {
        std::thread::park_timeout(Duration::from_millis(100));
        after = ticks();
    }
    assert!(after - before < 20, "it used the processor for {} ticks", after - before);
    assert_eq!(holding.ends(0), "");
    assert!(start.elapsed() >= Duration::from_millis(1500), "it ended too early");
    let ran = mmapio(["map", "--hold=1ms"]).arg(&path).run().cleanly();
    assert!(ran.text().contains(" holds 100 bytes from offset 0 at 0x"), "{}", ran.text());
}

#[test]
fn a_file_that_is_truncated_meanwhile_does_not_end_it() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", SIZE);
    for options in [&["--hold", "1h"][..], &["--hold", "1h", "--populate"], &["--hold", "1h", "--lock"]] {
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(SIZE).unwrap();
        let holding = hold(options, &path);
        file.set_len(5).unwrap();
        assert_eq!(holding.bytes("Size"), SIZE, "it is there");
        holding.signal(libc::SIGINT);
        let said = holding.ends(130);
        assert!(said.contains("was truncated from 1048576 to 5 bytes meanwhile"), "{said}");
    }
}

#[test]
fn what_cannot_be_held_is_named() {
    let scratch = Scratch::on_disk();
    let path = scratch.file("file", SIZE);
    for (options, path, code, words) in [
        (&["--hold", "1ms"][..], scratch.path(), 1, "is a directory"),
        (&["--hold", "1ms"], Path::new("/proc/version"), 1, "is on procfs"),
        (&["--hold", "1ms"], Path::new("/no/such/file"), 1, "open: No such file or directory"),
        (&["--hold", "1ms", "--range", "1G"], &path, 1, "begins at 1073741824, and the file ends at 1048576"),
        (&["--hold", "1ms", "--range", "1G+4K"], &path, 1, "begins at 1073741824"),
        (&["--hold", "soon"], &path, 2, "`soon` is no duration"),
        (&["--hold", "1ms", "--advice", "nonsense"], &path, 2, "nonsense"),
        (&["--hold", "1ms", "--advice", "noreuse"], &path, 2, "no advice about a mapping"),
        (&["--lock"], &path, 2, "--hold"),
    ] {
        mmapio(["map"]).args(options).arg(path).run().exits(code).says(words);
    }
    let empty = scratch.file("empty", 0);
    mmapio(["map", "--hold", "1ms"]).arg(&empty).run().cleanly();
    let full = File::options().write(true).open("/dev/full").unwrap();
    mmapio(["map", "--hold", "1h"]).arg(&path).stdout(full).run().exits(1).says("No space left on device");
}

#[test]
fn a_limit_on_locked_memory_is_named() {
    let outcome = needs_root().map(|()| {
        let scratch = Scratch::on_disk();
        let path = scratch.file("file", SIZE);
        let script = "ulimit -l 64; exec \"$@\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(oracle::path()).args(["as", "65534", "--"]).arg(binary());
        let ran = shell
            .args(["map", "--hold", "1ms", "--lock", "file"])
            .current_dir(scratch.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(
            said.contains("file: RLIMIT_MEMLOCK: 65536 bytes may be locked, 1048576 more were wanted"),
            "{said}"
        );
        drop(path);
    });
    report("a_limit_on_locked_memory_is_named", outcome);
}
