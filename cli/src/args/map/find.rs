//! `mmapio map --find`.

use std::ffi::OsString;
use std::num::NonZeroU64;

use clap::Args;

/// Searching.
#[derive(Debug, Args)]
#[command(next_help_heading = "Searching")]
pub(crate) struct Find {
    /// Print the offset of each place where PATTERN is: 0x and hexadecimal digits are bytes, anything else is text.
    ///
    /// Finds may overlap. Exit status 3 when there is none.
    #[arg(long, value_name = "PATTERN", group = "mode")]
    pub(crate) find: Option<OsString>,

    /// PATTERN is text, whatever it looks like.
    #[arg(long, requires = "find")]
    pub(crate) literal: bool,

    /// Show each find with N bytes before and after it.
    #[arg(long, value_name = "N", requires = "find", value_parser = mmapio_core::parse_size)]
    pub(crate) context: Option<u64>,

    /// Stop after N finds.
    #[arg(long, value_name = "N", requires = "find")]
    pub(crate) max_count: Option<NonZeroU64>,

    /// Print the number of finds alone.
    #[arg(long, requires = "find")]
    pub(crate) count: bool,
}
