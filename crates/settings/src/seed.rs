//! The seed of a run.

/// A seed for the engine's jitter out of the time of day in nanoseconds: a small step of the clock changes all of it
/// (the finalizer of `splitmix64`).
#[must_use]
pub fn seed(nanoseconds: i128) -> u64 {
    let mixed = u128::from_ne_bytes(nanoseconds.to_ne_bytes());
    let mut mixed = (mixed ^ (mixed >> 64)) as u64;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
