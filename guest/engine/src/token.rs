use core::time::Duration;

/// Names a token without holding it: the core sees no secret, and neither does a trace of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenSerial(pub u32);

/// What came of asking for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenAnswer {
    /// A token: a new serial for a new one, the old serial for one that was answered before.
    Token {
        /// Its name.
        serial: TokenSerial,
        /// How long it can be used from now on.
        lifetime: Duration,
    },
    /// Ask again after this time.
    TryAgain(Duration),
    /// There will be none, for this reason.
    Denied(String),
}

/// A token is asked for again at least this often, so that one renewed in the background is met in time.
const RECHECK: Duration = Duration::from_mins(1);
/// The least time between two askings.
const RECHECK_MIN: Duration = Duration::from_millis(10);

/// Which token to use, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) enum Token {
    /// Ask for one, at this time at the earliest; `rejected` is the one that Graph refused.
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

/// What an answer 401 means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The token had been replaced, or is being replaced: send again.
    Stale,
    /// It was the current one: it will be replaced; send again.
    Renewing,
    /// It had just replaced a refused one: another will not help.
    Final,
}

impl Token {
    pub(crate) fn new() -> Self {
        Self::Wanted {
            at: Duration::ZERO,
            rejected: None,
        }
    }

    /// Takes over what was answered. True when a refused token was replaced.
    pub(crate) fn answered(
        &mut self,
        now: Duration,
        serial: TokenSerial,
        lifetime: Duration,
    ) -> bool {
        let (renewed, unproven) = match *self {
            Self::Wanted { rejected, .. } => (rejected.is_some(), rejected.is_some()),
            Self::Held {
                serial: old,
                unproven,
                ..
            } => (false, unproven && old == serial),
        };
        let recheck_at = now + (lifetime / 2).clamp(RECHECK_MIN, RECHECK);
        *self = Self::Held {
            serial,
            recheck_at,
            unproven,
        };
        renewed
    }

    pub(crate) fn try_again(&mut self, now: Duration, after: Duration) {
        let at = now + after.max(RECHECK_MIN);
        match self {
            Self::Wanted { at: old, .. } => *old = at,
            Self::Held { .. } => *self = Self::Wanted { at, rejected: None },
        }
    }

    /// Graph answered something else than 401 to a request with this token.
    pub(crate) fn proven(&mut self, by: TokenSerial) {
        if let Self::Held {
            serial, unproven, ..
        } = self
            && *serial == by
        {
            *unproven = false;
        }
    }

    /// Graph answered 401 to a request with this token.
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
        assert!(!token.answered(NOW, TokenSerial(1), HOUR));
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Renewing);
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Stale);
        assert!(token.answered(NOW, TokenSerial(2), HOUR));
        assert_eq!(token.refused(NOW, TokenSerial(1)), Refused::Stale);
    }

    #[test]
    fn only_a_renewed_token_refused_before_its_first_success_is_final() {
        let mut token = Token::new();
        token.answered(NOW, TokenSerial(1), HOUR);
        token.refused(NOW, TokenSerial(1));
        token.answered(NOW, TokenSerial(2), HOUR);
        token.proven(TokenSerial(1));
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Final);
        token.proven(TokenSerial(2));
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Renewing);
    }

    #[test]
    fn rechecking_keeps_what_is_known() {
        let mut token = Token::new();
        token.answered(NOW, TokenSerial(1), HOUR);
        token.refused(NOW, TokenSerial(1));
        token.answered(NOW, TokenSerial(2), HOUR);
        assert!(!token.answered(NOW, TokenSerial(2), HOUR));
        assert_eq!(token.refused(NOW, TokenSerial(2)), Refused::Final);
    }
}
