//! What came in and what became of it, as the server saw it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::faults::Fault;

/// What came in and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// HTTP requests by kind.
    pub requests: Requests,
    /// Syncs that were asked for: single ones, items of a `$batch`, ids of an `executeAction`.
    pub syncs_requested: u64,
    /// Syncs that were carried out, whatever was answered.
    pub syncs_accepted: u64,
    /// Devices for which exactly one sync was carried out.
    pub devices_synced_once: u32,
    /// Devices for which more than one sync was carried out.
    pub devices_synced_more_than_once: u32,
    /// Syncs asked for although the caller had been told how an earlier one of the device ended (2xx, 400, 404). More
    /// than 0 is a fault of the caller.
    pub repeated_after_known_outcome: u64,
    /// Requests to Graph that arrived while a wait that an answer had named was not over. More than 0 is a fault of
    /// the caller.
    pub early_calls: u64,
    /// How many milliseconds too early the worst of these was.
    pub worst_early_ms: u64,
    /// Requests that were answered 429 as a whole.
    pub throttled_requests: u64,
    /// Items of a `$batch` that were answered 429.
    pub throttled_items: u64,
    /// Writes that are no sync (wipe, retire, delete …), wherever they came: as a request, in a `$batch`, as an
    /// `executeAction`. More than 0 is a fault of the caller.
    pub forbidden_writes: u64,
    /// What these were: method and path, or the action's name; the first hundred.
    pub forbidden: Vec<String>,
    /// Requests to Graph without a `client-request-id`.
    pub missing_client_request_ids: u64,
    /// Requests to Graph with a `client-request-id` that came before.
    pub reused_client_request_ids: u64,
    /// Requests to Graph that were answered 401.
    pub unauthorized: u64,
    /// Requests to Graph that were answered 403.
    pub refused: u64,
    /// Different tokens that the identity and token endpoints gave.
    pub tokens_issued: u64,
    /// The identities that were asked for: `client_id=…`, `tenant=…`.
    pub identities: BTreeSet<String>,
    /// What tokens were given for: `https://graph.microsoft.com`.
    pub audiences: BTreeSet<String>,
    /// The largest number of requests in flight at once.
    pub most_in_flight: u32,
    /// Lists asked for with a `$filter` that was silently ignored.
    pub ignored_filters: u64,
    /// Writes that the quota let through, second by second from the start.
    pub admitted_per_second: Vec<u32>,
    /// Writes that were throttled, second by second from the start: the quota refused them, or they came while the
    /// tenant was closed to early callers. Neither list goes beyond the last second that has any.
    pub rejected_per_second: Vec<u32>,
    /// The most writes that the quota let through in a window's length.
    pub most_admitted_in_window: u64,
    /// The most writes that came to the quota in a window's length, rejected ones included.
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
    /// Tokens.
    pub identity: u64,
    /// Anything else.
    pub other: u64,
}

impl Requests {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.list + self.sync + self.batch + self.execute_action + self.identity + self.other
    }
}

/// The statistics, and what it takes to keep them.
pub(crate) struct Ledger {
    pub(crate) statistics: Statistics,
    /// Writes that the quota let through.
    pub(crate) writes: u64,
    admitted: Window,
    attempted: Window,
    in_flight: u32,
    hasher: RandomState,
    client_request_ids: HashSet<u64>,
}

/// Counts over the time that has just passed.
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

    /// A request has come.
    pub(crate) fn enter(&mut self) {
        self.in_flight += 1;
        self.statistics.most_in_flight = self.statistics.most_in_flight.max(self.in_flight);
    }

    /// A request was answered, or given up by the caller.
    pub(crate) fn leave(&mut self) {
        self.in_flight -= 1;
    }

    /// A request came early by so many milliseconds.
    pub(crate) fn early(&mut self, margin: Millis) {
        self.statistics.early_calls += 1;
        self.statistics.worst_early_ms = self.statistics.worst_early_ms.max(margin);
    }

    /// A request with this `client-request-id`, empty if it had none.
    pub(crate) fn client_request_id(&mut self, id: &str) {
        if id.is_empty() {
            self.statistics.missing_client_request_ids += 1;
        } else if !self.client_request_ids.insert(self.hasher.hash_one(id)) {
            self.statistics.reused_client_request_ids += 1;
        }
    }

    /// A write that is no sync.
    pub(crate) fn forbidden(&mut self, what: impl Into<String>) {
        self.statistics.forbidden_writes += 1;
        if self.statistics.forbidden.len() < 100 {
            self.statistics.forbidden.push(what.into());
        }
    }

    /// Writes came to the quota, which let them through or not.
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

    /// A sync was carried out: the device's `count`th.
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

    /// Counts, and answers the sum over the last window's length.
    fn add(&mut self, now: Millis, count: u64) -> u64 {
        while let Some((_, gone)) = self
            .log
            .front()
            .copied()
            .filter(|(at, _)| at + self.width <= now)
        {
            self.sum -= gone;
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
