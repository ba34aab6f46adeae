//! `syncDevice` for one device, alone or as an item of a `$batch`.

use crate::{
    config::{Fault, Share},
    entra::tokens::TokenProblem,
    fleet::{Fate, Index, device::Device},
    graph::{access, error::GraphError, exchange::Exchange, target::Target},
    response::Response,
};

/// The outcome of one sync.
pub(crate) struct Outcome {
    /// Why it failed.
    pub(crate) error: Option<GraphError>,
    /// The device, if this outcome is final for it.
    pub(crate) known: Option<Index>,
}

impl Outcome {
    /// It may succeed another time.
    pub(crate) fn failed(error: GraphError) -> Self {
        Self {
            error: Some(error),
            known: None,
        }
    }

    /// It never succeeds.
    fn failed_finally(error: GraphError, index: Index) -> Self {
        Self {
            error: Some(error),
            known: Some(index),
        }
    }
}

/// Executes a single sync.
pub(crate) fn respond(
    exchange: &mut Exchange<'_>,
    target: &Target,
) -> Result<Response, GraphError> {
    exchange.charge_request(1)?;
    let outcome = attempt(
        exchange,
        target,
        Fault::Single,
        exchange.config.faults.single,
    );
    let mut response = match &outcome.error {
        Some(error) => exchange.fail(error),
        None => Response::empty(204),
    };
    response.known.extend(outcome.known);
    Ok(response)
}

/// Syncs one device, or fails with `fault` in `share` of the cases.
pub(crate) fn attempt(
    exchange: &mut Exchange<'_>,
    target: &Target,
    fault: Fault,
    share: Share,
) -> Outcome {
    let admitted =
        access::may_sync(exchange).and_then(|()| exchange.charge_write(1, target.subject()));
    if let Err(error) = admitted {
        return Outcome::failed(error);
    }
    let Some(index) = target.index else {
        return Outcome::failed(not_found());
    };
    match Device::new(&exchange.state.fleet, index, exchange.now).fate() {
        Fate::Gone => return Outcome::failed_finally(not_found(), index),
        Fate::Unsupported => {
            let error = GraphError::bad_request("The action is not supported for this device");
            return Outcome::failed_finally(error, index);
        }
        Fate::Failing => return Outcome::failed(GraphError::failed(500)),
        Fate::Forbidden => {
            let message = "The device is out of the scope of the application";
            return Outcome::failed(GraphError::new(403, "Forbidden", message));
        }
        Fate::Unauthorized => return Outcome::failed(TokenProblem::Unknown.into()),
        Fate::Syncs => {}
    }
    if exchange.target_meets(target, fault, share) {
        return Outcome::failed(exchange.transient_failure(target.subject()));
    }
    execute(exchange, index);
    Outcome {
        error: None,
        known: Some(index),
    }
}

/// Tells the device to check in.
pub(crate) fn execute(exchange: &mut Exchange<'_>, index: Index) {
    let count = exchange.state.fleet.sync(index, exchange.now);
    exchange.state.ledger.synced(count);
}

fn not_found() -> GraphError {
    GraphError::not_found("The device was not found")
}
