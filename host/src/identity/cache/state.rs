//! What is known of the tokens of a scope: no waiting, no clock, no fetching.

use std::collections::VecDeque;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::super::{AccessToken, TokenError, TokenErrorKind};
use super::Surrogate;

/// How many replaced tokens are still known to [`State::reveal`].
const REMEMBERED: usize = 4;

/// The shortest time between two fetches, save for a rejection, and the first wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long passing failures are borne without a usable token. Each fetch has its own retries inside.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The current token, its predecessors, and what comes next.
pub(super) struct State {
    current: Option<Held>,
    /// Replaced tokens, the newest first.
    replaced: VecDeque<Held>,
    plan: Plan,
    trouble: Option<Trouble>,
}

struct Held {
    surrogate: String,
    token: AccessToken,
    /// Graph has answered 401 to it.
    refused: bool,
}

enum Plan {
    FetchAt(Instant),
    GivenUp(TokenError),
}

/// Fetches have failed since the last that did not.
struct Trouble {
    error: TokenError,
    failures: u32,
    /// Since when there has been no usable token either.
    without_token: Option<Instant>,
}

impl State {
    /// No token, and one to be fetched at once.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            current: None,
            replaced: VecDeque::new(),
            plan: Plan::FetchAt(now),
            trouble: None,
        }
    }

    /// Takes in what a fetch gave; `renew` says that it was asked for a token other than the refused one.
    pub(super) fn fetched(
        &mut self,
        answer: Result<AccessToken, TokenError>,
        renew: bool,
        now: Instant,
    ) {
        match answer {
            Ok(token) => self.take(token, renew, now),
            Err(error) => self.fail(error, now),
        }
    }

    /// Notes that Graph has refused a surrogate's token. True when that changes something: the token was current and
    /// not known to be refused.
    pub(super) fn reject(&mut self, surrogate: &str, now: Instant) -> bool {
        match &mut self.current {
            Some(held) if held.surrogate == surrogate && !held.refused => {
                held.refused = true;
                if matches!(self.plan, Plan::FetchAt(_)) {
                    self.plan = Plan::FetchAt(now);
                }
                true
            }
            _ => false,
        }
    }

    /// The current surrogate, if its token can be used.
    pub(super) fn serve(&self, now: Instant) -> Option<Surrogate> {
        self.current
            .as_ref()
            .filter(|held| held.is_usable(now))
            .map(|held| Surrogate {
                value: held.surrogate.clone(),
                lifetime: held.token.expires - now,
            })
    }

    /// The header of the token behind a surrogate, refused and expired ones included: Graph has the last word.
    pub(super) fn reveal(&self, surrogate: &str) -> Option<HeaderValue> {
        self.current
            .iter()
            .chain(&self.replaced)
            .find(|held| held.surrogate == surrogate)
            .map(|held| held.token.secret.bearer())
    }

    /// True when the current token was refused and none has replaced it yet.
    pub(super) fn is_refused(&self) -> bool {
        self.current.as_ref().is_some_and(|held| held.refused)
    }

    /// When the next fetch is due; none when there is no point in another.
    pub(super) fn next_fetch(&self) -> Option<Instant> {
        match self.plan {
            Plan::FetchAt(at) => Some(at),
            Plan::GivenUp(_) => None,
        }
    }

    /// Why there will be no token any more.
    pub(super) fn denial(&self) -> Option<&TokenError> {
        match &self.plan {
            Plan::FetchAt(_) => None,
            Plan::GivenUp(error) => Some(error),
        }
    }

    /// True once the first fetch has ended, one way or the other.
    pub(super) fn is_settled(&self) -> bool {
        self.current.is_some() || self.trouble.is_some()
    }

    /// Why the first fetch gave no token.
    pub(super) fn first_error(&self) -> Option<TokenError> {
        match (&self.current, &self.trouble) {
            (None, Some(trouble)) => Some(trouble.error.clone()),
            _ => None,
        }
    }

    fn take(&mut self, token: AccessToken, renew: bool, now: Instant) {
        let same = self
            .current
            .as_mut()
            .filter(|held| held.token.secret == token.secret);
        match same {
            // Refused while this fetch, which knew nothing of it, was under way.
            Some(held) if held.refused && !renew => {
                self.plan = Plan::FetchAt(now);
                return;
            }
            Some(held) if !held.refused => held.token.expires = token.expires,
            _ => {
                let held = Held {
                    surrogate: new_surrogate(),
                    token: token.clone(),
                    refused: false,
                };
                if let Some(replaced) = self.current.replace(held) {
                    self.replaced.push_front(replaced);
                }
                self.replaced.truncate(REMEMBERED);
            }
        }
        // With a fifth of its life to go there is time for many attempts: 12 minutes of an hour.
        let lifetime = token.expires.saturating_duration_since(now);
        self.plan = Plan::FetchAt(now + (lifetime * 4 / 5).max(PAUSE));
        self.trouble = None;
    }

    fn fail(&mut self, error: TokenError, now: Instant) {
        let usable = self.current.as_ref().filter(|held| held.is_usable(now));
        let before = self.trouble.take();
        let failures = before.as_ref().map_or(0, |trouble| trouble.failures);
        let without_token = match usable {
            Some(_) => None,
            None => Some(
                before
                    .and_then(|trouble| trouble.without_token)
                    .unwrap_or(now),
            ),
        };
        let give_up = match error.kind {
            TokenErrorKind::Denied => without_token.is_some(),
            TokenErrorKind::Transient => without_token.is_some_and(|since| now - since >= PATIENCE),
        };
        self.plan = if give_up {
            Plan::GivenUp(error.clone())
        } else {
            let pause = PAUSE.saturating_mul(1 << failures.min(10)).min(MAX_PAUSE);
            // The moment a token ends is the moment that decides.
            let end = usable.map(|held| held.token.expires);
            Plan::FetchAt(end.map_or(now + pause, |end| end.min(now + pause)))
        };
        self.trouble = Some(Trouble {
            error,
            failures: failures + 1,
            without_token,
        });
    }
}

impl Held {
    fn is_usable(&self, now: Instant) -> bool {
        !self.refused && self.token.expires > now
    }
}

/// 128 random bits, in hexadecimal.
fn new_surrogate() -> String {
    let mut bytes = [0; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .expect("the operating system has randomness; without it there is no TLS either");
    format!("surrogate-{:032x}", u128::from_be_bytes(bytes))
}
