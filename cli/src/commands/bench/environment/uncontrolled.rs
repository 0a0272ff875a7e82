//! What moves the numbers and is not held still; and all of it in few lines.

use super::Environment;
use super::root::Root;
use crate::render::table::size;

/// Filesystems whose files are elsewhere.
const REMOTE: [&str; 10] =
    ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "virtiofs", "lustre", "glusterfs"];
/// Filesystems in memory.
const IN_MEMORY: [&str; 3] = ["tmpfs", "ramfs", "hugetlbfs"];
/// Files that say whether the kernel takes idle pages away before memory is short.
const RECLAIM: &str = "/sys/module/damon_reclaim/parameters/enabled";
const DAMONS: &str = "/sys/kernel/mm/damon/admin/kdamonds";

/// What is looked at only for this.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// What watches which pages are in use, if anything does, may reclaim those that are not.
    pub(super) damon: bool,
}

impl Signs {
    pub(super) fn look(root: &Root) -> Self {
        let is_on = |name: &String| root.line(format!("{DAMONS}/{name}/state")).as_deref() == Some("on");
        let reclaims = root.line(RECLAIM).as_deref() == Some("Y");
        Self { damon: reclaims || root.names(DAMONS).iter().any(is_on) }
    }
}

/// The honest lines.
pub(super) fn lines(environment: &Environment, signs: &Signs, file_size: u64) -> Vec<String> {
    let said = [
        behind(environment),
        host(environment),
        device(environment),
        signs.damon.then(|| {
            "reclaim in the background: DAMON is on, and may take idle pages away while it is measured".to_owned()
        }),
        large(environment, file_size),
        Some(frequency(environment)),
        Some("other processes: they share processors, memory and device; the load before and after is all that is known of them".to_owned()),
    ];
    said.into_iter().flatten().collect()
}

fn is_in_memory(environment: &Environment) -> bool {
    environment.filesystem.as_deref().is_some_and(|kind| IN_MEMORY.contains(&kind))
}

/// What is between this filesystem and a device.
fn behind(environment: &Environment) -> Option<String> {
    let kind = environment.filesystem.as_deref()?;
    let said = match kind {
        "overlay" => {
            "the layers below: which filesystem and device the file is on cannot be seen through overlayfs"
        }
        _ if kind.starts_with("fuse") => {
            "the FUSE server: it may keep what it gave, so that what is cold here may be in its memory"
        }
        _ if REMOTE.contains(&kind) => {
            "the server: it may have in its memory what is cold here, and the network is shared"
        }
        _ if environment.device.as_ref()?.name.starts_with("loop") => {
            "the file below the loop device: it may be in memory while what is in it is cold"
        }
        _ => return None,
    };
    Some(said.to_owned())
}

fn host(environment: &Environment) -> Option<String> {
    let is_own = environment.virtualization.as_deref() == Some("none");
    (!is_own && environment.virtualization.is_some() && !is_in_memory(environment)).then(|| {
        "the host's cache: behind a virtual disk, what is cold here may come from the host's memory"
            .to_owned()
    })
}

fn device(environment: &Environment) -> Option<String> {
    (!is_in_memory(environment)).then(|| {
        "the device's cache: what was dropped here may still be in the device's own memory".to_owned()
    })
}

/// A file that does not fit cannot be warm.
fn large(environment: &Environment, file_size: u64) -> Option<String> {
    let room = environment.memory_available.into_iter().chain(environment.memory_limit).min()?;
    (file_size > room).then(|| {
        format!(
            "memory: the file is larger than the {} that are to be had, so its own pages push each other out",
            size(room, false)
        )
    })
}

fn frequency(environment: &Environment) -> String {
    let is_own = environment.virtualization.as_deref() == Some("none");
    match (&environment.governor, is_own) {
        (Some(governor), _) => format!(
            "the processors' frequency: it is chosen by the governor {governor}, heat and what the other cores do"
        ),
        (None, true) => "the processors' frequency: how it is chosen cannot be seen".to_owned(),
        (None, false) => {
            "the processors: their frequency cannot be seen from here, and other guests may run on them"
                .to_owned()
        }
    }
}

/// The environment in a few lines.
pub(super) fn summary(environment: &Environment) -> Vec<String> {
    let said = [machine(environment), storage(environment), memory(environment), not_controlled(environment)];
    said.into_iter().filter(|line| !line.is_empty()).collect()
}

fn joined(words: impl IntoIterator<Item = Option<String>>) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn machine(environment: &Environment) -> String {
    let kernel = environment.kernel.as_ref().map(|kernel| {
        format!("kernel {kernel} {}", environment.architecture.as_deref().unwrap_or("")).trim_end().to_owned()
    });
    let cpus = environment.cpus.map_or(String::new(), |cpus| format!("{cpus} × "));
    let cpu = environment.cpu.as_ref().map(|cpu| format!("{cpus}{cpu}"));
    let guest = environment.virtualization.clone().filter(|kind| kind != "none");
    joined([kernel, cpu, guest.map(|kind| format!("guest of {kind}"))])
}

fn storage(environment: &Environment) -> String {
    let place = environment.filesystem.as_ref().map(|kind| match &environment.device {
        Some(device) => format!("{kind} on {}", device.name),
        None => kind.clone(),
    });
    let place = place.or_else(|| environment.device.as_ref().map(|device| device.name.clone()));
    let scheduler = environment.device.as_ref().and_then(|device| device.scheduler.as_ref());
    joined([
        place,
        scheduler.map(|scheduler| format!("scheduler {scheduler}")),
        environment.read_ahead.map(|bytes| format!("read-ahead {}", size(bytes, false))),
        environment.thp.as_ref().map(|thp| format!("huge pages {thp}")),
    ])
}

fn memory(environment: &Environment) -> String {
    let memory = environment.memory.map(|bytes| format!("memory {}", size(bytes, false)));
    let available = environment.memory_available.map(|bytes| format!("{} available", size(bytes, false)));
    let source = environment.memory_limit_source.as_deref().unwrap_or("a control group");
    let limit = environment.memory_limit.map(|bytes| format!("limit {} ({source})", size(bytes, false)));
    let load = environment.load_before.zip(environment.load_after);
    let load = load.map(|([before, ..], [after, ..])| format!("load {before:.2} → {after:.2}"));
    joined([memory, available, limit, load])
}

/// Only what it is: what it does is in the other formats.
fn not_controlled(environment: &Environment) -> String {
    let names = environment
        .not_controlled
        .iter()
        .map(|line| line.split_once(':').map_or(line.as_str(), |(name, _)| name));
    let names = names.collect::<Vec<_>>().join(", ");
    if names.is_empty() { names } else { format!("not controlled: {names}") }
}
