//! The directories of a walk: each knows its parent, and opens again what had to be closed for want of descriptors.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::error::{Error, ErrorKind, Result};
use crate::open::{FileId, OpenDirectory, Opened, open_any, open_entry};
use crate::sys::{self, Filesystem, Stat};
use crate::walk::queue::lock;

/// A directory that is being listed, or that directories still to be entered lie in.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) parent: Option<Arc<Directory>>,
    /// The name in the parent; of a named directory the path.
    name: CString,
    /// Whether the name is a symbolic link that was followed.
    link: bool,
    pub(crate) depth: usize,
    pub(crate) id: FileId,
    /// The device of the named directory at the top.
    pub(crate) top_device: u64,
    pub(crate) filesystem: Filesystem,
    file: Mutex<Option<Arc<File>>>,
    /// Whether it is among those that can be closed for want of descriptors.
    held: AtomicBool,
}

impl Directory {
    /// A directory that was named.
    pub(crate) fn top(path: CString, opened: OpenDirectory) -> Arc<Self> {
        let device = opened.stat.device;
        Self::new(None, path, true, 0, device, opened)
    }

    /// A directory in this one.
    pub(crate) fn child(self: &Arc<Self>, name: CString, link: bool, opened: OpenDirectory) -> Arc<Self> {
        Self::new(Some(Arc::clone(self)), name, link, self.depth + 1, self.top_device, opened)
    }

    fn new(
        parent: Option<Arc<Self>>,
        name: CString,
        link: bool,
        depth: usize,
        top_device: u64,
        opened: OpenDirectory,
    ) -> Arc<Self> {
        let OpenDirectory { file, stat, filesystem } = opened;
        let id = FileId { device: stat.device, inode: stat.inode };
        let file = Mutex::new(Some(Arc::new(file)));
        Arc::new(Self {
            parent,
            name,
            link,
            depth,
            id,
            top_device,
            filesystem,
            file,
            held: AtomicBool::new(false),
        })
    }

    /// The path as bytes, put together from the names, and how much of it is the named directory's.
    pub(crate) fn path_bytes(&self) -> (Vec<u8>, usize) {
        let mut names = vec![self.name.to_bytes()];
        let mut above = self.parent.as_deref();
        while let Some(directory) = above {
            names.push(directory.name.to_bytes());
            above = directory.parent.as_deref();
        }
        names.reverse();
        let mut path = Vec::with_capacity(names.iter().map(|name| name.len() + 1).sum());
        let mut top = 0;
        for name in names {
            if top > 0 && path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            top = if top == 0 { path.len() } else { top };
        }
        (path, top)
    }

    /// The path.
    pub(crate) fn path(&self) -> PathBuf {
        path_of(&self.path_bytes().0).to_owned()
    }

    /// The open directory; opened again when it was closed for want of descriptors.
    pub(crate) fn file(self: &Arc<Self>, held: &Held) -> Result<Arc<File>> {
        if let Some(file) = self.open_file() {
            return Ok(file);
        }
        let mut closed = vec![Arc::clone(self)];
        let mut base = None;
        while let Some(above) = closed.last().and_then(|directory| directory.parent.clone()) {
            base = above.open_file();
            if base.is_some() {
                break;
            }
            closed.push(above);
        }
        while let Some(directory) = closed.pop() {
            let file = Arc::new(directory.open_again(base.as_deref())?);
            *lock(&directory.file) = Some(Arc::clone(&file));
            held.hold(&directory);
            base = Some(file);
        }
        base.ok_or_else(|| Error::new("open", ErrorKind::Replaced))
    }

    fn open_file(&self) -> Option<Arc<File>> {
        lock(&self.file).clone()
    }

    /// Opens what must be the same directory as before.
    fn open_again(&self, parent: Option<&File>) -> Result<File> {
        let file = match (parent, self.link) {
            (Some(parent), false) => {
                sys::open_directory_at(parent, &self.name).map_err(|error| Error::system("open", error))?
            }
            (Some(parent), true) => directory_file(open_entry(parent, &self.name, true)?)?,
            (None, _) => directory_file(open_any(&self.path())?)?,
        };
        let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
        match self.id == (FileId { device: stat.device, inode: stat.inode }) {
            true => Ok(file),
            false => Err(Error::new("open", ErrorKind::Replaced)),
        }
    }

    /// Opens a directory in this one, never through a link.
    pub(crate) fn open_child(file: &File, name: &CStr) -> Result<(File, Stat)> {
        let file = sys::open_directory_at(file, name).map_err(|error| Error::system("open", error))?;
        let stat = sys::stat(&file).map_err(|error| Error::system("fstat", error))?;
        Ok((file, stat))
    }

    /// Whether it lies in itself: reached through a link to one of the directories above.
    pub(crate) fn is_in_itself(&self) -> bool {
        let mut above = self.parent.as_deref();
        while let Some(directory) = above {
            if directory.id == self.id {
                return true;
            }
            above = directory.parent.as_deref();
        }
        false
    }

    fn close(&self) {
        self.held.store(false, Ordering::Relaxed);
        lock(&self.file).take();
    }
}

/// A chain of directories as deep as the tree would be dropped by recursion; this takes it apart link by link.
impl Drop for Directory {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(mut directory) = parent.and_then(Arc::into_inner) {
            parent = directory.parent.take();
        }
    }
}

fn directory_file(opened: Opened) -> Result<File> {
    match opened {
        Opened::Directory(directory) => Ok(directory.file),
        Opened::File(_) => Err(Error::new("open", ErrorKind::Replaced)),
    }
}

/// The path with these bytes, which came from the system.
pub(crate) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(sys::os_str(bytes))
}

/// Appends a name to a path, and tells how long the path was.
pub(crate) fn push_name(path: &mut Vec<u8>, name: &CStr) -> usize {
    let length = path.len();
    if path.last().is_some_and(|last| *last != b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    length
}

/// Descriptors that are not ours, and those that a thread needs to work.
const OTHERS: usize = 16;
const EACH: usize = 4;

/// Directories that stay open only because others in them are still to be entered: the ones held longest are closed
/// first, since they are needed last.
#[derive(Debug)]
pub(crate) struct Held {
    order: Mutex<VecDeque<Weak<Directory>>>,
    most: usize,
}

impl Held {
    /// As many threads as there are descriptors for, at most `wanted`.
    pub(crate) fn threads(wanted: usize) -> usize {
        wanted.min(sys::descriptor_limit().saturating_sub(OTHERS) / EACH).max(1)
    }

    /// As many descriptors a thread's visitor may keep: directories leave as many free as they take.
    pub(crate) fn spare(wanted: usize) -> usize {
        let threads = Self::threads(wanted);
        Self::free(threads) / 2 / threads
    }

    fn free(threads: usize) -> usize {
        sys::descriptor_limit().saturating_sub(OTHERS).saturating_sub(EACH.saturating_mul(threads))
    }

    /// A share of the descriptors that this process may open, less what `threads` threads need to work.
    pub(crate) fn new(threads: usize) -> Self {
        Self { order: Mutex::default(), most: (Self::free(threads) / 2).clamp(2, 1024) }
    }

    /// Keeps `directory` open for now.
    pub(crate) fn hold(&self, directory: &Arc<Directory>) {
        if directory.held.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut order = lock(&self.order);
        order.push_back(Arc::downgrade(directory));
        if order.len() > self.most {
            order.retain(|directory| directory.strong_count() > 0);
        }
        while order.len() > self.most {
            let oldest = order.pop_front().and_then(|directory| directory.upgrade());
            oldest.inspect(|directory| directory.close());
        }
    }

    /// Closes all of them, for want of descriptors.
    pub(crate) fn close_all(&self) {
        for directory in lock(&self.order).drain(..).filter_map(|directory| directory.upgrade()) {
            directory.close();
        }
    }
}
