//! One line for each strategy in each scenario.

use anyhow::Result;

use super::record::Record;

/// All of it.
pub(super) fn write(record: &Record) -> Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "pattern",
        "state",
        "threads",
        "strategy",
        "block",
        "bytes",
        "accesses",
        "rounds",
        "median",
        "min",
        "mad",
        "ci95_low",
        "ci95_high",
        "ratio",
        "ratio_ci95_low",
        "ratio_ci95_high",
        "bytes_per_second",
        "setup",
        "first",
        "again",
        "teardown",
        "user",
        "system",
        "minor_faults",
        "major_faults",
        "device_bytes",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "checksum",
        "old_bytes_per_second",
        "change_ratio",
        "change_ci95_low",
        "change_ci95_high",
        "change",
        "sampled",
        "sync",
        "written_bytes",
    ])?;
    for scenario in &record.scenarios {
        for strategy in &scenario.strategies {
            let access = strategy.access.as_ref();
            let change = record.comparison.as_ref().and_then(|comparison| {
                comparison.of(&scenario.pattern, &scenario.state, scenario.threads, strategy)
            });
            let interval = change.and_then(|change| change.ratio_ci95);
            let number = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
            csv.write_record([
                scenario.pattern.clone(),
                scenario.state.clone(),
                scenario.threads.to_string(),
                strategy.strategy.clone(),
                strategy.block.to_string(),
                scenario.bytes.to_string(),
                scenario.accesses.to_string(),
                scenario.rounds.to_string(),
                strategy.time.median.to_string(),
                strategy.time.min.to_string(),
                strategy.time.mad.to_string(),
                strategy.time.ci95.0.to_string(),
                strategy.time.ci95.1.to_string(),
                strategy.to_best.ratio.to_string(),
                strategy.to_best.ci95.0.to_string(),
                strategy.to_best.ci95.1.to_string(),
                strategy.bytes_per_second.to_string(),
                strategy.setup.to_string(),
                strategy.first.to_string(),
                strategy.again.to_string(),
                strategy.teardown.to_string(),
                strategy.user.to_string(),
                strategy.system.to_string(),
                strategy.minor_faults.to_string(),
                strategy.major_faults.to_string(),
                number(strategy.device_bytes),
                number(access.map(|access| access.p50)),
                number(access.map(|access| access.p90)),
                number(access.map(|access| access.p99)),
                number(access.map(|access| access.p999)),
                number(access.map(|access| access.max)),
                strategy.checksum.to_string(),
                number(change.map(|change| change.old.bytes_per_second)),
                number(change.map(|change| change.ratio)),
                number(interval.map(|interval| interval.0)),
                number(interval.map(|interval| interval.1)),
                change
                    .and_then(|change| change.change)
                    .map_or(String::new(), |change| change.as_str().to_owned()),
                scenario.sampled.to_string(),
                strategy.sync.to_string(),
                number(strategy.written_bytes),
            ])?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}
