//! Reading page by page: read(2) says of each page why it cannot be had.

use std::fs::File;
use std::io;

use crate::open::OpenFile;
use crate::sys::{self, fadvise};

/// No folio of the page cache is larger.
const LARGEST_FOLIO: u64 = 4 << 20;

/// Reads pages of a file in ascending order.
///
/// The kernel reads a folio as a whole, and all of it fails with one page. So what fails is dropped and read once more, by
/// itself: through a description of our own, where advice against readahead is nobody else's.
pub(super) struct SinglePages<'a> {
    file: &'a OpenFile,
    alone: Option<Option<File>>,
    /// Up to here there are no folios but those that were read alone.
    alone_until: u64,
}

impl<'a> SinglePages<'a> {
    pub(super) fn new(file: &'a OpenFile) -> Self {
        Self { file, alone: None, alone_until: 0 }
    }

    /// Reads the first byte of a page; none is read at the end of the file.
    pub(super) fn read(&mut self, at: u64) -> io::Result<usize> {
        if at < self.alone_until {
            return sys::read_at(self.alone(), &mut [0], at);
        }
        sys::read_at(self.file.file(), &mut [0], at).or_else(|_| {
            self.alone_until = at.saturating_add(LARGEST_FOLIO);
            // Where that fails, so does the page.
            let _ = fadvise(self.file.file(), at, LARGEST_FOLIO, fadvise::DONTNEED);
            sys::read_at(self.alone(), &mut [0], at)
        })
    }

    /// Where /proc is not mounted there is no second description, and the page's neighbours come along.
    fn alone(&mut self) -> &File {
        let file = self.file.file();
        let opened = self.alone.get_or_insert_with(|| {
            let other = sys::reopen(file, None, c"").ok();
            if let Some(other) = &other {
                // Where that is not taken, neighbours come along, too.
                let _ = fadvise(other, 0, 0, fadvise::RANDOM);
            }
            other
        });
        opened.as_ref().unwrap_or(file)
    }
}
