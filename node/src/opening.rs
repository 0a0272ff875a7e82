//! Making the mappings that stand behind `MappedFile`.

use std::fs::File;
use std::path::{Path, PathBuf};

use mmapio_core::{Access, Blocks, ByteRange, Error, MapOptions, OpenFile, Result, create_file};
use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::calls::require_room;
use crate::failure::{Failure, answer};
use crate::mapped::Mapped;
use crate::raw::{Bytes, duplicate};
use crate::record::unsigned;

/// What is wanted of a file; `node/lib` has checked it.
#[napi(object)]
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub access: String,
    pub offset: i64,
    pub length: Option<i64>,
    pub populate: bool,
    pub guard: bool,
    pub create: bool,
    /// The least size of the file.
    pub size: Option<i64>,
    pub allocate: bool,
}

/// Opens a file by its name, and maps it.
#[napi(catch_unwind)]
pub(crate) fn open_path(env: Env, path: Bytes, opening: Opening) -> Either<Mapped, Failure> {
    let path = path_of(&path.0);
    let opened = opening.file(&path).and_then(|file| opening.map(env, file));
    answer(opened.map_err(|error| error.with_path(path)))
}

/// Maps what a descriptor is of, which stays the caller's.
#[napi(catch_unwind)]
pub(crate) fn open_descriptor(env: Env, descriptor: i32, opening: Opening) -> Either<Mapped, Failure> {
    let file =
        duplicate(descriptor).map_err(|error| Error::system("mmap", error)).and_then(OpenFile::from_file);
    answer(file.and_then(|file| opening.sized(file)).and_then(|file| opening.map(env, file)))
}

/// Maps memory without a file.
#[napi(catch_unwind)]
pub(crate) fn open_memory(env: Env, length: i64, populate: bool) -> Either<Mapped, Failure> {
    let mut options = MapOptions::copy();
    if populate {
        options = options.populate();
    }
    let mapped = require_room().and_then(|()| options.anonymous(unsigned(length)));
    answer(mapped.map(|mapping| Mapped::new(env, mapping, options, false)))
}

#[cfg(unix)]
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

impl Opening {
    fn file(&self, path: &Path) -> Result<OpenFile> {
        if self.access != "write" {
            return OpenFile::open(path);
        }
        if self.create {
            match create_file(path, self.size.map_or(0, unsigned), self.blocks()) {
                Err(error) if error.errno() == Some(EEXIST) => {}
                made => return made,
            }
        }
        OpenFile::open_writable(path).and_then(|file| self.sized(file))
    }

    fn blocks(&self) -> Blocks {
        if self.allocate { Blocks::Allocated } else { Blocks::Sparse }
    }

    /// The file, with the size that it is to have at least.
    fn sized(&self, file: OpenFile) -> Result<OpenFile> {
        let Some(size) = self.size.map(unsigned).filter(|size| *size > file.size()) else { return Ok(file) };
        file.resize(size, self.blocks())?;
        anew(&file)
    }

    fn map(&self, env: Env, file: OpenFile) -> Result<Mapped> {
        require_room()?;
        let access = match &*self.access {
            "write" => Access::Write,
            "copy" => Access::Copy,
            _ => Access::Read,
        };
        let mut options = MapOptions::new(access);
        if self.populate {
            options = options.populate();
        }
        options = guarded(options, self.guard);
        let range = ByteRange::new(unsigned(self.offset), self.length.map(unsigned))?;
        let mapping = options.range(range).map(file)?;
        Ok(Mapped::new(env, mapping, options, self.length.is_none()))
    }
}

/// With the guard, or without: with it a store where none may be stays in the process, too.
pub(crate) fn guarded(options: MapOptions, is_guarded: bool) -> MapOptions {
    if is_guarded { options.forgive_writes() } else { options.unguarded() }
}

const EEXIST: i32 = 17;

/// The same file as it is now.
pub(crate) fn anew(file: &OpenFile) -> Result<OpenFile> {
    let again: std::io::Result<File> = file.file().try_clone();
    OpenFile::from_file(again.map_err(|error| Error::system("open", error))?)
}
