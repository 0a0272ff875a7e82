//! What /proc says of each process: `maps` and `fd`.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{FileUser, Lead};
use crate::open::FileId;
use crate::process::maps::{MapsReader, name_of};
use crate::process::{file_of, is_gone};
use crate::sys::{self, FileKind, Stat};

/// More threads wait for the kernel's locks.
const MOST_THREADS: usize = 8;
/// Ways to a file besides its path: the processes that are the first ones may have ended when it is opened.
const MOST_LEADS: usize = 4;

/// A file as proc(5) names it: its numbers, and its path with all that is behind it. The numbers alone are not enough where a mapping's
/// are not those of stat(2).
pub(super) type Key = (FileId, Arc<Path>);

/// The numbers of a file that the kernel does not tell, which no file has.
pub(super) const NOT_TOLD: FileId = FileId { device: 0, inode: 0 };

/// What uses a file, and leads to it.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) users: Vec<FileUser>,
    pub(super) leads: Vec<Lead>,
    /// Its numbers are those of stat(2).
    pub(super) is_certain: bool,
}

pub(super) type Groups = HashMap<Key, Group>;

#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) groups: Groups,
    /// Processes that could not be looked at.
    pub(super) failed: Vec<(u32, io::Error)>,
}

/// Looks at all of these processes.
pub(super) fn collect(pids: &[u32]) -> Collected {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(MOST_THREADS).min(pids.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut collected, mut reader) = (Collected::default(), MapsReader::default());
        while let Some(pid) = pids.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = collected.add_process(*pid, &mut reader) {
                collected.failed.push((*pid, error));
            }
        }
        collected
    };
    std::thread::scope(|scope| {
        // Where no more threads can be had, those that are there do the work.
        let others: Vec<_> =
            (1..threads).map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut all = work();
        for other in others.into_iter().filter_map(|thread| thread.join().ok()) {
            all.merge(other);
        }
        all
    })
}

impl Collected {
    fn add_process(&mut self, pid: u32, reader: &mut MapsReader) -> io::Result<()> {
        reader.read(
            pid,
            |_| true,
            |mapping| {
                let end = mapping.address.saturating_add(mapping.extent.length());
                let lead = Lead::Mapping { pid, start: mapping.address, end };
                self.group(mapping.id, mapping.path).add(&mapping.command, lead);
            },
        )?;
        self.add_descriptors(pid)
    }

    fn add_descriptors(&mut self, pid: u32) -> io::Result<()> {
        let mut command = None;
        for entry in std::fs::read_dir(file_of(pid, "fd"))? {
            let name = entry?.file_name();
            let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let lead = Lead::Descriptor { pid, number };
            // It may have been closed since, or be what has no file: a socket, a pipe.
            let link = lead.link();
            let Some(path) = std::fs::read_link(&link).ok().filter(|path| path.is_absolute()) else {
                continue;
            };
            let Some(id) = kept(sys::stat_of(Path::new(&link))) else { continue };
            let command = command.get_or_insert_with(|| name_of(pid));
            let group = self.group(id, path.into());
            group.is_certain = true;
            group.add(command, lead);
        }
        Ok(())
    }

    fn group(&mut self, id: FileId, path: Arc<Path>) -> &mut Group {
        self.groups.entry((id, path)).or_default()
    }

    fn merge(&mut self, other: Self) {
        self.failed.extend(other.failed);
        for (key, group) in other.groups {
            self.groups.entry(key).or_default().merge(group);
        }
    }
}

impl Group {
    /// One more way in which a process uses it. Those of one process come together.
    fn add(&mut self, command: &Arc<str>, lead: Lead) {
        let pid = lead.pid();
        if self.users.last().is_none_or(|user| user.pid != pid) {
            self.users.push(FileUser { pid, command: Arc::clone(command), mapped: false, open: false });
        }
        let is_open = matches!(lead, Lead::Descriptor { .. });
        let is_new = self.users.last_mut().is_some_and(|user| {
            let is_new = if is_open { !user.open } else { !user.mapped };
            user.open |= is_open;
            user.mapped |= !is_open;
            is_new
        });
        if is_new && self.leads.len() < MOST_LEADS {
            self.leads.push(lead);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.is_certain |= other.is_certain;
        self.leads.extend(other.leads);
        self.users.extend(other.users);
    }
}

/// The numbers of what is behind a descriptor, if it is a file with pages of its own. What cannot be looked at is kept, so that it is
/// counted: a file of another user's FUSE mount, or of a server that does not answer.
fn kept(stat: io::Result<Stat>) -> Option<FileId> {
    match stat {
        Ok(stat) => matches!(stat.kind, FileKind::Regular | FileKind::BlockDevice)
            .then_some(FileId { device: stat.device, inode: stat.inode }),
        Err(error) => (!is_gone(&error)).then_some(NOT_TOLD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::errno;

    #[test]
    fn what_cannot_be_looked_at_is_kept_and_what_is_closed_is_not() {
        let failed = |errno| kept(Err(io::Error::from_raw_os_error(errno)));
        assert_eq!(failed(errno::EACCES), Some(NOT_TOLD));
        assert_eq!(failed(errno::EIO), Some(NOT_TOLD));
        assert_eq!(failed(errno::ENOENT), None);
        assert_eq!(failed(errno::ESRCH), None);
        assert_eq!(kept(sys::stat_of(Path::new("/"))), None, "a directory has no pages of its own");
    }
}
