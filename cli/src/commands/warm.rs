//! `mmapio warm`: a first walk finds out what is to be loaded, a second one loads it.

use std::path::PathBuf;

use anyhow::Result;
use indicatif::HumanBytes;
use mmapio_core::{Observer, Pages, Percent, RateLimit, Reason, WarmMode, WarmOptions, WarmPlan, WarmWalk};

use super::acts::{self, Call, Props, Stage};
use super::order::Order;
use super::report::Merged;
use super::selection::Selection;
use super::warm_walks::{Ground, Taking, account_for_the_lost};
use super::{formats, paths, range_list};
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
    let (selection, list) = select(arguments)?;
    let again: Vec<PathBuf> = list.iter().flatten().cloned().collect();
    let walking = paths::options(&arguments.paths)?;
    let rate = arguments.how.rate.map(RateLimit::new);
    let options = options(&arguments.how, rate.as_ref());
    let props = Props::new(&call)?;
    let stage = props.stage(&call);
    let ground = Ground { stage: &stage, selection: &selection };
    let walk = WarmWalk { walking: &walking, options: &options, observer: &stage };
    let (plan, mut takers) = walk.plan(list, || Taking::new(ground));
    let mode = match decide(&plan, &arguments.how, &stage) {
        WarmMode::Load if arguments.reporting.dry_run => WarmMode::DryRun,
        mode => mode,
    };
    if !plan.is_empty() && !stage.is_stopped() {
        if mode == WarmMode::Load {
            stage.frame.progress.expect(plan.bytes());
        }
        takers.extend(walk.carry_out(&plan, mode, again, || Taking::new(ground)));
        account_for_the_lost(&stage, &plan);
    }
    let sinks = takers.into_iter().map(Taking::into_sink).collect();
    let found = Merged::of(sinks, &Order::new(None, false, false));
    let judge = |found: &Merged| judge(found, mode, arguments);
    acts::conclude(&call, &props, &stage, found, &walking, judge)
}

/// The parts to load and the paths to walk: those of a list of ranges, or those that are named.
fn select(arguments: &Warm) -> Result<(Selection<'_>, Vec<mmapio_core::Result<PathBuf>>)> {
    match &arguments.parts.ranges_from {
        Some(file) => Ok(Selection::of_list(&arguments.parts, range_list::read(file)?)),
        None => {
            paths::require("warm", &arguments.paths);
            let list = paths::list(&arguments.paths)?.collect();
            Ok((Selection::of_options(&arguments.parts), list))
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
fn decide(plan: &WarmPlan, how: &How, stage: &Stage<'_>) -> WarmMode {
    // Of a plan that was interrupted nothing is loaded anyway.
    if how.force || plan.is_empty() || stage.is_stopped() {
        return WarmMode::Load;
    }
    match plan.excess(how.max_memory.unwrap_or_default()) {
        Ok(None) => WarmMode::Load,
        Ok(Some(room)) => {
            stage.frame.say(&format!(
                "nothing is loaded: {} would be, and there is room for {} ({}); see --max-memory and --force",
                HumanBytes(plan.bytes()),
                HumanBytes(room.available),
                room.source
            ));
            WarmMode::OverBudget
        }
        Err(error) => {
            stage.frame.warn(&format!("how much memory there is cannot be told: {error}"));
            WarmMode::Load
        }
    }
}

/// Whether what was demanded is in memory.
fn judge(found: &Merged, mode: WarmMode, arguments: &Warm) -> Exit {
    let require = arguments.how.require;
    match mode {
        WarmMode::DryRun => return Exit::Done,
        WarmMode::OverBudget => return Exit::Unmet,
        WarmMode::Load if is_met(found, require) => return Exit::Done,
        WarmMode::Load => {}
    }
    if !arguments.messages.quiet {
        let demanded = require.map_or("all that can be read".to_owned(), |share| format!("{share} %"));
        let left = match found.total.files {
            0 => "there is no file".to_owned(),
            _ => remaining::words(&found.total.acts.remaining) + " (pages)",
        };
        messages::error(&format!("not in memory as demanded ({demanded}): {left}"));
    }
    Exit::Unmet
}

/// What cannot be read is an error of its own; it counts as missing only where a share is demanded. Of nothing there is no
/// share: who demands one has named the wrong files.
fn is_met(found: &Merged, require: Option<Percent>) -> bool {
    let acts = &found.total.acts;
    let missing = |reason| reason != Reason::Truncated && (require.is_some() || reason != Reason::Unreadable);
    let left: Pages = acts.remaining.iter().filter(|left| missing(left.reason)).map(|left| left.pages).sum();
    match (require, acts.requested) {
        (None, _) => left == Pages(0),
        (Some(_), _) if found.total.files == 0 => false,
        (Some(share), Some(asked)) => asked.0.saturating_sub(left.0) >= share.of(asked.0),
        (Some(_), None) => false,
    }
}
