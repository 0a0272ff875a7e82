//! Asking the kernel to drop pages.

use std::panic::resume_unwind;
use std::thread;

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
    for (half, at) in extents.iter().flat_map(|extent| ask_for_halves(file, extent, observer)) {
        let at = at?;
        asked.done.push(Extent::between(half.offset(), at));
        asked.undone.push(Extent::between(at, half.end()));
    }
    asked.done.retain(|extent| !extent.is_empty());
    asked.undone.retain(|extent| !extent.is_empty());
    Ok(asked)
}

/// Asks for one extent, of a large one for both halves at the same time: freeing pages is work for a processor, and two get
/// in each other's way less when they are far apart. Where each half was interrupted.
fn ask_for_halves(file: &OpenFile, extent: &Extent, observer: &dyn Observer) -> Vec<(Extent, Result<u64>)> {
    let (first, second) = halves(extent);
    if second.is_empty() {
        return vec![(first, ask_for(file, &first, observer))];
    }
    thread::scope(|scope| {
        let ask_for_second = || ask_for(file, &second, observer);
        let other = thread::Builder::new().spawn_scoped(scope, ask_for_second);
        let first_at = ask_for(file, &first, observer);
        let second_at = match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // Where no thread can be had, this one does the work.
            Err(_) => ask_for_second(),
        };
        vec![(first, first_at), (second, second_at)]
    })
}

/// Two parts of a large extent that meet where a piece ends; of a small one the second is empty.
fn halves(extent: &Extent) -> (Extent, Extent) {
    let middle = extent.offset() + extent.length() / 2;
    let middle = if extent.length() < 2 * PIECE { extent.end() } else { middle - middle % PIECE };
    (Extent::between(extent.offset(), middle), Extent::between(middle, extent.end()))
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
