//! The strip: residency along a file, one character a part.

use mmapio_core::Part;

/// From nothing to everything; only a part that is wholly absent or wholly resident has the first or last one.
const EIGHTHS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = ['.', ',', ':', '-', '=', '+', '*', '%', '#'];

/// Draws the parts.
pub(crate) fn draw(parts: &[Part], ascii: bool) -> Box<str> {
    parts.iter().map(|part| character(level(part), ascii)).collect()
}

/// The character of a level; beyond the last one it is that of the unknown.
pub(crate) fn character(level: u8, ascii: bool) -> char {
    let levels = if ascii { &ASCII } else { &EIGHTHS };
    levels.get(usize::from(level)).copied().unwrap_or('?')
}

/// How full a part is, from 0 to 8.
pub(crate) fn level(part: &Part) -> u8 {
    match (part.resident.0, part.pages.0) {
        (0, _) => 0,
        (resident, pages) if resident >= pages => 8,
        (resident, pages) => u8::try_from(resident * 8 / pages).unwrap_or(0).clamp(1, 7),
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
