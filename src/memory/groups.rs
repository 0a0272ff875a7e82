//! The memory cgroups of this process, from its own up to the highest that is to be seen.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::memory::MemoryLimit;
use crate::sys::{self, errno};

/// Which files of a group say what, in one version of cgroups.
#[derive(Debug)]
struct Version {
    /// There is one hierarchy for all controllers, not one for each.
    unified: bool,
    limits: &'static [&'static str],
    usage: &'static str,
    /// What of the usage the kernel takes back before it refuses, as `memory.stat` names it.
    reclaimable: &'static [&'static str],
}

/// `total_` is with the groups below, as the usage is.
const V1: Version = Version {
    unified: false,
    limits: &["memory.limit_in_bytes"],
    usage: "memory.usage_in_bytes",
    reclaimable: &["total_inactive_file", "total_active_file"],
};

const V2: Version = Version {
    unified: true,
    limits: &["memory.max", "memory.high"],
    usage: "memory.current",
    reclaimable: &["inactive_file", "active_file", "slab_reclaimable"],
};

/// Version 1 says "no limit" with the largest multiple of the page size there is.
const NO_LIMIT: u64 = 1 << 62;

/// Where a hierarchy of groups is mounted, and which group is its root there.
#[derive(Debug)]
struct Mount {
    root: PathBuf,
    point: PathBuf,
}

/// A group: where its files are, and what it is called.
#[derive(Debug)]
struct Group {
    directory: PathBuf,
    name: PathBuf,
}

/// The limits of all groups that this process is in, in either version: a machine may have both.
pub(super) fn limits(root: &Path) -> Result<Vec<MemoryLimit>> {
    let groups = bytes(&root.join("proc/self/cgroup"))?.unwrap_or_default();
    let mounts = bytes(&root.join("proc/self/mountinfo"))?.unwrap_or_default();
    let mut limits = Vec::new();
    for version in [&V1, &V2] {
        let Some(path) = lines(&groups).find_map(|line| own_group(line, version)) else { continue };
        let mounts: Vec<_> = lines(&mounts).filter_map(|line| mount(line, version, root)).collect();
        add_limits(&best_chain(&mounts, &path), version, &mut limits)?;
    }
    Ok(limits)
}

/// The group in a line `ID:CONTROLLERS:PATH` of /proc/self/cgroup, if it is the one that limits memory.
fn own_group(line: &[u8], version: &Version) -> Option<PathBuf> {
    let mut fields = line.splitn(3, |byte| *byte == b':');
    let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    let is_ours = match version.unified {
        true => number == b"0" && controllers.is_empty(),
        false => has_item(controllers, b"memory"),
    };
    is_ours.then(|| sys::os_str(path).into())
}

/// The mount in a line of /proc/self/mountinfo, if it shows the groups that limit memory:
/// `ID PARENT DEVICE ROOT POINT OPTIONS TAGS… - TYPE SOURCE OPTIONS`.
fn mount(line: &[u8], version: &Version, root: &Path) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let (shown, point) = (fields.nth(3)?, fields.next()?);
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let (kind, options) = (rest.next()?, rest.nth(1)?);
    let is_ours = match version.unified {
        true => kind == b"cgroup2",
        false => kind == b"cgroup" && has_item(options, b"memory"),
    };
    is_ours.then(|| Mount { root: path_of(shown), point: below(root, &path_of(point)) })
}

/// The groups on the way up through the mount that shows the most of it. When none shows the group of this process, the
/// root of a mount is what there is: so it is in a container, whose own group is mounted as if it were the root.
fn best_chain(mounts: &[Mount], path: &Path) -> Vec<Group> {
    let chains = mounts.iter().filter_map(|mount| chain(mount, path));
    let best = chains.max_by_key(Vec::len);
    best.or_else(|| Some(vec![mounts.last()?.group(Path::new(""))])).unwrap_or_default()
}

/// The groups from `path` up to the root of the mount, if the mount shows it.
fn chain(mount: &Mount, path: &Path) -> Option<Vec<Group>> {
    let inside = path.strip_prefix(&mount.root).ok()?;
    // From inside a cgroup namespace a group outside is called `/../other`.
    let is_shown = !inside.components().any(|part| part == Component::ParentDir);
    is_shown.then(|| inside.ancestors().map(|inside| mount.group(inside)).collect())
}

impl Mount {
    fn group(&self, inside: &Path) -> Group {
        Group { directory: below(&self.point, inside), name: below(&self.root, inside) }
    }
}

fn add_limits(chain: &[Group], version: &Version, limits: &mut Vec<MemoryLimit>) -> Result<()> {
    for (above, group) in chain.iter().enumerate() {
        if above > 0 && !group.counts_what_is_below()? {
            break;
        }
        for file in version.limits {
            limits.extend(group.limit(file, version)?);
        }
    }
    Ok(())
}

impl Group {
    /// Before Linux 5.11 groups of version 1 were limited by those above only when these said so.
    fn counts_what_is_below(&self) -> Result<bool> {
        Ok(number(&self.directory.join("memory.use_hierarchy"))? != Some(0))
    }

    fn limit(&self, file: &str, version: &Version) -> Result<Option<MemoryLimit>> {
        let limit = number(&self.directory.join(file))?.filter(|limit| *limit < NO_LIMIT);
        let Some(limit) = limit else { return Ok(None) };
        let available = limit.saturating_sub(self.unreclaimable(version)?);
        Ok(Some(MemoryLimit {
            available,
            limit: Some(limit),
            source: format!("{file} of {}", self.name.display()),
        }))
    }

    /// The bytes that are in use here and below, and stay so.
    fn unreclaimable(&self, version: &Version) -> Result<u64> {
        let usage = number(&self.directory.join(version.usage))?.unwrap_or(0);
        let stat = bytes(&self.directory.join("memory.stat"))?.unwrap_or_default();
        let reclaimable = lines(&stat).filter_map(|line| statistic(line, version.reclaimable)).sum();
        Ok(usage.saturating_sub(reclaimable))
    }
}

/// The number in a line `NAME NUMBER`, if it is one of these.
fn statistic(line: &[u8], names: &[&str]) -> Option<u64> {
    let (name, number) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    names.contains(&name).then(|| number.parse().ok())?
}

/// The number that a file holds; none when it is not there, or says something else, such as `max`.
fn number(file: &Path) -> Result<Option<u64>> {
    let text = bytes(file)?;
    Ok(text.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse().ok()))
}

/// What a file holds; none when it is not there, is not for us to see, or its group is being removed.
fn bytes(file: &Path) -> Result<Option<Vec<u8>>> {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) => Ok(None),
        Err(error) if error.raw_os_error() == Some(errno::ENODEV) => Ok(None),
        Err(error) => Err(Error::system("read", error).with_path(file)),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// Whether a comma-separated list has this item.
fn has_item(list: &[u8], item: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|one| one == item)
}

/// `path`, absolute or not, taken below `root`.
fn below(root: &Path, path: &Path) -> PathBuf {
    let path = path.strip_prefix("/").unwrap_or(path);
    // Joined to nothing, it would get a slash at its end.
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// A path as mountinfo writes it: space, tab, newline and backslash as three octal digits.
fn path_of(field: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = if *byte == b'\\' { after.split_first_chunk().and_then(octal) } else { None };
        let (byte, after) = escaped.unwrap_or((*byte, after));
        path.push(byte);
        rest = after;
    }
    sys::os_str(&path).into()
}

/// The byte of three octal digits, and what comes after them.
fn octal<'a>((digits, after): (&[u8; 3], &'a [u8])) -> Option<(u8, &'a [u8])> {
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u8::from_str_radix(digits, 8).ok()?, after))
}
