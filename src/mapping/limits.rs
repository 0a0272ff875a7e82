//! Why there is no room for a mapping.

use std::io;

use crate::error::Error;
use crate::open::unsupported_or;
use crate::sys::{self, errno};

/// What mmap(2) and mremap(2) mean by `ENOMEM`, and what to do about it.
pub(super) fn refusal(error: io::Error, length: u64) -> Error {
    match error.raw_os_error() {
        Some(errno::ENOMEM) => limit(length),
        _ => unsupported_or("mmap", error),
    }
}

fn limit(length: u64) -> Error {
    if let Ok(Some(allowed)) = sys::address_space_limit() {
        let why = format!(
            "{allowed} bytes of address space are allowed, {length} more were wanted: raise it (ulimit -v)"
        );
        return Error::limit("RLIMIT_AS", why);
    }
    match sys::mapping_limit() {
        Some((used, allowed)) if used + 16 >= allowed => {
            let why =
                format!("{allowed} mappings are allowed, and {used} there are: unmap some, or raise it");
            Error::limit("vm.max_map_count", why)
        }
        _ => Error::limit(
            "mmap",
            format!("there is no room for {length} bytes in the address space or memory"),
        ),
    }
}
