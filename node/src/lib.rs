//! The Node.js addon: JavaScript's values in, a call of the core, JavaScript's values out. What needs no system call, the
//! checking of arguments and the making of errors, is in `node/lib`, in JavaScript.
//!
//! | module | what it is |
//! |---|---|
//! | `raw` | the only unsafe code: external buffers, views of them, detaching |
//! | `held` | mappings that JavaScript has, by the address of their buffers |
//! | `task` | calls in the thread pool, followed and ended |
//! | `failure` | an error of the core as JavaScript gets it |
//! | `record` | what the core counts, as objects |
//! | `calls` | the functions of mmap-io |
//! | `slot` | where objects keep their mappings, and what becomes of them when a thread ends |
//! | `opening`, `mapped`, `acts` | what stands behind `MappedFile`, and what it has done in the background |
//! | `paths` | files and trees without mapping them |
#![cfg(feature = "napi")]
#![deny(unsafe_code)]
#![cfg_attr(feature = "napi", expect(unreachable_pub, reason = "napi-rs takes public methods only"))]

mod acts;
mod calls;
mod failure;
mod held;
mod mapped;
mod opening;
mod paths;
#[expect(unsafe_code, reason = "napi-rs copies external memory, or loses it: every block says why it holds")]
mod raw;
mod record;
mod slot;
mod task;
