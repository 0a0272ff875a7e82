//! Comma-separated values, RFC 4180, by the csv crate. Paths keep their bytes.

use std::path::Path;

use mmapio_core::Run;

use super::columns::{COLUMNS, Column, Value, Verb};
use super::row::Row;
use super::{Ending, Format};
use super::{remaining, spread, users};

/// The format: these columns, or those of ranges.
pub(crate) struct Csv {
    columns: Option<Vec<&'static Column>>,
}

impl Csv {
    /// Of files, with the columns that were chosen or all that hold data, `more` of them and the reason why residency is unknown.
    pub(crate) fn of_files(verb: Verb, columns: Option<Vec<&'static Column>>, more: &[&str]) -> Self {
        let is_data =
            |column: &&Column| column.data.has(verb) || column.name == "note" || more.contains(&column.name);
        let all = || COLUMNS.iter().filter(is_data).collect();
        Self { columns: Some(columns.unwrap_or_else(all)) }
    }

    /// Of ranges.
    pub(crate) fn of_runs() -> Self {
        Self { columns: None }
    }
}

impl Format for Csv {
    fn head(&self, out: &mut Vec<u8>) {
        match &self.columns {
            Some(columns) => record(columns.iter().map(|column| column.name.as_bytes().to_vec()), out),
            None => {
                record(
                    ["path", "offset", "length", "state"].iter().map(|name| name.as_bytes().to_vec()),
                    out,
                );
            }
        }
    }

    fn file(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        if let Some(columns) = &self.columns {
            record(columns.iter().map(|column| field(column.of(row))), out);
        }
    }

    fn run(&self, path: &Path, run: &Run, out: &mut Vec<u8>) {
        let fields = [
            path.as_os_str().as_encoded_bytes().to_vec(),
            run.extent.offset().to_string().into_bytes(),
            run.extent.length().to_string().into_bytes(),
            run.state.as_str().as_bytes().to_vec(),
        ];
        record(fields.into_iter(), out);
    }

    fn tail(&self, end: &Ending<'_>, out: &mut Vec<u8>) {
        if let (Some(total), Some(columns)) = (end.total, &self.columns) {
            record(columns.iter().map(|column| field((column.of_total)(total))), out);
        }
    }
}

/// Unknown is an empty field.
fn field(value: Value<'_>) -> Vec<u8> {
    match value {
        Value::Path(path) => path.as_os_str().as_encoded_bytes().to_vec(),
        Value::Bytes(number) | Value::Count(number) | Value::Rate(number) => {
            number.map(|number| number.to_string()).unwrap_or_default().into()
        }
        Value::Percent(share) => share.map(|share| share.percent().to_string()).unwrap_or_default().into(),
        Value::Seconds(seconds) => seconds.map(|seconds| format!("{seconds:.6}")).unwrap_or_default().into(),
        Value::Text(text) => text.unwrap_or_default().into_owned().into_bytes(),
        Value::Users(users) => users.map(|users| users::words(&users, None)).unwrap_or_default().into(),
        Value::Lengths(lengths) => lengths.map(|lengths| spread::words(&lengths)).unwrap_or_default().into(),
        Value::Remaining(left) => left.map(|left| remaining::words(&left)).unwrap_or_default().into(),
    }
}

fn record(fields: impl Iterator<Item = Vec<u8>>, out: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(256).from_writer(out);
    // Writing into memory cannot fail, and there is but one record, so all have the same length.
    let _ = writer.write_record(fields);
    let _ = writer.flush();
}
