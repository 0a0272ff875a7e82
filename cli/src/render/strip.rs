//! The strip: residency along a file, one character a part.

use mmapio_core::Part;

/// From nothing to everything; only a part that is wholly absent or wholly resident has the first or last one.
const EIGHTHS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = ['.', ',', ':', '-', '=', '+', '*', '%', '#'];

/// Draws the parts.
pub(crate) fn draw(parts: &[Part], ascii: bool) -> Box<str> {
    let levels = if ascii { &ASCII } else { &EIGHTHS };
    parts.iter().map(|part| levels.get(level(part)).copied().unwrap_or('?')).collect()
}

fn level(part: &Part) -> usize {
    match (part.resident.0, part.pages.0) {
        (0, _) => 0,
        (resident, pages) if resident >= pages => 8,
        (resident, pages) => usize::try_from(resident * 8 / pages).unwrap_or(0).clamp(1, 7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mmapio_core::Pages;

    #[test]
    fn only_nothing_looks_like_nothing_and_only_everything_like_everything() {
        let part = |resident| Part { pages: Pages(1000), resident: Pages(resident) };
        let parts = [0, 1, 125, 499, 500, 999, 1000].map(part);
        assert_eq!(&*draw(&parts, false), "·▁▁▃▄▇█");
        assert_eq!(&*draw(&parts, true), ".,,-=%#");
    }
}
