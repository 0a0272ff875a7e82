//! `mmapio advise --list`: the advice table of the core, in every format.

use std::io::IsTerminal;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use mmapio_core::{ADVICES, Advice, Carrier};
use serde::Serialize;

use crate::args::common::Format;
use crate::output::{Exit, Output};

/// An advice, as the machine formats have it.
#[derive(Debug, Serialize)]
struct Record {
    name: &'static str,
    constant: &'static str,
    carrier: &'static str,
    other_constant: Option<&'static str>,
    other_carrier: Option<&'static str>,
    scope: &'static str,
    other_scope: Option<&'static str>,
    least_kernel: String,
    needs: Option<&'static str>,
    other_processes: bool,
    other_processes_least_kernel: Option<String>,
    needs_ownership: bool,
    supported: bool,
    data: &'static str,
    effect: &'static str,
}

/// The document of `--format json`.
#[derive(Debug, Serialize)]
struct Document {
    version: u32,
    advices: Vec<Record>,
}

/// Prints the table, or the row of one advice.
pub(crate) fn list(only: Option<&'static Advice>, format: Format) -> Result<Exit> {
    let rows: Vec<_> = ADVICES.iter().filter(|row| only.is_none_or(|only| only == *row)).collect();
    let records = || rows.iter().map(|row| record(row));
    let text = match format {
        Format::Table | Format::Paths | Format::Prometheus => table(&rows),
        Format::Json => line(&Document { version: 1, advices: records().collect() })?,
        Format::Ndjson => records().map(|record| line(&record)).collect::<Result<_>>()?,
        Format::Csv => csv(records())?,
    };
    let output = Output::stdout(Vec::new())?;
    let _ = output.write(text.as_bytes());
    output.result()?;
    Ok(Exit::Done)
}

fn record(advice: &'static Advice) -> Record {
    let usual = advice.usual();
    let other = other(advice);
    Record {
        name: advice.name,
        constant: usual.constant,
        carrier: usual.call.as_str(),
        other_constant: other.map(|other| other.constant),
        other_carrier: other.map(|other| other.call.as_str()),
        scope: usual.scope.as_str(),
        other_scope: other.map(|other| other.scope.as_str()),
        least_kernel: advice.least_kernel.to_string(),
        needs: Some(advice.needs).filter(|needs| !needs.is_empty()),
        other_processes: advice.to_others.is_some(),
        other_processes_least_kernel: advice.to_others.map(|kernel| kernel.to_string()),
        needs_ownership: advice.needs_ownership,
        supported: usual.number().is_some(),
        data: advice.data.as_str(),
        effect: advice.effect,
    }
}

/// The call that carries it besides the usual one.
fn other(advice: &'static Advice) -> Option<&'static Carrier> {
    let usual = advice.usual().call;
    advice.carriers.iter().find(|carrier| carrier.call != usual)
}

fn line(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

fn csv(records: impl Iterator<Item = Record>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.serialize(record)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn table(rows: &[&'static Advice]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ADVICE", "BY", "LASTS WITH", "LINUX", "--pid", "DATA", "EFFECT"]);
    if let Some((width, _)) = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal()) {
        table.set_width(width.0).set_content_arrangement(ContentArrangement::Dynamic);
    }
    for advice in rows {
        let others = advice.to_others.map_or("-".to_owned(), |kernel| kernel.to_string());
        let usual = advice.usual();
        let mut linux = advice.least_kernel.to_string();
        if usual.number().is_none() {
            linux = format!("{linux}, not {}", std::env::consts::OS);
        }
        let (data, scope) = (advice.data.as_str(), usual.scope.as_str());
        table.add_row([advice.name, &calls(advice), scope, &linux, &others, data, &effect(advice)]);
    }
    table.lines().map(|line| format!("{}\n", line.trim())).collect()
}

/// The calls that carry it, the usual one first.
fn calls(advice: &'static Advice) -> String {
    let other = other(advice).map(|other| format!(", {}", other.call));
    format!("{}{}", advice.usual().call, other.unwrap_or_default())
}

/// What it does, and what it needs for that.
fn effect(advice: &Advice) -> String {
    let mut text = advice.effect.to_owned();
    if !advice.needs.is_empty() {
        text += &format!(" (needs {})", advice.needs);
    }
    if advice.needs_ownership {
        text += " (needs the owner, or the right to write)";
    }
    text
}
