//! Which scenarios there are, and who takes part in each.

use super::hand::Way;
use super::race::Scenario;
use super::run::Contender;
use crate::args::bench::{Bench, Pattern, State, What};

/// Blocks that are read in order, from those of many programs to those that cost nothing more.
const IN_ORDER: [usize; 3] = [16 << 10, 128 << 10, 1 << 20];
/// A strategy that is not about calls is measured with blocks of this size in order.
const USUAL: usize = 128 << 10;
/// Blocks that are read elsewhere.
const SCATTERED: usize = 4 << 10;

/// A scenario and who takes part.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) scenario: Scenario,
    pub(super) contenders: Vec<Contender>,
}

/// All that was asked for.
pub(super) fn scenarios(bench: &Bench) -> Vec<Planned> {
    let (what, writes) = (&bench.what, bench.writing.write);
    let states = if writes { &[State::Writing][..] } else { &what.state };
    let mut planned = Vec::new();
    for &pattern in &what.pattern {
        for &state in states {
            for threads in &what.threads {
                for block in blocks(what, pattern) {
                    let scenario = Scenario { pattern, state, threads: threads.get(), block };
                    planned.push(Planned { scenario, contenders: contenders(what, writes, block) });
                }
            }
        }
    }
    planned
}

/// In order blocks are a part of the strategy, elsewhere of the question.
fn blocks(what: &What, pattern: Pattern) -> Vec<Option<usize>> {
    match (pattern, &what.block) {
        (Pattern::Sequential, _) => vec![None],
        (_, None) => vec![Some(SCATTERED)],
        (_, Some(blocks)) => blocks.iter().copied().map(Some).collect(),
    }
}

fn contenders(what: &What, writes: bool, block: Option<usize>) -> Vec<Contender> {
    let wanted =
        |way: &Way| what.strategy.as_ref().is_none_or(|names| names.iter().any(|name| name == way.name()));
    Way::all(writes).into_iter().filter(wanted).flat_map(|way| with_blocks(what, way, block)).collect()
}

fn with_blocks(what: &What, way: Way, block: Option<usize>) -> Vec<Contender> {
    let blocks = match (block, &what.block) {
        (Some(block), _) => vec![block],
        (None, Some(blocks)) if !way.is_mapped() => blocks.clone(),
        (None, None) if matches!(way.name(), "pread" | "pwrite") => IN_ORDER.to_vec(),
        (None, None) if way.is_aligned() => vec![1 << 20],
        (None, _) => vec![USUAL],
    };
    blocks.into_iter().map(|block| Contender { way, block }).collect()
}
