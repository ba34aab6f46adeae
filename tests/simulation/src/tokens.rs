//! The tokens of a run: fetched when the shared state machine says so, and numbered as the component's driver numbers
//! what it is given.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use intune_sync_engine::{TokenResponse, TokenSerial};
use intune_sync_identity::{
    Fetch, ManagedIdentity, Naming, Patience, Platform, TRY_AGAIN, TokenId, TokenState,
};
use intune_sync_simulator::{Delivery, Ticket};

use crate::source::{Next, Source};

/// The tokens of a run.
pub struct Tokens {
    source: Source,
    scope: String,
    state: TokenState,
    /// The fetch that is under way.
    fetching: Option<Fetching>,
    /// What was given out, by serial from 1.
    given: Vec<(TokenId, String)>,
    /// All tokens that were ever obtained.
    issued: Vec<String>,
}

struct Fetching {
    fetch: Fetch,
    /// The request whose response is waited for; `None` if the next one is still to be sent.
    sent: Option<Ticket>,
    /// The request to send.
    next: Option<Request<Bytes>>,
    is_first: bool,
}

impl Tokens {
    /// The tokens of App Service: none, and one to be fetched at once.
    #[must_use]
    pub fn new(scope: &str, identity_header: &str) -> Self {
        let variable = |name: &str| match name {
            "IDENTITY_ENDPOINT" => Some("http://localhost/msi/token"),
            "IDENTITY_HEADER" => Some(identity_header),
            _ => None,
        };
        let identity = ManagedIdentity {
            platform: Platform::discover(variable, Naming::Flags).expect("good variables"),
            user_assigned: None,
        };
        Self::of(Source::Managed(identity), scope)
    }

    /// The tokens of another source.
    #[must_use]
    pub fn of(source: Source, scope: &str) -> Self {
        Self {
            source,
            scope: scope.to_owned(),
            state: TokenState::new(Patience::PROGRAM),
            fetching: None,
            given: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// Requests a token if it is time, or sends the next of the requests that it takes.
    pub fn fetch(&mut self, now: u64, send: impl FnOnce(Request<Bytes>) -> Ticket) {
        if let Some(fetch) = self.state.poll_fetch(Duration::from_millis(now)) {
            self.fetching = Some(Fetching {
                fetch,
                sent: None,
                next: Some(self.source.begin(&self.scope, now)),
                is_first: true,
            });
        }
        if let Some(fetching) = &mut self.fetching
            && let Some(request) = fetching.next.take()
        {
            fetching.sent = Some(send(request));
        }
    }

    /// Takes in the response to a token request. False for the response to any other request.
    pub fn handle_response(&mut self, now: u64, ticket: Ticket, delivery: &Delivery) -> bool {
        let of_this = |fetching: &mut Fetching| fetching.sent == Some(ticket);
        let Some(fetching) = self.fetching.take_if(of_this) else {
            return false;
        };
        let next = self
            .source
            .handle_response(&self.scope, delivery, fetching.is_first);
        let result = match next {
            Next::Send(request) => {
                self.fetching = Some(Fetching {
                    sent: None,
                    next: Some(request),
                    is_first: false,
                    ..fetching
                });
                return true;
            }
            Next::Done(result) => result,
        };
        if let Ok(token) = &result {
            let secret = token.secret.expose();
            if self.issued.last().is_none_or(|last| last != secret) {
                self.issued.push(secret.to_owned());
            }
        }
        self.state
            .handle_response(fetching.fetch, result, Duration::from_millis(now));
        true
    }

    /// When the next request is due; `None` while one is under way, and once there is no point in another.
    #[must_use]
    pub fn next_fetch(&self) -> Option<u64> {
        if self
            .fetching
            .as_ref()
            .is_some_and(|fetching| fetching.next.is_some())
        {
            return Some(0);
        }
        let due = self.state.next_fetch()?.as_nanos().div_ceil(1_000_000);
        Some(u64::try_from(due).expect("short times"))
    }

    /// What the driver gives to the core.
    pub fn get(&mut self, now: u64, rejected: Option<TokenSerial>) -> TokenResponse {
        let now = Duration::from_millis(now);
        let newest = self.serial();
        let rejected = rejected.filter(|serial| *serial == newest);
        let handed_back = rejected.and_then(|serial| self.given_as(serial));
        if let Some((id, _)) = handed_back {
            let id = *id;
            self.state.reject(id, now);
        }
        if let Some(usable) = self.state.usable(now) {
            let known = self
                .given
                .last()
                .is_some_and(|(last, _)| *last == usable.id);
            if rejected.is_some() || !known {
                self.given
                    .push((usable.id, usable.secret.expose().to_owned()));
            }
            return TokenResponse::Token {
                lifetime: usable.lifetime,
                serial: self.serial(),
            };
        }
        match self.state.denial() {
            Some(error) => TokenResponse::Denied(error.message.clone()),
            None => TokenResponse::TryAgain(TRY_AGAIN),
        }
    }

    /// The token behind a serial.
    #[must_use]
    pub fn value(&self, serial: TokenSerial) -> &str {
        let (_, secret) = self.given_as(serial).expect("it was given out");
        secret
    }

    /// All tokens that were ever obtained.
    #[must_use]
    pub fn issued(&self) -> &[String] {
        &self.issued
    }

    fn serial(&self) -> TokenSerial {
        TokenSerial(u32::try_from(self.given.len()).unwrap_or(u32::MAX))
    }

    fn given_as(&self, serial: TokenSerial) -> Option<&(TokenId, String)> {
        self.given.get((serial.0 as usize).checked_sub(1)?)
    }
}
