//! `mmapio sync`.

use anyhow::Result;
use mmapio_core::{Flush, Observer, OpenFile, Report, SyncOptions, sync};

use super::acts::{self, Act, Call};
use super::formats;
use crate::args::sync::{How, Sync};
use crate::messages;
use crate::output::Exit;
use crate::render::columns::Verb;

/// Runs it.
pub(crate) fn run(arguments: &Sync) -> Result<Exit> {
    let reporting = &arguments.reporting;
    let call = Call {
        verb: Verb::Sync,
        subcommand: "sync",
        paths: &arguments.paths,
        reporting,
        messages: &arguments.messages,
    };
    let act = Writing(options(arguments));
    let exit = acts::run(&call, &act)?;
    let is_help = formats::is_help(reporting.columns.as_deref());
    if arguments.how.start && !is_help && !reporting.dry_run && !arguments.messages.quiet {
        messages::note("--async: writing was started and is not waited for; nothing of it is durable yet");
    }
    Ok(exit)
}

fn options(arguments: &Sync) -> SyncOptions {
    let mut options = SyncOptions::default();
    options.range = arguments.paths.range.unwrap_or_default();
    options.flush = flush(&arguments.how, !options.range.is_whole());
    options.dry_run = arguments.reporting.dry_run;
    options
}

/// A part of a file is made durable by msync only.
fn flush(how: &How, is_part: bool) -> Flush {
    match how {
        How { start: true, .. } => Flush::Start,
        How { invalidate: true, .. } => Flush::Invalidate,
        How { msync: true, .. } => Flush::Msync,
        _ if is_part => Flush::Msync,
        How { data_only: true, .. } => Flush::Data,
        _ => Flush::All,
    }
}

/// Writes a file back.
struct Writing(SyncOptions);

impl Act for Writing {
    fn perform(&self, file: &OpenFile, _observer: &dyn Observer) -> mmapio_core::Result<Report> {
        Ok(sync(file, &self.0))
    }
}
