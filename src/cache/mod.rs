//! Changing what of a file is in memory, and saying what came of it: never what was asked for, always what is true afterwards.

mod advise;
mod evict;
mod extents;
mod report;
mod sync;
mod warm;

pub use advise::{AdviseOptions, advise};
pub use evict::{EvictOptions, Evictor, evict};
pub use extents::extents_of;
pub use report::{Observer, Reason, Remaining, Report, Unobserved};
pub use sync::{SyncOptions, sync};
pub use warm::{RateLimit, WarmNeed, WarmOptions, Warming, leave_cold, warm, warm_need};
