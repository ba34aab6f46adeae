//! Each device that the selection matched has exactly one outcome, and the counts say the same as the events and as
//! the simulator's books.

use std::collections::{BTreeMap, BTreeSet};

use intune_sync_simulator::{FaultsConfig, Share};
use serde_json::Value;

use crate::{
    books::{balance_to_the_device, each, list, number},
    tenant::{Tenant, healthy},
};

#[test]
fn a_fleet_of_all_kinds_is_accounted_for_to_the_device() {
    let seeds = 1..=2;
    let cases = seeds.flat_map(|seed| {
        ["single", "batch", "bulk"]
            .into_iter()
            .flat_map(move |dispatch| ["fixed", "quota"].map(|pace| (seed, dispatch, pace)))
    });
    each(cases, |(seed, dispatch, pace)| {
        let some = Share::percent(8);
        let mut config = healthy(400);
        config.seed = seed;
        config.fleet.gone = some;
        config.fleet.unsupported = some;
        config.fleet.failing = some;
        config.fleet.unsyncable_agents = some;
        config.list.duplicates = some;
        config.faults = FaultsConfig {
            statuses: vec![500, 502, 504],
            single: some,
            item: some,
            item_lost: some,
            bulk_device: some,
            drop_after: some,
            first_attempts: Some(2),
            ..FaultsConfig::default()
        };
        let tenant = Tenant::new(config);
        let (finished, lines) = tenant
            .sync()
            .args([
                "--dispatch",
                dispatch,
                "--pace",
                pace,
                "--batch-size",
                "130",
            ])
            .jsonl();
        let context = format!("{seed} {dispatch} {pace}");
        assert_eq!(finished.code, 3, "{context}: {finished:?}");
        let account = lines.last().expect("a summary");
        balance_to_the_device(&tenant, account);

        let outcomes = outcomes(&lines);
        assert_eq!(outcomes.len(), 400, "{context}");
        let count = |wanted: &str| outcomes.values().filter(|it| **it == wanted).count() as u64;
        for (key, outcome) in [
            ("SuccessCount", "accepted"),
            ("ErrorCount", "failed"),
            ("SkippedCount", "skipped"),
            ("GoneCount", "gone"),
        ] {
            assert!(count(outcome) > 0, "{context}: {outcome}");
            assert_eq!(number(account, key), count(outcome), "{context}: {key}");
        }

        let ids = |outcome: &str| {
            let devices = tenant.simulator.devices(Some(outcome));
            devices
                .expect("an outcome")
                .into_keys()
                .collect::<BTreeSet<_>>()
        };
        for id in ids("regular") {
            assert_eq!(outcomes.get(&*id), Some(&"accepted"), "{context}: {id}");
        }
        for id in ids("gone") {
            // One that is gone may be of a kind that is skipped.
            assert!(
                matches!(outcomes[&*id], "gone" | "skipped"),
                "{context}: {id}"
            );
        }
        for failure in list(account, "Failures") {
            let id = failure["Id"].as_str().expect("an id");
            assert_eq!(outcomes.get(id), Some(&"failed"), "{context}: {id}");
            let known = ids("failing").contains(id) || ids("unsupported").contains(id);
            assert!(known, "{context}: {failure}");
        }
    });
}

/// The outcome of each device, of which there must be one.
fn outcomes(lines: &[Value]) -> BTreeMap<&str, &str> {
    let mut outcomes = BTreeMap::new();
    for line in lines.iter().filter(|line| line["event"] == "device-done") {
        let text = |key: &str| line[key].as_str().expect("a text");
        let before = outcomes.insert(text("id"), text("outcome"));
        assert_eq!(before, None, "a second outcome: {line}");
    }
    outcomes
}
