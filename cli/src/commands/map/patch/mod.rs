//! `mmapio map --write`, `--fill`, `--copy-from`, `--undo`.

mod hex;
mod report;
mod source;

use std::path::Path;

use anyhow::{Result, bail};
use mmapio_core::{Backup, OpenFile, Patch, Patched, Preview};

use super::common;
use crate::args::map::Map;
use crate::commands::paths::usage_error;
use crate::interrupt::{Interrupt, outlive_file_size_limit};
use crate::messages;
use crate::output::Exit;

use report::Report;
use source::Source;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let path = common::file(arguments);
    outlive_file_size_limit()?;
    match &arguments.patch.undo {
        Some(backup) => undo(arguments, path, backup),
        None => patch(arguments, path),
    }
}

fn patch(arguments: &Map, path: &Path) -> Result<Exit> {
    let dry = arguments.patch.dry_run;
    let file = if dry { OpenFile::open(path)? } else { OpenFile::open_writable(path)? };
    // What is read from elsewhere can take long: until it is there a signal ends us, and nothing was written.
    let mut source = match arguments.patch.write {
        Some(_) => Source::open(&arguments.patch, &file)?,
        None => Source::None,
    };
    let at = |error: mmapio_core::Error| error.with_path(path);
    let mut patch = asked(arguments, &file, &mut source).map_err(at)?;
    if arguments.patch.grow {
        patch = patch.grow();
    }
    if dry {
        let preview = patch.preview(&file).map_err(at)?;
        return preview_of(arguments, path, &preview);
    }
    if let Some(backup) = &arguments.patch.backup {
        patch = patch.backup(backup);
    }
    let (interrupt, id) = (Interrupt::listen()?, file.id());
    let patched = patch.apply(file, &|| interrupt.came()).map_err(at)?;
    finish(arguments, path, patched, &interrupt, id)
}

/// What the command line asks for.
fn asked<'a>(arguments: &Map, file: &OpenFile, source: &'a mut Source) -> mmapio_core::Result<Patch<'a>> {
    let options = &arguments.patch;
    if let Some(offset) = options.write {
        return source.patch(offset);
    }
    let (offset, length) = part(arguments, file)?;
    match (options.fill, options.copy_from) {
        (Some(byte), _) => Patch::fill(offset, length, byte),
        (None, Some(from)) => Patch::copy(from, offset, length),
        (None, None) => usage_error("map", "nothing to write was given"),
    }
}

/// The bytes of --range: without a length to the end, which must be behind its beginning.
fn part(arguments: &Map, file: &OpenFile) -> mmapio_core::Result<(u64, u64)> {
    let range = arguments.range.unwrap_or_default();
    let (offset, size) = (range.offset(), file.size());
    match range.length() {
        Some(length) => Ok((offset, length)),
        None if offset < size => Ok((offset, size - offset)),
        None => Err(mmapio_core::Error::range(format!("begins at {offset}, and the file ends at {size}"))),
    }
}

fn undo(arguments: &Map, path: &Path, backup: &Path) -> Result<Exit> {
    let (dry, force) = (arguments.patch.dry_run, arguments.size.yes);
    let file = if dry { OpenFile::open(path)? } else { OpenFile::open_writable(path)? };
    let (kept, id) = (Backup::open(backup)?, file.id());
    let at = |error: mmapio_core::Error| match error.kind() {
        mmapio_core::ErrorKind::Backup(_) => error.with_path(backup),
        _ => error.with_path(path),
    };
    if dry {
        let preview = kept.preview(&file, force).map_err(at)?;
        return preview_of(arguments, path, &preview);
    }
    let interrupt = Interrupt::listen()?;
    let patched = kept.undo(file, force, &|| interrupt.came()).map_err(at)?;
    finish(arguments, path, patched, &interrupt, id)
}

fn preview_of(arguments: &Map, path: &Path, preview: &Preview) -> Result<Exit> {
    Report::Preview(preview).print(arguments, path)
}

/// Says what was done, and what was not.
fn finish(
    arguments: &Map,
    path: &Path,
    mut patched: Patched,
    interrupt: &Interrupt,
    id: mmapio_core::FileId,
) -> Result<Exit> {
    let quiet = arguments.facts.quiet;
    patched.error = patched.error.map(|error| error.with_path(path));
    if let (Some(error), false) = (&patched.error, quiet) {
        messages::path_error(error);
    }
    if let (Some(error), false) = (&patched.unfinished_backup, quiet) {
        messages::warning(&format!("the backup does not tell that the patch came to its end: {error}"));
    }
    let is_whole = patched.error.is_none() && !patched.interrupted;
    if !is_whole && !quiet {
        messages::note(&how_far(arguments, &patched));
    }
    Report::Patched(&patched).print(arguments, path)?;
    if patched.interrupted {
        return Ok(interrupt.exit().unwrap_or(Exit::Interrupted));
    }
    if patched.error.is_some() {
        return Ok(Exit::SomeFailed);
    }
    if OpenFile::open(path).map(|file| file.id()).ok() != Some(id) {
        bail!(
            "{}: the name leads to another file by now, or to none: the one that was opened was patched",
            path.display()
        );
    }
    Ok(Exit::Done)
}

fn how_far(arguments: &Map, patched: &Patched) -> String {
    let (written, all) = (patched.written, patched.extent.length());
    let (began, rest) =
        if patched.interrupted { ("interrupted: ", "") } else { ("", ", of the rest some may be") };
    let back = match (&arguments.patch.backup, &arguments.patch.undo) {
        _ if patched.interrupted && written == 0 => "; the file is as it was",
        (Some(_), _) => "; --undo puts the old bytes back",
        (None, Some(_)) => "; the same --undo goes on",
        (None, None) => "",
    };
    format!("{began}{written} of {all} bytes were written and compared{rest}{back}")
}
