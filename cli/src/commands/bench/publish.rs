//! Where the report goes: to standard output, into a picture, beside an earlier one.

use std::path::Path;

use anyhow::{Context, Result};

use super::compare::{self, Earlier};
use super::record::Record;
use super::{chart, csv, table};
use crate::args::bench::{Bench, Format};
use crate::commands::paths::usage_error;
use crate::commands::printing::{Document, print};
use crate::messages;
use crate::replace::Replacement;

/// All that a report needs besides itself: made ready before anything is measured in vain.
pub(super) struct Publisher<'a> {
    arguments: &'a Bench,
    earlier: Option<Earlier>,
    picture: Option<Picture>,
}

enum Picture {
    Stdout,
    File(Replacement),
}

impl<'a> Publisher<'a> {
    pub(super) fn prepare(arguments: &'a Bench) -> Result<Self> {
        let report = &arguments.report;
        if is_stdout(arguments) && report.format.is_some() {
            usage_error(
                "bench",
                "with --svg - there is no other report on standard output: --format says nothing",
            );
        }
        let earlier = report.compare.as_deref().map(Earlier::read).transpose()?;
        let picture = report.svg.as_deref().map(|path| Picture::prepare(path, arguments)).transpose()?;
        Ok(Self { arguments, earlier, picture })
    }

    /// What is compared with.
    pub(super) fn earlier(&self) -> Option<&Earlier> {
        self.earlier.as_ref()
    }

    /// What was measured by an earlier run.
    pub(super) fn read(report: &Path) -> Result<Record> {
        let document = compare::document(report)?;
        serde_json::from_value(document).with_context(|| compare::no_report(report))
    }

    /// Writes it. The picture comes first: whoever reads the rest may go away.
    pub(super) fn publish(self, mut record: Record) -> Result<()> {
        record.comparison = self.earlier.map(|earlier| earlier.compare(&record)).transpose()?;
        let picture = self.picture.as_ref().map(|_| chart::draw(&record)).unwrap_or_default();
        let drawn = match self.picture {
            Some(Picture::File(file)) => file.write(picture.as_bytes()),
            _ => Ok(()),
        };
        match self.arguments.report.format {
            None if is_stdout(self.arguments) => print(&picture)?,
            None | Some(Format::Table) => print(&table::draw(&record))?,
            Some(Format::Csv) => print(&csv::write(&record)?)?,
            Some(Format::Json) => Document::print(&record)?,
        };
        if !self.arguments.messages.quiet {
            record.notes.iter().for_each(|note| messages::warning(note));
        }
        Ok(drawn?)
    }
}

/// Whether the picture is all that is printed.
fn is_stdout(arguments: &Bench) -> bool {
    arguments.report.svg.as_deref() == Some(Path::new("-"))
}

impl Picture {
    fn prepare(path: &Path, arguments: &Bench) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let report = &arguments.report;
        let file = Replacement::prepare(path)?;
        file.spare([&arguments.file, &report.compare, &report.from].into_iter().flatten())?;
        Ok(Self::File(file))
    }
}
