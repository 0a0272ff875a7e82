//! `mmapio advise`.

use anyhow::Result;
use mmapio_core::{
    ADVICES, Advice, AdviceCall, AdviseOptions, AdvisedProcess, ByteRange, Observer, OpenFile, Report,
    advise, extents_of,
};

use super::acts::{self, Act, Call};
use super::{advices, formats, paths};
use crate::args::advise::Advise;
use crate::messages;
use crate::output::Exit;
use crate::render::columns::Verb;

const NAME: &str = "advise";

/// An advice to be given.
struct Advising<'a> {
    advice: &'static Advice,
    range: ByteRange,
    call: Option<AdviceCall>,
    process: Option<&'a AdvisedProcess>,
    dry_run: bool,
}

impl Act for Advising<'_> {
    fn perform(&self, file: &OpenFile, observer: &dyn Observer) -> mmapio_core::Result<Report> {
        let mut options = AdviseOptions::default();
        (options.call, options.process, options.dry_run) = (self.call, self.process, self.dry_run);
        advise(file, &extents_of(file, &[self.range]), self.advice, options, observer)
    }
}

/// Runs it.
pub(crate) fn run(arguments: &Advise) -> Result<Exit> {
    if arguments.how.list {
        return advices::list(arguments.advice, arguments.reporting.format);
    }
    if formats::is_help(arguments.reporting.columns.as_deref()) {
        return formats::column_help(Verb::Advise);
    }
    let Some(advice) = arguments.advice else {
        paths::usage_error(NAME, "no ADVICE was given: `mmapio advise --list` has all of them");
    };
    paths::require(NAME, &arguments.paths);
    let call = arguments.how.call.map(AdviceCall::from);
    check(advice, call, arguments.how.pid);
    let process = arguments.how.pid.map(|pid| reach(pid, advice)).transpose()?;
    if process.is_none() && !arguments.messages.quiet {
        warn_of_what_ends(advice, call);
    }
    let act = Advising {
        advice,
        range: arguments.paths.range.unwrap_or_default(),
        call,
        process: process.as_ref(),
        dry_run: arguments.reporting.dry_run,
    };
    let call = Call {
        verb: Verb::Advise,
        subcommand: NAME,
        paths: &arguments.paths,
        reporting: &arguments.reporting,
        messages: &arguments.messages,
    };
    acts::run(&call, &act)
}

/// Ends the program when no kernel can do what is asked.
fn check(advice: &Advice, call: Option<AdviceCall>, pid: Option<u32>) {
    if let Some(call) = call.filter(|call| advice.carried_by(*call).is_none()) {
        let usual = advice.usual().call;
        paths::usage_error(NAME, &format!("`{}` is carried by {usual} only, not by {call}", advice.name));
    }
    if pid.is_some() && advice.to_others.is_none() {
        let taken: Vec<_> =
            ADVICES.iter().filter(|advice| advice.to_others.is_some()).map(|advice| advice.name).collect();
        let taken = taken.join(", ");
        let message = format!("`{}` cannot be given to another process: --pid takes {taken}", advice.name);
        paths::usage_error(NAME, &message);
    }
}

/// The process, when it may be advised: what is missing is said once, not for every file.
fn reach(pid: u32, advice: &Advice) -> mmapio_core::Result<AdvisedProcess> {
    let process = AdvisedProcess::open(pid)?;
    process.require(advice)?;
    Ok(process)
}

fn warn_of_what_ends(advice: &Advice, call: Option<AdviceCall>) {
    let carrier = call.and_then(|call| advice.carried_by(call)).unwrap_or_else(|| advice.usual());
    if carrier.scope.outlives_the_process() {
        return;
    }
    messages::warning(&format!(
        "`{}` by {} ends with the {} of this process: it has no effect on others, and can be given to none",
        advice.name,
        carrier.call,
        carrier.scope.as_str(),
    ));
}
