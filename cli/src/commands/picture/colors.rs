//! The colours of pictures. What they tell is told by form, too: dirty parts have a line below them, holes are but a line.

use crate::render::svg::{Color, Role};

/// From nothing to everything it is darker on light paper, and lighter on dark paper.
pub(super) const COLORS: [Color; 10] = [
    Color { class: "absent", light: "#dfe5eb", dark: "#262c36", role: Role::Fill },
    Color { class: "part1", light: "#b9d4f5", dark: "#173a68", role: Role::Fill },
    Color { class: "part2", light: "#8db8ee", dark: "#1d4f92", role: Role::Fill },
    Color { class: "part3", light: "#5f9be5", dark: "#2767bb", role: Role::Fill },
    Color { class: "part4", light: "#357fda", dark: "#3581df", role: Role::Fill },
    Color { class: "resident", light: "#0b5cc0", dark: "#62adff", role: Role::Fill },
    Color { class: "hole", light: "#848d97", dark: "#768390", role: Role::Fill },
    Color { class: "dirty", light: "#d1480b", dark: "#ffa657", role: Role::Fill },
    Color { class: "grid", light: "#dde3e9", dark: "#2b323b", role: Role::Stroke(10) },
    Color { class: "hatch", light: "#848d97", dark: "#768390", role: Role::Stroke(10) },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::svg::{COMMON, contrast};

    fn find(class: &str) -> &'static Color {
        COLORS.iter().chain(&COMMON).find(|color| color.class == class).unwrap()
    }

    #[test]
    fn what_says_something_is_seen_in_light_and_dark() {
        for (class, on, least) in [
            ("resident", "paper", 4.5),
            ("resident", "absent", 4.5),
            ("dirty", "paper", 4.5),
            ("hole", "paper", 3.0),
            ("hatch", "paper", 3.0),
            ("absent", "paper", 1.2),
        ] {
            let (color, on) = (find(class), find(on));
            for (this, on) in [(color.light, on.light), (color.dark, on.dark)] {
                assert!(contrast(this, on) >= least, "{class} {this}: {}", contrast(this, on));
            }
        }
    }

    #[test]
    fn more_in_memory_is_always_further_from_the_paper() {
        let scale = ["paper", "absent", "part1", "part2", "part3", "part4", "resident"].map(find);
        for look in [|color: &Color| color.light, |color: &Color| color.dark] {
            let from_paper: Vec<f64> =
                scale.iter().map(|color| contrast(look(color), look(scale[0]))).collect();
            assert!(from_paper.windows(2).all(|pair| pair[1] > pair[0] * 1.15), "{from_paper:?}");
        }
    }
}
