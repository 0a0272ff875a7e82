//! `mmapio map --dump`: the bytes of a file, for people, for other programs, or as they are.

pub(super) mod bytes;
mod raw;
pub(super) mod rows;
mod view;

use std::ffi::OsString;
use std::io::IsTerminal;

use anyhow::Result;
use mmapio_core::{ByteRange, Extent};

use self::rows::{Form, Rows};
use self::view::View;
use super::target;
use crate::args::map::Map;
use crate::commands::paths::usage_error;
use crate::commands::report::is_coloured;
use crate::output::{Exit, Output};

/// Read, put together and written at once.
const WINDOW: usize = 256 << 10;

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let target = target::open(arguments, range(arguments))?;
    let output = Output::stdout(Vec::new())?;
    let failed = if arguments.dump.raw {
        raw::copy(&target, arguments, &output)
    } else {
        let view = View::new(rows(arguments, target.extent), squeezes(arguments), &output);
        view.show(&target, arguments)
    };
    target::exit(&output, failed)
}

/// The RANGE of `--dump`, or else that of `--range`.
fn range(arguments: &Map) -> Option<ByteRange> {
    let value = arguments.value(&arguments.dump.dump).map(parsed);
    match (value, arguments.range) {
        (Some(_), Some(_)) => usage_error("map", "--dump=RANGE and --range: one range is enough"),
        (value, range) => value.or(range),
    }
}

fn parsed(value: &OsString) -> ByteRange {
    let range = value.to_string_lossy().parse::<ByteRange>();
    range.unwrap_or_else(|error| usage_error("map", &format!("--dump: {}", error.reason())))
}

/// What xxd prints has no place for a `*`.
fn squeezes(arguments: &Map) -> bool {
    !arguments.dump.no_squeeze && !arguments.dump.plain
}

/// Borders are for terminals alone; colours as `--color` says.
fn rows(arguments: &Map, extent: Extent) -> Rows {
    let form = match arguments.dump.plain {
        true => Form::Xxd,
        false if std::io::stdout().is_terminal() => Form::Boxed,
        false => Form::Hexdump,
    };
    Rows::new(form, is_coloured() && form != Form::Xxd, extent.end())
}
