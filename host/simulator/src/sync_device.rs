//! `syncDevice` for one device, alone or as an item of a `$batch`.

use crate::call::Target;
use crate::config::Share;
use crate::device::Device;
use crate::errors::Refusal;
use crate::exchange::Exchange;
use crate::faults::Fault;
use crate::fleet::{Fate, Index};
use crate::reply::Reply;

/// How a sync ended.
pub(crate) struct Ended {
    /// Why it was not carried out.
    pub(crate) refusal: Option<Refusal>,
    /// The device, when the answer says for good how it ended.
    pub(crate) known: Option<Index>,
}

impl Ended {
    fn refused(refusal: Refusal) -> Self {
        Self {
            refusal: Some(refusal),
            known: None,
        }
    }
}

/// Answers a single sync.
pub(crate) fn answer(exchange: &mut Exchange<'_>, target: &Target) -> Reply {
    if let Err(refusal) = exchange.take_request(1) {
        return exchange.refuse(&refusal);
    }
    let ended = attempt(
        exchange,
        target,
        Fault::Single,
        exchange.config.faults.single,
    );
    let mut reply = match &ended.refusal {
        Some(refusal) => exchange.refuse(refusal),
        None => Reply::empty(204),
    };
    reply.known.extend(ended.known);
    reply
}

/// Carries out one sync, or fails it with `fault` in `share` of the cases.
pub(crate) fn attempt(
    exchange: &mut Exchange<'_>,
    target: &Target,
    fault: Fault,
    share: Share,
) -> Ended {
    let allowed = exchange
        .may_sync()
        .and_then(|()| exchange.take_write(1, target.subject()));
    if let Err(refusal) = allowed {
        return Ended::refused(refusal);
    }
    let Some(index) = target.index else {
        return Ended::refused(gone());
    };
    match Device::new(&exchange.state.fleet, index, exchange.now).fate() {
        Fate::Gone => {
            return Ended {
                refusal: Some(gone()),
                known: Some(index),
            };
        }
        Fate::Unsupported => {
            let refusal = Refusal::bad_request("The action is not supported for this device");
            return Ended {
                refusal: Some(refusal),
                known: Some(index),
            };
        }
        Fate::Failing => return Ended::refused(Refusal::failed(500)),
        Fate::Syncs => {}
    }
    if exchange.target_meets(target, fault, share) {
        return Ended::refused(exchange.failure(target.subject()));
    }
    carry_out(exchange, index);
    Ended {
        refusal: None,
        known: Some(index),
    }
}

/// The device is told to check in.
pub(crate) fn carry_out(exchange: &mut Exchange<'_>, index: Index) {
    let count = exchange.state.fleet.sync(index, exchange.now);
    exchange.state.ledger.synced(count);
}

fn gone() -> Refusal {
    Refusal::not_found("The device was not found")
}
