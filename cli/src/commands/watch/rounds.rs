//! One ndjson record a round.

use std::collections::HashSet;
use std::time::Instant;

use anyhow::{Context, Result};
use mmapio_core::Error;

use super::Pace;
use super::course::SumCourse;
use super::failed::FailedPaths;
use crate::commands::date;
use crate::commands::demand::sleep;
use crate::commands::look::Subject;
use crate::commands::report::{self, Merged};
use crate::commands::scan::Task;
use crate::interrupt::Interrupt;
use crate::messages;
use crate::output::{Exit, Output};
use crate::render::columns::Verb;
use crate::render::ndjson;
use crate::render::records::RoundRecord;

/// Writes them until all rounds are over, a signal comes, or nobody reads any more.
pub(super) fn run(subject: &Subject, pace: Pace, quiet: bool) -> Result<Exit> {
    let interrupt = Interrupt::listen().context("sigaction")?;
    let output = Output::stdout(Vec::new())?;
    let mut rounds = Rounds { start: None, done: 0, course: None, failed: Failures::default() };
    loop {
        let began = Instant::now();
        let time = date::now();
        let found = subject.look(Task::Sum, || interrupt.came())?;
        if let Some(exit) = interrupt.exit() {
            return Ok(exit);
        }
        let written = output.write(&rounds.record(&found, time, began));
        rounds.failed.say(&found.errors, quiet);
        if written.is_break() || pace.is_over(rounds.done) {
            return report::exit(found, &output);
        }
        if !sleep(pace.next(began, Instant::now()), &interrupt) {
            return Ok(interrupt.exit().unwrap_or(Exit::Done));
        }
    }
}

/// What was written so far.
struct Rounds {
    /// When the first began.
    start: Option<Instant>,
    done: usize,
    course: Option<SumCourse>,
    failed: Failures,
}

impl Rounds {
    /// The record of the next.
    fn record(&mut self, found: &Merged, time: Option<String>, began: Instant) -> Vec<u8> {
        let resident = found.total.resident();
        let failed = FailedPaths::of(&found.errors).paths();
        let course = match self.course.take() {
            None => SumCourse::new(resident, failed),
            Some(mut course) => {
                course.go_on(resident, failed);
                course
            }
        };
        self.done += 1;
        let mut line = Vec::new();
        let record = RoundRecord {
            verb: Verb::Incore,
            round: self.done as u64,
            time,
            seconds: began.saturating_duration_since(*self.start.get_or_insert(began)).as_secs_f64(),
            total: &found.total,
            change: course.since_last().pages(),
            change_since_start: course.since_start().pages(),
        };
        ndjson::line(&record, &mut line);
        self.course = Some(course);
        line
    }
}

/// What failed in the round before: it is said once, and again only when it was well meanwhile.
#[derive(Default)]
struct Failures(HashSet<String>);

impl Failures {
    fn say(&mut self, errors: &[Error], quiet: bool) {
        let before = std::mem::take(&mut self.0);
        for error in errors {
            let text = error.to_string();
            if !quiet && !before.contains(&text) {
                messages::path_error(error);
            }
            self.0.insert(text);
        }
    }
}
