//! Changing what of a file is in memory, and saying what came of it: never what was asked for, always what is true afterwards.

mod report;

pub use report::{Observer, Reason, Remaining, Report, Unobserved};
