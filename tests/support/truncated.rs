//! A file that is truncated and written anew, again and again.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A thread that does it until it is stopped.
pub(crate) struct Truncating {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Truncating {
    /// How large the file is when it is whole.
    pub(crate) const SIZE: u64 = 256 << 10;

    /// The file is nothing but `x`, and loses whole pages only: so a zero in it is nobody's.
    pub(crate) fn start(file: &Path) -> Truncating {
        let file = File::options().write(true).open(file).expect("own file");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let content = vec![b'x'; usize::try_from(Truncating::SIZE).expect("it is small")];
            let mut times = 0;
            while !stopped.load(Ordering::Relaxed) {
                file.set_len(0).and_then(|()| file.write_all_at(&content, 0)).expect("own file");
                times += 1;
            }
            times
        });
        Truncating { stop, thread: Some(thread) }
    }

    /// Stops it, and tells the counts past libtest's capture.
    pub(crate) fn tell(mut self, form: &str, rounds: u32, noticed: u32) {
        self.stop.store(true, Ordering::Relaxed);
        let times = self.thread.take().map(|thread| thread.join().expect("it truncates"));
        let times = times.expect("it is stopped once");
        assert!(times >= u64::from(rounds), "it was truncated in each round: {times}");
        let counts = format!("{form}: {rounds} rounds, {times} truncations, {noticed} noticed, 0 signals\n");
        // When standard error is gone, nobody is left to tell.
        let _ = std::io::stderr().write_all(counts.as_bytes());
    }
}

impl Drop for Truncating {
    /// A failing test leaves no thread behind.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
