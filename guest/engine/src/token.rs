//! Which token to use, and when to get another. The core knows tokens by number only.

use core::time::Duration;

/// Names a token without holding it: the core sees no secret, and neither does a trace of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenSerial(pub u32);

/// What came of getting a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenResponse {
    /// A token: a new serial for a new one, the old serial for the one handed out before.
    Token {
        /// Its number.
        serial: TokenSerial,
        /// How long it is valid from now on.
        lifetime: Duration,
    },
    /// Try again after this time.
    TryAgain(Duration),
    /// There is no token, for this reason.
    Denied(String),
}

/// The token is looked up again at least this often, so that one renewed in the background is noticed in time.
const RECHECK: Duration = Duration::from_mins(1);
/// The least time between two lookups.
const RECHECK_MIN: Duration = Duration::from_millis(10);

/// Which token to use, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    /// Get one, at this time at the earliest; `rejected` is the one that Graph refused.
    Wanted {
        at: Duration,
        rejected: Option<TokenSerial>,
    },
    /// In use.
    Held {
        serial: TokenSerial,
        recheck_at: Duration,
        trust: Trust,
    },
}

/// Whether Graph takes the token in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It took it, or has not refused the one before it.
    Good,
    /// It replaced one that Graph refused, and Graph has not taken it yet.
    Unproven,
    /// Graph has refused it before it took it, and other requests that left with it are under way: if one of them was
    /// taken, the token was good, and has been revoked since.
    InDoubt,
}

/// What to do about the token now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenStep {
    /// Wait until this time.
    Wait(Duration),
    /// Get one.
    Get {
        /// The one that it replaces because Graph refused it.
        rejected: Option<TokenSerial>,
    },
    /// Send with this one.
    Use(TokenSerial),
    /// Wait for a response to a request that is under way.
    AfterResponse,
}

/// Whether a new token replaces one that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    Renewed,
    No,
}

/// What a response with status 401 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The token had been replaced, or is being replaced: send again.
    Stale,
    /// It is the current one and will be replaced: send again.
    Renewing,
    /// It has just replaced a refused one, and the requests that are under way show what that means.
    Open,
    /// It has just replaced a refused one: another will not help.
    Final,
}

impl Token {
    pub(crate) fn new() -> Self {
        Self::Wanted {
            at: Duration::ZERO,
            rejected: None,
        }
    }

    /// What to do now.
    pub(crate) fn step(&self, now: Duration) -> TokenStep {
        match *self {
            Self::Wanted { at, .. } if at > now => TokenStep::Wait(at),
            Self::Wanted { rejected, .. } => TokenStep::Get { rejected },
            Self::Held {
                trust: Trust::InDoubt,
                ..
            } => TokenStep::AfterResponse,
            Self::Held { recheck_at, .. } if recheck_at <= now => TokenStep::Get { rejected: None },
            Self::Held { serial, .. } => TokenStep::Use(serial),
        }
    }

    /// A token was handed over.
    pub(crate) fn received(
        &mut self,
        now: Duration,
        serial: TokenSerial,
        lifetime: Duration,
    ) -> Renewal {
        let (renewal, trust) = match *self {
            Self::Wanted {
                rejected: Some(_), ..
            } => (Renewal::Renewed, Trust::Unproven),
            Self::Held {
                serial: old, trust, ..
            } if old == serial => (Renewal::No, trust),
            Self::Wanted { rejected: None, .. } | Self::Held { .. } => (Renewal::No, Trust::Good),
        };
        let recheck_at = now + (lifetime / 2).clamp(RECHECK_MIN, RECHECK);
        *self = Self::Held {
            serial,
            recheck_at,
            trust,
        };
        renewal
    }

    /// There is no token yet.
    pub(crate) fn try_again(&mut self, now: Duration, after: Duration) {
        let at = now + after.max(RECHECK_MIN);
        match self {
            Self::Wanted { at: old, .. } => *old = at,
            Self::Held { .. } => *self = Self::Wanted { at, rejected: None },
        }
    }

    /// Graph has accepted this token.
    pub(crate) fn proven(&mut self, by: TokenSerial) {
        if let Some(trust) = self.trust(by) {
            *trust = Trust::Good;
        }
    }

    /// No request that left with this token is under way any more.
    pub(crate) fn settled(&mut self, by: TokenSerial) {
        if let Some(trust @ Trust::InDoubt) = self.trust(by) {
            *trust = Trust::Unproven;
        }
    }

    /// Graph has refused this token with a 401; others that left with it may be `under_way`.
    pub(crate) fn refused(
        &mut self,
        now: Duration,
        refused: TokenSerial,
        under_way: bool,
    ) -> Refused {
        match self.trust(refused) {
            None => Refused::Stale,
            Some(Trust::Good) => {
                *self = Self::Wanted {
                    at: now,
                    rejected: Some(refused),
                };
                Refused::Renewing
            }
            Some(trust) if under_way => {
                *trust = Trust::InDoubt;
                Refused::Open
            }
            Some(Trust::Unproven | Trust::InDoubt) => Refused::Final,
        }
    }

    /// What is known of this token, if it is the one in use.
    fn trust(&mut self, of: TokenSerial) -> Option<&mut Trust> {
        match self {
            Self::Held { serial, trust, .. } if *serial == of => Some(trust),
            Self::Held { .. } | Self::Wanted { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const NOW: Duration = Duration::from_secs(7);

    /// The first token was refused, and this is the second.
    fn renewed() -> Token {
        let mut token = Token::new();
        token.received(NOW, TokenSerial(1), HOUR);
        token.refused(NOW, TokenSerial(1), false);
        token.received(NOW, TokenSerial(2), HOUR);
        token
    }

    #[test]
    fn several_refusals_of_one_token_renew_it_once() {
        let mut token = Token::new();
        assert_eq!(token.received(NOW, TokenSerial(1), HOUR), Renewal::No);
        assert_eq!(token.refused(NOW, TokenSerial(1), false), Refused::Renewing);
        assert_eq!(token.refused(NOW, TokenSerial(1), false), Refused::Stale);
        assert_eq!(token.received(NOW, TokenSerial(2), HOUR), Renewal::Renewed);
        assert_eq!(token.refused(NOW, TokenSerial(1), false), Refused::Stale);
    }

    #[test]
    fn only_a_renewed_token_refused_before_its_first_success_is_final() {
        let mut token = renewed();
        token.proven(TokenSerial(1));
        assert_eq!(token.refused(NOW, TokenSerial(2), false), Refused::Final);
        token.proven(TokenSerial(2));
        assert_eq!(token.refused(NOW, TokenSerial(2), false), Refused::Renewing);
    }

    #[test]
    fn rechecking_keeps_what_is_known() {
        let mut token = renewed();
        assert_eq!(token.received(NOW, TokenSerial(2), HOUR), Renewal::No);
        assert_eq!(token.refused(NOW, TokenSerial(2), false), Refused::Final);
    }

    #[test]
    fn a_refusal_that_overtakes_a_success_is_not_final() {
        let mut token = renewed();
        let in_doubt = |token: &mut Token| {
            assert_eq!(token.refused(NOW, TokenSerial(2), true), Refused::Open);
            assert_eq!(token.step(NOW), TokenStep::AfterResponse);
        };
        // What is under way brings nothing: the next request decides.
        in_doubt(&mut token);
        token.settled(TokenSerial(2));
        assert_eq!(token.step(NOW), TokenStep::Use(TokenSerial(2)));
        // All is refused.
        in_doubt(&mut token);
        assert_eq!(
            token.clone().refused(NOW, TokenSerial(2), false),
            Refused::Final
        );
        // The token was taken for another request.
        token.proven(TokenSerial(2));
        assert_eq!(token.refused(NOW, TokenSerial(2), true), Refused::Renewing);
    }
}
