//! The current token of a scope and when the next is fetched: no waiting, no clock, no fetching.
//!
//! One fetch runs at a time. A token is renewed with a fifth of its life to go, and served until it really ends,
//! whatever becomes of its renewal, unless Graph has refused it. Times are those of a clock that never goes back,
//! counted from a start that the owner chooses.

use core::time::Duration;

use crate::{AccessToken, Secret, TokenError, TokenErrorKind};

/// The shortest time between two fetches, except after the first refused token, and the first wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The shortest time between two fetches for refused tokens: the endpoint is shared by all of the machine, and
/// throttles.
const RENEWAL: Duration = Duration::from_secs(10);

/// A token that is refused later than this after it was fetched was a good one.
const PROVEN: Duration = Duration::from_secs(60);

/// After this many tokens in a row that were not, another will not help.
const REFUSALS: u32 = 10;

/// How soon the program lets the engine try again while a token is being fetched.
pub const TRY_AGAIN: Duration = Duration::from_millis(200);

/// How much failure is tolerated without a usable token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For how long an endpoint that is busy or silent. One that is being updated needs more than 70 s.
    busy: Duration,
    /// For how long any other failure that may pass.
    transient: Duration,
    /// How many attempts in a row without a response.
    without_response: u32,
}

impl Patience {
    /// At the program's start, where somebody waits to see it begin. Where nobody listens after five attempts there is
    /// no point in a minute more, and a response that makes no sense is reported at once.
    pub const START: Self = Self {
        busy: Duration::from_secs(100),
        transient: Duration::ZERO,
        without_response: 5,
    };

    /// In the program's runs. A run that has got going loses less by waiting out an outage than by ending.
    pub const PROGRAM: Self = Self::within(Duration::from_secs(10 * 60));

    /// In a component. It has no other way to report a failure at the start, and somebody waits for its response.
    pub const COMPONENT: Self = Self::within(Duration::from_secs(2 * 60));

    const fn within(time: Duration) -> Self {
        Self {
            busy: time,
            transient: time,
            without_response: u32::MAX,
        }
    }
}

/// The current token, and what comes next.
#[derive(Debug)]
pub struct TokenState {
    patience: Patience,
    current: Option<Held>,
    /// How many tokens have been current.
    held: u64,
    plan: Plan,
    fetching: bool,
    trouble: Option<Trouble>,
    /// When the last refused token was to be replaced.
    renewal: Option<Duration>,
    /// How many tokens in a row were refused soon after they were fetched.
    refusals: u32,
}

/// Names a token that has been current. One that is fetched again after it was refused gets a new one, even if its text
/// is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenId(u64);

/// A token that can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usable<'a> {
    /// Names it.
    pub id: TokenId,
    /// The token.
    pub secret: &'a Secret,
    /// How long from now on.
    pub lifetime: Duration,
}

/// A fetch that is to begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Graph has refused the current token: only another one will do.
    pub renews: bool,
}

#[derive(Debug)]
struct Held {
    id: TokenId,
    secret: Secret,
    since: Duration,
    ends: Duration,
    /// Graph has returned 401 for it.
    refused: bool,
}

#[derive(Debug)]
enum Plan {
    FetchAt(Duration),
    GivenUp(TokenError),
}

/// Fetches have failed since the last that did not.
#[derive(Debug)]
struct Trouble {
    error: TokenError,
    failures: u32,
    /// Of these the last ones without a response.
    without_response: u32,
    /// Since when there has been no usable token either.
    since: Option<Duration>,
    /// When the last one failed.
    last: Duration,
}

impl TokenState {
    /// No token, and one to be fetched at once.
    #[must_use]
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            current: None,
            held: 0,
            plan: Plan::FetchAt(Duration::ZERO),
            fetching: false,
            trouble: None,
            renewal: None,
            refusals: 0,
        }
    }

    /// The fetch that is to begin now, if one is due. Its result goes to [`handle_response`](Self::handle_response).
    pub fn poll_fetch(&mut self, now: Duration) -> Option<Fetch> {
        self.next_fetch().filter(|due| *due <= now)?;
        self.fetching = true;
        Some(Fetch {
            renews: self.current.as_ref().is_some_and(|held| held.refused),
        })
    }

    /// When the next fetch is due; `None` while one is under way, and once there is no point in another.
    #[must_use]
    pub fn next_fetch(&self) -> Option<Duration> {
        match self.plan {
            Plan::FetchAt(at) if !self.fetching => Some(at),
            Plan::FetchAt(_) | Plan::GivenUp(_) => None,
        }
    }

    /// Takes in what a fetch gave.
    pub fn handle_response(
        &mut self,
        fetch: Fetch,
        result: Result<AccessToken, TokenError>,
        now: Duration,
    ) {
        self.fetching = false;
        match result {
            Ok(token) => self.take(token, fetch, now),
            Err(error) => self.fail(error, now),
        }
    }

    /// Notes that Graph has refused a token. Returns whether that changes something: the token was current and not
    /// known to be refused.
    ///
    /// The first is replaced at once. A caller that goes on refusing gets another every ten seconds, and after ten in a
    /// row none.
    pub fn reject(&mut self, id: TokenId, now: Duration) -> bool {
        let Some(held) = self.current.as_mut() else {
            return false;
        };
        if held.id != id || held.refused {
            return false;
        }
        held.refused = true;
        let proven = now.saturating_sub(held.since) > PROVEN;
        self.refusals = if proven { 1 } else { self.refusals + 1 };
        if let Plan::FetchAt(_) = self.plan {
            self.plan = if self.refusals > REFUSALS {
                Plan::GivenUp(TokenError::denied(
                    format!("{REFUSALS} new tokens in a row were refused"),
                    "check the clock, and that the token is for this tenant and cloud",
                ))
            } else {
                let due = self.renewal.map_or(now, |last| now.max(last + RENEWAL));
                self.renewal = Some(due);
                Plan::FetchAt(due)
            };
        }
        true
    }

    /// The current token, if it can be used.
    #[must_use]
    pub fn usable(&self, now: Duration) -> Option<Usable<'_>> {
        let held = self.current.as_ref().filter(|held| held.is_usable(now))?;
        Some(Usable {
            id: held.id,
            secret: &held.secret,
            lifetime: held.ends.saturating_sub(now),
        })
    }

    /// The token fetched last, refused or expired though it may be.
    #[must_use]
    pub fn current(&self) -> Option<(TokenId, &Secret)> {
        self.current.as_ref().map(|held| (held.id, &held.secret))
    }

    /// Why there will be no token any more.
    #[must_use]
    pub fn denial(&self) -> Option<&TokenError> {
        match &self.plan {
            Plan::FetchAt(_) => None,
            Plan::GivenUp(error) => Some(error),
        }
    }

    /// Whether there is a token, or the first attempts have failed for good.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.current.is_some() || self.first_error().is_some()
    }

    /// Why the first attempts gave no token, once [`Patience::START`] is exhausted.
    #[must_use]
    pub fn first_error(&self) -> Option<&TokenError> {
        let trouble = self.trouble.as_ref().filter(|_| self.current.is_none())?;
        trouble.exhausts(Patience::START).then_some(&trouble.error)
    }

    fn take(&mut self, token: AccessToken, fetch: Fetch, now: Duration) {
        let lifetime = token.lifetime();
        let ends = now + lifetime;
        let same = self
            .current
            .as_mut()
            .filter(|held| held.secret == token.secret);
        match same {
            // Refused while this fetch, which knew nothing of it, was under way.
            Some(held) if held.refused && !fetch.renews => {
                self.plan = Plan::FetchAt(now);
                return;
            }
            Some(held) if !held.refused => held.ends = ends,
            _ => {
                self.held += 1;
                self.current = Some(Held {
                    id: TokenId(self.held),
                    secret: token.secret,
                    since: now,
                    ends,
                    refused: false,
                });
            }
        }
        // With a fifth of its life to go there is time for many attempts: 12 minutes of an hour.
        self.plan = Plan::FetchAt(now + (lifetime * 4 / 5).max(PAUSE));
        self.trouble = None;
    }

    fn fail(&mut self, error: TokenError, now: Duration) {
        let usable = self.current.as_ref().filter(|held| held.is_usable(now));
        let before = self.trouble.take();
        let (failures, without_response, since) = before.map_or((0, 0, None), |trouble| {
            (trouble.failures, trouble.without_response, trouble.since)
        });
        let trouble = Trouble {
            failures: failures + 1,
            without_response: match error.kind {
                TokenErrorKind::NoResponse => without_response + 1,
                _ => 0,
            },
            since: usable.is_none().then(|| since.unwrap_or(now)),
            last: now,
            error,
        };
        self.plan = if trouble.exhausts(self.patience) {
            Plan::GivenUp(trouble.error.clone())
        } else {
            let pause = PAUSE.saturating_mul(1 << failures.min(10)).min(MAX_PAUSE);
            let requested = trouble.error.retry_after.unwrap_or_default();
            let again = now + pause.max(requested.min(self.patience.busy));
            // The moment a token ends is the moment that decides.
            Plan::FetchAt(usable.map_or(again, |held| held.ends.min(again)))
        };
        self.trouble = Some(trouble);
    }
}

impl Trouble {
    /// Whether it is too much without a usable token.
    fn exhausts(&self, patience: Patience) -> bool {
        self.since.is_some_and(|since| {
            let lasted = self.last.saturating_sub(since);
            match self.error.kind {
                TokenErrorKind::Denied => true,
                TokenErrorKind::Transient => lasted >= patience.transient,
                TokenErrorKind::Busy => lasted >= patience.busy,
                TokenErrorKind::NoResponse => {
                    lasted >= patience.busy || self.without_response >= patience.without_response
                }
            }
        })
    }
}

impl Held {
    fn is_usable(&self, now: Duration) -> bool {
        !self.refused && self.ends > now
    }
}

#[cfg(test)]
mod tests;
