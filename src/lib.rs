#![doc = "placeholder"]
#![deny(unsafe_code)]
mod error;
mod extent;
mod open;
mod page;
mod residency;
mod size;
#[expect(unsafe_code, reason = "the system boundary: every block says why it holds")]
mod sys;
mod walk;

pub use error::{Error, ErrorKind, Result, Unknown};
pub use extent::{ByteRange, Extent};
pub use open::{FileId, OpenFile};
pub use page::{Pages, page_size};
pub use residency::{Part, Probe, ProbeChoice, Prober, Residency, Run, RunState, Runs};
pub use size::parse_size;
pub use sys::FileKind;
#[cfg(feature = "glob")]
pub use walk::glob_filter;
pub use walk::{Filter, Found, Visitor, WalkOptions, walk};
