//! How far a request may set what the operator has set: it can narrow, never widen. Each setting's bound is in the
//! table of settings.
//!
//! What the operator does not set, a request may choose within the setting's range. `yes` guards against a mistake: a
//! selection can be as wide as the fleet. Only `limit` and the lists bound what a run can reach.

use intune_sync_settings::{Bound, Cover, Given, Setting, Value, variable, words};
use intune_sync_wit::Purpose;
use wildmatch::WildMatch;

use crate::Refusal;

/// The settings of a run: those of the request, and the operator's where it sets none.
///
/// # Errors
///
/// 403 when the request asks for more than the operator allows.
pub fn narrow(operator: &Given, request: Given) -> Result<Given, Refusal> {
    let defaults = Given::defaults();
    let mut request = request;
    for setting in Setting::of_job() {
        if setting.bound == Bound::Added {
            setting.extend(&mut request, operator);
            continue;
        }
        let unless_set = match setting.bound {
            Bound::AtMostDefault | Bound::UpToDefault(_) => setting.value(&defaults),
            _ => None,
        };
        let allowed = setting.value(operator).or(unless_set);
        if let Some((requested, allowed)) = setting.value(&request).zip(allowed) {
            hold(setting, &requested, &allowed)?;
        }
    }
    Ok(request.or(operator.clone()))
}

/// Holds what is requested of a setting to what the operator allows.
fn hold(setting: &Setting, requested: &Value, allowed: &Value) -> Result<(), Refusal> {
    let (is_within, shown, allowed) = match (setting.bound, requested, allowed) {
        (
            Bound::AtMost | Bound::AtMostDefault,
            Value::Number(requested),
            Value::Number(allowed),
        ) => (
            requested <= allowed,
            setting.shown(*requested),
            format!("at most `{}`", setting.shown(*allowed)),
        ),
        (Bound::AtLeast, Value::Number(requested), Value::Number(allowed)) => (
            requested >= allowed,
            setting.shown(*requested),
            format!("at least `{}`", setting.shown(*allowed)),
        ),
        (Bound::UpTo(ranks) | Bound::UpToDefault(ranks), requested, allowed) => {
            let (requested, allowed) = (word(requested), word(allowed));
            let up_to = ranks.iter().position(|rank| *rank == allowed);
            let open = ranks.get(..=up_to.unwrap_or_default()).unwrap_or_default();
            (open.contains(&requested), requested.to_owned(), words(open))
        }
        (Bound::Covered(cover), Value::List(requested), Value::List(allowed)) => {
            let is_covered = |requested: &&String| {
                let mut allowed = allowed.iter();
                allowed.any(|allowed| covers(cover, allowed, requested))
            };
            let stray = requested.iter().find(|requested| !is_covered(requested));
            (
                stray.is_none(),
                stray.cloned().unwrap_or_default(),
                words(allowed),
            )
        }
        // The rest must be equal. A bound that does not fit its setting, which a test of the table rules out, also ends
        // here, where it cannot widen anything.
        (_, requested, allowed) => (
            requested == allowed,
            setting.written(requested).join(","),
            words(&setting.written(allowed)),
        ),
    };
    if is_within {
        return Ok(());
    }
    let key = setting.key;
    Err(Refusal::new(
        403,
        format!("`{shown}` is not allowed for `{key}`: the operator allows {allowed}"),
        format!(
            "ask for less, or have `{}` changed in the service's environment",
            variable(key)
        ),
    ))
}

/// A word, or the one for a switch.
fn word(value: &Value) -> &'static str {
    match value {
        Value::Word(word) => word,
        Value::Switch(true) => "true",
        Value::Switch(false) => "false",
        Value::Number(_) | Value::List(_) => "",
    }
}

/// Whether an allowed value covers a requested one, in any letter case.
fn covers(cover: Cover, allowed: &str, requested: &str) -> bool {
    let is_pattern = requested.contains(['*', '?']);
    let (lower, requested_lower) = (allowed.to_lowercase(), requested.to_lowercase());
    match cover {
        Cover::Equal => requested_lower == lower,
        Cover::Beginning => requested_lower.starts_with(&lower),
        Cover::Pattern => {
            requested_lower == lower
                || !is_pattern && WildMatch::new_case_insensitive(allowed).matches(requested)
        }
    }
}

/// Whether a run of these settings may begin: of the whole fleet only if that is meant.
///
/// # Errors
///
/// 400 when nothing confirms it; 403 when the operator has ruled it out.
pub fn may_run(given: &Given, operator: &Given, purpose: Purpose) -> Result<(), Refusal> {
    if purpose == Purpose::Plan || !given.whole_fleet() || given.yes == Some(true) {
        return Ok(());
    }
    Err(match operator.yes {
        Some(false) => Refusal::new(
            403,
            "nothing is selected, which would sync the whole fleet, and the operator does not allow that",
            "select, such as with `{\"stale-for\": \"24h\"}`, or give a `limit`",
        ),
        _ => Refusal::new(
            400,
            "nothing is selected, which would sync the whole fleet",
            "say `{\"yes\": true}` if that is meant, or select, such as with `{\"stale-for\": \"24h\"}`",
        ),
    })
}

#[cfg(test)]
mod tests {
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

    /// For each key: what the operator sets, what a request may set, and what it may not.
    const CASES: [(&str, &str, &[&str], &[&str]); 30] = [
        ("max-rate", "5", &["5", "0.5"], &["5.001", "100"]),
        ("dispatch", "batch", &["batch", "single"], &["bulk"]),
        ("pace", "fixed", &["fixed"], &["quota"]),
        ("batch-size", "50", &["50", "1"], &["51"]),
        ("max-retries", "5", &["5", "0"], &["6"]),
        ("give-up-after", "10m", &["10m", "1s"], &["11m", "7d"]),
        ("limit", "100", &["100", "1"], &["101"]),
        ("deadline", "1h", &["1h", "30m"], &["61m", "7d"]),
        ("batch-delay-seconds", "10", &["10", "1h"], &["9.999", "0"]),
        ("initial-backoff-seconds", "5", &["5", "1m"], &["4"]),
        ("stale-for", "24h", &["24h", "7d"], &["23h"]),
        (
            "stale-since",
            "2026-11-01",
            &["2026-11-01", "2026-10-31T23:00:00Z"],
            &["2026-11-02"],
        ),
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
        ("serial", "5CD*", &["5cd1", "5CD*"], &["*", "6"]),
        ("user", "*@contoso.com", &["ann@contoso.com"], &["*"]),
        ("model", "iPad*", &["iPad8,1"], &["iPhone"]),
        ("enrollment-profile", "Kiosk", &["kiosk"], &["*"]),
        ("os-version", "10.0", &["10.0.2"], &["10", "11"]),
        ("enrolled-since", "30d", &["30d", "1d"], &["31d"]),
        ("device", A, &[A], &[B]),
        ("include-unsupported", "false", &["false"], &["true"]),
        ("fail-if-incomplete", "true", &["true"], &["false"]),
        ("fail-if-none", "true", &["true"], &["false"]),
        ("order", "stalest", &["stalest"], &["listed"]),
        ("yes", "false", &["false"], &["true"]),
    ];

    #[test]
    fn each_key_can_be_narrowed_and_not_widened() {
        let mut keys: Vec<&str> = CASES.iter().map(|(key, ..)| *key).collect();
        let bounded = Setting::of_component().filter(|setting| setting.bound != Bound::Added);
        let mut all: Vec<&str> = bounded.map(|setting| setting.key).collect();
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
            for requested in narrower {
                let requested = given(&[(key, requested)]);
                assert_eq!(narrow(&operator, requested.clone()), Ok(requested), "{key}");
            }
            for requested in wider {
                let refusal = narrow(&operator, given(&[(key, requested)])).expect_err(requested);
                assert_eq!(refusal.status, 403);
                assert!(
                    refusal.advice.message.contains(&format!("for `{key}`")),
                    "{refusal:?}"
                );
            }
        }
    }

    #[test]
    fn what_the_operator_leaves_out_stays_left_out() {
        let operator = given(&[("exclude-name", "VIP-*"), ("exclude-device", A)]);
        let request = given(&[("exclude-name", "LAB-*"), ("exclude-device", B)]);
        let run = narrow(&operator, request).expect("it narrows");
        assert_eq!(run.exclude_name, ["LAB-*", "VIP-*"]);
        assert_eq!(run.exclude_device.len(), 2);
        assert_eq!(narrow(&operator, Given::default()), Ok(operator));
    }

    #[test]
    fn the_quota_and_the_beta_are_bounds_even_if_the_operator_sets_none() {
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
        for (key, requested) in [
            ("max-rate", "20"),
            ("dispatch", "bulk"),
            ("dispatch", "single"),
            ("pace", "fixed"),
        ] {
            assert!(
                narrow(&operator, given(&[(key, requested)])).is_ok(),
                "{key}"
            );
        }
    }

    #[test]
    fn messages_name_the_value_and_what_is_allowed() {
        for (set, requested, message) in [
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
                "`bulk` is not allowed for `dispatch`: the operator allows `single` or `batch`",
            ),
            (
                ("os", "iOS"),
                ("os", "macOS"),
                "`macOS` is not allowed for `os`: the operator allows `iOS`",
            ),
        ] {
            let refusal = narrow(&given(&[set]), given(&[requested])).expect_err(message);
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

    /// The default, in syncs in 1,000 seconds.
    const MAX_RATE: u64 = 9_750;

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
                    prop_assert!(run.max_rate <= Some(most.unwrap_or(MAX_RATE)));
                    prop_assert!(run.limit.is_some_and(|limit| limit <= most_devices));
                    prop_assert!(run.batch_delay >= Some(least));
                }
                Err(_) => prop_assert!(
                    rate > most.unwrap_or(MAX_RATE)
                        || limit.is_some_and(|limit| limit > most_devices)
                        || delay.is_some_and(|delay| delay < least)
                ),
            }
        }
    }
}
