//! What was already visited, by device and inode.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::open::FileId;
use crate::walk::queue::lock;

/// Enough that threads seldom wait for each other.
const SHARDS: usize = 16;

/// Files, or directories with the depth at which they were listed; many threads fill it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    shards: [Mutex<HashMap<FileId, usize>>; SHARDS],
}

impl Seen {
    /// Whether this is the first time that `id` is seen.
    pub(crate) fn insert(&self, id: FileId) -> bool {
        self.insert_at(id, 0)
    }

    /// Whether `id` was not seen before, or only deeper down than now.
    pub(crate) fn insert_at(&self, id: FileId, depth: usize) -> bool {
        let shard = usize::try_from(id.inode % SHARDS as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(shard) else { return true };
        let mut seen = lock(shard);
        match seen.get(&id) {
            Some(known) if *known <= depth => false,
            _ => {
                seen.insert(id, depth);
                true
            }
        }
    }
}
