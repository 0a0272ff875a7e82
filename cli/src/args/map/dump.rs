//! `mmapio map --dump`.

use std::ffi::OsString;

use clap::Args;

/// Showing bytes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Showing bytes")]
pub(crate) struct Dump {
    /// Show the bytes, of RANGE or of all: OFFSET[+LENGTH].
    ///
    /// On a terminal in a box and in colours: NUL grey (⋄ as text), printable cyan, whitespace green (_), other ASCII magenta (•), and
    /// what is no ASCII yellow (×). Elsewhere as `hexdump -C` prints it. Lines equal to the one before are one `*`, so that a huge hole
    /// takes no time; holes are never read. A part that cannot be read is a line `unreadable: N bytes`, and the rest is shown.
    #[arg(long, value_name = "RANGE", num_args = 0..=1, group = "mode")]
    #[expect(clippy::option_option, reason = "an option that may stand alone")]
    pub(crate) dump: Option<Option<OsString>>,

    /// What `xxd FILE` prints, byte for byte, which `xxd -r` turns back: every line, no colours, no borders.
    #[arg(long, requires = "dump")]
    pub(crate) plain: bool,

    /// The bytes themselves. For a part that cannot be read there are as many zeros, and a warning says so.
    #[arg(long, requires = "dump", conflicts_with = "plain")]
    pub(crate) raw: bool,

    /// Leave out holes, of which the file has no data; a line `hole of N bytes` says where each is.
    #[arg(long, requires = "dump", conflicts_with = "raw")]
    pub(crate) skip_holes: bool,

    /// Show every line: without this, lines equal to the one before are one `*`.
    #[arg(long, requires = "dump", conflicts_with = "raw")]
    pub(crate) no_squeeze: bool,
}
