//! Arguments about files that processes use.

use clap::Args;

/// Files by who uses them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files in use")]
pub(crate) struct InUse {
    /// Look at the files that this process maps or holds open; may be given more than once.
    ///
    /// Files whose names are gone are read through the process, as far as the kernel permits. A column PROCESSES tells who uses
    /// a file: mapped, open, or both.
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(conflicts_with = "wait")]
    pub(crate) pid: Vec<u32>,

    /// Look at the files that any process maps or holds open; with PATHs, at the files below those, too.
    ///
    /// With --total or --summary tables and ndjson say how much of the page cache these files are, and how much is of others; json and
    /// prometheus say it in any case.
    /// --include and --exclude take all paths from the root on, as with --pid: '/srv/**'.
    #[arg(long, conflicts_with_all = ["pid", "wait"])]
    pub(crate) open: bool,
}

impl InUse {
    /// Whether files are looked at without being named.
    pub(crate) fn is_wanted(&self) -> bool {
        self.open || !self.pid.is_empty()
    }
}
