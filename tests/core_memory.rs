//! The limits that a process in a real memory cgroup sees.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a group that cannot be made fails the test")]

#[path = "support/groups.rs"]
mod groups;

use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::Command;

use groups::Groups;
use mmapio_core::memory_limits;

const MIB: u64 = 1 << 20;
const LIMIT: u64 = 64 * MIB;

/// What files are written of.
const BLOCK: &[u8] = &[1; 1 << 20];

/// Tells the child how many bytes it is to use of its own.
const BALLAST: &str = "MMAPIO_TEST_BALLAST";

/// Tells it how many bytes of a file are to be in memory.
const CACHE: &str = "MMAPIO_TEST_CACHE";

/// The room that a child in `group` with so much memory of its own and of a file sees under the limit from this source.
fn room(group: &Path, ballast: u64, cache: u64, source: &str) -> u64 {
    let child = Command::new("sh")
        .args(["-c", r#"echo $$ > "$1" && shift && exec "$@""#, "sh"])
        .arg(group.join("cgroup.procs"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "what_a_child_sees", "--nocapture"])
        .env(BALLAST, ballast.to_string())
        .env(CACHE, cache.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{text}{}", String::from_utf8_lossy(&child.stderr));
    let end = format!(" {LIMIT} {source}");
    let found = text.lines().find_map(|line| line.strip_prefix("LIMIT ")?.strip_suffix(&end));
    found.unwrap_or_else(|| panic!("no{end} in {text}")).parse().unwrap()
}

fn told(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// The child's part: it prints its limits, the one that leaves least first.
#[test]
fn what_a_child_sees() {
    let (Some(ballast), Some(cache)) = (told(BALLAST), told(CACHE)) else { return };
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    (0..cache / BLOCK.len()).for_each(|_| file.write_all(BLOCK).unwrap());
    let ballast = vec![1_u8; ballast];
    let limits = memory_limits().unwrap();
    assert!(std::hint::black_box(&ballast).iter().all(|byte| *byte == 1));
    assert!(limits.is_sorted_by_key(|limit| limit.available));
    for limit in limits {
        let bytes = limit.limit.unwrap_or_default();
        writeln!(stdout(), "\nLIMIT {} {bytes} {}", limit.available, limit.source).unwrap();
    }
}

#[test]
fn a_child_sees_the_limit_above_its_group_and_what_it_uses() {
    let groups = match Groups::new("limits", LIMIT) {
        Ok(groups) => groups,
        Err(reason) => return writeln!(stderr(), "SKIP a_child_sees_the_limit: {reason}").unwrap(),
    };
    let name = groups.outer.file_name().unwrap().to_str().unwrap();
    let source = format!("{} of /{name}", groups.file);
    let room = |ballast, cache| room(&groups.inner, ballast, cache, &source);
    let free = room(0, 0);
    assert!((LIMIT / 2..=LIMIT).contains(&free), "{free} of {LIMIT} bytes");
    let used = room(24 * MIB, 0);
    assert!((LIMIT / 4..=LIMIT - 24 * MIB).contains(&used), "{used} of {LIMIT} bytes, with 24 MiB in use");
    let cached = room(0, 40 * MIB);
    assert!(
        (LIMIT / 2..=LIMIT).contains(&cached),
        "{cached} of {LIMIT} bytes, with 40 MiB of a file in memory"
    );
    let outer = groups.outer.clone();
    drop(groups);
    assert!(!outer.exists(), "{} stays", outer.display());
}
