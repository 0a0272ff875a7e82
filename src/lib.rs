//! What of a file is in memory, the page cache: shown and changed, truthfully and fast.
//!
//! ```
//! use mmapio_core::Residency;
//!
//! # let path = std::env::current_exe().unwrap();
//! let residency = Residency::of(&path)?;
//! match (residency.resident, residency.unknown) {
//!     (Some(resident), _) => println!("{resident} of {} pages are in memory", residency.pages),
//!     (None, Some(reason)) => println!("residency is unknown: {reason}"),
//!     (None, None) => {}
//! }
//! # Ok::<(), mmapio_core::Error>(())
//! ```
//!
//! [`OpenFile`] opens a file without touching devices or FIFOs, [`Prober`] asks about it: counts, a histogram, and the exact
//! [`Runs`] of pages; [`warm()`] loads, [`evict()`] drops, [`sync()`] writes back, [`advise()`] advises, each with a
//! [`Report`] of what is true afterwards; [`walk()`] visits trees in parallel. [`MapOptions`] gives files as memory: a [`Mapping`]
//! lives on when its file shrinks. The command `mmapio` (package `mmapio-cli`)
//! is built from these.
//!
//! # Architecture
//!
//! Imports go down only; a test checks it:
//!
//! | layer | modules | what it is |
//! |---|---|---|
//! | 7 | `cli/` | the command: arguments, rows, formats |
//! | 6 | `walk` | paths and trees, in parallel |
//! | 5 | `cache` | changing what is in memory, and proving it |
//! | 5 | `strategy` | ways of reading and writing a file, to be measured against one another |
//! | 5 | `patch` | changing bytes of a file, with a way back |
//! | 4 | `mapping` | files as memory: checked copies, resizing, writing back |
//! | 4 | `space` | the room of a file: its size, its blocks, its holes |
//! | 3 | `residency` | counts, runs, histogram; which probe answered and why |
//! | 3 | `advice` | the advice there is: what carries it, how long it lasts, what it needs |
//! | 3 | `memory` | how much memory is to be had: the machine, the groups of this process |
//! | 3 | `process` | which processes map a file, and what of it is in their page tables |
//! | 3 | `reader` | reading from one place to another: data, holes, what cannot be read |
//! | 3 | `flush` | writing back; the first failure is final |
//! | 2 | `open` | opening a file the safe way; what kind, what filesystem |
//! | 2 | `guard` | surviving SIGBUS inside registered mappings, and stores into those for reading |
//! | 1 | `error`, `page`, `size`, `extent`, `checksum` | the words: paths and calls in errors, pages, byte ranges |
//! | 0 | `sys` | the system boundary: knows libc, and has the unsafe code (with `guard`, and `mapping`'s slices) |
//!
//! Each system has a file in `sys` with the same functions; what it lacks is an [`ErrorKind::Unsupported`] that names operation
//! and system. The wire formats belong to the command; nothing here prints.
//!
//! # Invariants
//!
//! 1. **Residency is never a lie.** What cannot be known is [`Unknown`] with the reason, never 0 or 100 %: the kernel does
//!    not tell everybody (cachestat(2) says `EPERM` where mincore(2) claims that all is resident), cachestat(2) counts nothing
//!    on overlayfs, and no call sees hugetlbfs.
//! 2. **What is claimed was verified.** Whoever changes what is in memory looks again, and gives reasons for what is not as it
//!    was to be: [`Reason`]. Nothing can lose data: destructive advice does not exist here, the first failure of writing is
//!    final, and nothing is evicted after it.
//! 3. **Looking changes nothing.** To tell residency no byte of a file is read and no mapping can be touched; no FIFO or device is
//!    opened, no descriptor of the caller is moved.
//! 4. **No input kills it.** No file, name, size, truncation or I/O error brings a signal, a panic or a hang: mapped bytes are
//!    touched inside the [`Guard`] only, and zeros that stand in for what is gone are never passed off as the file's.
//! 5. **Cost follows what is there.** Counting costs folios, not pages; a terabyte of hole costs nothing; memory is
//!    constant in the size of a file, and a walk holds little more than the directories on its way down.
//! 6. **The page size is never a constant**, and sizes are 64 bits wide.
#![deny(unsafe_code)]

mod advice;
mod cache;
mod checksum;
mod error;
mod extent;
mod flush;
#[expect(unsafe_code, reason = "a signal handler and what it repairs: every block says why it holds")]
mod guard;
mod mapping;
mod memory;
mod open;
mod page;
mod patch;
mod process;
mod reader;
mod residency;
mod size;
mod space;
mod strategy;
#[expect(unsafe_code, reason = "the system boundary: every block says why it holds")]
mod sys;
mod walk;

pub use advice::{ADVICES, Advice, AdviceCall, AdviceData, AdviceScope, Carrier, Kernel};
pub use cache::{
    Acts, AdviseOptions, EvictOptions, Evictor, LockCost, LockLimit, LockNeed, LockProgress, Locked, Mapped,
    Observer, RateLimit, Reason, Remaining, Report, SyncOptions, Total, Unobserved, WarmNeed, WarmOptions,
    Warming, advise, data_extents, evict, extents_of, leave_cold, lock_limits, sync, warm, warm_need,
};
pub use checksum::checksum;
pub use error::{Error, ErrorKind, Result, Unknown};
pub use extent::{ByteRange, Extent};
pub use flush::{Flush, flush};
pub use guard::{Faults, Guard};
pub use mapping::{Access, MapOptions, Mapping, ReadLease, Seals, memory_file};
pub use memory::{MemoryBudget, MemoryLimit, PageCache, Percent, memory_limits};
pub use open::{FileId, OpenFile};
pub use page::{Pages, page_size};
pub use patch::{Backup, BackupState, Patch, Patched, Preview, Way};
pub use process::{
    AdvisedProcess, FileInUse, FileMapping, FileUser, FilesInUse, Held, ProcessMemory, Processes, Usage,
    mappings_in,
};
pub use reader::{Piece, Reader, Stretch, Stretches};
pub use residency::{
    Part, PicturePart, Probe, ProbeChoice, Prober, Residency, Run, RunLengths, RunState, Runs, Spread,
};
pub use size::parse_size;
pub use space::{Blocks, create_file};
pub use strategy::{
    Content, Plan, Reading, STRATEGIES, Strategy, WRITE_STRATEGIES, Work, WritePlan, WriteStrategy, Writing,
};
pub use sys::FileKind;
#[cfg(feature = "glob")]
pub use walk::glob_filter;
pub use walk::{
    Filter, Found, Subject, Visitor, WalkOptions, WarmMode, WarmPlan, WarmVisitor, WarmWalk, walk,
    walk_in_use,
};
