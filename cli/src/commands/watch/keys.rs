//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    /// The same as a signal: it is told by the exit status.
    Interrupt,
    Suspend,
    /// Draw all of it anew: something else wrote to the screen.
    Redraw,
    Sort {
        forward: bool,
    },
    Reverse,
    Pause,
    Help,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// What is said of them, the most needed first.
pub(super) const HELP: [&str; 7] =
    ["q quit", "s ←→ sort", "r reverse", "space pause", "? keys", "↑↓ PgUp PgDn scroll", "Home End"];

/// What a key means; most mean nothing.
pub(super) fn action(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return with_control(key.code);
    }
    Some(match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Action::Quit,
        KeyCode::Char('s') | KeyCode::Right => Action::Sort { forward: true },
        KeyCode::Left => Action::Sort { forward: false },
        KeyCode::Char('r') => Action::Reverse,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Char('?') => Action::Help,
        KeyCode::Up => Action::Up,
        KeyCode::Down => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Home => Action::Home,
        KeyCode::End => Action::End,
        _ => return None,
    })
}

/// In raw mode the terminal sends the keys that are signals else.
fn with_control(key: KeyCode) -> Option<Action> {
    match key {
        KeyCode::Char('c' | '\\' | '4') => Some(Action::Interrupt),
        KeyCode::Char('z') => Some(Action::Suspend),
        KeyCode::Char('l') => Some(Action::Redraw),
        _ => None,
    }
}
