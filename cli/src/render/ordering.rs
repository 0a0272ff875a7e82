//! The order of files by a column.

use std::cmp::Ordering;

use super::columns::{Column, Value};
use super::row::Row;

/// What comes first when files are sorted by a column of numbers: the larger ones, or the smaller ones in reverse; unknown
/// last in any case. None for columns of text.
pub(crate) fn numeric_key(column: &Column, reverse: bool, row: &Row<'_>) -> Option<u64> {
    let number = match column.of(row) {
        Value::Bytes(number) | Value::Count(number) | Value::Rate(number) => number,
        Value::Percent(share) => share.map(|share| u64::from(share.thousandths())),
        Value::Seconds(_)
        | Value::Text(_)
        | Value::Path(_)
        | Value::Remaining(_)
        | Value::Lengths(_)
        | Value::Users(_) => {
            return None;
        }
    };
    let turned = number.map(|number| if reverse { number } else { u64::MAX - 1 - number });
    Some(turned.unwrap_or(u64::MAX))
}

/// The order of two files by one column: numbers from the largest, text from A to Z, unknown last in any case.
pub(crate) fn compare(column: &Column, reverse: bool, a: &Row<'_>, b: &Row<'_>) -> Ordering {
    let turn = |order: Ordering| if reverse { order.reverse() } else { order };
    match (column.of(a), column.of(b)) {
        (Value::Bytes(a), Value::Bytes(b))
        | (Value::Count(a), Value::Count(b))
        | (Value::Rate(a), Value::Rate(b)) => unknown_last(a, b, |a, b| turn(b.cmp(&a))),
        (Value::Seconds(a), Value::Seconds(b)) => unknown_last(a, b, |a, b| turn(b.total_cmp(&a))),
        (Value::Percent(a), Value::Percent(b)) => unknown_last(a, b, |a, b| turn(b.cmp(&a))),
        (Value::Text(a), Value::Text(b)) => unknown_last(a, b, |a, b| turn(a.cmp(&b))),
        (Value::Path(a), Value::Path(b)) => turn(a.as_os_str().cmp(b.as_os_str())),
        _ => Ordering::Equal,
    }
}

/// What is known by its order, and what is unknown behind it.
pub(crate) fn unknown_last<T>(a: Option<T>, b: Option<T>, order: impl Fn(T, T) -> Ordering) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => order(a, b),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (None, None) => Ordering::Equal,
    }
}
