//! What is known of a file, and of all of them together.

use std::borrow::Cow;
use std::path::Path;

use mmapio_core::{Error, ErrorKind, Pages, Residency};

/// A file and its residency.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    pub(crate) path: Cow<'a, Path>,
    pub(crate) size: u64,
    pub(crate) residency: Residency,
    /// Whether only a part of the file was looked at.
    pub(crate) ranged: bool,
    /// Where it is resident, drawn.
    pub(crate) strip: Box<str>,
}

/// Rows that are kept to the end; boxed, so that sorting moves pointers.
pub(crate) type Kept = Vec<Box<Row<'static>>>;

impl Row<'_> {
    /// The same, with a path of its own.
    pub(crate) fn into_owned(self) -> Row<'static> {
        Row { path: Cow::Owned(self.path.into_owned()), ..self }
    }

    /// What is to be said besides the numbers.
    pub(crate) fn note(&self) -> Option<String> {
        match self.residency.unknown {
            Some(unknown) => Some(format!("unknown: {unknown}")),
            None => self.residency.changed.then(|| "changed size while it was read".to_owned()),
        }
    }
}

/// The sums over files; counts that are unknown for a file leave it out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Total {
    pub(crate) files: u64,
    pub(crate) size: u64,
    pub(crate) pages: Pages,
    /// The pages of files whose residency is known.
    pub(crate) known_pages: Pages,
    pub(crate) resident: Option<Pages>,
    pub(crate) dirty: Option<Pages>,
    pub(crate) writeback: Option<Pages>,
    pub(crate) evicted: Option<Pages>,
    pub(crate) recently_evicted: Option<Pages>,
    pub(crate) unknown_files: u64,
    pub(crate) errors: u64,
}

impl Total {
    /// Adds a file of `size` bytes.
    pub(crate) fn add(&mut self, size: u64, residency: &Residency) {
        self.files += 1;
        self.size = self.size.saturating_add(size);
        self.pages += residency.pages;
        if residency.unknown.is_some() {
            self.unknown_files += 1;
        } else {
            self.known_pages += residency.pages;
        }
        add(&mut self.resident, residency.resident);
        add(&mut self.dirty, residency.dirty);
        add(&mut self.writeback, residency.writeback);
        add(&mut self.evicted, residency.evicted);
        add(&mut self.recently_evicted, residency.recently_evicted);
    }

    /// Adds a file of `size` bytes of which only the ranges were looked at.
    pub(crate) fn add_runs(&mut self, size: u64, pages: Pages, resident: u64) {
        let mut residency = Residency::default();
        (residency.pages, residency.resident) = (pages, Some(Pages(resident)));
        self.add(size, &residency);
    }

    /// Adds a file of `size` bytes whose ranges cannot be known; one that failed otherwise is counted as an error only.
    pub(crate) fn add_unknown(&mut self, size: u64, error: &Error) {
        if let ErrorKind::Unknown(unknown) = error.kind() {
            let mut residency = Residency::default();
            (residency.pages, residency.unknown) = (Pages::holding(size), Some(*unknown));
            self.add(size, &residency);
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.files += other.files;
        self.size = self.size.saturating_add(other.size);
        self.pages += other.pages;
        self.known_pages += other.known_pages;
        self.unknown_files += other.unknown_files;
        self.errors += other.errors;
        add(&mut self.resident, other.resident);
        add(&mut self.dirty, other.dirty);
        add(&mut self.writeback, other.writeback);
        add(&mut self.evicted, other.evicted);
        add(&mut self.recently_evicted, other.recently_evicted);
    }
}

fn add(sum: &mut Option<Pages>, pages: Option<Pages>) {
    if let Some(pages) = pages {
        *sum = Some(sum.unwrap_or_default() + pages);
    }
}
