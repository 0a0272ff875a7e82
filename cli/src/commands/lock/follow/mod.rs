//! Goes along with files that grow, shrink, are replaced, come and go.

mod names;
mod watch;

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind as IoErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use mmapio_core::{
    Error, ErrorKind, Extent, FileId, LockCost, Locked, OpenFile, Pages, data_extents, lock_limits,
};

use names::Names;
pub(crate) use watch::{Watcher, Watching};

use super::budget;
use super::hold::{HeldFile, Teller};
use super::records::{Held, Record, send, send_change};
use crate::args::lock::Lock;
use crate::commands::paths;
use crate::messages;
use crate::output::Exit;

/// Work over all files is done at most this often, and takes at most a tenth of the time.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
const PAUSES: u32 = 10;

/// Holds files, and follows what becomes of them.
pub(crate) struct Follower<'a> {
    arguments: &'a Lock,
    teller: Teller,
    tops: Vec<PathBuf>,
    watching: Watching,
    files: HashMap<PathBuf, Locked>,
    failed: u64,
    /// Files whose pages are to be brought in again: truncation may have taken them out though they are there again.
    stale: HashSet<PathBuf>,
    /// Files of which an error was told that may come again with every change.
    told: HashSet<PathBuf>,
    /// Whether names came or went, and whether events may have been missed.
    names_changed: bool,
    missed: bool,
    /// Whether it was said that something changed, but not yet how much is locked now.
    said: bool,
    next_pass: Instant,
}

/// A change that was seen.
pub(crate) enum Change {
    /// Of a file, under the path by which it is known.
    File(PathBuf),
    /// Of the names in directories.
    Names,
    /// Too many to be told.
    Missed,
}

impl<'a> Follower<'a> {
    pub(crate) fn new(
        arguments: &'a Lock,
        tops: Vec<PathBuf>,
        watching: Watching,
        held: Vec<HeldFile>,
        failed: u64,
    ) -> Self {
        Self {
            arguments,
            teller: Teller { quiet: arguments.messages.quiet },
            tops,
            watching,
            files: held.into_iter().map(|file| (file.path, file.locked)).collect(),
            failed,
            stale: HashSet::new(),
            told: HashSet::new(),
            names_changed: true,
            // Between the walk and the first watch anything may have happened.
            missed: true,
            said: false,
            next_pass: Instant::now(),
        }
    }

    /// Follows without end.
    pub(crate) fn run(mut self) -> Result<Exit> {
        loop {
            let due = self.missed || self.names_changed || !self.stale.is_empty();
            let changes = self.watching.wait(due.then_some(self.next_pass))?;
            self.take(changes);
            if due && Instant::now() >= self.next_pass {
                self.pass()?;
            }
            self.say_all();
        }
    }

    fn take(&mut self, changes: Vec<Change>) {
        let mut looked = HashSet::new();
        for change in changes {
            match change {
                Change::Names => self.names_changed = true,
                Change::Missed => self.missed = true,
                Change::File(path) if !self.files.contains_key(&path) => self.names_changed = true,
                Change::File(path) => {
                    if looked.insert(path.clone()) {
                        self.look(&path, None);
                    }
                }
            }
        }
    }

    /// What costs as much as there are files, or pages: not at every change.
    fn pass(&mut self) -> Result<()> {
        let start = Instant::now();
        if std::mem::take(&mut self.names_changed) | self.missed {
            self.watching.watch_more(&self.arguments.paths, &self.tops)?;
            self.walk_again()?;
        }
        for path in std::mem::take(&mut self.stale) {
            self.renew(&path);
        }
        self.next_pass = Instant::now() + LEAST_PAUSE.max(start.elapsed() * PAUSES);
        Ok(())
    }

    /// Brings in what truncation took out, and the file has again.
    fn renew(&mut self, path: &Path) {
        let Some(locked) = self.files.get(path) else { return };
        if let Err(error) = locked.renew(path, &mut |_| ControlFlow::Continue(())) {
            self.told(path, error);
        }
    }

    /// Finds files that came, went or got another name.
    fn walk_again(&mut self) -> Result<()> {
        let options = paths::options(&self.arguments.paths)?;
        let everything = std::mem::take(&mut self.missed);
        let found = Names::under(&self.tops, &options);
        self.rename(&found);
        for (path, id) in &found {
            if everything || self.files.get(path).is_none_or(|locked| locked.id() != *id) {
                self.look(path, Some(*id));
            }
        }
        let gone: Vec<PathBuf> =
            self.files.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        for path in gone {
            if !self.is_there(&path) {
                self.let_go(&path);
            }
        }
        Ok(())
    }

    /// A file that is only called otherwise stays locked as it is.
    fn rename(&mut self, found: &HashMap<PathBuf, FileId>) {
        let gone: Vec<PathBuf> =
            self.files.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        let known: HashSet<&PathBuf> = self.files.keys().collect();
        let new: HashMap<FileId, &PathBuf> =
            found.iter().filter(|(path, _)| !known.contains(path)).map(|(path, id)| (*id, path)).collect();
        for path in gone {
            let name = self.files.get(&path).and_then(|locked| new.get(&locked.id()));
            let Some(name) = name.map(|name| (*name).clone()) else { continue };
            if let Some(locked) = self.files.remove(&path) {
                self.say(&name, "renamed", locked.pages());
                self.files.insert(name, locked);
            }
        }
    }

    /// Looks what became of a file, and goes along with it. Another file takes its place only when a walk found that one, or
    /// the path was named: what a link leads to is not in the tree.
    fn look(&mut self, path: &Path, found: Option<FileId>) {
        match self.followed(path, found) {
            Ok(()) => drop(self.told.remove(path)),
            Err(error) => self.told(path, error),
        }
    }

    fn followed(&mut self, path: &Path, found: Option<FileId>) -> mmapio_core::Result<()> {
        let file = match OpenFile::open(path) {
            Err(error) if is_gone(&error) => {
                self.let_go(path);
                return Ok(());
            }
            opened => opened?,
        };
        let same = self.files.get(path).is_some_and(|locked| locked.id() == file.id());
        if same {
            return self.follow(path, &file);
        }
        if found == Some(file.id()) || self.watching.is_named(path) {
            return self.replace(path, &file);
        }
        self.names_changed = true;
        Ok(())
    }

    /// Whether a file that a walk did not find is what it was: it may have another size than is wanted by now.
    fn is_there(&self, path: &Path) -> bool {
        let file = OpenFile::open(path).ok();
        file.is_some_and(|file| self.files.get(path).is_some_and(|locked| locked.id() == file.id()))
    }

    fn let_go(&mut self, path: &Path) {
        if self.files.remove(path).is_some() {
            self.say(path, "gone", Pages(0));
        }
    }

    fn follow(&mut self, path: &Path, file: &OpenFile) -> mmapio_core::Result<()> {
        let Some(mut locked) = self.files.remove(path) else { return Ok(()) };
        let (wanted, before) = (self.wanted(file), locked.pages());
        let fits = self.require_room(locked.lacks(&wanted));
        let more = fits.and_then(|()| locked.follow(file, &wanted, path, &mut |_| ControlFlow::Continue(())));
        let now = locked.pages();
        self.files.insert(path.to_owned(), locked);
        self.stale.insert(path.to_owned());
        match more? {
            Pages(0) if now < before => self.say(path, "shrunk", now),
            Pages(0) => {}
            _ => self.say(path, "grown", now),
        }
        Ok(())
    }

    fn replace(&mut self, path: &Path, file: &OpenFile) -> mmapio_core::Result<()> {
        let wanted = self.wanted(file);
        // The old one is of no use any more, whether there is room for the new one or not.
        let change = if self.files.remove(path).is_some() { "replaced" } else { "new" };
        self.require_room(LockCost::of(&wanted))?;
        let locked = Locked::new(file, &wanted, path, &mut |_| ControlFlow::Continue(()))?;
        let pages = locked.pages();
        self.files.insert(path.to_owned(), locked);
        self.say(path, change, pages);
        Ok(())
    }

    fn wanted(&self, file: &OpenFile) -> Vec<Extent> {
        data_extents(file, self.arguments.paths.range.unwrap_or_default())
    }

    /// Whether what comes fits, too.
    fn require_room(&self, more: LockCost) -> mmapio_core::Result<()> {
        if more.pages == Pages(0) {
            return Ok(());
        }
        let checked = budget::check(&self.arguments.hold, more, &lock_limits()?)?;
        checked.into_iter().find_map(|checked| checked.refusal).map_or(Ok(()), Err)
    }

    /// An error is told once until the file does well again. A file that was truncated meanwhile tells of it itself.
    fn told(&mut self, path: &Path, error: Error) {
        if matches!(error.kind(), ErrorKind::Truncated { .. } | ErrorKind::Replaced) {
            self.stale.insert(path.to_owned());
        } else if self.told.insert(path.to_owned()) {
            self.teller.error(&error.with_path(path));
        }
    }

    fn say(&mut self, path: &Path, change: &str, pages: Pages) {
        send_change(path, change, pages);
        if self.arguments.messages.verbose {
            messages::note(&format!("{}: {change}, {pages} pages are locked", path.display()));
        }
        self.said = true;
    }

    /// The sum, once for many changes.
    fn say_all(&mut self) {
        if std::mem::take(&mut self.said) {
            let pages = self.files.values().map(Locked::pages).sum();
            send(&Record::Holding(Held::of(self.files.len() as u64, pages, self.failed)));
        }
    }
}

fn is_gone(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::System(error) => {
            matches!(error.kind(), IoErrorKind::NotFound | IoErrorKind::NotADirectory)
        }
        _ => false,
    }
}
