//! A scenario in the picture: a bar for each strategy, the fastest first.

use super::scale::{Scale, label};
use super::{INNER, MARGIN, WIDTH, short};
use crate::commands::bench::record::{Record, ScenarioRecord, StrategyRecord};
use crate::commands::bench::table::{rate, time};
use crate::render::svg::{Anchor, Area, Drawing, fitted, width};
use crate::render::table::size;

/// The height of a row, and of the bar in it.
const ROW: f64 = 25.0;
const BAR: f64 = 15.0;
/// Half the height of a whisker's ends.
const END: f64 = 4.0;
/// The size of the font in rows, as the class has it.
const FONT: f64 = 13.0;
/// Fewer runs, and there is no interval.
const LEAST_RUNS: usize = 3;

/// A scenario.
pub(super) struct Block {
    name: String,
    about: String,
    bars: Vec<Bar>,
    is_timed: bool,
}

/// A strategy in it. Rates are in bytes a second.
struct Bar {
    name: String,
    details: String,
    rate: f64,
    interval: Option<(f64, f64)>,
    earlier: Option<f64>,
    ratio: String,
    is_best: bool,
    /// The median access, and one that few are slower than.
    access: Option<(String, String)>,
}

/// Where what stands, the same in all scenarios.
pub(super) struct Columns {
    /// Where names end, and where bars begin and end.
    names: f64,
    bars: (f64, f64),
    /// Where numbers end.
    rate: f64,
    ratio: f64,
    p50: f64,
    p99: f64,
}

impl Columns {
    pub(super) fn of(blocks: &[Block]) -> Self {
        let bars = || blocks.iter().flat_map(|block| &block.bars);
        let widest = bars().map(|bar| width(&bar.name, FONT)).fold(60.0, f64::max).min(INNER / 4.0);
        let (names, right) = (MARGIN + widest, WIDTH - MARGIN);
        let (p99, p50) =
            if blocks.iter().any(|block| block.is_timed) { (right, right - 72.0) } else { (right, right) };
        let ratio = if p50 < right { p50 - 72.0 } else { right };
        let rate = ratio - 56.0;
        Self { names, bars: (names + 10.0, rate - 100.0), rate, ratio, p50, p99 }
    }

    fn at(&self, share: f64) -> f64 {
        let (start, end) = self.bars;
        start + share * (end - start)
    }
}

impl Block {
    pub(super) fn all(record: &Record) -> Vec<Self> {
        record.scenarios.iter().map(|scenario| Self::of(scenario, record)).collect()
    }

    fn of(scenario: &ScenarioRecord, record: &Record) -> Self {
        let mut sorted: Vec<&StrategyRecord> = scenario.strategies.iter().collect();
        sorted.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
        let fastest = sorted.first().copied();
        let bars = sorted.iter().map(|strategy| Bar::of(strategy, scenario, fastest, record));
        let (bytes, rounds) = (short(size(scenario.bytes, false)), scenario.rounds);
        let doubt = if rounds < LEAST_RUNS { ": too few to tell strategies apart" } else { "" };
        Self {
            name: short(scenario.name()),
            about: format!("{bytes} a run, {rounds} {}{doubt}", if rounds == 1 { "round" } else { "rounds" }),
            bars: bars.collect(),
            is_timed: scenario.strategies.iter().any(|strategy| strategy.access.is_some()),
        }
    }

    /// Draws it below `y`, and says where it ends.
    pub(super) fn draw(&self, columns: &Columns, y: f64, drawing: &mut Drawing) -> f64 {
        let scale = Scale::of(self.bars.iter().flat_map(Bar::rates));
        let top = self.heading(columns, y + 30.0, drawing);
        let bottom = top + ROW * self.bars.len() as f64;
        for tick in scale.ticks() {
            let x = columns.at(scale.share(tick));
            drawing.lines("grid", &[Some((x, top)), Some((x, bottom + 4.0))]);
            drawing.text("small faint", (x, bottom + 16.0), Anchor::Middle, &label(tick));
        }
        for (at, bar) in self.bars.iter().enumerate() {
            let middle = top + ROW * (at as f64 + 0.5);
            drawing.group(&bar.details, |drawing| bar.draw(scale, columns, middle, drawing));
        }
        bottom + 24.0
    }

    fn heading(&self, columns: &Columns, y: f64, drawing: &mut Drawing) -> f64 {
        drawing.text("heading ink", (MARGIN, y), Anchor::Start, &self.name);
        let beside = MARGIN + width(&self.name, 14.0) + 12.0;
        drawing.text("small faint", (beside, y), Anchor::Start, &self.about);
        let timed = [("p50", columns.p50), ("p99", columns.p99)];
        let timed = timed.into_iter().filter(|_| self.is_timed);
        for (heading, x) in [("median", columns.rate), ("× best", columns.ratio)].into_iter().chain(timed) {
            drawing.text("small faint", (x, y), Anchor::End, heading);
        }
        y + 8.0
    }
}

impl Bar {
    fn of(
        strategy: &StrategyRecord,
        scenario: &ScenarioRecord,
        fastest: Option<&StrategyRecord>,
        record: &Record,
    ) -> Self {
        let is_fastest = fastest.is_some_and(|fastest| std::ptr::eq(fastest, strategy));
        let is_known = strategy.samples.len() >= LEAST_RUNS;
        let is_best = is_fastest || (is_known && !strategy.to_best.is_certain());
        let of = |seconds: f64| strategy.bytes_per_second * strategy.time.median / seconds;
        let (low, high) = strategy.time.ci95;
        let name = short(strategy.name(scenario.block.is_none()));
        let earlier = record.comparison.as_ref().and_then(|comparison| {
            comparison.of(&scenario.pattern, &scenario.state, scenario.threads, strategy)
        });
        Self {
            details: details(&name, strategy, is_known),
            name,
            rate: strategy.bytes_per_second,
            interval: is_known.then(|| (of(high), of(low))),
            earlier: earlier.map(|change| change.old.bytes_per_second),
            ratio: ratio(strategy, is_fastest, is_known),
            is_best,
            access: strategy.access.as_ref().map(|access| (time(access.p50), time(access.p99))),
        }
    }

    /// All that the scale must have room for.
    fn rates(&self) -> impl Iterator<Item = f64> {
        let interval = self.interval.map(|(low, high)| [low, high]);
        std::iter::once(self.rate).chain(interval.into_iter().flatten()).chain(self.earlier)
    }

    fn draw(&self, scale: Scale, columns: &Columns, middle: f64, drawing: &mut Drawing) {
        let at = |rate| columns.at(scale.share(rate));
        let start = columns.bars.0;
        let area =
            Area { x: start, y: middle - BAR / 2.0, width: (at(self.rate) - start).max(1.0), height: BAR };
        drawing.rect(if self.is_best { "best" } else { "other" }, area, 2.0);
        if let Some((low, high)) = self.interval {
            whisker((at(low), at(high)), middle, drawing);
        }
        if let Some(rate) = self.earlier {
            earlier(at(rate), middle, drawing);
        }
        self.words(columns, middle + 4.5, drawing);
    }

    fn words(&self, columns: &Columns, y: f64, drawing: &mut Drawing) {
        let name = fitted(&self.name, FONT, columns.names - MARGIN);
        drawing.text("row ink", (columns.names, y), Anchor::End, &name);
        drawing.text("row ink", (columns.rate, y), Anchor::End, &rate(self.rate));
        drawing.text("row ink", (columns.ratio, y), Anchor::End, &self.ratio);
        if let Some((p50, p99)) = &self.access {
            drawing.text("row faint", (columns.p50, y), Anchor::End, p50);
            drawing.text("row faint", (columns.p99, y), Anchor::End, p99);
        }
    }
}

/// Where the interval has 1 in it, it is no other than the fastest.
fn ratio(strategy: &StrategyRecord, is_fastest: bool, is_known: bool) -> String {
    match strategy.to_best.is_certain() {
        _ if is_fastest => "best".to_owned(),
        _ if !is_known => "?".to_owned(),
        true => format!("{:.2}", strategy.to_best.ratio),
        false => "=".to_owned(),
    }
}

/// What is shown where it is pointed at.
fn details(name: &str, strategy: &StrategyRecord, is_known: bool) -> String {
    let (summary, runs) = (&strategy.time, strategy.samples.len());
    let interval = match is_known {
        true => format!(", 95 % interval {} to {}", time(summary.ci95.0), time(summary.ci95.1)),
        false => String::new(),
    };
    format!(
        "{name}: median {} of {runs} runs{interval}, shortest {}, median deviation {}",
        time(summary.median),
        time(summary.min),
        time(summary.mad)
    )
}

/// An interval, drawn so that it can be seen on a bar and beside it.
pub(super) fn whisker((low, high): (f64, f64), y: f64, drawing: &mut Drawing) {
    let end = |x: f64| [Some((x, y - END)), Some((x, y + END)), None];
    let points = [&end(low)[..], &end(high), &[Some((low, y)), Some((high, y))]].concat();
    drawing.lines("halo", &points);
    drawing.lines("whisker", &points);
}

/// What it was before.
pub(super) fn earlier(x: f64, y: f64, drawing: &mut Drawing) {
    let points = [Some((x, y - BAR / 2.0 - 2.0)), Some((x, y + BAR / 2.0 + 2.0))];
    drawing.lines("halo", &points);
    drawing.lines("earlier", &points);
}
