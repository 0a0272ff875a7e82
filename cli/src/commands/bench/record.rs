//! A report as it is written, and read again to be compared with.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::environment::Environment;
use super::hand::Way;
use super::outcome::{Outcome, Runner};
use super::run::Sample;
use super::stats::{Interval, Ratio, Summary, median};
use crate::render::table::size;

/// All of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// `bench`, so that nothing else is taken for one.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) path: String,
    pub(super) size: u64,
    /// The part of the file that could be read.
    pub(super) offset: Option<u64>,
    pub(super) length: Option<u64>,
    pub(super) seed: u64,
    pub(super) work: String,
    /// What timing an access adds to it in the scattered patterns, in seconds.
    pub(super) overhead: f64,
    /// Where it was written, when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<CopyRecord>,
    pub(super) environment: Environment,
    pub(super) scenarios: Vec<ScenarioRecord>,
    /// What could not be measured, or not as it was wanted.
    pub(super) notes: Vec<String>,
    /// What to use.
    pub(super) advice: Vec<String>,
    /// With another report, which may be another the next time.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
}

/// The copy that was written to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CopyRecord {
    pub(super) directory: String,
    /// Its size.
    pub(super) bytes: u64,
    /// After so many accesses what was written was to be on the storage, besides at the end.
    pub(super) sync_every: Option<usize>,
}

/// Strategies that took turns.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ScenarioRecord {
    pub(super) pattern: String,
    pub(super) state: String,
    pub(super) threads: usize,
    pub(super) block: Option<usize>,
    /// What each run reads, and in how many accesses (where blocks differ, of the last strategy).
    pub(super) bytes: u64,
    pub(super) accesses: u64,
    pub(super) rounds: usize,
    /// Whether a run reads less than what was asked for: a part of it, or some blocks.
    #[serde(default)]
    pub(super) sampled: bool,
    pub(super) strategies: Vec<StrategyRecord>,
}

/// A strategy. Times are in seconds; what is none was not measured, or is not told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StrategyRecord {
    pub(super) strategy: String,
    pub(super) block: usize,
    #[serde(flatten)]
    pub(super) time: Summary,
    pub(super) bytes_per_second: f64,
    /// To the fastest.
    #[serde(flatten)]
    pub(super) to_best: Ratio,
    pub(super) setup: f64,
    pub(super) first: f64,
    /// Waiting until what was written is on the storage.
    #[serde(default)]
    pub(super) sync: f64,
    /// A second pass over the same.
    pub(super) again: f64,
    pub(super) teardown: f64,
    pub(super) user: f64,
    pub(super) system: f64,
    pub(super) minor_faults: f64,
    pub(super) major_faults: f64,
    pub(super) device_bytes: Option<f64>,
    #[serde(default)]
    pub(super) written_bytes: Option<f64>,
    pub(super) resident_before: Option<f64>,
    pub(super) resident_after: Option<f64>,
    #[serde(flatten)]
    pub(super) access: Option<Percentiles>,
    /// Of the last round.
    pub(super) checksum: u64,
    pub(super) samples: Vec<Sample>,
}

/// How long single accesses took.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    #[serde(rename = "p99.9")]
    pub(super) p999: f64,
    pub(super) max: f64,
}

impl Percentiles {
    fn of(latencies: &Histogram<u64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of less than a minute")]
        let seconds = |nanoseconds: u64| nanoseconds as f64 * 1e-9;
        let at = |quantile| seconds(latencies.value_at_quantile(quantile));
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: seconds(latencies.max()) }
    }
}

impl ScenarioRecord {
    pub(super) fn of(outcome: &Outcome, seed: u64) -> Self {
        let times: Vec<Vec<f64>> = outcome.runners.iter().map(times).collect();
        let best = fastest(&times);
        let strategies = outcome.runners.iter().zip(&times).filter_map(|(runner, times)| {
            StrategyRecord::of(runner, times, best.unwrap_or(times), outcome.bytes, seed)
        });
        let scenario = outcome.scenario;
        Self {
            pattern: scenario.pattern.to_string(),
            state: scenario.state.as_str().to_owned(),
            threads: scenario.threads,
            block: scenario.block,
            bytes: outcome.bytes,
            accesses: outcome.accesses,
            rounds: outcome.rounds,
            sampled: outcome.bytes < outcome.asked,
            strategies: strategies.collect(),
        }
    }

    /// Whether it was written, and not read.
    pub(super) fn writes(&self) -> bool {
        self.state == crate::args::bench::State::Writing.as_str()
    }

    /// What it is called in reports.
    pub(super) fn name(&self) -> String {
        scenario_name(&self.pattern, &self.state, self.threads, self.block)
    }

    /// The fastest, and all that cannot be told from it.
    pub(super) fn winners(&self) -> Vec<&StrategyRecord> {
        self.strategies.iter().filter(|strategy| !strategy.to_best.is_certain()).collect()
    }
}

fn times(runner: &Runner) -> Vec<f64> {
    runner.samples.iter().map(|sample| sample.seconds).collect()
}

fn fastest(times: &[Vec<f64>]) -> Option<&Vec<f64>> {
    let known = times.iter().filter_map(|times| Some((median(times)?, times)));
    known.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, times)| times)
}

impl StrategyRecord {
    fn of(runner: &Runner, times: &[f64], best: &[f64], bytes: u64, seed: u64) -> Option<Self> {
        let time = Summary::of(times, seed)?;
        let samples = &runner.samples;
        let middle =
            |of: fn(&Sample) -> f64| median(&samples.iter().map(of).collect::<Vec<_>>()).unwrap_or(0.0);
        let known =
            |of: fn(&Sample) -> Option<f64>| median(&samples.iter().filter_map(of).collect::<Vec<_>>());
        #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
        Some(Self {
            strategy: runner.contender.way.name().to_owned(),
            block: runner.contender.block,
            bytes_per_second: bytes as f64 / time.median,
            to_best: Ratio::of(times, best, seed)?,
            time,
            setup: middle(|sample| sample.setup),
            first: middle(|sample| sample.first),
            sync: middle(|sample| sample.sync),
            again: middle(|sample| sample.again),
            teardown: middle(|sample| sample.teardown),
            user: middle(|sample| sample.user),
            system: middle(|sample| sample.system),
            minor_faults: middle(|sample| sample.minor_faults as f64),
            major_faults: middle(|sample| sample.major_faults as f64),
            device_bytes: known(|sample| sample.device_bytes.map(|bytes| bytes as f64)),
            written_bytes: known(|sample| sample.written_bytes.map(|bytes| bytes as f64)),
            resident_before: known(|sample| sample.resident_before),
            resident_after: known(|sample| sample.resident_after),
            access: runner.latencies.as_ref().map(Percentiles::of),
            checksum: samples.last().map_or(0, |sample| sample.checksum),
            samples: samples.clone(),
        })
    }

    /// Its name, with its blocks where it has some of its own.
    pub(super) fn name(&self, has_blocks: bool) -> String {
        strategy_name(&self.strategy, self.block, has_blocks)
    }
}

/// What a scenario is called in reports.
pub(super) fn scenario_name(pattern: &str, state: &str, threads: usize, block: Option<usize>) -> String {
    let block = block.map(|block| format!(" in blocks of {}", size(block as u64, false))).unwrap_or_default();
    let threads = if threads == 1 { String::new() } else { format!(", {threads} threads") };
    format!("{pattern}, {state}{block}{threads}")
}

/// What a strategy is called in them.
pub(super) fn strategy_name(strategy: &str, block: usize, has_blocks: bool) -> String {
    let is_mapped = Way::find(strategy).is_some_and(Way::is_mapped);
    match has_blocks && !is_mapped {
        true => format!("{strategy} {}", size(block as u64, false)),
        false => strategy.to_owned(),
    }
}

/// Between what a number is.
pub(super) fn half_width(interval: Interval) -> f64 {
    (interval.1 - interval.0) / 2.0
}
