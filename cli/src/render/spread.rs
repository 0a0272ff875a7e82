//! How residency is spread over a file, in words and as a small picture.

use mmapio_core::{Pages, Part, RunLengths, Spread, Total};
use serde::Serialize;

use super::row::Row;
use super::strip;

/// The columns that are about it: only rows that were asked for it have a value in them.
pub(crate) const COLUMNS: [&str; 8] = [
    "first_percent",
    "middle_percent",
    "last_percent",
    "runs",
    "shortest_run_bytes",
    "median_run_bytes",
    "longest_run_bytes",
    "run_lengths",
];

/// A third of a file.
pub(crate) fn third(row: &Row<'_>, at: usize) -> Option<Part> {
    row.spread.as_ref().and_then(|spread| nth(spread, at))
}

/// A third of all files together, where all of them are known.
pub(crate) fn third_of_total(total: &Total, at: usize) -> Option<Part> {
    total.whole()?;
    total.spread.as_ref().and_then(|spread| nth(spread, at))
}

fn nth(spread: &Spread, at: usize) -> Option<Part> {
    spread.thirds()?.get(at).copied()
}

/// The runs of a file.
pub(crate) fn lengths<'a>(row: &'a Row<'_>) -> Option<&'a RunLengths> {
    row.spread.as_ref().and_then(|spread| spread.lengths())
}

/// The runs of all files that are known.
pub(crate) fn lengths_of_total(total: &Total) -> Option<&RunLengths> {
    total.resident()?;
    total.spread.as_ref().and_then(|spread| spread.lengths())
}

/// A length in bytes.
pub(crate) fn bytes(pages: Option<Pages>) -> Option<u64> {
    pages.map(Pages::bytes)
}

/// Lengths and how many runs have them, drawn: the most frequent is highest, and nothing is none. `4K█ 16K▁ 8M▂`
pub(crate) fn drawn(lengths: &[(u64, u64)], ascii: bool) -> String {
    let Some(most) = lengths.iter().map(|(_, runs)| *runs).max() else { return "-".to_owned() };
    let one = |(bytes, runs): &(u64, u64)| {
        let part = Part { pages: Pages(most), resident: Pages(*runs) };
        format!("{}{}", short(*bytes), strip::character(strip::level(&part), ascii))
    };
    lengths.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The same in numbers: `4096:12 16384:1`.
pub(crate) fn words(lengths: &[(u64, u64)]) -> String {
    let one = |(bytes, runs): &(u64, u64)| format!("{bytes}:{runs}");
    lengths.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A power of two of bytes.
fn short(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    let bit = bytes.checked_ilog2().unwrap_or(0);
    format!("{}{}", 1 << (bit % 10), UNITS.get(bit as usize / 10).unwrap_or(&""))
}

/// Runs of a length.
#[derive(Serialize)]
pub(crate) struct LengthRecord {
    bytes: u64,
    runs: u64,
}

impl LengthRecord {
    pub(crate) fn all(lengths: &[(u64, u64)]) -> Vec<Self> {
        lengths.iter().map(|&(bytes, runs)| Self { bytes, runs }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_length_is_highest() {
        let page = mmapio_core::page_size();
        assert_eq!(drawn(&[], false), "-");
        let lengths = [(page, 16), (2 * page, 8), (2048 * page, 1)];
        let label = |pages| short(pages * page);
        assert_eq!(drawn(&lengths, false), format!("{}█ {}▄ {}▁", label(1), label(2), label(2048)));
        assert_eq!(drawn(&lengths, true), format!("{}# {}= {},", label(1), label(2), label(2048)));
        assert_eq!(words(&lengths), format!("{page}:16 {}:8 {}:1", 2 * page, 2048 * page));
        assert_eq!([4096, 1 << 20, 8 << 20, 1 << 63].map(short), ["4K", "1M", "8M", "8E"]);
    }
}
