//! What is said on standard error.

use std::io::Write;

use mmapio_core::Error;

use crate::render::escape;

/// An error: `mmapio: PATH: CALL: REASON`, with what a terminal would obey made visible.
pub(crate) fn error(text: &str) {
    say("", text);
}

/// Something worth knowing that is no failure.
pub(crate) fn warning(text: &str) {
    say("warning: ", text);
}

/// Something that was asked for with --verbose.
pub(crate) fn note(text: &str) {
    say("", text);
}

/// A path that failed: `mmapio: PATH: CALL: REASON`.
pub(crate) fn path_error(error: &Error) {
    let path = error.path().map(|path| format!("{}: ", escape::path(path)));
    say("", &format!("{}{}: {}", path.unwrap_or_default(), error.call(), error.reason()));
}

fn say(kind: &str, text: &str) {
    // Nothing can be said about a standard error that takes no more.
    let _ = writeln!(std::io::stderr(), "mmapio: {kind}{}", escape::text(text));
}
