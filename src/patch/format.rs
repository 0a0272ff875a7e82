//! The format of a backup: two lines of text, the bytes, a line of text.
//!
//! ```text
//! mmapio-backup 1 started 00000000
//! device=64768 inode=131 size=4096 offset=16 length=5 path=/srv/table.db
//! …the bytes that were there…
//! crc32=89abcdef
//! ```
//!
//! The first line has a fixed length, so that it can be changed in place and lies in one sector. The state is `started` until the patch
//! was written and compared, then `patched` with the CRC-32 of the new bytes, and `undone ` once they were put back. `size` is
//! the file's before; of `length` bytes from `offset` those inside of it are kept. Bytes of the path that are no printable ASCII, and
//! `%`, are written as `%` and two digits. The checksum at the end is of all from the second line to the last kept byte. Nothing
//! comes after it. CRC-32 is that of gzip and zlib.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::extent::{ByteRange, Extent};
use crate::open::FileId;
use crate::sys;

const MAGIC: &str = "mmapio-backup 1 ";

/// The length of the first line.
pub(super) const STATE_BYTES: u64 = 33;

/// The length of the last line, with the line end before it.
pub(super) const SUM_BYTES: u64 = 16;

/// No second line is longer: a path has 4096 bytes, each of which takes at most three.
pub(super) const LONGEST: usize = 16 << 10;

/// What is known of the bytes that a patch was to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Started,
    /// They are there, and this is their checksum.
    Patched(u32),
    Undone,
}

impl State {
    pub(super) fn line(self) -> String {
        let (word, sum) = match self {
            Self::Started => ("started", 0),
            Self::Patched(sum) => ("patched", sum),
            Self::Undone => ("undone ", 0),
        };
        format!("{MAGIC}{word} {sum:08x}\n")
    }

    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| not_ours())?;
        let rest = text.strip_prefix(MAGIC).ok_or_else(not_ours)?;
        let (word, sum) = rest.split_at_checked(7).ok_or_else(not_ours)?;
        let sum = sum.strip_prefix(' ').and_then(|sum| sum.strip_suffix('\n')).and_then(hexadecimal);
        match (word, sum) {
            ("started", Some(0)) => Ok(Self::Started),
            ("patched", Some(sum)) => Ok(Self::Patched(sum)),
            ("undone ", Some(0)) => Ok(Self::Undone),
            _ => Err("its first line is damaged".to_owned()),
        }
    }
}

fn not_ours() -> String {
    "is not a backup of `mmapio map --backup`, or of another version".to_owned()
}

/// Exactly eight digits in lower case.
fn hexadecimal(text: &str) -> Option<u32> {
    let is_plain = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_plain.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// The last line.
pub(super) fn sum_line(sum: u32) -> String {
    format!("\ncrc32={sum:08x}\n")
}

pub(super) fn parse_sum(line: &[u8]) -> Result<u32, String> {
    let text = std::str::from_utf8(line).ok();
    let sum = text.and_then(|text| text.strip_prefix("\ncrc32=")?.strip_suffix('\n')).and_then(hexadecimal);
    sum.ok_or_else(|| "does not end with its checksum: it was cut off, or something was added".to_owned())
}

/// The second line: which file and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: FileId,
    /// The size of the file before.
    pub(super) size: u64,
    /// What the patch was to write.
    pub(super) extent: Extent,
    /// The file's name, for people.
    pub(super) path: PathBuf,
}

impl Header {
    /// The bytes that are kept: those that were inside the file.
    pub(super) fn kept(&self) -> Extent {
        Extent::between(self.extent.offset(), self.extent.end().min(self.size))
    }

    /// The size that the patch left.
    pub(super) fn size_after(&self) -> u64 {
        if self.extent.is_empty() { self.size } else { self.size.max(self.extent.end()) }
    }

    pub(super) fn line(&self) -> String {
        let (FileId { device, inode }, size) = (self.id, self.size);
        let (offset, length) = (self.extent.offset(), self.extent.length());
        let path = escaped(&self.path);
        format!("device={device} inode={inode} size={size} offset={offset} length={length} path={path}\n")
    }

    /// Reads the line without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let damaged = || "its second line is damaged".to_owned();
        let text = std::str::from_utf8(line).map_err(|_| damaged())?;
        let mut words = text.split(' ');
        let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
        let mut number = |name| value(name).and_then(decimal).ok_or_else(damaged);
        let id = FileId { device: number("device")?, inode: number("inode")? };
        let (size, offset, length) = (number("size")?, number("offset")?, number("length")?);
        let path = value("path").and_then(unescaped).ok_or_else(damaged)?;
        if words.next().is_some() {
            return Err(damaged());
        }
        let fits = ByteRange::new(offset, Some(length)).is_ok() && i64::try_from(size).is_ok();
        let extent = Extent::new(offset, length);
        if fits { Ok(Self { id, size, extent, path }) } else { Err(damaged()) }
    }
}

/// Digits alone, as they are written: no sign, no leading zero.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'%' | 0..=b' ' | 0x7f.. => {
                // Writing into a string cannot fail.
                let _ = write!(text, "%{byte:02x}");
            }
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

fn unescaped(text: &str) -> Option<PathBuf> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    Some(PathBuf::from(sys::os_str(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(path: &str, size: u64, offset: u64, length: u64) -> Header {
        let id = FileId { device: 64768, inode: 7 };
        Header { id, size, extent: Extent::new(offset, length), path: path.into() }
    }

    #[test]
    fn what_is_written_is_read() {
        for state in [State::Started, State::Patched(0), State::Patched(u32::MAX), State::Undone] {
            let line = state.line();
            assert_eq!(line.len() as u64, STATE_BYTES);
            assert_eq!(State::parse(line.as_bytes()), Ok(state));
        }
        assert_eq!(sum_line(0xab).len() as u64, SUM_BYTES);
        assert_eq!(parse_sum(sum_line(0xab).as_bytes()), Ok(0xab));
        for path in ["/srv/table.db", "a b%c\n", "größe", ""] {
            let header = header(path, 4096, 16, 5);
            let line = header.line();
            assert!(line.is_ascii() && line.lines().count() == 1);
            assert_eq!(Header::parse(line.trim_end_matches('\n').as_bytes()), Ok(header));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let good = "device=1 inode=2 size=3 offset=1 length=1 path=/x";
        assert!(Header::parse(good.as_bytes()).is_ok());
        for (from, to) in [
            ("size=3", "size=9223372036854775808"),
            ("size=3", "size=99999999999999999999"),
            ("size=3", "size=-3"),
            ("size=3", "size=03"),
            ("size=3", "size=+3"),
            ("offset=1", "offset=9223372036854775807"),
            ("length=1", "length=18446744073709551615"),
            ("length=1 ", ""),
            ("path=/x", "path=/x y"),
            ("path=/x", "path=%4"),
            ("path=/x", "path=%zz"),
            ("device", "Device"),
        ] {
            let bad = good.replace(from, to);
            assert!(Header::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        for bad in ["", "mmapio-backup 2 started 00000000\n", "mmapio-backup 1 started 00000001\n"] {
            assert!(State::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_parsers(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let (_, _, _) = (State::parse(&line), Header::parse(&line), parse_sum(&line));
        }

        #[test]
        fn every_header_comes_back(size in 0..=i64::MAX as u64, offset in 0..1_u64 << 62, length in 0..1_u64 << 62, path in "\\PC{0,20}") {
            let header = header(&path, size, offset, length);
            let line = header.line();
            prop_assert_eq!(Header::parse(line.trim_end_matches('\n').as_bytes()), Ok(header.clone()));
            prop_assert!(header.kept().end() <= size.max(offset));
        }

        #[test]
        fn a_header_with_a_changed_byte_is_another_one(at in 0_usize..60, byte in any::<u8>()) {
            let header = header("/srv/table.db", 4096, 16, 5);
            let mut line = header.line().trim_end_matches('\n').as_bytes().to_vec();
            let at = at % line.len();
            let changed = line[at] != byte;
            line[at] = byte;
            prop_assert_eq!(changed, Header::parse(&line) != Ok(header));
        }
    }
}
