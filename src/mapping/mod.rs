//! Files as memory: mapped with what is wanted of it, reached by checked copies, alive when the file shrinks.

mod bytes;
mod folios;
mod guarding;
mod kernel;
mod lease;
mod limits;
mod memfd;
mod options;
mod populate;
#[expect(
    unsafe_code,
    reason = "what others can change cannot be lent safely: the caller promises, in an unsafe function"
)]
mod slices;

use std::sync::Arc;

use crate::error::Error;
use crate::extent::Extent;
use crate::guard::{Faults, Guard};
use crate::open::OpenFile;
use crate::residency::Tells;
use crate::sys::Region;

pub use lease::ReadLease;
pub use memfd::{Seals, memory_file};
pub use options::{Access, MapOptions};
pub(crate) use populate::populate;

/// Bytes of a file, or memory without one, mapped into this process: mmap(2). Made by [`MapOptions`].
///
/// Its bytes may be changed by anybody who may write the file, and vanish when it is truncated, so that no reference to them is
/// safe to hold. [`read_at`](Self::read_at) and [`write_at`](Self::write_at) copy and look afterwards whether what they copied was
/// real: a file that shrank or a page that the storage does not give is an error, not a signal and not zeros. That is the
/// guard's doing ([`Guard`]), which every mapping of a file has unless [`MapOptions::unguarded`].
///
/// Offsets are in bytes from the start of the mapping, which need not be the start of the file.
///
/// ```
/// use mmapio_core::{Extent, Flush, MapOptions};
/// # let scratch = tempfile::NamedTempFile::new()?;
/// # let path = scratch.path();
/// std::fs::write(path, "one two three")?;
/// let mut mapping = MapOptions::write().open(path)?;
/// mapping.write_at(4, b"2..")?;
/// mapping.flush(Extent::new(4, 3), Flush::Msync)?;
/// assert_eq!(std::fs::read(path)?, b"one 2.. three");
///
/// scratch.as_file().set_len(0)?;
/// let error = mapping.read_at(4, &mut [0; 3]).unwrap_err();
/// # #[cfg(target_os = "linux")]
/// assert!(error.to_string().contains("truncated to 0 bytes"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mapping {
    /// Comes first, so that it is taken out of the guard before it is unmapped.
    guard: Option<Guard>,
    region: Region,
    file: Option<Arc<OpenFile>>,
    extent: Extent,
    options: MapOptions,
    unpopulated: Option<Error>,
    /// Where the file is not kept: to which user mincore(2) tells what of it is in memory, or why not.
    told: Option<(u32, Tells)>,
}

impl Mapping {
    /// Its length in bytes, as it was asked for: its last page may go further, and the file may end before it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.extent.length()
    }

    /// Whether it has no byte: an empty file can be mapped, too.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extent.is_empty()
    }

    /// The bytes of the file that it shows; of memory without a file, from 0.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// What may be done to its bytes.
    #[must_use]
    pub fn access(&self) -> Access {
        self.options.access
    }

    /// Whether stores reach the file, and other mappings of it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.options.is_shared()
    }

    /// The file, where the mapping keeps it.
    #[must_use]
    pub fn file(&self) -> Option<&OpenFile> {
        self.file.as_deref()
    }

    /// Where its first byte is. What [`as_slice`](Self::as_slice) says of reading holds for reading through this, too.
    #[must_use]
    pub fn as_ptr(&self) -> *const u8 {
        self.region.pointer()
    }

    /// Where its first byte is, for writing.
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.region.pointer()
    }

    /// What of it faulted and was answered; nothing where there is no guard.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.guard.as_ref().map_or(Faults::default(), Guard::faults)
    }

    /// Whether faults in it are answered instead of killing the process.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Whether stores into it stay private, where it may only be read, instead of killing the process:
    /// [`MapOptions::forgive_writes`].
    #[must_use]
    pub fn forgives_writes(&self) -> bool {
        self.is_guarded() && self.options.forgives()
    }

    /// Why [`MapOptions::populate`] did not bring in all of it; none when it did, or was not asked for.
    #[must_use]
    pub fn unpopulated(&self) -> Option<&Error> {
        self.unpopulated.as_ref()
    }
}
