//! Searching parts of a file at the same time; what is found comes in order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, available_parallelism};

use anyhow::{Result, bail};
use mmapio_core::{Extent, OpenFile, Stretches};

use super::needle::Needle;
use super::span::{Found, Searcher};
use crate::commands::map::target::Target;

/// What a thread searches at once, at least. The finds in so much fit into memory, whatever they are.
const SPAN: u64 = 1 << 20;

/// More threads than this wait for the memory of the machine.
const MOST_THREADS: usize = 8;

/// Who takes what was found, part by part, until it breaks.
type Take<'a> = dyn FnMut(Found) -> ControlFlow<()> + 'a;

/// Searches the part of the file that was asked for.
pub(super) fn search(target: &Target<'_>, needle: &Needle, take: &mut Take<'_>) -> Result<()> {
    let threads = available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if threads == 1 || target.extent.length() <= SPAN {
        alone(target, needle, take);
        return Ok(());
    }
    let shared = Shared::new(target, needle, threads);
    std::thread::scope(|scope| {
        let start = |_: &usize| Builder::new().spawn_scoped(scope, || shared.work(target, needle)).is_ok();
        let started = (0..threads).filter(start).count();
        if started == 0 {
            alone(target, needle, take);
            return Ok(());
        }
        shared.collect(take)
    })
}

fn alone(target: &Target<'_>, needle: &Needle, take: &mut Take<'_>) {
    let mut searcher = Searcher::new(&target.file, needle, target.extent.end());
    for span in Spans::new(&target.file, target.extent, needle) {
        if take(searcher.search(span)).is_break() {
            return;
        }
    }
}

/// What the threads share.
struct Shared<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    /// So many parts may be searched before the first of them is taken.
    ahead: u64,
}

struct State<'a> {
    spans: Spans<'a>,
    given: u64,
    taken: u64,
    found: BTreeMap<u64, Found>,
    working: usize,
    /// There is nothing more to search, or no more is wanted.
    over: bool,
}

impl<'a> Shared<'a> {
    fn new(target: &'a Target<'_>, needle: &Needle, threads: usize) -> Self {
        let spans = Spans::new(&target.file, target.extent, needle);
        let found = BTreeMap::new();
        let state = State { spans, given: 0, taken: 0, found, working: 0, over: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), ahead: 2 * threads as u64 }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State<'a>>) -> MutexGuard<'g, State<'a>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's work.
    fn work(&self, target: &Target<'_>, needle: &Needle) {
        let _working = Working::start(self);
        let mut searcher = Searcher::new(&target.file, needle, target.extent.end());
        while let Some((number, span)) = self.next_span() {
            let found = searcher.search(span);
            self.lock().found.insert(number, found);
            self.changed.notify_all();
        }
    }

    fn next_span(&self) -> Option<(u64, Extent)> {
        let mut state = self.lock();
        while !state.over && state.given >= state.taken + self.ahead {
            state = self.wait(state);
        }
        if state.over {
            return None;
        }
        let (number, span) = (state.given, state.spans.next());
        state.over = span.is_none();
        state.given += u64::from(span.is_some());
        span.map(|span| (number, span))
    }

    fn collect(&self, take: &mut Take<'_>) -> Result<()> {
        while let Some(found) = self.next_found()? {
            if take(found).is_break() {
                break;
            }
        }
        self.lock().over = true;
        self.changed.notify_all();
        Ok(())
    }

    fn next_found(&self) -> Result<Option<Found>> {
        let mut state = self.lock();
        loop {
            let next = state.taken;
            if let Some(found) = state.found.remove(&next) {
                state.taken += 1;
                self.changed.notify_all();
                return Ok(Some(found));
            }
            match (state.over, state.working) {
                (true, _) if state.taken == state.given => return Ok(None),
                (true, 0) => bail!("a thread of the search ended before its work was done"),
                _ => state = self.wait(state),
            }
        }
    }
}

/// A thread that works; however it ends, nobody waits for it then.
struct Working<'s, 'a>(&'s Shared<'a>);

impl<'s, 'a> Working<'s, 'a> {
    fn start(shared: &'s Shared<'a>) -> Self {
        shared.lock().working += 1;
        Self(shared)
    }
}

impl Drop for Working<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.working -= 1;
        // Only who found no more work, or broke down, ends.
        state.over = true;
        drop(state);
        self.0.changed.notify_all();
    }
}

/// The parts that are searched, each by one thread: data in equal parts, small holes with it, and each large hole as a whole.
struct Spans<'a> {
    stretches: Stretches<'a>,
    least: u64,
    /// What is not given yet.
    begun: Extent,
    hole: Option<Extent>,
}

impl<'a> Spans<'a> {
    fn new(file: &'a OpenFile, extent: Extent, needle: &Needle) -> Self {
        let least = SPAN.max(8 * needle.length() as u64);
        Self { stretches: Stretches::new(file, extent), least, begun: Extent::default(), hole: None }
    }

    /// The next bytes of what was begun, up to `length`.
    fn take(&mut self, length: u64) -> Option<Extent> {
        let begun = self.begun;
        let taken = Extent::new(begun.offset(), length.min(begun.length()));
        self.begun = Extent::between(taken.end(), begun.end());
        Some(taken).filter(|taken| !taken.is_empty())
    }
}

impl Iterator for Spans<'_> {
    type Item = Extent;

    fn next(&mut self) -> Option<Extent> {
        while self.begun.length() < self.least && self.hole.is_none() {
            let Some(stretch) = self.stretches.next() else { break };
            let extent = stretch.extent;
            if stretch.is_hole && extent.length() > self.least {
                self.hole = Some(extent);
            } else {
                let start = if self.begun.is_empty() { extent.offset() } else { self.begun.offset() };
                self.begun = Extent::between(start, extent.end());
            }
        }
        self.take(self.least).or_else(|| self.hole.take())
    }
}
