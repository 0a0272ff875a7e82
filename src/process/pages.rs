//! What of a mapping is in the page tables of its process, and what of it is locked there.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::error::Result;
use crate::extent::Extent;
use crate::page::{Pages, page_size};
use crate::process::maps::{Line, read_line};
use crate::process::{FileMapping, failed, file_of, is_gone, is_refused};

/// Bytes of pagemap for a page.
const ENTRY: usize = 8;

/// Bytes of pagemap read at once.
const PIECE: usize = 64 << 10;

/// Bits of an entry: the page is in memory, and it is the file's (or shared), not a private copy.
const PRESENT: u64 = 1 << 63;
const OF_FILE: u64 = 1 << 61;

impl FileMapping {
    /// Counts the pages of `extent`, of the file, that are in the page tables of this process now, as far as this mapping
    /// shows them. None when that is not for us to know. Pages that the process wrote in a private mapping are its own and
    /// not counted.
    ///
    /// A page in memory need not be in the page tables of those who map the file: they were not there yet. It is read at the
    /// addresses of the mapping, whatever is mapped there by now; of a process that ended nothing is present.
    ///
    /// Source: `/proc/PID/pagemap` (proc(5)), 8 bytes a page.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{Pages, mappings_in};
    /// let mappings = mappings_in(std::process::id())?;
    /// let code = mappings.first().unwrap();
    /// assert!(code.present(code.extent)?.is_none_or(|present| present <= code.extent.pages()));
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what reading said.
    pub fn present(&self, extent: Extent) -> Result<Option<Pages>> {
        self.each_present(extent, |_| {})
    }

    /// The same, and shows every run of such pages, in the order of the file: whole pages of it.
    ///
    /// # Errors
    /// As [`present`](Self::present).
    pub fn each_present(&self, extent: Extent, mut see: impl FnMut(Extent)) -> Result<Option<Pages>> {
        let mut runs = PresentRuns { see: &mut see, open: None, pages: 0 };
        let read = self.read_pagemap(extent, &mut runs);
        runs.close();
        self.answer(read.map(|()| Pages(runs.pages)), "pagemap")
    }

    /// The pages of this mapping that the process has locked (mlock(2)), as far as they are in its page tables. None when
    /// that is not for us to know.
    ///
    /// Source: `/proc/PID/smaps` (proc(5)): all that is present (`Rss`) where `VmFlags` has `lo`. Its `Locked` is a share, divided
    /// by the number of processes that map a page. Cost: a walk over the page tables of the process up to this mapping.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mmapio_core::{Pages, mappings_in};
    /// let mappings = mappings_in(std::process::id())?;
    /// assert_eq!(mappings.first().unwrap().locked()?, Some(Pages(0)));
    /// # }
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what reading said.
    pub fn locked(&self) -> Result<Option<Pages>> {
        let read = File::open(file_of(self.pid, "smaps"));
        let locked = read.and_then(|smaps| self.locked_in(&mut BufReader::new(smaps)));
        self.answer(locked.map(|bytes| Pages::holding(bytes).min(self.extent.pages())), "smaps")
    }

    /// What was read, or what it means that it could not be.
    fn answer(&self, read: io::Result<Pages>, name: &str) -> Result<Option<Pages>> {
        match read {
            Ok(pages) => Ok(Some(pages)),
            Err(error) if is_refused(&error) => Ok(None),
            Err(error) if is_gone(&error) => Ok(Some(Pages(0))),
            Err(error) => Err(failed(self.pid, name, error)),
        }
    }

    fn read_pagemap(&self, extent: Extent, runs: &mut PresentRuns) -> io::Result<()> {
        let page = page_size();
        let first = extent.offset().max(self.extent.offset()) / page;
        let end = extent.end().min(self.extent.end()).div_ceil(page);
        let mut pagemap = File::open(file_of(self.pid, "pagemap"))?;
        let address = self.address / page + first.saturating_sub(self.extent.offset() / page);
        pagemap.seek(SeekFrom::Start(address.saturating_mul(ENTRY as u64)))?;
        let entries = pagemap.take(end.saturating_sub(first).saturating_mul(ENTRY as u64));
        each_entry(entries, |index, entry| runs.add(first + index, entry & self.wanted() == self.wanted()))
    }

    /// Every page of a shared mapping is the file's.
    fn wanted(&self) -> u64 {
        if self.shared { PRESENT } else { PRESENT | OF_FILE }
    }

    /// The bytes locked by the mappings of this inode in smaps that lie where this one does: it may have been split since.
    fn locked_in(&self, smaps: &mut impl io::BufRead) -> io::Result<u64> {
        let end = self.address.saturating_add(self.extent.length());
        let (mut line, mut resident, mut locked, mut is_ours) = (Vec::new(), 0, 0, false);
        while read_line(smaps, &mut line)? {
            if let Some(mapping) = Line::parse(&line) {
                if mapping.start >= end {
                    break;
                }
                is_ours = mapping.end > self.address && mapping.id == self.id;
            } else if let Some(rss) = kilobytes_of(&line, b"Rss:") {
                resident = rss;
            } else if is_ours && is_locked(&line) {
                locked += resident;
            }
        }
        Ok(locked)
    }
}

/// Reads entries one after the other up to the end.
fn each_entry(mut entries: impl Read, mut see: impl FnMut(u64, u64)) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut index = 0;
    loop {
        let read = match entries.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let (whole, _) = buffer.get(..read).unwrap_or_default().as_chunks::<ENTRY>();
        if whole.is_empty() {
            return Ok(());
        }
        for entry in whole {
            see(index, u64::from_ne_bytes(*entry));
            index += 1;
        }
    }
}

/// The bytes in a line such as `Rss:    24 kB`.
fn kilobytes_of(line: &[u8], name: &[u8]) -> Option<u64> {
    kilobytes(std::str::from_utf8(line.strip_prefix(name)?).ok()?)
}

/// The bytes in a value such as `   24 kB`.
pub(super) fn kilobytes(value: &str) -> Option<u64> {
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Whether this is the line of flags, and locked is one of them.
pub(super) fn is_locked(line: &[u8]) -> bool {
    line.strip_prefix(b"VmFlags:")
        .is_some_and(|flags| flags.split(|byte| *byte == b' ').any(|flag| flag == b"lo"))
}

/// Puts present pages together.
struct PresentRuns<'a> {
    see: &'a mut dyn FnMut(Extent),
    /// The run that may still grow: its first page, and the page after its last.
    open: Option<(u64, u64)>,
    pages: u64,
}

impl PresentRuns<'_> {
    fn add(&mut self, page: u64, is_present: bool) {
        if !is_present {
            return self.close();
        }
        self.pages += 1;
        self.open = Some((self.open.map_or(page, |(first, _)| first), page + 1));
    }

    fn close(&mut self) {
        if let Some((first, end)) = self.open.take() {
            let page = page_size();
            (self.see)(Extent::between(first.saturating_mul(page), end.saturating_mul(page)));
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "memory that cannot be read fails the test")]

    use crate::error::ErrorKind;
    use crate::open::FileId;
    use crate::sys::{self, errno};

    use super::*;

    const OTHER: u64 = 0x1f;

    fn mapping(address: u64, extent: Extent) -> FileMapping {
        FileMapping {
            pid: 4_194_305, // one more than there can be
            command: "none".into(),
            address,
            extent,
            readable: true,
            writable: false,
            shared: true,
            path: std::path::Path::new("/a").into(),
            id: FileId { device: sys::device(8, 1), inode: 9 },
        }
    }

    /// Gives its bytes in small pieces, and is interrupted before each.
    struct Pieces<'a>(&'a [u8], bool);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.0.by_ref().take(16).read(buffer)
        }
    }

    fn runs(states: &[u64], wanted: u64) -> (Vec<(u64, u64)>, u64) {
        let bytes: Vec<u8> = states.iter().flat_map(|state| state.to_ne_bytes()).collect();
        let (mut found, page) = (Vec::new(), page_size());
        let mut see = |run: Extent| found.push((run.offset() / page, run.length() / page));
        let mut runs = PresentRuns { see: &mut see, open: None, pages: 0 };
        each_entry(Pieces(&bytes, false), |index, entry| runs.add(100 + index, entry & wanted == wanted))
            .unwrap();
        runs.close();
        let pages = runs.pages;
        (found, pages)
    }

    #[test]
    fn present_pages_are_put_together() {
        let (here, own) = (PRESENT | OF_FILE | OTHER, PRESENT | OTHER);
        assert_eq!(runs(&[], PRESENT), (vec![], 0));
        assert_eq!(runs(&[OTHER, 0, OF_FILE], PRESENT), (vec![], 0));
        assert_eq!(runs(&[here, here, 0, own, here], PRESENT), (vec![(100, 2), (103, 2)], 4));
        assert_eq!(runs(&[here, here, 0, own, here], PRESENT | OF_FILE), (vec![(100, 2), (104, 1)], 3));
    }

    /// Of smaps, what is looked at, and what must not be taken for it.
    fn region(range: &str, inode: u64, rss: u64, flags: &str) -> String {
        format!(
            "{range} r--s 00000000 08:01 {inode} /a\nSize: 999 kB\nRss:  {rss} kB\nPss: 5 kB\nLocked: 3 kB\nVmFlags: {flags}\n"
        )
    }

    #[test]
    fn locked_is_what_is_there_of_a_mapping_that_is_locked() {
        let ours = mapping(0x2000, Extent::new(0, 0x4000));
        let locked = |regions: &[String]| ours.locked_in(&mut regions.concat().as_bytes()).unwrap() / 1024;
        assert_eq!(locked(&[]), 0);
        assert_eq!(locked(&[region("2000-6000", 9, 12, "rd mr lo ")]), 12);
        assert_eq!(locked(&[region("2000-6000", 9, 12, "rd mr ")]), 0);
        assert_eq!(locked(&[region("2000-6000", 8, 12, "rd lo ")]), 0, "another file by now");
        let neighbours = [region("1000-2000", 9, 1, "lo"), region("6000-7000", 9, 2, "lo")];
        assert_eq!(locked(&neighbours), 0);
        let split = [
            region("2000-3000", 9, 4, "lo"),
            region("3000-5000", 9, 8, "rd"),
            region("5000-6000", 9, 4, "lo"),
        ];
        assert_eq!(locked(&split), 8);
    }

    #[test]
    fn of_a_process_that_ended_nothing_is_there() {
        let mapping = mapping(0x2000, Extent::new(0, 0x4000));
        assert_eq!(mapping.present(mapping.extent).unwrap(), Some(Pages(0)));
        assert_eq!(mapping.locked().unwrap(), Some(Pages(0)));
    }

    #[test]
    fn what_may_not_be_known_is_unknown() {
        let mapping = mapping(0x2000, Extent::new(0, 0x4000));
        let answer = |error| mapping.answer(Err(io::Error::from_raw_os_error(error)), "pagemap");
        assert_eq!(answer(errno::EPERM).unwrap(), None);
        assert_eq!(answer(errno::ESRCH).unwrap(), Some(Pages(0)));
        let error = answer(errno::ENOMEM).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::System(_)));
        assert_eq!(error.to_string(), "/proc/4194305/pagemap: read: Cannot allocate memory");
    }
}
