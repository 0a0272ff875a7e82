//! Changing what of a file is in memory, and saying what came of it: never what was asked for, always what is true afterwards.

mod advise;
mod evict;
mod extents;
mod limits;
mod lock;
mod pieces;
mod report;
mod sync;
mod total;
mod warm;

pub use advise::{AdviseOptions, advise};
pub use evict::{EvictOptions, Evictor, evict};
pub use extents::extents_of;
pub use limits::{LockCost, LockLimit, LockNeed, lock_limits};
pub use lock::{LockProgress, Locked, Mapped, data_extents};
pub use report::{Observer, Reason, Remaining, Report, Unobserved};
pub use sync::{SyncOptions, sync};
pub use total::{Acts, Total};
pub use warm::{RateLimit, WarmNeed, WarmOptions, Warming, leave_cold, warm, warm_need};
