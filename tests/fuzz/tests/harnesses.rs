//! Harnesses in `bolero`: property tests here, proofs of what is small enough under Kani (`cargo kani`), and inputs of
//! a fuzzer under `cargo bolero`.
//!
//! `INTUNE_SYNC_GENERATED` sets the number of requests and pages that custody is given: `make custody` gives it a
//! million.

#![expect(unexpected_cfgs, reason = "`cargo kani` sets `kani`")]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use intune_sync_fuzz::custody;
use intune_sync_graph::{ListQuery, Property};

/// How many generated requests a test takes, unless the variable says otherwise.
const GENERATED: usize = 100_000;

fn generated() -> usize {
    let given = std::env::var("INTUNE_SYNC_GENERATED");
    given.map_or(GENERATED, |text| text.parse().expect("a number"))
}

/// Gives custody inputs, each behind this beginning, until it has judged as many requests as are wanted; returns how
/// many steps have passed, of which some are reports.
fn judge(beginning: &[u8]) -> usize {
    let (passed, requests) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let judge = |input: &[u8]| {
        let mut run = beginning.to_vec();
        run.extend(input);
        let judged = custody::judged(&run);
        passed.fetch_add(judged.passed, Relaxed);
        requests.fetch_add(judged.requests, Relaxed);
    };
    while requests.load(Relaxed) < generated() {
        give(&judge);
    }
    passed.into_inner()
}

/// Gives a function a thousand inputs.
fn give(to: &(impl Fn(&[u8]) + std::panic::RefUnwindSafe)) {
    bolero::check!()
        .with_iterations(1_000)
        .with_max_len(500)
        .for_each(|input: &[u8]| to(input));
}

#[test]
fn custody_decides_as_the_rule_says() {
    assert!(judge(&[]) > generated() / 50);
}

/// The requests of a run that begins well: a list of two pages, with four devices, and then whatever comes.
#[test]
fn custody_decides_as_the_rule_says_once_there_is_a_list() {
    const LIST: [u8; 11] = [0, 0, 1, 2 | 4 | 1 << 6, 0, 1, 0, 5, 2, 2, 3];
    assert!(judge(&LIST) > generated() / 10);
}

/// What the grammar takes, it writes so that it takes it again, for the same.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(32))]
#[test]
fn a_query_is_written_as_it_is_read() {
    bolero::check!()
        .with_iterations(generated())
        .with_max_len(96)
        .for_each(|input: &[u8]| {
            let text = query(input);
            if let Ok(query) = ListQuery::read(&text) {
                let written = query.to_string();
                assert_eq!(ListQuery::read(&written), Ok(query), "{text}");
                assert!(
                    written.bytes().all(|byte| byte.is_ascii_graphic()),
                    "{written}"
                );
            }
        });
}

/// A text out of the words of the grammar, and of others.
fn query(input: &[u8]) -> String {
    const WORDS: [&str; 20] = [
        "$select=",
        "$filter=",
        "$top=",
        "$count=",
        "true",
        "&",
        ",",
        "%20and%20",
        "%20eq%20",
        "%20le%20",
        "startswith(",
        ")",
        "%27",
        "2026-11-22T00:00:00Z",
        "$expand=",
        "%2527",
        "1",
        "000",
        "Windows",
        "'",
    ];
    let word = |byte: &u8| {
        let properties = Property::ALL.into_iter().map(Property::name);
        let words: Vec<&str> = WORDS.into_iter().chain(properties).collect();
        words[usize::from(*byte) % words.len()]
    };
    input.iter().map(word).collect()
}
