//! A line of the screen: pieces of text, each with its look.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a piece looks, where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Grown,
    Shrunk,
    Failed,
    /// What is sorted by.
    Chosen,
}

impl Style {
    /// Its parameter of `CSI … m`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Grown => "32",
            Self::Shrunk => "33",
            Self::Failed => "31",
            Self::Chosen => "7",
        }
    }
}

/// A piece of a line.
pub(super) type Piece = (Style, String);

/// What is between pieces.
const GAP: usize = 2;

/// A line that is no wider than it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    width: usize,
    room: usize,
}

impl Line {
    /// An empty line that may be so wide.
    pub(super) fn new(room: usize) -> Self {
        Self { pieces: Vec::new(), width: 0, room }
    }

    /// The pieces that fit, of those that come first the most.
    pub(super) fn of(room: usize, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut line = Self::new(room);
        for (style, text) in pieces {
            if line.width == 0 && !text.is_empty() {
                line.push(style, &text);
            } else if !text.is_empty() && line.width + GAP + text.width() <= room {
                line.push(Style::Plain, "  ");
                line.push(style, &text);
            }
        }
        line
    }

    /// Appends what there is room for.
    pub(super) fn push(&mut self, style: Style, text: &str) {
        let text = clipped(text, self.left());
        self.width += text.width();
        if !text.is_empty() {
            self.pieces.push((style, text));
        }
    }

    /// How much wider it may become.
    pub(super) fn left(&self) -> usize {
        self.room.saturating_sub(self.width)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The start of a text, with a mark where the rest was.
pub(super) fn clipped(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept: String = taken(text.chars(), room.saturating_sub(1)).collect();
    kept.extend((room > 0).then_some('…'));
    kept
}

/// The end of a text: of names below one directory it is the end that differs.
pub(super) fn clipped_at_start(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let end: Vec<char> = taken(text.chars().rev(), room.saturating_sub(1)).collect();
    (room > 0).then_some('…').into_iter().chain(end.into_iter().rev()).collect()
}

/// The first characters that fit.
fn taken(characters: impl Iterator<Item = char>, room: usize) -> impl Iterator<Item = char> {
    let mut width = 0;
    characters.take_while(move |character| {
        width += character.width().unwrap_or(0);
        width <= room
    })
}

/// At the right of so much room.
pub(super) fn at_right(text: &str, room: usize) -> String {
    format!("{}{text}", " ".repeat(room.saturating_sub(text.width())))
}
