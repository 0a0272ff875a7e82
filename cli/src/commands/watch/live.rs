//! The live view: waits for what happens, and draws.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Pace;
use super::events::{Event, Events, Found};
use super::header;
use super::job::{self, Job};
use super::keys::Action;
use super::model::{Model, Wanted};
use super::screen::{self, Size};
use super::sorting::Sorting;
use super::terminal::Terminal;
use crate::args::incore::Incore;
use crate::commands::look::Subject;
use crate::commands::report::is_coloured;
use crate::commands::scan::{Strip, Task};
use crate::messages;
use crate::output::{Exit, Output};
use crate::render::columns::Verb;
use crate::render::escape;
use crate::render::table::Look;

/// Draws until a key or a signal ends it, or all rounds are over; what is left then is a line that says how it went.
pub(super) fn run(arguments: &Incore, subject: Subject, pace: Pace) -> Result<Exit> {
    let model = model(arguments, &subject);
    let strip = Strip { parts: 0, ascii: false };
    let task = if arguments.show.summary { Task::Sum } else { Task::Keep { strip } };
    let events = Events::listen(subject, task).context("sigaction")?;
    let output = Output::stdout(Vec::new())?;
    let (terminal, job) = (Terminal::new(&output, is_coloured()), Job::new());
    let mut session = Session { model, terminal, job, events, pace, start: Instant::now(), due: None };
    let end = session.go_on();
    let Session { model, mut terminal, .. } = session;
    terminal.leave();
    finish(end?, &model, &output, arguments.messages.quiet)
}

/// Why it ends.
enum End {
    Asked,
    /// All rounds are over.
    Over,
    Signal(i32),
}

/// The terminal is as it was: says how it went, and ends as the signal would.
fn finish(end: End, model: &Model, output: &Output, quiet: bool) -> Result<Exit> {
    if let Some(line) = header::farewell(model).filter(|_| !job::is_in_background()) {
        // Where nobody reads any more nothing is missed.
        let _ = output.write(line.as_bytes());
    }
    match end {
        End::Asked => Ok(Exit::Done),
        End::Over => {
            model.errors.iter().filter(|_| !quiet).for_each(|error| messages::shown_error(error));
            Ok(if model.errors.is_empty() { Exit::Done } else { Exit::SomeFailed })
        }
        End::Signal(signal_hook::consts::SIGINT) => Ok(Exit::Interrupted),
        End::Signal(signal_hook::consts::SIGTERM) => Ok(Exit::Terminated),
        End::Signal(other) => {
            signal_hook::low_level::emulate_default_handler(other)?;
            Ok(Exit::SomeFailed)
        }
    }
}

fn model(arguments: &Incore, subject: &Subject) -> Model {
    let show = &arguments.show;
    let names: Vec<_> = subject.paths.iter().take(100).map(|path| escape::path(path)).collect();
    let wanted = Wanted {
        names: names.join(" "),
        look: Look { exact: show.exact, color: is_coloured(), ascii: show.ascii, verb: Verb::Incore },
        ascii: show.ascii,
        top: show.top.map_or(usize::MAX, std::num::NonZeroUsize::get),
        cached_only: show.cached_only,
        summary: show.summary,
    };
    let usual = if show.top.is_some() { "resident_bytes" } else { "path" };
    Model::new(wanted, Sorting::new(show.sort.as_deref().unwrap_or(usual), show.reverse))
}

/// A view that goes on.
struct Session<'a> {
    model: Model,
    terminal: Terminal<'a>,
    job: Job,
    events: Events,
    pace: Pace,
    start: Instant,
    /// When the next look is due; none while one is under way.
    due: Option<Instant>,
}

/// Longer than anybody watches.
const FOREVER: Duration = Duration::from_secs(1 << 32);
/// In the background it is not stopped before this: who ends a job that is stopped lets it go on, too, and the signal that is to
/// end it is heard of by then.
const GRACE: Duration = Duration::from_millis(500);

impl Session<'_> {
    fn go_on(&mut self) -> Result<End> {
        self.look()?;
        loop {
            self.show()?;
            if let Some(end) = self.wait()? {
                return Ok(end);
            }
        }
    }

    /// Waits until something has to be drawn, or it ends.
    fn wait(&mut self) -> Result<Option<End>> {
        loop {
            if self.job.waits() {
                return self.wait_for_turn();
            }
            let due = self.due.filter(|_| !self.model.is_paused);
            let left = due.map_or(FOREVER, |due| due.saturating_duration_since(Instant::now()));
            match self.next_event(left)? {
                Some(event) => return self.take(event),
                None => self.look()?,
            }
        }
    }

    /// In the background nothing new is looked at: it stops, unless something ends it.
    fn wait_for_turn(&mut self) -> Result<Option<End>> {
        if let Some(event) = self.next_event(GRACE)? {
            return self.take(event);
        }
        if !self.job.waits() {
            return Ok(None);
        }
        Job::stop().context("SIGTTOU")?;
        // It goes on, of which SIGCONT tells.
        match self.next_event(GRACE)? {
            Some(event) => self.take(event),
            None => {
                self.job.does_not_stop();
                Ok(None)
            }
        }
    }

    /// What happens next, unless nothing does for so long.
    fn next_event(&self, wait: Duration) -> Result<Option<Event>> {
        match self.events.happened.recv_timeout(wait) {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("nothing can happen any more"),
        }
    }

    fn look(&mut self) -> Result<()> {
        self.due = None;
        if !self.events.look() {
            bail!("the thread that looks has ended");
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<Option<End>> {
        match event {
            Event::Key(Action::Quit) => return Ok(Some(End::Asked)),
            Event::Key(Action::Interrupt) => return Ok(Some(End::Signal(signal_hook::consts::SIGINT))),
            Event::Key(Action::Suspend) => self.suspend()?,
            Event::Key(Action::Redraw) => {
                // It goes on, perhaps later than it was waited for: whether it stops is to be found out anew.
                self.job = Job::new();
                self.terminal.doubt();
            }
            Event::Key(action) => self.model.act(action),
            Event::Resized => {}
            Event::Signal(signal) => return Ok(Some(End::Signal(signal))),
            Event::Looked(found) => self.found(*found)?,
            Event::Closed(error) => return Err(error).context("the terminal's keys: read"),
        }
        // A round comes with a look, or with the key after which the view goes on.
        Ok(self.pace.is_over(self.model.rounds).then_some(End::Over))
    }

    fn found(&mut self, found: Found) -> Result<()> {
        let Found { merged, began, ended } = found;
        self.model.take(merged?, began.saturating_duration_since(self.start));
        self.due = Some(self.pace.next(began, ended));
        Ok(())
    }

    /// Stops until the shell lets it go on, and gives it its terminal meanwhile.
    fn suspend(&mut self) -> Result<()> {
        #[cfg(unix)]
        {
            self.terminal.leave();
            signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        }
        Ok(())
    }

    /// Draws, where it is its turn.
    fn show(&mut self) -> Result<()> {
        if self.job.waits() {
            return Ok(());
        }
        self.terminal.take()?;
        self.events.read_keys().context("a thread for keys")?;
        let size: Size = Terminal::size();
        self.model.fit(screen::room(&self.model, size));
        let lines = screen::draw(&self.model, size);
        self.terminal.draw(lines, size)
    }
}
