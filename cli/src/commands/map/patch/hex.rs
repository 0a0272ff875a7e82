//! Bytes before and after, as lines of hexadecimal digits.

use std::fmt::Write;

/// Bytes in a line.
const WIDTH: usize = 16;

/// Lines of bytes from `offset` on: those that stay once, those that change twice, `-` before and `+` after.
pub(super) fn before_and_after(offset: u64, before: &[u8], after: &[u8]) -> String {
    let mut text = String::new();
    let (mut old, mut new, mut at) = (before.chunks(WIDTH), after.chunks(WIDTH), offset);
    loop {
        match (old.next(), new.next()) {
            (None, None) => return text,
            (Some(old), Some(new)) if old == new => line(&mut text, ' ', at, old),
            (old, new) => {
                let mut one = |sign, bytes: Option<&[u8]>| {
                    if let Some(bytes) = bytes {
                        line(&mut text, sign, at, bytes);
                    }
                };
                one('-', old);
                one('+', new);
            }
        }
        at = at.saturating_add(WIDTH as u64);
    }
}

fn line(text: &mut String, sign: char, offset: u64, bytes: &[u8]) {
    let mut digits = String::with_capacity(3 * WIDTH);
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(digits, " {byte:02x}");
    }
    let shown = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    let characters: String = bytes.iter().map(shown).collect();
    let width = 3 * WIDTH;
    let _ = writeln!(text, "{sign} {offset:08x} {digits:<width$}  |{characters}|");
}

/// Bytes as digits alone, for records.
pub(super) fn digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown_twice() {
        let mut after = [b'a'; 18];
        after[17] = 0;
        let text = before_and_after(4096, &[b'a'; 17], &after);
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0][0], "00001000");
        assert_eq!(lines[1], ["-", "00001010", "61", "|a|"]);
        assert_eq!(lines[2], ["+", "00001010", "61", "00", "|a.|"]);
        assert_eq!(before_and_after(0, &[], b"x").lines().count(), 1);
    }
}
