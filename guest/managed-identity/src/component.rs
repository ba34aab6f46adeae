//! The component's own export.

use core::{cell::RefCell, time::Duration};

use http::Response;
use intune_sync_identity::{self as identity, Fetch, Source, one_line};
use intune_sync_settings::{Advice, Variables};
use intune_sync_wasi_http::Error;
use wasi::{
    cli::environment,
    clocks::{monotonic_clock, wall_clock},
};

use self::generated::exports::intune::sync::token::{self as wit, Guest, TokenError};
use crate::{
    cache::{Cache, NoToken},
    exchange::Exchange,
};

mod generated {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "identity",
    });
}

struct Component;

generated::export!(Component with_types_in generated);

/// What is kept from one call to the next.
struct Tokens {
    source: Source,
    /// The scope that the cache is of.
    scope: String,
    cache: Cache,
    /// A fetch under way.
    fetch: Option<(Exchange, Fetch)>,
    /// The endpoint has responded before.
    found: bool,
}

thread_local! {
    /// A component has one thread, and lives as long as its run.
    static TOKENS: RefCell<Option<Tokens>> = const { RefCell::new(None) };
}

impl Guest for Component {
    fn get_token(scope: String, rejected: Option<String>) -> Result<wit::AccessToken, TokenError> {
        TOKENS.with_borrow_mut(|tokens| {
            let tokens = match tokens {
                Some(tokens) => tokens,
                none => none.insert(Tokens::new().map_err(|problem| {
                    TokenError::Denied(format!("{}; {}", problem.message, problem.hint))
                })?),
            };
            tokens.token(scope, rejected.as_deref())
        })
    }
}

impl Tokens {
    fn new() -> Result<Self, Advice> {
        Ok(Self {
            source: Source::read(&Variables::new(environment::get_environment()))?,
            scope: String::new(),
            cache: Cache::default(),
            fetch: None,
            found: false,
        })
    }

    fn token(
        &mut self,
        scope: String,
        rejected: Option<&str>,
    ) -> Result<wit::AccessToken, TokenError> {
        if scope != self.scope {
            self.scope = scope;
            self.cache = Cache::default();
            self.fetch = None;
        }
        let now = now();
        if let Some(token) = rejected {
            self.cache.reject(token, now);
        }
        self.poll_response(now);
        if let Some(fetch) = self.cache.state.poll_fetch(now) {
            let request = self.source.request(&self.scope);
            match Exchange::start(request, self.source.is_imds() && !self.found, now) {
                Ok(exchange) => self.fetch = Some((exchange, fetch)),
                Err(error) => self.handle_response(fetch, Err(error), now),
            }
            // Some failures are known at once.
            self.poll_response(now);
        }
        match self.cache.token(now) {
            Ok(usable) => Ok(wit::AccessToken {
                value: usable.secret.expose().to_owned(),
                lifetime: millis(usable.lifetime),
            }),
            Err(NoToken::TryAgain(after)) => Err(TokenError::TryAgain(millis(after))),
            Err(NoToken::Denied(reason)) => Err(TokenError::Denied(reason)),
        }
    }

    /// Takes over the response to the fetch under way, if it is there.
    fn poll_response(&mut self, now: Duration) {
        let Some((exchange, fetch)) = &mut self.fetch else {
            return;
        };
        if let Some(response) = exchange.poll(now) {
            let fetch = *fetch;
            self.fetch = None;
            self.handle_response(fetch, response, now);
        }
    }

    fn handle_response(
        &mut self,
        fetch: Fetch,
        response: Result<Response<Vec<u8>>, Error>,
        now: Duration,
    ) {
        let result = self.read(response);
        self.cache.state.handle_response(fetch, result, now);
    }

    fn read(
        &mut self,
        response: Result<Response<Vec<u8>>, Error>,
    ) -> Result<identity::AccessToken, identity::TokenError> {
        /// The component's user sees the message alone.
        const HINT: &str = "";
        let endpoint = self.source.endpoint();
        let response = response.map_err(|error| match error {
            Error::Denied => identity::TokenError::denied(
                format!(
                    "the runtime lets no request out to {}: its origin is not on the list of allowed hosts",
                    endpoint.name
                ),
                HINT,
            ),
            // The metadata address responds on Azure's machines, and nowhere else.
            error if self.source.is_imds() && !self.found => identity::TokenError::denied(
                format!("no managed identity here: {}", one_line(&error.to_string())),
                HINT,
            ),
            error => endpoint.no_response(&one_line(&error.to_string()), HINT),
        })?;
        self.found = true;
        let time = i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX);
        endpoint.handle_response(&response, Some(time))
    }
}

fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
