//! Lists of ranges: what `mmapio incore --runs` prints, in any format, and lines of `OFFSET LENGTH PATH`.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mmapio_core::ByteRange;
use serde::Deserialize;

use super::paths::{self, path_from};

/// Ranges by the path of their file.
pub(crate) type RangeList = HashMap<PathBuf, Vec<ByteRange>>;

/// The states that ranges have in lists; a hole holds nothing to load.
const STATES: [&str; 3] = ["resident", "absent", HOLE];
const HOLE: &str = "hole";
/// Tables pad the state to this width.
const STATE_WIDTH: usize = 8;

/// A range's record, or another record of the same output.
#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "type")]
    kind: Option<String>,
    path: Option<String>,
    path_b64: Option<String>,
    offset: Option<u64>,
    length: Option<u64>,
    state: Option<String>,
    /// Of a whole document.
    version: Option<u64>,
    runs: Option<Vec<Record>>,
}

/// The version of documents that is understood.
const VERSION: u64 = 1;

/// Reads a list; `-` is standard input. A list of something else is an error: whoever forgot `--runs` should not believe
/// that there was nothing to load.
pub(crate) fn read(file: &Path) -> Result<RangeList> {
    let mut reader = paths::open(file)?;
    let named = || file.display().to_string();
    let mut list = RangeList::new();
    let first =
        reader.fill_buf().with_context(named)?.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    match first {
        Some(b'{') => read_json(reader, &mut list).with_context(named)?,
        _ => read_lines(reader, &mut list).with_context(named)?,
    }
    Ok(list)
}

fn read_json(reader: impl BufRead, list: &mut RangeList) -> Result<()> {
    let mut are_runs = false;
    for record in serde_json::Deserializer::from_reader(reader).into_iter::<Record>() {
        let record = record?;
        if record.version.is_some_and(|version| version != VERSION) {
            bail!("is a document of another version than {VERSION}");
        }
        are_runs |= record.runs.is_some() || record.kind.as_deref() == Some("run");
        for run in record.runs.iter().flatten().chain([&record]) {
            add_record(run, list)?;
        }
    }
    if !are_runs {
        bail!("has no ranges in it: list them with `mmapio incore --runs`");
    }
    Ok(())
}

/// Records of files, totals and errors are no ranges; those of ranges have all that it takes.
fn add_record(record: &Record, list: &mut RangeList) -> Result<()> {
    if record.kind.as_deref().is_some_and(|kind| kind != "run") {
        return Ok(());
    }
    let path = match (&record.path, &record.path_b64) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(encoded)) => path_from(STANDARD.decode(encoded).context("path_b64")?),
        (None, None) if record.kind.is_none() => return Ok(()),
        (None, None) => bail!("a run without a path"),
    };
    let (Some(offset), Some(length)) = (record.offset, record.length) else {
        bail!("{}: a run without offset or length", path.display());
    };
    add(list, path, offset, length, record.state.as_deref())
}

fn add(list: &mut RangeList, path: PathBuf, offset: u64, length: u64, state: Option<&str>) -> Result<()> {
    let range = ByteRange::new(offset, Some(length)).with_context(|| path.display().to_string())?;
    let ranges = list.entry(path).or_default();
    if length > 0 && state != Some(HOLE) {
        ranges.push(range);
    }
    Ok(())
}

/// Lines, with the state between length and path when their heading says so; or comma-separated values with their heading.
fn read_lines(mut reader: impl BufRead, list: &mut RangeList) -> Result<()> {
    let mut line = Vec::new();
    let (mut number, mut has_states) = (0_u64, false);
    while reader.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if number == 1 && text.starts_with(b"path,offset,length") {
            return read_csv(reader, list);
        }
        if word(text).0 == b"OFFSET" {
            has_states = text.windows(5).any(|word| word == b"STATE");
        } else if !is_blank(text) {
            add_line(text, has_states, list).with_context(|| format!("line {number}"))?;
        }
        line.clear();
    }
    Ok(())
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start(), [] | [b'#', ..])
}

fn add_line(line: &[u8], has_state: bool, list: &mut RangeList) -> Result<()> {
    let (offset, rest) = word(line);
    let (length, rest) = word(rest);
    let state = STATES.into_iter().find(|state| has_state && word(rest).0 == state.as_bytes());
    let path = match has_state {
        true => rest.get(1 + STATE_WIDTH + 1..).unwrap_or_default(),
        false => rest.get(1..).unwrap_or_default(),
    };
    match (number(offset), number(length), path.is_empty()) {
        (Some(offset), Some(length), false) if state.is_some() || !has_state => {
            add(list, path_from(path.to_vec()), offset, length, state)
        }
        _ => bail!("is not `OFFSET LENGTH PATH`: {}", String::from_utf8_lossy(line)),
    }
}

/// The first word, and what follows it: the blank after it, and whatever comes then.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    text.split_at(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len()))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn read_csv(reader: impl BufRead, list: &mut RangeList) -> Result<()> {
    for record in csv::ReaderBuilder::new().has_headers(false).from_reader(reader).byte_records() {
        let record = record?;
        let field = |at: usize| record.get(at).unwrap_or_default();
        let state = STATES.into_iter().find(|state| state.as_bytes() == field(3));
        match (number(field(1)), number(field(2))) {
            (Some(offset), Some(length)) => {
                add(list, path_from(field(0).to_vec()), offset, length, state)?;
            }
            _ => bail!("is no range: {record:?}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<RangeList> {
        let mut list = RangeList::new();
        match text.trim_start().starts_with('{') {
            true => read_json(text.as_bytes(), &mut list)?,
            false => read_lines(text.as_bytes(), &mut list)?,
        }
        Ok(list)
    }

    #[test]
    fn every_format_says_the_same() {
        let ranges = vec![ByteRange::new(0, Some(4096)).unwrap(), ByteRange::new(8192, Some(5)).unwrap()];
        let expected = RangeList::from([(PathBuf::from("a b.dat"), ranges)]);
        for text in [
            "0 4096 a b.dat\n8192 5 a b.dat\n",
            "# mine\n  OFFSET  LENGTH STATE    PATH\n   0  4096 resident a b.dat\n 4096 4096 hole     a b.dat\n 8192 5 absent   a b.dat",
            "path,offset,length,state\n\"a b.dat\",0,4096,resident\na b.dat,4096,4096,hole\na b.dat,8192,5,absent\n",
            "{\"type\":\"run\",\"path\":\"a b.dat\",\"offset\":0,\"length\":4096,\"state\":\"resident\"}\n{\"type\":\"run\",\"path_b64\":\"YSBiLmRhdA==\",\"offset\":8192,\"length\":5,\"state\":\"absent\"}\n{\"type\":\"total\",\"files\":1}",
            "{\"version\":1,\"files\":[],\"runs\":[{\"type\":\"run\",\"path\":\"a b.dat\",\"offset\":0,\"length\":4096,\"state\":\"resident\"},\n{\"type\":\"run\",\"path\":\"a b.dat\",\"offset\":8192,\"length\":5,\"state\":\"absent\"}],\"total\":{\"type\":\"total\"},\"errors\":[]}",
        ] {
            assert_eq!(list(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in [
            "x",
            "0 1",
            "0 1 ",
            "a 1 f",
            "0 -1 f",
            "9223372036854775807 5 f",
            "{\"type\":\"run\",\"offset\":1}",
            "{\"type\":\"file\",\"path\":\"f\"}",
            "{}",
            "{\"version\":2,\"runs\":[]}",
            "OFFSET LENGTH STATE PATH\n0 1 gone f",
            "{",
            "path,offset,length\nf,1\n",
        ] {
            assert!(list(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_file_with_nothing_to_load_is_still_named() {
        let table = "OFFSET LENGTH STATE PATH\n0 4096 hole     f";
        assert_eq!(list(table).unwrap(), RangeList::from([(PathBuf::from("f"), vec![])]));
        assert!(list("0 4096 hole f").unwrap().contains_key(Path::new("hole f")), "a name may begin so");
        assert!(list("0 4096  f").unwrap().contains_key(Path::new(" f")), "or with a blank");
    }
}
