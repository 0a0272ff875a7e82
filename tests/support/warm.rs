//! `mmapio warm`, and what its records say.

use std::ffi::OsStr;

use serde_json::Value;

use super::command::{Incore, mmapio, number};

/// `mmapio warm` with ndjson as its output.
pub(crate) fn warm<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Incore {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    mmapio(["warm", "--format", "ndjson"].map(Into::into).into_iter().chain(args))
}

/// The pages that stayed as they were for this reason.
pub(crate) fn left(record: &Value, reason: &str) -> u64 {
    let remaining = record["remaining"].as_array().expect("a list");
    remaining.iter().filter(|left| left["reason"] == reason).map(|left| number(left, "pages")).sum()
}

/// The pages that stayed as they were.
pub(crate) fn all_left(record: &Value) -> u64 {
    let remaining = record["remaining"].as_array().expect("a list");
    remaining.iter().map(|left| number(left, "pages")).sum()
}

/// Demands counts that can be: no more is resident than there is, and no more changed or stayed than was asked for.
#[track_caller]
pub(crate) fn assert_adds_up(record: &Value) {
    assert!(number(record, "resident_pages") <= number(record, "pages"), "{record}");
    let told = number(record, "changed_pages") + all_left(record);
    assert!(told <= number(record, "requested_pages"), "{record}");
    assert!(number(record, "requested_pages") <= number(record, "pages"), "{record}");
}
