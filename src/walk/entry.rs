//! The names of a directory: what is done with each.

use std::ffi::CStr;
use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::open::{OpenDirectory, OpenFile, Opened, open_entry, readable_filesystem};
use crate::sys::{self, Entry, FileKind, Filesystem};
use crate::walk::Visitor;
use crate::walk::directory::{Directory, path_of, push_name};
use crate::walk::queue::Task;
use crate::walk::worker::Worker;

impl<V: Visitor> Worker<'_, V> {
    /// Visits a file, leaves a directory for later, leaves the rest alone.
    pub(super) fn entry(
        &mut self,
        directory: &Arc<Directory>,
        file: &File,
        entry: Entry<'_>,
    ) -> ControlFlow<()> {
        let follow = self.shared.options.follow;
        match entry.kind {
            FileKind::Regular => self.regular(directory, file, entry.name),
            FileKind::Directory => {
                if self.goes_into(directory.depth + 1) && self.allows_entry(entry.name, FileKind::Directory) {
                    self.shared.queue.push(Task::Enter(Arc::clone(directory), entry.name.to_owned()));
                }
                ControlFlow::Continue(())
            }
            FileKind::Symlink if !follow => ControlFlow::Continue(()),
            FileKind::Symlink | FileKind::Unknown => {
                match self.with_room(|| open_entry(file, entry.name, follow)) {
                    Ok(Opened::File(found)) if found.stat().kind == FileKind::Regular => {
                        self.visit_entry(entry.name, found)
                    }
                    Ok(Opened::File(_)) => ControlFlow::Continue(()),
                    Ok(Opened::Directory(opened)) => {
                        self.later(directory, entry, opened);
                        ControlFlow::Continue(())
                    }
                    Err(error) => self.skip_or_report(entry.name, error),
                }
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// A directory that is open already: reached through a link, or not told by its parent to be one.
    fn later(&self, parent: &Arc<Directory>, entry: Entry<'_>, opened: OpenDirectory) {
        if !self.goes_into(parent.depth + 1) || !self.allows_entry(entry.name, FileKind::Directory) {
            return;
        }
        let directory = parent.child(entry.name.to_owned(), entry.kind == FileKind::Symlink, opened);
        let elsewhere = self.shared.options.one_file_system && directory.id.device != directory.top_device;
        if !elsewhere && self.is_new_directory(&directory) {
            self.shared.held.hold(&directory);
            self.shared.queue.push(Task::List(directory, None));
        }
    }

    /// What the directory says is a regular file: opened at once, and looked at again when it is open.
    fn regular(&mut self, directory: &Directory, base: &File, name: &CStr) -> ControlFlow<()> {
        if !self.allows_entry(name, FileKind::Regular) {
            return ControlFlow::Continue(());
        }
        let opened =
            self.with_room(|| sys::open_regular_at(base, name).map_err(|error| Error::system("open", error)));
        let found = opened.and_then(|file| {
            let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
            if stat.kind != FileKind::Regular {
                return Err(Error::new("open", ErrorKind::RefusedKind(stat.kind)));
            }
            let filesystem = self.filesystem(directory, &file, stat.device)?;
            Ok(OpenFile::in_walk(file, stat, filesystem))
        });
        match found {
            Ok(file) => self.visit_entry(name, file),
            Err(error) => self.skip_or_report(name, error),
        }
    }

    /// The filesystem of a file in `directory`, which is another one where a single file is mounted, and on overlayfs.
    fn filesystem(&mut self, directory: &Directory, file: &File, device: u64) -> Result<Filesystem> {
        match self.other {
            _ if device == directory.id.device => Ok(directory.filesystem),
            Some((known, filesystem)) if known == device => Ok(filesystem),
            _ => {
                let filesystem = readable_filesystem(file)?;
                self.other = Some((device, filesystem));
                Ok(filesystem)
            }
        }
    }

    fn visit_entry(&mut self, name: &CStr, file: OpenFile) -> ControlFlow<()> {
        let length = push_name(&mut self.path, name);
        let path = std::mem::take(&mut self.path);
        let done = self.visit(path_of(&path), file, false);
        self.path = path;
        self.path.truncate(length);
        done
    }

    /// Reports an error of a name in the directory that is being listed.
    pub(super) fn skip_or_report(&mut self, name: &CStr, error: Error) -> ControlFlow<()> {
        let length = push_name(&mut self.path, name);
        let done = self.report_unless_passing(error);
        self.path.truncate(length);
        done
    }
}
