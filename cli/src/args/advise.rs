//! Arguments of `mmapio advise`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use mmapio_core::{ADVICES, Advice, AdviceCall};

use super::EXIT_STATUS;
use super::common::{Messages, Paths, Reporting};

const EXAMPLES: &str = "\
Examples:
  mmapio advise --list
      every advice: what carries it, how long it lasts, what it needs
  mmapio advise willneed index.db
      starts to read the file; `mmapio warm` reads all of it, and proves it
  mmapio advise cold /var/backups
      what the backup left behind is the first to go when memory is short
  mmapio advise pageout --pid 4711 /srv/data
      drops what that process has of these files

What is in memory is measured before the advice and after it: CHANGED is the
difference, whoever made it. An advice is a request, which the kernel need not
follow; no advice here changes content or allocated blocks, and what could do
that does not exist.

willneed starts to read, and does not wait: of a large file the kernel takes
only as much as the device takes at once, which shows in the numbers. To load
all of it, use `mmapio warm`. willneed, populate-read and collapse are given
for data only, not for holes; cold and pageout for what is in memory.

normal, random, sequential, noreuse, hugepage, nohugepage, mergeable and
unmergeable are about a mapping or a descriptor. Those of mmapio end with it, so
that nothing is left of the advice: the call is made, to see whether the kernel
takes it, with a warning and exit status 0. The kernel takes them of no other
process either.

With --pid another process is advised about its mappings of the files, which
only willneed, cold, pageout and collapse can be. That needs CAP_SYS_NICE, and the right
to look at the process (its user's, or CAP_SYS_PTRACE). Pages that it wrote to
through private mappings are its own: pageout moves them to swap.

Files that one neither owns nor may write are left out of pageout by the
kernel without a word; here that is an error.";

/// Give the kernel an advice about files: madvise, posix_fadvise, or to a running process.
///
/// Prints what was in memory before, and what is afterwards.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(
    override_usage = "mmapio advise [OPTIONS] ADVICE PATH...\n       mmapio advise [OPTIONS] ADVICE --files-from FILE\n       mmapio advise --list [--format FORMAT]"
)]
pub(crate) struct Advise {
    /// The advice.
    #[arg(value_name = "ADVICE", value_parser = advice_parser(), required_unless_present_any = ["list", "columns"])]
    pub(crate) advice: Option<&'static Advice>,

    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) how: How,

    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// How the advice is given.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to advise")]
pub(crate) struct How {
    /// List every advice, as a table or in another --format; with ADVICE this one.
    #[arg(long, conflicts_with_all = ["paths", "files_from", "files0_from", "pid", "call"])]
    pub(crate) list: bool,

    /// Advise this process about its mappings of the files, by process_madvise(2).
    ///
    /// A file that it does not map is an error when it is named, and left out below a named directory.
    #[arg(long, value_name = "PID", conflicts_with = "call", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pid: Option<u32>,

    /// The call that carries the advice, where there are two [default: the first one in --list].
    #[arg(long, value_name = "CALL", value_enum)]
    pub(crate) call: Option<CallArg>,
}

/// A call that carries advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallArg {
    /// madvise(2), on a mapping.
    Madvise,
    /// posix_fadvise(2), on a descriptor.
    Fadvise,
}

impl From<CallArg> for AdviceCall {
    fn from(call: CallArg) -> Self {
        match call {
            CallArg::Madvise => Self::Madvise,
            CallArg::Fadvise => Self::Fadvise,
        }
    }
}

/// Takes the names of the table, and shows what each of them does.
fn advice_parser() -> impl TypedValueParser<Value = &'static Advice> {
    let values = ADVICES.iter().map(|advice| PossibleValue::new(advice.name).help(advice.effect));
    PossibleValuesParser::new(values).try_map(|name| Advice::find(&name).ok_or("there is no such advice"))
}
