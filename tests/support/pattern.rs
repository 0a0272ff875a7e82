//! Which pages of a file are resident, in the ways that matter to a search for runs.

/// A name, and the resident ones of so many pages.
pub(crate) type Pattern = (&'static str, fn(u64) -> Vec<u64>);

/// Every pattern.
pub(crate) const ALL: [Pattern; 7] = [
    ("none", |_| Vec::new()),
    ("all", |pages| (0..pages).collect()),
    ("every second", |pages| (0..pages).step_by(2).collect()),
    ("random", |pages| random(pages, 0x9e37_79b9_7f4a_7c15)),
    ("head", |pages| (0..pages.div_ceil(4)).collect()),
    ("tail", |pages| (pages - pages.div_ceil(4)..pages).collect()),
    ("long mixed runs", long_mixed_runs),
];

/// About a third of the pages, by xorshift: the same at every run.
fn random(pages: u64, seed: u64) -> Vec<u64> {
    let mut state = seed;
    (0..pages)
        .filter(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.is_multiple_of(3)
        })
        .collect()
}

/// Resident, absent and alternating stretches, whose lengths are no powers of two.
fn long_mixed_runs(pages: u64) -> Vec<u64> {
    (0..pages)
        .filter(|page| match page % 1900 {
            0..700 => true,
            700..1300 => false,
            alternating => alternating.is_multiple_of(2),
        })
        .collect()
}
