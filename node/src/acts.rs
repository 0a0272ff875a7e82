//! What a mapping has done that may take long: each at once, or later in the thread pool.

use std::num::NonZeroU64;
use std::sync::Arc;

use mmapio_core::{
    Advice, ByteRange, EvictOptions, Extent, Flush, Mapping, Observer, OpenFile, RateLimit, Report, Result,
    RunState, WarmNeed, WarmOptions, evict, extents_of, warm, warm_need,
};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Either, Float64Array};
use napi_derive::napi;

use crate::failure::{Failure, answer};
use crate::mapped::Mapped;
use crate::record::{Entry, number, unsigned};
use crate::task::{Course, Job, Ticket, later};

type Answer = Either<Entry, Failure>;

#[napi]
impl Mapped {
    /// Writes a part back.
    #[napi(catch_unwind)]
    pub fn sync(&self, offset: i64, length: i64, how: String) -> Option<Failure> {
        self.syncing(offset, length, &how)()
    }

    /// The same later.
    #[napi(catch_unwind)]
    pub fn sync_later(
        &self,
        env: Env,
        offset: i64,
        length: i64,
        how: String,
    ) -> AsyncTask<Job<Option<Failure>>> {
        later(env, self.syncing(offset, length, &how))
    }

    /// Asks what is in memory.
    #[napi(catch_unwind)]
    pub fn residency(&self) -> Answer {
        self.looking()()
    }

    /// The same later.
    #[napi(catch_unwind)]
    pub fn residency_later(&self, env: Env) -> AsyncTask<Job<Answer>> {
        later(env, self.looking())
    }

    /// The runs as offset, length and state, one after the other.
    #[napi(catch_unwind)]
    pub fn runs(&self) -> Either<Float64Array, Failure> {
        answer(self.mapping().and_then(|mapping| runs(&mapping)).map(Float64Array::from))
    }

    /// Loads what is absent.
    #[napi(catch_unwind)]
    pub fn warm(&self, rate: Option<f64>, ticket: &Ticket) -> Answer {
        self.warming(rate, ticket.course())()
    }

    /// The same later.
    #[napi(catch_unwind)]
    pub fn warm_later(&self, env: Env, rate: Option<f64>, ticket: &Ticket) -> AsyncTask<Job<Answer>> {
        later(env, self.warming(rate, ticket.course()))
    }

    /// Drops what is clean.
    #[napi(catch_unwind)]
    pub fn evict(&self, sync: bool, ticket: &Ticket) -> Answer {
        self.evicting(sync, ticket.course())()
    }

    /// The same later.
    #[napi(catch_unwind)]
    pub fn evict_later(&self, env: Env, sync: bool, ticket: &Ticket) -> AsyncTask<Job<Answer>> {
        later(env, self.evicting(sync, ticket.course()))
    }
}

impl Mapped {
    fn syncing(
        &self,
        offset: i64,
        length: i64,
        how: &str,
    ) -> impl FnOnce() -> Option<Failure> + Send + use<> {
        let mapping = self.mapping();
        let part = Extent::new(unsigned(offset), unsigned(length));
        let how = match how {
            "all" => Flush::All,
            "data" => Flush::Data,
            "start" => Flush::Start,
            "invalidate" => Flush::Invalidate,
            _ => Flush::Msync,
        };
        move || mapping.and_then(|mapping| mapping.flush(part, how)).err().map(Failure::from)
    }

    fn looking(&self) -> impl FnOnce() -> Answer + Send + use<> {
        let mapping = self.mapping();
        move || answer(mapping.and_then(|mapping| mapping.residency()).map(|found| Entry::looked_at(&found)))
    }

    fn warming(&self, rate: Option<f64>, course: Arc<Course>) -> impl FnOnce() -> Answer + Send + use<> {
        let mapping = self.mapping();
        let rate = rate_limit(rate);
        move || {
            let report = mapping.and_then(|mapping| {
                let mut options = WarmOptions::default();
                options.rate = rate.as_ref();
                on_file(&mapping, |file, extents| {
                    if let WarmNeed::Bytes(bytes) = warm_need(file, extents, &options)? {
                        course.expect(bytes);
                    }
                    warm(file, extents, &options, &*course)
                })
            });
            answer(report.map(Entry::done))
        }
    }

    fn evicting(&self, sync: bool, course: Arc<Course>) -> impl FnOnce() -> Answer + Send + use<> {
        let mapping = self.mapping();
        let mut options = EvictOptions::default();
        options.sync = sync;
        move || {
            let report = mapping.and_then(|mapping| {
                let_go(&mapping);
                let observer: &dyn Observer = &*course;
                on_file(&mapping, |file, extents| evict(file, extents, &options, observer))
            });
            answer(report.map(Entry::done))
        }
    }
}

/// Has the pages out of our own page tables, since what is mapped is not evicted; what was stored into them stays with the file. Of a
/// private mapping that would lose what was written, so the core refuses it, and the pages stay.
fn let_go(mapping: &Mapping) {
    if let Some(advice) = Advice::find("dontneed") {
        let _ = mapping.advise(advice, Extent::new(0, mapping.len()));
    }
}

/// A rate, where there is one.
pub(crate) fn rate_limit(rate: Option<f64>) -> Option<RateLimit> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number, as was checked"
    )]
    let whole = |rate: f64| rate as u64;
    rate.map(whole).and_then(NonZeroU64::new).map(RateLimit::new)
}

fn on_file(mapping: &Mapping, act: impl FnOnce(&OpenFile, &[Extent]) -> Result<Report>) -> Result<Report> {
    // Who has no file is told so by what needs one.
    let Some(file) = mapping.file() else { return mapping.residency().map(|_| Report::default()) };
    let extent = mapping.extent();
    act(file, &extents_of(file, &[ByteRange::new(extent.offset(), Some(extent.length()))?]))
}

fn runs(mapping: &Mapping) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for run in mapping.runs()? {
        let run = run?;
        let state = match run.state {
            RunState::Resident => 0.0,
            RunState::Absent => 1.0,
            RunState::Hole => 2.0,
        };
        all.extend([number(run.extent.offset()), number(run.extent.length()), state]);
    }
    Ok(all)
}
