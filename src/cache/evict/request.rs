//! Asking the kernel to drop pages.

use crate::cache::Observer;
use crate::error::Result;
use crate::extent::Extent;
use crate::open::{OpenFile, unsupported_or};
use crate::page::page_size;
use crate::sys;

/// So much is asked for at once, so that Ctrl-C is heard between; of very large sparse files more, since holes cost nothing.
/// A piece begins at a multiple of its size, a power of two: no large folio lies in two of them.
const PIECE: u64 = 1 << 30;
const MOST_PIECES: u64 = 64;

/// Which parts were asked to go.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) done: Vec<Extent>,
    /// Those that an interruption left.
    pub(super) undone: Vec<Extent>,
}

/// Asks the kernel to drop these extents.
pub(super) fn ask(file: &OpenFile, extents: &[Extent], observer: &dyn Observer) -> Result<Asked> {
    let mut asked = Asked::default();
    for extent in extents {
        let at = ask_for(file, extent, observer)?;
        asked.done.push(Extent::between(extent.offset(), at));
        asked.undone.push(Extent::between(at, extent.end()));
    }
    asked.done.retain(|extent| !extent.is_empty());
    asked.undone.retain(|extent| !extent.is_empty());
    Ok(asked)
}

/// Asks for one extent; where it was interrupted.
fn ask_for(file: &OpenFile, extent: &Extent, observer: &dyn Observer) -> Result<u64> {
    let piece = (extent.length() / MOST_PIECES).next_power_of_two().max(PIECE);
    let mut at = extent.offset();
    while at < extent.end() && !observer.is_stopped() {
        let end = (at - at % piece).saturating_add(piece).min(extent.end());
        drop_pages(file, &Extent::between(at, end))?;
        observer.advance(end - at);
        at = end;
    }
    Ok(at)
}

/// The kernel rounds inwards, but for the end of the file, which may be another by now: the last page is asked for as a whole.
fn drop_pages(file: &OpenFile, extent: &Extent) -> Result<()> {
    let end = extent.end().div_ceil(page_size()).saturating_mul(page_size());
    let whole = Extent::between(extent.offset(), end);
    sys::fadvise(file.file(), whole.offset(), whole.length(), sys::fadvise::DONTNEED)
        .map_err(|error| unsupported_or("posix_fadvise", error))
}
