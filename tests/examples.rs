//! The examples run, and show what they say they show.

#[path = "../examples/files_as_memory.rs"]
mod files_as_memory;

#[test]
fn files_are_memory() {
    let done = files_as_memory::main();
    assert!(done.is_ok(), "{done:?}");
}
