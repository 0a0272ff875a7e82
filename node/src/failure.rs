//! Errors of the core, as fields from which JavaScript makes an error of its own.

use std::path::Path;

use mmapio_core::{Error, ErrorKind};
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

/// What went wrong. Functions return it instead of throwing, since an error that Node users expect has fields that napi-rs' has not.
#[napi(object, object_from_js = false)]
pub(crate) struct Failure {
    /// Tells a failure from an answer.
    pub failed: bool,
    /// The reason, without path and call.
    pub message: String,
    /// The call.
    pub syscall: String,
    /// The system's number, positive; 0 where there is none.
    pub errno: i32,
    /// The path, where there is one.
    pub path: Option<PathText>,
    /// What kind of error it is: `System`, `Range`, `Truncated`, …
    pub kind: String,
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            failed: true,
            message: error.reason(),
            syscall: error.call().to_owned(),
            errno: number(error),
            path: error.path().map(path_text),
            kind: kind(error.kind()).to_owned(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

/// An answer, or what went wrong.
pub(crate) fn answer<T>(result: mmapio_core::Result<T>) -> Either<T, Failure> {
    result.map_or_else(|error| Either::B(error.into()), Either::A)
}

/// The number that mmap(2) itself would have given, where the core knows better reasons.
fn number(error: &Error) -> i32 {
    const EPERM: i32 = 1;
    const EIO: i32 = 5;
    const EACCES: i32 = 13;
    const ENOMEM: i32 = 12;
    const ENODEV: i32 = 19;
    const EINVAL: i32 = 22;
    error.errno().unwrap_or(match error.kind() {
        ErrorKind::RefusedKind(_) | ErrorKind::RefusedFilesystem(_) => ENODEV,
        ErrorKind::Unknown(_) => EPERM,
        ErrorKind::Limit(_) => ENOMEM,
        ErrorKind::Range(_) => EINVAL,
        ErrorKind::Faulted { .. } | ErrorKind::Truncated { .. } => EIO,
        ErrorKind::Overwritten { .. } => EACCES,
        _ => 0,
    })
}

fn kind(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Range(_) => "Range",
        ErrorKind::Limit(_) => "Limit",
        ErrorKind::Unsupported { .. } => "Unsupported",
        ErrorKind::Unknown(_) => "Unknown",
        ErrorKind::Truncated { .. } => "Truncated",
        ErrorKind::Unreadable { .. } => "Unreadable",
        ErrorKind::Faulted { .. } => "Faulted",
        ErrorKind::Overwritten { .. } => "Overwritten",
        ErrorKind::NotWritten(_) => "NotWritten",
        _ => "System",
    }
}

/// A path as JavaScript has it: a string, or where it is none in UTF-8, its bytes.
pub(crate) type PathText = Either<String, Buffer>;

pub(crate) fn path_text(path: &Path) -> PathText {
    match path.to_str() {
        Some(text) => Either::A(text.to_owned()),
        None => Either::B(path.as_os_str().as_encoded_bytes().to_vec().into()),
    }
}
