//! One thread's part: asks about each file, and adds it to the sums.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mmapio_core::{Error, FileId, FileInUse, Found, Prober, Residency, Total, Visitor};

use super::roots::Roots;
use super::sums::Sums;
use crate::commands::report::first_names;
use crate::commands::scan::Plan;
use crate::commands::sink::Sink;

/// A thread's part.
pub(super) struct Survey<'a> {
    plan: &'a Plan<'a>,
    roots: &'a Roots,
    sink: Sink<'a>,
    sums: Sums<'a>,
    /// Files that were named, by their full path.
    files: Vec<(PathBuf, u64, Residency)>,
    /// Files with several names, which count where the first of them is: that is known in the end.
    linked: Vec<Linked>,
    aliases: Vec<(FileId, PathBuf)>,
}

struct Linked {
    id: FileId,
    path: PathBuf,
    size: u64,
    residency: Residency,
}

impl<'a> Survey<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, roots: &'a Roots) -> Self {
        Self {
            plan,
            roots,
            sink: Sink::new(&plan.frame),
            sums: Sums::new(roots),
            files: Vec::new(),
            linked: Vec::new(),
            aliases: Vec::new(),
        }
    }

    fn ask(&self, found: &Found<'_>) -> Result<Residency, Error> {
        let range = self.plan.ranged.range;
        if !range.is_whole() {
            self.plan.ranged.check(found, &self.plan.frame)?;
        }
        let asked = Prober::new(&found.file, self.plan.probe).residency(range);
        asked.map_err(|error| error.with_path(found.path))
    }

    /// What a path counts in that failed: a directory that was named in itself.
    fn sum_of_failed(&mut self, path: &Path) -> Option<&mut Total> {
        match self.roots.is_named(path) && path.is_dir() {
            true => self.sums.of_directory(path),
            false => self.sums.of(path),
        }
    }

    /// Adds a file where it belongs.
    fn add(&mut self, path: &Path, named: bool, size: u64, residency: Residency) {
        if let Some(sum) = self.sums.of(path) {
            sum.add(size, &residency);
        }
        if named || self.roots.are_several() && self.roots.is_named(path) {
            self.files.push((self.roots.full(path).into_owned(), size, residency));
        }
    }
}

impl Visitor for Survey<'_> {
    fn file(&mut self, found: Found<'_>) -> ControlFlow<()> {
        let (path, id, size) = (found.path, found.file.id(), found.file.size());
        self.sink.count(size);
        let residency = match self.ask(&found) {
            Ok(residency) => residency,
            Err(error) => return self.error(error),
        };
        self.sink.total.add(size, &residency);
        if found.file.links() > 1 {
            self.linked.push(Linked { id, path: path.to_owned(), size, residency });
        } else {
            self.add(path, found.named, size, residency);
        }
        ControlFlow::Continue(())
    }

    fn unopened(&mut self, file: &FileInUse, error: Error) -> ControlFlow<()> {
        if let Some(sum) = self.sums.of(&file.path) {
            sum.add_unopened();
        }
        self.plan.unopened(&mut self.sink, &error)
    }

    fn again(&mut self, path: &Path, id: FileId) {
        self.aliases.push((id, path.to_owned()));
    }

    fn error(&mut self, error: Error) -> ControlFlow<()> {
        if let Some(sum) = error.path().and_then(|path| self.sum_of_failed(path)) {
            sum.errors += 1;
        }
        self.sink.error(error)
    }
}

/// What all threads found.
pub(super) struct Surveyed<'a> {
    pub(super) sinks: Vec<Sink<'a>>,
    pub(super) files: Vec<(PathBuf, u64, Residency)>,
    pub(super) sums: Vec<(PathBuf, Total)>,
}

impl<'a> Surveyed<'a> {
    pub(super) fn of(mut surveys: Vec<Survey<'a>>, roots: &Roots) -> Self {
        let linked: Vec<_> = surveys.iter_mut().flat_map(|survey| survey.linked.drain(..)).collect();
        let mut first = first_names(surveys.iter_mut().flat_map(|survey| survey.aliases.drain(..)));
        if let Some(survey) = surveys.first_mut() {
            for Linked { id, path, size, residency } in linked {
                let path = first.remove(&id).filter(|first| *first < path).unwrap_or(path);
                survey.add(&path, roots.is_named(&path), size, residency);
            }
        }
        let mut surveyed = Self { sinks: Vec::new(), files: Vec::new(), sums: Vec::new() };
        let mut sums = Vec::new();
        for survey in surveys {
            surveyed.sinks.push(survey.sink);
            surveyed.files.extend(survey.files);
            sums.push(survey.sums);
        }
        surveyed.sums = Sums::of_all(sums, roots);
        surveyed
    }
}
