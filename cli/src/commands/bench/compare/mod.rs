//! `--compare`: what changed since an earlier report.

mod facts;
mod measured;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::race::Scenario;
use super::record::{Record, StrategyRecord};
use super::stats::{Interval, median, unpaired_interval};
use facts::facts;
use measured::{Measured, Run};

pub(super) use measured::{document, no_report};
pub(super) use table::draw;

/// An earlier report.
#[derive(Debug)]
pub(super) struct Earlier(Measured);

/// What is different now.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    /// What differs in what was measured, and how: what is compared may not be comparable.
    pub(super) differences: Vec<Difference>,
    /// What differs in where it was measured.
    pub(super) environment: Vec<Difference>,
    pub(super) changes: Vec<Change>,
    /// What the earlier report alone has, and what it has not.
    pub(super) only_old: Vec<Key>,
    pub(super) only_new: Vec<Key>,
}

/// A field that differs; null where there is none or it is not known.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) old: Value,
    pub(super) new: Value,
}

/// What both must have in common to be the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Key {
    pub(super) pattern: String,
    pub(super) state: String,
    pub(super) threads: usize,
    /// Of the scenario: none where each strategy has its own.
    #[serde(skip)]
    pub(super) common_block: Option<usize>,
    pub(super) strategy: String,
    pub(super) block: usize,
}

/// A strategy in a scenario that both have.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) old: Side,
    pub(super) new: Side,
    /// Of the times for a byte: below 1 it is faster now.
    pub(super) ratio: f64,
    /// None of too few runs.
    pub(super) ratio_ci95: Option<Interval>,
    /// None where it cannot be told.
    pub(super) change: Option<Verdict>,
}

/// What it was, or is.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    /// Of a run, in seconds.
    pub(super) median: f64,
    /// Of a run.
    pub(super) bytes: u64,
    pub(super) bytes_per_second: f64,
    pub(super) rounds: usize,
}

/// What is said where the interval leaves out 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Faster,
    Slower,
}

impl Verdict {
    /// Its name in all formats.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
        }
    }
}

impl Earlier {
    /// Reads it, before anything is measured in vain; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self> {
        measured::read(path).map(Self)
    }

    /// What each run of this scenario read.
    pub(super) fn bytes_of(&self, scenario: &Scenario) -> Option<u64> {
        let (pattern, state) = (scenario.pattern.to_string(), scenario.state.as_str());
        let key = |key: &Key| {
            (key.pattern == pattern && key.state == state)
                && (key.threads, key.common_block) == (scenario.threads, scenario.block)
        };
        self.0.runs().iter().find(|run| key(&run.key)).map(|run| run.bytes)
    }

    /// Compares it with a new one.
    pub(super) fn compare(&self, record: &Record) -> Result<Comparison> {
        let new: Measured = serde_json::from_value(serde_json::to_value(record)?)?;
        Ok(compare(&self.0, &new, record.seed))
    }
}

impl Comparison {
    /// What is said of a strategy.
    pub(super) fn of(
        &self,
        pattern: &str,
        state: &str,
        threads: usize,
        strategy: &StrategyRecord,
    ) -> Option<&Change> {
        self.changes.iter().find(|Change { key, .. }| {
            (key.pattern.as_str(), key.state.as_str(), key.threads) == (pattern, state, threads)
                && (&key.strategy, key.block) == (&strategy.strategy, strategy.block)
        })
    }
}

fn compare(old: &Measured, new: &Measured, seed: u64) -> Comparison {
    let (before, now) = (old.runs(), new.runs());
    let other = |runs: &[Run], key: &Key| runs.iter().any(|run| run.key == *key);
    let only = |these: &[Run], those: &[Run]| {
        these.iter().filter(|run| !other(those, &run.key)).map(|run| run.key.clone()).collect()
    };
    let changes = now.iter().filter_map(|run| {
        let earlier = before.iter().find(|earlier| earlier.key == run.key)?;
        change(earlier, run, seed)
    });
    Comparison {
        differences: differences(&old.settings(), &new.settings()),
        environment: differences(&old.environment, &new.environment),
        changes: changes.collect(),
        only_old: only(&before, &now),
        only_new: only(&now, &before),
    }
}

fn change(old: &Run, new: &Run, seed: u64) -> Option<Change> {
    let (before, now) = (old.seconds_per_byte(), new.seconds_per_byte());
    let ratio_ci95 = unpaired_interval(&now, &before, seed);
    Some(Change {
        key: new.key.clone(),
        old: Side::of(old)?,
        new: Side::of(new)?,
        ratio: median(&now)? / median(&before)?,
        ratio_ci95,
        // Longer runs share out what a run takes however much it reads: that makes nothing faster.
        change: ratio_ci95.filter(|_| old.bytes == new.bytes).and_then(verdict),
    })
}

fn verdict((low, high): Interval) -> Option<Verdict> {
    match (high < 1.0, low > 1.0) {
        (true, _) => Some(Verdict::Faster),
        (_, true) => Some(Verdict::Slower),
        _ => None,
    }
}

impl Side {
    fn of(run: &Run) -> Option<Self> {
        let median = median(&run.seconds)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let bytes_per_second = run.bytes as f64 / median;
        Some(Self { median, bytes: run.bytes, bytes_per_second, rounds: run.seconds.len() })
    }
}

/// The facts that are not the same; one that is null is as one that is not there.
fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let (old, new) = (facts(old), facts(new));
    let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let known =
        |facts: &BTreeMap<String, Value>, field: &String| facts.get(field).cloned().unwrap_or_default();
    fields
        .into_iter()
        .map(|field| Difference { field: field.clone(), old: known(&old, field), new: known(&new, field) })
        .filter(|difference| difference.old != difference.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_found_at_any_depth() {
        let old = json!({"kernel": "1", "memory": {"total": 5, "limit": null}, "same": [1], "gone": true});
        let new = json!({"kernel": "2", "memory": {"total": 6}, "same": [1], "came": {"here": 1.5}});
        let found = differences(&old, &new);
        let fields: Vec<&str> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["came.here", "gone", "kernel", "memory.total"]);
        assert_eq!(found.first().unwrap().old, Value::Null);
        assert_eq!(differences(&Value::Null, &Value::Null), []);
    }

    #[test]
    fn a_verdict_needs_an_interval_without_1() {
        assert_eq!(verdict((0.5, 0.99)), Some(Verdict::Faster));
        assert_eq!(verdict((1.01, 1.5)), Some(Verdict::Slower));
        assert_eq!(verdict((0.5, 1.0)), None);
        assert_eq!(verdict((f64::NAN, f64::NAN)), None);
    }
}
