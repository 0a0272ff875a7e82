//! A limit on bytes a second, shared by all threads that load.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::Observer;
use crate::page::page_size;

/// What may go beyond the limit for a moment: as much as is asked for in this time.
const BURST: Duration = Duration::from_millis(100);
/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(1 << 32);
/// A second's bytes come in at least so many portions, as far as they are whole pages.
const PORTIONS_A_SECOND: u64 = 8;
/// Who waits looks up this often whether to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// At most so many bytes a second.
///
/// ```
/// use std::num::NonZeroU64;
/// use mmapio_core::RateLimit;
/// let limit = RateLimit::new(NonZeroU64::new(100 << 20).unwrap());
/// assert_eq!(limit.bytes_per_second().get(), 100 << 20);
/// ```
#[derive(Debug)]
pub struct RateLimit {
    bytes_per_second: std::num::NonZeroU64,
    /// When the bytes that were granted so far will have been due.
    due: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// A limit of so many bytes a second.
    #[must_use]
    pub fn new(bytes_per_second: std::num::NonZeroU64) -> Self {
        Self { bytes_per_second, due: Mutex::new(None) }
    }

    /// The limit.
    #[must_use]
    pub fn bytes_per_second(&self) -> std::num::NonZeroU64 {
        self.bytes_per_second
    }

    /// Waits until `bytes` more may be loaded, or until it is to be stopped.
    pub(crate) fn wait_for(&self, bytes: u64, observer: &dyn Observer) {
        let turn = self.grant(bytes, Instant::now());
        while !observer.is_stopped() {
            let left = turn.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(PATIENCE));
        }
    }

    /// When `bytes` more may be loaded: their time is waited for before they come, so that at no moment there were more than
    /// the rate allows; what was not used long ago is lost.
    fn grant(&self, bytes: u64, now: Instant) -> Instant {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let start = due.unwrap_or(now).max(earliest);
        // A time that cannot be told is never reached.
        let turn = start.checked_add(self.time_for(bytes)).unwrap_or(start + FOREVER);
        *due = Some(turn);
        turn
    }

    /// How much to load at once, at most: with a small rate little, so that it comes evenly.
    pub(crate) fn portion(&self, window: u64) -> u64 {
        let portion = self.bytes_per_second.get() / PORTIONS_A_SECOND;
        let portion = portion.checked_ilog2().map_or(0, |bits| 1 << bits);
        portion.clamp(page_size(), window)
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second.get());
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    #[test]
    fn turns_follow_each_other_at_the_rate() {
        let limit = RateLimit::new(NonZeroU64::new(1000).unwrap());
        let start = Instant::now();
        assert_eq!(limit.grant(500, start), start + Duration::from_millis(500));
        assert_eq!(limit.grant(1000, start), start + Duration::from_millis(1500));
        assert_eq!(limit.grant(1, start), start + Duration::from_millis(1501));
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let limit = RateLimit::new(NonZeroU64::new(1000).unwrap());
        let start = Instant::now();
        limit.grant(1, start);
        let later = start + Duration::from_secs(60);
        assert_eq!(limit.grant(1000, later), later - BURST + Duration::from_secs(1));
        assert!(limit.grant(1, later) > later + Duration::from_millis(800));
    }

    #[test]
    fn portions_are_pages_and_no_more_than_a_window() {
        let window = 2 << 20;
        for (rate, portion) in [(1, page_size()), (16 * page_size(), 2 * page_size()), (1 << 40, window)] {
            assert_eq!(RateLimit::new(NonZeroU64::new(rate).unwrap()).portion(window), portion, "{rate}");
        }
        assert!(RateLimit::new(NonZeroU64::MIN).grant(u64::MAX, Instant::now()) > Instant::now());
    }
}
