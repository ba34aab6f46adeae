//! Devices whose sync got 403: whether the identity may not sync these, or none any more.
//!
//! Both look alike. Until a sync is accepted, 403 ends the run at once. Afterwards such a device is held: a sync that
//! left later and is accepted shows that the fault is the device's own. When many are held and none is accepted, writes
//! go alone until one is accepted, or until ten in a row are refused: then the permission must be gone.

use core::mem;

use crate::{contract::Outcome, devices::Position, http::RequestId};

/// This many are held before writes go alone. In a run with all its requests in flight, one device in five that may not
/// be synced does not get here.
const HELD_MAX: usize = 8;
/// This many writes that went alone were refused: the permission is gone.
const REFUSED_ALONE_MAX: u8 = 10;

/// The devices that are held.
#[derive(Debug, Clone, Default)]
pub(super) struct Forbidden {
    held: Vec<Held>,
    doubt: Option<Doubt>,
}

/// What is known of the identity's permission to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// It has it for other devices, or that is open.
    Open,
    /// It has it for none any more.
    Lost,
}

#[derive(Debug, Clone)]
struct Held {
    position: Position,
    failure: Outcome,
    /// Requests from this one on left after the device was refused.
    since: RequestId,
}

/// Whether the permission is gone is being found out.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    /// Requests from this one on go alone.
    since: RequestId,
    /// How many of them were refused.
    refused: u8,
}

impl Forbidden {
    /// Whether writes go alone.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    /// Holds the devices that `request` was refused for. `next` is the request that leaves next.
    pub(super) fn hold(
        &mut self,
        devices: impl Iterator<Item = (Position, Outcome)>,
        request: RequestId,
        next: RequestId,
    ) -> Permission {
        self.held.extend(devices.map(|(position, failure)| Held {
            position,
            failure,
            since: next,
        }));
        match &mut self.doubt {
            None if self.held.len() >= HELD_MAX => {
                let (since, refused) = (next, 0);
                self.doubt = Some(Doubt { since, refused });
            }
            Some(doubt) if request >= doubt.since => {
                doubt.refused += 1;
                if doubt.refused >= REFUSED_ALONE_MAX {
                    self.held.clear();
                    return Permission::Lost;
                }
            }
            None | Some(_) => {}
        }
        Permission::Open
    }

    /// A sync of `request` was accepted: those that were refused before it left have failed.
    pub(super) fn accepted(&mut self, request: RequestId) -> Vec<(Position, Outcome)> {
        if self.doubt.is_some_and(|doubt| request >= doubt.since) {
            self.doubt = None;
        }
        let held = mem::take(&mut self.held);
        let (settled, held) = held.into_iter().partition(|held| held.since <= request);
        self.held = held;
        outcomes(settled)
    }

    /// No other device is left: those that are held have failed.
    pub(super) fn settle_all(&mut self) -> Vec<(Position, Outcome)> {
        outcomes(mem::take(&mut self.held))
    }
}

fn outcomes(settled: Vec<Held>) -> Vec<(Position, Outcome)> {
    let outcome = |held: Held| (held.position, held.failure);
    settled.into_iter().map(outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(devices: usize, next: u64) -> Forbidden {
        let mut forbidden = Forbidden::default();
        let held = hold(&mut forbidden, devices, next - 1, next);
        assert_eq!(held, Permission::Open);
        forbidden
    }

    fn hold(forbidden: &mut Forbidden, devices: usize, request: u64, next: u64) -> Permission {
        let device = (Position::nth(0), Outcome::Gone);
        let devices = std::iter::repeat_n(device, devices);
        forbidden.hold(devices, RequestId(request), RequestId(next))
    }

    #[test]
    fn a_sync_that_was_under_way_proves_nothing() {
        let mut forbidden = forbidden(HELD_MAX, 40);
        assert!(forbidden.accepted(RequestId(39)).is_empty());
        assert!(forbidden.is_in_doubt());
        assert_eq!(forbidden.accepted(RequestId(40)).len(), HELD_MAX);
        assert!(!forbidden.is_in_doubt());
    }

    #[test]
    fn few_are_no_cause_for_doubt() {
        assert!(!forbidden(HELD_MAX - 1, 40).is_in_doubt());
    }

    #[test]
    fn only_refusals_of_writes_that_went_alone_count() {
        let mut forbidden = forbidden(HELD_MAX, 40);
        for under_way in 0..39 {
            assert_eq!(hold(&mut forbidden, 1, under_way, 40), Permission::Open);
        }
        for alone in 40..49 {
            assert_eq!(hold(&mut forbidden, 1, alone, alone + 1), Permission::Open);
        }
        assert_eq!(hold(&mut forbidden, 1, 49, 50), Permission::Lost);
        assert!(forbidden.settle_all().is_empty(), "they stay pending");
    }
}
