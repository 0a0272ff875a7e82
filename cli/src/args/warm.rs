//! Arguments of `mmapio warm`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use mmapio_core::{MemoryBudget, Percent};

use super::EXIT_STATUS;
use super::common::{Messages, Paths, Reporting, some_size};
use super::incore::ProbeArg;

const EXAMPLES: &str = "\
Examples:
  mmapio warm table.db
      load the file and prove it
  mmapio warm --require 95% /srv/index && exec service
      start the service when at least 95 % of its files are in memory
  mmapio warm --tail 64M --rate 200M/s /var/lib/db
      the last 64 MiB of each file, gently
  mmapio incore --runs=resident --format ndjson /srv > warm.ndjson
  mmapio warm --ranges-from warm.ndjson
      load tomorrow what is in memory today

Only what is absent is loaded, and only where a file has data: warming again
costs a look. Many reads are in flight at a time. Afterwards it is verified
what is in memory, and what is not is told with the reason: unreadable (the
place is named, exit status 1), reclaimed (memory is short: it was loaded and
pushed out again), over budget, truncated, interrupted.

Before anything is loaded, what is to be loaded is compared with the memory
that is to be had: MemAvailable, and the limits of this process's cgroups. If it
does not fit, nothing is loaded, and the exit status is 3 whatever is demanded.

In the table REACHED is how much of what was asked for is in memory now.

A file that the kernel counts as wholly cached is believed, which is what makes
warming again cheap; pages that another program failed to read count, too. Use
--probe mincore where that matters: it looks at every page.

Where the kernel does not tell what is in memory (files that are neither yours
nor writable for you), all data is read, and what was read counts as loaded.";

/// Load files into memory, and prove it.
///
/// Loads what is not in memory, verifies that it came, and tells what did not, and why.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(
    override_usage = "mmapio warm [OPTIONS] PATH...\n       mmapio warm [OPTIONS] --files-from FILE\n       mmapio warm [OPTIONS] --ranges-from FILE"
)]
pub(crate) struct Warm {
    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) parts: Parts,

    #[command(flatten)]
    pub(crate) how: How,

    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// Which parts of the files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which parts")]
pub(crate) struct Parts {
    /// The first SIZE bytes of each file; with --tail or --range, those too.
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(crate) head: Option<u64>,

    /// The last SIZE bytes of each file; with --head or --range, those too.
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(crate) tail: Option<u64>,

    /// The files and ranges that FILE lists; `-` is standard input.
    ///
    /// Reads what `incore --runs` prints in any format, and lines of `OFFSET LENGTH PATH`. Every range in the list is loaded
    /// but holes: list with `incore --runs=resident` to get back what was in memory. Relative paths are taken from the current
    /// directory. Tables escape names that could play tricks on a terminal, so save as ndjson.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["paths", "files_from", "files0_from", "range", "head", "tail"])]
    pub(crate) ranges_from: Option<PathBuf>,
}

/// How fast, and how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "How")]
pub(crate) struct How {
    /// Load at most SIZE bytes a second.
    #[arg(long, value_name = "SIZE[/s]", value_parser = parse_rate)]
    pub(crate) rate: Option<NonZeroU64>,

    /// Refuse to load more than this: a size, or a percentage of the memory that is to be had [default: 100%].
    #[arg(long, value_name = "SIZE|PERCENT%")]
    pub(crate) max_memory: Option<MemoryBudget>,

    /// Load even what does not fit into the memory that is to be had.
    #[arg(long)]
    pub(crate) force: bool,

    /// Demand that so much of what was asked for is in memory at the end, else exit with status 3.
    ///
    /// The default is all that can be read. With this option what cannot be read counts as missing, too, and so does finding no
    /// file at all. What a file lost by being truncated meanwhile is not missing.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) require: Option<Percent>,

    /// Which system call tells what is absent.
    #[arg(long, value_name = "CALL", value_enum, default_value_t = ProbeArg::Auto)]
    pub(crate) probe: ProbeArg,
}

/// Reads a size of at least one byte, with or without `/s`.
fn parse_rate(text: &str) -> Result<NonZeroU64, String> {
    let size = some_size(text.trim_end().trim_end_matches("/s"))?;
    NonZeroU64::new(size).ok_or_else(|| "must be at least 1".to_owned())
}
