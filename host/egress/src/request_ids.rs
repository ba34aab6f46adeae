//! The `client-request-id`s by which Microsoft's support finds requests: the host's own.

use std::sync::atomic::{AtomicU64, Ordering};

use intune_sync_ids::Guid;

use crate::random;

/// Where the ids of requests come from.
#[derive(Debug, Default)]
pub(crate) enum RequestIds {
    /// Random GUIDs (version 4).
    #[default]
    Random,
    /// The same in each run with this seed: for rehearsals, which repeat themselves.
    Seeded {
        /// The seed.
        seed: u64,
        /// Ids so far.
        given: AtomicU64,
    },
}

impl RequestIds {
    pub(crate) fn seeded(seed: u64) -> Self {
        let given = AtomicU64::new(0);
        Self::Seeded { seed, given }
    }

    pub(crate) fn next(&self) -> Guid {
        match self {
            Self::Random => Guid::random(random::bits()),
            Self::Seeded { seed, given } => {
                let number = given.fetch_add(1, Ordering::Relaxed);
                let half = |salt: u64| u128::from(mixed(mixed(*seed ^ salt).wrapping_add(number)));
                Guid::random(half(0) << 64 | half(1))
            }
        }
    }
}

/// SplitMix64.
fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_repeats_its_ids_and_gives_none_twice() {
        let ids = |seed| {
            let ids = RequestIds::seeded(seed);
            (0..1_000).map(|_| ids.next()).collect::<Vec<Guid>>()
        };
        assert_eq!(ids(7), ids(7));
        let all: BTreeSet<Guid> = ids(7).into_iter().chain(ids(8)).collect();
        assert_eq!(all.len(), 2_000);
    }

    /// Otherwise an id would have half the bits, and ids of several rehearsals would be alike.
    #[test]
    fn both_halves_depend_on_the_seed_and_differ_from_each_other() {
        // The same bits of both, and none of those of the version and the variant.
        let halves = |id: Guid| [80, 16].map(|shift| id.bits() >> shift & 0x3fff_ffff_ffff);
        let mut seen = BTreeSet::new();
        for seed in [1, 2, 4, 8, 1 << 32, 1 << 63] {
            let ids = RequestIds::seeded(seed);
            for _ in 0..100 {
                for half in halves(ids.next()) {
                    assert!(seen.insert(half), "{half:x} twice");
                }
            }
        }
    }
}
