//! The records of a search in the machine formats.

use std::path::Path;

use mmapio_core::Extent;
use serde::Serialize;

use super::context::Context;
use crate::commands::map::dump::bytes::hex;
use crate::render::records::PathField;

/// A find.
#[derive(Serialize)]
pub(super) struct FindRecord<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    offset: u64,
    length: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextRecord>,
}

/// What is around it.
#[derive(Serialize)]
struct ContextRecord {
    offset: u64,
    hex: String,
}

/// How many there are.
#[derive(Serialize)]
pub(super) struct TotalRecord<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    finds: u64,
}

impl<'a> FindRecord<'a> {
    pub(super) fn new(path: &'a Path, find: Extent, context: Option<&Context>) -> Self {
        let context = context.map(|context| ContextRecord {
            offset: context.offset,
            hex: context.bytes.iter().flat_map(|byte| hex(*byte)).map(char::from).collect(),
        });
        let (offset, length) = (find.offset(), find.length());
        Self { kind: "find", path: PathField(path), offset, length, context }
    }
}

impl<'a> TotalRecord<'a> {
    pub(super) fn new(path: &'a Path, finds: u64) -> Self {
        Self { kind: "total", path: PathField(path), finds }
    }
}
