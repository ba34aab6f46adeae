//! Harnesses in `bolero`: property tests here, proofs of what is small enough under Kani (`cargo kani`), and inputs of a
//! fuzzer under `cargo bolero`.
//!
//! `INTUNE_SYNC_GENERATED` sets the number of requests and pages that custody is given: `make custody` gives it a million.

use intune_sync_fuzz::custody;
use intune_sync_graph::{ListQuery, Property};

/// A run has about this many steps that get to custody.
const STEPS: usize = 40;
/// How many generated requests and responses a test takes, unless the variable says otherwise.
const GENERATED: usize = 100_000;

fn generated() -> usize {
    let given = std::env::var("INTUNE_SYNC_GENERATED");
    given.map_or(GENERATED, |text| text.parse().expect("a number"))
}

#[test]
fn custody_decides_as_the_rule_says() {
    bolero::check!()
        .with_iterations(generated() / STEPS)
        .with_max_len(8 * STEPS)
        .for_each(|input: &[u8]| {
            custody::run(input);
        });
}

/// The requests of a run that begins well: a list, and then whatever comes.
#[test]
fn custody_decides_as_the_rule_says_once_there_is_a_list() {
    // Three pages, of which the last has no link; then the input.
    const LIST: [u8; 10] = [0, 1, 7 - 1, 0, 1, 0, 4, 2, 2, 3];
    bolero::check!()
        .with_iterations(generated() / STEPS)
        .with_max_len(8 * STEPS)
        .for_each(|input: &[u8]| {
            let Some((flags, rest)) = input.split_first() else {
                return;
            };
            // Nothing is named: the list decides.
            let mut run = vec![flags & !1];
            run.extend(LIST);
            run.extend(rest);
            custody::run(&run);
        });
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
