//! What an open file tells of where it is.

use mmapio_core::OpenFile;

/// The mount a file was opened through: its number in /proc/self/mountinfo. Unlike the device in stat(2), which btrfs makes up for each
/// subvolume and overlayfs takes from below, it is the mount's own.
#[cfg(target_os = "linux")]
pub(super) fn mount_id(file: &OpenFile) -> Option<u64> {
    use std::os::fd::AsRawFd;
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.file().as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok())
}

/// The number of a block device, as sysfs names it.
#[cfg(target_os = "linux")]
pub(super) fn device_number(file: &OpenFile) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let device = file.file().metadata().ok()?.rdev();
    Some(format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn mount_id(_file: &OpenFile) -> Option<u64> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn device_number(_file: &OpenFile) -> Option<String> {
    None
}
