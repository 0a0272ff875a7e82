//! What this process has used: time, page faults, bytes from the device.

use std::time::Duration;

use crate::error::Result;
use crate::open::unsupported_or;
use crate::sys;

/// What this process has used: getrusage(2), and `/proc/self/io` (proc(5)).
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use mmapio_core::Usage;
/// let before = Usage::now()?;
/// let memory = vec![1_u8; 1 << 20];
/// let used = Usage::now()?.since(&before);
/// assert!(used.minor_faults > 0, "{used:?} of {} bytes", memory.len());
/// # }
/// # Ok::<(), mmapio_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Time on processors outside of the kernel.
    pub user: Duration,
    /// Time on processors inside of the kernel.
    pub system: Duration,
    /// Page faults that needed no device.
    pub minor_faults: u64,
    /// Page faults that waited for a device.
    pub major_faults: u64,
    /// Bytes that were read from a device on behalf of this process, read ahead, too; none where the system does not tell.
    pub device_bytes: Option<u64>,
    /// Bytes that this process made the system write to a device, now or later; none where the system does not tell.
    pub written_bytes: Option<u64>,
}

/// The number behind a name, each on a line of its own.
fn number_of(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

impl Usage {
    /// What was used so far.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where there is no getrusage(2).
    pub fn now() -> Result<Self> {
        let usage = sys::usage().map_err(|error| unsupported_or("getrusage", error))?;
        let io = std::fs::read_to_string("/proc/self/io").ok();
        let of = |name: &str| number_of(io.as_deref()?, name);
        Ok(Self {
            user: usage.user,
            system: usage.system,
            minor_faults: usage.minor_faults,
            major_faults: usage.major_faults,
            device_bytes: of("read_bytes:"),
            written_bytes: of("write_bytes:"),
        })
    }

    /// What was used since.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let bytes = |now: Option<u64>, earlier: Option<u64>| {
            now.zip(earlier).map(|(now, earlier)| now.saturating_sub(earlier))
        };
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            minor_faults: self.minor_faults.saturating_sub(earlier.minor_faults),
            major_faults: self.major_faults.saturating_sub(earlier.major_faults),
            device_bytes: bytes(self.device_bytes, earlier.device_bytes),
            written_bytes: bytes(self.written_bytes, earlier.written_bytes),
        }
    }
}
