//! The comparison for people.

use std::fmt::Write;

use super::facts::words;
use super::{Change, Comparison, Difference, Key};
use crate::commands::bench::record::{scenario_name, strategy_name};
use crate::commands::bench::table::rate;
use crate::commands::printing::table;

/// All of it.
pub(in crate::commands::bench) fn draw(comparison: &Comparison) -> String {
    let mut text = "\nCompared with the earlier report:\n".to_owned();
    comparison.differences.iter().chain(&comparison.environment).for_each(|other| differs(other, &mut text));
    for changes in comparison.changes.chunk_by(|a, b| scenario(&a.key) == scenario(&b.key)) {
        scenario_of(changes, &mut text);
    }
    for (keys, whose) in [(&comparison.only_old, "earlier"), (&comparison.only_new, "new")] {
        for key in keys {
            let _ = writeln!(text, "\nOnly in the {whose} report: {}: {}", scenario(key), strategy(key));
        }
    }
    let _ = writeln!(text, "\n{}", summary(&comparison.changes));
    text
}

fn differs(difference: &Difference, text: &mut String) {
    let (old, new) = (words(&difference.old), words(&difference.new));
    let _ = writeln!(text, "  {}: {old} → {new}", difference.field);
}

fn scenario_of(changes: &[Change], text: &mut String) {
    let Some(first) = changes.first() else { return };
    let headings = ["STRATEGY", "OLD", "NEW", "TIME ×", "95 % INTERVAL", "CHANGE"];
    let numbers = [false, true, true, true, true, false];
    let _ = writeln!(text, "\n{}", scenario(&first.key));
    text.push_str(&table(&headings, &numbers, changes.iter().map(row)));
}

fn row(change: &Change) -> Vec<String> {
    let interval = change.ratio_ci95.map(|(low, high)| format!("{low:.3} to {high:.3}"));
    let verdict = match (change.ratio_ci95, change.change) {
        (None, _) => "?",
        _ if change.old.bytes != change.new.bytes => "? runs of other lengths",
        (_, None) => "=",
        (_, Some(verdict)) => verdict.as_str(),
    };
    vec![
        strategy(&change.key),
        rate(change.old.bytes_per_second),
        rate(change.new.bytes_per_second),
        format!("{:.3}", change.ratio),
        interval.unwrap_or_else(|| "too few runs".to_owned()),
        verdict.to_owned(),
    ]
}

fn scenario(key: &Key) -> String {
    scenario_name(&key.pattern, &key.state, key.threads, key.common_block)
}

fn strategy(key: &Key) -> String {
    strategy_name(&key.strategy, key.block, key.common_block.is_none())
}

/// How many, and what that is worth.
fn summary(changes: &[Change]) -> String {
    let count = |verdict| changes.iter().filter(|change| change.change == Some(verdict)).count();
    let (faster, slower) = (count(super::Verdict::Faster), count(super::Verdict::Slower));
    let total = changes.len();
    match (total, faster + slower) {
        (0, _) => "Nothing is in both reports.".to_owned(),
        (_, 0) => format!("No difference can be told in {total} comparisons."),
        _ => format!(
            "Of {total} comparisons: {faster} faster, {slower} slower. By chance alone one in 20 seems to differ, and intervals know only \
             the noise within each run, not what else was different."
        ),
    }
}
