//! What part of the page cache the files are that were found.

use mmapio_core::{PageCache, Pages, Total};
use serde::Serialize;

use super::table::size;

/// How much of the page cache the files are that were found, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cached {
    r#type: &'static str,
    pub(super) cached_bytes: u64,
    pub(super) buffers_bytes: u64,
    shared_bytes: u64,
    found_bytes: Option<u64>,
    /// Null where more was found than there was a moment later.
    pub(super) other_bytes: Option<u64>,
}

impl Cached {
    /// The page cache now, and these files.
    pub(crate) fn with(total: &Total) -> mmapio_core::Result<Self> {
        let cache = PageCache::now()?;
        let found = total.resident().map(Pages::bytes);
        Ok(Self {
            r#type: "page_cache",
            cached_bytes: cache.cached,
            buffers_bytes: cache.buffers,
            shared_bytes: cache.shared,
            found_bytes: found,
            other_bytes: found.and_then(|found| cache.total().checked_sub(found)),
        })
    }

    /// The same in words, on two lines.
    pub(crate) fn words(&self, exact: bool) -> String {
        let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| size(bytes, exact));
        let (cached, buffers) = (bytes(Some(self.cached_bytes)), bytes(Some(self.buffers_bytes)));
        let (found, other) = (bytes(self.found_bytes), bytes(self.other_bytes));
        format!(
            "page cache: Cached {cached} + Buffers {buffers}; these files {found}, others {other}\n\
             others: files that are neither open nor below a PATH, those of processes that cannot be looked at, what filesystems keep \
             of their own\n"
        )
    }
}
