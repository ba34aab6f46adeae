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
        /// It replaced one that Graph refused, and Graph has not taken it yet.
        unproven: bool,
    },
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
        let (renewal, unproven) = match *self {
            Self::Wanted {
                rejected: Some(_), ..
            } => (Renewal::Renewed, true),
            Self::Wanted { rejected: None, .. } => (Renewal::No, false),
            Self::Held {
                serial: old,
                unproven,
                ..
            } => (Renewal::No, unproven && old == serial),
        };
        let recheck_at = now + (lifetime / 2).clamp(RECHECK_MIN, RECHECK);
        *self = Self::Held {
            serial,
            recheck_at,
            unproven,
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
        if let Self::Held {
            serial, unproven, ..
        } = self
            && *serial == by
        {
            *unproven = false;
        }
    }

    /// Graph has refused this token with a 401.
    pub(crate) fn refused(&mut self, now: Duration, refused: TokenSerial) -> Refused {
        match *self {
            Self::Held {
                serial, unproven, ..
            } if serial == refused => {
                if unproven {
                    return Refused::Final;
                }
                *self = Self::Wanted {
                    at: now,
                    rejected: Some(refused),
                };
                Refused::Renewing
            }
            _ => Refused::Stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const NOW: Duration = Duration::from_secs(7);

    #[test]
    fn several_refusals_of_one_token_renew_it_once() {
        let mut token = Token::new();
        assert_eq!(token.received(NOW, TokenSerial(1), HOUR), Renewal::No);
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Renewing);
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Stale);
        assert_eq!(token.received(NOW, TokenSerial(2), HOUR), Renewal::Renewed);
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Stale);
    }

    #[test]
    fn only_a_renewed_token_refused_before_its_first_success_is_final() {
        let mut token = Token::new();
        token.received(NOW, TokenSerial(1), HOUR);
        token.refused(NOW, TokenSerial(1));
        token.received(NOW, TokenSerial(2), HOUR);
        token.proven(TokenSerial(1));
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Final);
        token.proven(TokenSerial(2));
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Renewing);
    }

    #[test]
    fn rechecking_keeps_what_is_known() {
        let mut token = Token::new();
        token.received(NOW, TokenSerial(1), HOUR);
        token.refused(NOW, TokenSerial(1));
        token.received(NOW, TokenSerial(2), HOUR);
        assert_eq!(token.received(NOW, TokenSerial(2), HOUR), Renewal::No);
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Final);
    }
}
