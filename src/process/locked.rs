//! Which addresses a process has locked.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use crate::error::Result;
use crate::process::maps::{Line, read_line};
use crate::process::pages::is_locked;
use crate::process::{failed, file_of, is_gone, is_refused};

/// From the first address up to, not including, the second.
pub(crate) type Addresses = (u64, u64);

/// The address ranges that a process has locked (mlock(2)), ascending; those of a process that ended, or that is not ours to
/// look at, are none. Whoever asks about many mappings of a process asks once.
///
/// Source: `/proc/PID/smaps` where `/proc/PID/status` says that there are any, since a line of smaps costs a walk over page
/// tables.
pub(crate) fn locked_ranges(pid: u32) -> Result<Vec<Addresses>> {
    if !read(pid, "status", has_locked)? {
        return Ok(Vec::new());
    }
    read(pid, "smaps", ranges_in)
}

fn read<T: Default>(
    pid: u32,
    name: &str,
    parse: impl FnOnce(&mut BufReader<File>) -> io::Result<T>,
) -> Result<T> {
    let read = File::open(file_of(pid, name)).and_then(|file| parse(&mut BufReader::new(file)));
    match read {
        Err(error) if is_gone(&error) || is_refused(&error) => Ok(T::default()),
        read => read.map_err(|error| failed(pid, name, error)),
    }
}

/// Whether `VmLck` is more than nothing; a kernel process has no such line.
fn has_locked(status: &mut impl BufRead) -> io::Result<bool> {
    let mut line = Vec::new();
    while read_line(status, &mut line)? {
        if let Some(locked) = line.strip_prefix(b"VmLck:") {
            return Ok(locked.trim_ascii() != b"0 kB");
        }
    }
    Ok(false)
}

fn ranges_in(smaps: &mut impl BufRead) -> io::Result<Vec<Addresses>> {
    let (mut line, mut ranges, mut range) = (Vec::new(), Vec::new(), (0, 0));
    while read_line(smaps, &mut line)? {
        if let Some(mapping) = Line::parse(&line) {
            range = (mapping.start, mapping.end);
        } else if is_locked(&line) {
            ranges.push(range);
        }
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_locked_is_found() {
        let smaps = b"1000-3000 r--s 00000000 08:01 7 /a\nLocked: 8 kB\nVmFlags: rd lo \n\
                      3000-4000 r--s 00000000 08:01 7 /a\nVmFlags: rd \n5000-6000 rw-p 00000000 00:00 0 \nVmFlags: lo\n";
        assert_eq!(ranges_in(&mut &smaps[..]).unwrap(), [(0x1000, 0x3000), (0x5000, 0x6000)]);
    }

    #[test]
    fn whether_anything_is_locked_is_seen() {
        let has = |text: &[u8]| has_locked(&mut &*text).unwrap();
        assert!(has(b"Name:\ta\nVmLck:\t       4 kB\nVmPin:\t0 kB\n"));
        assert!(!has(b"Name:\ta\nVmLck:\t       0 kB\n"));
        assert!(!has(b"Name:\tkthreadd\n"));
    }
}
