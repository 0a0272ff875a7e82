//! The paths alone, for other programs: as they are, since an escaped path is another one.

use std::path::Path;

use mmapio_core::Run;

use super::Format;
use super::row::Row;

/// The format.
pub(crate) struct PathList {
    /// What ends each: a new line, or NUL.
    pub(crate) end: u8,
}

impl Format for PathList {
    fn file(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        // What has no name can be given to no other program; it may be another file's by now.
        if row.is_deleted() {
            return;
        }
        out.extend_from_slice(row.path.as_os_str().as_encoded_bytes());
        out.push(self.end);
    }

    fn run(&self, _path: &Path, _run: &Run, _out: &mut Vec<u8>) {}
}
