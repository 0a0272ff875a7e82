//! One run of one strategy: the same accesses as all others, timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mmapio_core::{Content, Error, OpenFile, Plan, Usage, Work, WritePlan, page_size};
use serde::{Deserialize, Serialize};

use super::hand::{Hand, Way};
use super::pattern::Accesses;
use super::room::Need;
use crate::interrupt::Interrupt;

/// A strategy with a size of block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contender {
    pub(super) way: Way,
    pub(super) block: usize,
}

/// What a run took. Times are in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Sample {
    pub(super) round: u64,
    /// All of it, from opening to unmapping, with one pass over what is read.
    pub(super) seconds: f64,
    /// Until the first access could begin, from when there was memory to read into.
    pub(super) setup: f64,
    /// The first access.
    pub(super) first: f64,
    /// Of it, waiting at the end until what was written is on the storage.
    #[serde(default)]
    pub(super) sync: f64,
    /// A second pass over the same, through the same descriptor or mapping: not in `seconds`.
    pub(super) again: f64,
    /// Closing and unmapping.
    pub(super) teardown: f64,
    pub(super) user: f64,
    pub(super) system: f64,
    pub(super) minor_faults: u64,
    pub(super) major_faults: u64,
    /// What the device gave, read ahead, too.
    pub(super) device_bytes: Option<u64>,
    /// What the device was given, or will be.
    #[serde(default)]
    pub(super) written_bytes: Option<u64>,
    /// Of what was read; of what was written it is that of what was read back.
    pub(super) checksum: u64,
    /// Percent of what is read that was in memory.
    pub(super) resident_before: Option<f64>,
    pub(super) resident_after: Option<f64>,
}

/// What is to be done in a run.
pub(super) struct Task<'a> {
    pub(super) file: &'a Arc<OpenFile>,
    pub(super) contender: Contender,
    pub(super) accesses: &'a Accesses,
    pub(super) threads: usize,
    pub(super) work: Work,
    /// What is written, and after how many accesses it is to be on the storage: always at the end.
    pub(super) content: Content,
    pub(super) sync_every: Option<usize>,
    /// Whether the single accesses are timed, too.
    pub(super) timed: bool,
    pub(super) interrupt: &'a Interrupt,
}

/// What a run came to, and how long single accesses took.
pub(super) type Run = (Sample, Option<Histogram<u64>>);

/// One thread's part.
struct Part {
    checksum: u64,
    first: Duration,
    sync: Duration,
    start: Instant,
    end: Instant,
    latencies: Option<Histogram<u64>>,
    /// Not ended by Ctrl-C.
    is_whole: bool,
}

/// Where the times of accesses go, where they are wanted.
type Times = Option<Histogram<u64>>;

/// The times of accesses in nanoseconds, to three digits, up to a minute.
pub(super) fn histogram() -> Option<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).ok()?;
    // Touches its memory, whose page faults would count as those of reading.
    histogram.reset();
    Some(histogram)
}

impl Task<'_> {
    /// Does it; none when Ctrl-C came.
    pub(super) fn run(&self) -> Result<Option<Run>, Error> {
        let (file, extent, block) = (Arc::clone(self.file), self.accesses.extent, self.block());
        match self.contender.way {
            Way::Read(strategy) => {
                let plan = Plan::new(file, extent, block, self.work);
                self.passes(|threads| plan.prepare(threads), || strategy.open(&plan), |parts| Ok(sum(parts)))
            }
            Way::Write(strategy) => {
                let plan = WritePlan::new(file, extent, block, self.content);
                let read_back = |_: &[Part]| plan.read_back(&self.accesses.places());
                self.passes(|threads| plan.prepare(threads), || strategy.open(&plan), read_back)
            }
        }
    }

    fn passes<H: Hand>(
        &self,
        prepare: impl Fn(usize) -> Result<(), Error>,
        open: impl Fn() -> Result<H, Error>,
        checksum: impl Fn(&[Part]) -> Result<u64, Error>,
    ) -> Result<Option<Run>, Error> {
        let threads = self.threads.min(self.accesses.offsets.len());
        self.need(threads).require()?;
        prepare(threads)?;
        let times = (0..threads).map(|_| self.timed.then(histogram).flatten()).collect();
        let before = Usage::now()?;
        let start = Instant::now();
        let mut hands = vec![open()?];
        while hands.len() < threads {
            let another = hands.first().map(Hand::fork).transpose()?;
            hands.extend(another);
        }
        let setup = start.elapsed();
        let parts = self.pass(&mut hands, times)?;
        let used = Usage::now()?.since(&before);
        let again = self.pass(&mut hands, vec![None; threads])?;
        hands.iter().try_for_each(Hand::verify)?;
        if parts.iter().chain(&again).any(|part| !part.is_whole) {
            return Ok(None);
        }
        if sum(&again) != sum(&parts) {
            return Err(Error::range("the same bytes read twice were others: the file changes"));
        }
        let end = Instant::now();
        drop(hands);
        let teardown = end.elapsed();
        let checksum = checksum(&parts)?;
        let seconds = setup + duration(&parts) + teardown;
        let sample = Sample {
            seconds: seconds.as_secs_f64(),
            setup: setup.as_secs_f64(),
            first: parts.first().map_or(0.0, |part| part.first.as_secs_f64()),
            sync: parts.iter().map(|part| part.sync).max().map_or(0.0, |sync| sync.as_secs_f64()),
            again: duration(&again).as_secs_f64(),
            teardown: teardown.as_secs_f64(),
            user: used.user.as_secs_f64(),
            system: used.system.as_secs_f64(),
            minor_faults: used.minor_faults,
            major_faults: used.major_faults,
            device_bytes: used.device_bytes,
            written_bytes: used.written_bytes,
            checksum,
            ..Sample::default()
        };
        Ok(Some((sample, merged(parts))))
    }

    fn need(&self, threads: usize) -> Need {
        let is_mapped = self.contender.way.is_mapped();
        let mapped = if is_mapped { self.accesses.extent.length() } else { 0 };
        Need { threads: threads as u64, block: self.block() as u64, mapped }
    }

    /// No more is asked for than there is, or buffers would be larger than the file.
    fn block(&self) -> usize {
        let page = usize::try_from(page_size()).unwrap_or(4096);
        let length = usize::try_from(self.accesses.extent.length()).unwrap_or(usize::MAX);
        self.contender.block.min(length.checked_next_multiple_of(page).unwrap_or(length))
    }

    /// Each thread has its share: of a file in order a piece of it.
    fn pass<H: Hand>(&self, hands: &mut [H], times: Vec<Times>) -> Result<Vec<Part>, Error> {
        let offsets = &self.accesses.offsets;
        let share = offsets.len().div_ceil(hands.len().max(1)).max(1);
        if let [hand] = hands {
            let times = times.into_iter().next().flatten();
            return Ok(vec![self.share(hand, offsets, times)?]);
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> = hands
                .iter_mut()
                .zip(offsets.chunks(share))
                .zip(times)
                .map(|((hand, offsets), times)| {
                    let share = move || self.share(hand, offsets, times);
                    std::thread::Builder::new().spawn_scoped(scope, share)
                })
                .collect();
            let failed = |error| Error::system("clone", error);
            threads
                .into_iter()
                .map(|thread| {
                    thread.map_err(failed)?.join().unwrap_or_else(|_| Err(Error::range("a thread failed")))
                })
                .collect()
        })
    }

    fn share<H: Hand>(&self, hand: &mut H, offsets: &[u64], times: Times) -> Result<Part, Error> {
        let (block, end) = (self.block(), self.accesses.extent.end());
        // Often enough for a slow device, and seldom enough to cost nothing.
        let seldom = ((1 << 20) / block).clamp(1, 64);
        let sync_every = self.sync_every.unwrap_or(usize::MAX);
        let mut latencies = times;
        let mut part = Part::begun();
        let mut last = part.start;
        for (at, offset) in offsets.iter().enumerate() {
            if at % seldom == 0 && self.interrupt.came() {
                return Ok(part);
            }
            let length = usize::try_from(end.saturating_sub(*offset)).map_or(block, |left| left.min(block));
            part.checksum = part.checksum.wrapping_add(hand.access(*offset, length)?);
            if (at + 1) % sync_every == 0 {
                hand.sync()?;
            }
            if at == 0 {
                part.first = part.start.elapsed();
            }
            if let Some(latencies) = &mut latencies {
                let now = Instant::now();
                latencies.saturating_record(nanoseconds(now - last));
                last = now;
            }
        }
        let done = Instant::now();
        hand.sync()?;
        let end = Instant::now();
        Ok(Part { end, sync: end - done, latencies, is_whole: true, ..part })
    }
}

impl Part {
    fn begun() -> Self {
        let (start, none) = (Instant::now(), Duration::ZERO);
        Self { checksum: 0, first: none, sync: none, start, end: start, latencies: None, is_whole: false }
    }
}

/// How long a pass took: of several threads, from where the first began to where the last ended.
fn duration(parts: &[Part]) -> Duration {
    let start = parts.iter().map(|part| part.start).min();
    let end = parts.iter().map(|part| part.end).max();
    start.zip(end).map_or(Duration::ZERO, |(start, end)| end.saturating_duration_since(start))
}

fn sum(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.wrapping_add(part.checksum))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1)
}

fn merged(parts: Vec<Part>) -> Option<Histogram<u64>> {
    let mut all = None;
    for latencies in parts.into_iter().filter_map(|part| part.latencies) {
        match &mut all {
            None => all = Some(latencies),
            // Both have the same bounds, so that nothing can be lost.
            Some(all) => drop(Histogram::add(all, latencies)),
        }
    }
    all
}

/// What timing an access adds to it, in seconds.
pub(super) fn overhead() -> f64 {
    const TURNS: u32 = 100_000;
    let Some(mut latencies) = histogram() else { return 0.0 };
    let start = Instant::now();
    let mut last = start;
    for _ in 0..TURNS {
        let now = Instant::now();
        latencies.saturating_record(nanoseconds(now - last));
        last = now;
    }
    start.elapsed().as_secs_f64() / f64::from(TURNS)
}
