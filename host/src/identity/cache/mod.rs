//! The current token, renewed before it ends, and its surrogates.
//!
//! One task per cache does all the fetching, one fetch at a time; whoever needs a token only looks at what it has left
//! behind. A token is served until it really ends, whatever becomes of its renewal, unless Graph has refused it.

mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::state::State;
use super::{TokenError, TokenSource};

/// How soon to ask again while a token is being fetched.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What stands for a token outside this program's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surrogate {
    /// A random text that only [`TokenCache::reveal`] understands.
    pub(crate) value: String,
    /// How long the token behind it is good for.
    pub(crate) lifetime: Duration,
}

/// Why there is no token at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// One is being fetched: ask again after this time.
    TryAgain(Duration),
    /// There will be none, for this reason; [`TokenCache::denial`] has the hint too.
    Denied(String),
}

/// The tokens of one scope.
pub(crate) struct TokenCache {
    state: watch::Sender<State>,
    renewal: AbortHandle,
}

impl TokenCache {
    /// Begins to fetch a token for `scope`, and keeps it fresh until the cache is dropped.
    pub(crate) fn new(source: Arc<dyn TokenSource>, scope: String, runtime: &Handle) -> Self {
        let state = watch::Sender::new(State::new(Instant::now()));
        let renewal = runtime
            .spawn(keep_fresh(source, scope, state.clone()))
            .abort_handle();
        Self { state, renewal }
    }

    /// Waits for the first token.
    ///
    /// # Errors
    /// Why the first attempt gave none.
    pub(crate) async fn first(&self) -> Result<(), TokenError> {
        let mut changes = self.state.subscribe();
        let settled = changes.wait_for(State::is_settled).await;
        let state = settled.expect("the sender lives in `self`");
        state.first_error().map_or(Ok(()), Err)
    }

    /// The surrogate of the current token. Never waits.
    ///
    /// `rejected` is a surrogate whose token Graph has refused: a new token is fetched once, however often it is
    /// handed back. One that is no longer current changes nothing.
    ///
    /// # Errors
    /// When there is no valid token, for now or at all.
    pub(crate) fn get(&self, rejected: Option<&str>) -> Result<Surrogate, Unavailable> {
        if let Some(surrogate) = rejected {
            self.state
                .send_if_modified(|state| state.reject(surrogate, Instant::now()));
        }
        let state = self.state.borrow();
        match (state.serve(Instant::now()), state.denial()) {
            (Some(surrogate), _) => Ok(surrogate),
            (None, Some(denial)) => Err(Unavailable::Denied(denial.message.clone())),
            (None, None) => Err(Unavailable::TryAgain(ASK_AGAIN)),
        }
    }

    /// Why there will be no token any more, once [`get`](Self::get) has said so.
    pub(crate) fn denial(&self) -> Option<TokenError> {
        self.state.borrow().denial().cloned()
    }

    /// The `Authorization` header of the token that a surrogate stands for. The last few replaced tokens are still
    /// known, for requests that were under way as they were replaced.
    pub(crate) fn reveal(&self, surrogate: &str) -> Option<HeaderValue> {
        self.state.borrow().reveal(surrogate)
    }
}

impl Drop for TokenCache {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Fetches a token whenever the state asks for one, until it has given up.
async fn keep_fresh(source: Arc<dyn TokenSource>, scope: String, state: watch::Sender<State>) {
    let mut changes = state.subscribe();
    loop {
        let renew = state.borrow().is_refused();
        let answer = source.fetch(&scope, renew).await;
        state.send_modify(|state| state.fetched(answer, renew, Instant::now()));
        loop {
            let Some(due) = changes.borrow_and_update().next_fetch() else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep_until(due) => break,
                // A rejection brings the next fetch forward.
                changed = changes.changed() => changed.expect("the sender lives in this task"),
            }
        }
    }
}
