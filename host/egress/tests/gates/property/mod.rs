//! Whatever the gate is given, it decides as an independent rule does, and what it writes means what was requested.
//!
//! `PROPTEST_CASES` sets the number of requests: `PROPTEST_CASES=1000000 cargo test --release -p intune-sync-egress`.

mod generate;

use std::cell::Cell;

use intune_sync_fuzz::sync_gate::{Root, compare};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use self::generate::{built, mutated};

const ROOTS: [Root<'_>; 2] = [("https", "graph.microsoft.com"), ("http", "127.0.0.1:8080")];

/// How many cases a test takes, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(most: u32) -> u32 {
    std::env::var("PROPTEST_CASES").map_or(most, |text| text.parse().expect("a number of cases"))
}

#[test]
fn decides_as_the_rule_says() {
    let cases = cases(50_000);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let (allowed, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    let request = (prop_oneof![8 => mutated(), 2 => built()], any::<bool>());
    TestRunner::new(config)
        .run(&request, |(raw, local)| {
            let counter = if compare(&raw, ROOTS[usize::from(local)]) {
                &allowed
            } else {
                &refused
            };
            counter.set(counter.get() + 1);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // Neither side of the question went unasked.
    let least = cases / 20;
    assert!(
        allowed.get() > least && refused.get() > least,
        "{allowed:?} allowed, {refused:?} refused"
    );
}
