//! The Node.js addon: JavaScript's values in, a call of the core, JavaScript's values out. What needs no system call, the
//! checking of arguments and the making of errors, is in `node/lib`, in JavaScript.
//!
//! | module | what it is |
//! |---|---|
//! | `raw` | the only unsafe code: external buffers, views of them, detaching |
//! | `held` | mappings that JavaScript has buffers of, by their address |
//! | `failure` | an error of the core as JavaScript gets it |
//! | `calls` | the functions that JavaScript calls |
#![cfg(feature = "napi")]
#![deny(unsafe_code)]

mod calls;
mod failure;
mod held;
#[expect(unsafe_code, reason = "napi-rs copies external memory, or loses it: every block says why it holds")]
mod raw;
