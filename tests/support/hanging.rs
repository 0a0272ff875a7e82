//! A filesystem that hangs: it tells of its files, and does not answer to a read.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo,
    LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyEntry, Request,
};

use super::Skip;

/// The file that can be opened, and not be read.
pub(crate) const UNREADABLE: &str = "unreadable";
/// The file that cannot even be looked up.
pub(crate) const UNKNOWN: &str = "unknown";

/// A mounted one.
pub(crate) struct Hanging {
    /// First, since the kernel waits for the answers before it lets go of the mount.
    unanswered: Unanswered,
    _session: BackgroundSession,
    hangs: Receiver<()>,
}

/// Requests that wait for an answer; a reply that is dropped is an error.
type Unanswered = Arc<Mutex<Vec<Box<dyn Send>>>>;

impl Hanging {
    /// Mounts one; the calling thread has mounts of its own.
    pub(crate) fn on(dir: &Path) -> Result<Hanging, Skip> {
        let (sender, hangs) = channel();
        let unanswered = Unanswered::default();
        let server = Server { unanswered: Arc::clone(&unanswered), sender };
        let session = fuser::spawn_mount(server, dir, &Config::default());
        let session = session.map_err(|why| Skip(format!("FUSE: {why}")))?;
        Ok(Hanging { unanswered, _session: session, hangs })
    }

    /// Waits until somebody waits for an answer.
    pub(crate) fn until_it_hangs(&self) {
        self.hangs.recv().expect("the server runs");
    }

    /// Tells all who wait that it failed.
    pub(crate) fn fail(&self) {
        self.unanswered.lock().expect("nobody panics with it").clear();
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.fail();
    }
}

struct Server {
    unanswered: Unanswered,
    sender: Sender<()>,
}

impl Server {
    fn hang(&self, reply: impl Send + 'static) {
        self.unanswered.lock().expect("nobody panics with it").push(Box::new(reply));
        // When the test has ended nobody waits to hear of it.
        let _ = self.sender.send(());
    }
}

impl Filesystem for Server {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match name.to_str() {
            Some(UNREADABLE) => reply.entry(&Duration::MAX, &attributes(2), Generation(0)),
            Some(UNKNOWN) => self.hang(reply),
            _ => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&Duration::MAX, &attributes(inode.0));
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.hang(reply);
    }
}

fn attributes(inode: u64) -> FileAttr {
    let is_root = inode == INodeNo::ROOT.0;
    FileAttr {
        ino: INodeNo(inode),
        size: 1 << 20,
        blocks: 2048,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if is_root { FileType::Directory } else { FileType::RegularFile },
        perm: if is_root { 0o755 } else { 0o644 },
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        flags: 0,
        blksize: 4096,
    }
}
