//! The tokens of one scope, as the engine in the component is given them.

use core::time::Duration;

use intune_sync_identity::{Patience, TokenId, TokenState, Usable};

/// How soon to try again while a token is being fetched, which takes a fraction of a second.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Why there is no token that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoToken {
    /// One is being fetched: try again after this time.
    TryAgain(Duration),
    /// There will be none.
    Denied(String),
}

/// The tokens of one scope. Times are those of one clock that never goes back.
pub struct Cache {
    /// What is fetched when.
    pub state: TokenState,
    /// The token that the engine was given last.
    served: Option<TokenId>,
}

impl Default for Cache {
    /// No token, and one to be fetched at once.
    fn default() -> Self {
        Self {
            state: TokenState::new(Patience::COMPONENT),
            served: None,
        }
    }
}

impl Cache {
    /// Notes that Graph has refused a token. One that is no longer the current one changes nothing.
    ///
    /// The engine hands the same text back until it is given a token. If the same text was fetched again meanwhile, it
    /// counts as refused only after the engine has had it once more.
    pub fn reject(&mut self, token: &str, now: Duration) {
        if let Some((id, secret)) = self.state.current()
            && self.served == Some(id)
            && secret.expose() == token
        {
            self.state.reject(id, now);
        }
    }

    /// The token, or why there is none.
    ///
    /// A denial is reported once, since it ends the run. The next call is another run's, for which everything begins
    /// anew: some runtimes use one instance for many.
    ///
    /// # Errors
    ///
    /// When there is none that can be used.
    pub fn token(&mut self, now: Duration) -> Result<Usable<'_>, NoToken> {
        if let Some(error) = self.state.denial() {
            let denied = NoToken::Denied(error.message.clone());
            *self = Self::default();
            return Err(denied);
        }
        if let Some(usable) = self.state.usable(now) {
            self.served = Some(usable.id);
            return Ok(usable);
        }
        let due = self.state.next_fetch().unwrap_or(now);
        let after = due.saturating_sub(now).max(TRY_AGAIN);
        Err(NoToken::TryAgain(after))
    }
}

#[cfg(test)]
mod tests {
    use intune_sync_identity::{AccessToken, Secret, TokenError};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const SECOND: Duration = Duration::from_secs(1);
    const START: Duration = Duration::from_secs(7);

    fn fetch(cache: &mut Cache, token: &str, now: Duration) {
        let fetch = cache.state.poll_fetch(now).expect("a fetch is due");
        let secret = Secret::parse(token).expect("a secret");
        cache.state.handle_response(
            fetch,
            Ok(AccessToken::new(secret, HOUR).expect("an hour")),
            now,
        );
    }

    fn value(cache: &mut Cache, now: Duration) -> Option<&str> {
        cache.token(now).ok().map(|usable| usable.secret.expose())
    }

    #[test]
    fn the_engine_is_told_when_to_try_again() {
        let mut cache = Cache::default();
        assert_eq!(cache.token(START), Err(NoToken::TryAgain(TRY_AGAIN)));
        let fetch = cache.state.poll_fetch(START).expect("due");
        assert_eq!(cache.token(START), Err(NoToken::TryAgain(TRY_AGAIN)));
        let error = TokenError::transient("the endpoint returned 500", "try again later");
        cache.state.handle_response(fetch, Err(error), START);
        assert_eq!(cache.token(START), Err(NoToken::TryAgain(SECOND)));
        let fetch = cache.state.poll_fetch(START + SECOND).expect("due");
        let error = TokenError::denied("the endpoint returned 400", "correct it");
        cache
            .state
            .handle_response(fetch, Err(error), START + SECOND);
        let denied = NoToken::Denied("the endpoint returned 400".to_owned());
        assert_eq!(cache.token(START + SECOND), Err(denied));
    }

    #[test]
    fn a_denial_ends_its_run_and_not_the_next() {
        let mut cache = Cache::default();
        let refused = cache.state.poll_fetch(START).expect("due");
        let error = TokenError::denied("the endpoint returned 400", "correct it");
        cache.state.handle_response(refused, Err(error), START);
        let denied = NoToken::Denied("the endpoint returned 400".to_owned());
        assert_eq!(cache.token(START), Err(denied));
        fetch(&mut cache, "one", START + SECOND);
        assert_eq!(value(&mut cache, START + SECOND), Some("one"));
    }

    #[test]
    fn a_refused_token_is_not_served_and_another_is_fetched_at_once() {
        let mut cache = Cache::default();
        fetch(&mut cache, "one", START);
        assert_eq!(value(&mut cache, START), Some("one"));
        cache.reject("another", START);
        assert_eq!(cache.state.poll_fetch(START), None);
        cache.reject("one", START);
        assert!(cache.token(START).is_err());
        fetch(&mut cache, "two", START);
        assert_eq!(value(&mut cache, START), Some("two"));
        // The engine may hand back the old one again: several requests were in flight.
        cache.reject("one", START);
        assert_eq!(value(&mut cache, START), Some("two"));
    }

    #[test]
    fn the_same_token_again_is_served_once_to_show_that_it_is_refused_again() {
        let mut cache = Cache::default();
        fetch(&mut cache, "one", START);
        assert_eq!(value(&mut cache, START), Some("one"));
        cache.reject("one", START);
        fetch(&mut cache, "one", START);
        // The engine calls again with the same words as before the fetch.
        cache.reject("one", START);
        assert_eq!(value(&mut cache, START), Some("one"));
        // The endpoint is spared: not at once, but soon.
        let later = START + 10 * SECOND;
        cache.reject("one", later);
        assert!(cache.state.poll_fetch(later).is_some());
    }
}
