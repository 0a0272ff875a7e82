//! Paths that are missing, forbidden, circular, not files, or strangely named: each is named, none stops the run.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use support::command::{Ran, ndjson, number};
use support::oracle::{self, Background};
use support::scratch::{Scratch, make_fifo};
use support::{Outcome, needs_root, report};

const NOBODY: &str = "65534";

/// The command on the path `bad` of a directory that also has a file `good`, which must be reported all the same.
fn good_and(scratch: &Scratch, bad: &str) -> Ran {
    scratch.file("good", 5000);
    ndjson(["--total", bad, "good"]).in_dir(scratch.path()).run()
}

/// Demands one line on standard error that begins with the path, one error record, and the good file.
#[track_caller]
fn assert_refused(ran: Ran, path: &str, reason: &str, errno: Option<i32>) {
    let ran = ran.exits(1).says(&format!("mmapio: {path}: ")).says(reason);
    assert_eq!(ran.stderr.lines().count(), 1, "one line: {}", ran.stderr);
    let records = ran.records();
    let error = records.only("error");
    assert_eq!(error["path"], path);
    assert!(error["call"].is_string() && error["message"].is_string(), "{error}");
    if let Some(errno) = errno {
        assert_eq!(error["errno"], errno, "{error}");
    }
    assert_eq!(records.paths("file"), ["good"]);
    assert_eq!(number(records.only("total"), "errors"), 1);
}

#[test]
fn a_missing_path_is_named() {
    let scratch = Scratch::on_disk();
    assert_refused(good_and(&scratch, "missing"), "missing", "No such file or directory", Some(libc::ENOENT));
}

#[test]
fn a_path_through_a_file_is_named() {
    let scratch = Scratch::on_disk();
    assert_refused(good_and(&scratch, "good/below"), "good/below", "Not a directory", Some(libc::ENOTDIR));
}

#[test]
fn an_empty_path_is_refused() {
    let scratch = Scratch::on_disk();
    scratch.file("good", 1);
    let ran = ndjson(["", "good"]).in_dir(scratch.path()).run();
    assert!([1, 2].contains(&ran.code()), "{}", ran.stderr);
    assert!(!ran.stderr.is_empty());
}

#[test]
fn a_forbidden_file_is_named() {
    let forbidden = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let secret = scratch.file("secret", 10);
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("own file");
        scratch.file("good", 10);
        let ran = ndjson(["--total", "secret", "good"]).through(["as", NOBODY]).in_dir(scratch.path()).run();
        assert_refused(ran, "secret", "Permission denied", Some(libc::EACCES));
        Ok(())
    };
    report("a_forbidden_file_is_named", forbidden());
}

#[test]
fn a_forbidden_directory_in_a_walk_is_named() {
    let forbidden = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        let closed = scratch.dir("tree/closed");
        scratch.file("tree/closed/secret", 10);
        scratch.file("tree/open", 10);
        std::fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("own directory");
        let ran = ndjson(["tree"]).through(["as", NOBODY]).in_dir(scratch.path()).run().exits(1);
        let ran = ran.says("mmapio: tree/closed: ").says("Permission denied");
        assert_eq!(ran.records().paths("file"), ["tree/open"]);
        assert_eq!(ran.records().only("error")["path"], "tree/closed");
        Ok(())
    };
    report("a_forbidden_directory_in_a_walk_is_named", forbidden());
}

#[test]
fn a_loop_of_directories_ends() {
    let scratch = Scratch::on_disk();
    scratch.dir("tree/sub");
    scratch.file("tree/sub/file", 4096);
    symlink("..", scratch.path().join("tree/sub/up")).expect("symbolic links");
    symlink(scratch.path().join("tree"), scratch.path().join("tree/sub/absolute")).expect("symbolic links");
    symlink(".", scratch.path().join("tree/self")).expect("symbolic links");
    let ran = ndjson(["--follow", "--total", "tree"]).in_dir(scratch.path()).run();
    assert!([0, 1].contains(&ran.code()), "{}", ran.stderr);
    assert_eq!(number(ran.records().only("total"), "files"), 1);
    assert_eq!(ran.records().of_type("file").len(), 1);
}

#[test]
fn a_link_to_itself_is_named() {
    let scratch = Scratch::on_disk();
    symlink("circle", scratch.path().join("circle")).expect("symbolic links");
    assert_refused(
        good_and(&scratch, "circle"),
        "circle",
        "Too many levels of symbolic links",
        Some(libc::ELOOP),
    );
}

#[test]
fn a_dangling_link_is_an_error_only_when_named() {
    let scratch = Scratch::on_disk();
    symlink("nowhere", scratch.path().join("dangling")).expect("symbolic links");
    assert_refused(
        good_and(&scratch, "dangling"),
        "dangling",
        "No such file or directory",
        Some(libc::ENOENT),
    );
    let walked = ndjson(["."]).in_dir(scratch.path()).run().cleanly();
    assert_eq!(walked.records().of_type("file").len(), 1);
}

#[test]
fn links_are_followed_when_named_and_not_in_a_walk() {
    let scratch = Scratch::on_disk();
    scratch.dir("elsewhere/below");
    scratch.file("elsewhere/below/outside", 10);
    scratch.dir("tree");
    scratch.file("tree/inside", 10);
    symlink("../elsewhere", scratch.path().join("tree/to-directory")).expect("symbolic links");
    symlink("../elsewhere/below/outside", scratch.path().join("tree/to-file")).expect("symbolic links");
    let seen = |args: &[&str]| {
        let records = ndjson(args).in_dir(scratch.path()).run().cleanly().records();
        records.paths("file").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seen(&["tree"]), ["tree/inside"]);
    assert_eq!(seen(&["tree/to-file"]), ["tree/to-file"]);
    assert_eq!(seen(&["tree/to-directory"]), ["tree/to-directory/below/outside"]);
    assert_eq!(seen(&["--follow", "tree"]).len(), 2, "one inside, one outside");
}

#[test]
fn a_fifo_is_refused_without_being_opened() {
    let scratch = Scratch::on_disk();
    let fifo = scratch.path().join("fifo");
    make_fifo(&fifo);
    let watch = Background::start(&[OsStr::new("watch-opens"), fifo.as_os_str()]);
    assert_refused(good_and(&scratch, "fifo"), "fifo", "is a FIFO", None);
    let walked = ndjson(["."]).in_dir(scratch.path()).run().cleanly();
    assert_eq!(walked.records().of_type("file").len(), 1, "in a walk it is passed over");
    assert_eq!(watch.stop(), 0, "opening it would wake who waits for it");
}

#[test]
fn a_waiting_writer_of_a_fifo_is_not_disturbed() {
    let scratch = Scratch::on_disk();
    let fifo = scratch.path().join("fifo");
    make_fifo(&fifo);
    let mut writer = Background::start(&[OsStr::new("fifo-writer"), fifo.as_os_str()]);
    writer.until_it_sleeps();
    assert_refused(good_and(&scratch, "fifo"), "fifo", "is a FIFO", None);
    ndjson(["."]).in_dir(scratch.path()).run().cleanly();
    // Opened for both, a FIFO does not wait: a writer that was woken before fails the test and does not hang it.
    let options = File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK).clone();
    let mut reader = options.open(&fifo).expect("own FIFO");
    assert!(writer.child().wait().expect("it ends").success(), "the writer was killed");
    let mut received = [0];
    reader.read_exact(&mut received).expect("the byte is for us");
    assert_eq!(received, *b"x");
}

#[test]
fn a_socket_is_refused() {
    let scratch = Scratch::on_disk();
    let dir = File::options()
        .read(true)
        .custom_flags(libc::O_DIRECTORY)
        .open(scratch.path())
        .expect("own directory");
    // By the descriptor, since the name of a socket must be short.
    let _listener =
        UnixListener::bind(format!("/proc/self/fd/{}/socket", dir.as_raw_fd())).expect("a socket");
    assert_refused(good_and(&scratch, "socket"), "socket", "is a socket", None);
    let walked = ndjson(["."]).in_dir(scratch.path()).run().cleanly();
    assert_eq!(walked.records().of_type("file").len(), 1, "in a walk it is passed over");
}

#[test]
fn a_character_device_is_refused() {
    let scratch = Scratch::on_disk();
    assert_refused(good_and(&scratch, "/dev/null"), "/dev/null", "is a character device", None);
}

#[test]
fn a_file_of_the_kernel_is_refused() {
    let scratch = Scratch::on_disk();
    let ran = good_and(&scratch, "/proc/self/status").exits(1).says("mmapio: /proc/self/status: ");
    assert_eq!(ran.records().paths("file"), ["good"]);
}

/// Names that a careless program prints, splits or rejects.
fn strange_names() -> Vec<OsString> {
    let text = [
        "-",
        "--",
        "--total",
        "new\nline",
        "\u{1b}[31mred\u{1b}[0m",
        "right\u{202e}txt.exe",
        "tab\there",
        " ",
        "\"',;",
    ];
    let mut names: Vec<OsString> = text.map(OsString::from).into();
    names.extend(
        [b"in\xffvalid\xc3".to_vec(), b"c1\x9b31m".to_vec(), vec![b'n'; 255]].map(OsString::from_vec),
    );
    names
}

fn strange_directory() -> Scratch {
    let scratch = Scratch::on_disk();
    for name in strange_names() {
        std::fs::write(scratch.path().join(name), "data").expect("own file");
    }
    scratch
}

/// Whether a terminal would obey any of it.
fn is_inert(output: &str) -> bool {
    let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    !output.chars().any(|c| (c.is_control() && c != '\n') || bidi(c))
}

#[test]
fn strange_names_are_files_like_any_other() {
    let scratch = strange_directory();
    for name in strange_names() {
        let args = [OsStr::new("--total"), OsStr::new("--"), &name];
        let records = ndjson(args).in_dir(scratch.path()).run().cleanly().records();
        assert_eq!(number(records.only("total"), "files"), 1, "{name:?}");
        let record = records.only("file");
        assert_eq!(record["path"].as_str(), name.to_str(), "{name:?}");
        assert_eq!(record["path_b64"].is_string(), name.to_str().is_none(), "{name:?}");
    }
}

#[test]
fn a_dash_is_a_name_without_more_ado() {
    let scratch = strange_directory();
    let records = ndjson(["-"]).in_dir(scratch.path()).run().cleanly().records();
    assert_eq!(records.paths("file"), ["-"]);
}

#[test]
fn a_table_obeys_no_name() {
    let scratch = strange_directory();
    let ran = support::command::incore(["."]).in_dir(scratch.path()).run().cleanly();
    let table = String::from_utf8(ran.stdout).expect("a table is valid text");
    assert!(is_inert(&table), "{table:?}");
    assert!(table.contains("txt.exe") && table.contains("red"), "the rest of the names is there: {table}");
}

#[test]
fn an_error_obeys_no_name() {
    let scratch = Scratch::on_disk();
    for name in strange_names() {
        let ran = ndjson([OsStr::new("--"), &name]).in_dir(scratch.path()).run().exits(1);
        assert!(is_inert(&ran.stderr), "{:?}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "one line: {:?}", ran.stderr);
    }
}

#[test]
fn a_name_that_is_too_long_is_an_error() {
    let scratch = Scratch::on_disk();
    let component = "n".repeat(256);
    assert_refused(
        good_and(&scratch, &component),
        &component,
        "File name too long",
        Some(libc::ENAMETOOLONG),
    );
    let path = "d/".repeat(3000);
    assert_refused(good_and(&scratch, &path), &path, "File name too long", Some(libc::ENAMETOOLONG));
}

#[test]
fn a_tree_deeper_than_a_path_may_be_long_is_walked() {
    let scratch = Scratch::on_disk();
    deepen(scratch.path(), 3000);
    let records = ndjson(["--total", "."]).in_dir(scratch.path()).run().cleanly().records();
    let path = records.only("file")["path"].as_str().expect("a path").to_owned();
    assert!(path.len() > 4096 && path.as_bytes().ends_with(b"/bottom"), "{path}");
    assert_eq!(number(records.only("total"), "size"), 4096);
}

/// So many directories in each other, and a file in the last.
fn deepen(dir: &Path, levels: u64) {
    let mut oracle = std::process::Command::new(oracle::path());
    let made = oracle.args(["deep", &levels.to_string(), "directory"]).current_dir(dir).status();
    assert!(made.expect("the oracle starts").success());
}
