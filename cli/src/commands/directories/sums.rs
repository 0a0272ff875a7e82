//! The sums of directories, as one thread adds to them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mmapio_core::Total;

use super::roots::Roots;

/// The sums of what lies in rows, and not in rows below them.
pub(super) struct Sums<'r> {
    roots: &'r Roots,
    /// Where each row's sum is, by its full path.
    places: HashMap<PathBuf, usize>,
    sums: Vec<Total>,
    /// The directory of the last file and where it counts: the next one is mostly in the same.
    last: (PathBuf, Option<usize>),
}

impl<'r> Sums<'r> {
    pub(super) fn new(roots: &'r Roots) -> Self {
        let mut sums = Self { roots, places: HashMap::new(), sums: Vec::new(), last: (PathBuf::new(), None) };
        sums.last.1 = sums.place(Path::new(""));
        sums
    }

    /// The sum that what lies at a path counts in: none for a named file outside of all named directories.
    pub(super) fn of(&mut self, path: &Path) -> Option<&mut Total> {
        let directory = path.parent()?;
        if directory.as_os_str() != self.last.0.as_os_str() {
            self.last = (directory.to_owned(), self.place(directory));
        }
        self.sums.get_mut(self.last.1?)
    }

    /// The sum of a directory that was named.
    pub(super) fn of_directory(&mut self, path: &Path) -> Option<&mut Total> {
        let place = self.place(path)?;
        self.sums.get_mut(place)
    }

    fn place(&mut self, directory: &Path) -> Option<usize> {
        let directory = self.roots.full(directory);
        let row = self.roots.rows_of(&directory).pop()?;
        if let Some(place) = self.places.get(row) {
            return Some(*place);
        }
        self.places.insert(row.to_owned(), self.sums.len());
        self.sums.push(Total::default());
        Some(self.sums.len() - 1)
    }

    /// The sums of rows with all that lies below them, of all threads.
    pub(super) fn of_all(threads: Vec<Self>, roots: &Roots) -> Vec<(PathBuf, Total)> {
        // A directory that was named has a row, even if all that is in it counts elsewhere.
        let named = roots.named().filter(|path| path.is_dir());
        let mut all: HashMap<PathBuf, Total> = named.map(|path| (path.clone(), Total::default())).collect();
        for Self { places, sums, .. } in threads {
            for (path, place) in places {
                let Some(sum) = sums.get(place).filter(|sum| sum.files > 0 || sum.errors > 0) else {
                    continue;
                };
                for row in roots.rows_of(&path) {
                    all.entry(row.to_owned()).or_default().merge(sum);
                }
            }
        }
        all.into_iter().collect()
    }
}
