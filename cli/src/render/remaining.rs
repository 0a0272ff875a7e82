//! What an act left as it was, in words: `12 dirty, 3 mapped by 4711`.

use mmapio_core::Remaining;

/// As many processes are named.
const NAMED: usize = 4;

/// All of it in a line; nothing left is nothing said.
pub(crate) fn words(remaining: &[Remaining]) -> String {
    remaining.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn one(left: &Remaining) -> String {
    let processes: Vec<_> = left.processes.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if left.processes.len() > NAMED { " …" } else { "" };
    match processes.is_empty() {
        true => format!("{} {}", left.pages, left.reason),
        false => format!("{} {} by {}{more}", left.pages, left.reason, processes.join(" ")),
    }
}
