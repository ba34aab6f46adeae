//! What tests ask for, beside the time and the counts.

use std::collections::HashMap;

use http::Uri;

use crate::device::Device;
use crate::exchange::State;
use crate::fleet::{Fate, Fleet};
use crate::reply::Reply;

/// Answers a request below `/_simulator/`; none if it is for something else.
pub(crate) fn answer(state: &State, uri: &Uri) -> Option<Reply> {
    let path = uri.path().strip_prefix("/_simulator/")?;
    let answer = match path {
        "statistics" => serde_json::to_vec(&state.ledger.statistics).ok(),
        "devices" => {
            let mut parts = uri.query().unwrap_or_default().split('&');
            let outcome = parts.find_map(|part| part.strip_prefix("outcome="));
            devices(&state.fleet, outcome).and_then(|devices| serde_json::to_vec(&devices).ok())
        }
        _ => None,
    };
    Some(answer.map_or_else(|| Reply::empty(404), |body| Reply::json(200, body)))
}

/// How many syncs of each device were carried out, by id, of those with this outcome; none if there is no such.
pub(crate) fn devices(fleet: &Fleet, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
    // How a sync ends does not change with time.
    let fate = |index| Device::new(fleet, index, 0).fate();
    let syncs = |index| fleet.record(index).syncs;
    let taken: Box<dyn Fn(u32) -> bool> = match outcome {
        None => Box::new(|_| true),
        Some("synced") => Box::new(|index| syncs(index) > 0),
        Some("unsynced") => Box::new(|index| syncs(index) == 0),
        Some("repeated") => Box::new(|index| syncs(index) > 1),
        Some("gone") => Box::new(|index| fate(index) == Fate::Gone),
        Some("unsupported") => Box::new(|index| fate(index) == Fate::Unsupported),
        Some("failing") => Box::new(|index| fate(index) == Fate::Failing),
        Some("regular") => Box::new(|index| fate(index) == Fate::Syncs),
        Some(_) => return None,
    };
    let all = (0..fleet.devices()).filter(|index| taken(*index));
    Some(
        all.map(|index| (fleet.id(index).to_string(), syncs(index)))
            .collect(),
    )
}
