//! The tokens of a run, as the program's cache has them (`host/src/identity/cache`): when it fetches, what it serves,
//! and how the component's driver numbers what it is given. No fetch has retries of its own; a failed one is tried
//! again by the cache.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use intune_sync_engine::{TokenAnswer, TokenSerial};
use intune_sync_simulator::{Delivery, Tenant, Ticket};

/// How soon to ask again while a token is being fetched.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// The shortest time between two fetches, save for a rejection, and the first wait after a failure.
const PAUSE: u64 = 1_000;
/// The longest wait after a failure.
const MAX_PAUSE: u64 = 30_000;
/// How long passing failures are borne without a usable token.
const PATIENCE: u64 = 10 * 60 * 1_000;
/// The longest lifetime believed, in seconds.
const MAX_LIFETIME: u64 = 48 * 60 * 60;

pub(crate) struct Tokens {
    resource: String,
    identity_header: String,
    current: Option<Held>,
    plan: Plan,
    trouble: Option<Trouble>,
    /// The fetch that is under way, and whether it was begun because the current token was refused.
    fetching: Option<(Ticket, bool)>,
    surrogates: u64,
    /// What was given out, by serial from 1: the surrogate, and what it stands for.
    given: Vec<(u64, String)>,
    /// All tokens that were ever obtained.
    issued: Vec<String>,
}

struct Held {
    surrogate: u64,
    secret: String,
    expires: u64,
    refused: bool,
}

enum Plan {
    FetchAt(u64),
    GivenUp(String),
}

/// Fetches have failed since the last that did not.
struct Trouble {
    failures: u32,
    /// Since when there has been no usable token either.
    without_token: Option<u64>,
}

/// Why a fetch gave no token.
struct Failed {
    denied: bool,
    message: String,
}

impl Tokens {
    /// No token, and one to be fetched at once.
    pub(crate) fn new(scope: &str, identity_header: &str) -> Self {
        Self {
            resource: scope.strip_suffix("/.default").unwrap_or(scope).to_owned(),
            identity_header: identity_header.to_owned(),
            current: None,
            plan: Plan::FetchAt(0),
            trouble: None,
            fetching: None,
            surrogates: 0,
            given: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// Asks the tenant for a token if it is time.
    pub(crate) fn fetch(&mut self, now: u64, tenant: &mut Tenant) {
        if self.next_fetch().is_none_or(|at| at > now) {
            return;
        }
        let uri = format!(
            "http://identity/msi/token?api-version=2019-08-01&resource={}",
            self.resource
        );
        let request = Request::get(uri)
            .header("x-identity-header", &self.identity_header)
            .body(Bytes::new())
            .expect("a good request");
        let renew = self.current.as_ref().is_some_and(|held| held.refused);
        self.fetching = Some((tenant.send(now, request), renew));
    }

    /// The answer to a request that was none of the run's.
    pub(crate) fn fetched(&mut self, now: u64, ticket: Ticket, answer: &Delivery) {
        let Some((_, renew)) = self.fetching.take_if(|(fetching, _)| *fetching == ticket) else {
            return;
        };
        match read(answer) {
            Ok((secret, lifetime)) => self.take(secret, now + lifetime, renew, now),
            Err(failed) => self.fail(failed, now),
        }
    }

    /// When the next fetch is due; none while one is under way, and once there is no point in another.
    pub(crate) fn next_fetch(&self) -> Option<u64> {
        match (&self.plan, &self.fetching) {
            (Plan::FetchAt(at), None) => Some(*at),
            _ => None,
        }
    }

    /// What the driver answers to the core.
    pub(crate) fn get(&mut self, now: u64, rejected: Option<TokenSerial>) -> TokenAnswer {
        let newest = self.serial();
        let rejected = rejected.filter(|serial| *serial == newest);
        let handed_back = rejected.and_then(|serial| self.given_as(serial));
        if let Some((surrogate, _)) = handed_back {
            let surrogate = *surrogate;
            self.reject(surrogate, now);
        }
        match (&self.current, &self.plan) {
            (Some(held), _) if held.is_usable(now) => {
                let known = self
                    .given
                    .last()
                    .is_some_and(|(last, _)| *last == held.surrogate);
                if rejected.is_some() || !known {
                    self.given.push((held.surrogate, held.secret.clone()));
                }
                TokenAnswer::Token {
                    lifetime: Duration::from_millis(held.expires - now),
                    serial: self.serial(),
                }
            }
            (_, Plan::GivenUp(message)) => TokenAnswer::Denied(message.clone()),
            _ => TokenAnswer::TryAgain(ASK_AGAIN),
        }
    }

    /// The token behind a serial.
    pub(crate) fn value(&self, serial: TokenSerial) -> &str {
        let (_, secret) = self.given_as(serial).expect("it was given out");
        secret
    }

    /// All tokens that were ever obtained.
    pub(crate) fn issued(&self) -> &[String] {
        &self.issued
    }

    fn serial(&self) -> TokenSerial {
        TokenSerial(u32::try_from(self.given.len()).unwrap_or(u32::MAX))
    }

    fn given_as(&self, serial: TokenSerial) -> Option<&(u64, String)> {
        self.given.get((serial.0 as usize).checked_sub(1)?)
    }

    fn reject(&mut self, surrogate: u64, now: u64) {
        if let Some(held) = &mut self.current
            && held.surrogate == surrogate
            && !held.refused
        {
            held.refused = true;
            if matches!(self.plan, Plan::FetchAt(_)) {
                self.plan = Plan::FetchAt(now);
            }
        }
    }

    fn take(&mut self, secret: String, expires: u64, renew: bool, now: u64) {
        if self.issued.last() != Some(&secret) {
            self.issued.push(secret.clone());
        }
        let same = self.current.as_mut().filter(|held| held.secret == secret);
        match same {
            // Refused while this fetch, which knew nothing of it, was under way.
            Some(held) if held.refused && !renew => {
                self.plan = Plan::FetchAt(now);
                return;
            }
            Some(held) if !held.refused => held.expires = expires,
            _ => {
                self.surrogates += 1;
                self.current = Some(Held {
                    surrogate: self.surrogates,
                    secret,
                    expires,
                    refused: false,
                });
            }
        }
        self.plan = Plan::FetchAt(now + ((expires - now) * 4 / 5).max(PAUSE));
        self.trouble = None;
    }

    fn fail(&mut self, failed: Failed, now: u64) {
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
        let give_up = without_token.is_some_and(|since| failed.denied || now - since >= PATIENCE);
        self.plan = if give_up {
            Plan::GivenUp(failed.message)
        } else {
            let again = now + (PAUSE << failures.min(10)).min(MAX_PAUSE);
            // The moment a token ends is the moment that decides.
            Plan::FetchAt(usable.map_or(again, |held| held.expires.min(again)))
        };
        self.trouble = Some(Trouble {
            failures: failures + 1,
            without_token,
        });
    }
}

impl Held {
    fn is_usable(&self, now: u64) -> bool {
        !self.refused && self.expires > now
    }
}

/// A token, and how long it is good for in milliseconds.
fn read(answer: &Delivery) -> Result<(String, u64), Failed> {
    let failed = |denied, message| Failed { denied, message };
    let Delivery::Response(response) = answer else {
        return Err(failed(false, "the connection was closed".to_owned()));
    };
    let status = response.status();
    if status != 200 {
        let passing = status == 429 || status.is_server_error();
        let message = format!("the simulated identity endpoint answered {status}");
        return Err(failed(!passing, message));
    }
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
    let lifetime = text("expires_in").and_then(|text| text.parse::<u64>().ok());
    match (text("access_token"), lifetime) {
        (Some(token), Some(seconds)) => Ok((token.to_owned(), seconds.min(MAX_LIFETIME) * 1_000)),
        _ => Err(failed(true, "the answer holds no token".to_owned())),
    }
}
