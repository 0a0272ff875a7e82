//! Files and trees without mapping them: what the command's `incore`, `warm` and `evict` do.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use mmapio_core::{
    ByteRange, Error, EvictOptions, Evictor, Extent, Found, MemoryBudget, Observer, ProbeChoice, Prober,
    Report, Result, Subject, Total, Visitor, WalkOptions, WarmMode, WarmOptions, WarmPlan, WarmVisitor,
    WarmWalk, extents_of, glob_filter, walk,
};
use napi::bindgen_prelude::{AsyncTask, Either};
use napi_derive::napi;

use crate::acts::rate_limit;
use crate::failure::Failure;
use crate::mapped::path_of;
use crate::raw::Bytes;
use crate::record::{Deed, Entry, Sum, sum_of};
use crate::task::{Course, Job, Ticket, later};

/// Which files; `node/lib` has checked it.
#[napi(object)]
#[derive(Debug, Clone)]
pub(crate) struct Walking {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub min_size: Option<i64>,
    pub max_size: Option<i64>,
    pub max_depth: Option<u32>,
    pub follow: bool,
    pub one_file_system: bool,
    pub jobs: Option<u32>,
    pub offset: i64,
    pub length: Option<i64>,
    /// No entries, the sums only.
    pub summary: bool,
}

/// What is done with them: `look`, `warm` or `evict`.
#[napi(object)]
#[derive(Debug, Clone)]
pub(crate) struct Doing {
    pub verb: String,
    pub dry_run: bool,
    /// Of `warm`: bytes a second, bytes of memory, and whether to care about memory at all.
    pub rate: Option<f64>,
    pub max_memory: Option<i64>,
    pub force: bool,
    /// Of `evict`.
    pub sync: bool,
}

/// What came of it.
#[napi]
pub(crate) struct Survey {
    entries: std::vec::IntoIter<Entry>,
    errors: Vec<Failure>,
    named: Option<Failure>,
    sum: Option<Sum>,
}

#[napi]
impl Survey {
    /// The next entries, as many at the most; none are left when it is empty.
    #[napi(catch_unwind)]
    pub fn take(&mut self, most: u32) -> Vec<Entry> {
        self.entries.by_ref().take(most as usize).collect()
    }

    /// What went wrong.
    #[napi(catch_unwind)]
    pub fn errors(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.errors)
    }

    /// What is wrong with a path that was named itself.
    #[napi(catch_unwind)]
    pub fn named(&mut self) -> Option<Failure> {
        self.named.take()
    }

    /// The sums, once.
    #[napi(catch_unwind)]
    pub fn sum(&mut self) -> Option<Sum> {
        self.sum.take()
    }
}

/// Does it: `paths` are separated by NUL.
#[napi(catch_unwind)]
pub(crate) fn survey(
    paths: Bytes,
    walking: Walking,
    doing: Doing,
    ticket: &Ticket,
) -> Either<Survey, Failure> {
    surveying(&paths, walking, doing, ticket.course())()
}

/// The same later.
#[napi(catch_unwind)]
pub(crate) fn survey_later(
    paths: Bytes,
    walking: Walking,
    doing: Doing,
    ticket: &Ticket,
) -> AsyncTask<Job<Either<Survey, Failure>>> {
    later(surveying(&paths, walking, doing, ticket.course()))
}

fn surveying(
    paths: &Bytes,
    walking: Walking,
    doing: Doing,
    course: Arc<Course>,
) -> impl FnOnce() -> Either<Survey, Failure> + Send + use<> {
    let paths: Vec<PathBuf> = paths.0.split(|byte| *byte == 0).map(path_of).collect();
    move || match Ground::new(paths, &walking, course).and_then(|ground| ground.survey(&doing)) {
        Ok(survey) => Either::A(survey),
        Err(error) => Either::B(error.into()),
    }
}

/// What all threads need.
struct Ground {
    paths: Vec<PathBuf>,
    walking: WalkOptions,
    range: ByteRange,
    is_summary: bool,
    course: Arc<Course>,
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Ground {
    fn new(paths: Vec<PathBuf>, walking: &Walking, course: Arc<Course>) -> Result<Self> {
        let mut options = WalkOptions::default();
        options.follow = walking.follow;
        options.one_file_system = walking.one_file_system;
        options.max_depth = walking.max_depth.map(|depth| depth as usize);
        options.min_size = walking.min_size.map_or(0, unsigned);
        options.max_size = walking.max_size.map_or(u64::MAX, unsigned);
        options.jobs = walking.jobs.and_then(|jobs| NonZeroUsize::new(jobs as usize));
        if !walking.include.is_empty() || !walking.exclude.is_empty() {
            options.filter = Some(glob_filter(&walking.include, &walking.exclude)?);
        }
        let range = ByteRange::new(unsigned(walking.offset), walking.length.map(unsigned))?;
        Ok(Self { paths, walking: options, range, is_summary: walking.summary, course })
    }

    fn survey(&self, doing: &Doing) -> Result<Survey> {
        let start = Instant::now();
        let mut done = match &*doing.verb {
            "warm" => self.warm(doing),
            "evict" => self.evict(doing),
            _ => self.walk(&|found| self.look(found)),
        };
        if let Some(mut first) = done.pop() {
            for other in done {
                first.merge(other);
            }
            first.total.acts.elapsed = start.elapsed();
            return Ok(first.into_survey(&self.paths, doing.verb != "look"));
        }
        Err(Error::range("nothing was walked"))
    }

    fn walk(&self, act: &(dyn Fn(&Found<'_>) -> Result<Came> + Sync)) -> Vec<Taken> {
        let acting = || Acting { ground: self, act, taken: Taken::default() };
        let named = self.paths.iter().cloned().map(Ok);
        walk(named, &self.walking, acting).into_iter().map(|acting| acting.taken).collect()
    }

    fn look(&self, found: &Found<'_>) -> Result<Came> {
        Prober::new(&found.file, ProbeChoice::Auto).residency(self.range).map(Came::Seen)
    }

    fn evict(&self, doing: &Doing) -> Vec<Taken> {
        let mut options = EvictOptions::default();
        options.sync = doing.sync;
        let evictor = Evictor::new(options);
        self.walk(&|found| {
            let extents = extents_of(&found.file, &[self.range]);
            let report = match doing.dry_run {
                true => evictor.preview(&found.file, &extents),
                false => evictor.evict(&found.file, &extents, &*self.course),
            };
            report.map(|report| Came::Done(Box::new(report)))
        })
    }

    fn warm(&self, doing: &Doing) -> Vec<Taken> {
        let rate = rate_limit(doing.rate);
        let mut options = WarmOptions::default();
        options.rate = rate.as_ref();
        let walk = WarmWalk { walking: &self.walking, options: &options, observer: &*self.course };
        let taking = || Acting { ground: self, act: &|_| Ok(Came::Nothing), taken: Taken::default() };
        let (plan, mut done) = walk.plan(self.paths.iter().cloned().map(Ok), taking);
        if !plan.is_empty() && !self.course.is_stopped() {
            self.course.expect(plan.bytes());
            done.extend(walk.carry_out(&plan, mode(&plan, doing), self.paths.clone(), taking));
        }
        done.into_iter().map(|acting| acting.taken).collect()
    }
}

/// Whether what is to be loaded fits into the memory that may be used for it. Where nobody can tell it is loaded.
fn mode(plan: &WarmPlan, doing: &Doing) -> WarmMode {
    let budget =
        doing.max_memory.map_or(MemoryBudget::Available, |bytes| MemoryBudget::Bytes(unsigned(bytes)));
    let is_too_much = || budget.room().is_ok_and(|room| plan.bytes() > room.available);
    match doing {
        Doing { force: false, .. } if is_too_much() => WarmMode::OverBudget,
        Doing { dry_run: true, .. } => WarmMode::DryRun,
        _ => WarmMode::Load,
    }
}

/// What came of a file.
enum Came {
    Seen(mmapio_core::Residency),
    Done(Box<Report>),
    Nothing,
}

/// What a thread has taken.
#[derive(Default)]
struct Taken {
    entries: Vec<Entry>,
    errors: Vec<Error>,
    total: Total,
}

impl Taken {
    fn take(&mut self, subject: Subject<'_>, came: Came, is_summary: bool) {
        let Subject { path, size, .. } = subject;
        let entry = match came {
            Came::Nothing => return,
            Came::Seen(residency) => {
                self.total.add(size, &residency);
                Entry::looked_at(&residency)
            }
            Came::Done(report) => {
                self.total.add_act(size, &report);
                if is_summary {
                    self.errors.extend(report.errors);
                    return;
                }
                Entry::done(*report)
            }
        };
        if !is_summary {
            self.entries.push(entry.of_file(path, size));
        }
    }

    fn merge(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.errors.extend(other.errors);
        self.total.merge(&other.total);
    }

    fn into_survey(self, paths: &[PathBuf], is_done: bool) -> Survey {
        let named: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let is_named = |error: &&Error| error.path().is_none_or(|path| named.contains(path));
        let worst = self.errors.iter().find(is_named).map(Failure::of);
        let mut sum = sum_of(&self.total);
        if is_done {
            sum.deed = Some(Deed::from(&self.total.acts));
        }
        let errors = self.errors.iter().map(Failure::of).collect();
        Survey { entries: self.entries.into_iter(), errors, named: worst, sum: Some(sum) }
    }
}

/// A thread that acts on each file.
struct Acting<'a> {
    ground: &'a Ground,
    act: &'a (dyn Fn(&Found<'_>) -> Result<Came> + Sync),
    taken: Taken,
}

impl Visitor for Acting<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        if self.ground.course.is_stopped() {
            return ControlFlow::Break(());
        }
        match found.require(self.ground.range).and_then(|()| (self.act)(&found)) {
            Ok(came) => {
                let subject = Subject::new(found.path, &found.file, found.named);
                self.taken.take(subject, came, self.ground.is_summary);
            }
            Err(error) => self.taken.errors.push(error.with_path(found.path)),
        }
        ControlFlow::Continue(())
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        self.taken.errors.push(error);
        ControlFlow::Continue(())
    }
}

impl WarmVisitor for Acting<'_> {
    fn extents(&mut self, found: &Found<'_>) -> Result<Vec<Extent>> {
        found.require(self.ground.range)?;
        Ok(extents_of(&found.file, &[self.ground.range]))
    }

    fn report(&mut self, subject: Subject<'_>, report: Report) {
        self.taken.take(subject, Came::Done(Box::new(report)), self.ground.is_summary);
    }

    fn error(&mut self, error: Error) {
        self.taken.errors.push(error);
    }
}
