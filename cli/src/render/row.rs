//! What is known of a file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use mmapio_core::{FileId, FileInUse, Report, Residency, Spread, Total};

use super::heat::Heat;

/// A file and its residency, and what was done to it; or a directory, with the sum of the files below it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) path: Cow<'a, Path>,
    /// What other paths to the same file are told by.
    pub(crate) id: Option<FileId>,
    pub(crate) size: u64,
    pub(crate) residency: Residency,
    /// Whether only a part of the file was looked at.
    pub(crate) ranged: bool,
    /// Where it is resident, drawn.
    pub(crate) strip: Box<str>,
    /// Who uses it, where that was asked and somebody does.
    pub(crate) in_use: Option<Arc<FileInUse>>,
    /// The same for pictures, where there are some.
    pub(crate) heat: Option<Box<Heat>>,
    /// What was done to it; `residency` is the one afterwards.
    pub(crate) act: Option<Box<Report>>,
    /// How residency is spread over it, where that was asked.
    pub(crate) spread: Option<Box<Spread>>,
    /// Of a directory: the sum of the files below it. `size` and `residency` are taken from it.
    pub(crate) sum: Option<Box<Total>>,
}

/// Rows that are kept to the end; boxed, so that sorting moves pointers.
pub(crate) type Kept = Vec<Box<Row<'static>>>;

impl<'a> Row<'a> {
    /// What all rows have; the rest was not asked, and is added where it was.
    pub(crate) fn new(path: impl Into<Cow<'a, Path>>, size: u64, residency: Residency) -> Self {
        Self {
            path: path.into(),
            id: None,
            size,
            residency,
            ranged: false,
            strip: Box::default(),
            in_use: None,
            heat: None,
            act: None,
            spread: None,
            sum: None,
        }
    }
}

impl Row<'_> {
    pub(crate) fn act(&self) -> Option<&Report> {
        self.act.as_deref()
    }

    /// The same, with a path of its own.
    pub(crate) fn into_owned(self) -> Row<'static> {
        Row { path: Cow::Owned(self.path.into_owned()), ..self }
    }

    /// Whether residency is unknown, of a directory that of any file.
    pub(crate) fn is_unknown(&self) -> bool {
        self.residency.unknown.is_some()
            || self.sum.as_ref().is_some_and(|sum| sum.unknown_files > 0)
            || self.spread.as_ref().is_some_and(|spread| spread.thirds().is_none())
    }

    /// Whether its path is one that is gone, and all that is left of it is what processes use. It may have been found by another.
    pub(crate) fn is_deleted(&self) -> bool {
        self.in_use.as_ref().is_some_and(|file| file.deleted && *file.path == *self.path)
    }

    /// What is to be said besides the numbers.
    pub(crate) fn note(&self) -> Option<String> {
        if let Some(sum) = &self.sum {
            return missing_in(sum);
        }
        let deleted = self.is_deleted().then(|| "deleted".to_owned());
        let about = match self.residency.unknown {
            Some(unknown) => Some(format!("unknown: {unknown}")),
            None => self.residency.changed.then(|| "changed size while it was read".to_owned()),
        };
        let notes: Vec<String> = deleted.into_iter().chain(about).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// What the sum of a directory lacks.
fn missing_in(sum: &Total) -> Option<String> {
    let unknown =
        (sum.unknown_files > 0).then(|| format!("{} of {} files unknown", sum.unknown_files, sum.files));
    let failed = (sum.errors > 0).then(|| format!("{} failed", sum.errors));
    let said: Vec<String> = unknown.into_iter().chain(failed).collect();
    (!said.is_empty()).then(|| said.join(", "))
}
