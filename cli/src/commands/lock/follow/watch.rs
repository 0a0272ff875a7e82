//! What inotify(7) tells of the directories that hold the files.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask, Watches};
use mmapio_core::Error;

use super::Change;
use crate::args::common::Paths;

/// The kernel keeps more than these; when even that overflows, it says so.
const BATCHES: usize = 16;

/// Room for many events in one read.
const BUFFER: usize = 64 << 10;

/// Directories that are to be watched.
pub(crate) struct Watcher {
    directories: Directories,
}

/// Directories that are watched.
pub(crate) struct Watching {
    directories: Directories,
    watches: Watches,
    /// The directories behind a watch: one directory may have several paths.
    paths: HashMap<WatchDescriptor, Vec<PathBuf>>,
    watched: HashSet<PathBuf>,
    events: Receiver<io::Result<Vec<Seen>>>,
}

/// An event.
struct Seen {
    watch: WatchDescriptor,
    mask: EventMask,
    name: Option<OsString>,
}

/// Directories, and files that are known by the name of a link to them.
#[derive(Default)]
struct Directories {
    /// Whether all files in it are held, or only those that were named.
    all: HashMap<PathBuf, bool>,
    aliases: HashMap<PathBuf, PathBuf>,
    named: HashSet<PathBuf>,
}

impl Watcher {
    /// Looks for the directories of the files that `list` names.
    pub(crate) fn new(options: &Paths, list: &[mmapio_core::Result<PathBuf>]) -> Result<Self> {
        let mut directories = Directories::default();
        for path in list.iter().flatten() {
            directories.add(options, path);
        }
        Ok(Self { directories })
    }

    /// How many directories there are.
    pub(crate) fn directories(&self) -> u64 {
        self.directories.all.len() as u64
    }

    /// Watches them from now on.
    pub(crate) fn start(self) -> Result<Watching> {
        let mut inotify = Inotify::init().map_err(instance_error)?;
        let watches = inotify.watches();
        let (sender, events) = sync_channel(BATCHES);
        std::thread::Builder::new().name("inotify".into()).spawn(move || {
            let mut buffer = vec![0; BUFFER];
            while read(&mut inotify, &mut buffer, &sender) {}
        })?;
        let mut watching = Watching {
            directories: self.directories,
            watches,
            paths: HashMap::new(),
            watched: HashSet::new(),
            events,
        };
        watching.watch()?;
        Ok(watching)
    }
}

/// Passes on what there is; false when there will be no more.
fn read(inotify: &mut Inotify, buffer: &mut [u8], sender: &SyncSender<io::Result<Vec<Seen>>>) -> bool {
    let seen = inotify.read_events_blocking(buffer).map(|events| {
        let seen = |event: inotify::Event<&std::ffi::OsStr>| Seen {
            watch: event.wd,
            mask: event.mask,
            name: event.name.map(OsString::from),
        };
        events.map(seen).collect()
    });
    let interrupted = seen.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted);
    let failed = seen.is_err();
    interrupted || (sender.send(seen).is_ok() && !failed)
}

impl Watching {
    /// Waits for changes, at most until `until`; all that are there by then.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> Result<Vec<Change>> {
        let first = match until {
            Some(until) => self.events.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut batches = match first {
            Ok(batch) => vec![batch],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => bail!("inotify: changes cannot be followed any more"),
        };
        batches.extend(self.events.try_iter().take(BATCHES));
        let mut changes = Vec::new();
        for batch in batches {
            for seen in batch.context("inotify: read")? {
                self.take(seen, &mut changes);
            }
        }
        Ok(changes)
    }

    fn take(&mut self, seen: Seen, changes: &mut Vec<Change>) {
        if seen.mask.contains(EventMask::Q_OVERFLOW) {
            changes.push(Change::Missed);
            return;
        }
        if seen.mask.intersects(EventMask::IGNORED | EventMask::MOVE_SELF) {
            self.forget(&seen.watch);
        }
        let Some(name) = seen.name.filter(|_| !seen.mask.contains(EventMask::ISDIR)) else {
            changes.push(Change::Names);
            return;
        };
        for directory in self.paths.get(&seen.watch).into_iter().flatten() {
            let path = directory.join(&name);
            if let Some(known) = self.directories.known(&path, directory) {
                changes.push(Change::File(known));
            }
        }
    }

    /// Whether a file was named itself.
    pub(crate) fn is_named(&self, path: &Path) -> bool {
        self.directories.named.contains(path)
    }

    /// A directory that went elsewhere, and what lies in it, is called otherwise now, or is not ours any more.
    fn forget(&mut self, watch: &WatchDescriptor) {
        let gone = self.paths.get(watch).cloned().unwrap_or_default();
        let lies_in = |path: &PathBuf| gone.iter().any(|gone| path.starts_with(gone));
        let below = self.paths.iter().filter(|(_, paths)| paths.iter().any(lies_in));
        for watch in below.map(|(watch, _)| watch.clone()).collect::<Vec<_>>() {
            for path in self.paths.remove(&watch).unwrap_or_default() {
                self.watched.remove(&path);
                self.directories.all.remove(&path);
            }
            // The watch of a directory that was removed is gone already.
            let _ = self.watches.remove(watch);
        }
    }

    /// Watches directories that are new. What comes into one before it is watched is found by looking once more.
    pub(crate) fn watch_more(&mut self, options: &Paths, tops: &[PathBuf]) -> Result<()> {
        loop {
            tops.iter().for_each(|path| self.directories.add(options, path));
            if self.watch()? == 0 {
                return Ok(());
            }
        }
    }

    /// How many directories are watched that were not; one that is gone by now is none.
    fn watch(&mut self) -> Result<usize> {
        let mask = WatchMask::MODIFY
            | WatchMask::CLOSE_WRITE
            | WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVE
            | WatchMask::DELETE_SELF
            | WatchMask::MOVE_SELF;
        let new: Vec<PathBuf> =
            self.directories.all.keys().filter(|path| !self.watched.contains(*path)).cloned().collect();
        let mut added = 0;
        for path in new {
            match self.watches.add(&path, mask) {
                Ok(watch) => {
                    self.paths.entry(watch).or_default().push(path.clone());
                    self.watched.insert(path);
                    added += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.directories.all.remove(&path);
                }
                Err(error) => return Err(watch_error(error).with_path(path).into()),
            }
        }
        Ok(added)
    }
}

fn watch_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull => Error::limit(
            "fs.inotify.max_user_watches",
            "all watches of this user are in use: raise it (`sysctl fs.inotify.max_user_watches=NUMBER`), or do without \
             --follow-changes",
        ),
        _ => Error::system("inotify_add_watch", error),
    }
}

fn instance_error(error: io::Error) -> Error {
    Error::limit(
        "fs.inotify.max_user_instances",
        format!(
            "{error}: raise it (`sysctl fs.inotify.max_user_instances=NUMBER`), or do without --follow-changes"
        ),
    )
}

impl Directories {
    /// The path by which a file is known that may be another's, or none of ours.
    fn known(&self, path: &Path, directory: &Path) -> Option<PathBuf> {
        if let Some(known) = self.aliases.get(path) {
            return Some(known.clone());
        }
        self.all.get(directory).copied().unwrap_or(false).then(|| path.to_owned())
    }

    /// The directories below a path that was named, or the one that it lies in.
    fn add(&mut self, options: &Paths, path: &Path) {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.add_tree(options, path, metadata.dev()),
            _ => self.add_file(path),
        }
    }

    /// The directory of the name, and where that is a link the one of the file.
    fn add_file(&mut self, path: &Path) {
        let Some(name) = path.file_name() else { return };
        self.aliases.insert(parent(path).join(name), path.to_owned());
        self.named.insert(path.to_owned());
        self.add_directory(parent(path), false);
        if let Ok(real) = path.canonicalize() {
            self.add_directory(parent(&real), false);
            self.aliases.insert(real, path.to_owned());
        }
    }

    /// Directories that cannot be read were told of by the walk.
    fn add_tree(&mut self, options: &Paths, top: &Path, device: u64) {
        let mut seen = HashSet::new();
        let mut rest = vec![(top.to_owned(), 0)];
        while let Some((directory, depth)) = rest.pop() {
            let Ok(metadata) = std::fs::metadata(&directory) else { continue };
            let elsewhere = options.one_file_system && metadata.dev() != device;
            if elsewhere || !seen.insert((metadata.dev(), metadata.ino())) {
                continue;
            }
            self.add_directory(&directory, true);
            if options.max_depth.is_some_and(|most| depth + 1 >= most) {
                continue;
            }
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                let is_directory = entry.file_type().is_ok_and(|kind| {
                    kind.is_dir() || (kind.is_symlink() && options.follow && entry.path().is_dir())
                });
                if is_directory {
                    rest.push((entry.path(), depth + 1));
                }
            }
        }
    }

    fn add_directory(&mut self, path: &Path, whole: bool) {
        *self.all.entry(path.to_owned()).or_default() |= whole;
    }
}

/// The directory of a path; that of a bare name is the working directory.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
