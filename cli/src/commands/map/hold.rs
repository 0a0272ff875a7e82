//! `mmapio map --hold`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use mmapio_core::{Advice, AdviceCall, Error, Extent, MapOptions, Mapping, OpenFile};
use serde::Serialize;

use super::common::{self, Document};
use crate::args::duration;
use crate::args::map::Map;
use crate::args::map::facts::Format;
use crate::commands::paths::usage_error;
use crate::messages;
use crate::output::Exit;
use crate::render::escape;
use crate::render::records::PathField;

/// The record of a mapping that is held.
#[derive(Serialize)]
struct HeldRecord<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    path: PathField<'a>,
    pid: u32,
    address: u64,
    offset: u64,
    length: u64,
    populated: bool,
    locked: bool,
    advice: Option<&'a str>,
}

/// Runs it.
pub(crate) fn run(arguments: &Map) -> Result<Exit> {
    let path = common::file(arguments);
    let duration = duration(arguments)?;
    let advice = arguments.hold.advice.as_deref().map(advice);
    let mapping = map(arguments, path).map_err(|error| error.with_path(path))?;
    prepare(arguments, &mapping, advice).map_err(|error| error.with_path(path))?;
    let signals = Signals::listen()?;
    say(arguments, path, &mapping)?;
    let exit = signals.wait(duration);
    look_back(arguments, path, &mapping);
    Ok(exit)
}

/// Maps the range, which must begin in the file.
fn map(arguments: &Map, path: &Path) -> mmapio_core::Result<Mapping> {
    let (file, range) = (OpenFile::open(path)?, arguments.range.unwrap_or_default());
    let (offset, size) = (range.offset(), file.size());
    if offset > 0 && offset >= size {
        return Err(Error::range(format!("begins at {offset}, and the file ends at {size}")));
    }
    MapOptions::read().range(range).map(file)
}

/// How long; none is until a signal comes.
fn duration(arguments: &Map) -> Result<Option<Duration>> {
    let Some(text) = arguments.value(&arguments.hold.hold) else { return Ok(None) };
    match text.to_str().and_then(duration::parse) {
        Some(duration) => Ok(Some(duration)),
        None => usage_error("map", &format!("`{}` is no duration (examples: 30s, 5m, 1.5h)", text.display())),
    }
}

/// The advice, which must be one for mappings.
fn advice(name: &str) -> &'static Advice {
    match Advice::find(name).filter(|advice| advice.carried_by(AdviceCall::Madvise).is_some()) {
        Some(advice) => advice,
        None => usage_error("map", &format!("{name} is no advice about a mapping: `mmapio advise` gives it")),
    }
}

fn prepare(arguments: &Map, mapping: &Mapping, advice: Option<&Advice>) -> mmapio_core::Result<()> {
    if let Some(advice) = advice {
        mapping.advise(advice, Extent::new(0, mapping.len()))?;
    }
    if arguments.hold.lock {
        mapping.lock()?;
    }
    if arguments.hold.populate {
        mapping.populate()?;
    }
    Ok(())
}

fn say(arguments: &Map, path: &Path, mapping: &Mapping) -> Result<Exit> {
    let extent = mapping.extent();
    let record = HeldRecord {
        r#type: "held",
        path: PathField(path),
        pid: std::process::id(),
        address: mapping.as_ptr().addr() as u64,
        offset: extent.offset(),
        length: extent.length(),
        populated: arguments.hold.populate || arguments.hold.lock,
        locked: arguments.hold.lock,
        advice: arguments.hold.advice.as_deref(),
    };
    match arguments.facts.format {
        Format::Table => common::print(&text(path, &record)),
        Format::Json => Document::print(record),
        Format::Ndjson => common::print(&common::lines([record])?),
    }
}

fn text(path: &Path, record: &HeldRecord<'_>) -> String {
    let (pid, address, offset, length) = (record.pid, record.address, record.offset, record.length);
    let locked = if record.locked { ", locked" } else { "" };
    let path = escape::path(path);
    format!("{path}: process {pid} holds {length} bytes from offset {offset} at {address:#x}{locked}\n")
}

/// Says what became of the file meanwhile.
fn look_back(arguments: &Map, path: &Path, mapping: &Mapping) {
    let size = mapping.file().and_then(|file| file.file().metadata().ok()).map(|metadata| metadata.len());
    let is_regular = mapping.file().is_some_and(|file| file.kind() == mmapio_core::FileKind::Regular);
    let was = mapping.file().map(OpenFile::size);
    if let (Some(size), Some(was), true, false) = (size, was, is_regular, arguments.facts.quiet)
        && size < was
    {
        messages::warning(&format!("{}: was truncated from {was} to {size} bytes meanwhile", path.display()));
    }
}

/// Signals that end the waiting. Listened to before anything is said, so that none is lost.
#[cfg(target_os = "linux")]
struct Signals(std::sync::mpsc::Receiver<i32>);

#[cfg(target_os = "linux")]
impl Signals {
    fn listen() -> Result<Self> {
        use crate::interrupt::Ignored;
        use anyhow::Context;
        use signal_hook::consts::{SIGINT, SIGTERM};
        let ignored = Ignored::now();
        let wanted = [SIGINT, SIGTERM].into_iter().filter(|signal| !ignored.has(*signal));
        let mut signals = signal_hook::iterator::Signals::new(wanted).context("signals")?;
        let (sender, came) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if sender.send(signal).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(came))
    }

    /// Sleeps until a signal comes or the time is over.
    fn wait(&self, duration: Option<Duration>) -> Exit {
        let came = match duration {
            Some(duration) => self.0.recv_timeout(duration).ok(),
            None => self.0.recv().ok(),
        };
        match came {
            Some(signal_hook::consts::SIGINT) => Exit::Interrupted,
            Some(_) => Exit::Terminated,
            None => Exit::Done,
        }
    }
}

/// A signal ends the process as it would any other.
#[cfg(not(target_os = "linux"))]
struct Signals;

#[cfg(not(target_os = "linux"))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    fn wait(&self, duration: Option<Duration>) -> Exit {
        std::thread::sleep(duration.unwrap_or(Duration::MAX));
        Exit::Done
    }
}
