//! `executeAction`: one action for many devices.

use serde::Deserialize;
use serde_json::json;

use crate::call::{Call, Target};
use crate::config::{BulkCost, BulkRefusal};
use crate::device::Device;
use crate::errors::Refusal;
use crate::exchange::Exchange;
use crate::faults::Fault;
use crate::fleet::{Fate, Fleet};
use crate::reply::Reply;
use crate::sync_device::carry_out;

/// A device of the call.
pub(crate) struct Member {
    /// Its id as it was sent, which is how it is answered.
    id: String,
    pub(crate) target: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    action_name: String,
    device_ids: Vec<String>,
}

/// Reads the body of an `executeAction`.
pub(crate) fn read(fleet: &Fleet, body: &[u8]) -> Call {
    match serde_json::from_slice::<Action>(body) {
        Err(_) => Call::ExecuteAction(Err(Refusal::bad_request(
            "The body of the action cannot be read",
        ))),
        Ok(action) if action.action_name != "syncDevice" => {
            Call::Forbidden(format!("executeAction {}", action.action_name))
        }
        Ok(action) => {
            let ids = action.device_ids.into_iter();
            Call::ExecuteAction(Ok(ids
                .map(|id| Member {
                    target: Target::named(fleet, &id),
                    id,
                })
                .collect()))
        }
    }
}

/// Syncs many devices.
pub(crate) fn answer(exchange: &mut Exchange<'_>, members: &[Member]) -> Reply {
    match carry_out_all(exchange, members) {
        Ok(reply) => reply,
        Err(refusal) => exchange.refuse(&refusal),
    }
}

fn carry_out_all(exchange: &mut Exchange<'_>, members: &[Member]) -> Result<Reply, Refusal> {
    let config = &exchange.config.bulk;
    match config.refusal {
        Some(BulkRefusal::BadRequest) => {
            return Err(Refusal::bad_request(
                "The action executeAction is not available",
            ));
        }
        Some(BulkRefusal::Forbidden) => {
            return Err(Refusal::new(
                403,
                "Forbidden",
                "The action is not for this app",
            ));
        }
        Some(BulkRefusal::NotFound) => {
            return Err(Refusal::not_found(
                "Resource not found for the segment 'executeAction'.",
            ));
        }
        None => {}
    }
    if members.len() > config.max_ids.get() as usize {
        return Err(match config.too_large {
            true => Refusal::new(413, "RequestEntityTooLarge", "The request is too large"),
            false => {
                Refusal::bad_request(format!("At most {} device ids are allowed", config.max_ids))
            }
        });
    }
    exchange.take_request(1)?;
    exchange.may_sync()?;
    let cost = match config.cost {
        BulkCost::Call => 1,
        BulkCost::Device => u32::try_from(members.len()).unwrap_or(u32::MAX),
    };
    exchange.take_write(cost, exchange.ordinal)?;
    if exchange.meets(Fault::Bulk, exchange.config.faults.bulk) {
        return Err(exchange.failure(exchange.ordinal));
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
                carry_out(exchange, index);
                successful.push(id);
            }
            Fate::Failing | Fate::Syncs => {
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
    Ok(Reply {
        known,
        ..Reply::json(200, result.to_string().into_bytes())
    })
}
