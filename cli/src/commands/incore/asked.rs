//! What was asked of `mmapio incore`, in the words of what does it.

use mmapio_core::ProbeChoice;

use crate::args::common::Format;
use crate::args::incore::{Incore, ProbeArg, Show};
use crate::commands::directories::{self, ByDirectory};
use crate::commands::formats;
use crate::commands::order::Order;
use crate::commands::report::Shown;
use crate::commands::scan::{Strip, Task};
use crate::render::columns::Verb;
use crate::render::spread;

/// What is printed, and how.
pub(super) fn shown(arguments: &Incore) -> Shown {
    let show = &arguments.show;
    Shown {
        verb: Verb::Incore,
        format: show.format(),
        columns: formats::columns(show.columns.as_deref()),
        runs: show.runs.is_some(),
        directories: by_directory(arguments).is_some(),
        exact: show.exact,
        ascii: show.ascii,
        spread: wants_spread(show),
        in_use: arguments.in_use.is_wanted(),
        null: show.null,
    }
}

/// Whether only the total is written.
pub(super) fn is_sum(show: &Show) -> bool {
    show.summary || (show.format() == Format::Prometheus && show.top.is_none())
}

/// Whether how residency is spread is wanted: by the option, or by the name of one of its columns.
pub(super) fn wants_spread(show: &Show) -> bool {
    let mut named = show.columns.iter().flatten().chain(&show.sort);
    show.histogram || named.any(|name| spread::COLUMNS.contains(&&**name))
}

/// The directories that are wanted as rows: with the total alone there are none.
pub(super) fn by_directory(arguments: &Incore) -> Option<ByDirectory> {
    let (show, wanted) = (&arguments.show, &arguments.directories);
    let is_table = show.format() == Format::Table;
    let usual = (!arguments.messages.verbose && show.top.is_none()).then(directories::usual_fold).flatten();
    Some(ByDirectory {
        depth: wanted.by_directory.filter(|_| !show.summary)?,
        fold: wanted.fold.or(usual).filter(|_| is_table),
        strip: strip(show),
    })
}

/// Whether rows must be kept to the end, or can be written as they come.
pub(super) fn task(show: &Show) -> Task {
    let streams = matches!(show.format(), Format::Ndjson | Format::Csv | Format::Paths);
    let strip = strip(show);
    match show.runs {
        Some(which) => Task::WriteRuns(which),
        None if is_sum(show) => Task::Sum,
        None if streams && show.sort.is_none() && show.top.is_none() && !show.reverse => {
            Task::Write { strip }
        }
        None => Task::Keep { strip },
    }
}

impl From<ProbeArg> for ProbeChoice {
    fn from(probe: ProbeArg) -> Self {
        match probe {
            ProbeArg::Auto => Self::Auto,
            ProbeArg::Cachestat => Self::Cachestat,
            ProbeArg::Mincore => Self::Mincore,
        }
    }
}

/// The strip that is wanted, where there is one: in tables unless other columns were chosen.
pub(super) fn strip(show: &Show) -> Strip {
    let drawn = match &show.columns {
        Some(names) => names.iter().any(|name| name == "map"),
        None => show.format() == Format::Table,
    };
    Strip { parts: if drawn { strip_width() } else { 0 }, ascii: show.ascii }
}

/// A fifth of the terminal, so that numbers and names have room; the same everywhere else.
fn strip_width() -> usize {
    const ELSEWHERE: usize = 20;
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.map_or(ELSEWHERE, |width| (width / 5).clamp(4, 40))
}

/// The order of rows.
pub(super) fn order(show: &Show, shown: &Shown) -> Order {
    Order::new(show.sort.as_deref(), show.top.is_some() || shown.directories, show.reverse)
}
