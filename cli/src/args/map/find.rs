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
    /// Finds may overlap. A line has the offset in decimal and hexadecimal digits. Holes are not read: only zeros are found in them.
    /// Behind a part that cannot be read the search goes on. Exit status 3 when nothing was found, 1 when something failed.
    #[arg(long, value_name = "PATTERN", group = "mode")]
    pub(crate) find: Option<OsString>,

    /// PATTERN is text, whatever it looks like.
    #[arg(long, requires = "find")]
    pub(crate) literal: bool,

    /// Show each find with N bytes before and after it, at most 1 MiB: in colour, or in brackets.
    #[arg(long, value_name = "N", requires = "find", value_parser = mmapio_core::parse_size)]
    pub(crate) context: Option<u64>,

    /// Stop after N finds, the first in the file.
    #[arg(long, value_name = "N", requires = "find")]
    pub(crate) max_count: Option<NonZeroU64>,

    /// Print the number of finds alone.
    #[arg(long, requires = "find")]
    pub(crate) count: bool,
}
