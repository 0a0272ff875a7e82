//! What the worker tells its parent, which is also what `--format ndjson` prints.

use std::io::Write;
use std::path::{Path, PathBuf};

use mmapio_core::{Error, Pages};
use serde::{Deserialize, Serialize};

use crate::render::ndjson;
use crate::render::records::{ErrorRecord, PathField};

/// A record; each is a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Record {
    /// All is locked.
    Locked(Held),
    /// What is locked by now, after changes; not printed.
    Holding(Held),
    /// What would be locked.
    Plan {
        #[serde(flatten)]
        held: Held,
        mappings: u64,
        fits: bool,
        limits: Vec<LimitRow>,
    },
    /// How far it is; not printed.
    Progress { bytes: u64, of: u64 },
    /// A file that must be removed when the worker is gone; not printed.
    Claimed { file: PathBuf },
    /// What else is printed as it is.
    #[serde(other)]
    Other,
}

/// How much is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) files: u64,
    pub(crate) pages: u64,
    pub(crate) bytes: u64,
    /// Paths that failed.
    pub(crate) failed: u64,
}

/// A limit and what was wanted of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LimitRow {
    pub(crate) name: String,
    pub(crate) needed: u64,
    pub(crate) available: u64,
    pub(crate) unit: String,
    pub(crate) fits: bool,
}

/// A file that was followed.
#[derive(Debug, Serialize)]
struct Changed<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    change: &'a str,
    pages: u64,
}

impl Held {
    /// So many pages of files.
    pub(crate) fn of(files: u64, pages: Pages, failed: u64) -> Self {
        Self { files, pages: pages.0, bytes: pages.bytes(), failed }
    }
}

/// Sends a record to the parent. When there is none any more this process is about to be killed, too.
pub(crate) fn send(record: &impl Serialize) {
    let mut line = Vec::new();
    ndjson::push(record, &mut line);
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(&line).and_then(|()| out.flush());
}

/// Sends an error.
pub(crate) fn send_error(error: &Error) {
    send(&ErrorRecord(error));
}

/// Sends what became of a file that changed: `pages` are locked of it now.
pub(crate) fn send_change(path: &Path, change: &str, pages: Pages) {
    send(&Changed { r#type: "changed", path: PathField(path), change, pages: pages.0 });
}
