//! Tokens for Graph: where they come from, the current one, renewed before it ends, and its surrogates.
//!
//! One task per cache does all the fetching, as [`TokenState`] says; a caller that needs a token only looks at what it
//! has left behind.

mod surrogates;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use intune_sync_identity::{
    AccessToken, Claims, Fetch, Patience, TRY_AGAIN, TokenError, TokenState,
};
use tokio::{runtime::Handle, sync::watch, task::AbortHandle, time::Instant};

use self::surrogates::Surrogates;
use crate::{
    credential::{Authorization, Credential, UnknownToken},
    gate::sync::PresentedToken,
};

/// A way to obtain a token.
pub trait TokenSource: Send + Sync {
    /// Requests a token for `scope` (`https://graph.microsoft.com/.default`), once. `renew` says that Graph has refused
    /// the last one: nothing that was kept may be returned again.
    ///
    /// # Errors
    ///
    /// Why there is none. Its kind says whether another attempt makes sense.
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;

    /// Looks whether it is there at all, without requesting a token.
    ///
    /// # Errors
    ///
    /// When it certainly is not.
    fn find(&self) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What it is, for the user: `managed identity (IMDS)`.
    fn describe(&self) -> String;
}

/// Obtains one token, for a command that needs no more than one. Failures that may pass soon are retried, as at the
/// start of a run.
///
/// # Errors
///
/// Why there is none.
pub async fn obtain(source: &dyn TokenSource, scope: &str) -> Result<AccessToken, TokenError> {
    let start = Instant::now();
    let mut state = TokenState::new(Patience::START);
    loop {
        if let Some(fetch) = state.poll_fetch(start.elapsed()) {
            let result = source.fetch(scope, fetch.renews).await;
            if result.is_ok() {
                return result;
            }
            state.handle_response(fetch, result, start.elapsed());
        }
        if let Some(error) = state.denial() {
            return Err(error.clone());
        }
        if let Some(due) = state.next_fetch() {
            tokio::time::sleep_until(start + due).await;
        }
    }
}

/// What represents a token outside this program's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surrogate {
    /// A random text that only the cache understands.
    pub value: String,
    /// How long the token behind it is good for.
    pub lifetime: Duration,
}

/// Why there is no token at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// One is being fetched: ask again after this time.
    TryAgain(Duration),
    /// There will be none, for this reason; [`TokenCache::denial`] has the hint too.
    Denied(String),
}

/// The tokens of one scope.
pub struct TokenCache {
    known: watch::Sender<Known>,
    renewal: AbortHandle,
}

/// What is known of the tokens, and what they are called outside.
struct Known {
    state: TokenState,
    surrogates: Surrogates,
    /// The state counts its times from here.
    start: Instant,
}

impl TokenCache {
    /// Begins to fetch a token for `scope`, and keeps it fresh until the cache is dropped.
    pub fn new(source: Arc<dyn TokenSource>, scope: String, runtime: &Handle) -> Self {
        let known = watch::Sender::new(Known {
            state: TokenState::new(Patience::PROGRAM),
            surrogates: Surrogates::default(),
            start: Instant::now(),
        });
        let renewal = runtime
            .spawn(keep_fresh(source, scope, known.clone()))
            .abort_handle();
        Self { known, renewal }
    }

    /// Waits for the first token.
    ///
    /// # Errors
    ///
    /// Why the first attempt gave none.
    pub async fn first(&self) -> Result<(), TokenError> {
        let mut changes = self.known.subscribe();
        let settled = changes.wait_for(|known| known.state.is_settled()).await;
        let known = settled.expect("the sender lives in `self`");
        known.state.first_error().cloned().map_or(Ok(()), Err)
    }

    /// The surrogate of the current token. Never waits.
    ///
    /// `rejected` is a surrogate whose token Graph has refused: a new token is fetched once, however often it is
    /// handed back. One that is no longer current changes nothing.
    ///
    /// # Errors
    ///
    /// When there is no valid token, for now or at all.
    pub fn get(&self, rejected: Option<&str>) -> Result<Surrogate, Unavailable> {
        if let Some(surrogate) = rejected {
            self.known.send_if_modified(|known| known.reject(surrogate));
        }
        let known = self.known.borrow();
        match (known.serve(), known.state.denial()) {
            (Some(surrogate), _) => Ok(surrogate),
            (None, Some(denial)) => Err(Unavailable::Denied(denial.message.clone())),
            (None, None) => Err(Unavailable::TryAgain(TRY_AGAIN)),
        }
    }

    /// What the current token says about itself, where there is one that is not opaque. None of it is secret.
    pub fn claims(&self) -> Option<Claims> {
        let known = self.known.borrow();
        let (_, secret) = known.state.current()?;
        secret.claims()
    }

    /// Why there will be no token any more, once [`get`](Self::get) has said so.
    pub fn denial(&self) -> Option<TokenError> {
        self.known.borrow().state.denial().cloned()
    }

    /// What goes into `Authorization` for the token that a surrogate represents. The last few replaced tokens are still
    /// known, for requests that were under way as they were replaced. Refused and expired ones are too: Graph has the
    /// last word.
    fn reveal(&self, surrogate: &str) -> Option<Authorization> {
        self.known.borrow().surrogates.reveal(surrogate)
    }
}

impl Credential<PresentedToken> for TokenCache {
    fn authorization(
        &self,
        presented: &PresentedToken,
    ) -> Result<Option<Authorization>, UnknownToken> {
        let token = self.reveal(presented.expose()).ok_or(UnknownToken)?;
        Ok(Some(token))
    }
}

/// The current token, for what the host itself requests.
impl Credential<()> for &TokenCache {
    fn authorization(&self, (): &()) -> Result<Option<Authorization>, UnknownToken> {
        let known = self.known.borrow();
        let (_, secret) = known.state.current().ok_or(UnknownToken)?;
        Ok(Some(Authorization::new(secret.bearer())))
    }
}

impl Drop for TokenCache {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl Known {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn reject(&mut self, surrogate: &str) -> bool {
        let now = self.now();
        let token = self.surrogates.token(surrogate);
        token.is_some_and(|token| self.state.reject(token, now))
    }

    fn serve(&self) -> Option<Surrogate> {
        let usable = self.state.usable(self.now())?;
        Some(Surrogate {
            value: self.surrogates.of(usable.id)?.to_owned(),
            lifetime: usable.lifetime,
        })
    }

    fn handle_response(&mut self, fetch: Fetch, result: Result<AccessToken, TokenError>) {
        self.state.handle_response(fetch, result, self.now());
        if let Some((token, secret)) = self.state.current() {
            self.surrogates.name(token, secret);
        }
    }
}

/// Fetches a token whenever the state asks for one, until it has given up.
async fn keep_fresh(source: Arc<dyn TokenSource>, scope: String, known: watch::Sender<Known>) {
    let mut changes = known.subscribe();
    loop {
        let mut fetch = None;
        known.send_if_modified(|known| {
            fetch = known.state.poll_fetch(known.now());
            false
        });
        if let Some(fetch) = fetch {
            let result = source.fetch(&scope, fetch.renews).await;
            known.send_modify(|known| known.handle_response(fetch, result));
            continue;
        }
        let due = {
            let known = changes.borrow_and_update();
            known.state.next_fetch().map(|due| known.start + due)
        };
        let Some(due) = due else {
            return;
        };
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            // A rejection brings the next fetch forward.
            changed = changes.changed() => changed.expect("the sender lives in this task"),
        }
    }
}
