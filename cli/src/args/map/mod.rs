//! Arguments of `mmapio map`: one file for each thing it can do.

pub(crate) mod dump;
pub(crate) mod facts;
pub(crate) mod find;
pub(crate) mod hold;
pub(crate) mod patch;
pub(crate) mod processes;
pub(crate) mod size;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use mmapio_core::ByteRange;

use super::EXIT_STATUS;

const EXAMPLES: &str = "\
Examples:
  mmapio map table.db
      what a mapping of it is: residency, dirty pages, huge pages, who else maps it
  mmapio map --dump=1M+256 table.db
      256 bytes as hexadecimal and text, from 1 MiB on
  mmapio map --find 0xCAFEBABE --context 16 table.db
      where these four bytes are
  mmapio map --write 4096 --text 'hello' --backup undo table.db
      patch it; `mmapio map --undo undo table.db` takes it back
  mmapio map --create --size 1G data.bin
      a new file whose blocks are allocated
  mmapio map --hold 1m --lock table.db
      keep it mapped and in memory for a minute
  mmapio map --pid 1234
      which files a process maps, what of them it holds, and what is in memory

A file that is truncated, or that the storage cannot give, while it is shown,
searched or patched is an error that names the offset, never a signal: the
rest is still shown, and the exit status is 1.";

/// Map a file: facts, hex view, search, patch, grow, hold; or what processes map.
///
/// Without one of the options below it shows what a mapping of the file is.
#[derive(Debug, Args)]
#[command(after_help = "`--help` has examples.", after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
#[command(override_usage = "mmapio map [OPTIONS] FILE\n       mmapio map [OPTIONS] --pid PID")]
pub(crate) struct Map {
    /// The file: a regular file or a block device.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// The part of the file it is about: OFFSET[+LENGTH], without a length to the end.
    ///
    /// Sizes are bytes, or have a suffix: K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024, KB, MB, GB, TB of 1000.
    #[arg(long, value_name = "OFFSET[+LENGTH]")]
    pub(crate) range: Option<ByteRange>,

    #[command(flatten)]
    pub(crate) facts: facts::Facts,

    #[command(flatten)]
    pub(crate) dump: dump::Dump,

    #[command(flatten)]
    pub(crate) find: find::Find,

    #[command(flatten)]
    pub(crate) patch: patch::Patch,

    #[command(flatten)]
    pub(crate) size: size::Size,

    #[command(flatten)]
    pub(crate) hold: hold::Hold,

    #[command(flatten)]
    pub(crate) processes: processes::Which,
}

/// What `mmapio map` is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Facts,
    Dump,
    Find,
    Patch,
    Size,
    Hold,
    Processes,
}

impl Map {
    /// What was asked for: the options exclude each other.
    pub(crate) fn mode(&self) -> Mode {
        let asked = [
            (self.dump.dump.is_some(), Mode::Dump),
            (self.find.find.is_some(), Mode::Find),
            (self.patch.is_asked(), Mode::Patch),
            (self.size.is_asked(), Mode::Size),
            (self.hold.hold.is_some(), Mode::Hold),
            (self.processes.is_asked(), Mode::Processes),
        ];
        asked.into_iter().find(|(asked, _)| *asked).map_or(Mode::Facts, |(_, mode)| mode)
    }

    /// The file. `--dump FILE` reads FILE as the option's value: where no file is left, it was meant as one.
    pub(crate) fn file(&self) -> Option<&Path> {
        let taken = [&self.dump.dump, &self.hold.hold].into_iter().flatten().flatten();
        self.file.as_deref().or_else(|| taken.map(Path::new).next())
    }

    /// The value of an option that may stand alone, unless it is the file.
    pub(crate) fn value<'a>(&self, option: &'a Option<Option<OsString>>) -> Option<&'a OsString> {
        option.as_ref()?.as_ref().filter(|_| self.file.is_some())
    }
}
