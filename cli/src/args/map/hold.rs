//! `mmapio map --hold`.

use std::ffi::OsString;

use clap::Args;
use clap::builder::PossibleValuesParser;
use mmapio_core::ADVICES;

/// Holding a mapping for others to look at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Holding")]
pub(crate) struct Hold {
    /// Keep the file mapped, for DURATION (30s, 5m, 2h) or until Ctrl-C; prints the process and the address.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, group = "mode")]
    #[expect(clippy::option_option, reason = "an option that may stand alone")]
    pub(crate) hold: Option<Option<OsString>>,

    /// Lock it in memory.
    #[arg(long, requires = "hold")]
    pub(crate) lock: bool,

    /// Bring it into memory and into the page tables.
    #[arg(long, requires = "hold")]
    pub(crate) populate: bool,

    /// Give the mapping this advice; `mmapio advise --list` explains them.
    #[arg(long, value_name = "ADVICE", requires = "hold", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(ADVICES.iter().map(|advice| advice.name)))]
    pub(crate) advice: Option<String>,
}
