//! What scripts decide by: whether so much of all files is in memory.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mmapio_core::{Percent, Total, WalkOptions};

use super::look::Subject;
use super::paths::PathList;
use super::scan::Task;
use crate::args::incore::Incore;
use crate::interrupt::Interrupt;
use crate::messages::{self, counted};
use crate::output::Exit;

/// Looking is repeated after this time, and each time after half as much more, up to a second.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A pause is no shorter than so many times what looking took.
const REST: u32 = 10;
/// How often a pause looks for signals.
const SLICE: Duration = Duration::from_millis(50);

/// Whether so much is in memory. What is unknown, or failed, is not; and of nothing there is no share: who demands one has named the
/// wrong files, or files that are still to come.
pub(crate) fn is_met(total: &Total, share: Percent) -> bool {
    let known = total.whole().zip(total.resident());
    total.files > 0
        && total.errors == 0
        && known.is_some_and(|(whole, resident)| resident.0 >= share.of(whole.0))
}

/// Says why it is not.
fn say_unmet(total: &Total, share: Percent) {
    messages::error(&unmet(total, share));
}

fn unmet(total: &Total, share: Percent) -> String {
    let unknown = |why: String| format!("it is not known whether {share} % is in memory: {why}");
    let failed = (total.errors, counted(total.errors, "path", "paths"));
    match (total.files, failed, total.unknown_files, total.resident()) {
        (_, (1.., failed), ..) => unknown(format!("{failed} failed")),
        (0, ..) => format!("there is no file that {share} % could be in memory of"),
        (.., files @ 1.., _) => unknown(format!("of {} it is unknown", counted(files, "file", "files"))),
        (.., Some(resident)) => {
            format!("less than {share} % is in memory: {} of {} pages are", resident.0, total.pages.0)
        }
        (.., None) => unknown("nothing is".to_owned()),
    }
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Met,
    /// The time is over.
    Over,
    /// A signal came.
    Signal(Exit),
}

/// Waits until so much is in memory, and gives back what the report is to look at.
pub(crate) fn wait(
    share: Percent,
    arguments: &Incore,
    list: PathList,
    options: WalkOptions,
) -> Result<(PathList, WalkOptions, Waited)> {
    // Waiting looks at the same paths again and again, so all of them are needed; one that cannot be read is told by the report.
    let list: Vec<_> = list.collect();
    let paths: Vec<PathBuf> = list.iter().flatten().cloned().collect();
    let subject =
        Subject { paths, options, range: arguments.paths.range, probe: arguments.show.probe.into() };
    let interrupt = Interrupt::listen().context("sigaction")?;
    let waited = until_met(&subject, share, arguments.demand.timeout, &interrupt)?;
    interrupt.leave();
    let waited = interrupt.exit().map_or(waited, Waited::Signal);
    Ok((Box::new(list.into_iter()), subject.options, waited))
}

/// Looks again and again until so much is in memory.
fn until_met(
    subject: &Subject,
    share: Percent,
    timeout: Option<Duration>,
    interrupt: &Interrupt,
) -> Result<Waited> {
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let is_over = || end.is_some_and(|end| Instant::now() >= end);
    let mut pause = FIRST_PAUSE;
    loop {
        let start = Instant::now();
        let found = subject.look(Task::Sum, || interrupt.came() || is_over())?;
        if let Some(exit) = interrupt.exit() {
            return Ok(Waited::Signal(exit));
        }
        // A look that the time has ended knows a part of the files only.
        if is_over() {
            return Ok(Waited::Over);
        }
        if is_met(&found.total, share) {
            return Ok(Waited::Met);
        }
        let until = Instant::now() + pause.max(start.elapsed().saturating_mul(REST));
        sleep(end.map_or(until, |end| end.min(until)), interrupt);
        pause = (pause + pause / 2).min(LONGEST_PAUSE);
    }
}

/// The exit status by what was demanded.
pub(crate) fn verdict(arguments: &Incore, total: &Total, waited: Option<Waited>) -> Exit {
    let Some(share) = arguments.demand.wait.or(arguments.demand.fail_under) else { return Exit::Done };
    // What came while it was waited for the last time is there.
    if waited == Some(Waited::Met) || is_met(total, share) {
        return Exit::Done;
    }
    if !arguments.messages.quiet {
        say_unmet(total, share);
    }
    Exit::Unmet
}

/// Sleeps, and says whether no signal came.
pub(super) fn sleep(until: Instant, interrupt: &Interrupt) -> bool {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if interrupt.came() {
            return false;
        }
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(SLICE));
    }
}

#[cfg(test)]
mod tests {
    use mmapio_core::{Pages, Residency, Unknown};

    use super::*;

    fn total(files: &[(u64, Option<u64>)]) -> Total {
        let mut total = Total::default();
        for (pages, resident) in files {
            let mut residency = Residency::default();
            residency.pages = Pages(*pages);
            residency.resident = resident.map(Pages);
            residency.unknown = resident.is_none().then_some(Unknown::NotPermitted);
            total.add(pages * 4096, &residency);
        }
        total
    }

    #[test]
    fn a_share_is_of_all_files_together() {
        let half: Percent = "50".parse().unwrap();
        assert!(is_met(&total(&[(10, Some(0)), (10, Some(10))]), half));
        assert!(!is_met(&total(&[(10, Some(0)), (10, Some(9))]), half));
        assert!(is_met(&total(&[(0, Some(0))]), half), "an empty file has all it can have");
    }

    #[test]
    fn what_is_unknown_or_not_there_is_not_met() {
        let nothing: Percent = "0".parse().unwrap();
        assert!(!is_met(&total(&[]), nothing));
        assert!(!is_met(&total(&[(10, Some(10)), (1, None)]), nothing));
        let mut failed = total(&[(10, Some(10))]);
        failed.errors = 1;
        assert!(!is_met(&failed, nothing));
    }

    #[test]
    fn why_it_is_not_met_is_true_of_what_was_found() {
        let nothing: Percent = "0".parse().unwrap();
        let mut failed = total(&[(10, Some(10))]);
        failed.errors = 2;
        assert_eq!(unmet(&failed, nothing), "it is not known whether 0 % is in memory: 2 paths failed");
        let unknown = total(&[(10, Some(10)), (1, None)]);
        assert_eq!(
            unmet(&unknown, nothing),
            "it is not known whether 0 % is in memory: of 1 file it is unknown"
        );
        let half = "50".parse().unwrap();
        assert_eq!(unmet(&total(&[(4, Some(1))]), half), "less than 50 % is in memory: 1 of 4 pages are");
        assert_eq!(unmet(&total(&[]), half), "there is no file that 50 % could be in memory of");
    }
}
