//! The process that does what may hang, and holds what is locked.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use anyhow::{Context, Result, bail};
use mmapio_core::{Error, lock_limits};
use rustix::process::Signal;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::budget::{self, Checked};
use super::claim::{Claim, Claimed};
use super::follow::{Follower, Watcher};
use super::hold::{Locker, Teller};
use super::instance;
use super::plan::{Plan, Survey};
use super::records::{Held, LimitRow, Record, send};
use crate::args::lock::Lock;
use crate::commands::paths;
use crate::messages;
use crate::output::Exit;
use crate::progress::Progress;

/// Runs it; it ends only when it cannot do what it should, or there was nothing to hold.
pub(crate) fn run(arguments: &Lock, parent: &str) -> Result<Exit> {
    let parent = parent.parse().context("the worker's parent")?;
    die_with(parent)?;
    let teller = Teller { quiet: arguments.messages.quiet };
    let limits = lock_limits()?;
    let options = paths::options(&arguments.paths)?;
    let list: Vec<_> = paths::list(&arguments.paths)?.collect();
    let _claim = match arguments.hold.dry_run {
        true => None,
        false => claim(arguments, &list, parent)?,
    };
    let survey = Survey {
        range: arguments.paths.range.unwrap_or_default(),
        maps: !arguments.hold.dry_run,
        teller,
        limits: &limits,
        mappings: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    };
    let watcher = match arguments.hold.follow_changes {
        true => Some(Watcher::new(&arguments.paths, &list)?),
        false => None,
    };
    let tops = list.iter().flatten().cloned().collect();
    let plan = survey.plan(list, &options);
    let mut checked = budget::check(&arguments.hold, plan.cost, &limits)?;
    checked.extend(watcher.as_ref().and_then(|watcher| budget::watches(watcher.directories())));
    if arguments.hold.dry_run {
        return Ok(tell_plan(&plan, checked));
    }
    if let Some(exit) = refusal(&plan, &checked, arguments.hold.keep_going, teller) {
        return Ok(exit);
    }
    let watching = watcher.map(Watcher::start).transpose()?;
    hold(arguments, plan, options.threads(), teller, |held, failed| match watching {
        Some(watching) => Follower::new(arguments, tops, watching, held, failed).run(),
        None => loop {
            std::thread::park();
        },
    })
}

/// Locks, says so, and does what comes then, which does not end.
fn hold(
    arguments: &Lock,
    plan: Plan,
    threads: usize,
    teller: Teller,
    then: impl FnOnce(Vec<super::hold::HeldFile>, u64) -> Result<Exit>,
) -> Result<Exit> {
    let progress = Progress::new(arguments.messages.progress);
    let locker = Locker::new(teller, arguments.hold.keep_going, &progress, plan.cost.pages);
    let (held, failed) = locker.lock(plan.planned, threads);
    progress.finish();
    let failed = plan.failed + failed;
    if failed > 0 && !arguments.hold.keep_going {
        return Ok(nothing_locked(teller));
    }
    if held.is_empty() && !arguments.hold.follow_changes {
        messages::note("no file was found, or none that could be locked or that the options let through");
        return Ok(Exit::SomeFailed);
    }
    let pages = held.iter().map(|file| file.locked.pages()).sum();
    send(&Record::Locked(Held::of(held.len() as u64, pages, failed)));
    then(held, failed)
}

/// The kernel kills this process when its parent ends. Signals are for the parent to answer; some reach both.
fn die_with(parent: u32) -> Result<()> {
    // Otherwise it would be called `exe`. A name is only shown.
    let _ = rustix::thread::set_name(c"mmapio-lock");
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).context("prctl")?;
    if std::os::unix::process::parent_id() != parent {
        bail!("the worker's parent is gone");
    }
    let seen = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&seen))?;
    }
    Ok(())
}

/// Claims the set of files; where there is nowhere to say so, that is said and does not matter otherwise.
fn claim(arguments: &Lock, list: &[mmapio_core::Result<PathBuf>], parent: u32) -> Result<Option<Claim>> {
    match instance::claim(&arguments.paths, list, parent) {
        Ok((file, Claimed::Ours(claim))) => {
            send(&Record::Claimed { file });
            Ok(Some(claim))
        }
        Ok((_, Claimed::Taken(pid))) => {
            let who = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
            bail!("the same files are locked by {who} already; nothing was locked")
        }
        Err(error) => {
            messages::warning(&format!(
                "whether another instance locks the same files is not known: {error}"
            ));
            Ok(None)
        }
    }
}

/// Why nothing can be locked.
fn refusal(plan: &Plan, checked: &[Checked], keep_going: bool, teller: Teller) -> Option<Exit> {
    let refusals: Vec<&Error> = checked.iter().filter_map(|checked| checked.refusal.as_ref()).collect();
    if !refusals.is_empty() {
        refusals.into_iter().for_each(|refusal| teller.limit(refusal));
        return Some(Exit::Unmet);
    }
    (plan.failed > 0 && !keep_going).then(|| nothing_locked(teller))
}

fn nothing_locked(teller: Teller) -> Exit {
    if !teller.quiet {
        messages::note("nothing is locked, since a path failed (--keep-going locks the rest)");
    }
    Exit::SomeFailed
}

fn tell_plan(plan: &Plan, checked: Vec<Checked>) -> Exit {
    let fits = checked.iter().all(|checked| checked.refusal.is_none());
    let limits: Vec<LimitRow> = checked.into_iter().map(|checked| checked.row).collect();
    let held = Held::of(plan.files, plan.cost.pages, plan.failed);
    send(&Record::Plan { held, mappings: plan.cost.mappings, fits, limits });
    match (fits, plan.failed) {
        (false, _) => Exit::Unmet,
        (true, 0) => Exit::Done,
        (true, _) => Exit::SomeFailed,
    }
}
