//! Which files were already visited, by device and inode.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::open::FileId;
use crate::walk::queue::lock;

/// Enough that threads seldom wait for each other.
const SHARDS: usize = 16;

/// A set of file identities that many threads fill.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    shards: [Mutex<HashSet<FileId>>; SHARDS],
}

impl Seen {
    /// Whether this is the first time that `id` is seen.
    pub(crate) fn insert(&self, id: FileId) -> bool {
        let shard = usize::try_from(id.inode % SHARDS as u64).unwrap_or(0);
        self.shards.get(shard).is_none_or(|shard| lock(shard).insert(id))
    }
}
