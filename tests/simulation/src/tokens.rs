//! The tokens of a run: fetched when the shared state machine says so, and numbered as the component's driver numbers
//! what it is given.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use intune_sync_engine::{TokenResponse, TokenSerial};
use intune_sync_identity::{
    AccessToken, Fetch, Patience, Secret, TokenError, TokenId, TokenState, passes,
};
use intune_sync_simulator::{Delivery, Ticket};

/// How soon to try again while a token is being fetched: as the program's cache says.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// The tokens of a run.
pub struct Tokens {
    resource: String,
    identity_header: String,
    state: TokenState,
    /// The fetch that is under way.
    fetching: Option<(Ticket, Fetch)>,
    /// What was given out, by serial from 1.
    given: Vec<(TokenId, String)>,
    /// All tokens that were ever obtained.
    issued: Vec<String>,
}

impl Tokens {
    /// No token, and one to be fetched at once.
    #[must_use]
    pub fn new(scope: &str, identity_header: &str) -> Self {
        Self {
            resource: scope.strip_suffix("/.default").unwrap_or(scope).to_owned(),
            identity_header: identity_header.to_owned(),
            state: TokenState::new(Patience::PROGRAM),
            fetching: None,
            given: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// Requests a token if it is time.
    pub fn fetch(&mut self, now: u64, send: impl FnOnce(Request<Bytes>) -> Ticket) {
        let Some(fetch) = self.state.poll_fetch(Duration::from_millis(now)) else {
            return;
        };
        let uri = format!(
            "http://identity/msi/token?api-version=2019-08-01&resource={}",
            self.resource
        );
        let request = Request::get(uri)
            .header("x-identity-header", &self.identity_header)
            .body(Bytes::new())
            .expect("a good request");
        self.fetching = Some((send(request), fetch));
    }

    /// Takes in the response to a token request. False for the response to any other request.
    pub fn handle_response(&mut self, now: u64, ticket: Ticket, delivery: &Delivery) -> bool {
        let Some((_, fetch)) = self.fetching.take_if(|(fetching, _)| *fetching == ticket) else {
            return false;
        };
        let result = read(delivery);
        if let Ok(token) = &result {
            let secret = token.secret.expose();
            if self.issued.last().is_none_or(|last| last != secret) {
                self.issued.push(secret.to_owned());
            }
        }
        self.state
            .handle_response(fetch, result, Duration::from_millis(now));
        true
    }

    /// When the next fetch is due; `None` while one is under way, and once there is no point in another.
    #[must_use]
    pub fn next_fetch(&self) -> Option<u64> {
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

/// Reads a token. Of its end only the lifetime counts, since a date means nothing on a virtual clock.
fn read(delivery: &Delivery) -> Result<AccessToken, TokenError> {
    let hint = "look at how the simulated tenant is configured";
    let Delivery::Response(response) = delivery else {
        return Err(TokenError::transient("the connection was closed", hint));
    };
    let status = response.status();
    if status != 200 {
        let message = format!("the simulated identity endpoint returned {status}");
        return Err(match passes(status.as_u16()) {
            true => TokenError::transient(message, hint),
            false => TokenError::denied(message, hint),
        });
    }
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
    let lifetime = text("expires_in").and_then(|text| text.parse().ok());
    let (Some(token), Some(seconds)) = (text("access_token"), lifetime) else {
        return Err(TokenError::denied("the response holds no token", hint));
    };
    Secret::parse(token)
        .and_then(|secret| AccessToken::new(secret, Duration::from_secs(seconds)))
        .map_err(|problem| TokenError::denied(format!("the token {problem}"), hint))
}
