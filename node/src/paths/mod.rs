//! Files and trees without mapping them: what the command's `incore`, `warm` and `evict` do.

mod taken;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use mmapio_core::{
    ByteRange, Error, EvictOptions, Evictor, Found, MemoryBudget, Observer, ProbeChoice, Prober, Result,
    WalkOptions, WarmMode, WarmOptions, WarmPlan, WarmWalk, extents_of, glob_filter, walk,
};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Either};
use napi_derive::napi;

use crate::acts::rate_limit;
use crate::failure::{Failure, answer};
use crate::opening::path_of;
use crate::raw::Bytes;
use crate::record::{Entry, Sum, unsigned};
use crate::task::{Course, Job, Ticket, later};
use taken::{Acting, Came, Taken};

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
    env: Env,
    paths: Bytes,
    walking: Walking,
    doing: Doing,
    ticket: &Ticket,
) -> AsyncTask<Job<Either<Survey, Failure>>> {
    later(env, surveying(&paths, walking, doing, ticket.course()))
}

fn surveying(
    paths: &Bytes,
    walking: Walking,
    doing: Doing,
    course: Arc<Course>,
) -> impl FnOnce() -> Either<Survey, Failure> + Send + use<> {
    let paths: Vec<PathBuf> = paths.0.split(|byte| *byte == 0).map(path_of).collect();
    move || answer(Ground::new(paths, &walking, course).and_then(|ground| ground.survey(&doing)))
}

/// What all threads need.
struct Ground {
    paths: Vec<PathBuf>,
    walking: WalkOptions,
    range: ByteRange,
    is_summary: bool,
    course: Arc<Course>,
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
    let is_too_much = || plan.excess(budget).is_ok_and(|limit| limit.is_some());
    match doing {
        Doing { force: false, .. } if is_too_much() => WarmMode::OverBudget,
        Doing { dry_run: true, .. } => WarmMode::DryRun,
        _ => WarmMode::Load,
    }
}
