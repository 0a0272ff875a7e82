//! What the tests of the command share: the oracle, the command, places to put files, and what must be said of them.

#![expect(dead_code, reason = "each test binary compiles all of this and uses its part")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails; the exception for tests covers only the test functions themselves"
)]

pub(crate) mod bench;
pub(crate) mod chance;
pub(crate) mod command;
pub(crate) mod damage;
pub(crate) mod dirty;
pub(crate) mod groups;
#[cfg(target_os = "linux")]
pub(crate) mod hanging;
pub(crate) mod history;
#[cfg(target_os = "linux")]
pub(crate) mod holder;
pub(crate) mod mapped;
pub(crate) mod model;
pub(crate) mod mounts;
pub(crate) mod oracle;
pub(crate) mod pattern;
pub(crate) mod promtool;
pub(crate) mod reports;
pub(crate) mod sample;
pub(crate) mod scratch;
pub(crate) mod truncated;
pub(crate) mod warm;

use std::io::Write;
use std::os::unix::fs::MetadataExt;

/// Why a test, or a part of one, cannot be done here.
#[derive(Debug)]
pub(crate) struct Skip(pub(crate) String);

/// What a test body returns: done, or why not.
pub(crate) type Outcome = Result<(), Skip>;

/// Says why a test was skipped, past libtest's capture, which would swallow it.
pub(crate) fn report(test: &str, outcome: Outcome) {
    if let Err(Skip(reason)) = outcome {
        // In one write, so that no other test's line comes in between. When standard error is gone, nobody is left
        // to tell the reason to.
        let _ = std::io::stderr().write_all(format!("SKIP {test}: {reason}\n").as_bytes());
    }
}

/// Whether this process may do what only root may.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Ends a test that needs root where it is not.
pub(crate) fn needs_root() -> Outcome {
    if is_root() { Ok(()) } else { Err(Skip("needs root".into())) }
}
