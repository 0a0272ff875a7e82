//! Arguments of `mmapio incore`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, ValueHint};
use mmapio_core::Percent;

use super::EXIT_STATUS;
use super::common::{Format, Messages, Paths, at_least_one};
use super::directories::Directories;
use super::duration;
use super::in_use::InUse;
use super::pictures::Pictures;
use super::watch::Watch;
use crate::render::columns::{self, Verb};

const EXAMPLES: &str = "\
Examples:
  mmapio incore table.db
      one file, with a strip of where it is resident
  mmapio incore --top 10 --total /var/lib
      the ten files that hold most memory, and the sum of all
  mmapio incore --by-directory=2 /var
      which directories hold it, like du
  mmapio incore --histogram table.db
      how that is spread over the file: in large pieces, or in small ones
  mmapio incore --runs=absent table.db
      exactly which bytes are not in memory, one range a line
  mmapio incore --format ndjson /srv | jq
      records for programs
  mmapio incore --open --top 20 --total
      what fills the page cache, and who uses it
  mmapio incore --missing=90% -0 /srv | xargs -0 mmapio warm
      load what is not nearly in memory
  mmapio incore --wait 95% --timeout 5m /srv/index && exec service
      start the service when its files are there
  mmapio incore --html cache.html /srv
      a page that shows it, to be sorted and filtered in a browser
  mmapio incore --watch /srv
      look again every second: a live view, or a record a round for programs

What is resident is asked of cachestat(2), or of mincore(2) where that is
missing or wrong; no byte of a file is read, so looking changes nothing. The
kernel tells residency only to a file's owner, to those who may write it and
to root: for other files it is shown as unknown (`?`, null), with the reason.
Pages that are being read, or could not be read, count as resident for
cachestat but not for mincore.

In tables `?` is unknown and `-` is the share of nothing; a column NOTE comes
with the first file that has something to be said of.";

/// Show what is resident in memory: counts, strips, exact ranges.
///
/// Prints, for every file, its size, its pages, how much of it is in memory, and a strip that draws where: from the start of
/// the file at the left to its end at the right.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(
    override_usage = "mmapio incore [OPTIONS] PATH...\n       mmapio incore [OPTIONS] --files-from FILE\n       \
                      mmapio incore [OPTIONS] --open [PATH]..."
)]
pub(crate) struct Incore {
    #[command(flatten)]
    pub(crate) paths: Paths,

    #[command(flatten)]
    pub(crate) in_use: InUse,

    #[command(flatten)]
    pub(crate) show: Show,

    #[command(flatten)]
    pub(crate) directories: Directories,

    #[command(flatten)]
    pub(crate) pictures: Pictures,

    #[command(flatten)]
    pub(crate) demand: Demand,

    #[command(flatten)]
    pub(crate) watch: Watch,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// What scripts decide by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Conditions")]
pub(crate) struct Demand {
    /// Exit with status 3 when less than so much of all files is in memory; unknown counts as less.
    ///
    /// That is of all pages, those in holes too, which nothing loads: a sparse file never has more than its data.
    #[arg(long, value_name = "PERCENT", conflicts_with = "runs")]
    pub(crate) fail_under: Option<Percent>,

    /// Wait until so much of all files is in memory, then report; unknown counts as less.
    ///
    /// Files that are not there yet are waited for, too. Looking is repeated after 0.1 to 1 seconds, less often where it takes
    /// long. Holes count as for --fail-under. A signal ends waiting without a report; a condition that is not met is status 3 here
    /// even where paths failed.
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["runs", "fail_under"])]
    pub(crate) wait: Option<Percent>,

    /// Wait for so long at the most, then report and exit with status 3: 30s, 5m, 1.5h.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_option, requires = "wait")]
    pub(crate) timeout: Option<Duration>,
}

/// What is shown, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is shown")]
pub(crate) struct Show {
    /// Print exact ranges, one a row: the resident ones, the absent ones, or all (absent data and holes told apart).
    ///
    /// A file whose residency is unknown has none to print: it is an error here.
    #[arg(long, value_name = "WHICH", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    #[arg(conflicts_with_all = ["columns", "sort", "reverse", "top", "cached_only", "summary", "ascii", "exact"])]
    pub(crate) runs: Option<WhichRuns>,

    /// Add how residency is spread: over the thirds of each file, and how many runs there are and how long.
    ///
    /// Of the total, too. Each file is asked in more detail, as for --runs.
    #[arg(long, conflicts_with_all = ["runs", "by_directory", "watch"])]
    pub(crate) histogram: bool,

    /// How to write what is found [default: table, with --missing paths].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<ShownAs>,

    /// The columns of tables and csv, separated by commas; `help` lists them.
    #[arg(long, value_name = "LIST", value_parser = PossibleValuesParser::new(columns::names(Verb::Incore)))]
    #[arg(value_delimiter = ',', hide_possible_values = true)]
    pub(crate) columns: Option<Vec<String>>,

    /// Sort by COLUMN: numbers from the largest, text from A to Z, unknown last.
    #[arg(long, value_name = "COLUMN", value_parser = PossibleValuesParser::new(columns::sortable_names(Verb::Incore)))]
    #[arg(hide_possible_values = true)]
    pub(crate) sort: Option<String>,

    /// Sort the other way round (by path, unless --sort or --top says otherwise).
    #[arg(short, long)]
    pub(crate) reverse: bool,

    /// Show only the first N files or directories, sorted by resident memory unless --sort says otherwise.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) top: Option<NonZeroUsize>,

    /// Leave out files and directories that have nothing in memory; those of which that is unknown stay.
    #[arg(long)]
    pub(crate) cached_only: bool,

    /// Show only files of which less than so much is in memory [default: 100%]; those of which that is unknown, too.
    ///
    /// Prints their paths alone, unless --format says otherwise.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100%")]
    #[arg(conflicts_with = "runs")]
    pub(crate) missing: Option<Percent>,

    /// End each path with a NUL byte instead of a new line: with --missing or --format paths, for `xargs -0`.
    #[arg(short = '0', long)]
    pub(crate) null: bool,

    /// Write the metrics to FILE instead, all at once: for the textfile collector of Prometheus' node_exporter.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "null")]
    pub(crate) textfile: Option<PathBuf>,

    /// Add the total of all files, also of those that are not shown, and their dirty pages.
    #[arg(long)]
    pub(crate) total: bool,

    /// Show the total alone.
    #[arg(short, long)]
    pub(crate) summary: bool,

    /// Draw strips with ASCII characters.
    #[arg(long)]
    pub(crate) ascii: bool,

    /// Print sizes in tables as plain bytes.
    #[arg(long)]
    pub(crate) exact: bool,

    /// Which system call to ask.
    #[arg(long, value_name = "CALL", value_enum, default_value_t = ProbeArg::Auto)]
    pub(crate) probe: ProbeArg,
}

impl Show {
    /// How it is written.
    pub(crate) fn format(&self) -> Format {
        match self.format {
            Some(ShownAs::Table) => Format::Table,
            Some(ShownAs::Json) => Format::Json,
            Some(ShownAs::Ndjson) => Format::Ndjson,
            Some(ShownAs::Csv) => Format::Csv,
            Some(ShownAs::Paths) => Format::Paths,
            Some(ShownAs::Prometheus) => Format::Prometheus,
            None if self.textfile.is_some() => Format::Prometheus,
            None if self.missing.is_some() || self.null => Format::Paths,
            None => Format::Table,
        }
    }
}

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShownAs {
    /// For people: aligned columns.
    Table,
    /// One JSON document.
    Json,
    /// One JSON record a line, as they are found.
    Ndjson,
    /// Comma-separated values, as they are found.
    Csv,
    /// The paths alone, as they are found.
    Paths,
    /// Metrics for Prometheus: of the total, and with --top of so many files, with --by-directory of
    /// directories, each of which is a series.
    Prometheus,
}

/// Which ranges to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichRuns {
    /// Ranges in memory.
    Resident,
    /// Ranges with data that is not in memory.
    Absent,
    /// All ranges, holes too.
    All,
}

/// Which system call to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbeArg {
    /// cachestat where it is there and right, else mincore.
    Auto,
    /// cachestat or unknown.
    Cachestat,
    /// mincore or unknown: slower, but does not count pages that are being read or could not be.
    Mincore,
}
