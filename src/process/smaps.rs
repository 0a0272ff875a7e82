//! What a process holds of its mappings: `/proc/PID/smaps`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};

use crate::error::Result;
use crate::process::maps::{Line, MapsReader, read_line};
use crate::process::pages::kilobytes;
use crate::process::{FileMapping, failed, file_of, proc};
use crate::sys::errno;

/// What a process holds of a mapping, or of several, in bytes: a paragraph of `/proc/PID/smaps` (proc(5)).
///
/// Fields that the kernel does not have are 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The length of the mappings.
    pub mapped: u64,
    /// `Rss`: what is in the page tables of the process.
    pub rss: u64,
    /// `Pss`: the same, each page divided by the number of processes that have it.
    pub pss: u64,
    /// `Shared_Dirty` and `Private_Dirty`.
    pub dirty: u64,
    /// `Anonymous`: what is not, or no longer, a file's.
    pub anonymous: u64,
    /// `Swap`.
    pub swap: u64,
    /// `AnonHugePages`, `ShmemPmdMapped` and `FilePmdMapped`: what is in page tables by huge pages.
    pub huge: u64,
    /// `Locked`: the share of `Pss` that is locked in memory.
    pub locked: u64,
    /// `KernelPageSize`: of several mappings, the largest.
    pub page_size: u64,
    /// `VmFlags`: two letters each, as proc(5) explains them; of several mappings, the first one's.
    pub flags: Box<str>,
}

/// What a process holds of files and of its own memory.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// let memory = mmapio_core::ProcessMemory::of(std::process::id())?;
/// assert!(memory.files.iter().any(|(mapping, held)| !mapping.writable && held.rss > 0));
/// assert!(memory.own.anonymous > 0);
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProcessMemory {
    /// Its file mappings, in the order of their addresses.
    pub files: Vec<(FileMapping, Held)>,
    /// All else, as one: heap, stacks, memory without a file.
    pub own: Held,
}

impl ProcessMemory {
    /// Reads `/proc/PID/smaps` once. The process goes on meanwhile.
    ///
    /// Cost: a walk over the page tables of the process.
    ///
    /// # Errors
    /// [`ErrorKind::System`](crate::ErrorKind::System) with what opening or reading said: no such process, or permission denied; also
    /// when the process ended, or executed another program, before all was read;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
    pub fn of(pid: u32) -> Result<Self> {
        proc()?;
        let read = File::open(file_of(pid, "smaps"));
        let memory = read.and_then(|smaps| Self::read_whole(pid, smaps));
        memory.map_err(|error| failed(pid, "smaps", error))
    }

    /// Where the memory goes away meanwhile the text just ends: then it is empty from its beginning on.
    fn read_whole(pid: u32, smaps: impl Read + Seek) -> io::Result<Self> {
        let mut smaps = BufReader::new(smaps);
        let memory = Self::read(pid, &mut smaps)?;
        smaps.rewind()?;
        if !memory.is_empty() && smaps.fill_buf()?.is_empty() {
            return Err(io::Error::from_raw_os_error(errno::ESRCH));
        }
        Ok(memory)
    }

    /// Whether it maps nothing at all, as the kernel's own threads and processes that have ended do.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// assert!(!mmapio_core::ProcessMemory::of(std::process::id())?.is_empty());
    /// # Ok::<(), mmapio_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.own.mapped == 0
    }

    fn read(pid: u32, smaps: &mut impl BufRead) -> io::Result<Self> {
        let mut memory = Self::default();
        let mut reader = MapsReader::default();
        let mut line = Vec::new();
        let mut is_file = false;
        while read_line(smaps, &mut line)? {
            match Line::parse(&line) {
                Some(mapping) => {
                    is_file = mapping.id.inode != 0;
                    if is_file {
                        memory.files.push((reader.mapping(pid, &mapping), Held::default()));
                    }
                    memory.last(is_file).mapped += mapping.end.saturating_sub(mapping.start);
                }
                None => memory.last(is_file).take(&line),
            }
        }
        Ok(memory)
    }

    /// What the lines that follow are about.
    fn last(&mut self, is_file: bool) -> &mut Held {
        match self.files.last_mut() {
            Some((_, held)) if is_file => held,
            _ => &mut self.own,
        }
    }
}

impl Held {
    /// Takes in a line such as `Rss:    24 kB`.
    fn take(&mut self, line: &[u8]) {
        let Ok(line) = std::str::from_utf8(line) else { return };
        let Some((name, value)) = line.split_once(':') else { return };
        let bytes = || kilobytes(value).unwrap_or(0);
        match name {
            "Rss" => self.rss += bytes(),
            "Pss" => self.pss += bytes(),
            "Shared_Dirty" | "Private_Dirty" => self.dirty += bytes(),
            "Anonymous" => self.anonymous += bytes(),
            "Swap" => self.swap += bytes(),
            "AnonHugePages" | "ShmemPmdMapped" | "FilePmdMapped" => self.huge += bytes(),
            "Locked" => self.locked += bytes(),
            "KernelPageSize" => self.page_size = self.page_size.max(bytes()),
            "VmFlags" if self.flags.is_empty() => self.flags = value.trim().into(),
            _ => {}
        }
    }

    /// Both together.
    ///
    /// ```
    /// use mmapio_core::Held;
    /// let mut sum = Held::default();
    /// sum.add(&Held::default());
    /// assert_eq!(sum, Held::default());
    /// ```
    pub fn add(&mut self, other: &Self) {
        self.mapped += other.mapped;
        self.rss += other.rss;
        self.pss += other.pss;
        self.dirty += other.dirty;
        self.anonymous += other.anonymous;
        self.swap += other.swap;
        self.huge += other.huge;
        self.locked += other.locked;
        self.page_size = self.page_size.max(other.page_size);
        if self.flags.is_empty() {
            self.flags.clone_from(&other.flags);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMAPS: &[u8] = b"\
7f0000000000-7f0000004000 r--s 00002000 fe:00 77      /a b
Size:                 16 kB
KernelPageSize:        4 kB
Rss:                  12 kB
Pss:                   6 kB
Pss_Dirty:             9 kB
Shared_Dirty:          4 kB
Private_Dirty:         8 kB
Locked:                2 kB
VmFlags: rd mr me ms lo sd
7f0000004000-7f0000006000 rw-p 00000000 00:00 0
Rss:                   8 kB
Anonymous:             8 kB
AnonHugePages:         0 kB
VmFlags: rd wr mr
7f0000006000-7f0000007000 rw-p 00006000 fe:00 77      /a b
Rss:                   4 kB
";

    #[test]
    fn paragraphs_are_taken_apart() {
        let memory = ProcessMemory::read(1, &mut &SMAPS[..]).unwrap();
        let held: Vec<_> = memory.files.iter().map(|(_, held)| held).collect();
        assert_eq!((held[0].mapped, held[0].rss, held[0].pss, held[0].dirty), (16384, 12288, 6144, 12288));
        assert_eq!((held[0].locked, held[0].page_size, &*held[0].flags), (2048, 4096, "rd mr me ms lo sd"));
        assert_eq!((held[1].mapped, held[1].rss), (4096, 4096));
        assert_eq!((memory.own.mapped, memory.own.rss, memory.own.anonymous), (8192, 8192, 8192));
        assert!(memory.files[0].0.shared && !memory.files[1].0.shared);
    }

    /// A child, of whose smaps only the beginning is read before it is killed. Nobody has waited for it yet then: of a process that is
    /// no more, reading fails by itself.
    struct Killed(File, std::process::Child);

    impl Read for Killed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1000);
            let read = self.0.read(buffer.split_at_mut(most).0)?;
            self.1.kill()?;
            while !std::fs::read_to_string(file_of(self.1.id(), "stat"))?.contains(") Z ") {
                std::thread::yield_now();
            }
            Ok(read)
        }
    }

    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.1.wait();
        }
    }

    impl Seek for Killed {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_process_that_ends_meanwhile_is_no_smaller_one() {
        use std::process::{Command, Stdio};
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        let smaps = File::open(file_of(pid, "smaps")).unwrap();
        let error = ProcessMemory::read_whole(pid, Killed(smaps, child)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno::ESRCH));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..SMAPS.len()) {
            let spliced: Vec<u8> = SMAPS[..cut].iter().chain(&text).copied().collect();
            let _ = ProcessMemory::read(1, &mut &spliced[..]);
        }
    }
}
