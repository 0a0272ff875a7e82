//! `mmapio evict`.

use anyhow::Result;
use mmapio_core::{ByteRange, EvictOptions, Evictor, Extent, Observer, OpenFile, Pages, Report, extents_of};

use super::acts::{self, Act, Call};
use super::report::Merged;
use crate::args::evict::Evict;
use crate::messages;
use crate::output::Exit;
use crate::render::columns::Verb;

/// Runs it.
pub(crate) fn run(arguments: &Evict) -> Result<Exit> {
    let Evict { paths, dropping, reporting, messages } = arguments;
    let call = Call { verb: Verb::Evict, subcommand: "evict", paths, reporting, messages };
    let mut options = EvictOptions::default();
    options.sync = dropping.sync;
    let act = Evicting {
        evictor: Evictor::new(options),
        range: paths.range.unwrap_or_default(),
        kept: dropping.all_but,
        dry_run: reporting.dry_run,
    };
    let judge = |found: &Merged| if dropping.require { require(found, messages.quiet) } else { Exit::Done };
    acts::run_and_judge(&call, &act, judge)
}

/// What is done to each file.
struct Evicting {
    evictor: Evictor,
    range: ByteRange,
    kept: Option<ByteRange>,
    dry_run: bool,
}

impl Act for Evicting {
    fn perform(&self, file: &OpenFile, observer: &dyn Observer) -> mmapio_core::Result<Report> {
        let extents = match self.kept {
            Some(kept) => all_but(file, kept),
            None => extents_of(file, &[self.range]),
        };
        if self.dry_run {
            return self.evictor.preview(file, &extents);
        }
        self.evictor.evict(file, &extents, observer)
    }
}

/// The file without the pages that `kept` touches.
fn all_but(file: &OpenFile, kept: ByteRange) -> Vec<Extent> {
    let kept = kept.within(file.size());
    let mut extents = vec![Extent::between(0, kept.offset()), Extent::between(kept.end(), file.size())];
    extents.retain(|extent| !extent.is_empty());
    extents
}

/// Whether nothing is left in memory.
fn require(found: &Merged, quiet: bool) -> Exit {
    let left: Pages = found.total.acts.remaining.iter().map(|left| left.pages).sum();
    let unknown = found.total.unknown_files;
    if left == Pages(0) && unknown == 0 {
        return Exit::Done;
    }
    if !quiet {
        let unknown = match unknown {
            0 => String::new(),
            1 => ", of 1 file it is unknown".to_owned(),
            more => format!(", of {more} files it is unknown"),
        };
        messages::note(&format!("--require: {left} pages stayed in memory{unknown}"));
    }
    Exit::Unmet
}
