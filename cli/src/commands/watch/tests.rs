mod failed;
mod paused;

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use mmapio_core::{Error, FileId, Pages, Residency, Total, Unknown};
use unicode_width::UnicodeWidthStr;

use super::header::farewell;
use super::keys::{Action, action};
use super::model::{Model, Wanted};
use super::screen::{self, Size};
use super::sorting::Sorting;
use crate::commands::report::Merged;
use crate::render::columns::Verb;
use crate::render::row::Row;
use crate::render::table::Look;

fn wanted() -> Wanted {
    Wanted {
        names: "/srv".to_owned(),
        look: Look { exact: false, color: false, ascii: false, verb: Verb::Incore },
        ascii: false,
        top: usize::MAX,
        cached_only: false,
        summary: false,
    }
}

fn model() -> Model {
    Model::new(wanted(), Sorting::new("path", false))
}

/// A file of so many pages: path, inode, pages, and those in memory.
type File<'a> = (&'a str, u64, u64, Option<u64>);

fn row(&(path, inode, pages, resident): &File<'_>) -> Box<Row<'static>> {
    let mut residency = Residency::default();
    residency.pages = Pages(pages);
    residency.resident = resident.map(Pages);
    residency.dirty = resident.map(|_| Pages(0));
    residency.unknown = resident.is_none().then_some(Unknown::NotPermitted);
    let size = pages * mmapio_core::page_size();
    Box::new(Row { id: Some(FileId { device: 1, inode }), ..Row::new(PathBuf::from(path), size, residency) })
}

/// A round in which these are found, after so many seconds.
fn take(model: &mut Model, seconds: u64, files: &[File<'_>], errors: Vec<Error>) {
    let mut rows: Vec<_> = files.iter().map(row).collect();
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    let mut total = Total::default();
    rows.iter().for_each(|row| total.add(row.size, &row.residency));
    total.errors = errors.len() as u64;
    model.take(Merged { rows, total, errors, cached: None }, Duration::from_secs(seconds));
}

/// The screen, none of whose lines is too wide, and which is not too high.
fn drawn(model: &mut Model, columns: usize, rows: usize) -> Vec<String> {
    let size = Size { columns, rows };
    model.fit(screen::room(model, size));
    let lines: Vec<String> =
        screen::draw(model, size).iter().map(|line| line.text().trim_end().to_owned()).collect();
    assert!(lines.len() <= rows, "{} lines on {rows}", lines.len());
    for line in &lines {
        assert!(line.width() <= columns, "{} on {columns}: {line}", line.width());
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    lines
}

#[track_caller]
fn has(screen: &[String], words: &str) -> String {
    let found = screen.iter().find(|line| line.contains(words)).cloned();
    found.unwrap_or_else(|| panic!("no {words:?} in {screen:#?}"))
}

fn failure(path: &str) -> Error {
    Error::system("open", std::io::Error::from(std::io::ErrorKind::NotFound)).with_path(path)
}

/// Two rounds with everything that can be said.
fn eventful() -> Model {
    let mut model = model();
    take(&mut model, 0, &[("a", 1, 100, Some(0)), ("gone", 2, 10, Some(10)), ("secret", 3, 5, None)], vec![]);
    take(
        &mut model,
        1,
        &[
            ("a", 1, 100, Some(50)),
            ("new\n\u{202e}\x1b[31m", 4, 4, Some(4)),
            ("secret", 3, 5, None),
            ("größe/日本/a-name-that-is-longer-than-it-has-any-right-to-be.db", 5, 0, Some(0)),
        ],
        vec![failure("no\rsuch"), failure("other")],
    );
    model
}

#[test]
fn nothing_is_wider_or_higher_than_the_screen() {
    for mut model in [model(), eventful()] {
        for is_helping in [false, true] {
            model.is_helping = is_helping;
            for columns in (0..=100).chain([200]) {
                for rows in (0..=12).chain([24, 50]) {
                    drawn(&mut model, columns, rows);
                }
            }
        }
    }
}

#[test]
fn a_usual_screen_has_all_of_it() {
    let mut model = eventful();
    let narrow = drawn(&mut model, 80, 24);
    let heading = has(&narrow, "PATH↓");
    assert!(
        !heading.contains("SIZE") && heading.contains("OVER TIME"),
        "the least needed is left out: {heading}"
    );
    let screen = drawn(&mut model, 90, 24);
    has(&screen, "mmapio incore  /srv  round 2  0:01");
    has(&screen, "? %  216.00 KiB of 436.00 KiB in memory");
    has(&screen, "4 files  1 unknown");
    has(&screen, "last round +176.00 KiB  since the start +176.00 KiB");
    has(&screen, "no\\rsuch: open: entity not found (and 1 more)");
    let heading = has(&screen, "SIZE");
    for name in ["SIZE", "RESIDENT", "%", "CHANGE", "SINCE START", "OVER TIME", "PATH↓"] {
        assert!(heading.contains(name), "{heading}");
    }
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    let starts = |end: &str| words(&has(&screen, end));
    assert_eq!(starts("  a"), "400.00 KiB 200.00 KiB 50.0 +200.00 KiB +200.00 KiB ·▄ a");
    assert_eq!(starts("gone"), "- - - - - █ gone (gone)");
    assert!(starts("secret").starts_with("20.00 KiB ? ? ? ? ?? secret (unk"), "{screen:#?}");
}

#[test]
fn a_small_screen_has_the_most_needed() {
    let mut model = eventful();
    let screen = drawn(&mut model, 20, 5);
    assert_eq!(screen[0], "? %  +176.00 KiB");
    assert_eq!(screen[1], "no\\rsuch:… (and 1 m…");
    has(&screen, "%  PATH↓");
    has(&screen, " 50.0  a");
    assert_eq!(drawn(&mut model, 20, 1), ["? %  +176.00 KiB"]);
    let screen = drawn(&mut model, 80, 1);
    assert!(screen[0].starts_with("? %  +176.00 KiB  216.00 KiB of 436.00 KiB in memory"), "{screen:?}");
    let screen = drawn(&mut model, 200, 50);
    has(&screen, "größe/日本/a-name-that-is-longer-than-it-has-any-right-to-be.db");
    has(&screen, "new\\n\\u{202e}\\u{1b}[31m (new)");
}

#[test]
fn what_is_gone_goes_and_what_is_replaced_begins_anew() {
    let mut model = model();
    take(&mut model, 0, &[("a", 1, 10, Some(10)), ("b", 2, 10, Some(5))], vec![]);
    take(&mut model, 1, &[("a", 9, 10, Some(2))], vec![]);
    let screen = drawn(&mut model, 100, 20);
    let a = has(&screen, "a (replaced)");
    assert!(a.contains("8.00 KiB") && a.contains(" -  "), "nothing to compare with: {a}");
    has(&screen, "b (gone)");
    for second in 2..7 {
        take(&mut model, second, &[("a", 9, 10, Some(2))], vec![]);
        has(&drawn(&mut model, 100, 20), "b (gone)");
    }
    take(&mut model, 7, &[("a", 9, 10, Some(2))], vec![]);
    let screen = drawn(&mut model, 100, 20);
    assert!(!screen.iter().any(|line| line.contains("(gone)") || line.contains("(replaced)")), "{screen:#?}");
    take(&mut model, 8, &[("a", 9, 10, Some(2)), ("b", 3, 10, Some(5))], vec![]);
    has(&drawn(&mut model, 100, 20), "b (new)");
}

fn paths(screen: &[String]) -> String {
    let from = screen.iter().position(|line| line.contains("PATH")).expect("a heading");
    screen[from + 1..].iter().filter_map(|line| line.split_whitespace().last()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_column_sorts() {
    let mut model = model();
    take(&mut model, 0, &[("a", 1, 10, Some(9)), ("b", 2, 30, Some(3)), ("c", 3, 20, Some(6))], vec![]);
    take(&mut model, 1, &[("a", 1, 10, Some(7)), ("b", 2, 30, Some(9)), ("c", 3, 20, Some(6))], vec![]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        let screen = drawn(&mut model, 100, 20);
        let heading = has(&screen, "PATH");
        let sorted_by: Vec<&str> = heading.split("  ").filter(|name| name.ends_with('↓')).collect();
        seen.push(format!("{} {}", sorted_by.concat().trim(), paths(&screen)));
        model.act(Action::Sort { forward: true });
    }
    let expected =
        ["PATH↓ a b c", "SIZE↓ b c a", "RESIDENT↓ b a c", "%↓ a b c", "CHANGE↓ b c a", "SINCE START↓ b c a"];
    assert_eq!(seen, expected);
    assert_eq!(paths(&drawn(&mut model, 100, 20)), "a b c", "and round it goes");
    model.act(Action::Sort { forward: false });
    model.act(Action::Reverse);
    let screen = drawn(&mut model, 100, 20);
    has(&screen, "SINCE START↑");
    assert_eq!(paths(&screen), "a c b");
}

#[test]
fn a_column_that_was_asked_for_is_added() {
    let mut model = Model::new(wanted(), Sorting::new("dirty_pages", false));
    take(&mut model, 0, &[("a", 1, 10, Some(9))], vec![]);
    has(&drawn(&mut model, 100, 20), "DIRTY↓");
    has(&drawn(&mut model, 30, 20), "DIRTY↓");
}

#[test]
fn rows_scroll_as_far_as_there_are_any() {
    let names: Vec<String> = (0..100).map(|number| format!("f{number:02}")).collect();
    let files: Vec<File<'_>> =
        names.iter().zip(0..).map(|(name, inode)| (name.as_str(), inode, 1, Some(1))).collect();
    let mut model = model();
    take(&mut model, 0, &files, vec![]);
    let first = |model: &mut Model| paths(&drawn(model, 80, 15)).split(' ').next().map(str::to_owned);
    assert_eq!(first(&mut model).as_deref(), Some("f00"));
    has(&drawn(&mut model, 80, 15), "1-10 of 100");
    for (key, there) in [
        (Action::Up, "f00"),
        (Action::Down, "f01"),
        (Action::PageDown, "f11"),
        (Action::PageUp, "f01"),
        (Action::End, "f90"),
        (Action::Down, "f90"),
        (Action::Up, "f89"),
        (Action::Home, "f00"),
    ] {
        model.act(key);
        assert_eq!(first(&mut model).as_deref(), Some(there), "{key:?}");
    }
    model.act(Action::End);
    drawn(&mut model, 80, 200);
    assert_eq!(first(&mut model).as_deref(), Some("f00"), "a higher screen has room for all");
    model.act(Action::End);
    for second in 1..10 {
        take(&mut model, second, &files[..3], vec![]);
    }
    assert_eq!(first(&mut model).as_deref(), Some("f00"), "there is nothing left to scroll to");
}

#[test]
fn a_part_of_the_rows_or_none() {
    let files: &[File<'_>] = &[("a", 1, 10, Some(9)), ("b", 2, 30, Some(0)), ("c", 3, 20, None)];
    let mut some = Model::new(Wanted { cached_only: true, ..wanted() }, Sorting::new("path", false));
    take(&mut some, 0, files, vec![]);
    let screen = drawn(&mut some, 100, 20);
    assert!(has(&screen, "3 files").contains("1 unknown"));
    assert!(!screen.iter().any(|line| line.ends_with("  b")), "{screen:#?}");
    let mut top = Model::new(Wanted { top: 1, ..wanted() }, Sorting::new("resident_bytes", false));
    take(&mut top, 0, files, vec![]);
    assert_eq!(paths(&drawn(&mut top, 100, 20)), "a");
    let mut none = Model::new(Wanted { summary: true, ..wanted() }, Sorting::new("path", false));
    take(&mut none, 0, files, vec![]);
    let screen = drawn(&mut none, 100, 20);
    assert!(!screen.iter().any(|line| line.contains("PATH")), "{screen:#?}");
}

#[test]
fn the_line_that_is_left_says_how_it_went() {
    assert_eq!(farewell(&model()), None);
    let mut model = model();
    take(&mut model, 0, &[("a", 1, 100, Some(100))], vec![]);
    take(&mut model, 61, &[("a", 1, 100, Some(75))], vec![]);
    let left = farewell(&model);
    let expected = "75.0 %, 300.00 KiB of 400.00 KiB in memory, -100.00 KiB in 1:01, dirty 0 B, 1 file\n";
    assert_eq!(left.as_deref(), Some(expected));
}

#[test]
fn keys_are_those_that_are_told_of() {
    let key = |code, modifiers| action(&KeyEvent::new(code, modifiers));
    let plain = |code| key(code, KeyModifiers::NONE);
    assert_eq!(plain(KeyCode::Char('q')), Some(Action::Quit));
    assert_eq!(plain(KeyCode::Esc), Some(Action::Quit));
    assert_eq!(plain(KeyCode::Char('c')), None);
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Interrupt));
    assert_eq!(key(KeyCode::Char('z'), KeyModifiers::CONTROL), Some(Action::Suspend));
    assert_eq!(key(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Action::Help));
    assert_eq!(plain(KeyCode::Left), Some(Action::Sort { forward: false }));
}
