//! The common path options, as the core wants them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use mmapio_core::{Error, WalkOptions, glob_filter};

use crate::args::Cli;
use crate::args::common::Paths;

/// What a walk is to look at: an endless list is taken as it comes.
pub(crate) type PathList = Box<dyn Iterator<Item = mmapio_core::Result<PathBuf>> + Send>;

/// The paths on the command line, then those of a list.
pub(crate) fn list(paths: &Paths) -> anyhow::Result<PathList> {
    let named = paths.paths.clone().into_iter().map(Ok);
    let (file, end) = match (&paths.files_from, &paths.files0_from) {
        (Some(file), _) => (file, b'\n'),
        (None, Some(file)) => (file, 0),
        (None, None) => return Ok(Box::new(named)),
    };
    let from = ListFile { path: file.clone(), lines: open(file)?, end, failed: false };
    Ok(Box::new(named.chain(from)))
}

/// Ends the program when there is nothing to look at.
pub(crate) fn require(subcommand: &str, paths: &Paths) {
    if paths.paths.is_empty() && paths.files_from.is_none() && paths.files0_from.is_none() {
        usage_error(
            subcommand,
            "no PATH was given: name files, directories or block devices, or use --files-from",
        );
    }
}

/// Ends the program with what is wrong with the usage of a subcommand.
pub(crate) fn usage_error(subcommand: &str, message: &str) -> ! {
    let mut command = Cli::command();
    command.build();
    let mut command = command.find_subcommand_mut(subcommand).map(std::mem::take).unwrap_or_default();
    command.error(ErrorKind::MissingRequiredArgument, message).exit()
}

/// How to walk.
pub(crate) fn options(paths: &Paths) -> mmapio_core::Result<WalkOptions> {
    let mut options = WalkOptions::default();
    options.follow = paths.follow;
    options.one_file_system = paths.one_file_system;
    options.max_depth = paths.max_depth;
    options.min_size = paths.min_size.unwrap_or(0);
    options.max_size = paths.max_size.unwrap_or(u64::MAX);
    options.jobs = paths.jobs;
    if !paths.include.is_empty() || !paths.exclude.is_empty() {
        options.filter = Some(glob_filter(&paths.include, &paths.exclude)?);
    }
    Ok(options)
}

/// Opens a list; `-` is standard input.
pub(crate) fn open(path: &Path) -> mmapio_core::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|error| Error::system("open", error).with_path(path))?;
    Ok(Box::new(BufReader::new(file)))
}

/// The paths in a file; a failing read ends them with an error.
struct ListFile {
    path: PathBuf,
    lines: Box<dyn BufRead + Send>,
    end: u8,
    failed: bool,
}

impl Iterator for ListFile {
    type Item = mmapio_core::Result<PathBuf>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let mut line = Vec::new();
            match self.lines.read_until(self.end, &mut line) {
                Ok(0) => return None,
                Ok(_) => {
                    line.pop_if(|last| *last == self.end);
                    if !line.is_empty() {
                        return Some(Ok(path_from(line)));
                    }
                }
                Err(error) => {
                    self.failed = true;
                    return Some(Err(Error::system("read", error).with_path(&self.path)));
                }
            }
        }
        None
    }
}

#[cfg(unix)]
pub(crate) fn path_from(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes))
}

#[cfg(not(unix))]
pub(crate) fn path_from(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}
