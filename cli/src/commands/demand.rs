//! What scripts decide by: whether so much of all files is in memory.

use std::time::{Duration, Instant};

use mmapio_core::{Percent, Total};

use crate::interrupt::Interrupt;
use crate::messages;

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
pub(crate) fn say_unmet(total: &Total, share: Percent) {
    let found = match (total.files, total.unknown_files, total.resident()) {
        (0, _, _) => "there is no file".to_owned(),
        (_, 1, _) => "of 1 file it is unknown".to_owned(),
        (_, unknown @ 2.., _) => format!("of {unknown} files it is unknown"),
        (_, _, Some(resident)) => format!("{} of {} pages are", resident.0, total.pages.0),
        (_, _, None) => "nothing is known".to_owned(),
    };
    messages::error(&format!("less than {share} % is in memory: {found}"));
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Met,
    /// The time is over, or a signal came.
    Ended,
}

/// Looks again and again until so much is in memory.
pub(crate) fn wait(
    share: Percent,
    timeout: Option<Duration>,
    interrupt: &Interrupt,
    mut look: impl FnMut() -> Total,
) -> Waited {
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut pause = FIRST_PAUSE;
    loop {
        let start = Instant::now();
        if is_met(&look(), share) {
            return Waited::Met;
        }
        let rest = pause.max(start.elapsed().saturating_mul(REST));
        let until =
            Instant::now() + end.map_or(rest, |end| rest.min(end.saturating_duration_since(Instant::now())));
        if !sleep(until, interrupt) || end.is_some_and(|end| Instant::now() >= end) {
            return Waited::Ended;
        }
        pause = (pause + pause / 2).min(LONGEST_PAUSE);
    }
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
}
