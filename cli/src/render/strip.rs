//! The strip: residency along a file, one character a part.

use mmapio_core::{Pages, Part};

/// From nothing to everything; only a part that is wholly absent or wholly resident has the first or last one.
const EIGHTHS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = ['.', ',', ':', '-', '=', '+', '*', '%', '#'];

/// Draws the parts.
pub(crate) fn draw(parts: &[Part], ascii: bool) -> Box<str> {
    parts.iter().map(|part| character(level(part), ascii)).collect()
}

/// A bar: its whole width is `pages`, and as much of it is filled as is resident. What is dirty comes first, in a character of
/// its own as far as it fills cells, and one cell at least.
pub(crate) fn bar(width: usize, [pages, resident, dirty]: [Pages; 3], ascii: bool) -> Box<str> {
    if pages == Pages(0) {
        return Box::default();
    }
    let (levels, stained) = if ascii { (&ASCII, 'D') } else { (&EIGHTHS, '▓') };
    let filled = eighths(width, resident, pages);
    let most_stained = (eighths(width, dirty, pages) / 8).max(usize::from(dirty > Pages(0)));
    let cell = |at: usize| match filled.saturating_sub(at * 8).min(8) {
        8 if at < most_stained => stained,
        level => levels.get(level).copied().unwrap_or('?'),
    };
    (0..width).map(cell).collect()
}

/// The eighths of cells that a part fills: only nothing fills none, and only everything all.
fn eighths(width: usize, part: Pages, whole: Pages) -> usize {
    let all = width as u128 * 8;
    let filled = u128::from(part.0) * all / u128::from(whole.0.max(1));
    let least = u128::from(part > Pages(0));
    let most = if part >= whole { all } else { all.saturating_sub(1) };
    usize::try_from(filled.max(least).min(most)).unwrap_or(0)
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

    #[test]
    fn a_bar_is_as_full_as_the_directory() {
        let draw = |resident, dirty| bar(4, [Pages(1000), Pages(resident), Pages(dirty)], false);
        assert_eq!(&*draw(0, 0), "····");
        assert_eq!(&*draw(1, 1), "▁···");
        assert_eq!(&*draw(500, 0), "██··");
        assert_eq!(&*draw(625, 1), "▓█▄·");
        assert_eq!(&*draw(999, 500), "▓▓█▇");
        assert_eq!(&*draw(1000, 1000), "▓▓▓▓");
        assert_eq!(&*bar(4, [Pages(8), Pages(5), Pages(2)], true), "D#=.");
        assert_eq!(&*bar(4, [Pages(0); 3], false), "");
    }

    #[test]
    fn only_nothing_looks_like_nothing_and_only_everything_like_everything() {
        let part = |resident| Part { pages: Pages(1000), resident: Pages(resident) };
        let parts = [0, 1, 125, 499, 500, 999, 1000].map(part);
        assert_eq!(&*draw(&parts, false), "·▁▁▃▄▇█");
        assert_eq!(&*draw(&parts, true), ".,,-=%#");
    }
}
