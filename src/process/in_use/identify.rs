//! Which of the files that proc(5) names are the same, by the numbers that stat(2) tells.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::collect::{Group, Groups, Key, NOT_TOLD};
use super::{FileInUse, Lead};
use crate::open::FileId;
use crate::process::identity::identity;

/// Files of a device that are looked at until it is known whether its numbers are those of stat(2).
const MOST_SAMPLES: usize = 16;
const MARK: &[u8] = b" (deleted)";

/// The files, each once, in the order of their paths.
pub(super) fn files(groups: Groups) -> Vec<FileInUse> {
    let mut devices = Devices::default();
    let mut merged: HashMap<FileId, (Group, Vec<Key>)> = HashMap::with_capacity(groups.len());
    let mut files = Vec::new();
    for (key, group) in groups {
        if key.0 == NOT_TOLD {
            // They have nothing in common but that.
            files.push(file(key.0, group, &[key]));
            continue;
        }
        let id = if group.is_certain { key.0 } else { devices.identity(&key, &group) };
        let (all, keys) = merged.entry(id).or_default();
        all.merge(group);
        keys.push(key);
    }
    files.extend(merged.into_iter().map(|(id, (group, keys))| file(id, group, &keys)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn file(id: FileId, mut group: Group, keys: &[Key]) -> FileInUse {
    group.users.sort_by_key(|user| user.pid);
    // A process may map it by one path and have it open by another.
    group.users.dedup_by(|again, first| {
        let is_same = again.pid == first.pid;
        if is_same {
            first.mapped |= again.mapped;
            first.open |= again.open;
        }
        is_same
    });
    let names = keys.iter().map(|(_, path)| name(id, path));
    // A name that is still there is better than one that is gone.
    let (deleted, path) = names.min().unwrap_or_default();
    FileInUse { path, deleted, users: group.users, id, leads: group.leads }
}

/// Whether a name is gone, and the name. The kernel marks it then; a file may be called so, too.
fn name(id: FileId, path: &Path) -> (bool, PathBuf) {
    let literal = literal(path).filter(|literal| identity(literal) == Some(id));
    let path = literal.as_deref().unwrap_or(path);
    match path.as_os_str().as_encoded_bytes().strip_suffix(MARK) {
        Some(bare) if identity(path) != Some(id) => (true, PathBuf::from(crate::sys::os_str(bare))),
        _ => (false, path.to_owned()),
    }
}

/// The other name that a path with a new line may be: in maps such a one and `\012` look the same.
fn literal(path: &Path) -> Option<PathBuf> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    (parts.len() > 1).then(|| PathBuf::from(crate::sys::os_str(&parts.join(&b"\\012"[..]))))
}

/// Which devices have the same number in proc(5) and stat(2): not those of btrfs and overlayfs.
#[derive(Debug, Default)]
struct Devices(HashMap<u64, Device>);

#[derive(Debug, Clone, Copy)]
enum Device {
    Unknown { samples: usize },
    Plain,
    Strange,
}

impl Devices {
    /// The numbers that stat(2) tells of a file that is mapped.
    fn identity(&mut self, key: &Key, group: &Group) -> FileId {
        let device = self.0.entry(key.0.device).or_insert(Device::Unknown { samples: 0 });
        if matches!(device, Device::Plain | Device::Unknown { samples: MOST_SAMPLES }) {
            return key.0;
        }
        let found = mapped_identity(key, group);
        if let Device::Unknown { samples } = *device {
            *device = match found {
                Some(found) if found == key.0 => Device::Plain,
                Some(_) => Device::Strange,
                None => Device::Unknown { samples: samples + 1 },
            };
        }
        found.unwrap_or(key.0)
    }
}

/// Through the mapping, which leads to nothing else; where that is not permitted by the path, if the inode says that it is the file.
fn mapped_identity((id, path): &Key, group: &Group) -> Option<FileId> {
    let mappings = group.leads.iter().filter(|lead| matches!(lead, Lead::Mapping { .. }));
    let by_mapping = || mappings.clone().find_map(|lead| identity(Path::new(&lead.link())));
    by_mapping().or_else(|| identity(path).filter(|found| found.inode == id.inode))
}
