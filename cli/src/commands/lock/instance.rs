//! Whether another instance holds the same files: a file for each set in a directory of this user's, locked while it is held.

use std::fs::DirBuilder;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use mmapio_core::Error;

use super::claim::{Claim, Claimed};
use crate::args::common::Paths;

/// Claims the set of files that `arguments` and `paths` name, for process `pid`; the file is the claim's.
pub(crate) fn claim(
    arguments: &Paths,
    paths: &[mmapio_core::Result<PathBuf>],
    pid: u32,
) -> mmapio_core::Result<(PathBuf, Claimed)> {
    let file = directory()?.join(format!("lock-{:016x}", key(arguments, paths)));
    let claimed = Claim::of(&file, pid)?;
    Ok((file, claimed))
}

/// The same number for the same set, however its paths are spelled and ordered.
fn key(arguments: &Paths, paths: &[mmapio_core::Result<PathBuf>]) -> u64 {
    let mut names: Vec<PathBuf> = paths.iter().flatten().map(|path| real(path)).collect();
    names.sort_unstable();
    names.dedup();
    let mut hash = DefaultHasher::new();
    names.hash(&mut hash);
    (&arguments.include, &arguments.exclude, arguments.min_size, arguments.max_size).hash(&mut hash);
    (arguments.max_depth, arguments.one_file_system, arguments.follow, arguments.range).hash(&mut hash);
    hash.finish()
}

/// What leads nowhere keeps its name.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The directory: only this user can make files in it, or it is not used.
fn directory() -> mmapio_core::Result<PathBuf> {
    let user = rustix::process::geteuid();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let usual = if user.is_root() { Some(PathBuf::from("/run")) } else { runtime };
    let usual = usual.map(|dir| dir.join("mmapio"));
    if let Some(dir) = usual.filter(|dir| made(dir).is_ok()) {
        return Ok(dir);
    }
    let dir = PathBuf::from(format!("/tmp/mmapio-{}", user.as_raw()));
    made(&dir).map_err(|error| Error::system("mkdir", error).with_path(&dir))?;
    Ok(dir)
}

/// Makes a directory, or finds that it is one already, and that nobody else has a hand in it.
fn made(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = std::fs::symlink_metadata(dir)?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    let alone = metadata.permissions().mode() & 0o022 == 0;
    if metadata.is_dir() && own && alone { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}
