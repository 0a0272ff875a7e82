//! Metrics, to standard output or into a file that others read.

use std::path::Path;

use anyhow::Result;

use super::report::Merged;
use crate::output::Output;
use crate::render::prometheus;
use crate::replace::Replacement;

/// Writes them: a file all at once, since a collector may read it at any time.
pub(crate) fn write(file: Option<&Path>, found: &Merged, output: &Output) -> Result<()> {
    let text = prometheus::text(&found.total, found.cached.as_ref(), &found.rows);
    match file {
        Some(path) => Ok(Replacement::prepare(path)?.write(text.as_bytes())?),
        None => {
            // When writing failed, the output remembers why.
            let _ = output.hold().write_apart(text.as_bytes());
            Ok(())
        }
    }
}
