//! How `mmapio map` is printed.

use clap::{Args, ValueEnum};

/// How facts, finds and processes are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is printed")]
pub(crate) struct Facts {
    /// How to write what is found.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// Print sizes in tables as plain bytes.
    #[arg(long)]
    pub(crate) exact: bool,

    /// Say nothing of what fails; the exit status still tells.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// How facts, finds and processes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned columns.
    Table,
    /// One JSON document.
    Json,
    /// One JSON record a line, as they are found.
    Ndjson,
}
