//! `mmapio incore --pid` and `--open`: the files that processes use.

use mmapio_core::{Error, FilesInUse, Total};

use super::sink::{Frame, Sink};
use crate::args::in_use::InUse;
use crate::messages::{self, counted};

/// Finds them, if they are asked for; and what went wrong with processes that were named.
pub(crate) fn look(arguments: &InUse) -> mmapio_core::Result<(Option<FilesInUse>, Vec<Error>)> {
    match arguments.open {
        true => FilesInUse::snapshot().map(|used| (Some(used), Vec::new())),
        false if arguments.pid.is_empty() => Ok((None, Vec::new())),
        false => {
            let (used, errors) = FilesInUse::of(&arguments.pid);
            Ok((Some(used), errors))
        }
    }
}

/// What tells of errors as a thread of the walk does.
pub(crate) fn told<'a>(errors: Vec<Error>, frame: &'a Frame<'a>) -> Sink<'a> {
    let mut sink = Sink::new(frame);
    for error in errors {
        // When writing failed, the output remembers why.
        let _ = sink.error(error);
    }
    sink
}

/// Says once what could not be looked at.
pub(crate) fn say_what_is_missing(unreadable: usize, total: &Total) {
    if unreadable > 0 {
        let processes = counted(unreadable as u64, "process", "processes");
        messages::note(&format!("not ours to look at: {processes}, which may use files that are not here"));
    }
    if total.unopened_files > 0 {
        let files = counted(total.unopened_files, "file", "files");
        messages::note(&format!(
            "{files} in use could not be opened, and what of them is in memory is unknown; --verbose names them"
        ));
    }
}

/// Says that processes which were named use nothing: that is no failure, but seldom what was meant.
pub(crate) fn say_that_nothing_is_used(pids: &[u32]) {
    let named: Vec<_> = pids.iter().map(u32::to_string).collect();
    messages::note(&format!(
        "no file is used by {}: threads of the kernel, and processes that have ended, use none",
        named.join(", ")
    ));
}
