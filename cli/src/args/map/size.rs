//! `mmapio map --create`, `--resize`, `--punch`.

use clap::Args;
use mmapio_core::ByteRange;

/// Creating, resizing, punching.
#[derive(Debug, Args)]
#[command(next_help_heading = "Creating, resizing, punching")]
pub(crate) struct Size {
    /// Create the file, which must not exist, with --size.
    ///
    /// It is there with all its blocks, and on the storage, or not at all.
    #[arg(long, groups = ["mode", "changing"], requires = "size")]
    pub(crate) create: bool,

    /// The size of a file to be created. Its blocks are allocated, unless --sparse.
    #[arg(long, value_name = "SIZE", requires = "create", value_parser = mmapio_core::parse_size)]
    pub(crate) size: Option<u64>,

    /// Give the file this size: what is beyond is lost, what is new is zeros whose blocks are allocated, unless --sparse.
    #[arg(long, value_name = "SIZE", groups = ["mode", "changing"], value_parser = mmapio_core::parse_size)]
    pub(crate) resize: Option<u64>,

    /// Allocate no blocks: what is new is a hole.
    #[arg(long, requires = "changing", conflicts_with_all = ["write", "fill", "copy_from", "undo", "punch"])]
    pub(crate) sparse: bool,

    /// Make a hole of RANGE: its bytes become zeros, its blocks are freed, the size stays.
    ///
    /// To the byte: blocks that lie in RANGE in part are kept and written to.
    #[arg(long, value_name = "RANGE", groups = ["mode", "changing"])]
    pub(crate) punch: Option<ByteRange>,

    /// Do not ask before bytes are lost. Without a terminal this is needed for --punch, and for --resize to less.
    ///
    /// With --undo: put bytes back although the file is not as the patch left it.
    #[arg(short, long, requires = "changing")]
    pub(crate) yes: bool,
}

impl Size {
    /// Whether one of these was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.create || self.resize.is_some() || self.punch.is_some()
    }
}
