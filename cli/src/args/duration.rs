//! Durations as sleep(1) takes them.

use std::time::Duration;

/// Reads a number of seconds, or of what the suffix says; at most what a clock can add.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];
    let found = UNITS.iter().find_map(|(name, unit)| text.strip_suffix(name).map(|number| (number, *unit)));
    let (number, unit) = found.unwrap_or((text, 1.0));
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = number.parse::<f64>().ok().filter(|_| is_plain)? * unit;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| duration.as_secs() < 1 << 32)
}

/// The same for an option.
pub(crate) fn parse_option(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| "is no duration (examples: 30s, 5m, 1.5h)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_sleep() {
        for (text, seconds) in
            [("30", 30.0), ("30s", 30.0), ("5m", 300.0), ("1.5h", 5400.0), ("250ms", 0.25), ("1d", 86400.0)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "s", "-1", "1x", "1e3", "inf", "NaN", ".", "1 s", "99999999999d"] {
            assert_eq!(parse(text), None, "{text} was taken");
        }
    }
}
