//! `mmapio map --write`, `--fill`, `--copy-from`, `--undo`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Patching: through a shared mapping, written back, read again and compared.
#[derive(Debug, Args)]
#[command(next_help_heading = "Patching")]
pub(crate) struct Patch {
    /// Write at OFFSET what --hex, --text or --from gives.
    ///
    /// Blocks are allocated first (fallocate(2)), so that a full disk is an error before the first byte is written. The bytes go through
    /// a shared mapping in windows of 8 MiB; each is written back (msync(2)), read again and compared. Where the filesystem has no
    /// fallocate, pwrite(2) is used instead, and that is said.
    ///
    /// Nothing of it is atomic: who reads the file meanwhile may see some of the new bytes, and when the machine dies in between, new
    /// and old bytes may stand side by side. --backup restores the old ones in either case.
    #[arg(long, value_name = "OFFSET", groups = ["mode", "changing"], requires = "content", value_parser = mmapio_core::parse_size)]
    pub(crate) write: Option<u64>,

    /// Bytes as hexadecimal digits; spaces between them, and 0x before them, are left out.
    #[arg(long, value_name = "DIGITS", group = "content", requires = "write", value_parser = digits)]
    pub(crate) hex: Option<Bytes>,

    /// Text.
    #[arg(long, value_name = "TEXT", group = "content", requires = "write")]
    pub(crate) text: Option<OsString>,

    /// The content of FILE; `-` is standard input, which is read to its end before anything is written.
    #[arg(long, value_name = "FILE", group = "content", requires = "write", value_hint = ValueHint::FilePath)]
    pub(crate) from: Option<PathBuf>,

    /// Fill the --range with this byte: 0 to 255, or 0x00 to 0xff.
    #[arg(long, value_name = "BYTE", groups = ["mode", "changing"], requires = "range", value_parser = byte)]
    pub(crate) fill: Option<u8>,

    /// Copy this part of the same file over the --range: OFFSET, for as many bytes as the range has.
    ///
    /// The two may overlap: what arrives is what was at OFFSET before.
    #[arg(long, value_name = "OFFSET", groups = ["mode", "changing"], requires = "range", value_parser = mmapio_core::parse_size)]
    pub(crate) copy_from: Option<u64>,

    /// Put back what --backup FILE kept.
    ///
    /// FILE must be whole, and of the very file that is named; that must be as the patch left it, unless --yes. After a patch that did
    /// not come to its end (a crash, Ctrl-C) the old bytes are put back whatever is there. A file that grew gets its old size.
    #[arg(long, value_name = "FILE", groups = ["mode", "changing"], conflicts_with_all = ["backup", "grow"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) undo: Option<PathBuf>,

    /// Let the file grow when the patch ends beyond its end.
    #[arg(long, requires = "changing", conflicts_with_all = ["create", "resize", "punch"])]
    pub(crate) grow: bool,

    /// Keep what is overwritten in FILE, which must not exist, for --undo.
    ///
    /// It is complete and on the storage before the first byte of the patch is written.
    #[arg(long, value_name = "FILE", requires = "changing", conflicts_with_all = ["create", "resize", "punch"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) backup: Option<PathBuf>,

    /// Change nothing: show before and after, or what would become of size and blocks.
    #[arg(short = 'n', long, requires = "changing")]
    pub(crate) dry_run: bool,
}

impl Patch {
    /// Whether one of these was asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.write.is_some() || self.fill.is_some() || self.copy_from.is_some() || self.undo.is_some()
    }
}

/// Bytes that were written as digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// Reads bytes as hexadecimal digits: `cafe 00`, `0xCAFE00`.
fn digits(text: &str) -> Result<Bytes, String> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let word = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
        for digit in word.chars() {
            let value = digit.to_digit(16).and_then(|value| u8::try_from(value).ok());
            all.push(value.ok_or_else(|| format!("`{digit}` is no hexadecimal digit"))?);
        }
    }
    match all.as_chunks::<2>() {
        (pairs, []) if !pairs.is_empty() => {
            Ok(Bytes(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
        }
        ([], []) => Err("there must be at least two digits".to_owned()),
        _ => Err("each byte has two digits, and one is left".to_owned()),
    }
}

/// Reads a byte: decimal, or hexadecimal after 0x.
fn byte(text: &str) -> Result<u8, String> {
    let read = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u8::from_str_radix(digits, 16),
        Some(_) => "".parse(),
        None => text.parse(),
    };
    read.map_err(|_| "must be 0 to 255, or 0x00 to 0xff".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_bytes() {
        for (text, bytes) in [
            ("00", vec![0]),
            ("cafe", vec![0xca, 0xfe]),
            ("0xCA fe", vec![0xca, 0xfe]),
            (" 0x01 0X02 ", vec![1, 2]),
            ("c a f e", vec![0xca, 0xfe]),
        ] {
            assert_eq!(digits(text), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", " ", "0", "0x", "abc", "xy", "0x0x00", "+1", "ä0"] {
            assert!(digits(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_byte_is_a_number() {
        for (text, value) in [("0", 0), ("255", 255), ("0xff", 255), ("0X0a", 10), ("007", 7)] {
            assert_eq!(byte(text), Ok(value), "{text}");
        }
        for text in ["", "256", "-1", "0x100", "0x", "ff", "0x+1", "1.0"] {
            assert!(byte(text).is_err(), "{text} was taken");
        }
    }
}
