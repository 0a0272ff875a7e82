//! Walking paths and trees in parallel, every file opened once and safely.
//!
//! No crate for walking trees opens files relative to their directory's descriptor, which is what keeps a swapped
//! directory from leading outside of the tree, saves an opening a file and reaches paths of any length; hence this module.

mod directory;
mod entry;
mod filtered;
#[cfg(feature = "glob")]
mod glob;
mod queue;
mod seen;
mod warm;
mod worker;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::extent::ByteRange;
use crate::open::{FileId, OpenFile};
use crate::process::{FileInUse, FilesInUse};
use crate::sys::FileKind;

use directory::Held;
use queue::{Task, lock};
use worker::{Shared, Worker};

#[cfg(feature = "glob")]
pub use glob::glob_filter;
pub use warm::{Subject, WarmMode, WarmPlan, WarmVisitor, WarmWalk};

/// Decides by name what is looked at: the path below the one that was named (of a named file that path itself), and
/// what it is: a regular file, or a directory, which is not walked when it is refused.
pub type Filter = Box<dyn Fn(&Path, FileKind) -> bool + Send + Sync>;

/// How a walk goes. Symbolic links are followed where they are named, and below that only with `follow`.
///
/// ```
/// let mut options = mmapio_core::WalkOptions::default();
/// options.min_size = 1 << 20;
/// assert!(!options.follow);
/// ```
#[non_exhaustive]
pub struct WalkOptions {
    /// Follow symbolic links below the named paths, too.
    pub follow: bool,
    /// Stay on the filesystem of each named path.
    pub one_file_system: bool,
    /// How deep to go: 0 is the named paths alone, 1 the files directly in a named directory.
    pub max_depth: Option<usize>,
    /// Leave out smaller files.
    pub min_size: u64,
    /// Leave out larger files.
    pub max_size: u64,
    /// Leave out what it refuses; named directories are not asked about.
    pub filter: Option<Filter>,
    /// How many threads at the most; none is one a processor.
    pub jobs: Option<NonZeroUsize>,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            follow: false,
            one_file_system: false,
            max_depth: None,
            min_size: 0,
            max_size: u64::MAX,
            filter: None,
            jobs: None,
        }
    }
}

impl WalkOptions {
    /// The most threads that a walk uses.
    ///
    /// ```
    /// assert!(mmapio_core::WalkOptions::default().threads() >= 1);
    /// ```
    #[must_use]
    pub fn threads(&self) -> usize {
        // Finding out takes a dozen system calls, so it is not done before it is needed.
        let processors = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(processors).get()
    }

    /// How many files each thread's [`Visitor`] may keep open without taking the descriptors that the walk needs, as far as
    /// the limit on them tells (getrlimit(2) `RLIMIT_NOFILE`).
    ///
    /// ```
    /// assert!(mmapio_core::WalkOptions::default().files_to_keep() < 1 << 32);
    /// ```
    #[must_use]
    pub fn files_to_keep(&self) -> usize {
        Held::spare(self.threads())
    }
}

impl std::fmt::Debug for WalkOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalkOptions")
            .field("follow", &self.follow)
            .field("one_file_system", &self.one_file_system)
            .field("max_depth", &self.max_depth)
            .field("min_size", &self.min_size)
            .field("max_size", &self.max_size)
            .field("filter", &self.filter.is_some())
            .field("jobs", &self.jobs)
            .finish()
    }
}

/// A file that a walk found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found<'a> {
    /// Its path: as named, or below a named directory.
    pub path: &'a Path,
    /// The file, open for reading; it is the visitor's to keep, see [`WalkOptions::files_to_keep`].
    pub file: OpenFile,
    /// Whether it was named itself.
    pub named: bool,
}

impl Found<'_> {
    /// Whether `range` means anything in it: a file that was named, and in which it does not even begin, was named by mistake.
    ///
    /// # Errors
    /// [`ErrorKind::Range`](crate::ErrorKind::Range) with the path.
    pub fn require(&self, range: ByteRange) -> Result<()> {
        let size = self.file.size();
        if self.named && range.offset() > 0 && range.offset() >= size {
            let why = format!("starts at {}, beyond the end at {size}", range.offset());
            return Err(Error::range(why).with_path(self.path));
        }
        Ok(())
    }
}

/// What a walk does with what it finds. Each thread has one of its own.
pub trait Visitor: Send {
    /// Takes a file; [`ControlFlow::Break`] ends the whole walk.
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()>;

    /// Takes another path to a file that was or will be visited: a second hard link, or a path that was named twice.
    /// Which of them is visited is a matter of chance.
    fn again(&mut self, _path: &Path, _id: FileId) {}

    /// Takes a file that is in use and could not be opened: an error like others, unless told otherwise.
    fn unopened(&mut self, _file: &FileInUse, error: Error) -> ControlFlow<()> {
        self.error(error)
    }

    /// Takes what went wrong with a path; the walk goes on, or ends with [`ControlFlow::Break`].
    fn error(&mut self, error: Error) -> ControlFlow<()>;
}

/// Visits every file among `paths` and below them, each once however many names it has (a file below a bind mount of a
/// directory that is visited anyway is visited twice, as by du(1)), and gives back the visitors.
///
/// Directories are read in parallel and in no order. Paths may be many: they are taken from the iterator as there is room,
/// and an error among them goes to a visitor. In a directory only regular files are opened: relative to the directory's
/// descriptor, without following a link or waiting for a FIFO (openat(2) `O_NOFOLLOW|O_NONBLOCK|O_NOCTTY`), and
/// checked by fstat(2). What vanishes or is replaced meanwhile is left out; procfs, sysfs and their like are not entered.
///
/// ```
/// use std::ops::ControlFlow;
/// use mmapio_core::{Error, Found, Visitor, WalkOptions, walk};
///
/// #[derive(Default)]
/// struct Sizes(u64);
/// impl Visitor for Sizes {
///     fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
///         self.0 += found.file.size();
///         ControlFlow::Continue(())
///     }
///     fn error(&mut self, error: Error) -> ControlFlow<()> {
///         eprintln!("{error}");
///         ControlFlow::Continue(())
///     }
/// }
///
/// let paths = [Ok("src".into())];
/// let bytes: u64 = walk(paths, &WalkOptions::default(), Sizes::default).iter().map(|sizes| sizes.0).sum();
/// assert!(bytes > 0);
/// ```
pub fn walk<V, P>(paths: P, options: &WalkOptions, visitor: impl Fn() -> V + Sync) -> Vec<V>
where
    V: Visitor,
    P: IntoIterator<Item = Result<PathBuf>>,
    P::IntoIter: Send,
{
    walk_from(paths.into_iter().map(|path| path.map(Start::Named)), None, options, visitor)
}

/// The same, and with it the files that processes use: each file once, whether it is in use, below a path or both. One whose name in
/// /proc is gone comes last, since another of its names may be below a path.
///
/// All of them are filtered by their paths below the root. A file that nobody uses any more is left out.
///
/// ```
/// use std::ops::ControlFlow;
/// use mmapio_core::{Error, FilesInUse, Found, Visitor, WalkOptions, walk_in_use};
///
/// #[derive(Default)]
/// struct Files(usize);
/// impl Visitor for Files {
///     fn file(&mut self, _found: Found<'_>) -> ControlFlow<()> {
///         self.0 += 1;
///         ControlFlow::Continue(())
///     }
///     fn error(&mut self, _error: Error) -> ControlFlow<()> {
///         ControlFlow::Continue(())
///     }
/// }
///
/// # #[cfg(target_os = "linux")] {
/// let (used, _) = FilesInUse::of(&[std::process::id()]);
/// let files = walk_in_use(&used, [], &WalkOptions::default(), Files::default);
/// assert!(files.iter().map(|files| files.0).sum::<usize>() > 0);
/// # }
/// ```
pub fn walk_in_use<V, P>(
    files: &FilesInUse,
    paths: P,
    options: &WalkOptions,
    visitor: impl Fn() -> V + Sync,
) -> Vec<V>
where
    V: Visitor,
    P: IntoIterator<Item = Result<PathBuf>>,
    P::IntoIter: Send,
{
    let (gone, there): (Vec<&FileInUse>, Vec<_>) =
        files.files().iter().map(AsRef::as_ref).partition(|file| file.deleted);
    let used = there.into_iter().map(|file| Ok(Start::InUse(file)));
    let starts = used.chain(paths.into_iter().map(|path| path.map(Start::Named)));
    walk_from(starts, Some(&gone), options, visitor)
}

/// Where a walk begins.
#[derive(Debug)]
enum Start<'a> {
    Named(PathBuf),
    InUse(&'a FileInUse),
}

/// Walks; where files in use are among what is looked at, those without a name come last.
fn walk_from<'a, V: Visitor>(
    mut starts: impl Iterator<Item = Result<Start<'a>>> + Send,
    gone: Option<&[&'a FileInUse]>,
    options: &WalkOptions,
    visitor: impl Fn() -> V + Sync,
) -> Vec<V> {
    let first: Vec<_> = starts.by_ref().take(2).collect();
    let threads = if is_one_file(&first) { 1 } else { Held::threads(options.threads()) };
    let several = first.len() > 1 || gone.is_some();
    let shared = Shared::new(options, threads, several, gone.is_some());
    let mut visitors = take_all(&shared, threads, first.into_iter().chain(starts), &visitor);
    let gone = gone.unwrap_or_default();
    if !gone.is_empty() && !shared.queue.is_stopped() {
        let threads = Held::threads(options.threads()).min(gone.len());
        visitors.append(&mut take_all(
            &shared,
            threads,
            gone.iter().map(|file| Ok(Start::InUse(file))),
            &visitor,
        ));
    }
    visitors
}

/// Takes all of the starts, and whatever they lead to.
fn take_all<'a, V: Visitor>(
    shared: &Shared<'_>,
    threads: usize,
    starts: impl Iterator<Item = Result<Start<'a>>> + Send,
    visitor: &(impl Fn() -> V + Sync),
) -> Vec<V> {
    let starts = Mutex::new(starts.fuse());
    shared.queue.push(Task::Paths);
    let visitors = Mutex::new(Vec::new());
    let work = || {
        let mut worker = Worker::new(shared, visitor());
        worker.run(&starts);
        lock(&visitors).push(worker.into_visitor());
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more threads can be had, those that are there do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    visitors.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether there is nothing to do but to ask about one file, which is not worth a second thread.
fn is_one_file(starts: &[Result<Start<'_>>]) -> bool {
    match starts {
        [] | [Err(_) | Ok(Start::InUse(_))] => true,
        [Ok(Start::Named(path))] => !path.is_dir(),
        _ => false,
    }
}
