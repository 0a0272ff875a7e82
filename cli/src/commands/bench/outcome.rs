//! What came of a scenario: who took part, with which samples, and who did not to the end.

use hdrhistogram::Histogram;
use mmapio_core::{Error, ErrorKind};

use super::race::{LEAST_ROUNDS, Scenario};
use super::run::{Contender, Sample};

/// A strategy that took part.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) contender: Contender,
    pub(super) samples: Vec<Sample>,
    pub(super) latencies: Option<Histogram<u64>>,
    /// Why it does not any more.
    pub(super) failed: Option<Failure>,
    /// Seconds in the last pilot.
    pub(super) speed: f64,
    /// So slow that a few rounds tell all there is to tell.
    pub(super) is_slow: bool,
}

/// Why a strategy does not take part any more.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    /// It is not to be had here, which is nobody's fault.
    pub(super) is_lack: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        use std::io::ErrorKind::{InvalidInput, Unsupported};
        let is_lack = match error.kind() {
            ErrorKind::Unsupported { .. } => true,
            ErrorKind::System(source) | ErrorKind::Refused { source, .. } => {
                matches!(source.kind(), InvalidInput | Unsupported)
            }
            _ => false,
        };
        Self { why: format!("{}: {}", error.call(), error.reason()), is_lack }
    }
}

impl Runner {
    pub(super) fn new(contender: &Contender) -> Self {
        let (samples, latencies, failed) = (Vec::new(), None, None);
        Self { contender: *contender, samples, latencies, failed, speed: f64::INFINITY, is_slow: false }
    }

    /// Of what it read in this round, if it did.
    pub(super) fn checksum_of(&self, round: u64) -> Option<u64> {
        self.samples.last().filter(|sample| sample.round == round).map(|sample| sample.checksum)
    }

    pub(super) fn takes_part(&self) -> bool {
        self.failed.is_none() && !(self.is_slow && self.samples.len() >= LEAST_ROUNDS as usize)
    }

    /// What a pilot took is kept apart from what counts.
    pub(super) fn note_speed(&mut self) {
        if let Some(sample) = self.samples.last() {
            self.speed = sample.seconds;
        }
        self.samples.clear();
        self.latencies = None;
    }
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) scenario: Scenario,
    /// What each run reads.
    pub(super) bytes: u64,
    /// Of the part of the file that was asked for.
    pub(super) asked: u64,
    pub(super) accesses: u64,
    pub(super) rounds: usize,
    pub(super) runners: Vec<Runner>,
    /// Why the scenario could not be had at all, or not for all rounds.
    pub(super) unready: Option<String>,
    /// A file that changes while it is measured.
    pub(super) differs: Option<String>,
}

impl Outcome {
    /// A round that did not come to its end does not count, nor does a strategy that failed: what it read before is no answer.
    pub(super) fn forget_the_rest(&mut self) {
        let rounds = self.rounds as u64;
        for runner in &mut self.runners {
            let is_kept = runner.failed.is_none();
            runner.samples.retain(|sample| is_kept && sample.round <= rounds);
        }
    }

    /// Whether there is anything to tell.
    pub(super) fn is_told(&self) -> bool {
        self.runners.iter().any(|runner| !runner.samples.is_empty())
    }

    /// Whether all that was to be measured was.
    pub(super) fn is_whole(&self) -> bool {
        let has_failed = |runner: &Runner| runner.failed.as_ref().is_some_and(|failed| !failed.is_lack);
        self.is_told()
            && self.unready.is_none()
            && self.differs.is_none()
            && !self.runners.iter().any(has_failed)
    }
}
