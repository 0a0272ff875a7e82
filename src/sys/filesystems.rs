//! The filesystems that need to be treated apart: one table, from the number that statfs(2) gives.

/// A filesystem as far as its files' residency goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filesystem {
    pub(crate) name: &'static str,
    pub(crate) class: FilesystemClass,
}

/// How files on a filesystem are to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilesystemClass {
    /// The page cache tells the truth.
    Ordinary,
    /// The page cache is the storage: nothing can be dropped or written back (tmpfs).
    Memory,
    /// The pages may belong to a file below: cachestat(2) answers zero for those, mincore(2) is right (overlayfs, FUSE with
    /// passthrough).
    Stacked,
    /// Neither call sees the pages (hugetlbfs).
    Blind,
    /// No files at all but an interface to the kernel: never opened.
    Interface,
}

use FilesystemClass::{Blind, Interface, Memory, Ordinary, Stacked};

/// Magic numbers of statfs(2) `f_type`, from `linux/magic.h`.
const TABLE: [(u64, &str, FilesystemClass); 31] = [
    (0xef53, "ext4", Ordinary),
    (0x5846_5342, "xfs", Ordinary),
    (0x9123_683e, "btrfs", Ordinary),
    (0xf2f5_2010, "f2fs", Ordinary),
    (0x2fc1_2fc1, "zfs", Ordinary),
    (0xca45_1a4e, "bcachefs", Ordinary),
    (0x6969, "nfs", Ordinary),
    (0xff53_4d42, "cifs", Ordinary),
    (0x0102_1997, "9p", Ordinary),
    (0x4d44, "vfat", Ordinary),
    (0x0102_1994, "tmpfs", Memory),
    (0x8584_58f6, "ramfs", Memory),
    (0x794c_7630, "overlayfs", Stacked),
    (0x6573_5546, "FUSE", Stacked),
    (0x6175_6673, "aufs", Stacked),
    (0x9584_58f6, "hugetlbfs", Blind),
    (0x9fa0, "procfs", Interface),
    (0x6265_6572, "sysfs", Interface),
    (0x6462_6720, "debugfs", Interface),
    (0x7472_6163, "tracefs", Interface),
    (0x0027_e0eb, "cgroupfs", Interface),
    (0x6367_7270, "cgroupfs", Interface),
    (0x7363_6673, "securityfs", Interface),
    (0x6265_6570, "configfs", Interface),
    (0xcafe_4a11, "bpffs", Interface),
    (0xde5e_81e4, "efivarfs", Interface),
    (0x1cd1, "devpts", Interface),
    (0xf97c_ff8c, "selinuxfs", Interface),
    (0x4249_4e4d, "binfmt_misc", Interface),
    (0x1980_0202, "mqueue", Interface),
    (0x6573_5543, "fusectl", Interface),
];

impl Filesystem {
    /// A filesystem that nothing special is known of.
    pub(crate) const ORDINARY: Self = Self { name: "", class: Ordinary };

    /// The filesystem with this magic number.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has magic numbers"))]
    pub(crate) fn from_magic(magic: u64) -> Self {
        TABLE
            .iter()
            .find(|(number, ..)| *number == magic)
            .map_or(Self::ORDINARY, |&(_, name, class)| Self { name, class })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_not_taken_for_their_filesystems() {
        // fusectl and FUSE differ in one bit, and FUSE holds people's files.
        assert_eq!(Filesystem::from_magic(0x6573_5546).class, Stacked);
        assert_eq!(Filesystem::from_magic(0x6573_5543).class, Interface);
        assert_eq!(Filesystem::from_magic(0xef53).class, Ordinary);
        assert_eq!(Filesystem::from_magic(0x1234_5678), Filesystem::ORDINARY);
    }
}
