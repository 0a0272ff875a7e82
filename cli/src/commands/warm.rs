//! `mmapio warm`: a first walk finds out what is to be loaded, a second one loads it.

use std::path::PathBuf;

use anyhow::Result;
use indicatif::HumanBytes;
use mmapio_core::{Observer, Pages, Percent, RateLimit, Reason, WarmOptions};

use super::acts::{self, Call, Props, Stage};
use super::order::Order;
use super::report::Merged;
use super::selection::Selection;
use super::warm_walks::{Ground, Mode, Plan};
use super::{formats, paths, range_list};
use crate::args::common::Paths;
use crate::args::warm::{How, Warm};
use crate::messages;
use crate::output::Exit;
use crate::render::columns::Verb;
use crate::render::remaining;

/// Runs it.
pub(crate) fn run(arguments: &Warm) -> Result<Exit> {
    if formats::is_help(arguments.reporting.columns.as_deref()) {
        return formats::column_help(Verb::Warm);
    }
    let call = Call {
        verb: Verb::Warm,
        subcommand: "warm",
        paths: &arguments.paths,
        reporting: &arguments.reporting,
        messages: &arguments.messages,
    };
    let ranges = arguments.parts.ranges_from.as_deref().map(range_list::read).transpose()?;
    let selection = Selection::new(&arguments.parts, ranges);
    let list = list(&arguments.paths, &selection)?;
    let again: Vec<PathBuf> = list.iter().flatten().cloned().collect();
    let walking = paths::options(&arguments.paths)?;
    let rate = arguments.how.rate.map(RateLimit::new);
    let options = options(&arguments.how, rate.as_ref());
    let props = Props::new(&call)?;
    let stage = props.stage(&call);
    let ground = Ground { stage: &stage, selection: &selection, options: &options };
    let (plan, mut sinks) = ground.plan(list, &walking);
    let mode = if arguments.reporting.dry_run { Mode::DryRun } else { decide(&plan, &arguments.how, &stage) };
    if !plan.is_empty() && !stage.is_stopped() {
        sinks.extend(ground.carry_out(&plan, mode, again, &walking));
    }
    let found = Merged::of(sinks, &Order::new(None, false, false));
    let judge = |found: &Merged| judge(found, mode, arguments);
    acts::conclude(&call, &props, &stage, found, &walking, judge)
}

/// The paths to walk: those of a list of ranges, or those that are named.
fn list(given: &Paths, selection: &Selection<'_>) -> Result<Vec<mmapio_core::Result<PathBuf>>> {
    match selection.listed() {
        Some(listed) => Ok(listed.into_iter().map(|path| Ok(path.to_owned())).collect()),
        None => {
            paths::require("warm", given);
            Ok(paths::list(given)?.collect())
        }
    }
}

fn options<'a>(how: &How, rate: Option<&'a RateLimit>) -> WarmOptions<'a> {
    let mut options = WarmOptions::default();
    options.probe = how.probe.into();
    options.rate = rate;
    options
}

/// Whether what is to be loaded fits into the memory that may be used for it.
fn decide(plan: &Plan, how: &How, stage: &Stage<'_>) -> Mode {
    if how.force || plan.is_empty() {
        return Mode::Load;
    }
    let wanted = plan.bytes();
    match how.max_memory.unwrap_or_default().room() {
        Ok(room) if wanted <= room.available => Mode::Load,
        Ok(room) => {
            stage.frame.say(&format!(
                "nothing is loaded: {} would be, and there is room for {} ({}); see --max-memory and --force",
                HumanBytes(wanted),
                HumanBytes(room.available),
                room.source
            ));
            Mode::OverBudget
        }
        Err(error) => {
            stage.frame.warn(&format!("how much memory there is cannot be told: {error}"));
            Mode::Load
        }
    }
}

/// Whether what was demanded is in memory.
fn judge(found: &Merged, mode: Mode, arguments: &Warm) -> Exit {
    let require = arguments.how.require;
    if mode == Mode::DryRun || is_met(found, require) {
        return Exit::Done;
    }
    if mode == Mode::Load && !arguments.messages.quiet {
        let demanded = require.map_or("all that can be read".to_owned(), |share| format!("{share} %"));
        let left = remaining::words(&found.total.acts.remaining);
        messages::error(&format!("not in memory as demanded ({demanded}): {left} (pages)"));
    }
    Exit::Unmet
}

/// What cannot be read is an error of its own; it counts as missing only where a share is demanded.
fn is_met(found: &Merged, require: Option<Percent>) -> bool {
    let acts = &found.total.acts;
    let missing =
        |reason| !matches!(reason, Reason::Truncated) && (require.is_some() || reason != Reason::Unreadable);
    let left: Pages = acts.remaining.iter().filter(|left| missing(left.reason)).map(|left| left.pages).sum();
    match (require, acts.requested) {
        (None, _) => left == Pages(0),
        (Some(share), Some(asked)) => asked.0.saturating_sub(left.0) >= share.of(asked.0),
        (Some(_), None) => false,
    }
}
