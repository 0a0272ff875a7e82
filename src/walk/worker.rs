//! One thread of a walk.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::error::{Error, ErrorKind, Result};
use crate::open::{OpenDirectory, OpenFile, Opened, open_any, readable_filesystem, unsupported_or};
use crate::process::FileInUse;
use crate::sys::{self, DirectoryReader, FileKind, Filesystem, errno};
use crate::walk::directory::{Directory, Held, path_of};
use crate::walk::queue::{Queue, Task, lock};
use crate::walk::seen::Seen;
use crate::walk::{Found, Start, Visitor, WalkOptions};

/// Named paths taken at once: threads seldom meet, and short lists stay in order.
const PATHS_AT_ONCE: usize = 64;

/// What the threads of a walk share.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) queue: Queue,
    pub(super) options: &'a WalkOptions,
    files: Seen,
    directories: Seen,
    /// Whether a file can be reached twice even with one name: several named paths, or links that are followed.
    overlapping: bool,
    /// Whether filters see paths from the root on: files in use are below no path that was named.
    pub(super) from_root: bool,
    pub(super) held: Held,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(options: &'a WalkOptions, threads: usize, several: bool, from_root: bool) -> Self {
        let held = Held::new(threads);
        Self {
            queue: Queue::default(),
            options,
            files: Seen::default(),
            directories: Seen::default(),
            overlapping: several || options.follow,
            from_root,
            held,
        }
    }
}

/// A thread's own part of a walk.
pub(crate) struct Worker<'a, V> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) visitor: V,
    /// The path of what is being looked at, and how much of it is the named directory's.
    pub(super) path: Vec<u8>,
    pub(super) top: usize,
    /// The filesystem of the device met last that was not the directory's.
    pub(super) other: Option<(u64, Filesystem)>,
}

impl<'a, V: Visitor> Worker<'a, V> {
    pub(crate) fn new(shared: &'a Shared<'a>, visitor: V) -> Self {
        Self { shared, visitor, path: Vec::new(), top: 0, other: None }
    }

    pub(crate) fn into_visitor(self) -> V {
        self.visitor
    }

    /// Works until nothing is left to do.
    pub(super) fn run<'s, P>(&mut self, starts: &Mutex<P>)
    where
        P: Iterator<Item = Result<Start<'s>>>,
    {
        let mut reader = DirectoryReader::new();
        while let Some((task, active)) = self.shared.queue.pop() {
            let done = match task {
                Task::Paths => self.take_starts(starts),
                Task::Enter(parent, name) => self.enter(&parent, &name, &mut reader),
                Task::List(directory, offset) => self.list(&directory, offset, &mut reader),
            };
            if done.is_break() {
                self.shared.queue.stop();
            }
            drop(active);
        }
    }

    fn take_starts<'s, P>(&mut self, starts: &Mutex<P>) -> ControlFlow<()>
    where
        P: Iterator<Item = Result<Start<'s>>>,
    {
        let batch: Vec<_> = lock(starts).by_ref().take(PATHS_AT_ONCE).collect();
        if batch.len() == PATHS_AT_ONCE {
            self.shared.queue.push(Task::Paths);
        }
        for start in batch {
            match start {
                Ok(Start::Named(path)) => self.named(&path)?,
                Ok(Start::InUse(file)) => self.in_use(file)?,
                Err(error) => self.visitor.error(error)?,
            }
        }
        ControlFlow::Continue(())
    }

    /// A file that processes use.
    fn in_use(&mut self, file: &FileInUse) -> ControlFlow<()> {
        if !self.allows(&file.path, &file.path, FileKind::Regular) {
            return ControlFlow::Continue(());
        }
        match self.with_room(|| file.open()) {
            // A name that is gone is no other name of it.
            Ok(Some(open)) if file.deleted && self.is_known(&open) => ControlFlow::Continue(()),
            Ok(Some(open)) => self.visit(&file.path, open, false),
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => self.visitor.unopened(file, error),
        }
    }

    /// A path that was named: a file is visited, a directory listed by whoever is free.
    fn named(&mut self, path: &Path) -> ControlFlow<()> {
        match self.with_room(|| open_any(path)) {
            Ok(Opened::File(file)) if self.allows(path, path, FileKind::Regular) => {
                self.visit(path, file, true)
            }
            Ok(Opened::File(_)) => ControlFlow::Continue(()),
            Ok(Opened::Directory(opened)) => {
                if let (Ok(name), true) =
                    (CString::new(path.as_os_str().as_encoded_bytes()), self.goes_into(0))
                {
                    let directory = Directory::top(name, opened);
                    if self.is_new_directory(&directory) {
                        self.shared.held.hold(&directory);
                        self.shared.queue.push(Task::List(directory, None));
                    }
                }
                ControlFlow::Continue(())
            }
            Err(error) => self.visitor.error(error.with_path(path)),
        }
    }

    fn enter(
        &mut self,
        parent: &Arc<Directory>,
        name: &CStr,
        reader: &mut DirectoryReader,
    ) -> ControlFlow<()> {
        let base = match self.open_directory(parent) {
            Ok(base) => base,
            Err(error) => return self.visitor.error(error.with_path(parent.path())),
        };
        let entered = self.with_room(|| Directory::open_child(&base, name)).and_then(|(file, stat)| {
            let filesystem =
                if stat.device == parent.id.device { parent.filesystem } else { readable_filesystem(&file)? };
            Ok(OpenDirectory { file, stat, filesystem })
        });
        match entered {
            Ok(opened) => {
                let directory = parent.child(name.to_owned(), false, opened);
                self.list_new(&directory, reader)
            }
            Err(error) => {
                (self.path, self.top) = parent.path_bytes();
                self.skip_or_report(name, error)
            }
        }
    }

    /// The open directory. When it had to be closed meanwhile and is not found again, that is no passing matter: what lies
    /// in it would be missed.
    fn open_directory(&self, directory: &Arc<Directory>) -> Result<Arc<File>> {
        self.with_room(|| directory.file(&self.shared.held))
    }

    /// Lists a directory unless it was before, or is on a filesystem to stay away from.
    fn list_new(&mut self, directory: &Arc<Directory>, reader: &mut DirectoryReader) -> ControlFlow<()> {
        let elsewhere = self.shared.options.one_file_system && directory.id.device != directory.top_device;
        if elsewhere || !self.is_new_directory(directory) {
            return ControlFlow::Continue(());
        }
        self.list(directory, None, reader)
    }

    /// Whether what lies in a directory is still to be visited. A second visit changes nothing unless options look at the way
    /// that led there: its length, or its names. Then a directory is listed once more, but never inside of itself.
    pub(super) fn is_new_directory(&self, directory: &Directory) -> bool {
        let Shared { overlapping, options, directories, .. } = self.shared;
        match (overlapping, &options.filter, options.max_depth) {
            (false, ..) => true,
            (true, Some(_), _) => !directory.is_in_itself(),
            (true, None, Some(_)) => directories.insert_at(directory.id, directory.depth),
            (true, None, None) => directories.insert(directory.id),
        }
    }

    /// Reads names and visits the files among them. While there may be many more, another thread can go on reading.
    fn list(
        &mut self,
        directory: &Arc<Directory>,
        offset: Option<u64>,
        reader: &mut DirectoryReader,
    ) -> ControlFlow<()> {
        (self.path, self.top) = directory.path_bytes();
        let file = match self.open_directory(directory).and_then(|file| resumed(file, offset)) {
            Ok(file) => file,
            Err(error) => return self.visitor.error(error.with_path(path_of(&self.path))),
        };
        loop {
            match reader.fill(&file) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return self.report_unless_passing(unsupported_or("getdents", error)),
            }
            let rest = if reader.may_have_more() { sys::offset(&file).ok() } else { None };
            if rest.is_some() {
                self.shared.held.hold(directory);
                self.shared.queue.push(Task::List(Arc::clone(directory), rest));
            }
            for entry in reader.entries() {
                self.entry(directory, &file, entry)?;
            }
            if rest.is_some() {
                return ControlFlow::Continue(());
            }
        }
        if Arc::strong_count(directory) > 1 {
            self.shared.held.hold(directory);
        }
        ControlFlow::Continue(())
    }

    /// Visits a file of the right size, unless it was visited under another name.
    pub(super) fn visit(&mut self, path: &Path, file: OpenFile, named: bool) -> ControlFlow<()> {
        let options = self.shared.options;
        if !(options.min_size..=options.max_size).contains(&file.size()) {
            return ControlFlow::Continue(());
        }
        if (self.shared.overlapping || file.links() > 1) && !self.shared.files.insert(file.id()) {
            self.visitor.again(path, file.id());
            return ControlFlow::Continue(());
        }
        self.visitor.file(Found { path, file, named })
    }

    /// Whether a directory at this depth is listed.
    pub(super) fn goes_into(&self, depth: usize) -> bool {
        self.shared.options.max_depth.is_none_or(|most| depth < most)
    }

    /// Whether it was visited before, under whatever name.
    fn is_known(&self, file: &OpenFile) -> bool {
        self.shared.files.has(file.id())
    }

    /// What vanished, was replaced or is of a kind that is not read is left out of a walk; the rest is reported.
    pub(super) fn report_unless_passing(&mut self, error: Error) -> ControlFlow<()> {
        if is_passing(&error) {
            return ControlFlow::Continue(());
        }
        self.visitor.error(error.with_path(path_of(&self.path)))
    }

    /// Tries once more after closing what is only held, when there are no descriptors left.
    pub(super) fn with_room<T>(&self, open: impl Fn() -> Result<T>) -> Result<T> {
        match open() {
            Err(error) if matches!(error.errno(), Some(errno::EMFILE | errno::ENFILE)) => {
                self.shared.held.close_all();
                open()
            }
            opened => opened,
        }
    }
}

/// The directory at the offset where another thread stopped: it may have been closed and opened again since.
fn resumed(file: Arc<File>, offset: Option<u64>) -> Result<Arc<File>> {
    if let Some(offset) = offset {
        sys::set_offset(&file, offset).map_err(|error| Error::system("lseek", error))?;
    }
    Ok(file)
}

/// Whether an error only says that the tree changed, or that something is not for us.
fn is_passing(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Replaced | ErrorKind::RefusedKind(_) | ErrorKind::RefusedFilesystem(_) => true,
        _ => matches!(error.errno(), Some(errno::ENOENT | errno::ELOOP | errno::ENOTDIR | errno::ENXIO)),
    }
}
