//! One file a subcommand: arguments to the core, what it finds to the renderers.

mod acts;
mod advices;
pub(crate) mod advise;
pub(crate) mod bench;
mod date;
mod demand;
mod directories;
pub(crate) mod evict;
mod formats;
pub(crate) mod generate;
pub(crate) mod in_use;
pub(crate) mod incore;
#[cfg_attr(not(target_os = "linux"), path = "lock_absent.rs")]
pub(crate) mod lock;
mod look;
pub(crate) mod map;
mod metrics;
mod order;
mod paths;
mod picture;
mod printing;
mod range_list;
mod ranges;
mod report;
mod scan;
mod selection;
mod sink;
pub(crate) mod sync;
mod targets;
pub(crate) mod warm;
mod warm_walks;
mod watch;
