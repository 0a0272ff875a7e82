//! Small files in which the kernel tells of itself.

use std::path::{Path, PathBuf};

/// A directory with some of them: that of `/proc` and `/sys`, of which tests have their own, or one below it.
#[derive(Debug)]
pub(super) struct Root(PathBuf);

impl Default for Root {
    fn default() -> Self {
        Self(PathBuf::from("/"))
    }
}

impl Root {
    pub(super) fn at(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// All of a file. Bytes that are no text are replaced, as names of mount points can have such.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = std::fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file of one line; none when it is empty.
    pub(super) fn line(&self, path: impl AsRef<Path>) -> Option<String> {
        self.text(path).map(|text| text.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// A file with a number of kibibytes in it, in bytes.
    pub(super) fn kibibytes(&self, path: impl AsRef<Path>) -> Option<u64> {
        self.line(path)?.parse::<u64>().ok()?.checked_mul(1024)
    }

    /// What is chosen of a list such as `none [mq-deadline] kyber`; a file that has no choice has one word.
    pub(super) fn chosen(&self, path: impl AsRef<Path>) -> Option<String> {
        self.line(path).map(|line| chosen(&line).to_owned())
    }

    /// The names in a directory, in order.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }
}

fn chosen(line: &str) -> &str {
    line.split_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']')).unwrap_or(line)
}
