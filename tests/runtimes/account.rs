//! What a run came to, without what time and chance decide: so that two runs of the same tenant can be compared.

use std::collections::{BTreeMap, BTreeSet};

use intune_sync_simulator::Statistics;
use serde_json::{Map, Value};

use crate::tenant::Tenant;

/// A run by its own account, and by the tenant's.
#[derive(Debug, PartialEq)]
pub(crate) struct Account {
    /// The final outcome of each device, by its id.
    pub(crate) devices: BTreeMap<String, Map<String, Value>>,
    /// The summary.
    pub(crate) summary: Map<String, Value>,
    books: Books,
}

/// What the tenant saw.
#[derive(Debug, PartialEq)]
struct Books {
    /// How many syncs of each device were carried out.
    syncs: BTreeMap<String, u8>,
    pages: u64,
    single_syncs: u64,
    bulk_actions: u64,
    other_requests: u64,
    tokens: u64,
    identities: BTreeSet<String>,
    unauthorized: u64,
    refused: u64,
    forbidden: Vec<String>,
    early_calls: u64,
    repeated_after_known_outcome: u64,
    missing_client_request_ids: u64,
    reused_client_request_ids: u64,
    ignored_filters: u64,
}

/// What differs from one run to the next; attempts do, since an attempt that was throttled is one, and check-ins, which
/// a tenant dates back from its start.
const OF_TIME_AND_CHANCE: [&str; 13] = [
    "time",
    "lastSyncDateTime",
    "attempts",
    "Attempts",
    "requestId",
    "clientRequestId",
    "RequestId",
    "ClientRequestId",
    "RunId",
    "DurationMinutes",
    "RetryCount",
    "ThrottledCount",
    "HttpRequests",
];

impl Account {
    /// Reads the lines of a run, the only one of this tenant. It was throttled.
    pub(crate) fn of(lines: &str, tenant: &Tenant) -> Self {
        let mut lines: Vec<Map<String, Value>> = lines.lines().map(line).collect();
        let mut summary = lines.pop().expect("a summary");
        assert_eq!(summary["event"], "summary", "{summary:?}");
        let statistics = tenant.statistics();
        let throttled = statistics.throttled_items + statistics.throttled_requests;
        assert!(throttled > 0, "{statistics:?}");
        assert_eq!(summary["ThrottledCount"], throttled, "{statistics:?}");
        let sent = statistics.requests.total() - statistics.requests.identity;
        assert_eq!(summary["HttpRequests"], sent, "{statistics:?}");
        settle(&mut summary);
        let mut devices = BTreeMap::new();
        for mut line in lines {
            if line["event"] == "device-done" {
                settle(&mut line);
                let id = line["id"].as_str().expect("an id").to_owned();
                let told = devices.insert(id, line);
                assert_eq!(told, None, "each device is reported once");
            }
        }
        Self {
            devices,
            summary,
            books: Books::of(statistics, tenant),
        }
    }

    /// How many devices have this outcome.
    pub(crate) fn count(&self, outcome: &str) -> usize {
        let devices = self.devices.values();
        devices
            .filter(|device| device["outcome"] == outcome)
            .count()
    }
}

impl Books {
    fn of(statistics: Statistics, tenant: &Tenant) -> Self {
        let syncs = tenant.simulator.devices(None).expect("all devices");
        Self {
            syncs: syncs.into_iter().collect(),
            pages: statistics.requests.list,
            single_syncs: statistics.requests.sync,
            bulk_actions: statistics.requests.execute_action,
            other_requests: statistics.requests.other,
            tokens: statistics.tokens_issued,
            identities: statistics.identities,
            unauthorized: statistics.unauthorized,
            refused: statistics.refused,
            forbidden: statistics.forbidden,
            early_calls: statistics.early_calls,
            repeated_after_known_outcome: statistics.repeated_after_known_outcome,
            missing_client_request_ids: statistics.missing_client_request_ids,
            reused_client_request_ids: statistics.reused_client_request_ids,
            ignored_filters: statistics.ignored_filters,
        }
    }
}

fn line(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
}

/// Leaves out what differs from one run to the next, and puts lists of failures in order.
fn settle(object: &mut Map<String, Value>) {
    object.retain(|key, _| !OF_TIME_AND_CHANCE.contains(&key.as_str()));
    if let Some(Value::Array(failures)) = object.get_mut("Failures") {
        for failure in failures.iter_mut() {
            settle(failure.as_object_mut().expect("a failure"));
        }
        failures.sort_by_key(|failure| failure["Id"].to_string());
    }
}
