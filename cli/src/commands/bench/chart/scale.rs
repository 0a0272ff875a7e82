//! The scale of throughputs: from nothing to the fastest, with round numbers.

use crate::render::table::size;

/// More ticks than there are, besides that at 0.
const MOST: f64 = 6.0;

/// From 0 to somewhat more than the largest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    largest: f64,
}

impl Scale {
    /// For all of these; what is no number is left out.
    pub(super) fn of(rates: impl Iterator<Item = f64>) -> Self {
        let largest = rates.filter(|rate| rate.is_finite()).fold(0.0, f64::max);
        Self { largest: if largest > 0.0 { largest } else { 1.0 } }
    }

    /// Where a rate is, from 0 to 1.
    pub(super) fn share(self, rate: f64) -> f64 {
        if rate.is_finite() { (rate / self.largest).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Round numbers of bytes a second, from 0 on.
    pub(super) fn ticks(self) -> Vec<f64> {
        let step = step(self.largest);
        std::iter::successors(Some(0.0), |at| Some(at + step)).take_while(|at| *at <= self.largest).collect()
    }
}

/// The smallest round step that makes few ticks; each of them is a round number in its own unit.
fn step(largest: f64) -> f64 {
    const STEPS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 256.0, 512.0];
    let units = (0..6).map(|power| 1024_f64.powi(power));
    let mut steps = units.flat_map(|unit| STEPS.map(|step| step * unit));
    steps.find(|step| largest / step < MOST).unwrap_or(largest)
}

/// A round number as the scale has it.
pub(super) fn label(rate: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a round number of bytes")]
    let text = size(rate.round() as u64, false);
    match text.split_once(' ') {
        Some(("0", _)) => "0".to_owned(),
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}/s", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text + "/s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_a_few_round_ticks() {
        for power in 0..330_u32 {
            let largest = 1.13_f64.powi(i32::try_from(power).unwrap());
            let ticks = Scale::of([largest, f64::NAN, -1.0].into_iter()).ticks();
            assert!((2..=7).contains(&ticks.len()), "{largest}: {ticks:?}");
            assert!(ticks.iter().all(|tick| *tick <= largest), "{ticks:?}");
            // 1.25 GiB/s is as many digits as a tick has.
            let digits = |label: &str| label.chars().filter(char::is_ascii_digit).count();
            assert!(ticks.iter().all(|tick| digits(&label(*tick)) <= 4), "{ticks:?}");
        }
    }

    #[test]
    fn labels_have_no_digits_that_say_nothing() {
        for (rate, text) in
            [(0.0, "0"), (512.0, "512 B/s"), (1024.0 * 102.4, "102.4 KiB/s"), (1024.0, "1 KiB/s")]
        {
            assert_eq!(label(rate), text);
        }
        assert_eq!(label(500.0 * 1024.0 * 1024.0), "500 MiB/s");
    }

    #[test]
    fn nothing_is_outside() {
        let scale = Scale::of([2.0, 4.0].into_iter());
        for (rate, share) in [(1.0, 0.25), (4.0, 1.0), (9.0, 1.0), (-1.0, 0.0), (f64::INFINITY, 0.0)] {
            assert_eq!(scale.share(rate), share);
        }
        assert_eq!(Scale::of(std::iter::empty()).share(0.0), 0.0);
    }
}
