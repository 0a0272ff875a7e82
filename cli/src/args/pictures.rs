//! Arguments about pictures.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Pictures of what is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct Pictures {
    /// Draw the files that are shown into FILE, as SVG; `-` is standard output, in place of the table.
    ///
    /// For each file its size, what of it is in memory, and a strip of 200 parts that tells what is resident, dirty, absent or a
    /// hole. At most 2,000 files; the rest is as it is without a picture.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "runs")]
    pub(crate) svg: Option<PathBuf>,

    /// Write the same into FILE as a page for a browser, to be sorted and filtered there; `-` is standard output.
    ///
    /// One file that needs nothing from elsewhere. `#sort=resident&order=descending&filter=log` after its address opens it sorted
    /// and filtered.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "runs")]
    pub(crate) html: Option<PathBuf>,
}

impl Pictures {
    /// Whether there is one to draw.
    pub(crate) fn is_wanted(&self) -> bool {
        self.svg.is_some() || self.html.is_some()
    }
}
