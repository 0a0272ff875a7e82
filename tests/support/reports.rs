//! Reports of `mmapio bench` that no run has written, with numbers that are known.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A report of these scenarios.
pub(crate) fn report(scenarios: Vec<Value>) -> Value {
    json!({
        "version": 1, "type": "bench", "path": "table.db", "size": 1 << 30, "offset": 0, "length": 1 << 30, "seed": 1, "work": "sum", "overhead": 2e-8,
        "environment": { "kernel": "6.1.0", "filesystem": "ext4" },
        "scenarios": scenarios, "notes": [], "advice": []
    })
}

/// A scenario whose runs read 1 MiB each.
pub(crate) fn scenario(pattern: &str, state: &str, strategies: Vec<Value>) -> Value {
    let block = if pattern == "sequential" { Value::Null } else { json!(4096) };
    json!({
        "pattern": pattern, "state": state, "threads": 1, "block": block, "bytes": 1 << 20, "accesses": 256, "rounds": 5, "sampled": false,
        "strategies": strategies
    })
}

/// A strategy whose runs took so long, and that is so many times slower than the best, between these with 95 % confidence.
pub(crate) fn strategy(name: &str, seconds: &[f64], ratio: (f64, f64, f64)) -> Value {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let samples: Vec<Value> =
        seconds.iter().zip(1..).map(|(seconds, round)| sample(round, *seconds)).collect();
    json!({
        "strategy": name, "block": 4096, "median": middle, "min": sorted[0], "mad": middle / 100.0,
        "ci95": [sorted[0], sorted[sorted.len() - 1]], "bytes_per_second": f64::from(1 << 20) / middle,
        "ratio": ratio.0, "ratio_ci95": [ratio.1, ratio.2],
        "setup": 0.0, "first": 0.0, "sync": 0.0, "again": middle, "teardown": 0.0, "user": 0.0, "system": 0.0,
        "minor_faults": 0.0, "major_faults": 0.0, "device_bytes": null, "written_bytes": null, "resident_before": 0.0, "resident_after": 100.0,
        "checksum": 1, "samples": samples
    })
}

fn sample(round: u64, seconds: f64) -> Value {
    json!({
        "round": round, "seconds": seconds, "setup": 0.0, "first": 0.0, "sync": 0.0, "again": seconds, "teardown": 0.0, "user": 0.0,
        "system": 0.0, "minor_faults": 0, "major_faults": 0, "device_bytes": null, "written_bytes": null, "checksum": 1,
        "resident_before": 0.0, "resident_after": 100.0
    })
}

/// Five runs of about so many seconds, in steps of a hundredth of that.
pub(crate) fn about(seconds: f64) -> [f64; 5] {
    [0.98, 0.99, 1.0, 1.01, 1.02].map(|factor| seconds * factor)
}

/// Writes it.
pub(crate) fn write(report: &Value, dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, report.to_string()).expect("own file");
    path
}
