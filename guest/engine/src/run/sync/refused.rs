//! Devices whose sync got 401: whether their token is to blame, or they are.
//!
//! A token that is refused for some devices and accepted for others is not to blame: such a device is tried again after
//! the others and with other tokens, and then fails.

use std::collections::{BTreeMap, BTreeSet};

use intune_sync_graph::TOKEN_REFUSALS_MAX;

use crate::{TokenSerial, devices::Position};

/// A renewed token may be refused for this many devices before it is to blame: they may be of those that are always
/// refused.
const UNPROVEN_MAX: usize = 8;

/// What is known of the devices that were refused for their token.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused {
    /// The latest token with which a sync was accepted.
    accepted: Option<TokenSerial>,
    /// With how many tokens a device was refused, though a sync was accepted before; and the last of them.
    refusals: BTreeMap<Position, (u8, Option<TokenSerial>)>,
    /// The devices that were refused with a later token than `accepted`.
    unproven: BTreeSet<Position>,
}

/// Who is to blame for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// Perhaps the token, as far as is known.
    Token,
    /// That is open: the device is tried again after the others.
    Open,
    /// That stays open with this token, since there are no others: the device is tried with another one.
    OpenForGood,
    /// The device: it has failed.
    Device,
}

impl Refused {
    /// A sync was accepted with this token.
    pub(super) fn accepted(&mut self, token: TokenSerial) {
        if self.accepted < Some(token) {
            self.accepted = Some(token);
            self.unproven.clear();
        }
    }

    /// Whether a sync was accepted with this token, or with a later one.
    pub(super) fn was_accepted(&self, token: TokenSerial) -> bool {
        self.accepted >= Some(token)
    }

    /// A device was refused with this token.
    pub(super) fn refuse(&mut self, position: Position, token: TokenSerial) -> Blame {
        if self.accepted.is_none() {
            return Blame::Token;
        }
        let is_proven = self.was_accepted(token);
        if !is_proven {
            self.unproven.insert(position);
            if self.unproven.len() > UNPROVEN_MAX {
                return Blame::Token;
            }
        }
        let (tokens, last) = self.refusals.entry(position).or_default();
        let again = last.replace(token) == Some(token);
        *tokens += u8::from(!again);
        if *tokens > TOKEN_REFUSALS_MAX {
            Blame::Device
        } else if is_proven {
            Blame::Token
        } else if again {
            Blame::OpenForGood
        } else {
            Blame::Open
        }
    }

    /// The device has its final outcome.
    pub(super) fn forget(&mut self, position: Position) {
        self.refusals.remove(&position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: TokenSerial = TokenSerial(1);
    const RENEWED: TokenSerial = TokenSerial(2);
    const MANY: u32 = UNPROVEN_MAX as u32;

    #[test]
    fn nothing_was_accepted_so_the_token_is_to_blame() {
        let mut refused = Refused::default();
        let blame = refused.refuse(Position::nth(0), FIRST);
        assert_eq!(blame, Blame::Token);
    }

    #[test]
    fn a_device_that_is_refused_with_many_tokens_fails() {
        let mut refused = Refused::default();
        for serial in 0..u32::from(TOKEN_REFUSALS_MAX) {
            refused.accepted(TokenSerial(serial));
            let blame = refused.refuse(Position::nth(0), TokenSerial(serial));
            assert_eq!(blame, Blame::Token);
        }
        let next = TokenSerial(TOKEN_REFUSALS_MAX.into());
        assert_eq!(refused.refuse(Position::nth(0), next), Blame::Device);
    }

    #[test]
    fn a_renewed_token_is_spared_until_many_devices_were_refused_with_it() {
        let mut refused = Refused::default();
        refused.accepted(FIRST);
        for at in 0..MANY {
            let blame = refused.refuse(Position::nth(at), RENEWED);
            assert_eq!(blame, Blame::Open, "{at}");
        }
        let blame = refused.refuse(Position::nth(MANY), RENEWED);
        assert_eq!(blame, Blame::Token);
    }

    #[test]
    fn another_token_is_for_those_that_were_refused_twice_with_one() {
        let mut refused = Refused::default();
        refused.accepted(FIRST);
        for _ in 0..20 {
            refused.refuse(Position::nth(0), RENEWED);
            let blame = refused.refuse(Position::nth(0), RENEWED);
            assert_eq!(blame, Blame::OpenForGood, "one token is too few to fail");
        }
        let blame = refused.refuse(Position::nth(0), TokenSerial(3));
        assert_eq!(blame, Blame::Open);
    }
}
