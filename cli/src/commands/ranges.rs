//! `--range`: checked against each file, and said once when it had to be rounded.

use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::{ByteRange, Error, Found, page_size};

use super::sink::Frame;

/// The range that was asked for, of each file.
#[derive(Debug, Default)]
pub(crate) struct Ranged {
    pub(crate) range: ByteRange,
    rounding_said: AtomicBool,
}

impl Ranged {
    pub(crate) fn new(range: Option<ByteRange>) -> Self {
        Self { range: range.unwrap_or_default(), rounding_said: AtomicBool::new(false) }
    }

    /// A named file in which the range does not even begin is an error.
    pub(crate) fn check(&self, found: &Found<'_>, frame: &Frame<'_>) -> Result<(), Error> {
        let (range, size) = (self.range, found.file.size());
        found.require(range)?;
        if range.is_rounded_in(size) && !self.rounding_said.swap(true, Ordering::Relaxed) {
            let extent = range.within(size);
            frame.warn(&format!(
                "--range is rounded out to whole pages of {} bytes: {}+{}",
                page_size(),
                extent.offset(),
                extent.length()
            ));
        }
        Ok(())
    }
}
