//! The current token, and when the next is fetched: no waiting, no clock, no fetching.

use core::{fmt, time::Duration};

/// The shortest time between two fetches, save for a refused token, and the first wait after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest wait after a failure.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// How long passing failures are borne without a usable token: a virtual machine's endpoint takes more than 70 s while
/// it is being updated.
const PATIENCE: Duration = Duration::from_secs(120);
/// When to ask again while there is no token: a fetch takes a fraction of a second.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// The longest lifetime believed: Azure's tokens last a day at most.
const MAX_LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);
/// The longest token taken, in bytes: what the WIT allows.
const MAX_BYTES: usize = 16 * 1024;

/// A token that has just been fetched. It is a secret, so there is no `Debug`.
#[derive(Clone)]
pub struct Fresh {
    value: String,
    lifetime: Duration,
}

impl Fresh {
    /// Takes a token that ends in `lifetime`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence that begins with the token.
    pub fn new(value: String, lifetime: Duration) -> Result<Self, &'static str> {
        match value.as_bytes() {
            [] => Err("is empty"),
            bytes if bytes.len() > MAX_BYTES => Err("is longer than 16 KiB"),
            bytes if !bytes.iter().all(u8::is_ascii_graphic) => {
                Err("has characters that are not visible ASCII")
            }
            _ if lifetime.is_zero() => Err("has expired already"),
            _ => Ok(Self {
                value,
                lifetime: lifetime.min(MAX_LIFETIME),
            }),
        }
    }
}

/// Why a fetch gave no token. Never holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// It may pass by itself.
    pub passes: bool,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// A token that can be used now.
#[derive(Clone, PartialEq, Eq)]
pub struct Usable {
    /// The token.
    pub value: String,
    /// How long from now on.
    pub lifetime: Duration,
}

impl fmt::Debug for Usable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token for {:?}", self.lifetime)
    }
}

/// Why there is no token that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoToken {
    /// One is being fetched: ask again after this time.
    TryAgain(Duration),
    /// There will be none.
    Denied(String),
}

/// What is known of the tokens of one scope. Times are those of one clock that never goes back.
pub struct Cache {
    current: Option<Held>,
    plan: Plan,
    /// How many fetches have failed since the last that did not.
    failures: u32,
    /// Since when failures have met no usable token.
    without_token: Option<Duration>,
}

struct Held {
    value: String,
    ends: Duration,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Graph has said nothing against it.
    Good,
    /// Graph has answered 401 to it.
    Refused,
    /// It is the same text as the one that Graph has refused, fetched anew: whoever asks has to see for himself.
    Again,
}

enum Plan {
    FetchAt(Duration),
    GivenUp(String),
}

impl Default for Cache {
    /// No token, and one to be fetched at once.
    fn default() -> Self {
        Self {
            current: None,
            plan: Plan::FetchAt(Duration::ZERO),
            failures: 0,
            without_token: None,
        }
    }
}

impl Cache {
    /// Notes that Graph has refused a token. One that is no longer the current one changes nothing.
    pub fn reject(&mut self, token: &str, now: Duration) {
        let Some(held) = self.current.as_mut().filter(|held| held.value == token) else {
            return;
        };
        if held.standing == Standing::Good {
            held.standing = Standing::Refused;
            if matches!(self.plan, Plan::FetchAt(_)) {
                self.plan = Plan::FetchAt(now);
            }
        }
    }

    /// Whether a fetch is due.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        matches!(self.plan, Plan::FetchAt(at) if at <= now)
    }

    /// True when the current token was refused and none has replaced it yet.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|held| held.standing == Standing::Refused)
    }

    /// Takes in what a fetch gave; `renewal` says that it was begun after the current token was refused.
    pub fn fetched(&mut self, answer: Result<Fresh, Failure>, renewal: bool, now: Duration) {
        match answer {
            Ok(fresh) => self.take(fresh, renewal, now),
            Err(failure) => self.fail(failure, now),
        }
    }

    /// The token, or why there is none. `rejected` is what [`Cache::reject`] was told.
    ///
    /// # Errors
    ///
    /// When there is none that can be used.
    pub fn token(&mut self, now: Duration) -> Result<Usable, NoToken> {
        let usable = self.current.as_mut().filter(|held| held.is_usable(now));
        if let Some(held) = usable {
            // Refused once more, it is fetched once more.
            held.standing = Standing::Good;
            return Ok(Usable {
                value: held.value.clone(),
                lifetime: held.ends.saturating_sub(now),
            });
        }
        Err(match &self.plan {
            Plan::GivenUp(reason) => NoToken::Denied(reason.clone()),
            Plan::FetchAt(at) => NoToken::TryAgain(at.saturating_sub(now).max(ASK_AGAIN)),
        })
    }

    fn take(&mut self, fresh: Fresh, renewal: bool, now: Duration) {
        let Fresh { value, lifetime } = fresh;
        let same = self
            .current
            .as_ref()
            .is_some_and(|held| held.value == value);
        let standing = match (same && self.is_refused(), renewal) {
            // Refused while this fetch, which knew nothing of it, was under way.
            (true, false) => {
                self.plan = Plan::FetchAt(now);
                return;
            }
            (true, true) => Standing::Again,
            (false, _) => Standing::Good,
        };
        self.current = Some(Held {
            value,
            ends: now + lifetime,
            standing,
        });
        // With a fifth of its life to go there is time for many attempts: 12 minutes of an hour.
        self.plan = Plan::FetchAt(now + (lifetime * 4 / 5).max(PAUSE));
        self.failures = 0;
        self.without_token = None;
    }

    fn fail(&mut self, failure: Failure, now: Duration) {
        let usable = self.current.as_ref().filter(|held| held.is_usable(now));
        self.without_token = match usable {
            Some(_) => None,
            None => Some(self.without_token.unwrap_or(now)),
        };
        let give_up = self
            .without_token
            .is_some_and(|since| !failure.passes || now.saturating_sub(since) >= PATIENCE);
        self.plan = if give_up {
            Plan::GivenUp(failure.message)
        } else {
            let pause = PAUSE
                .saturating_mul(1 << self.failures.min(10))
                .min(MAX_PAUSE);
            // The moment a token ends is the moment that decides.
            let end = usable.map(|held| held.ends);
            Plan::FetchAt(end.map_or(now + pause, |end| end.min(now + pause)))
        };
        self.failures += 1;
    }
}

impl Held {
    fn is_usable(&self, now: Duration) -> bool {
        self.standing != Standing::Refused && self.ends > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const START: Duration = Duration::from_secs(7);

    fn fresh(value: &str, lifetime: Duration) -> Result<Fresh, Failure> {
        Ok(Fresh::new(value.to_owned(), lifetime).unwrap_or_else(|problem| panic!("{problem}")))
    }

    fn failure(passes: bool) -> Result<Fresh, Failure> {
        let message = "the endpoint answered 500".to_owned();
        Err(Failure { passes, message })
    }

    fn value(cache: &mut Cache, now: Duration) -> Option<String> {
        cache.token(now).ok().map(|token| token.value)
    }

    #[test]
    fn a_token_is_renewed_with_a_fifth_of_its_life_to_go_and_served_meanwhile() {
        let mut cache = Cache::default();
        assert!(cache.is_due(START));
        assert_eq!(cache.token(START), Err(NoToken::TryAgain(ASK_AGAIN)));
        cache.fetched(fresh("one", HOUR), false, START);
        let lifetime = cache.token(START).map(|token| token.lifetime);
        assert_eq!(lifetime, Ok(HOUR));
        let due = START + HOUR * 4 / 5;
        assert!(!cache.is_due(due - PAUSE) && cache.is_due(due));
        assert_eq!(value(&mut cache, due).as_deref(), Some("one"));
        cache.fetched(fresh("two", HOUR), false, due);
        assert_eq!(value(&mut cache, due).as_deref(), Some("two"));
    }

    #[test]
    fn a_refused_token_is_not_served_and_fetched_at_once() {
        let mut cache = Cache::default();
        cache.fetched(fresh("one", HOUR), false, START);
        cache.reject("another", START);
        assert!(!cache.is_due(START));
        cache.reject("one", START);
        assert!(cache.is_due(START) && cache.is_refused());
        assert!(cache.token(START).is_err());
        cache.fetched(fresh("two", HOUR), true, START);
        assert_eq!(value(&mut cache, START).as_deref(), Some("two"));
        // The engine may hand back the old one again: several requests were in flight.
        cache.reject("one", START);
        assert_eq!(value(&mut cache, START).as_deref(), Some("two"));
    }

    #[test]
    fn the_same_token_again_is_served_once_to_show_that_it_is_refused_again() {
        let mut cache = Cache::default();
        cache.fetched(fresh("one", HOUR), false, START);
        cache.reject("one", START);
        cache.fetched(fresh("one", HOUR), true, START);
        // The engine asks again with the same words as before the fetch.
        cache.reject("one", START);
        assert_eq!(value(&mut cache, START).as_deref(), Some("one"));
        cache.reject("one", START + PAUSE);
        assert!(cache.is_due(START + PAUSE));
    }

    #[test]
    fn a_fetch_from_before_the_refusal_does_not_count() {
        let mut cache = Cache::default();
        cache.fetched(fresh("one", HOUR), false, START);
        cache.reject("one", START);
        cache.fetched(fresh("one", HOUR), false, START);
        assert!(cache.is_due(START) && cache.is_refused());
    }

    #[test]
    fn failures_do_not_matter_while_the_token_lasts() {
        let mut cache = Cache::default();
        cache.fetched(fresh("one", HOUR), false, START);
        let mut now = START + HOUR * 4 / 5;
        cache.fetched(failure(false), false, now);
        assert!(!cache.is_due(now) && cache.is_due(now + PAUSE));
        assert_eq!(value(&mut cache, now).as_deref(), Some("one"));
        now = START + HOUR;
        cache.fetched(failure(false), false, now);
        let denied = NoToken::Denied("the endpoint answered 500".to_owned());
        assert_eq!(cache.token(now), Err(denied));
        assert!(!cache.is_due(now + HOUR));
    }

    #[test]
    fn passing_failures_without_a_token_are_borne_for_a_while() {
        let mut cache = Cache::default();
        let mut now = START;
        let mut pauses = Vec::new();
        while let Err(NoToken::TryAgain(_)) = cache.token(now) {
            while !cache.is_due(now) {
                now += PAUSE;
            }
            pauses.push((now - START).as_secs());
            cache.fetched(failure(true), false, now);
        }
        assert_eq!(pauses, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
    }

    #[test]
    fn what_cannot_be_a_token_is_not_taken() {
        for (value, lifetime, problem) in [
            (String::new(), HOUR, "is empty"),
            (
                "a b".to_owned(),
                HOUR,
                "has characters that are not visible ASCII",
            ),
            (
                "a\u{e4}".to_owned(),
                HOUR,
                "has characters that are not visible ASCII",
            ),
            ("a".repeat(MAX_BYTES + 1), HOUR, "is longer than 16 KiB"),
            ("a".to_owned(), Duration::ZERO, "has expired already"),
        ] {
            assert_eq!(Fresh::new(value, lifetime).err(), Some(problem));
        }
        let fresh = Fresh::new("a".to_owned(), Duration::MAX).map(|fresh| fresh.lifetime);
        assert_eq!(fresh, Ok(MAX_LIFETIME));
    }
}
