//! Medians, and how sure they are.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// Samples that are drawn anew for an interval.
const RESAMPLES: usize = 2000;

/// Between which numbers something is, with 95 % confidence.
pub(super) type Interval = (f64, f64);

/// What many runs of the same took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) min: f64,
    /// The median of the distances from the median.
    pub(super) mad: f64,
    /// Of the median.
    pub(super) ci95: Interval,
}

/// The middle of some numbers; of an even number the mean of both middle ones. None of nothing.
pub(super) fn median(numbers: &[f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let mut numbers = numbers.to_vec();
    let middle = numbers.len() / 2;
    let is_odd = numbers.len() % 2 == 1;
    // Sorting all of it would take minutes of thousands of runs that are drawn thousands of times.
    let (below, upper, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp).filter(|_| !is_odd) {
        None => Some(*upper),
        Some(lower) => Some(f64::midpoint(lower, *upper)),
    }
}

impl Summary {
    /// None of nothing.
    pub(super) fn of(numbers: &[f64], seed: u64) -> Option<Self> {
        let middle = median(numbers)?;
        let distances: Vec<f64> = numbers.iter().map(|number| (number - middle).abs()).collect();
        let mut drawn = Vec::with_capacity(numbers.len());
        let ci95 = bootstrap(numbers.len(), seed, |indices| {
            drawn.clear();
            drawn.extend(indices.iter().filter_map(|at| numbers.get(*at)));
            median(&drawn)
        });
        let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        Some(Self { median: middle, min, mad: median(&distances)?, ci95: ci95.unwrap_or((middle, middle)) })
    }
}

/// How a median compares with another's, of runs in the same rounds: a round that was slow for all of them is so for both, which is why
/// rounds are drawn and not runs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Ratio {
    pub(super) ratio: f64,
    #[serde(rename = "ratio_ci95")]
    pub(super) ci95: Interval,
}

impl Ratio {
    /// Of `ours` to `theirs`; none of nothing.
    pub(super) fn of(ours: &[f64], theirs: &[f64], seed: u64) -> Option<Self> {
        let rounds = ours.len().min(theirs.len());
        let ratio = median(ours.get(..rounds)?)? / median(theirs.get(..rounds)?)?;
        let ci95 = bootstrap(rounds, seed, |indices| {
            let drawn = |of: &[f64]| indices.iter().filter_map(|at| of.get(*at).copied()).collect::<Vec<_>>();
            Some(median(&drawn(ours))? / median(&drawn(theirs))?)
        });
        Some(Self { ratio, ci95: ci95.unwrap_or((ratio, ratio)) })
    }

    /// Whether the two differ: no less can be said of it than that.
    pub(super) fn is_certain(&self) -> bool {
        self.ci95.0 > 1.0 || self.ci95.1 < 1.0
    }
}

/// The interval in which 95 % of the results lie when rounds are drawn anew, with repetition. Of fewer than three nothing can be said.
fn bootstrap(rounds: usize, seed: u64, mut of: impl FnMut(&[usize]) -> Option<f64>) -> Option<Interval> {
    if rounds < 3 {
        return None;
    }
    let mut random = SmallRng::seed_from_u64(seed);
    let mut indices = vec![0; rounds];
    let mut results = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        indices.iter_mut().for_each(|at| *at = random.random_range(0..rounds));
        results.push(of(&indices)?);
    }
    middle_95(results)
}

/// The interval of the ratio of the median of `ours` to that of `theirs`, when they were not measured in the same rounds: each is drawn
/// anew by itself. None of fewer than three of either.
pub(super) fn unpaired_interval(ours: &[f64], theirs: &[f64], seed: u64) -> Option<Interval> {
    if ours.len().min(theirs.len()) < 3 {
        return None;
    }
    let mut random = SmallRng::seed_from_u64(seed);
    let mut drawn = Vec::new();
    let mut median_of = |from: &[f64]| {
        drawn.clear();
        drawn.extend((0..from.len()).filter_map(|_| from.get(random.random_range(0..from.len()))));
        median(&drawn)
    };
    let ratios = (0..RESAMPLES).map(|_| Some(median_of(ours)? / median_of(theirs)?));
    middle_95(ratios.collect::<Option<_>>()?)
}

fn middle_95(mut results: Vec<f64>) -> Option<Interval> {
    results.sort_by(f64::total_cmp);
    let cut = results.len() / 40;
    Some((*results.get(cut)?, *results.get(results.len().checked_sub(cut + 1)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn an_interval_holds_the_median_and_narrows_with_more_runs() {
        let noisy = |count: usize| (0..count).map(|at| 100.0 + (at * 7919 % 41) as f64).collect::<Vec<_>>();
        let (few, many) = (Summary::of(&noisy(9), 1).unwrap(), Summary::of(&noisy(400), 1).unwrap());
        for summary in [&few, &many] {
            assert!(summary.ci95.0 <= summary.median && summary.median <= summary.ci95.1, "{summary:?}");
            assert!(summary.min <= summary.ci95.0);
        }
        assert!(many.ci95.1 - many.ci95.0 < few.ci95.1 - few.ci95.0, "{few:?} {many:?}");
    }

    #[test]
    fn drift_that_both_have_is_no_difference_and_no_doubt() {
        let drifting: Vec<f64> = (0..15).map(|at| 1.0 + at as f64).collect();
        let twice: Vec<f64> = drifting.iter().map(|time| time * 2.0).collect();
        let same = Ratio::of(&drifting, &drifting, 1).unwrap();
        assert!(!same.is_certain() && same.ratio == 1.0, "{same:?}");
        let double = Ratio::of(&twice, &drifting, 1).unwrap();
        assert!(double.is_certain() && double.ci95 == (2.0, 2.0), "{double:?}");
    }

    #[test]
    fn unpaired_runs_differ_only_where_both_say_so() {
        let noisy = |middle: f64| (0..21).map(|at| middle + f64::from(at * 7919 % 41)).collect::<Vec<_>>();
        let (low, high) = unpaired_interval(&noisy(100.0), &noisy(100.0), 1).unwrap();
        assert!(low < 1.0 && 1.0 < high, "{low} {high}");
        let (low, high) = unpaired_interval(&noisy(200.0), &noisy(100.0), 1).unwrap();
        assert!(low > 1.3 && high < 2.2, "{low} {high}");
        assert_eq!(unpaired_interval(&[1.0, 1.0], &noisy(1.0), 1), None);
        assert_eq!(unpaired_interval(&[2.0; 3], &[1.0; 9], 1), Some((2.0, 2.0)));
    }

    #[test]
    fn of_two_runs_nothing_is_certain() {
        assert!(!Ratio::of(&[1.0, 1.1], &[9.0, 9.1], 1).is_some_and(|ratio| ratio.ci95.0 < ratio.ci95.1));
        let summary = Summary::of(&[1.0, 2.0], 1).unwrap();
        assert_eq!(summary.ci95, (1.5, 1.5));
    }
}
