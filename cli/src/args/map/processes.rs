//! `mmapio map --pid` and `--all`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// What processes map.
#[derive(Debug, Args)]
#[command(next_help_heading = "What processes map")]
pub(crate) struct Which {
    /// Show the files that process PID maps: what it holds of each, and what of each is in memory.
    #[arg(long, value_name = "PID", group = "mode")]
    pub(crate) pid: Option<u32>,

    /// Show the processes that map FILE, and what each holds of it.
    #[arg(long, group = "mode")]
    pub(crate) all: bool,

    /// Of the process, only what it maps of this file.
    #[arg(long = "file", value_name = "PATH", requires = "pid", value_hint = ValueHint::FilePath)]
    pub(crate) only: Option<PathBuf>,
}

impl Which {
    /// Whether one of these was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.pid.is_some() || self.all
    }
}
