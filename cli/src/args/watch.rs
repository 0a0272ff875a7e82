//! Arguments of watching.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::common::at_least_one;
use super::duration;

/// Looking again and again.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct Watch {
    /// Look again every SECONDS [default: 1]: a live view on a terminal, else one ndjson record a round.
    ///
    /// SECONDS may be a fraction (0.2), or have a unit (500ms, 5m). Paths are walked anew each time, so that files come and go.
    /// Where looking takes long, the next round waits as long as the last one took. In the view `?` shows the keys; where TERM is
    /// dumb, and with --format ndjson, the records are written to the terminal, too. Both have the sum of all files; --top, --sort,
    /// --reverse and --cached-only are about the view.
    #[arg(long, value_name = "SECONDS", value_parser = interval)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    #[arg(conflicts_with_all = ["runs", "columns", "missing", "null", "textfile", "fail_under", "wait", "pid", "open", "svg", "html"])]
    #[arg(conflicts_with = "total")]
    pub(crate) watch: Option<Duration>,

    /// End after N rounds; else only `q` or a signal ends it.
    #[arg(long, value_name = "N", value_parser = at_least_one, requires = "watch")]
    pub(crate) rounds: Option<NonZeroUsize>,
}

/// The shortest time between two rounds.
const SHORTEST: Duration = Duration::from_millis(10);

fn interval(text: &str) -> Result<Duration, String> {
    match duration::parse_option(text)? {
        shorter if shorter < SHORTEST => Err("must be at least 10ms".to_owned()),
        interval => Ok(interval),
    }
}
