//! Arguments of `mmapio incore --by-directory`.

use clap::Args;
use mmapio_core::Percent;

/// Directories instead of files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Directories")]
pub(crate) struct Directories {
    /// Show directories instead of files, like du: each is the sum of all files in and below it.
    ///
    /// Down to DEPTH below each named directory [default: 1]; with 0 the named ones alone. What lies deeper belongs to the directory
    /// at the limit, and a file that is named is a row of its own. Sorted by resident memory unless --sort or --reverse says
    /// otherwise. A file with several names counts once, where the first of its names from A to Z is.
    #[arg(long, value_name = "DEPTH", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    #[arg(conflicts_with_all = ["runs", "missing", "null", "svg", "html", "watch"])]
    pub(crate) by_directory: Option<usize>,

    /// Put what holds less than so much of all resident memory into the last row of the table [default: 1%]; 0% shows all.
    ///
    /// Without this option, --top and --verbose put nothing there. Other formats have all directories.
    #[arg(long, value_name = "PERCENT", requires = "by_directory", conflicts_with = "top")]
    pub(crate) fold: Option<Percent>,
}
