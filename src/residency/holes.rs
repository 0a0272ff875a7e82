//! Where a file has no data: lseek(2) `SEEK_DATA` and `SEEK_HOLE`, remembered so that each extent is asked for once.

use crate::extent::Extent;
use crate::open::{OpenFile, Seekable};
use crate::page::page_size;
use crate::sys;

/// Tells holes from data, page by page, for ascending positions.
#[derive(Debug)]
pub(crate) struct Holes<'a> {
    file: &'a OpenFile,
    seekable: Option<Seekable>,
    /// The stretch that was looked up last: pages up to this one are a hole or not.
    until: u64,
    hole: bool,
}

impl<'a> Holes<'a> {
    pub(crate) fn new(file: &'a OpenFile) -> Self {
        Self { file, seekable: None, until: 0, hole: false }
    }

    /// Whether the page is in a hole as a whole, and the first page for which this may be otherwise.
    #[inline]
    pub(crate) fn at(&mut self, page: u64) -> (bool, u64) {
        if page >= self.until {
            (self.hole, self.until) = self.look_up(page);
        }
        (self.hole, self.until)
    }

    /// Takes the next stretch of `rest` that is data or hole throughout, and whether it is a hole; none when nothing is left.
    pub(crate) fn next_stretch(&mut self, rest: &mut Extent) -> Option<(Extent, bool)> {
        if rest.is_empty() {
            return None;
        }
        let (hole, until) = self.at(rest.offset() / page_size());
        let end = until.saturating_mul(page_size()).min(rest.end());
        let stretch = Extent::between(rest.offset(), end);
        *rest = Extent::between(end, rest.end());
        Some((stretch, hole))
    }

    /// The next stretch of `rest` that is data.
    pub(crate) fn next_data(&mut self, rest: &mut Extent) -> Option<Extent> {
        loop {
            let (stretch, hole) = self.next_stretch(rest)?;
            if !hole {
                return Some(stretch);
            }
        }
    }

    /// A filesystem that cannot tell has data everywhere.
    fn look_up(&mut self, page: u64) -> (bool, u64) {
        const TO_THE_END: u64 = u64::MAX;
        let seekable = self.seekable.get_or_insert_with(|| self.file.seekable());
        let file = match seekable {
            Seekable::Same => self.file.file(),
            Seekable::Other(file) => file,
            Seekable::Nothing => return (false, TO_THE_END),
        };
        let size = page_size();
        let data = match sys::next_data(file, page.saturating_mul(size)) {
            Ok(Some(data)) => data,
            Ok(None) => return (true, TO_THE_END),
            Err(_) => return (false, TO_THE_END),
        };
        if data / size > page {
            return (true, data / size);
        }
        match sys::next_hole(file, data) {
            Ok(Some(hole)) => (false, hole.div_ceil(size).max(page + 1)),
            Ok(None) | Err(_) => (false, TO_THE_END),
        }
    }
}
