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

/// `1 file`, `2 files`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A path that failed: `mmapio: PATH: CALL: REASON`.
pub(crate) fn path_error(error: &Error) {
    say(&of_path(error), "");
}

/// The same without our name, fit for a terminal.
pub(crate) fn of_path(error: &Error) -> String {
    let path = error.path().map(|path| format!("{}: ", escape::path(path)));
    let why = format!("{}: {}", error.call(), error.reason());
    path.unwrap_or_default() + &escape::text(&why)
}

/// An error that is fit for a terminal already.
pub(crate) fn shown_error(text: &str) {
    say(text, "");
}

/// What comes first is fit for a terminal already: to escape it once more would double its backslashes.
fn say(first: &str, text: &str) {
    // Nothing can be said about a standard error that takes no more.
    let _ = writeln!(std::io::stderr(), "mmapio: {first}{}", escape::text(text));
}
