//! The strip of pictures: along a file what is in memory, dirty, absent, or a hole.

use mmapio_core::{Pages, PicturePart};

/// How much of a part is in memory. Only a part that is wholly absent or wholly resident looks so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shade {
    /// Nothing, and there is nothing to be read from the storage either.
    Hole,
    Absent,
    /// Less than a quarter, and so on.
    Quarter,
    Half,
    Most,
    Nearly,
    Resident,
}

impl Shade {
    /// All that are drawn, in the order of how much is there.
    pub(crate) const ALL: [Self; 7] =
        [Self::Hole, Self::Absent, Self::Quarter, Self::Half, Self::Most, Self::Nearly, Self::Resident];

    /// Its class in pictures.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Absent => "absent",
            Self::Quarter => "part1",
            Self::Half => "part2",
            Self::Most => "part3",
            Self::Nearly => "part4",
            Self::Resident => "resident",
        }
    }

    fn of(part: &PicturePart) -> Self {
        match (part.resident.0, part.pages.0) {
            (0, pages) if part.holes == Some(Pages(pages)) => Self::Hole,
            (0, _) => Self::Absent,
            (resident, pages) if resident >= pages => Self::Resident,
            (resident, pages) => match u128::from(resident) * 4 / u128::from(pages) {
                0 => Self::Quarter,
                1 => Self::Half,
                2 => Self::Most,
                _ => Self::Nearly,
            },
        }
    }
}

/// Neighbouring parts that look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    shade: Shade,
    is_dirty: bool,
    parts: u16,
}

/// A strip, kept small: there is one for each file of a walk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heat {
    bands: Box<[Band]>,
    /// The pages that are neither in memory nor on the storage, where all parts tell.
    pub(crate) holes: Option<Pages>,
}

impl Heat {
    pub(crate) fn of(parts: &[PicturePart]) -> Self {
        let mut bands: Vec<Band> = Vec::new();
        for part in parts {
            let is_dirty = part.dirty.is_some_and(|dirty| dirty > Pages(0));
            let band = Band { shade: Shade::of(part), is_dirty, parts: 1 };
            match bands.last_mut() {
                Some(last) if (last.shade, last.is_dirty) == (band.shade, band.is_dirty) => last.parts += 1,
                _ => bands.push(band),
            }
        }
        let holes = parts.iter().try_fold(Pages(0), |sum, part| Some(sum + part.holes?));
        Self { bands: bands.into(), holes }
    }

    /// How many parts it has.
    pub(crate) fn parts(&self) -> u64 {
        self.bands.iter().map(|band| u64::from(band.parts)).sum()
    }

    /// Where it has this shade: the first part of each stretch, and the one after its last.
    pub(crate) fn shaded(&self, shade: Shade) -> Vec<(u64, u64)> {
        self.stretches(|band| band.shade == shade)
    }

    /// Where it is dirty.
    pub(crate) fn dirty(&self) -> Vec<(u64, u64)> {
        self.stretches(|band| band.is_dirty)
    }

    fn stretches(&self, is_one: impl Fn(&Band) -> bool) -> Vec<(u64, u64)> {
        let mut found: Vec<(u64, u64)> = Vec::new();
        let mut at = 0;
        for band in &self.bands {
            let (start, end) = (at, at + u64::from(band.parts));
            at = end;
            match found.last_mut() {
                _ if !is_one(band) => {}
                Some((_, last)) if *last == start => *last = end,
                _ => found.push((start, end)),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use mmapio_core::{ByteRange, OpenFile, ProbeChoice, Prober};

    use super::*;

    /// Parts of 100 pages: so many resident, dirty and in holes.
    fn heat(parts: &[(u64, u64, u64)]) -> Heat {
        // Only the core makes them.
        let file = OpenFile::open(std::env::current_exe().unwrap()).unwrap();
        let mut prober = Prober::new(&file, ProbeChoice::Auto);
        let part = prober.picture(ByteRange::WHOLE, 1).unwrap().1[0];
        let made = parts.iter().map(|(resident, dirty, holes)| {
            let mut part = part;
            part.pages = Pages(100);
            part.resident = Pages(*resident);
            (part.dirty, part.holes) = (Some(Pages(*dirty)), Some(Pages(*holes)));
            part
        });
        Heat::of(&made.collect::<Vec<_>>())
    }

    #[test]
    fn only_nothing_looks_like_nothing_and_only_everything_like_everything() {
        let shades = [
            ((0, 0, 100), Shade::Hole),
            ((0, 0, 99), Shade::Absent),
            ((1, 0, 99), Shade::Quarter),
            ((24, 0, 0), Shade::Quarter),
            ((25, 0, 0), Shade::Half),
            ((50, 0, 0), Shade::Most),
            ((75, 0, 0), Shade::Nearly),
            ((99, 0, 1), Shade::Nearly),
            ((100, 0, 0), Shade::Resident),
        ];
        for (part, shade) in shades {
            assert_eq!(heat(&[part]).shaded(shade), [(0, 1)], "{part:?}");
        }
    }

    #[test]
    fn neighbours_that_look_the_same_are_one() {
        let heat = heat(&[(100, 0, 0), (100, 0, 0), (100, 7, 0), (0, 0, 100), (100, 1, 0), (0, 0, 30)]);
        assert_eq!((heat.parts(), heat.bands.len(), heat.holes), (6, 5, Some(Pages(130))));
        assert_eq!(heat.shaded(Shade::Resident), [(0, 3), (4, 5)]);
        assert_eq!(heat.dirty(), [(2, 3), (4, 5)]);
        assert_eq!(heat.shaded(Shade::Absent), [(5, 6)]);
    }
}
