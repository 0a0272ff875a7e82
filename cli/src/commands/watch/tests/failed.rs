//! Paths that fail for a round or longer.

use super::*;

/// A path that is there, perhaps: who looks may not know.
fn denied(path: &str) -> Error {
    Error::system("open", std::io::Error::from(std::io::ErrorKind::PermissionDenied)).with_path(path)
}

#[test]
fn what_failed_is_unknown_until_it_is_well_again() {
    let mut model = model();
    let (a, b, c) = (("a", 1, 10, Some(10)), ("d/b", 2, 10, Some(5)), ("e/c", 3, 10, Some(0)));
    take(&mut model, 0, &[a, b, c], vec![]);
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    for second in 1..20 {
        take(&mut model, second, &[], vec![failure("a"), denied("d/b"), denied("e")]);
        let screen = drawn(&mut model, 140, 20);
        assert_eq!(screen.iter().any(|line| line.ends_with("a (gone)")), second <= 6, "{screen:#?}");
        for path in ["d/b", "e/c"] {
            let line = words(has(&screen, path));
            assert!(line.starts_with("? ? ? ? ? "), "{line}");
            assert!(line.ends_with(&format!("? {path} (failed: open: permission denied)")), "{line}");
        }
        has(&screen, "? %  ? of 0 B in memory  dirty ?  2 files  2 unknown  3 failed");
        has(&screen, "last round ?  since the start ?");
    }
    take(&mut model, 20, &[("d/b", 2, 10, Some(7)), ("e/c", 4, 10, Some(1))], vec![]);
    let screen = drawn(&mut model, 140, 20);
    assert!(words(has(&screen, "d/b")).starts_with("40.00 KiB 28.00 KiB 70.0 ? +8.00 KiB"), "{screen:#?}");
    has(&screen, "e/c (replaced)");
    has(&screen, "last round ?  since the start -28.00 KiB");
    take(&mut model, 21, &[], vec![failure("d/b"), failure("e")]);
    has(&drawn(&mut model, 140, 20), "d/b (gone)");
    has(&drawn(&mut model, 140, 20), "e/c (gone)");
    take(&mut model, 22, &[], vec![denied("d"), denied("e")]);
    has(&drawn(&mut model, 140, 20), "d/b (gone)");
}

#[test]
fn what_failed_is_sorted_last_and_is_no_less_cached() {
    for first in ["size", "resident_bytes", "resident_percent"] {
        for reverse in [false, true] {
            let mut model =
                Model::new(Wanted { cached_only: true, ..wanted() }, Sorting::new(first, reverse));
            take(
                &mut model,
                0,
                &[("a", 1, 10, Some(0)), ("b", 2, 20, Some(1)), ("c", 3, 5, Some(5))],
                vec![],
            );
            take(&mut model, 1, &[("b", 2, 20, Some(1)), ("c", 3, 5, Some(5))], vec![denied("a")]);
            let screen = drawn(&mut model, 140, 20);
            has(&screen, "? %  24.00 KiB of 100.00 KiB in memory");
            has(&screen, "last round ?  since the start ?");
            assert!(
                screen
                    .iter()
                    .rfind(|line| line.contains("KiB") || line.contains('?'))
                    .is_some_and(|line| line.ends_with("a (failed: open: permission denied)")),
                "{first} {reverse} {screen:#?}"
            );
        }
    }
}
