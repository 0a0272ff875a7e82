//! The table of mounts, /proc/self/mountinfo (proc_pid_mountinfo(5)).

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// The number of its device; of filesystems without one a number that no device has.
    pub(super) device: String,
    pub(super) point: String,
    /// Of the mount, then of the filesystem.
    pub(super) options: String,
    pub(super) kind: String,
    pub(super) source: String,
}

/// The mount of this number.
pub(super) fn find(mountinfo: &str, id: u64) -> Option<Mount> {
    mountinfo.lines().filter_map(parse).find(|(found, _)| *found == id).map(|(_, mount)| mount)
}

/// `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard`, where there may be any number of words before the dash.
fn parse(line: &str) -> Option<(u64, Mount)> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let mut mount = mount.split(' ');
    let id = mount.next()?.parse().ok()?;
    let (device, point, options) = (mount.nth(1)?, mount.nth(1)?, mount.next()?);
    let mut filesystem = filesystem.split(' ');
    let (kind, source, more) = (filesystem.next()?, filesystem.next()?, filesystem.next().unwrap_or(""));
    let found = Mount {
        device: device.to_owned(),
        point: unescaped(point),
        options: unescaped(&joined(options, more)),
        kind: unescaped(kind),
        source: unescaped(source),
    };
    Some((id, found))
}

/// What the second has more than the first is added to it. A filesystem that could be written may be mounted so that it cannot.
fn joined(options: &str, more: &str) -> String {
    let has = |word: &str| options.split(',').any(|one| one == word);
    let more = more.split(',').filter(|word| !["", "rw"].contains(word) && !has(word));
    std::iter::once(options).chain(more).collect::<Vec<_>>().join(",")
}

/// Space, tab, newline, backslash and `#` are written as three octal digits.
fn unescaped(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or("").to_owned();
    for part in parts {
        match octal(part) {
            Some((letter, rest)) => text.extend([letter.encode_utf8(&mut [0; 4]), rest]),
            None => text.extend(["\\", part]),
        }
    }
    text
}

fn octal(part: &str) -> Option<(char, &str)> {
    let (digits, rest) = part.split_at_checked(3)?;
    let letter = u8::from_str_radix(digits, 8).ok().filter(u8::is_ascii)?;
    Some((char::from(letter), rest))
}
