//! What of the file is in memory before a run.

use std::time::Duration;

use mmapio_core::{
    ByteRange, Error, EvictOptions, Extent, MemoryBudget, Observer, OpenFile, ProbeChoice, Prober, Reason,
    Remaining, Report, Residency, Unknown, WarmNeed, WarmOptions, evict, extents_of, warm, warm_need,
};

use crate::args::bench::State;
use crate::render::remaining;
use crate::render::table::size;

/// More than this share of what is read, and it is not cold, in percent.
const COLD: f64 = 0.5;
/// Less, and it is not warm: the kernel may take idle pages away at any time.
const WARM: f64 = 99.0;

/// How often what is busy is dropped, and how long is waited in between.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// Why a state cannot be had.
#[derive(Debug)]
pub(super) enum Unready {
    /// What failed.
    Failed(Error),
    /// What is in memory instead, and why.
    Not(String),
}

impl From<Error> for Unready {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Brings the file into a state, and says what share of `extent` is in memory now, in percent; none when that cannot be told.
pub(super) fn reach(
    state: State,
    file: &OpenFile,
    extent: Extent,
    observer: &dyn Observer,
) -> Result<Option<f64>, Unready> {
    let now = look(file, extent)?;
    if state != State::AsFound && now.percent().is_none() {
        // Before anything is dropped that could not be put back.
        return Err(Unready::Not(untold(state, now.unknown)));
    }
    match state {
        State::AsFound => Ok(now.percent()),
        State::Cold => cold(file, extent, observer),
        State::Warm | State::Writing => {
            let extents = extents_of(file, &[range(extent)?]);
            require_room(file, &extents)?;
            let report = warm(file, &extents, &WarmOptions::default(), observer)?;
            judged(state, file, extent, &report)
        }
    }
}

/// Drops all of the file.
fn cold(file: &OpenFile, extent: Extent, observer: &dyn Observer) -> Result<Option<f64>, Unready> {
    let mut options = EvictOptions::default();
    // What is dirty could not be dropped.
    options.sync = true;
    for attempt in 1.. {
        let report = evict(file, &extents_of(file, &[ByteRange::WHOLE]), &options, observer)?;
        // What was read a moment ago is held by processors that have not put it onto the kernel's lists yet.
        let is_busy = report.remaining.iter().any(|left| left.reason == Reason::Busy);
        if !is_busy || attempt == ATTEMPTS || observer.is_stopped() {
            return judged(State::Cold, file, extent, &report);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

/// What does not fit is not loaded at the cost of everything else in memory.
fn require_room(file: &OpenFile, extents: &[Extent]) -> Result<(), Unready> {
    let WarmNeed::Bytes(wanted) = warm_need(file, extents, &WarmOptions::default())? else { return Ok(()) };
    // Where it cannot be told, whether all of it came in is seen afterwards.
    let Ok(room) = MemoryBudget::Available.room() else { return Ok(()) };
    match wanted <= room.available {
        true => Ok(()),
        false => Err(Unready::Not(format!(
            "{} would have to be loaded, and there is room for {} ({}); --range takes a part of the file",
            size(wanted, false),
            size(room.available, false),
            room.source
        ))),
    }
}

pub(super) fn range(extent: Extent) -> Result<ByteRange, Error> {
    ByteRange::new(extent.offset(), Some(extent.length()))
}

/// Whether it is as it should be. Holes are never in memory before they are read, which is no reason to call a file cold.
fn judged(state: State, file: &OpenFile, extent: Extent, report: &Report) -> Result<Option<f64>, Unready> {
    let found = look(file, extent)?;
    let Some(share) = found.percent() else { return Err(Unready::Not(untold(state, found.unknown))) };
    let is_reached = match state {
        State::Cold => share <= COLD,
        _ => share >= WARM || report.remaining.is_empty(),
    };
    if is_reached { Ok(Some(share)) } else { Err(Unready::Not(missed(state, share, &report.remaining))) }
}

/// Nothing is called cold or warm that was not seen to be.
fn untold(state: State, why: Option<Unknown>) -> String {
    let why = why.map_or(String::new(), |why| format!(" ({why})"));
    format!(
        "what is in memory cannot be told{why}, so nothing can be called {}; --state as-found can be measured",
        state.as_str()
    )
}

/// What is in memory instead, and why.
fn missed(state: State, share: f64, remaining: &[Remaining]) -> String {
    if state == State::Cold && remaining.iter().any(|left| left.reason == Reason::Memory) {
        return "this filesystem has its files in memory and nowhere else, so that they are never cold"
            .to_owned();
    }
    let why = remaining::words(remaining);
    let why = if why.is_empty() { why } else { format!(" ({why} pages)") };
    match state {
        State::Cold => format!("{share:.1} % stayed in memory when it was dropped{why}"),
        _ => format!("only {share:.1} % is in memory after it was loaded{why}"),
    }
}

fn look(file: &OpenFile, extent: Extent) -> Result<Residency, Error> {
    Prober::new(file, ProbeChoice::Auto).residency(range(extent)?)
}

/// The share of a part that is in memory, in percent.
pub(super) fn resident(file: &OpenFile, extent: Extent) -> Result<Option<f64>, Error> {
    Ok(look(file, extent)?.percent())
}

#[cfg(test)]
mod tests {
    use mmapio_core::Pages;

    use super::*;

    fn left(reason: Reason, pages: u64) -> Report {
        let mut report = Report::default();
        report.leave(reason, Pages(pages));
        report
    }

    #[test]
    fn a_state_that_is_refused_says_why() {
        let of = |state, reason| missed(state, 12.34, &left(reason, 7).remaining);
        assert!(of(State::Cold, Reason::Memory).contains("in memory and nowhere else"));
        assert_eq!(
            of(State::Cold, Reason::Locked),
            "12.3 % stayed in memory when it was dropped (7 locked pages)"
        );
        assert_eq!(
            of(State::Warm, Reason::OverBudget),
            "only 12.3 % is in memory after it was loaded (7 over budget pages)"
        );
        let untold = untold(State::Cold, Some(Unknown::NotPermitted));
        assert!(untold.contains("not permitted") && untold.contains("--state as-found"), "{untold}");
    }
}
