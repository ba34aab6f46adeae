//! Requests of tests about the simulation itself, which count neither as requests nor in time.

use std::collections::HashMap;

use http::Uri;

use crate::{
    fleet::{Fate, Fleet, device::Device},
    response::Response,
    world::State,
};

/// Responds to a request below `/_simulator/`; `None` if it is for something else.
pub(crate) fn respond(state: &State, uri: &Uri) -> Option<Response> {
    let path = uri.path().strip_prefix("/_simulator/")?;
    let body = match path {
        "statistics" => serde_json::to_vec(&state.ledger.statistics).ok(),
        "devices" => {
            let mut parts = uri.query().unwrap_or_default().split('&');
            let outcome = parts.find_map(|part| part.strip_prefix("outcome="));
            devices(&state.fleet, outcome).and_then(|devices| serde_json::to_vec(&devices).ok())
        }
        _ => None,
    };
    Some(body.map_or_else(|| Response::empty(404), |body| Response::json(200, body)))
}

/// How often each device with this outcome was synced, by id; `None` if there is no such outcome.
pub(crate) fn devices(fleet: &Fleet, outcome: Option<&str>) -> Option<HashMap<String, u8>> {
    // The fate of a sync does not change with time.
    let fate = |index| Device::new(fleet, index, 0).fate();
    let syncs = |index| fleet.record(index).syncs;
    let selected: Box<dyn Fn(u32) -> bool> = match outcome {
        None => Box::new(|_| true),
        Some("synced") => Box::new(|index| syncs(index) > 0),
        Some("unsynced") => Box::new(|index| syncs(index) == 0),
        Some("repeated") => Box::new(|index| syncs(index) > 1),
        Some("gone") => Box::new(|index| fate(index) == Fate::Gone),
        Some("unsupported") => Box::new(|index| fate(index) == Fate::Unsupported),
        Some("failing") => Box::new(|index| fate(index) == Fate::Failing),
        Some("forbidden") => Box::new(|index| fate(index) == Fate::Forbidden),
        Some("unauthorized") => Box::new(|index| fate(index) == Fate::Unauthorized),
        Some("regular") => Box::new(|index| fate(index) == Fate::Syncs),
        Some(_) => return None,
    };
    let devices = (0..fleet.devices()).filter(|index| selected(*index));
    Some(
        devices
            .map(|index| (fleet.id(index).to_string(), syncs(index)))
            .collect(),
    )
}
