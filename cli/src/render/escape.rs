//! Names as a terminal may see them: nothing in them moves the cursor, changes the direction of text or hides.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

/// The path with control characters, characters that change the direction of text, invisible ones and bytes that are no
/// UTF-8 written as escapes: `\n`, `\u{202e}`, `\xff`.
pub(crate) fn path(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) => self::text(text),
        None => Cow::Owned(bytes(path.as_os_str())),
    }
}

/// The text with such characters written as escapes.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\')
        || !text.chars().any(is_treacherous)
    {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    push(&mut escaped, text);
    Cow::Owned(escaped)
}

/// The same of a text that may have been escaped already, in which a backslash is no sign of anything.
pub(crate) fn again(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push(character),
            character if is_treacherous(character) => escaped.extend(character.escape_default()),
            character => escaped.push(character),
        }
    }
    escaped
}

fn push(escaped: &mut String, text: &str) {
    for character in text.chars() {
        if is_treacherous(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
}

fn bytes(name: &OsStr) -> String {
    let mut escaped = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        push(&mut escaped, chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped
}

/// The backslash that escapes begin with, control characters, line and paragraph separators, marks and overrides of
/// direction, and what shows as nothing: joiners between letters are left, since scripts and emoji need them.
fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\\' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'
            | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_is_left() {
        for (name, shown) in [
            ("plain name.txt", "plain name.txt"),
            ("größe-日本.dat", "größe-日本.dat"),
            ("a\nb", "a\\nb"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("soft\u{ad}tag\u{e0041}", "soft\\u{ad}tag\\u{e0041}"),
            ("back\\slash", "back\\\\slash"),
        ] {
            assert_eq!(text(name), shown);
        }
    }

    #[test]
    fn what_is_escaped_already_stays() {
        for name in ["a\nb", "back\\slash", "\x1b[31m \u{202e}", "größe-日本.dat"] {
            assert_eq!(again(&text(name)), text(name));
        }
        assert_eq!(again("\x1b\\n"), "\\u{1b}\\n");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_shown() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(path(Path::new(OsStr::from_bytes(b"a\xff\x1bz\xc3"))), "a\\xff\\u{1b}z\\xc3");
    }
}
