//! Where it was measured, and what of it nobody controls.

mod descriptor;
mod machine;
mod mounts;
mod root;
mod storage;
#[cfg(all(test, unix))]
mod tests;
mod uncontrolled;

use mmapio_core::OpenFile;
use serde::{Deserialize, Serialize};

use root::Root;

use crate::commands::date;
pub(super) use storage::Device;

/// What the numbers depend on. Sizes are in bytes; what is none could not be found out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Environment {
    /// When it began, in UTC, as RFC 3339 has it.
    pub(super) date: Option<String>,
    pub(super) mmapio: Option<String>,
    pub(super) kernel: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) page_size: Option<u64>,
    pub(super) cpu: Option<String>,
    /// Processors that this process may use.
    pub(super) cpus: Option<usize>,
    /// How the frequency of the processors is chosen.
    pub(super) governor: Option<String>,
    /// `none` on a machine of its own.
    pub(super) virtualization: Option<String>,
    pub(super) filesystem: Option<String>,
    pub(super) mount_point: Option<String>,
    pub(super) mount_options: Option<String>,
    pub(super) device: Option<Device>,
    /// The most that is read ahead of a program at once.
    pub(super) read_ahead: Option<u64>,
    /// Transparent huge pages: `always`, `madvise`, `never`.
    pub(super) thp: Option<String>,
    /// The same of tmpfs and shared memory.
    pub(super) thp_shmem: Option<String>,
    pub(super) memory: Option<u64>,
    pub(super) memory_available: Option<u64>,
    pub(super) swap: Option<u64>,
    /// The tightest limit of a control group.
    pub(super) memory_limit: Option<u64>,
    /// What sets it.
    pub(super) memory_limit_source: Option<String>,
    /// Tasks that ran or waited for a device, on average of the last 1, 5 and 15 minutes.
    pub(super) load_before: Option<[f64; 3]>,
    pub(super) load_after: Option<[f64; 3]>,
    /// What moves the numbers and was not held still: a few words, and after a colon what that does.
    pub(super) not_controlled: Vec<String>,
}

impl Environment {
    /// What is known before anything is measured.
    pub(super) fn look(file: &OpenFile) -> Self {
        let root = Root::default();
        let mut found = machine::look(&root);
        found.date = date::now();
        found.mmapio = Some(env!("CARGO_PKG_VERSION").to_owned());
        storage::add(&mut found, &root, file);
        found.not_controlled = uncontrolled::lines(&found, &uncontrolled::Signs::look(&root), file.size());
        found
    }

    /// The same, with what is known only at the end.
    pub(super) fn finished(self) -> Self {
        Self { load_after: machine::load(&Root::default()), ..self }
    }

    /// The lines of the report for people.
    pub(super) fn lines(&self) -> Vec<String> {
        uncontrolled::summary(self)
    }
}
