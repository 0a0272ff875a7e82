//! `mmapio map --dump`.

use std::ffi::OsString;

use clap::Args;

/// Showing bytes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Showing bytes")]
pub(crate) struct Dump {
    /// Show the bytes, of RANGE or of all: OFFSET[+LENGTH].
    #[arg(long, value_name = "RANGE", num_args = 0..=1, group = "mode")]
    #[expect(clippy::option_option, reason = "an option that may stand alone")]
    pub(crate) dump: Option<Option<OsString>>,

    /// As plain as xxd: no colours and no borders, for pipes and diffs.
    #[arg(long, requires = "dump")]
    pub(crate) plain: bool,

    /// The bytes themselves.
    #[arg(long, requires = "dump", conflicts_with = "plain")]
    pub(crate) raw: bool,

    /// Leave out holes, of which the file has no data; a line says where each is. Raw bytes have no place for that.
    #[arg(long, requires = "dump", conflicts_with = "raw")]
    pub(crate) skip_holes: bool,

    /// Show every line: without this, lines equal to the one before are one `*`.
    #[arg(long, requires = "dump", conflicts_with = "raw")]
    pub(crate) no_squeeze: bool,
}
