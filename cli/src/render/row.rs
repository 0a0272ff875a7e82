//! What is known of a file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use mmapio_core::{FileId, FileInUse, Report, Residency};

use super::heat::Heat;

/// A file and its residency, and what was done to it.
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
}

/// Rows that are kept to the end; boxed, so that sorting moves pointers.
pub(crate) type Kept = Vec<Box<Row<'static>>>;

impl Row<'_> {
    pub(crate) fn act(&self) -> Option<&Report> {
        self.act.as_deref()
    }

    /// The same, with a path of its own.
    pub(crate) fn into_owned(self) -> Row<'static> {
        Row { path: Cow::Owned(self.path.into_owned()), ..self }
    }

    /// What is to be said besides the numbers.
    pub(crate) fn note(&self) -> Option<String> {
        let deleted = self.in_use.as_ref().is_some_and(|file| file.deleted).then(|| "deleted".to_owned());
        let about = match self.residency.unknown {
            Some(unknown) => Some(format!("unknown: {unknown}")),
            None => self.residency.changed.then(|| "changed size while it was read".to_owned()),
        };
        let notes: Vec<String> = deleted.into_iter().chain(about).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}
