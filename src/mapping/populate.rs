//! Bringing mapped pages in, and finding the one that cannot be.

use std::io;

use crate::page::page_size;
use crate::sys::{Span, madvise};

/// Brings in `length` bytes from byte `from` of a span: madvise(2) `MADV_POPULATE_READ`, which says of many pages no more than that
/// one failed. What fails is halved until it is a page, which is tried once more: it may have been a passing failure.
///
/// The error has the offset of the page in the span.
pub(crate) fn populate(span: &Span, from: u64, length: u64) -> Result<(), (u64, io::Error)> {
    let pages = length.div_ceil(page_size());
    let at_once = || span.advise(from, pages * page_size(), madvise::POPULATE_READ);
    match at_once() {
        Ok(()) => Ok(()),
        Err(_) if pages <= 1 => at_once().map_err(|error| (from, error)),
        Err(_) => {
            let half = pages / 2 * page_size();
            populate(span, from, half)?;
            populate(span, from + half, pages * page_size() - half)
        }
    }
}
