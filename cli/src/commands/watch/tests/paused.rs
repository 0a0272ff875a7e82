//! A view that is paused.

use super::*;

#[test]
fn nothing_changes_while_it_is_paused() {
    let mut model = model();
    let a = |resident| [("a", 1, 100, Some(resident))];
    take(&mut model, 0, &a(10), vec![]);
    take(&mut model, 1, &a(20), vec![]);
    model.act(Action::Pause);
    let before = drawn(&mut model, 100, 20);
    has(&before, "paused  round 2  0:01");
    // A look that was under way.
    take(&mut model, 2, &[("a", 1, 100, Some(50)), ("b", 2, 1, Some(1))], vec![failure("c")]);
    assert_eq!(drawn(&mut model, 100, 20), before);
    for key in [Action::Reverse, Action::Help, Action::Down] {
        model.act(key);
        let screen = drawn(&mut model, 100, 20);
        has(&screen, "paused  round 2  0:01");
        has(&screen, "last round +40.00 KiB  since the start +40.00 KiB");
    }
    let left = farewell(&model).unwrap_or_default();
    assert!(left.contains("+40.00 KiB in 0:01"), "it ends with what is shown: {left}");
    model.act(Action::Pause);
    let screen = drawn(&mut model, 100, 20);
    has(&screen, "round 3  0:02");
    has(&screen, "last round +124.00 KiB  since the start +164.00 KiB");
    has(&screen, "b (new)");
    take(&mut model, 60, &a(50), vec![]);
    let screen = drawn(&mut model, 100, 20);
    has(&screen, "round 4  1:00");
    has(&screen, "since the start +160.00 KiB");
    model.act(Action::Pause);
    model.act(Action::Pause);
    has(&drawn(&mut model, 100, 20), "round 4  1:00");
}
