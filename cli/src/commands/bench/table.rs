//! The report for people.

use std::fmt::Write;

use super::compare;
use super::record::{Record, ScenarioRecord, StrategyRecord, half_width};
use crate::commands::printing::table;
use crate::render::escape;
use crate::render::table::size;

/// Characters of the longest bar.
const BAR: f64 = 20.0;

/// All of it.
pub(super) fn draw(record: &Record) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} ({})", record.path, size(record.size, false));
    if let Some(copy) = &record.copy {
        let _ = writeln!(text, "written: a copy of {} in {}", size(copy.bytes, false), copy.directory);
    }
    for line in record.environment.lines() {
        let _ = writeln!(text, "{}", escape::text(&line));
    }
    for scenario in &record.scenarios {
        draw_scenario(scenario, &mut text);
    }
    if let Some(comparison) = &record.comparison {
        text.push_str(&compare::draw(comparison));
    }
    for line in &record.advice {
        let _ = writeln!(text, "\n{line}");
    }
    text
}

fn draw_scenario(scenario: &ScenarioRecord, text: &mut String) {
    let sampled = if scenario.sampled { " (sampled)" } else { "" };
    let _ = writeln!(
        text,
        "\n{}: {} a run{sampled}, {} rounds",
        scenario.name(),
        size(scenario.bytes, false),
        scenario.rounds
    );
    let is_timed = scenario.strategies.iter().any(|strategy| strategy.access.is_some());
    let mut headings = vec!["STRATEGY", "RATE", "TIME", "±", "× BEST", "", "AGAIN"];
    let mut numbers = vec![false, true, true, true, true, false, true];
    if is_timed {
        headings.extend(["p50", "p99", "max"]);
        numbers.extend([true; 3]);
    }
    headings.extend(["CPU", "FAULTS", "DEVICE"]);
    numbers.extend([true; 3]);
    let mut sorted: Vec<&StrategyRecord> = scenario.strategies.iter().collect();
    sorted.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
    let fastest = sorted.first().map_or(1.0, |strategy| strategy.bytes_per_second);
    let rows = sorted.iter().map(|strategy| row(strategy, scenario, fastest, is_timed));
    text.push_str(&table(&headings, &numbers, rows.collect::<Vec<_>>()));
}

fn row(strategy: &StrategyRecord, scenario: &ScenarioRecord, fastest: f64, is_timed: bool) -> Vec<String> {
    let share = half_width(strategy.time.ci95) / strategy.time.median;
    let mut cells = vec![
        strategy.name(scenario.block.is_none()),
        rate(strategy.bytes_per_second),
        time(strategy.time.median),
        format!("{:.1} %", share * 100.0),
        ratio(strategy),
        bar(strategy.bytes_per_second / fastest),
        rate(strategy.bytes_per_second * strategy.time.median / strategy.again),
    ];
    if is_timed {
        let of = |access: Option<f64>| access.map_or(String::new(), time);
        let access = strategy.access.as_ref();
        cells.extend([of(access.map(|a| a.p50)), of(access.map(|a| a.p99)), of(access.map(|a| a.max))]);
    }
    cells.extend([
        time(strategy.user + strategy.system),
        format!("{:.0}", strategy.minor_faults + strategy.major_faults),
        strategy.device_bytes.map_or("?".to_owned(), |bytes| size(whole(bytes), false)),
    ]);
    cells
}

/// Where the interval has 1 in it, it is no other than the fastest.
fn ratio(strategy: &StrategyRecord) -> String {
    match strategy.to_best.is_certain() {
        true => format!("{:.2}", strategy.to_best.ratio),
        false => "=".to_owned(),
    }
}

/// A rate as a table has it.
pub(super) fn rate(bytes_per_second: f64) -> String {
    size(whole(bytes_per_second), false) + "/s"
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, which are no fractions")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

/// A time with three digits.
pub(super) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        seconds if seconds >= 1.0 => (seconds, "s"),
        seconds if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        seconds if seconds >= 1e-6 => (seconds * 1e6, "µs"),
        seconds => (seconds * 1e9, "ns"),
    };
    match value {
        value if value >= 100.0 || unit == "ns" => format!("{value:.0} {unit}"),
        value if value >= 10.0 => format!("{value:.1} {unit}"),
        value => format!("{value:.2} {unit}"),
    }
}

fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most as long as the longest"
    )]
    let eighths = (share.clamp(0.0, 1.0) * BAR * 8.0).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS.get(eighths % 8).unwrap_or(&"")
}
