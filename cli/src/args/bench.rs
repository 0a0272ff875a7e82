//! Arguments of `mmapio bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, ValueHint};
use mmapio_core::{ByteRange, STRATEGIES, WRITE_STRATEGIES};

use super::EXIT_STATUS;
use super::bench_numbers::{parse_block, parse_runs, parse_seconds, parse_threads};
use super::common::{When, at_least_one, some_size};

const EXAMPLES: &str = "\
Examples:
  mmapio bench table.db
      read or map, cold and warm, in order and at random: in about a minute
  mmapio bench --pattern random --block 16K --threads 1,4 --state warm table.db
      what a program with four threads does with pages of 16 KiB
  mmapio bench --strategy pread,mmap,mmap-random --format json table.db > old.json
  mmapio bench --compare old.json table.db
      what changed since
  mmapio bench --from old.json --svg old.svg
      the same as a picture, without measuring again
  mmapio bench --write --sync-every 1 table.db
      how long it takes until a page that was written is on the storage
  mmapio bench --strategy help
      what the strategies do

All strategies read the same bytes, and their checksums are compared. They take
turns, round by round, in an order that is shuffled anew each time; the first
round is thrown away. A difference is called one only where the interval of the
ratio, with 95 % confidence, leaves out 1. docs/bench-method.md explains each
number.

Cold means that what is read was dropped from memory before, and that this was
verified. Afterwards what was in memory before is loaded again, and the rest is
dropped (--no-restore-cache leaves it).";

/// Measure which way of reading a file is fastest here.
///
/// Compares read, pread, mmap with its advice, direct I/O and more on your own file and machine, and says what to use.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
pub(crate) struct Bench {
    /// The file: a regular file or a block device. It is never written.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present_any = ["strategy", "from"])]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) what: What,

    #[command(flatten)]
    pub(crate) writing: Writing,

    #[command(flatten)]
    pub(crate) effort: Effort,

    #[command(flatten)]
    pub(crate) report: Report,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// What is measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is measured")]
pub(crate) struct What {
    /// The strategies, separated by commas [default: all]; `help` lists them.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(strategy_names()), hide_possible_values = true)]
    pub(crate) strategy: Option<Vec<String>>,

    /// Where is read: sequential, random (each block once), stride:SIZE (every SIZE bytes), zipf or zipf:EXPONENT (some blocks far
    /// more often than others).
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "sequential,random")]
    pub(crate) pattern: Vec<Pattern>,

    /// What of the file is in memory before each run: nothing of what is read, all of it, or as it is found.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum, default_value = "cold,warm")]
    pub(crate) state: Vec<State>,

    /// Threads that read at the same time, each its own share.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_threads, default_value = "1")]
    pub(crate) threads: Vec<NonZeroUsize>,

    /// Bytes that are read at once, a multiple of 8 [default: 16K,128K,1M in order, 4K elsewhere].
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_block)]
    pub(crate) block: Option<Vec<usize>>,

    /// What is done with the bytes: a checksum over all of them, or only a copy into memory of our own.
    #[arg(long, value_name = "WORK", value_enum, default_value_t = Work::Sum)]
    pub(crate) work: Work,

    /// Look at this part of the file only: OFFSET[+LENGTH], without a length to the end.
    #[arg(long, value_name = "OFFSET[+LENGTH]")]
    pub(crate) range: Option<ByteRange>,
}

/// Writing in place of reading.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
pub(crate) struct Writing {
    /// Measure ways of writing: into a copy of FILE or of a part of it, which is removed at the end. FILE itself is never written.
    /// The copy is in memory before each run, so that --state does not apply.
    #[arg(long, conflicts_with_all = ["state", "work"])]
    pub(crate) write: bool,

    /// Make the copy in this directory [default: beside FILE]: what is measured is the filesystem and device that it is on.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "write")]
    pub(crate) scratch: Option<PathBuf>,

    /// Wait after every N accesses, too, until what was written is on the storage [default: at the end of each run].
    #[arg(long, value_name = "N", requires = "write", value_parser = at_least_one)]
    pub(crate) sync_every: Option<NonZeroUsize>,
}

/// How long it takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "How long it takes")]
pub(crate) struct Effort {
    /// Take about so long: more and longer runs make narrower intervals.
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "60")]
    pub(crate) budget: Duration,

    /// Make so many rounds, whatever the budget.
    #[arg(long, value_name = "N", value_parser = parse_runs)]
    pub(crate) runs: Option<NonZeroUsize>,

    /// Read so many bytes in each run [default: what the budget allows].
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(crate) bytes: Option<u64>,

    /// What random numbers begin with: with the same seed the same blocks are read in the same order.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Leave in memory what the measurements left there.
    #[arg(long)]
    pub(crate) no_restore_cache: bool,
}

/// How it is reported.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is reported")]
pub(crate) struct Report {
    /// How to write the report; json has every run [default: table].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    /// Draw the report as a picture, too, and write it to FILE; `-` is standard output, in place of the report.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,

    /// Say what is faster and slower than in REPORT, written by an earlier run with --format json; `-` is standard input.
    ///
    /// Runs are as long as they were there, unless --bytes says otherwise: of runs of other lengths nothing is said.
    #[arg(long, value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub(crate) compare: Option<PathBuf>,

    /// Measure nothing, and take what was measured from REPORT, written by an earlier run with --format json; `-` is standard
    /// input.
    #[arg(long, value_name = "REPORT", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["file", "What", "Writing", "Effort"])]
    pub(crate) from: Option<PathBuf>,
}

/// What is said besides the data, on standard error.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(crate) struct Messages {
    /// Say nothing of what could not be measured; the report has it.
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Show progress on standard error: on a terminal, always (as lines where there is no terminal), never.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
}

/// Where is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pattern {
    Sequential,
    Random,
    /// Every so many bytes.
    Stride(u64),
    /// With this exponent.
    Zipf(f64),
}

/// What is in memory before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Nothing of what is read.
    Cold,
    /// All of what is read.
    Warm,
    /// What happens to be.
    AsFound,
    /// All of the copy that is written.
    #[value(skip)]
    Writing,
}

/// What is done with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Add them up.
    Sum,
    /// Copy them.
    Copy,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One line for each strategy in each scenario.
    Csv,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("sequential", None) => Ok(Self::Sequential),
            ("random", None) => Ok(Self::Random),
            ("stride", Some(size)) => some_size(size).map(Self::Stride),
            ("zipf", None) => Ok(Self::Zipf(1.0)),
            ("zipf", Some(exponent)) => match exponent.parse::<f64>() {
                Ok(number) if number > 0.0 && number <= 10.0 => Ok(Self::Zipf(number)),
                _ => Err(format!("`{exponent}` is no exponent from 0 to 10")),
            },
            _ => Err("must be sequential, random, stride:SIZE or zipf[:EXPONENT]".to_owned()),
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sequential => f.write_str("sequential"),
            Self::Random => f.write_str("random"),
            Self::Stride(size) => write!(f, "stride:{size}"),
            Self::Zipf(exponent) => write!(f, "zipf:{exponent}"),
        }
    }
}

impl State {
    /// Its name in all formats.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::AsFound => "as-found",
            Self::Writing => "writing",
        }
    }
}

/// The names of the strategies, and what lists them.
fn strategy_names() -> Vec<&'static str> {
    let written = WRITE_STRATEGIES.iter().map(|strategy| strategy.name);
    STRATEGIES.iter().map(|strategy| strategy.name).chain(written).chain(["help"]).collect()
}
