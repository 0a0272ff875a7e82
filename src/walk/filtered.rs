//! Which paths a walk's filter sees.

use std::borrow::Cow;
use std::ffi::CStr;
use std::path::{Component, Path};

use crate::sys::FileKind;
use crate::walk::Visitor;
use crate::walk::directory::{path_of, push_name};
use crate::walk::worker::Worker;

impl<V: Visitor> Worker<'_, V> {
    /// Whether the filter lets a path through: by what is below the named directory, or by all of it.
    pub(super) fn allows(&self, path: &Path, below: &Path, kind: FileKind) -> bool {
        let Some(filter) = &self.shared.options.filter else { return true };
        if !self.shared.from_root {
            return filter(below, kind);
        }
        let full = from_root(path);
        filter(full.strip_prefix("/").unwrap_or(&full), kind)
    }

    /// The same for a name in the directory that is being listed.
    pub(super) fn allows_entry(&self, name: &CStr, kind: FileKind) -> bool {
        if self.shared.options.filter.is_none() {
            return true;
        }
        let mut path = self.path.clone();
        push_name(&mut path, name);
        let below = path.get(self.top..).unwrap_or_default();
        let below = below.strip_prefix(b"/").unwrap_or(below);
        self.allows(path_of(&path), path_of(below), kind)
    }
}

/// A path from the root on, as proc(5) would name it: where it goes up that depends on what is there.
fn from_root(path: &Path) -> Cow<'_, Path> {
    if path.components().any(|part| part == Component::ParentDir) {
        let above = path.parent().and_then(|above| std::fs::canonicalize(above).ok());
        if let Some((above, name)) = above.zip(path.file_name()) {
            return Cow::Owned(above.join(name));
        }
    }
    if path.is_absolute() {
        return Cow::Borrowed(path);
    }
    std::path::absolute(path).map_or(Cow::Borrowed(path), Cow::Owned)
}
