//! `mmapio map --write`, `--fill`, `--copy-from`, `--undo`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Patching: through a shared mapping, written back, read again and compared.
#[derive(Debug, Args)]
#[command(next_help_heading = "Patching")]
pub(crate) struct Patch {
    /// Write at OFFSET what --hex, --text or --from gives.
    #[arg(long, value_name = "OFFSET", group = "mode", requires = "content", value_parser = mmapio_core::parse_size)]
    pub(crate) write: Option<u64>,

    /// Bytes as hexadecimal digits; spaces between them, and 0x before them, are left out.
    #[arg(long, value_name = "DIGITS", group = "content", requires = "write")]
    pub(crate) hex: Option<String>,

    /// Text.
    #[arg(long, value_name = "TEXT", group = "content", requires = "write")]
    pub(crate) text: Option<OsString>,

    /// The content of FILE; `-` is standard input.
    #[arg(long, value_name = "FILE", group = "content", requires = "write", value_hint = ValueHint::FilePath)]
    pub(crate) from: Option<PathBuf>,

    /// Fill the --range with this byte: 0 to 255, or 0x00 to 0xff.
    #[arg(long, value_name = "BYTE", group = "mode", requires = "range")]
    pub(crate) fill: Option<String>,

    /// Copy this part of the same file over the --range: OFFSET, for as many bytes as the range has.
    #[arg(long, value_name = "OFFSET", group = "mode", requires = "range", value_parser = mmapio_core::parse_size)]
    pub(crate) copy_from: Option<u64>,

    /// Put back what --backup FILE kept.
    #[arg(long, value_name = "FILE", group = "mode", value_hint = ValueHint::FilePath)]
    pub(crate) undo: Option<PathBuf>,

    /// Let the file grow when the patch ends beyond its end.
    #[arg(long)]
    pub(crate) grow: bool,

    /// Keep what is overwritten in FILE, which must not exist, for --undo.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) backup: Option<PathBuf>,

    /// Change nothing: show before and after.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

impl Patch {
    /// Whether one of these was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.write.is_some() || self.fill.is_some() || self.copy_from.is_some() || self.undo.is_some()
    }
}
