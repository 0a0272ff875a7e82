//! Arguments of `mmapio evict`.

use clap::Args;
use mmapio_core::ByteRange;

use super::EXIT_STATUS;
use super::common::{Messages, Paths, Reporting};

const EXAMPLES: &str = "\
Examples:
  mmapio evict /backup/dump.sql
      drop what a backup left in memory
  mmapio evict --sync --require results/ && ./measure results/
      begin cold, or not at all
  mmapio evict --all-but 0+64MiB table.db
      keep the head of a file, drop the rest
  mmapio evict --dry-run --format ndjson /srv | jq
      what there is to drop, as records for programs

Clean pages that nobody holds are dropped, posix_fadvise(2); then it is looked
whether they are gone, and what is said is what was seen. Pages stay that are
  dirty, writeback      newer than the storage, or being written to it: their
                        writing is begun, --sync waits for it first
  mapped, locked        in use by the processes that are named, where /proc
                        tells them; nothing but their end, or that they unmap
                        the file, frees those pages
  large folio           in one piece with pages outside of the range
  in-memory filesystem  stored nowhere else (tmpfs)
  busy                  held by the kernel, or by somebody /proc does not tell
  failed                not written: --sync met an error, and memory may have
                        the only good copy
  unknown               perhaps dirty: it cannot be told there (overlayfs)

Anybody who may read a file may drop it from memory. What is there the kernel
tells only to its owner, to those who may write it and to root: for others
nothing is claimed, and counts are unknown (`?`, null).";

/// Drop files from memory, and say what stayed and why.
///
/// Nothing is lost: what is only in memory stays there. Reading a file again brings it back.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(override_usage = "mmapio evict [OPTIONS] PATH...\n       mmapio evict [OPTIONS] --files-from FILE")]
pub(crate) struct Evict {
    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) dropping: Dropping,

    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// What is dropped, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is dropped")]
pub(crate) struct Dropping {
    /// Write each file back first (fdatasync), so that dirty pages go, too.
    ///
    /// When that fails nothing of the file is dropped.
    #[arg(long)]
    pub(crate) sync: bool,

    /// Keep this part of each file, and drop the rest: OFFSET[+LENGTH], without a length to the end.
    ///
    /// No page that it touches is dropped. A file that ends before it has nothing to keep. Sizes as for --min-size.
    #[arg(long, value_name = "OFFSET[+LENGTH]", conflicts_with = "range")]
    pub(crate) all_but: Option<ByteRange>,

    /// Exit with status 3 when anything stayed in memory, or when that is unknown.
    ///
    /// Otherwise what could not be dropped is told, and is no failure.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) require: bool,
}
