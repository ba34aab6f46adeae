//! What a request may ask for, within what the operator has settled: it can narrow, never widen.
//!
//! | Key | What the operator sets | A request may |
//! |---|---|---|
//! | `max-rate` | a ceiling; 9.75 unless set | go below |
//! | `dispatch` | the largest request: `single`, `batch`, `bulk`; `batch` unless set | choose a smaller one |
//! | `pace` | `fixed` | not choose `quota` |
//! | `batch-size`, `max-retries`, `limit`, `deadline` | the most | go below |
//! | `batch-delay-seconds`, `initial-backoff-seconds`, `stale-for` | the least | go above |
//! | `os` | how a name begins | name some of these, or longer beginnings |
//! | `compliance`, `owner`, `agent`, `category`, `device` | what is allowed | name some of these |
//! | `name` | patterns | name some of these, or names that match one |
//! | `include-unsupported` | `false` | not set it |
//! | `order` | the order | not choose another |
//! | `yes` | `false`: never without a selection; `true`: it need not be said | say `true` where nothing is set |
//!
//! What the operator does not set a request may choose within the command line's range. `yes` guards against a mistake: a
//! selection can be as wide as the fleet. What a run may reach at most `limit` and the lists say.

use intune_sync_settings::{
    Choice, DispatchKind, Given, PaceKind, duration::display, number::rate_text, variable, words,
};
use intune_sync_wit::Purpose;
use wildmatch::WildMatch;

use crate::Refusal;

/// The settings of a run: those of the request, and the operator's where it says nothing.
///
/// # Errors
///
/// 403 when the request asks for more than the operator allows.
pub fn narrow(operator: &Given, request: Given) -> Result<Given, Refusal> {
    let rate = operator.max_rate.unwrap_or(Given::MAX_RATE);
    at_most("max-rate", request.max_rate, Some(rate), rate_text)?;
    let dispatch = operator.dispatch.unwrap_or_default();
    among("dispatch", request.dispatch, |asked| {
        size(asked) <= size(dispatch)
    })?;
    among("pace", request.pace, |asked| {
        operator.pace != Some(PaceKind::Fixed) || asked == PaceKind::Fixed
    })?;
    at_most("batch-size", request.batch_size, operator.batch_size, plain)?;
    at_most(
        "max-retries",
        request.max_retries,
        operator.max_retries,
        plain,
    )?;
    at_most("limit", request.limit, operator.limit, plain)?;
    at_most("deadline", request.deadline, operator.deadline, display)?;
    at_least(
        "batch-delay-seconds",
        request.batch_delay,
        operator.batch_delay,
    )?;
    at_least(
        "initial-backoff-seconds",
        request.initial_backoff,
        operator.initial_backoff,
    )?;
    at_least("stale-for", request.stale_for, operator.stale_for)?;

    some_of("os", &request.os, &operator.os, |asked, allowed| {
        asked.to_lowercase().starts_with(&allowed.to_lowercase())
    })?;
    let same = |asked: &str, allowed: &str| asked.to_lowercase() == allowed.to_lowercase();
    some_of(
        "compliance",
        &request.compliance,
        &operator.compliance,
        same,
    )?;
    some_of("owner", &request.owner, &operator.owner, same)?;
    some_of("agent", &request.agent, &operator.agent, same)?;
    some_of("category", &request.category, &operator.category, same)?;
    some_of("name", &request.name, &operator.name, |asked, allowed| {
        let is_pattern = asked.contains(['*', '?']);
        same(asked, allowed)
            || !is_pattern && WildMatch::new_case_insensitive(allowed).matches(asked)
    })?;
    let ids = |given: &Given| {
        given
            .device
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    some_of("device", &ids(&request), &ids(operator), same)?;

    if let (Some(asked), Some(allowed)) = (request.order, operator.order)
        && asked != allowed
    {
        return Err(wider("order", "another order", "only its own"));
    }
    for (key, asked, allowed) in [
        (
            "include-unsupported",
            request.include_unsupported,
            operator.include_unsupported,
        ),
        ("yes", request.yes, operator.yes),
    ] {
        if asked == Some(true) && allowed == Some(false) {
            return Err(wider(key, "`true`", "`false` only"));
        }
    }
    Ok(request.or(operator.clone()))
}

/// Whether a run of these settings may begin: of the whole fleet only if that is meant.
///
/// # Errors
///
/// 400 when nothing says so; 403 when the operator has said that it is not.
pub fn may_run(given: &Given, operator: &Given, purpose: Purpose) -> Result<(), Refusal> {
    if purpose == Purpose::Plan || !given.whole_fleet() || given.yes == Some(true) {
        return Ok(());
    }
    let message = "nothing is selected, which would sync the whole fleet";
    Err(match operator.yes {
        Some(false) => Refusal::new(
            403,
            format!("{message}, and the operator does not allow that"),
            "select, such as with `{\"stale-for\": \"24h\"}`, or give a `limit`",
        ),
        _ => Refusal::new(
            400,
            message,
            "say `{\"yes\": true}` if that is meant, or select, such as with `{\"stale-for\": \"24h\"}`",
        ),
    })
}

/// The order of the ways to dispatch, by how many devices a request of each can carry.
fn size(dispatch: DispatchKind) -> u8 {
    match dispatch {
        DispatchKind::Single => 0,
        DispatchKind::Batch => 1,
        DispatchKind::Bulk => 2,
    }
}

fn at_most<T: PartialOrd + Copy>(
    key: &str,
    asked: Option<T>,
    most: Option<T>,
    shown: impl Fn(T) -> String,
) -> Result<(), Refusal> {
    match asked.zip(most) {
        Some((asked, most)) if asked > most => {
            let (asked, most) = (shown(asked), shown(most));
            Err(wider(
                key,
                &format!("`{asked}`"),
                &format!("at most `{most}`"),
            ))
        }
        _ => Ok(()),
    }
}

fn at_least(key: &str, asked: Option<u64>, least: Option<u64>) -> Result<(), Refusal> {
    match asked.zip(least) {
        Some((asked, least)) if asked < least => {
            let (asked, least) = (display(asked), display(least));
            Err(wider(
                key,
                &format!("`{asked}`"),
                &format!("at least `{least}`"),
            ))
        }
        _ => Ok(()),
    }
}

fn among<T: Choice + PartialEq>(
    key: &str,
    asked: Option<T>,
    is_allowed: impl Fn(T) -> bool,
) -> Result<(), Refusal> {
    let Some(asked) = asked.filter(|asked| !is_allowed(*asked)) else {
        return Ok(());
    };
    let word = |(word, _): &(&'static str, T)| *word;
    let asked = T::WORDS.iter().find(|(_, value)| *value == asked).map(word);
    let allowed: Vec<&str> = T::WORDS
        .iter()
        .filter(|(_, value)| is_allowed(*value))
        .map(word)
        .collect();
    Err(wider(
        key,
        &format!("`{}`", asked.unwrap_or_default()),
        &words(&allowed),
    ))
}

/// Each that is asked for is covered by one that is allowed, where any are named.
fn some_of(
    key: &str,
    asked: &[String],
    allowed: &[String],
    covers: impl Fn(&str, &str) -> bool,
) -> Result<(), Refusal> {
    if allowed.is_empty() {
        return Ok(());
    }
    let stray = asked
        .iter()
        .find(|asked| !allowed.iter().any(|allowed| covers(asked, allowed)));
    match stray {
        Some(stray) => Err(wider(key, &format!("`{stray}`"), &words(allowed))),
        None => Ok(()),
    }
}

fn wider(key: &str, asked: &str, allowed: &str) -> Refusal {
    Refusal::new(
        403,
        format!("{asked} is not allowed for `{key}`: the operator allows {allowed}"),
        format!(
            "ask for less, or have `{}` changed in the service's environment",
            variable(key)
        ),
    )
}

fn plain(number: u32) -> String {
    number.to_string()
}

#[cfg(test)]
mod tests {
    use intune_sync_settings::KEYS;
    use proptest::prelude::*;

    use super::*;

    fn given(entries: &[(&str, &str)]) -> Given {
        let mut given = Given::default();
        for (key, value) in entries {
            given
                .set(key, &[(*value).to_owned()])
                .unwrap_or_else(|problem| panic!("{key}: {problem:?}"));
        }
        given
    }

    const A: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const B: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

    /// For each key: what the operator sets, what may be asked for, and what may not.
    const CASES: [(&str, &str, &[&str], &[&str]); 20] = [
        ("max-rate", "5", &["5", "0.5"], &["5.001", "100"]),
        ("dispatch", "batch", &["batch", "single"], &["bulk"]),
        ("pace", "fixed", &["fixed"], &["quota"]),
        ("batch-size", "50", &["50", "1"], &["51"]),
        ("max-retries", "5", &["5", "0"], &["6"]),
        ("limit", "100", &["100", "1"], &["101"]),
        ("deadline", "1h", &["1h", "30m"], &["61m", "7d"]),
        ("batch-delay-seconds", "10", &["10", "1h"], &["9.999", "0"]),
        ("initial-backoff-seconds", "5", &["5", "1m"], &["4"]),
        ("stale-for", "24h", &["24h", "7d"], &["23h"]),
        (
            "os",
            "Windows,iOS",
            &["windows", "iOS,Windows 11"],
            &["macOS", "Win", "Windows,macOS"],
        ),
        (
            "compliance",
            "noncompliant,error",
            &["error"],
            &["compliant", "error,unknown"],
        ),
        ("owner", "company", &["company"], &["personal"]),
        ("agent", "mdm,easMdm", &["EASMDM"], &["jamf"]),
        ("category", "Kiosk", &["kiosk"], &["Office", "Kios"]),
        (
            "name",
            "LAB-*",
            &["lab-*", "LAB-07"],
            &["*", "LAB-0?", "OFFICE-1"],
        ),
        ("device", A, &[A], &[B]),
        ("include-unsupported", "false", &["false"], &["true"]),
        ("order", "stalest", &["stalest"], &["listed"]),
        ("yes", "false", &["false"], &["true"]),
    ];

    #[test]
    fn each_key_can_be_narrowed_and_not_widened() {
        let mut keys: Vec<&str> = CASES.iter().map(|(key, ..)| *key).collect();
        let mut all = KEYS.to_vec();
        keys.sort_unstable();
        all.sort_unstable();
        assert_eq!(keys, all, "a key without a rule");
        for (key, set, narrower, wider) in CASES {
            let operator = given(&[(key, set)]);
            assert_eq!(
                narrow(&operator, Given::default()).as_ref(),
                Ok(&operator),
                "{key}"
            );
            for asked in narrower {
                let asked = given(&[(key, asked)]);
                assert_eq!(narrow(&operator, asked.clone()), Ok(asked), "{key}");
            }
            for asked in wider {
                let refusal = narrow(&operator, given(&[(key, asked)])).expect_err(asked);
                assert_eq!(refusal.status, 403);
                assert!(
                    refusal.advice.message.contains(&format!("for `{key}`")),
                    "{refusal:?}"
                );
            }
        }
    }

    #[test]
    fn without_the_operators_word_the_quota_and_the_beta_are_bounds_all_the_same() {
        let operator = Given::default();
        for (key, narrower, wider) in [("max-rate", "9.75", "9.751"), ("dispatch", "batch", "bulk")]
        {
            assert!(
                narrow(&operator, given(&[(key, narrower)])).is_ok(),
                "{key}"
            );
            assert!(narrow(&operator, given(&[(key, wider)])).is_err(), "{key}");
        }
        let operator = given(&[("max-rate", "20"), ("dispatch", "bulk"), ("pace", "quota")]);
        for (key, asked) in [
            ("max-rate", "20"),
            ("dispatch", "bulk"),
            ("dispatch", "single"),
            ("pace", "fixed"),
        ] {
            assert!(narrow(&operator, given(&[(key, asked)])).is_ok(), "{key}");
        }
    }

    #[test]
    fn messages_name_the_value_and_what_is_allowed() {
        for (set, asked, message) in [
            (
                ("max-rate", "5"),
                ("max-rate", "7.5"),
                "`7.5` is not allowed for `max-rate`: the operator allows at most `5`",
            ),
            (
                ("stale-for", "24h"),
                ("stale-for", "90m"),
                "`1h30m` is not allowed for `stale-for`: the operator allows at least `1d`",
            ),
            (
                ("dispatch", "batch"),
                ("dispatch", "bulk"),
                "`bulk` is not allowed for `dispatch`: the operator allows `batch` or `single`",
            ),
            (
                ("os", "iOS"),
                ("os", "macOS"),
                "`macOS` is not allowed for `os`: the operator allows `iOS`",
            ),
        ] {
            let refusal = narrow(&given(&[set]), given(&[asked])).expect_err(message);
            assert_eq!(refusal.advice.message, message);
        }
    }

    #[test]
    fn the_whole_fleet_has_to_be_meant() {
        let yes = given(&[("yes", "true")]);
        let no = given(&[("yes", "false")]);
        let some = given(&[("limit", "5")]);
        let none = Given::default();
        for (request, operator, expected) in [
            (&none, &none, 400),
            (&yes, &none, 200),
            (&none, &yes, 200),
            (&no, &yes, 400),
            (&none, &no, 403),
            (&some, &none, 200),
            (&some, &no, 200),
        ] {
            let merged = narrow(operator, request.clone()).expect("nothing is wider");
            let status = |purpose| {
                may_run(&merged, operator, purpose)
                    .err()
                    .map_or(200, |refusal| refusal.status)
            };
            assert_eq!(status(Purpose::Sync), expected, "{request:?} {operator:?}");
            assert_eq!(status(Purpose::Plan), 200);
        }
    }

    proptest! {
        /// Whatever a request that passes asks for, the run stays within the operator's numbers.
        #[test]
        fn numbers_stay_within_bounds(
            rate in 1_u64..30_000, most in proptest::option::of(1_u64..30_000),
            limit in proptest::option::of(1_u32..200), most_devices in 1_u32..200,
            delay in proptest::option::of(0_u64..20_000), least in 0_u64..20_000,
        ) {
            let operator = Given {
                max_rate: most,
                limit: Some(most_devices),
                batch_delay: Some(least),
                ..Given::default()
            };
            let request = Given { max_rate: Some(rate), limit, batch_delay: delay, ..Given::default() };
            match narrow(&operator, request) {
                Ok(run) => {
                    prop_assert!(run.max_rate <= Some(most.unwrap_or(Given::MAX_RATE)));
                    prop_assert!(run.limit.is_some_and(|limit| limit <= most_devices));
                    prop_assert!(run.batch_delay >= Some(least));
                }
                Err(_) => prop_assert!(
                    rate > most.unwrap_or(Given::MAX_RATE)
                        || limit.is_some_and(|limit| limit > most_devices)
                        || delay.is_some_and(|delay| delay < least)
                ),
            }
        }
    }
}
