//! Where a file has no data: lseek(2) `SEEK_DATA` and `SEEK_HOLE`, remembered so that each extent is asked for once.

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
