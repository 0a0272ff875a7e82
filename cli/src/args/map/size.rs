//! `mmapio map --create`, `--resize`, `--punch`.

use clap::Args;
use mmapio_core::ByteRange;

/// Creating, resizing, punching.
#[derive(Debug, Args)]
#[command(next_help_heading = "Creating, resizing, punching")]
pub(crate) struct Size {
    /// Create the file, which must not exist, with --size.
    #[arg(long, group = "mode", requires = "size")]
    pub(crate) create: bool,

    /// The size of a file to be created. Its blocks are allocated, unless --sparse.
    #[arg(long, value_name = "SIZE", requires = "create", value_parser = mmapio_core::parse_size)]
    pub(crate) size: Option<u64>,

    /// Give the file this size: what is beyond is lost, what is new is zeros whose blocks are allocated, unless --sparse.
    #[arg(long, value_name = "SIZE", group = "mode", value_parser = mmapio_core::parse_size)]
    pub(crate) resize: Option<u64>,

    /// Allocate no blocks: what is new is a hole.
    #[arg(long)]
    pub(crate) sparse: bool,

    /// Make a hole of RANGE: its bytes become zeros, its blocks are freed, the size stays.
    #[arg(long, value_name = "RANGE", group = "mode")]
    pub(crate) punch: Option<ByteRange>,

    /// Do not ask before bytes are lost. Without a terminal this is needed for --punch, and for --resize to less.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

impl Size {
    /// Whether one of these was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.create || self.resize.is_some() || self.punch.is_some()
    }
}
