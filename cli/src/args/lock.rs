//! Arguments of `mmapio lock`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use mmapio_core::MemoryBudget;

use super::common::{Messages, Paths};

const EXAMPLES: &str = "\
Examples:
  mmapio lock /srv/index
      keep all files below in memory until Ctrl-C
  mmapio lock --follow-changes --pidfile /run/index.pid /srv/index
      the same for files that grow or are replaced, with a pidfile
  mmapio lock --dry-run /srv/index
      what it would take, and which limits leave room for it
  systemctl start mmapio-lock@srv-index.service
      as a service, with the unit in packaging/

It runs in the foreground, and files stay in memory for as long as it does: at
its end, by whatever, the kernel lets them go. Once all is locked it says so in
a line on standard output, and to systemd (sd_notify(3): READY, STATUS,
STOPPING), so that `Type=notify` works.

A file that shrinks loses what it lost, and with it the rest of the large page
that was cut; --follow-changes brings that back, and locks what grows.

Limits are looked at before the first page is locked, and refused with the
numbers: memory (MemAvailable and those of the control groups), RLIMIT_MEMLOCK,
vm.max_map_count, RLIMIT_AS, fs.inotify.max_user_watches. Holes in sparse files
take no memory and are left out.

A second instance for the same user with the same paths and options is refused:
the first holds a lock on a file in $XDG_RUNTIME_DIR/mmapio (of root in
/run/mmapio; where there is neither, in /tmp/mmapio-UID).";

const EXIT_STATUS: &str = "\
Exit status:
  0    ended by SIGTERM, as services are
  1    some path failed, there was nothing to lock, or another instance runs;
       nothing stays locked
  2    wrong usage
  3    a limit does not allow it; nothing was locked
  130  interrupted by SIGINT";

/// Keep files in memory while it runs.
///
/// Loads what is not there, locks it, says when all is done, and waits. Pages that are locked are not reclaimed, whatever
/// else happens on the machine.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(override_usage = "mmapio lock [OPTIONS] PATH...\n       mmapio lock [OPTIONS] --files-from FILE")]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) hold: Hold,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// How files are held.
#[derive(Debug, Args)]
#[command(next_help_heading = "How files are held")]
pub(crate) struct Hold {
    /// Lock at most this much memory: a SIZE, or a PERCENT (`50%`) of what is available.
    ///
    /// Available is the least of MemAvailable and what the control groups of this process leave. More than that is refused in
    /// either case. Sizes as for --min-size.
    #[arg(long, value_name = "SIZE|PERCENT%", default_value = "90%")]
    pub(crate) max_memory: MemoryBudget,

    /// Lock more than the memory that is available; the machine may have to kill processes for it.
    ///
    /// The other limits stand: the kernel would refuse in the middle.
    #[arg(long)]
    pub(crate) force: bool,

    /// Lock the rest when a path fails; otherwise nothing is locked then.
    #[arg(short, long)]
    pub(crate) keep_going: bool,

    /// Go along with files that grow, shrink or are replaced, and with new files in directories.
    ///
    /// Seen through inotify(7), so not what other machines do on network filesystems, and what is stored through mappings
    /// only when the file is closed. A file's limits are looked at again when it grows; what does not fit is said, and what
    /// is locked stays.
    #[arg(long)]
    pub(crate) follow_changes: bool,

    /// Write the process id to FILE, which must not exist, and remove it at the end.
    ///
    /// A pidfile that a killed instance left behind is taken over: nobody holds the lock (flock(2)) on it. Never written
    /// through a symbolic link.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) pidfile: Option<PathBuf>,

    /// Say what would be locked, and which limits leave room for it; lock nothing.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,

    /// How to say what is locked.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LockFormat::Text)]
    pub(crate) format: LockFormat,
}

/// How to say what is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LockFormat {
    /// A line for people.
    Text,
    /// JSON records, one a line.
    Ndjson,
}
