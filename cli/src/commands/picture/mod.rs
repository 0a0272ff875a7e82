//! Pictures of what is in memory, written before anything else is.

mod colors;
mod data;
mod page;
mod svg;

use std::path::Path;

use anyhow::{Result, bail};
use indicatif::HumanCount;

use super::paths::usage_error;
use super::report::Merged;
use super::scan::{Strip, Task};
use crate::args::common::Paths;
use crate::args::in_use::InUse;
use crate::args::incore::Show;
use crate::args::pictures::Pictures;
use crate::output::Output;
use crate::render::escape;
use crate::replace::Replacement;

use data::Picture;

/// Parts of a strip: about as many as can be seen.
const PARTS: usize = 200;
/// More rows no program shows well, and no person looks at.
const MOST_ROWS: usize = 2000;

/// The pictures that are wanted.
pub(crate) struct Gallery<'a>(&'a Pictures);

impl<'a> Gallery<'a> {
    /// Those that were asked for.
    pub(crate) fn new(pictures: &'a Pictures, show: &Show) -> Self {
        check(pictures, show);
        Self(pictures)
    }

    /// How many parts strips have; none where there is no picture.
    pub(crate) fn parts(&self) -> usize {
        if self.0.is_wanted() { PARTS } else { 0 }
    }

    /// Rows are kept for a picture, with strips where there is a table, too.
    pub(crate) fn task(&self, task: Task, strip: Strip) -> Task {
        match (self.0.is_wanted(), task) {
            (false, task) => task,
            (true, _) if self.0.is_stdout() => Task::Keep { strip: Strip { parts: 0, ..strip } },
            (true, _) => Task::Keep { strip },
        }
    }

    /// Draws and writes them, and tells what failed: one that fails does not keep the other from being written. When standard output
    /// takes no more, it remembers why.
    pub(crate) fn publish(
        &self,
        found: &Merged,
        (paths, in_use): (&Paths, &InUse),
        output: &Output,
    ) -> Vec<anyhow::Error> {
        if !self.0.is_wanted() {
            return Vec::new();
        }
        let picture = Picture::of(found, paths, in_use);
        kinds(self.0).filter_map(|(kind, to)| write(kind, to, &picture, output).err()).collect()
    }
}

fn write(kind: Kind, to: &Path, picture: &Picture<'_>, output: &Output) -> Result<()> {
    if is_stdout(to) {
        let text = kind.draw(picture, Path::new("standard output"))?;
        let _ = output.hold().write_apart(text.as_bytes());
        return Ok(());
    }
    let text = kind.draw(picture, to)?;
    Ok(Replacement::prepare(to)?.write(text.as_bytes())?)
}

/// A kind of picture.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Svg,
    Html,
}

impl Kind {
    fn option(self) -> &'static str {
        match self {
            Self::Svg => "--svg",
            Self::Html => "--html",
        }
    }

    fn draw(self, picture: &Picture<'_>, to: &Path) -> Result<String> {
        match self {
            Self::Svg if picture.rows.len() > MOST_ROWS => bail!(
                "{}: {} files are more than a picture can show ({}): use --top N, --min-size SIZE or --html FILE",
                escape::path(to),
                HumanCount(picture.rows.len() as u64),
                HumanCount(MOST_ROWS as u64)
            ),
            Self::Svg => Ok(svg::draw(picture)),
            Self::Html => Ok(page::write(picture)),
        }
    }
}

/// Which are wanted, and where to.
fn kinds(pictures: &Pictures) -> impl Iterator<Item = (Kind, &Path)> {
    let svg = pictures.svg.as_deref().map(|to| (Kind::Svg, to));
    svg.into_iter().chain(pictures.html.as_deref().map(|to| (Kind::Html, to)))
}

fn is_stdout(to: &Path) -> bool {
    to == Path::new("-")
}

impl Pictures {
    /// Whether one of them is all that is printed.
    pub(crate) fn is_stdout(&self) -> bool {
        kinds(self).any(|(_, to)| is_stdout(to))
    }

    /// The files that are wanted, with the options that name them.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        kinds(self).filter(|(_, to)| !is_stdout(to)).map(|(kind, to)| (kind.option(), to))
    }
}

/// What does not go together, and the parser cannot know.
fn check(pictures: &Pictures, show: &Show) {
    if kinds(pictures).filter(|(_, to)| is_stdout(to)).count() > 1 {
        usage_error("incore", "--svg and --html cannot both be standard output");
    }
    if pictures.is_stdout() && ((show.format.is_some() && show.textfile.is_none()) || show.null) {
        let message = "with a picture on standard output nothing else is printed there: --format and --null say nothing";
        usage_error("incore", message);
    }
}
