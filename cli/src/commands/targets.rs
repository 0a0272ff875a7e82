//! Files that are written beside what is printed.

use std::path::Path;

use anyhow::Result;

use super::paths::{PathList, usage_error};
use crate::args::common::Paths;
use crate::args::incore::Incore;
use crate::replace::Replacement;

/// Finds out before anything is looked at whether they can be written and take no other's place, and gives the list back. What is
/// written beside them until they are complete is gone again after this: a walk would come upon it.
pub(crate) fn check(arguments: &Incore, list: PathList) -> Result<PathList> {
    let wanted = wanted(arguments);
    if wanted.is_empty() {
        return Ok(list);
    }
    let list: Vec<_> = list.collect();
    let Paths { files_from, files0_from, .. } = &arguments.paths;
    let mut files: Vec<(&str, Replacement)> = Vec::new();
    for (option, to) in wanted {
        let file = Replacement::prepare(to)?;
        file.spare(list.iter().flatten().chain(files_from).chain(files0_from))?;
        let same = files.iter().find(|(_, other)| other.is_lost_to(to)).map(|(other, _)| *other);
        files.push((option, file));
        if let Some(other) = same {
            // What was prepared does not outlive the program.
            drop(files);
            usage_error("incore", &format!("{other} and {option} are one file: each needs its own"));
        }
    }
    Ok(Box::new(list.into_iter()))
}

/// With the options that name them.
fn wanted(arguments: &Incore) -> Vec<(&'static str, &Path)> {
    let textfile = arguments.show.textfile.as_deref().map(|to| ("--textfile", to));
    arguments.pictures.files().chain(textfile).collect()
}
