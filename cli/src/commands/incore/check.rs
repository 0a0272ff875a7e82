//! What does not go together in `mmapio incore`, and the parser cannot know.

use std::path::Path;

use super::asked::wants_spread;
use crate::args::common::Format;
use crate::args::incore::{Incore, Show};
use crate::commands::paths::usage_error;

/// Ends the program where it was asked for what cannot be given: an option that would say nothing is refused, not ignored.
pub(super) fn check(arguments: &Incore) {
    let show = &arguments.show;
    let is_by_directory = arguments.directories.by_directory.is_some();
    let wrong = [
        (is_by_directory && show.format() == Format::Paths)
            .then_some("--by-directory is about sums: it has no place in --format paths"),
        (is_by_directory && wants_spread(show))
            .then_some("how residency is spread is told of files, not --by-directory"),
        (arguments.watch.watch.is_some() && wants_spread(show))
            .then_some("how residency is spread has no place in --watch"),
        processes(arguments),
        format(show),
        runs(show),
        metrics(show, is_by_directory || arguments.pictures.is_wanted()),
    ];
    if let Some(words) = wrong.into_iter().flatten().next() {
        usage_error("incore", words);
    }
}

/// Who uses a file is known only where that was asked, and of files alone.
fn processes(arguments: &Incore) -> Option<&'static str> {
    let is_wanted = arguments.show.columns.iter().flatten().any(|name| name == "processes");
    let is_known = arguments.in_use.is_wanted() && arguments.directories.by_directory.is_none();
    (is_wanted && !is_known).then_some("--columns processes needs --open or --pid, without --by-directory")
}

/// What some formats have no place for.
fn format(show: &Show) -> Option<&'static str> {
    match show.format() {
        Format::Paths | Format::Prometheus if wants_spread(show) => {
            Some("how residency is spread has no place in --format paths or prometheus")
        }
        Format::Paths if show.summary || show.total => {
            Some("--format paths (with --missing or --null, too) has no place for a total")
        }
        format if show.null && format != Format::Paths => {
            Some("--null is about paths: it needs --format paths, or none")
        }
        _ if show.textfile.as_deref() == Some(Path::new("-")) => {
            Some("--textfile is a file: on standard output metrics are --format prometheus")
        }
        format if show.textfile.is_some() && format != Format::Prometheus => {
            Some("--textfile is about metrics: it needs --format prometheus, or none")
        }
        _ => None,
    }
}

fn runs(show: &Show) -> Option<&'static str> {
    show.runs?;
    match show.format() {
        Format::Paths | Format::Prometheus => Some("--runs has no place in --format paths or prometheus"),
        Format::Table | Format::Csv if show.total => {
            Some("with --runs a total has no place but in --format ndjson or json")
        }
        _ => None,
    }
}

/// Metrics are of the total alone, unless a number of files is asked for; directories and pictures have rows, too.
fn metrics(show: &Show, has_rows: bool) -> Option<&'static str> {
    let has_rows = show.top.is_some() || has_rows;
    let is_about_rows = show.missing.is_some() || show.cached_only || show.sort.is_some() || show.reverse;
    (show.format() == Format::Prometheus && !has_rows && is_about_rows).then_some(
        "metrics are of the total alone: --missing, --cached-only, --sort and --reverse need --top N",
    )
}
