//! Include and exclude globs as a walk's filter.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Error, ErrorKind, Result};
use crate::sys::FileKind;
use crate::walk::Filter;

/// A filter from globs: a file passes when it matches any of `include` (or there are none) and none of `exclude`; a
/// directory that matches `exclude` is not walked.
///
/// A glob without `/` is matched against names, one with `/` against the path below the named directory. `*` does not cross
/// `/`, `**` does.
///
/// # Errors
/// [`ErrorKind::Range`] naming the glob that cannot be read, and why; an empty one matches nothing, so it is refused.
///
/// ```
/// use mmapio_core::{FileKind, glob_filter};
/// use std::path::Path;
/// let filter = glob_filter(&["*.dat".into()], &["old/**".into()]).unwrap();
/// assert!(filter(Path::new("a/b.dat"), FileKind::Regular));
/// assert!(!filter(Path::new("old/b.dat"), FileKind::Regular));
/// assert!(!filter(Path::new("a/b.txt"), FileKind::Regular));
/// ```
pub fn glob_filter(include: &[String], exclude: &[String]) -> Result<Filter> {
    let include = Globs::new(include)?;
    let exclude = Globs::new(exclude)?;
    Ok(Box::new(move |path, kind| {
        let included = kind == FileKind::Directory || include.is_empty() || include.matches(path);
        included && !exclude.matches(path)
    }))
}

/// Globs on names, and globs on paths.
struct Globs {
    names: GlobSet,
    paths: GlobSet,
}

impl Globs {
    fn new(globs: &[String]) -> Result<Self> {
        let (paths, names): (Vec<_>, Vec<_>) = globs.iter().partition(|glob| trimmed(glob).contains('/'));
        Ok(Self { names: set(&names)?, paths: set(&paths)? })
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.paths.is_empty()
    }

    fn matches(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| self.names.is_match(name)) || self.paths.is_match(path)
    }
}

/// A `/` at either end says no more than what is matched anyway.
fn trimmed(glob: &str) -> &str {
    let glob = glob.strip_prefix("./").or_else(|| glob.strip_prefix('/')).unwrap_or(glob);
    glob.strip_suffix('/').unwrap_or(glob)
}

fn set(globs: &[&String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let pattern = trimmed(glob);
        if pattern.is_empty() {
            return Err(Error::new("glob", ErrorKind::Range(format!("`{glob}` matches nothing"))));
        }
        set.add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(bad_glob)?);
    }
    set.build().map_err(bad_glob)
}

fn bad_glob(error: globset::Error) -> Error {
    Error::new("glob", ErrorKind::Range(error.to_string()))
}
