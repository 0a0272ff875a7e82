//! Pictures, rendered and looked at by a library.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a picture that cannot be looked at fails the test"
)]

use resvg::tiny_skia::{NonZeroRect, Pixmap, Rect, Transform};
use resvg::usvg;

/// The picture as a browser in the dark would have it: the renderer knows no media queries.
pub(crate) fn in_the_dark(text: &str) -> String {
    let query = "@media (prefers-color-scheme: dark) {";
    let (before, rest) = text.split_once(query).expect("a dark scheme");
    let (rules, after) = rest.split_once("\n}\n").expect("its end");
    format!("{before}{rules}\n{after}")
}

pub(crate) fn render(text: &str, with_fonts: bool) -> Pixmap {
    let tree = tree(text, with_fonts);
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).expect("some pixels");
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels
}

fn tree(text: &str, with_fonts: bool) -> usvg::Tree {
    let mut options = usvg::Options::default();
    if with_fonts {
        options.fontdb_mut().load_system_fonts();
    }
    usvg::Tree::from_str(text, &options).expect("a picture")
}

pub(crate) fn has_fonts() -> bool {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    !options.fontdb.is_empty()
}

/// How many pixels have exactly this colour.
pub(crate) fn count(pixels: &Pixmap, color: &str) -> usize {
    count_in(pixels, color, (0, 0, pixels.width(), pixels.height()))
}

/// The same between left, top, right and bottom.
pub(crate) fn count_in(
    pixels: &Pixmap,
    color: &str,
    (left, top, right, bottom): (u32, u32, u32, u32),
) -> usize {
    let part = |at: usize| u8::from_str_radix(&color[at..at + 2], 16).expect("a colour");
    let wanted = (part(1), part(3), part(5), 255);
    let all = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let found = all.filter_map(|(x, y)| pixels.pixel(x, y));
    found.filter(|pixel| (pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()) == wanted).count()
}

/// Demands that all text, of which there is so much, is inside of the picture and no text lies on another.
#[track_caller]
pub(crate) fn assert_text_is_apart(text: &str, least: usize) {
    let tree = tree(text, true);
    let mut boxes = Vec::new();
    gather(tree.root(), None, &mut boxes);
    assert!(boxes.len() > least, "{}", boxes.len());
    for (at, (one, words)) in boxes.iter().enumerate() {
        assert!(
            one.left() >= 0.0 && one.right() <= tree.size().width(),
            "{words} leaves the picture: {one:?}"
        );
        for (other, others) in &boxes[at + 1..] {
            assert!(one.intersect(other).is_none(), "{words:?} on {others:?}");
        }
    }
}

/// Where text is seen, within what it is clipped to.
fn gather(group: &usvg::Group, clip: Option<NonZeroRect>, boxes: &mut Vec<(Rect, String)>) {
    let own = group
        .clip_path()
        .and_then(|path| path.root().abs_bounding_box().transform(group.abs_transform())?.to_non_zero_rect());
    let clip = own.or(clip);
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => gather(group, clip, boxes),
            usvg::Node::Text(text) => {
                let words = text.chunks().iter().map(usvg::TextChunk::text).collect::<String>();
                let area = text.abs_bounding_box();
                let seen = clip.map_or(Some(area), |clip| clip.to_rect().intersect(&area));
                boxes.extend(seen.filter(|area| area.width() > 0.0).map(|area| (area, words)));
            }
            _ => {}
        }
    }
}
