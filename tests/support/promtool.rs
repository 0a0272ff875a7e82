//! Metrics as Prometheus' own tool sees them.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Outcome, Skip};

/// What Prometheus' own tool says: nothing.
pub(crate) fn promtool(metrics: &str) -> Outcome {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = spawned else { return Err(Skip("no promtool (Debian's package prometheus)".into())) };
    tool.stdin.take().expect("piped").write_all(metrics.as_bytes()).expect("it reads");
    let said = tool.wait_with_output().expect("it ends");
    let text = [said.stdout, said.stderr].concat();
    assert!(said.status.success() && text.is_empty(), "{}\n{metrics}", String::from_utf8_lossy(&text));
    Ok(())
}
