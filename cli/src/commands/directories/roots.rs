//! The paths that were named, and which rows a path below them belongs to.
//!
//! That goes by the paths alone, taken from the root on, so that it does not depend on which way a file was found: with `a a/b` named, the
//! files of `a/b` are found by way of either, and those that a process uses by their absolute paths. Two names of one directory that do
//! not show it (through a symbolic link) are beyond this; its files count below one of the two.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

/// The named paths.
pub(super) struct Roots {
    /// What relative paths begin at; empty where that is not known.
    base: PathBuf,
    /// Each in full, and as it was named.
    named: HashMap<PathBuf, PathBuf>,
    /// How many parts they have: to look another path up takes as long as it is.
    lengths: HashSet<usize>,
    /// Whether the root directory is only there for what processes use anywhere.
    has_all: bool,
    depth: usize,
}

impl Roots {
    /// Rows go `depth` directories below each of them.
    pub(super) fn new<'p>(paths: impl Iterator<Item = &'p PathBuf>, depth: usize) -> Self {
        let base = std::env::current_dir().unwrap_or_default();
        let mut roots = Self { base, named: HashMap::new(), lengths: HashSet::new(), has_all: false, depth };
        for path in paths {
            let full = roots.full(path).into_owned();
            roots.lengths.insert(full.components().count());
            roots.named.entry(full).or_insert_with(|| path.clone());
        }
        roots
    }

    /// With a row for all that lies in no other, which is the root directory.
    pub(super) fn with_all(mut self) -> Self {
        let root = PathBuf::from("/");
        self.has_all = !self.named.contains_key(&root);
        self.lengths.insert(root.components().count());
        self.named.entry(root.clone()).or_insert(root);
        self
    }

    /// A path from the root on. What it goes up from is left in it: behind a symbolic link that leads elsewhere than it looks.
    pub(super) fn full<'p>(&self, path: &'p Path) -> Cow<'p, Path> {
        if path.is_absolute() { Cow::Borrowed(path) } else { Cow::Owned(self.base.join(path)) }
    }

    /// Whether the path was named itself.
    pub(super) fn is_named(&self, path: &Path) -> bool {
        self.named.contains_key(&*self.full(path))
    }

    /// Whether anything but a path that was found as named can be named.
    pub(super) fn are_several(&self) -> bool {
        self.named.len() > 1
    }

    /// The rows that a directory belongs to, the outermost first: those of its ancestors, and of itself, that were named or are not too
    /// deep below one that was. Paths are full ones.
    pub(super) fn rows_of<'p>(&self, directory: &'p Path) -> Vec<&'p Path> {
        let mut rows = Vec::new();
        let mut below: Option<usize> = None;
        for (path, named) in self.ancestors(directory).into_iter().rev() {
            if path.components().next_back() == Some(Component::ParentDir) {
                // What comes after it does not lie in what comes before, unless that is the root.
                rows.retain(|row: &&Path| row.parent().is_none());
                below = None;
            }
            below = if named.is_some() { Some(0) } else { below.map(|depth| depth + 1) };
            if below.is_some_and(|depth| depth <= self.depth) {
                rows.push(path);
            }
        }
        rows
    }

    /// A path and those above it, each with how it was named if it was.
    fn ancestors<'p>(&self, path: &'p Path) -> Vec<(&'p Path, Option<&PathBuf>)> {
        let parts = path.components().count();
        let named = |(up, above): (usize, &'p Path)| {
            let may_be = self.lengths.contains(&parts.saturating_sub(up));
            (above, may_be.then(|| self.named.get(above)).flatten())
        };
        path.ancestors().enumerate().map(named).collect()
    }

    /// The paths that were named, in full.
    pub(super) fn named(&self) -> impl Iterator<Item = &PathBuf> {
        self.named.keys().filter(|path| !self.has_all || path.parent().is_some())
    }

    /// A row's path as it is shown: as it was named, or below the nearest that was.
    pub(super) fn shown(&self, row: &Path) -> PathBuf {
        let named = self.ancestors(row).into_iter().find_map(|(above, named)| Some((above, named?)));
        match named.map(|(above, named)| (row.strip_prefix(above), named)) {
            Some((Ok(rest), named)) if !rest.as_os_str().is_empty() => named.join(rest),
            Some((_, named)) => named.clone(),
            None => row.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(named: &[&str], depth: usize, directory: &str) -> Vec<String> {
        let named: Vec<_> = named.iter().map(PathBuf::from).collect();
        let roots = Roots::new(named.iter(), depth);
        let shown = |row: &&Path| roots.shown(row).to_str().unwrap().to_owned();
        roots.rows_of(&roots.full(Path::new(directory))).iter().map(shown).collect()
    }

    #[test]
    fn a_directory_belongs_to_the_rows_above_it() {
        assert_eq!(rows(&["a"], 1, "a/b/c"), ["a", "a/b"]);
        assert_eq!(rows(&["a"], 0, "a/b/c"), ["a"]);
        assert_eq!(rows(&["a"], 9, "a/b/c"), ["a", "a/b", "a/b/c"]);
        assert_eq!(rows(&["a"], 1, "ab"), [""; 0]);
        assert_eq!(rows(&["/"], 1, "/usr/lib"), ["/", "/usr"]);
        assert_eq!(rows(&["a/"], 1, "a/b"), ["a/", "a/b"]);
    }

    #[test]
    fn named_directories_lie_in_each_other_however_they_are_written() {
        assert_eq!(rows(&["a", "a/b/c"], 1, "a/b/c/d/e"), ["a", "a/b", "a/b/c", "a/b/c/d"]);
        assert_eq!(rows(&["a", "a/b/c"], 0, "a/b/c/d/e"), ["a", "a/b/c"]);
        for directory in ["./src/x", "src/x", "src//x"] {
            assert_eq!(rows(&[".", "src"], 1, directory), [".", "src", "src/x"], "{directory}");
        }
        assert_eq!(rows(&["."], 1, "./src/x"), [".", "./src"]);
    }

    #[test]
    fn nothing_lies_in_what_a_path_goes_up_from() {
        assert_eq!(rows(&["a", "a/../b"], 1, "a/../b/c"), ["a/../b", "a/../b/c"]);
        assert_eq!(rows(&[".", "..", "../x"], 1, "../x"), ["..", "../x"]);
        assert_eq!(rows(&["/", "a"], 9, "a/../b"), ["/"]);
    }

    #[test]
    fn relative_and_absolute_names_are_of_one_tree() {
        let here = std::env::current_dir().unwrap();
        let inside = here.join("a/b");
        assert_eq!(rows(&["a"], 1, inside.to_str().unwrap()), ["a", "a/b"]);
        assert_eq!(rows(&[inside.to_str().unwrap(), "a"], 0, "a/b/c"), ["a", inside.to_str().unwrap()]);
        assert_eq!(rows(&["."], 0, "a"), ["."]);
    }
}
