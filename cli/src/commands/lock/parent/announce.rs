//! Says what the worker does: on standard output, and to systemd.

use std::io::{self, Write};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{HumanBytes, HumanCount};
use sd_notify::NotifyState;

use super::notify;
use crate::args::lock::{Hold, LockFormat};
use crate::commands::lock::records::{Held, LimitRow, Record};

/// Writes records as they are wanted.
pub(crate) struct Announcer {
    format: LockFormat,
}

impl Announcer {
    pub(crate) fn new(hold: &Hold) -> Self {
        Self { format: hold.format }
    }

    /// Says what a record says; `line` is the record as it came.
    pub(crate) fn announce(&self, record: &Record, line: &[u8]) -> Result<()> {
        match record {
            Record::Progress { bytes, of } => {
                let status = format!("locking: {} of {}", HumanBytes(*bytes), HumanBytes(*of));
                notify(&[NotifyState::Status(&status)]);
                return Ok(());
            }
            Record::Holding(held) => {
                notify(&[NotifyState::Status(&summary("locked", held))]);
                return Ok(());
            }
            Record::Locked(held) => {
                notify(&[NotifyState::Ready, NotifyState::Status(&summary("locked", held))]);
            }
            _ => {}
        }
        let text = match (self.format, record) {
            (LockFormat::Ndjson, _) => [line, b"\n"].concat(),
            (LockFormat::Text, Record::Locked(held)) => {
                format!("mmapio: {}\n", summary("locked", held)).into_bytes()
            }
            (LockFormat::Text, Record::Plan { held, limits, .. }) => plan(held, limits).into_bytes(),
            (LockFormat::Text, _) => return Ok(()),
        };
        let written = io::stdout().write_all(&text).and_then(|()| io::stdout().flush());
        match written {
            // Nobody reads any more, which is no reason to let go.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("standard output: write"),
        }
    }
}

/// `locked 12 files, 3.4 GiB (871,234 pages)`.
fn summary(done: &str, held: &Held) -> String {
    let Held { files, pages, bytes, failed } = *held;
    let failed = if failed > 0 { format!(", {} failed", HumanCount(failed)) } else { String::new() };
    let s = if files == 1 { "" } else { "s" };
    let (files, bytes, pages) = (HumanCount(files), HumanBytes(bytes), HumanCount(pages));
    format!("{done} {files} file{s}, {bytes} ({pages} pages){failed}")
}

fn plan(held: &Held, limits: &[LimitRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["LIMIT", "NEEDED", "AVAILABLE", "FITS"]);
    for row in limits {
        let amount = |number| match row.unit.as_str() {
            "bytes" => HumanBytes(number).to_string(),
            unit => format!("{} {unit}", HumanCount(number)),
        };
        let fits = if row.fits { "yes" } else { "no" };
        table.add_row([row.name.clone(), amount(row.needed), amount(row.available), fits.to_owned()]);
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let rows: String = table.lines().map(|line| format!("{}\n", line.trim_end().trim_start())).collect();
    format!("{}\n{rows}", summary("would lock", held))
}
