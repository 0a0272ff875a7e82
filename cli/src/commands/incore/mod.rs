//! `mmapio incore`.

mod asked;
mod check;

use std::num::NonZeroUsize;
use std::time::Instant;

use anyhow::Result;
use mmapio_core::{Error, FilesInUse, Total, WalkOptions};

use super::demand::{self, Waited};
use super::order::Order;
use super::paths::PathList;
use super::picture::Gallery;
use super::ranges::Ranged;
use super::report::{self, Merged, Shown};
use super::scan::{Plan, Scan};
use super::sink::Frame;
use super::{directories, formats, in_use, metrics, paths, targets, watch};
use crate::args::common::{self, Messages};
use crate::args::incore::Incore;
use crate::messages;
use crate::output::{Exit, Output};
use crate::progress::Progress;
use crate::render::Format;
use crate::render::cached::Cached;
use crate::render::columns::Verb;

/// Runs it.
pub(crate) fn run(arguments: &Incore) -> Result<Exit> {
    let start = Instant::now();
    if formats::is_help(arguments.show.columns.as_deref()) {
        return formats::column_help(Verb::Incore);
    }
    if !arguments.in_use.is_wanted() {
        paths::require("incore", &arguments.paths);
    }
    check::check(arguments);
    let options = paths::options(&arguments.paths)?;
    let list = paths::list(&arguments.paths)?;
    if let Some(every) = arguments.watch.watch {
        return watch::run(arguments, every, list, options);
    }
    let gallery = Gallery::new(&arguments.pictures, &arguments.show);
    let list = targets::check(arguments, list)?;
    let Some(share) = arguments.demand.wait else {
        return Run::new(arguments, gallery, start)?.finish(list, &options, None);
    };
    match demand::wait(share, arguments, list, options)? {
        (_, _, Waited::Signal(exit)) => Ok(exit),
        (list, options, waited) => Run::new(arguments, gallery, start)?.finish(list, &options, Some(waited)),
    }
}

/// One look at everything, and what is told of it.
struct Run<'a> {
    arguments: &'a Incore,
    gallery: Gallery<'a>,
    start: Instant,
    shown: Shown,
    used: Option<FilesInUse>,
    /// Processes that were named and cannot be looked at.
    refused: Vec<Error>,
    format: Box<dyn Format>,
    output: Output,
    progress: Progress,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Incore, gallery: Gallery<'a>, start: Instant) -> Result<Self> {
        let shown = asked::shown(arguments);
        let format = formats::format(&shown);
        let output = Output::with_head_of(&*format)?;
        let (used, refused) = in_use::look(&arguments.in_use)?;
        let progress = Progress::new(arguments.messages.progress);
        Ok(Self { arguments, gallery, start, shown, used, refused, format, output, progress })
    }

    /// Looks, tells, and decides.
    fn finish(mut self, list: PathList, options: &WalkOptions, waited: Option<Waited>) -> Result<Exit> {
        let refused = std::mem::take(&mut self.refused);
        let mut found = self.find(list, options, refused);
        self.progress.finish();
        let failures = self.publish(&mut found, options);
        failures.iter().for_each(|error| messages::error(&format!("{error:#}")));
        self.say(&found.total);
        let verdict = demand::verdict(self.arguments, &found.total, waited);
        let exit = report::exit(found, &self.output)?;
        Ok(match exit {
            _ if !failures.is_empty() => Exit::SomeFailed,
            // Who waits for files that are not there yet wants to know how waiting ended.
            Exit::SomeFailed if waited.is_none() || verdict == Exit::Done => exit,
            _ => verdict,
        })
    }

    fn frame(&self) -> Frame<'_> {
        let demand = &self.arguments.demand;
        Frame {
            needs_all: demand.wait.or(demand.fail_under).is_some() || self.arguments.pictures.is_wanted(),
            quiet: self.arguments.messages.quiet,
            keeps_errors: self.shown.format == common::Format::Json,
            format: &*self.format,
            output: &self.output,
            progress: &self.progress,
        }
    }

    fn plan(&self) -> Plan<'_> {
        let show = &self.arguments.show;
        Plan {
            frame: self.frame(),
            task: self.gallery.task(asked::task(show), asked::strip(show)),
            ranged: Ranged::new(self.arguments.paths.range),
            probe: show.probe.into(),
            cached_only: show.cached_only,
            missing: show.missing,
            in_use: self.used.as_ref(),
            verbose: self.arguments.messages.verbose,
            picture: self.gallery.parts(),
            spread: self.shown.spread,
        }
    }

    /// What is to be told.
    fn find(&self, list: PathList, options: &WalkOptions, refused: Vec<Error>) -> Merged {
        let (show, plan) = (&self.arguments.show, self.plan());
        let order = asked::order(show, &self.shown);
        let mut found = match asked::by_directory(self.arguments) {
            Some(wanted) => directories::sum(&wanted, list, options, &plan, &order),
            None => scan(list, options, &plan, &order),
        };
        found.take_errors(in_use::told(refused, &plan.frame));
        self.set_against_all(&mut found, &plan.frame);
        found.rows.truncate(show.top.map_or(usize::MAX, NonZeroUsize::get));
        found
    }

    /// Adds how much of the page cache all of it is, where that is told.
    fn set_against_all(&self, found: &mut Merged, frame: &Frame<'_>) {
        // Documents and metrics have the total in any case.
        let has_total = self.has_total()
            || matches!(self.shown.format, common::Format::Json | common::Format::Prometheus);
        if !(self.arguments.in_use.open && has_total) {
            return;
        }
        match Cached::with(&found.total) {
            Ok(cached) => found.cached = Some(cached),
            Err(error) => found.take_errors(in_use::told(vec![error], frame)),
        }
    }

    fn has_total(&self) -> bool {
        self.arguments.show.total || self.arguments.show.summary
    }

    /// Writes pictures, and all that is not said; what fails does not keep the rest from being written.
    fn publish(&self, found: &mut Merged, options: &WalkOptions) -> Vec<anyhow::Error> {
        let show = &self.arguments.show;
        let about = (&self.arguments.paths, &self.arguments.in_use);
        let mut failures = self.gallery.publish(found, about, &self.output);
        if asked::is_sum(show) && !self.shown.directories {
            found.rows.clear();
        }
        match self.shown.format {
            _ if self.arguments.pictures.is_stdout() && show.textfile.is_none() => {}
            common::Format::Prometheus => {
                failures.extend(metrics::write(show.textfile.as_deref(), found, &self.output).err());
            }
            _ => report::finish(&self.frame(), &self.shown, self.has_total(), found, options),
        }
        failures
    }

    /// Says what else is to be known.
    fn say(&self, total: &Total) {
        let Messages { quiet, verbose, .. } = self.arguments.messages;
        if !quiet {
            in_use::say_what_is_missing(self.used.as_ref().map_or(0, FilesInUse::unreadable), total);
        }
        if verbose {
            said_at_length(total, self.start);
        }
        self.say_if_nothing_was_found(total);
    }

    fn say_if_nothing_was_found(&self, total: &Total) {
        let Incore { in_use, paths, messages, .. } = self.arguments;
        let are_unused =
            !in_use.pid.is_empty() && self.used.as_ref().is_some_and(|used| used.files().is_empty());
        match (total.files, total.errors) {
            (0, 0) if are_unused && paths.paths.is_empty() && !messages.quiet => {
                in_use::say_that_nothing_is_used(&in_use.pid);
            }
            (0, 0) if !paths.paths.is_empty() || self.used.is_some() => self.frame().say_nothing_was_found(),
            _ => {}
        }
    }
}

/// Looks at every file.
fn scan(list: PathList, options: &WalkOptions, plan: &Plan<'_>, order: &Order) -> Merged {
    let scans = plan.walk(list, options, || Scan::new(plan));
    Merged::of(scans.into_iter().map(Scan::into_sink).collect(), order)
}

fn said_at_length(total: &Total, start: Instant) {
    let Total { files, unknown_files, errors, .. } = total;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    messages::note(&format!(
        "{files} files, {unknown_files} unknown, {errors} failed, in {milliseconds:.1} ms"
    ));
}
