//! Arguments of `mmapio sync`.

use clap::Args;

use super::EXIT_STATUS;
use super::common::{Messages, Paths, Reporting};

const EXAMPLES: &str = "\
Examples:
  mmapio sync table.db
      data and metadata are on the storage when it returns
  mmapio sync --dry-run --verbose /var/lib/service
      how many pages of which files are dirty
  mmapio sync --async /srv/backup && other work && mmapio sync /srv/backup
      start writing, and wait for it later
  mmapio sync --format ndjson /srv | jq 'select(.before_dirty_pages > 0)'
      records for programs

Dirty pages and those being written are counted before and afterwards, by
cachestat(2), for which a large folio counts as a whole. Where it does not
tell (overlayfs, files of others) they are unknown (`?`, null), never 0; the
files are written all the same. A file with nothing dirty is written, too:
its metadata and the device's own cache may not be.

When writing fails, that is final: the file is named, the exit status is 1,
and nothing is tried again, not even after EINTR. The kernel tells of the
failure once, takes the pages for written, and lets the next sync succeed.
Memory then has the only good copy: do not evict the file, do not restart;
copy it elsewhere, and write it anew.

fsync(2) and fdatasync(2) write whole files. With --range it is msync(2), the
only call that makes a part durable: its data, and of the metadata what
reading it needs. For msync (--range, --msync, --invalidate) a file must be
opened for writing, since through a mapping of a file that is open for reading
it does nothing and reports success; this needs the permission to write,
copies the lower file of an overlay up, and is seen by those who watch the
file. --async takes a range without that.

Only the files are written, not the directories they are in: a file that was
just created or renamed may lack its name after a power cut. For whole
filesystems there is `sync -f`.";

/// Write dirty pages back, and say how many there were.
///
/// Writes each file to the storage (fsync) and counts its dirty pages before and afterwards. When it returns 0, all that
/// was written to the files before is on the storage.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(override_usage = "mmapio sync [OPTIONS] PATH...\n       mmapio sync [OPTIONS] --files-from FILE")]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) how: How,

    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// By which call files are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is written")]
pub(crate) struct How {
    /// Write the data, and of the metadata only what reading it needs: fdatasync.
    #[arg(long, conflicts_with_all = ["start", "msync", "invalidate"])]
    pub(crate) data_only: bool,

    /// Start writing and do not wait: sync_file_range. Nothing is durable when it returns, and no failure is noticed.
    ///
    /// msync with MS_ASYNC, which sounds like it, does nothing on Linux.
    #[arg(long = "async", conflicts_with_all = ["msync", "invalidate"])]
    pub(crate) start: bool,

    /// Write through a mapping: msync with MS_SYNC. Needs the permission to write.
    #[arg(long)]
    pub(crate) msync: bool,

    /// The same with MS_INVALIDATE, for those who want that very call.
    ///
    /// On Linux it writes as --msync does: all mappings of a file show the same pages, and none has to be invalidated.
    #[arg(long)]
    pub(crate) invalidate: bool,
}
