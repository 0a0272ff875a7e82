//! A report that somebody else may have written: of it only what a comparison needs, so that those of other versions can be compared.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use mmapio_core::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Key;
use crate::commands::paths;
use crate::render::escape;

/// What is compared.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    path: String,
    size: u64,
    offset: Option<u64>,
    length: Option<u64>,
    seed: u64,
    work: String,
    #[serde(default)]
    pub(super) environment: Value,
    scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    pattern: String,
    state: String,
    threads: usize,
    block: Option<usize>,
    bytes: u64,
    strategies: Vec<Strategy>,
}

#[derive(Debug, Deserialize)]
struct Strategy {
    strategy: String,
    block: usize,
    samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    seconds: f64,
}

/// A strategy in a scenario, and how long its runs took.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) key: Key,
    pub(super) bytes: u64,
    pub(super) seconds: Vec<f64>,
}

/// Reads what is compared with.
pub(super) fn read(path: &Path) -> Result<Measured> {
    let parse = |document| {
        let measured: Measured = serde_json::from_value(document)?;
        measured.check().map(|()| measured)
    };
    parse(document(path)?).with_context(|| no_report(path))
}

/// Reads a report: `-` is standard input.
pub(in crate::commands::bench) fn document(path: &Path) -> Result<Value> {
    let mut text = Vec::new();
    let read = paths::open(path)?.read_to_end(&mut text);
    read.map_err(|error| Error::system("read", error).with_path(path))?;
    let document: Value = serde_json::from_slice(&text).with_context(|| no_report(path))?;
    if document.get("type") != Some(&json!("bench")) {
        bail!("{}: it has no \"type\": \"bench\"", no_report(path));
    }
    match document.get("version") {
        Some(version) if *version == json!(1) => Ok(shown(document)),
        Some(version) => bail!("{}: its version is {version}, and only 1 is known here", path.display()),
        None => bail!("{}: it has no version", no_report(path)),
    }
}

/// The same with texts that a terminal may see, whoever wrote them.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape::again(&text)),
        Value::Array(parts) => parts.into_iter().map(shown).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(field, value)| (escape::again(&field), shown(value))).collect()
        }
        other => other,
    }
}

/// What an error about such a file begins with.
pub(in crate::commands::bench) fn no_report(path: &Path) -> String {
    format!("{}: no report of `mmapio bench --format json`", path.display())
}

impl Measured {
    /// Numbers that no run can have: to divide by them would say anything.
    fn check(&self) -> Result<()> {
        for run in self.runs() {
            let name = || format!("{} in {}, {}", run.key.strategy, run.key.pattern, run.key.state);
            ensure!(run.bytes > 0, "{} reads nothing", name());
            ensure!(!run.seconds.is_empty(), "{} has no samples", name());
            ensure!(
                run.seconds.iter().all(|seconds| *seconds > 0.0),
                "{} has a run that took no time",
                name()
            );
        }
        Ok(())
    }

    /// What should be the same in both.
    pub(super) fn settings(&self) -> Value {
        json!({
            "path": self.path,
            "size": self.size,
            "offset": self.offset,
            "length": self.length,
            "work": self.work,
            "seed": self.seed,
        })
    }

    pub(super) fn runs(&self) -> Vec<Run> {
        self.scenarios.iter().flat_map(Scenario::runs).collect()
    }
}

impl Scenario {
    fn runs(&self) -> impl Iterator<Item = Run> {
        self.strategies.iter().map(|strategy| Run {
            key: Key {
                pattern: self.pattern.clone(),
                state: self.state.clone(),
                threads: self.threads,
                common_block: self.block,
                strategy: strategy.strategy.clone(),
                block: strategy.block,
            },
            bytes: self.bytes,
            seconds: strategy.samples.iter().map(|sample| sample.seconds).collect(),
        })
    }
}

impl Run {
    /// Runs of other lengths can be compared by this.
    pub(super) fn seconds_per_byte(&self) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let bytes = self.bytes as f64;
        self.seconds.iter().map(|seconds| seconds / bytes).collect()
    }
}
