//! The component's own export.

use core::{cell::RefCell, time::Duration};

use intune_sync_identity::{self as identity, Answer, Source};
use intune_sync_settings::{Advice, Variables};
use wasi::{
    cli::environment,
    clocks::{monotonic_clock, wall_clock},
};

use self::generated::exports::intune::sync::token::{AccessToken, Guest, TokenError};
use crate::{
    cache::{Cache, Failure, Fresh, NoToken},
    exchange::{Exchange, Reply},
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
struct Keeper {
    source: Source,
    /// The scope that the cache is of.
    scope: String,
    cache: Cache,
    /// A fetch under way, and whether it was begun after the current token was refused.
    fetch: Option<(Exchange, bool)>,
    /// The endpoint has answered before.
    found: bool,
}

thread_local! {
    /// A component has one thread, and lives as long as its run.
    static KEEPER: RefCell<Option<Keeper>> = const { RefCell::new(None) };
}

impl Guest for Component {
    fn get_token(scope: String, rejected: Option<String>) -> Result<AccessToken, TokenError> {
        KEEPER.with_borrow_mut(|keeper| {
            let keeper = match keeper {
                Some(keeper) => keeper,
                none => none.insert(Keeper::new().map_err(|problem| {
                    TokenError::Denied(format!("{}; {}", problem.message, problem.hint))
                })?),
            };
            keeper.token(scope, rejected.as_deref())
        })
    }
}

impl Keeper {
    fn new() -> Result<Self, Advice> {
        Ok(Self {
            source: Source::read(&Variables::new(environment::get_environment()))?,
            scope: String::new(),
            cache: Cache::default(),
            fetch: None,
            found: false,
        })
    }

    fn token(&mut self, scope: String, rejected: Option<&str>) -> Result<AccessToken, TokenError> {
        if scope != self.scope {
            self.scope = scope;
            self.cache = Cache::default();
            self.fetch = None;
        }
        let now = now();
        if let Some(token) = rejected {
            self.cache.reject(token, now);
        }
        self.go_on(now);
        if self.fetch.is_none() && self.cache.is_due(now) {
            let request = self.source.request(&self.scope);
            let exchange = Exchange::start(&request, self.source.is_imds() && !self.found);
            self.fetch = Some((exchange, self.cache.is_refused()));
            // Some failures are known at once.
            self.go_on(now);
        }
        match self.cache.token(now) {
            Ok(token) => Ok(AccessToken {
                value: token.value,
                lifetime: millis(token.lifetime),
            }),
            Err(NoToken::TryAgain(after)) => Err(TokenError::TryAgain(millis(after))),
            Err(NoToken::Denied(reason)) => Err(TokenError::Denied(reason)),
        }
    }

    /// Takes over the answer of the fetch under way, if it is there.
    fn go_on(&mut self, now: Duration) {
        let Some((exchange, renewal)) = &mut self.fetch else {
            return;
        };
        if let Some(reply) = exchange.go_on(now) {
            let renewal = *renewal;
            self.fetch = None;
            let answer = self.read(reply);
            self.cache.fetched(answer, renewal, now);
        }
    }

    fn read(&mut self, reply: Result<Reply, String>) -> Result<Fresh, Failure> {
        let source = &self.source;
        let failure = |passes, message| Failure { passes, message };
        let reply = reply.map_err(|error| match source.is_imds() && !self.found {
            // The metadata address answers on Azure's machines, and nowhere else.
            true => failure(false, format!("no managed identity here: {error}")),
            false => failure(true, format!("no answer from {source}: {error}")),
        })?;
        self.found = true;
        if !(200..300).contains(&reply.status) {
            let words =
                identity::words(&reply.body).map_or_else(String::new, |words| format!(": {words}"));
            return Err(failure(
                identity::passes(reply.status),
                format!("{source} answered {}{words}", reply.status),
            ));
        }
        let time = i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX);
        let Answer { token, ends } = identity::read(&reply.body, time)
            .map_err(|error| failure(true, format!("no token from {source}: {error}")))?;
        let lifetime = u64::try_from(ends.saturating_sub(time)).unwrap_or_default();
        Fresh::new(token, Duration::from_secs(lifetime))
            .map_err(|problem| failure(true, format!("the token from {source} {problem}")))
    }
}

fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
