//! Work on long lists by several threads.

use std::thread::{Builder, ScopedJoinHandle};

/// What `work` makes of each piece of `piece` items, in order; the pieces are worked on at the same time.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], piece: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    if items.len() <= piece {
        return vec![work(items)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let start = |piece| (piece, Builder::new().spawn_scoped(scope, move || work(piece)).ok());
        let started: Vec<_> = items.chunks(piece.max(1)).map(start).collect();
        // Where no thread can be had, this one does the work.
        let finish = |(piece, thread): (_, Option<ScopedJoinHandle<'_, R>>)| {
            thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| work(piece))
        };
        started.into_iter().map(finish).collect()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn pieces_stay_in_order() {
        let numbers: Vec<u32> = (0..1000).collect();
        for piece in [0, 1, 7, 999, 1000, 5000] {
            let doubled = super::map(&numbers, piece, |some| some.iter().map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(doubled.concat(), numbers.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
        assert_eq!(super::map(&[] as &[u8], 3, <[u8]>::len), [0]);
    }
}
