//! The filesystem a file is on, and the device below it.

use std::path::Path;

use mmapio_core::{FileKind, OpenFile};
use serde::{Deserialize, Serialize};

use super::mounts::{self, Mount};
use super::root::Root;
use super::{Environment, descriptor};

/// A block device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::commands::bench) struct Device {
    /// `sda1`, with what it is made of: `dm-0 on sda1, sdb1`.
    pub(in crate::commands::bench) name: String,
    pub(in crate::commands::bench) model: Option<String>,
    pub(in crate::commands::bench) rotational: Option<bool>,
    pub(in crate::commands::bench) scheduler: Option<String>,
}

/// Adds what is known of where the file is.
pub(super) fn add(environment: &mut Environment, root: &Root, file: &OpenFile) {
    if file.kind() == FileKind::BlockDevice {
        // The filesystem is the one its name is in, which is not what is read.
        let number = descriptor::device_number(file);
        let place = number.and_then(|number| Place::of_number(root, &number));
        return add_device(environment, root, place.as_ref(), None);
    }
    let table = root.text("/proc/self/mountinfo");
    let mount = table.zip(descriptor::mount_id(file)).and_then(|(table, id)| mounts::find(&table, id));
    let known = file.filesystem_name().map(str::to_owned);
    // The table tells ext3 from ext4, and one FUSE from another.
    environment.filesystem = mount.as_ref().map(|mount| mount.kind.clone()).or(known);
    environment.mount_point = mount.as_ref().map(|mount| mount.point.clone());
    environment.mount_options = mount.as_ref().map(|mount| mount.options.clone());
    let place = mount.as_ref().and_then(|mount| Place::of_mount(root, mount));
    add_device(environment, root, place.as_ref(), mount.as_ref());
}

fn add_device(environment: &mut Environment, root: &Root, place: Option<&Place>, mount: Option<&Mount>) {
    environment.device = place.map(|place| place.device());
    environment.read_ahead = mount
        .and_then(|mount| root.kibibytes(format!("/sys/class/bdi/{}/read_ahead_kb", mount.device)))
        .or_else(|| place.and_then(|place| place.read_ahead(root, mount)));
}

/// A block device in sysfs.
#[derive(Debug)]
pub(super) struct Place {
    name: String,
    /// Of the device itself.
    own: Root,
    /// Of the disk it is a part of, which has the queue.
    disk: Root,
}

impl Place {
    pub(super) fn of_number(root: &Root, number: &str) -> Option<Self> {
        Self::at(&root.path(format!("/sys/dev/block/{number}")))
    }

    /// Filesystems on several devices have a number of their own, and name one of the devices.
    pub(super) fn of_mount(root: &Root, mount: &Mount) -> Option<Self> {
        Self::of_number(root, &mount.device).or_else(|| Self::of_name(root, &mount.source))
    }

    fn of_name(root: &Root, source: &str) -> Option<Self> {
        let source = Path::new(source).strip_prefix("/dev").ok()?;
        // Names of volumes are links.
        let device = std::fs::canonicalize(root.path("/dev").join(source)).ok()?;
        Self::at(&root.path("/sys/class/block").join(device.file_name()?))
    }

    fn at(path: &Path) -> Option<Self> {
        let own = std::fs::canonicalize(path).ok()?;
        let name = own.file_name()?.to_string_lossy().into_owned();
        let disk = if own.join("partition").exists() { own.parent()? } else { &own };
        Some(Self { name, disk: Root::at(disk), own: Root::at(&own) })
    }

    pub(super) fn device(&self) -> Device {
        let below = self.own.names("slaves");
        let name = match below.is_empty() {
            true => self.name.clone(),
            false => format!("{} on {}", self.name, below.join(", ")),
        };
        Device {
            name,
            model: self.disk.line("device/model"),
            rotational: self.disk.line("queue/rotational").map(|word| word == "1"),
            scheduler: self.disk.chosen("queue/scheduler"),
        }
    }

    /// A partition has that of its disk; btrfs has one of its own.
    pub(super) fn read_ahead(&self, root: &Root, mount: Option<&Mount>) -> Option<u64> {
        if mount.is_some_and(|mount| mount.kind == "btrfs") {
            return self.read_ahead_of_btrfs(root);
        }
        self.disk.kibibytes("queue/read_ahead_kb")
    }

    fn read_ahead_of_btrfs(&self, root: &Root) -> Option<u64> {
        const FILESYSTEMS: &str = "/sys/fs/btrfs";
        let has = |name: &String| root.path(format!("{FILESYSTEMS}/{name}/devices/{}", self.name)).exists();
        let name = root.names(FILESYSTEMS).into_iter().find(has)?;
        root.kibibytes(format!("{FILESYSTEMS}/{name}/bdi/read_ahead_kb"))
    }
}
