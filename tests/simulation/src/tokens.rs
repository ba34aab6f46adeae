//! The tokens of a run, as the program's cache would have them.

use bytes::Bytes;
use http::Request;
use intune_sync_engine::{TokenAnswer, TokenSerial};
use intune_sync_simulator::{Answer, Tenant, Ticket};
use std::time::Duration;

/// How soon to ask again while a token is being fetched.
const ASK_AGAIN: Duration = Duration::from_millis(200);

pub(crate) struct Tokens {
    values: Vec<(String, u64)>,
    fetch_at: Option<u64>,
    fetching: Option<Ticket>,
    refused: bool,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::new(),
            fetch_at: Some(0),
            fetching: None,
            refused: false,
        }
    }

    pub(crate) fn fetch(&mut self, now: u64, tenant: &mut Tenant) {
        if self.fetching.is_none() && self.fetch_at.is_some_and(|at| at <= now) {
            self.fetch_at = None;
            let request = Request::get("http://127.0.0.1/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com")
                .header("x-identity-header", "simulator")
                .body(Bytes::new())
                .expect("a good request");
            self.fetching = Some(tenant.send(now, request));
        }
    }

    pub(crate) fn fetched(&mut self, now: u64, ticket: Ticket, answer: &Answer) {
        if self.fetching != Some(ticket) {
            return;
        }
        self.fetching = None;
        let Answer::Response(response) = answer else {
            self.fetch_at = Some(now + 1_000);
            return;
        };
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let Some(token) = body["access_token"].as_str() else {
            self.fetch_at = Some(now + 1_000);
            return;
        };
        let lifetime = body["expires_in"]
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(3_600)
            * 1_000;
        self.values.push((token.to_owned(), now + lifetime));
        self.refused = false;
        self.fetch_at = Some(now + (lifetime * 4 / 5).max(1_000));
    }

    pub(crate) fn next_fetch(&self) -> Option<u64> {
        self.fetch_at.filter(|_| self.fetching.is_none())
    }

    pub(crate) fn get(&mut self, now: u64, rejected: Option<TokenSerial>) -> TokenAnswer {
        let current = TokenSerial(u32::try_from(self.values.len()).unwrap_or(0));
        if rejected == Some(current) && !self.refused {
            self.refused = true;
            self.fetch_at = Some(now);
        }
        match self.values.last() {
            Some((_, expires)) if *expires > now && !self.refused => TokenAnswer::Token {
                serial: current,
                lifetime: Duration::from_millis(expires - now),
            },
            _ => TokenAnswer::TryAgain(ASK_AGAIN),
        }
    }

    pub(crate) fn value(&self, serial: TokenSerial) -> &str {
        &self.values[serial.0 as usize - 1].0
    }
}
