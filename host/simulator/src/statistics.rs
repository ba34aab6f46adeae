//! The requests and their outcomes, as the server saw them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

use serde::{Deserialize, Serialize};

use crate::{clock::Millis, config::Fault};

/// The requests and their outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// HTTP requests by kind.
    pub requests: Requests,
    /// Syncs that were requested: single ones, items of a `$batch`, ids of an `executeAction`.
    pub syncs_requested: u64,
    /// Syncs that were executed, whatever the response.
    pub syncs_accepted: u64,
    /// Devices that were synced exactly once.
    pub devices_synced_once: u32,
    /// Devices that were synced more than once.
    pub devices_synced_more_than_once: u32,
    /// Syncs that were requested although the caller had received a final outcome for the device (2xx, 400, 404). More
    /// than 0 is a defect of the caller.
    pub repeated_after_known_outcome: u64,
    /// Requests to Graph that arrived before the end of a wait that a response had asked for. More than 0 is a defect
    /// of the caller.
    pub early_calls: u64,
    /// How early the earliest of these was, in milliseconds.
    pub worst_early_ms: u64,
    /// Requests that were throttled (429) as a whole.
    pub throttled_requests: u64,
    /// Items of a `$batch` that were throttled (429).
    pub throttled_items: u64,
    /// Writes other than syncs (wipe, retire, delete …): as a request, in a `$batch`, or as an `executeAction`. More
    /// than 0 is a defect of the caller.
    pub forbidden_writes: u64,
    /// The first hundred of these: method and path, or the action's name.
    pub forbidden: Vec<String>,
    /// Requests to Graph without a `client-request-id`.
    pub missing_client_request_ids: u64,
    /// Requests to Graph with a `client-request-id` that was used before.
    pub reused_client_request_ids: u64,
    /// App roles that were assigned.
    pub roles_assigned: u64,
    /// Assignments of app roles that were revoked.
    pub roles_revoked: u64,
    /// Requests to Graph that failed with 401.
    pub unauthorized: u64,
    /// Requests to Graph that failed with 403.
    pub refused: u64,
    /// Distinct tokens that the identity and token endpoints issued.
    pub tokens_issued: u64,
    /// Tokens that systems issued to their jobs.
    pub job_tokens_issued: u64,
    /// The identities that tokens were requested for: `client_id=…`, `tenant=…`.
    pub identities: BTreeSet<String>,
    /// The resources that tokens were issued for: `https://graph.microsoft.com`.
    pub audiences: BTreeSet<String>,
    /// The largest number of requests in flight at once.
    pub most_in_flight: u32,
    /// Pages of the list that were requested with a `$filter` that was silently ignored.
    pub ignored_filters: u64,
    /// Writes that were admitted, second by second from the start.
    pub admitted_per_second: Vec<u32>,
    /// Writes that were throttled, second by second from the start: the quota was used up, or early callers were
    /// blocked. Neither list extends beyond the last second that has any.
    pub rejected_per_second: Vec<u32>,
    /// The most writes that were admitted within the length of a window.
    pub most_admitted_in_window: u64,
    /// The most writes, throttled ones included, within the length of a window.
    pub most_attempted_in_window: u64,
    /// Faults that were met.
    pub faults: BTreeMap<Fault, u64>,
}

/// HTTP requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Pages of the list.
    pub list: u64,
    /// Single syncs.
    pub sync: u64,
    /// `$batch`.
    pub batch: u64,
    /// `executeAction`.
    pub execute_action: u64,
    /// Service principals and their app roles.
    pub directory: u64,
    /// Groups and their members.
    pub groups: u64,
    /// Tokens.
    pub identity: u64,
    /// Anything else.
    pub other: u64,
}

impl Requests {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.list
            + self.sync
            + self.batch
            + self.execute_action
            + self.directory
            + self.groups
            + self.identity
            + self.other
    }
}

/// The statistics, and the state needed to update them.
pub(crate) struct Ledger {
    pub(crate) statistics: Statistics,
    /// Writes that were admitted.
    pub(crate) writes: u64,
    admitted: Window,
    attempted: Window,
    in_flight: u32,
    hasher: RandomState,
    client_request_ids: HashSet<u64>,
}

/// A count over a sliding window.
struct Window {
    width: Millis,
    log: VecDeque<(Millis, u64)>,
    sum: u64,
}

impl Ledger {
    /// `window` is the length of the quota's window.
    pub(crate) fn new(window: Millis) -> Self {
        Self {
            statistics: Statistics::default(),
            writes: 0,
            admitted: Window::new(window),
            attempted: Window::new(window),
            in_flight: 0,
            hasher: RandomState::new(),
            client_request_ids: HashSet::new(),
        }
    }

    /// A request has arrived.
    pub(crate) fn enter(&mut self) {
        self.in_flight += 1;
        self.statistics.most_in_flight = self.statistics.most_in_flight.max(self.in_flight);
    }

    /// A response was sent, or the caller gave up.
    pub(crate) fn leave(&mut self) {
        self.in_flight -= 1;
    }

    /// A request was early by `margin`.
    pub(crate) fn early(&mut self, margin: Millis) {
        self.statistics.early_calls += 1;
        self.statistics.worst_early_ms = self.statistics.worst_early_ms.max(margin);
    }

    /// A request had this `client-request-id`, empty if none.
    pub(crate) fn client_request_id(&mut self, id: &str) {
        if id.is_empty() {
            self.statistics.missing_client_request_ids += 1;
        } else if !self.client_request_ids.insert(self.hasher.hash_one(id)) {
            self.statistics.reused_client_request_ids += 1;
        }
    }

    /// A write other than a sync was requested.
    pub(crate) fn forbidden(&mut self, write: impl Into<String>) {
        self.statistics.forbidden_writes += 1;
        if self.statistics.forbidden.len() < 100 {
            self.statistics.forbidden.push(write.into());
        }
    }

    /// Writes were charged to the quota, and admitted or throttled.
    pub(crate) fn write(&mut self, now: Millis, cost: u32, admitted: bool) {
        let statistics = &mut self.statistics;
        let attempted = self.attempted.add(now, cost.into());
        statistics.most_attempted_in_window = statistics.most_attempted_in_window.max(attempted);
        let per_second = match admitted {
            true => &mut statistics.admitted_per_second,
            false => &mut statistics.rejected_per_second,
        };
        let second = usize::try_from(now / 1_000).unwrap_or(usize::MAX);
        if per_second.len() <= second {
            per_second.resize(second + 1, 0);
        }
        per_second[second] += cost;
        if !admitted {
            return;
        }
        self.writes += u64::from(cost);
        let sum = self.admitted.add(now, cost.into());
        statistics.most_admitted_in_window = statistics.most_admitted_in_window.max(sum);
    }

    /// A device was synced, for the `count`th time.
    pub(crate) fn synced(&mut self, count: u8) {
        self.statistics.syncs_accepted += 1;
        match count {
            1 => self.statistics.devices_synced_once += 1,
            2 => {
                self.statistics.devices_synced_once -= 1;
                self.statistics.devices_synced_more_than_once += 1;
            }
            _ => {}
        }
    }

    /// A fault was met.
    pub(crate) fn fault(&mut self, fault: Fault) {
        *self.statistics.faults.entry(fault).or_default() += 1;
    }
}

impl Window {
    fn new(width: Millis) -> Self {
        Self {
            width,
            log: VecDeque::new(),
            sum: 0,
        }
    }

    /// Adds `count` at `now`, which never decreases. Returns the sum over the window that ends then.
    fn add(&mut self, now: Millis, count: u64) -> u64 {
        while let Some((_, expired)) = self
            .log
            .front()
            .copied()
            .filter(|(at, _)| at + self.width <= now)
        {
            self.sum -= expired;
            self.log.pop_front();
        }
        self.sum += count;
        match self.log.back_mut() {
            Some((at, sum)) if *at == now => *sum += count,
            _ => self.log.push_back((now, count)),
        }
        self.sum
    }
}
