//! `executeAction`: one action for many devices.

use serde::Deserialize;
use serde_json::json;

use crate::{
    config::{BulkConfig, BulkCost, BulkRefusal, Fault},
    fleet::{Fate, Fleet, device::Device},
    graph::{access, error::GraphError, exchange::Exchange, sync_device, target::Target},
    response::Response,
};

/// An action, as it is requested.
pub(crate) enum Action {
    /// `syncDevice`, or a body that cannot be read.
    Sync(Result<Vec<Member>, GraphError>),
    /// An action with another name.
    Other(String),
}

/// A device of the call.
pub(crate) struct Member {
    /// Its id as it was sent, which is how it is returned.
    id: String,
    pub(crate) target: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    action_name: String,
    device_ids: Vec<String>,
}

/// Reads the body of an `executeAction`.
pub(crate) fn read(fleet: &Fleet, body: &[u8]) -> Action {
    match serde_json::from_slice::<Body>(body) {
        Err(_) => {
            let error = GraphError::bad_request("The body of the action cannot be read");
            Action::Sync(Err(error))
        }
        Ok(body) if body.action_name != "syncDevice" => Action::Other(body.action_name),
        Ok(body) => {
            let members = body.device_ids.into_iter().map(|id| Member {
                target: Target::named(fleet, &id),
                id,
            });
            Action::Sync(Ok(members.collect()))
        }
    }
}

/// Syncs many devices.
pub(crate) fn respond(
    exchange: &mut Exchange<'_>,
    members: &[Member],
) -> Result<Response, GraphError> {
    let config = &exchange.config.bulk;
    check_available(config, members.len())?;
    exchange.charge_request(1)?;
    access::may_sync(exchange)?;
    let cost = match config.cost {
        BulkCost::Call => 1,
        BulkCost::Device => u32::try_from(members.len()).unwrap_or(u32::MAX),
    };
    exchange.charge_write(cost, exchange.ordinal)?;
    if exchange.meets(Fault::Bulk, exchange.config.faults.bulk) {
        return Err(exchange.transient_failure(exchange.ordinal));
    }
    let (mut successful, mut failed, mut not_found, mut not_supported) =
        (vec![], vec![], vec![], vec![]);
    let mut known = Vec::new();
    for Member { id, target } in members {
        let Some(index) = target.index else {
            not_found.push(id);
            continue;
        };
        match Device::new(&exchange.state.fleet, index, exchange.now).fate() {
            Fate::Gone => not_found.push(id),
            Fate::Unsupported => not_supported.push(id),
            Fate::Syncs
                if !exchange.target_meets(
                    target,
                    Fault::BulkDevice,
                    exchange.config.faults.bulk_device,
                ) =>
            {
                sync_device::execute(exchange, index);
                successful.push(id);
            }
            Fate::Failing | Fate::Forbidden | Fate::Unauthorized | Fate::Syncs => {
                failed.push(id);
                continue;
            }
        }
        known.push(index);
    }
    let result = json!({
        "successfulDeviceIds": successful,
        "failedDeviceIds": failed,
        "notFoundDeviceIds": not_found,
        "notSupportedDeviceIds": not_supported,
    });
    let result = if config.wrapped {
        json!({"value": result})
    } else {
        result
    };
    let mut response = Response::json(200, result.to_string());
    response.known = known;
    Ok(response)
}

/// Checks that the action is offered at all, and for this many devices.
fn check_available(config: &BulkConfig, devices: usize) -> Result<(), GraphError> {
    let refused = match config.refusal {
        Some(BulkRefusal::BadRequest) => {
            GraphError::bad_request("The action executeAction is not available")
        }
        Some(BulkRefusal::Forbidden) => {
            GraphError::new(403, "Forbidden", "The action is not for this app")
        }
        Some(BulkRefusal::NotFound) => {
            GraphError::not_found("Resource not found for the segment 'executeAction'.")
        }
        None if devices <= config.max_ids.get() as usize => return Ok(()),
        None if config.too_large => {
            GraphError::new(413, "RequestEntityTooLarge", "The request is too large")
        }
        None => {
            GraphError::bad_request(format!("At most {} device ids are allowed", config.max_ids))
        }
    };
    Err(refused)
}
