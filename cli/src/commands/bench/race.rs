//! A scenario: strategies that take turns at reading the same bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mmapio_core::{Content, ErrorKind, Extent, OpenFile, Work};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::outcome::{Outcome, Runner};
use super::pattern::{Accesses, Ground};
use super::run::{Contender, Sample, Task};
use super::state::{self, Unready};
use crate::args::bench::{Pattern, State};
use crate::interrupt::Interrupt;

/// Rounds that a scenario should have, and has if the budget allows: fewer make intervals wide, more make runs short.
const ROUNDS: u32 = 11;
pub(super) const LEAST_ROUNDS: u32 = 5;
const MOST_ROUNDS: u32 = 101;
/// How much more each pilot reads than the one before.
const GROWTH: u32 = 4;
/// Slower by this factor than the fastest, and a strategy is measured in the least number of rounds only.
const MUCH_SLOWER: f64 = 10.0;
/// What the first pilot reads in order, and accesses of it elsewhere.
const PILOT_BYTES: u64 = 16 << 20;
const PILOT_ACCESSES: u64 = 100;
/// Their offsets are held in memory; fewer would say little about the slowest ones.
const MOST_ACCESSES: u64 = 10_000_000;

/// What is the same for all strategies in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) pattern: Pattern,
    pub(super) state: State,
    pub(super) threads: usize,
    /// Not in order, all read blocks of the same size.
    pub(super) block: Option<usize>,
}

/// What a scenario needs.
pub(super) struct Race<'a> {
    pub(super) file: &'a Arc<OpenFile>,
    pub(super) extent: Extent,
    /// How long the part of the user's file is that was asked for.
    pub(super) asked: u64,
    pub(super) scenario: Scenario,
    pub(super) work: Work,
    pub(super) sync_every: Option<usize>,
    pub(super) seed: u64,
    /// Bytes that each run reads, and rounds, where the caller has said so.
    pub(super) bytes: Option<u64>,
    pub(super) rounds: Option<usize>,
    /// The smallest block of all contenders.
    pub(super) smallest: usize,
    pub(super) budget: Duration,
    pub(super) interrupt: &'a Interrupt,
    /// Told the share of the scenario that is done.
    pub(super) progress: &'a dyn Fn(f64),
}

/// A round that is not counted.
#[derive(Debug, Clone, Copy)]
struct Pilot {
    bytes: u64,
    seconds: f64,
}

/// What a round takes, in seconds.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// However much is read: bringing about the state, loading all of a file that is mapped.
    fixed: f64,
    /// In proportion to what is read.
    growing: f64,
}

impl Cost {
    /// Of the last of two rounds, by what it took more for what it read more; of one round all may grow.
    fn of(before: Option<Pilot>, now: Pilot) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let growing = before.filter(|before| now.bytes > before.bytes).map_or(now.seconds, |before| {
            (now.seconds - before.seconds) * now.bytes as f64 / (now.bytes - before.bytes) as f64
        });
        // Noise can make the smaller round the longer one.
        let growing = growing.clamp(now.seconds / 100.0, now.seconds).max(1e-6);
        Self { fixed: now.seconds - growing, growing }
    }
}

impl Race<'_> {
    /// Runs it.
    pub(super) fn run(&self, contenders: &[Contender]) -> Outcome {
        let mut outcome = Outcome {
            scenario: self.scenario,
            bytes: self.pilot_bytes(),
            asked: self.asked,
            accesses: 0,
            rounds: 0,
            runners: contenders.iter().map(Runner::new).collect(),
            unready: None,
            differs: None,
        };
        let start = Instant::now();
        if let Some(cost) = self.pilot(&mut outcome) {
            let rounds = self.plan(&mut outcome, cost, start.elapsed());
            self.rounds(&mut outcome, rounds, start);
        }
        outcome.forget_the_rest();
        outcome
    }

    /// Rounds that are not counted: they find caches of the processor and the allocator as they were, and how much can be read in the
    /// budget, more in each until what grows with that takes a good part of what a round may. None when the scenario is over.
    fn pilot(&self, outcome: &mut Outcome) -> Option<Cost> {
        let round = self.budget.as_secs_f64() / f64::from(ROUNDS);
        let mut last = None;
        for pilot in 0.. {
            let start = Instant::now();
            // A round may read less than that: the last block of a file is shorter, and may be left out.
            let bytes = outcome.bytes;
            if !self.round(outcome, u64::MAX - pilot) {
                return None;
            }
            let now = Pilot { bytes, seconds: start.elapsed().as_secs_f64() };
            outcome.runners.iter_mut().for_each(Runner::note_speed);
            let cost = Cost::of(last, now);
            let is_enough = last.is_some() && cost.growing >= round / f64::from(GROWTH);
            if self.bytes.is_some() || is_enough || now.seconds >= round || bytes >= self.most() {
                return Some(cost);
            }
            last = Some(now);
            outcome.bytes = bytes.saturating_mul(GROWTH.into()).min(self.most());
        }
        None
    }

    fn rounds(&self, outcome: &mut Outcome, rounds: usize, start: Instant) {
        for round in 1..=rounds {
            let is_late = self.rounds.is_none()
                && round > LEAST_ROUNDS as usize
                && start.elapsed() > self.budget.mul_f64(1.2);
            if is_late || self.interrupt.came() || !self.round(outcome, round as u64) {
                break;
            }
            outcome.rounds = round;
            #[expect(clippy::cast_precision_loss, reason = "progress")]
            (self.progress)(round as f64 / rounds as f64);
        }
    }

    fn pilot_bytes(&self) -> u64 {
        let wanted = match self.scenario.block {
            None => PILOT_BYTES,
            Some(block) => PILOT_ACCESSES * block as u64,
        };
        self.bytes.unwrap_or(wanted).min(self.most())
    }

    /// The most that a run may read.
    fn most(&self) -> u64 {
        self.extent.length().min(MOST_ACCESSES * self.smallest as u64)
    }

    /// How much each run reads, when the last round took so long; and how many rounds there are.
    fn plan(&self, outcome: &mut Outcome, cost: Cost, gone: Duration) -> usize {
        let left = self.budget.saturating_sub(gone).as_secs_f64();
        let most = if self.bytes.is_some() { 1.0 } else { f64::from(GROWTH) };
        let growth = ((left / f64::from(ROUNDS) - cost.fixed) / cost.growing).clamp(1.0, most);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate"
        )]
        let planned = ((outcome.bytes as f64 * growth) as u64).min(self.most());
        // In order, parts of the file begin at a megabyte.
        let planned = if planned > 8 << 20 { planned & !((1 << 20) - 1) } else { planned };
        outcome.bytes = self.bytes.map_or(planned, |bytes| bytes.min(self.most()));
        let slow =
            outcome.runners.iter().map(|runner| runner.speed).fold(f64::INFINITY, f64::min) * MUCH_SLOWER;
        outcome.runners.iter_mut().for_each(|runner| runner.is_slow = runner.speed > slow);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let rounds = (left / (cost.fixed + cost.growing * growth))
            .clamp(f64::from(LEAST_ROUNDS), f64::from(MOST_ROUNDS)) as usize;
        self.rounds.unwrap_or(rounds)
    }

    /// All that still take part, once, in an order of its own. False when the scenario is over.
    fn round(&self, outcome: &mut Outcome, round: u64) -> bool {
        let mut order: Vec<usize> = (0..outcome.runners.len()).collect();
        order.shuffle(&mut SmallRng::seed_from_u64(self.seed.wrapping_add(round)));
        let largest = outcome.runners.iter().map(|runner| runner.contender.block).max().unwrap_or(1);
        let ground = Ground { pattern: self.scenario.pattern, extent: self.extent, bytes: outcome.bytes };
        let mut sum = None;
        for at in order {
            if self.interrupt.came() {
                return false;
            }
            let takes_part = |runner: &&mut Runner| runner.takes_part();
            let Some(runner) = outcome.runners.get_mut(at).filter(takes_part) else { continue };
            let accesses = ground.accesses(runner.contender.block, largest, round, self.seed);
            if let Err(why) = self.turn(runner, &accesses, round) {
                outcome.unready = Some(why);
                return false;
            }
            outcome.bytes = accesses.bytes;
            outcome.accesses = accesses.offsets.len() as u64;
            if let Some(found) = runner.checksum_of(round) {
                let first = *sum.get_or_insert(found);
                if first != found {
                    let name = runner.contender.way.name();
                    outcome.differs =
                        Some(format!("{name} read other bytes than the others: the file changes"));
                    return false;
                }
            }
        }
        outcome.runners.iter().any(|runner| runner.failed.is_none())
    }

    /// One run. An error is about the scenario, what is wrong with the strategy alone is kept with it.
    fn turn(&self, runner: &mut Runner, accesses: &Accesses, round: u64) -> Result<(), String> {
        let before = match state::reach(self.scenario.state, self.file, accesses.extent, self.interrupt) {
            _ if self.interrupt.came() => return Ok(()),
            Ok(share) => share,
            Err(Unready::Not(why)) => return Err(why),
            Err(Unready::Failed(error)) => return Err(format!("{}: {}", error.call(), error.reason())),
        };
        let task = Task {
            file: self.file,
            contender: runner.contender,
            accesses,
            threads: self.scenario.threads,
            work: self.work,
            // Other bytes in each round: what is left of the last one is not taken for this one's.
            content: Content::new(self.seed ^ round.rotate_left(32)),
            sync_every: self.sync_every,
            timed: self.scenario.pattern != Pattern::Sequential,
            interrupt: self.interrupt,
        };
        match task.run() {
            Ok(None) => {}
            Ok(Some((sample, latencies))) => {
                let resident_after = state::resident(self.file, accesses.extent).ok().flatten();
                runner.samples.push(Sample { round, resident_before: before, resident_after, ..sample });
                match (&mut runner.latencies, latencies) {
                    (Some(all), Some(more)) => drop(all.add(more)),
                    (all, more) => *all = more,
                }
            }
            // It is the same for all of them.
            Err(error) if matches!(error.kind(), ErrorKind::Truncated { .. }) => return Err(error.reason()),
            Err(error) => runner.failed = Some(error.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_grow_is_told_from_what_does() {
        let pilot = |bytes, seconds| Pilot { bytes, seconds };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let both = Cost::of(Some(pilot(100, 1.1)), pilot(400, 1.4));
        assert!(near(both.fixed, 1.0) && near(both.growing, 0.4), "{both:?}");
        let one = Cost::of(None, pilot(100, 2.0));
        assert!(near(one.fixed, 0.0) && near(one.growing, 2.0), "{one:?}");
        for noisy in [pilot(400, 0.5), pilot(400, 1.1), pilot(100, 1.0)] {
            let cost = Cost::of(Some(pilot(100, 1.1)), noisy);
            assert!(
                cost.growing > 0.0 && cost.fixed >= 0.0 && near(cost.fixed + cost.growing, noisy.seconds),
                "{cost:?}"
            );
        }
    }
}
