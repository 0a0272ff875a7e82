//! What can be typed. Types only: their doc comments are the help, the man pages and the completions.

pub(crate) mod advise;
pub(crate) mod bench;
mod bench_numbers;
pub(crate) mod common;
pub(crate) mod directories;
pub(crate) mod duration;
pub(crate) mod evict;
pub(crate) mod generate;
pub(crate) mod in_use;
pub(crate) mod incore;
pub(crate) mod lock;
pub(crate) mod map;
pub(crate) mod pictures;
pub(crate) mod sync;
pub(crate) mod warm;
pub(crate) mod watch;

use clap::{Parser, Subcommand};

/// Shows and steers what of a file is in memory.
///
/// The kernel keeps the parts of files that were read or written lately in memory, the page cache. mmapio tells what of
/// any file or directory tree is there, and changes it; what it reports of that is looked at afterwards. What the kernel will
/// not tell is shown as unknown, never as a number.
#[derive(Debug, Parser)]
#[command(name = "mmapio", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Start with `mmapio incore PATH`; `mmapio incore --help` has examples.")]
#[command(after_long_help = EXIT_STATUS)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Whether to colour what is printed; NO_COLOR and CLICOLOR_FORCE are honoured.
    #[command(flatten)]
    pub(crate) color: colorchoice_clap::Color,
}

/// What mmapio can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Incore(Box<incore::Incore>),
    #[command(visible_alias = "prewarm")]
    Warm(Box<warm::Warm>),
    Evict(Box<evict::Evict>),
    Lock(Box<lock::Lock>),
    Sync(Box<sync::Sync>),
    Advise(Box<advise::Advise>),
    Map(Box<map::Map>),
    Bench(Box<bench::Bench>),
    Completions(generate::Completions),
    Man(generate::Man),
}

/// The section that every manual page has.
pub(crate) const EXIT_STATUS: &str = "\
Exit status:
  0    all done; a closed standard output (as with `| head`) is no failure
  1    some path failed; each is named on standard error, the rest is done
  2    wrong usage
  3    a condition that the caller set was not met
  130  interrupted (143 by SIGTERM); what was done until then is reported
Of several the first in the order 130, 2, 1, 3 counts: a path that failed hides
an unmet condition.";
