//! Options that all subcommands with paths have.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, ValueHint};
use mmapio_core::{ByteRange, glob_filter};

use crate::render::columns::{self, Verb};

/// Which files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which files")]
pub(crate) struct Paths {
    /// Files, directories (walked to their end) and block devices.
    ///
    /// A symbolic link that is named is followed; below a named directory links are followed only with --follow. A file
    /// with several names is taken once.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = None)]
    pub(crate) paths: Vec<PathBuf>,

    /// Take only files that match GLOB.
    ///
    /// A glob without `/` is matched against file names, one with `/` against the path below the named directory. `*`
    /// does not cross `/`, `**` does. May be given several times: any may match. Files that are named are matched, too,
    /// by the path as named.
    #[arg(long, value_name = "GLOB", value_parser = parse_glob)]
    pub(crate) include: Vec<String>,

    /// Leave out files and directories that match GLOB (as for --include).
    #[arg(long, value_name = "GLOB", value_parser = parse_glob)]
    pub(crate) exclude: Vec<String>,

    /// Leave out files smaller than SIZE.
    ///
    /// Sizes are bytes, or have a suffix: K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024, KB, MB, GB, TB of 1000.
    #[arg(long, value_name = "SIZE", value_parser = mmapio_core::parse_size)]
    pub(crate) min_size: Option<u64>,

    /// Leave out files larger than SIZE.
    #[arg(long, value_name = "SIZE", value_parser = mmapio_core::parse_size)]
    pub(crate) max_size: Option<u64>,

    /// Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files.
    #[arg(long, value_name = "N")]
    pub(crate) max_depth: Option<usize>,

    /// Stay on the filesystem of each named directory.
    #[arg(short = 'x', long)]
    pub(crate) one_file_system: bool,

    /// Follow symbolic links below named directories; loops are noticed.
    #[arg(short = 'L', long)]
    pub(crate) follow: bool,

    /// Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "files0_from")]
    pub(crate) files_from: Option<PathBuf>,

    /// Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files0_from: Option<PathBuf>,

    /// Look at this part of each file only: OFFSET[+LENGTH], without a length to the end.
    ///
    /// Rounded out to whole pages, which is said when it changes anything. A range that begins beyond the end is an error
    /// for a file that is named; a file in a directory just has no pages in it. Sizes as for --min-size.
    #[arg(long, value_name = "OFFSET[+LENGTH]")]
    pub(crate) range: Option<ByteRange>,

    /// Use at most N threads [default: one a processor].
    #[arg(short, long, value_name = "N", value_parser = at_least_one)]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// Reads a number that cannot be zero.
pub(crate) fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    match text.parse::<usize>().map(NonZeroUsize::new) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err("must be at least 1".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a size that cannot be zero.
pub(crate) fn some_size(text: &str) -> Result<u64, String> {
    match mmapio_core::parse_size(text).map_err(|error| error.reason())? {
        0 => Err("must be at least 1".to_owned()),
        size => Ok(size),
    }
}

/// Checks a glob, so that a malformed one is wrong usage.
fn parse_glob(glob: &str) -> Result<String, mmapio_core::Error> {
    glob_filter(&[glob.to_owned()], &[]).map(|_| glob.to_owned())
}

/// What is said besides the data, on standard error.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(crate) struct Messages {
    /// Say nothing of paths that fail; the exit status still tells.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say more: all files in tables that would leave some out; how many there were and how long it took.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
}

/// How an act is reported.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is reported")]
pub(crate) struct Reporting {
    /// Change nothing: report what would be done.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,

    /// How to write the report.
    ///
    /// Tables show the files that were named, those of which something is left to say and, with --verbose, all others; the
    /// other formats have all files.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// The columns of tables and csv, separated by commas; `help` lists them.
    #[arg(long, value_name = "LIST", value_parser = PossibleValuesParser::new(columns::names(Verb::Warm)))]
    #[arg(value_delimiter = ',', hide_possible_values = true)]
    pub(crate) columns: Option<Vec<String>>,

    /// Report the total alone.
    #[arg(short, long)]
    pub(crate) summary: bool,

    /// Print sizes in tables as plain bytes.
    #[arg(long)]
    pub(crate) exact: bool,
}

/// When to do something that suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned columns.
    Table,
    /// One JSON document.
    Json,
    /// One JSON record a line, as they are found.
    Ndjson,
    /// Comma-separated values, as they are found.
    Csv,
    /// The paths alone, as they are found.
    #[value(skip)]
    Paths,
    /// Metrics for Prometheus.
    #[value(skip)]
    Prometheus,
}
