//! The lines of `/proc/PID/maps`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use crate::extent::Extent;
use crate::open::FileId;
use crate::process::{FileMapping, file_of};
use crate::sys;

/// What a line says: `START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) offset: u64,
    pub(super) permissions: &'a [u8],
    pub(super) id: FileId,
    pub(super) path: &'a [u8],
}

impl<'a> Line<'a> {
    /// Reads a line, without its newline; none when it is no such line.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let mut rest = line;
        let start = hexadecimal(field(&mut rest, b'-')?)?;
        let end = hexadecimal(field(&mut rest, b' ')?)?;
        let permissions = field(&mut rest, b' ')?;
        let offset = hexadecimal(field(&mut rest, b' ')?)?;
        let major = u32::try_from(hexadecimal(field(&mut rest, b':')?)?).ok()?;
        let minor = u32::try_from(hexadecimal(field(&mut rest, b' ')?)?).ok()?;
        let inode = decimal(field(&mut rest, b' ').unwrap_or_else(|| std::mem::take(&mut rest)))?;
        let id = FileId { device: sys::device(major, minor), inode };
        Some(Self { start, end, offset, permissions, id, path: rest.trim_ascii_start() })
    }

    fn permits(&self, letter: u8) -> bool {
        self.permissions.contains(&letter)
    }
}

/// What comes before the next `end`, which is left out.
fn field<'a>(rest: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    let at = rest.iter().position(|byte| *byte == end)?;
    let (field, after) = (rest.get(..at)?, rest.get(at + 1..)?);
    *rest = after;
    Some(field)
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    number(digits, 16)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    number(digits, 10)
}

fn number(digits: &[u8], base: u32) -> Option<u64> {
    let digit = |byte: &u8| char::from(*byte).to_digit(base);
    let add = |number: u64, digit: u32| number.checked_mul(base.into())?.checked_add(digit.into());
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| add(number, digit(byte)?))
}

/// Reads the mappings of one process after the other.
#[derive(Debug, Default)]
pub(super) struct MapsReader {
    line: Vec<u8>,
    /// The last path, which the lines of a file's segments share.
    path: Option<Arc<Path>>,
    /// The name of the process whose mappings are made one by one.
    command: Option<Arc<str>>,
}

impl MapsReader {
    /// Shows each file mapping of the process whose inode is wanted.
    pub(super) fn read(
        &mut self,
        pid: u32,
        wanted: impl Fn(u64) -> bool,
        mut see: impl FnMut(FileMapping),
    ) -> io::Result<()> {
        let mut text = BufReader::new(File::open(file_of(pid, "maps"))?);
        let mut command = None;
        while read_line(&mut text, &mut self.line)? {
            // Without an inode it is memory of the process's own.
            let line = Line::parse(&self.line).filter(|line| line.id.inode != 0 && wanted(line.id.inode));
            if let Some(line) = line {
                let command = command.get_or_insert_with(|| name_of(pid));
                let path = shared_path(&mut self.path, line.path);
                see(mapping(pid, Arc::clone(command), &line, path));
            }
        }
        Ok(())
    }

    /// The mapping of a line, of which the process is known: its name is read once.
    pub(super) fn mapping(&mut self, pid: u32, line: &Line<'_>) -> FileMapping {
        let command = Arc::clone(self.command.get_or_insert_with(|| name_of(pid)));
        mapping(pid, command, line, shared_path(&mut self.path, line.path))
    }
}

/// Reads a line without its newline, into the room of the last one; false at the end.
pub(super) fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    text.read_until(b'\n', line)?;
    let is_there = !line.is_empty();
    line.pop_if(|byte| *byte == b'\n');
    Ok(is_there)
}

fn mapping(pid: u32, command: Arc<str>, line: &Line, path: Arc<Path>) -> FileMapping {
    FileMapping {
        pid,
        command,
        address: line.start,
        extent: Extent::new(line.offset, line.end.saturating_sub(line.start)),
        readable: line.permits(b'r'),
        writable: line.permits(b'w'),
        shared: line.permits(b's'),
        path,
        id: line.id,
    }
}

pub(super) fn name_of(pid: u32) -> Arc<str> {
    let name = std::fs::read(file_of(pid, "comm")).unwrap_or_default();
    String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into()
}

/// The path in a line, which is the last one most of the time.
fn shared_path(last: &mut Option<Arc<Path>>, text: &[u8]) -> Arc<Path> {
    if let Some(last) = last.as_ref().filter(|last| last.as_os_str().as_encoded_bytes() == text) {
        return Arc::clone(last);
    }
    let path: Arc<Path> = Path::new(sys::os_str(&with_newlines(text))).into();
    Arc::clone(last.insert(path))
}

/// The kernel writes a newline in a name as `\012`, and no other character in a way of its own.
fn with_newlines(text: &[u8]) -> Vec<u8> {
    const NEWLINE: &[u8] = b"\\012";
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let newline = rest.strip_prefix(NEWLINE);
        path.push(if newline.is_some() { b'\n' } else { *byte });
        rest = newline.unwrap_or(after);
    }
    path
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODE: &[u8] =
        b"5641b001e000-5641b0023000 r-xp 00002000 fe:00 247030                     /usr/bin/cat";

    #[test]
    fn a_line_is_taken_apart() {
        let expected = Line {
            start: 0x5641_b001_e000,
            end: 0x5641_b002_3000,
            offset: 0x2000,
            permissions: b"r-xp",
            id: FileId { device: 0xfe00, inode: 247_030 },
            path: b"/usr/bin/cat",
        };
        assert_eq!(Line::parse(CODE), Some(expected));
        let mapping = mapping(7, "cat".into(), &expected, Path::new("/usr/bin/cat").into());
        assert_eq!((mapping.pid, mapping.extent), (7, Extent::new(0x2000, 0x5000)));
        assert_eq!((mapping.readable, mapping.writable, mapping.shared), (true, false, false));
    }

    #[test]
    fn large_numbers_are_kept() {
        let line =
            b"ffff800000000000-fffffffffffff000 -w-s 7ffffffffffff000 fff:fffff 18446744073709551615 /x";
        let line = Line::parse(line).unwrap();
        assert_eq!((line.end, line.offset), (0xffff_ffff_ffff_f000, 0x7fff_ffff_ffff_f000));
        assert_eq!(line.id, FileId { device: 0xffff_ffff, inode: u64::MAX });
        let mapping = mapping(1, "".into(), &line, Path::new("/x").into());
        assert!(mapping.writable && mapping.shared && !mapping.readable);
        assert_eq!(mapping.extent.end(), i64::MAX.unsigned_abs());
    }

    #[test]
    fn memory_of_its_own_has_no_inode() {
        for line in [
            &b"55d0-55d1 rw-p 00000000 00:00 0                          [heap]"[..],
            b"7ffc-7ffd rw-p 00000000 00:00 0 ",
            b"7ffc-7ffd rw-p 00000000 00:00 0",
        ] {
            assert_eq!(Line::parse(line).unwrap().id.inode, 0);
        }
    }

    #[test]
    fn names_are_kept_with_all_that_is_in_them() {
        let path = |line: &[u8]| with_newlines(Line::parse(line).unwrap().path);
        assert_eq!(path(b"1-2 r--s 0 08:01 9    /a b  c (deleted)"), b"/a b  c (deleted)");
        assert_eq!(
            path(b"1-2 r--s 0 08:01 9    /two\\012lines\\040\\\\012\\01"),
            b"/two\nlines\\040\\\n\\01"
        );
        assert_eq!(path(b"1-2 r--s 0 08:01 9    /memfd:\xff\xfe"), b"/memfd:\xff\xfe");
        assert_eq!(path(b"1-2 r--s 0 08:01 9"), b"");
    }

    #[test]
    fn what_is_no_line_is_none() {
        let garbage: [&[u8]; 9] = [
            b"",
            b"Rss:                  24 kB",
            b"VmFlags: rd mr mw me lo",
            b"1-2 r--s 0 08:01",
            b"1-2 r--s 0 0801 9 /a",
            b"1- r--s 0 08:01 9 /a",
            b"1-2 r--s 0 08:01 9a /a",
            b"1-2 r--s 0 100000000:01 9 /a",
            b"11111111111111111-2 r--s 0 08:01 9 /a",
        ];
        for line in garbage {
            assert_eq!(Line::parse(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn lines_end_with_the_text() {
        let (mut text, mut line) = (&b"one\n\nlast"[..], Vec::new());
        let mut lines = Vec::new();
        while read_line(&mut text, &mut line).unwrap() {
            lines.push(line.clone());
        }
        assert_eq!(lines, [&b"one"[..], b"", b"last"]);
    }

    #[test]
    fn a_path_that_comes_again_is_kept_once() {
        let mut last = None;
        let first = shared_path(&mut last, b"/a");
        assert!(Arc::ptr_eq(&first, &shared_path(&mut last, b"/a")));
        assert_eq!(*shared_path(&mut last, b"/a\\012"), *Path::new("/a\n"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in proptest::collection::vec(any::<u8>(), 0..80), cut in 0..CODE.len()) {
            let _ = Line::parse(&text);
            let spliced: Vec<u8> = CODE[..cut].iter().chain(&text).copied().collect();
            let _ = Line::parse(&spliced).map(|line| with_newlines(line.path));
        }
    }
}
