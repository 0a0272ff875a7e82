//! Applying a patch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crc32fast::Hasher;

use super::backup::Keeper;
use super::content::{Content, buffer, differing, read_exactly};
use super::{Keeping, Patch, Patched, Way};
use crate::error::{Error, ErrorKind, Result};
use crate::extent::{ByteRange, Extent};
use crate::flush::{Flush, flush};
use crate::mapping::{MapOptions, Mapping};
use crate::open::OpenFile;
use crate::space;
use crate::sys::{self, FileKind, errno};

/// Bytes that are stored, written back and compared at once.
pub(super) const WINDOW: u64 = 8 << 20;

/// Bytes that are compared at once.
const STEP: u64 = 256 << 10;

impl Patch<'_> {
    /// Does it. The file must be open for writing ([`OpenFile::open_writable`]). `interrupted` is asked before each window, and when
    /// it says so, nothing more is written.
    ///
    /// # Errors
    /// What is an error here has left the bytes of the file as they were: as [`check`](Self::check); what open(2), write(2) and
    /// fsync(2) say of the backup; `ENOSPC` by fallocate(2); what mmap(2) says of the first window; a first window that cannot be
    /// read, from the file or from where the new bytes come from. What goes wrong later is in [`Patched::error`].
    pub fn apply(self, file: impl Into<Arc<OpenFile>>, interrupted: &dyn Fn() -> bool) -> Result<Patched> {
        let (start, file) = (Instant::now(), file.into());
        let size_before = file.size_now();
        self.check(size_before)?;
        let (extent, keeping) = (self.extent, self.keep(&file, size_before)?);
        let reserved = reserve(&file, extent, size_before, interrupted);
        let way = match reserved {
            Ok(way) => way,
            Err(error) => return Err(given_up(error, keeping)),
        };
        let mut applying = Applying::new(file, way, self, size_before);
        let ended = applying.run(interrupted);
        let is_whole = ended.is_ok() && applying.written == extent.length();
        if !is_whole && !applying.began {
            applying.take_size_back();
        }
        let mut patched = applying.report();
        match (ended, keeping) {
            (Err(error), keeping) if !applying.began => {
                return Err(given_up(error, keeping));
            }
            (Ok(()), Some((mut keeper, path))) if is_whole => {
                let told = keeper.finish(applying.crc.clone().finalize());
                patched.unfinished_backup = told.map_err(|error| error.with_path(path)).err();
            }
            (Ok(()), Some((keeper, path))) if !applying.began => keeper.remove(&path),
            (ended, _) => patched.error = ended.err(),
        }
        patched.interrupted = patched.error.is_none() && !is_whole;
        patched.durable = patched.error.is_none() && applying.file.has_storage();
        patched.elapsed = start.elapsed();
        Ok(patched)
    }

    fn keep(&self, file: &OpenFile, size: u64) -> Result<Keeping> {
        let Some(path) = self.backup else { return Ok(None) };
        let keeper = Keeper::make(path, file, self.extent, size).map_err(|error| error.with_path(path))?;
        Ok(Some((keeper, path.to_owned())))
    }
}

/// The backup of a patch that did not begin is of no use.
fn given_up(error: Error, keeping: Keeping) -> Error {
    if let Some((keeper, path)) = keeping {
        keeper.remove(&path);
    }
    error
}

/// Sees to it that stores find room. Devices have all of theirs. A signal ends a reservation, which is begun again unless the signal
/// was to end all.
fn reserve(file: &OpenFile, part: Extent, size: u64, interrupted: &dyn Fn() -> bool) -> Result<Way> {
    if part.is_empty() || file.kind() == FileKind::BlockDevice {
        return Ok(Way::Mapping);
    }
    let grows = part.end() > size;
    loop {
        match if grows { file.grow(part) } else { file.allocate(part) } {
            Ok(()) => return Ok(Way::Mapping),
            Err(error) if is_lacking(&error) => return Ok(Way::Pwrite),
            Err(error) if error.errno() == Some(errno::EINTR) && !interrupted() => {}
            // The windows that come then are left alone.
            Err(error) if error.errno() == Some(errno::EINTR) => return Ok(Way::Mapping),
            Err(error) => {
                if grows {
                    file.forget_growth(size);
                }
                return Err(error);
            }
        }
    }
}

fn is_lacking(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::System(system) if space::lacks(system))
}

/// A patch under way.
struct Applying<'a> {
    file: Arc<OpenFile>,
    way: Way,
    whole: Extent,
    content: Content<'a>,
    size_before: u64,
    /// What is compared is read into here, a part at a time.
    spare: Vec<u8>,
    written: u64,
    changed: u64,
    /// Of the new bytes.
    crc: Hasher,
    /// Whether a byte may have been written.
    began: bool,
}

impl<'a> Applying<'a> {
    fn new(file: Arc<OpenFile>, way: Way, patch: Patch<'a>, size_before: u64) -> Self {
        let (whole, content) = (patch.extent, patch.content);
        let (written, changed, crc, began) = (0, 0, Hasher::new(), false);
        Self { file, way, whole, content, size_before, spare: Vec::new(), written, changed, crc, began }
    }

    fn run(&mut self, interrupted: &dyn Fn() -> bool) -> Result<()> {
        let backwards = self.content.is_backwards(self.whole);
        let mut new = buffer(self.whole.length().min(WINDOW))?;
        self.spare = buffer(self.whole.length().min(STEP))?;
        for window in windows(self.whole, backwards) {
            if interrupted() {
                return Ok(());
            }
            let length = usize::try_from(window.length()).unwrap_or(usize::MAX);
            let bytes = new.get_mut(..length).unwrap_or_default();
            self.content.read(&self.file, self.whole, window, bytes)?;
            self.changed += self.put(window, bytes)?;
            self.written += window.length();
            self.add(bytes, backwards);
        }
        Ok(())
    }

    /// Adds the bytes to the checksum, which is that of all in the order of the file.
    fn add(&mut self, bytes: &[u8], before: bool) {
        let mut crc = Hasher::new();
        crc.update(bytes);
        if before {
            std::mem::swap(&mut self.crc, &mut crc);
        }
        self.crc.combine(&crc);
    }

    /// Writes a window, and how many of its bytes are others than before.
    fn put(&mut self, window: Extent, bytes: &[u8]) -> Result<u64> {
        match self.way {
            Way::Mapping => self.store(window, bytes),
            Way::Pwrite => self.write(window, bytes),
        }
    }

    fn store(&mut self, window: Extent, bytes: &[u8]) -> Result<u64> {
        let mut mapping = map(MapOptions::write(), &self.file, window)?;
        let changed = self.changes(window, bytes, |at, old| mapping.read_at(at, old).map(drop))?;
        self.began = true;
        mapping.write_at(0, bytes)?;
        mapping.flush(Extent::new(0, window.length()), Flush::Msync)?;
        let file = Arc::clone(&self.file);
        self.compare(window, bytes, |at, now| read_exactly(&file, window.offset() + at, now))?;
        Ok(changed)
    }

    fn write(&mut self, window: Extent, bytes: &[u8]) -> Result<u64> {
        let file = Arc::clone(&self.file);
        let changed =
            self.changes(window, bytes, |at, old| read_exactly(&file, window.offset() + at, old))?;
        self.began = true;
        let put = sys::write_at(file.file(), bytes, window.offset());
        put.map_err(|error| Error::system("pwrite", error))?;
        flush(&file, window, Flush::Data)?;
        let mapping = map(MapOptions::read(), &file, window)?;
        self.compare(window, bytes, |at, now| mapping.read_at(at, now).map(drop))?;
        Ok(changed)
    }

    /// How many bytes of a window are others than those that `read` gives. What was beyond the end was nothing.
    fn changes(
        &mut self,
        window: Extent,
        bytes: &[u8],
        mut read: impl FnMut(u64, &mut [u8]) -> Result<()>,
    ) -> Result<u64> {
        let there = Extent::between(window.offset(), window.end().min(self.size_before)).length();
        let (there, beyond) = bytes.split_at(usize::try_from(there).unwrap_or(usize::MAX).min(bytes.len()));
        let (mut at, mut changed) = (0, beyond.len() as u64);
        for new in there.chunks(self.spare.len().max(1)) {
            let (old, _) = self.spare.split_at_mut(new.len());
            read(at, old)?;
            changed += differing(old, new);
            at += new.len() as u64;
        }
        Ok(changed)
    }

    /// Compares a window with what `read` gives.
    fn compare(
        &mut self,
        window: Extent,
        bytes: &[u8],
        mut read: impl FnMut(u64, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        for new in bytes.chunks(self.spare.len().max(1)) {
            let (now, _) = self.spare.split_at_mut(new.len());
            read(at, now)?;
            same(window.offset() + at, now, new)?;
            at += new.len() as u64;
        }
        Ok(())
    }

    /// A file that grew and got nothing is as long as it was.
    fn take_size_back(&self) {
        if self.whole.end() <= self.size_before {
            return;
        }
        if self.file.size_now() == self.whole.end() {
            // What fails here is in its size for everybody to see.
            let _ = self.file.set_size(self.size_before);
        }
        self.file.forget_growth(self.size_before);
    }

    fn report(&self) -> Patched {
        Patched {
            extent: self.whole,
            written: self.written,
            changed: self.changed,
            size_before: self.size_before,
            size: self.file.size_now(),
            way: self.way,
            durable: false,
            elapsed: Duration::ZERO,
            error: None,
            interrupted: false,
            unfinished_backup: None,
        }
    }
}

fn map(options: MapOptions, file: &Arc<OpenFile>, window: Extent) -> Result<Mapping> {
    options.range(ByteRange::new(window.offset(), Some(window.length()))?).map(Arc::clone(file))
}

fn same(offset: u64, now: &[u8], new: &[u8]) -> Result<()> {
    if now == new {
        return Ok(());
    }
    let first = now.iter().zip(new).position(|(now, new)| now != new).unwrap_or(0);
    Err(Error::new("compare", ErrorKind::Differs { offset: offset + first as u64 }))
}

/// The windows of a part, which end at multiples of their size; from the end on when asked for.
fn windows(whole: Extent, backwards: bool) -> impl Iterator<Item = Extent> {
    let mut rest = whole;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let window = if backwards {
            let start = (rest.end() - 1) / WINDOW * WINDOW;
            Extent::between(start.max(rest.offset()), rest.end())
        } else {
            let end = (rest.offset() / WINDOW + 1).saturating_mul(WINDOW);
            Extent::between(rest.offset(), end.min(rest.end()))
        };
        rest = match backwards {
            true => Extent::between(rest.offset(), window.offset()),
            false => Extent::between(window.end(), rest.end()),
        };
        Some(window)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_part_once_in_either_direction() {
        for whole in [
            Extent::new(0, 0),
            Extent::new(5, 1),
            Extent::new(WINDOW - 1, 2),
            Extent::new(3, 3 * WINDOW),
            Extent::new(WINDOW, WINDOW),
            Extent::new(i64::MAX as u64 - 10, 10),
        ] {
            let forward: Vec<_> = windows(whole, false).collect();
            let mut backward: Vec<_> = windows(whole, true).collect();
            backward.reverse();
            assert_eq!(forward, backward);
            let mut at = whole.offset();
            for window in forward {
                assert_eq!(window.offset(), at);
                assert!(window.length() <= WINDOW);
                at = window.end();
            }
            assert_eq!(at, whole.end());
        }
    }
}
