//! Groups of processes whose memory is limited.

use std::fs;
use std::path::{Path, PathBuf};

/// A group with a limit on memory, and one below it; they go when the test ends.
pub(crate) struct Groups {
    pub(crate) outer: PathBuf,
    pub(crate) inner: PathBuf,
    /// The name of the file with the limit.
    pub(crate) file: &'static str,
}

impl Groups {
    /// Groups of this test's own, or why there can be none.
    pub(crate) fn new(test: &str, limit: u64) -> Result<Self, String> {
        let (point, file) = hierarchy()?;
        let outer = point.join(format!("mmapio-test-{}-{test}", std::process::id()));
        let groups = Self { inner: outer.join("inner"), outer, file };
        let made = fs::create_dir(&groups.outer)
            .and_then(|()| fs::create_dir(&groups.inner))
            .and_then(|()| fs::write(groups.outer.join(file), limit.to_string()));
        made.map(|()| groups).map_err(|error| format!("{}: {error}", point.display()))
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.inner);
        let _ = fs::remove_dir(&self.outer);
    }
}

/// Where groups that limit memory can be made, and the file with the limit.
fn hierarchy() -> Result<(PathBuf, &'static str), String> {
    let mounts = fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
    let found = mounts.lines().find_map(|line| limiting(&line.split(' ').collect::<Vec<_>>()));
    found.ok_or_else(|| "no mount whose groups limit memory".into())
}

fn limiting(mount: &[&str]) -> Option<(PathBuf, &'static str)> {
    let [_, point, kind, options, ..] = mount else { return None };
    let (point, memory) = (Path::new(point), |name: &str| name == "memory");
    let delegated = || fs::read_to_string(point.join("cgroup.subtree_control")).unwrap_or_default();
    match *kind {
        "cgroup" if options.split(',').any(memory) => Some((point.into(), "memory.limit_in_bytes")),
        "cgroup2" if delegated().split_whitespace().any(memory) => Some((point.into(), "memory.max")),
        _ => None,
    }
}
