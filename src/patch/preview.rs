//! What a patch would change.

use super::Patch;
use super::content::{buffer, differing, read_exactly};
use crate::error::Result;
use crate::extent::Extent;
use crate::open::OpenFile;

/// Bytes of either side that are shown.
const SHOWN: u64 = 256;

/// Bytes that are compared at once.
const STEP: u64 = 1 << 20;

/// What a patch would change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// The part of the file that it is about.
    pub extent: Extent,
    /// The first bytes that are there now, at most 256; fewer at the end of the file.
    pub before: Vec<u8>,
    /// The first bytes that would be there, at most 256.
    pub after: Vec<u8>,
    /// How many bytes would be others than before.
    pub changed: u64,
    /// The size of the file.
    pub size_before: u64,
    /// The size that it would have.
    pub size_after: u64,
}

impl Patch<'_> {
    /// What it would change. The file is read, and nothing else: it need not be open for writing.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{OpenFile, Patch};
    /// # let scratch = tempfile::NamedTempFile::new().unwrap();
    /// # let path = scratch.path();
    /// std::fs::write(path, "aaaa").unwrap();
    /// let preview = Patch::fill(1, 2, b'b')?.preview(&OpenFile::open(path)?)?;
    /// assert_eq!((preview.before, preview.after), (b"aa".to_vec(), b"bb".to_vec()));
    /// assert_eq!(std::fs::read(path).unwrap(), b"aaaa");
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`check`](Self::check), and what reading the file or the new bytes says.
    pub fn preview(mut self, file: &OpenFile) -> Result<Preview> {
        let (size, whole) = (file.size_now(), self.extent);
        self.check(size)?;
        let (mut new, mut old) = (buffer(STEP.min(whole.length()))?, buffer(STEP.min(whole.length()))?);
        let (mut before, mut after, mut changed) = (Vec::new(), Vec::new(), 0);
        for step in super::backup::steps(whole) {
            let there = Extent::between(step.offset(), step.end().min(size)).length();
            let (new, _) = new.split_at_mut(usize::try_from(step.length()).unwrap_or(0));
            let (old, _) = old.split_at_mut(usize::try_from(there).unwrap_or(0));
            self.content.read(file, whole, step, new)?;
            read_exactly(file, step.offset(), old)?;
            changed += differing(old, new) + (step.length() - there);
            keep(&mut before, old);
            keep(&mut after, new);
        }
        let size_after = if whole.is_empty() { size } else { size.max(whole.end()) };
        Ok(Preview { extent: whole, before, after, changed, size_before: size, size_after })
    }
}

/// Adds bytes until there are enough.
fn keep(shown: &mut Vec<u8>, bytes: &[u8]) {
    let room = usize::try_from(SHOWN).unwrap_or(0).saturating_sub(shown.len());
    shown.extend(bytes.iter().take(room));
}
