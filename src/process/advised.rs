//! A process that is advised about its mappings.

use std::fs::File;
use std::io;

use crate::advice::{ADVICES, Advice};
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::open::{OpenFile, unsupported_or};
use crate::page::page_size;
use crate::process::{FileMapping, Processes, not_ours};
use crate::sys::{self, errno};

/// A running process to be advised about the files it maps, process_madvise(2).
///
/// Its mappings are those it had when this was made. It is held by a handle (pidfd_open(2)), so that no other process with
/// its number is ever advised; what it maps elsewhere meanwhile may be advised in their place, which can do no harm.
///
/// ```
/// use mmapio_core::{Advice, AdvisedProcess};
/// # #[cfg(target_os = "linux")] {
/// let process = AdvisedProcess::open(std::process::id())?;
/// process.require(Advice::find("willneed").unwrap())?;
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug)]
pub struct AdvisedProcess {
    pid: u32,
    handle: File,
    mappings: Processes,
}

const CALL: &str = "process_madvise";

impl AdvisedProcess {
    /// Finds the process, and what it maps.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when there is no such process, or it is not ours to look at
    /// (ptrace(2), `PTRACE_MODE_READ`); [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on systems other than Linux.
    pub fn open(pid: u32) -> Result<Self> {
        let handle = sys::open_process(pid).map_err(|error| unopened(pid, error))?;
        // The handle comes first: when the process ends and another gets its number, the handle still is of the first.
        let mappings = Processes::of(pid).map_err(|error| match error.errno() {
            Some(errno::EACCES | errno::EPERM) => refused(pid, io::Error::from_raw_os_error(errno::EACCES)),
            Some(errno::ENOENT | errno::ESRCH) => unopened(pid, io::Error::from_raw_os_error(errno::ESRCH)),
            _ => error,
        })?;
        Ok(Self { pid, handle, mappings })
    }

    /// The process's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether this advice may be given to this process, by us and at all.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with what is missing: a right, a newer kernel, or that the kernel takes
    /// this advice of no other process.
    pub fn require(&self, advice: &Advice) -> Result<()> {
        let Some(number) = advice.number_for_others() else {
            let error = io::Error::from_raw_os_error(errno::EINVAL);
            return Err(Error::refused(CALL, error, not_for_others(advice)));
        };
        match sys::process_madvise(&self.handle, &[], number) {
            Ok(_) => Ok(()),
            Err(error) if error.raw_os_error() == Some(errno::EINVAL) => {
                Err(Error::refused(CALL, error, too_old(advice)))
            }
            Err(error) => Err(refused(self.pid, error)),
        }
    }

    /// Its mappings of a file, in the order of their addresses.
    #[must_use]
    pub fn mappings_of(&self, file: &OpenFile) -> Vec<&FileMapping> {
        self.mappings.mappings_of(file)
    }

    /// Advises it about ranges of its addresses; the bytes it took, which may be fewer.
    pub(crate) fn advise(&self, ranges: &[(u64, u64)], number: i32) -> io::Result<u64> {
        sys::process_madvise(&self.handle, ranges, number)
    }

    /// What a failed advice about a part of a file means.
    pub(crate) fn failure(&self, advice: &Advice, error: io::Error) -> Error {
        let why = match error.raw_os_error() {
            Some(errno::EINVAL) if !advice.needs.is_empty() => {
                format!("`{}` needs {}", advice.name, advice.needs)
            }
            Some(errno::EINVAL) => {
                format!("process {} holds it locked (mlock), or it is of hugetlbfs", self.pid)
            }
            Some(errno::ENOMEM) => {
                format!("process {} no longer maps all of it, or memory is short", self.pid)
            }
            Some(errno::EAGAIN | errno::EBUSY) => "pages of it are in use".to_owned(),
            _ => return refused(self.pid, error),
        };
        Error::refused(CALL, error, why)
    }
}

impl FileMapping {
    /// Where the process has the pages of an extent: address and length in whole pages; none when it does not map them.
    pub(crate) fn addresses(&self, extent: Extent) -> Option<(u64, u64)> {
        let part = self.part(extent)?;
        let length = part.length().next_multiple_of(page_size());
        Some((self.address.saturating_add(part.offset().saturating_sub(self.extent.offset())), length))
    }

    /// What of an extent it maps.
    pub(crate) fn part(&self, extent: Extent) -> Option<Extent> {
        let start = extent.offset().max(self.extent.offset());
        let part = Extent::between(start, extent.end().min(self.extent.end()));
        (!part.is_empty()).then_some(part)
    }
}

fn not_for_others(advice: &Advice) -> String {
    let names: Vec<_> =
        ADVICES.iter().filter(|other| other.to_others.is_some()).map(|other| other.name).collect();
    format!("`{}` can be given to no other process; these can: {}", advice.name, names.join(", "))
}

fn too_old(advice: &Advice) -> String {
    let kernel = advice.to_others.unwrap_or(advice.least_kernel);
    let and = if advice.needs.is_empty() { "" } else { ", and " };
    format!("for another process `{}` needs Linux {kernel}{and}{}", advice.name, advice.needs)
}

fn unopened(pid: u32, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(errno::ENOSYS) => Error::refused("pidfd_open", error, "needs Linux 5.3"),
        Some(errno::ESRCH) => Error::refused("pidfd_open", error, format!("there is no process {pid}")),
        Some(errno::EINVAL | errno::ENOENT) => {
            Error::refused("pidfd_open", error, format!("{pid} is the number of no process"))
        }
        _ => unsupported_or("pidfd_open", error),
    }
}

fn refused(pid: u32, error: io::Error) -> Error {
    let why = match error.raw_os_error() {
        Some(errno::EPERM) => format!("advising process {pid} needs CAP_SYS_NICE"),
        Some(errno::EACCES) => not_ours(pid),
        Some(errno::ESRCH) => format!("process {pid} has ended"),
        Some(errno::ENOSYS) => "needs Linux 5.10".to_owned(),
        _ => return unsupported_or(CALL, error),
    };
    Error::refused(CALL, error, why)
}
