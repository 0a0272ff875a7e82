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

    /// Whether it was seen.
    pub(crate) fn has(&self, id: FileId) -> bool {
        self.shard(id).is_some_and(|shard| lock(shard).contains_key(&id))
    }

    fn shard(&self, id: FileId) -> Option<&Mutex<HashMap<FileId, usize>>> {
        self.shards.get(usize::try_from(id.inode % SHARDS as u64).unwrap_or(0))
    }

    /// Whether `id` was not seen before, or only deeper down than now.
    pub(crate) fn insert_at(&self, id: FileId, depth: usize) -> bool {
        let Some(shard) = self.shard(id) else { return true };
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
