//! What to use, in a sentence for each scenario: no more than the numbers say.

use super::record::{Record, ScenarioRecord};
use super::table::rate;

/// In fewer rounds an interval holds less than its 95 %: of three some 75.
const FEWEST: usize = 5;

/// The sentences.
pub(super) fn sentences(record: &Record) -> Vec<String> {
    record.scenarios.iter().filter_map(sentence).collect()
}

fn sentence(scenario: &ScenarioRecord) -> Option<String> {
    let best = scenario.strategies.iter().min_by(|a, b| a.time.median.total_cmp(&b.time.median))?;
    let (name, has_blocks) = (scenario.name(), scenario.block.is_none());
    if scenario.strategies.len() == 1 {
        let does = if scenario.writes() { "writes" } else { "reads" };
        return Some(format!("{name}: {} {does} {}.", best.name(has_blocks), rate(best.bytes_per_second)));
    }
    if scenario.rounds < FEWEST {
        return Some(format!("{name}: too few rounds to tell strategies apart."));
    }
    let winners = scenario.winners();
    if winners.len() == scenario.strategies.len() {
        return Some(format!(
            "{name}: all strategies are equal within the noise ({}).",
            rate(best.bytes_per_second)
        ));
    }
    let others: Vec<String> = winners
        .iter()
        .filter(|other| !std::ptr::eq(**other, best))
        .map(|other| other.name(has_blocks))
        .collect();
    let equal = match others.as_slice() {
        [] => String::new(),
        [other] => format!("; {other} cannot be told from it"),
        others => format!("; {} cannot be told from it", others.join(", ")),
    };
    Some(format!("{name}: use {} ({}{equal}).", best.name(has_blocks), rate(best.bytes_per_second)))
}
