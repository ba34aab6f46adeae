//! The cache on a paused clock, above a source that follows a script.

use std::{collections::VecDeque, sync::Mutex};

use http::{HeaderMap, HeaderValue, Method};
use intune_sync_identity::{Secret, TokenErrorKind};

use super::*;
use crate::gate::{
    Proposal, Rules,
    sync::{Gate, Writes},
};

/// How long each fetch takes.
const FETCH: Duration = Duration::from_secs(2);

/// What a fetch gives: a token and the seconds it lives, or an error.
type Scripted = Result<(&'static str, u64), TokenErrorKind>;

/// Gives the results of a script, one a fetch; notes when each fetch began, whether it was a renewal, and how many ran
/// together at most.
struct Script {
    results: Mutex<VecDeque<Scripted>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    fetches: Vec<(Instant, bool)>,
    running: usize,
    most_running: usize,
}

impl Script {
    fn new(results: impl IntoIterator<Item = Scripted>) -> Arc<Self> {
        let results = Mutex::new(results.into_iter().collect());
        Arc::new(Self {
            results,
            seen: Mutex::default(),
        })
    }

    fn fetches(&self) -> Vec<(Instant, bool)> {
        self.seen.lock().expect("no panic").fetches.clone()
    }
}

impl TokenSource for Script {
    fn fetch<'a>(
        &'a self,
        scope: &'a str,
        renew: bool,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        assert_eq!(scope, "scope");
        Box::pin(async move {
            {
                let mut seen = self.seen.lock().expect("no panic");
                seen.fetches.push((Instant::now(), renew));
                seen.running += 1;
                seen.most_running = seen.most_running.max(seen.running);
            }
            tokio::time::sleep(FETCH).await;
            self.seen.lock().expect("no panic").running -= 1;
            let result = self.results.lock().expect("no panic").pop_front();
            match result.expect("no fetch beyond the script") {
                Ok((secret, lifetime)) => {
                    let secret = Secret::parse(secret).expect("valid");
                    let lifetime = Duration::from_secs(lifetime);
                    Ok(AccessToken::new(secret, lifetime).expect("it is not over"))
                }
                Err(kind) => Err(TokenError::new(kind, format!("{kind:?}"), "hint")),
            }
        })
    }

    fn describe(&self) -> String {
        "script".to_owned()
    }
}

fn cache(source: &Arc<Script>) -> TokenCache {
    let source: Arc<dyn TokenSource> = source.clone();
    TokenCache::new(source, "scope".to_owned(), &Handle::current())
}

/// Lets `seconds` pass; every timer that is due on the way is served in its turn.
async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn real(cache: &TokenCache, surrogate: &Surrogate) -> String {
    let authorization = cache.reveal(&surrogate.value);
    let (header, _) = authorization.expect("a known surrogate").into_parts();
    header.to_str().expect("ASCII").to_owned()
}

const NOT_YET: Result<Surrogate, Unavailable> = Err(Unavailable::TryAgain(TRY_AGAIN));

#[tokio::test(start_paused = true)]
async fn one_fetch_serves_all() {
    let source = Script::new([Ok(("one", 3600))]);
    let cache = cache(&source);
    assert_eq!(cache.get(None), NOT_YET);
    let (a, b, c) = tokio::join!(cache.first(), cache.first(), cache.first());
    assert_eq!((a, b, c), (Ok(()), Ok(()), Ok(())));
    let surrogate = cache.get(None).expect("a token");
    assert_eq!(surrogate.lifetime, Duration::from_secs(3600));
    assert_eq!(cache.get(None), Ok(surrogate.clone()));
    assert_eq!(real(&cache, &surrogate), "Bearer one");
    assert!(!surrogate.value.contains("one"));
    assert_eq!(surrogate.value.len(), "surrogate-".len() + 32);
    assert_eq!(source.fetches().len(), 1);
    assert!(cache.reveal("surrogate-0").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let source = Script::new([Ok(("one", 3600)), Ok(("two", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let one = cache.get(None).expect("a token");
    let start = Instant::now();
    pass(3600 * 4 / 5 - 1).await;
    assert_eq!(source.fetches().len(), 1);
    pass(1 + FETCH.as_secs() + 1).await;
    assert_eq!(
        source.fetches()[1],
        (start + Duration::from_secs(2880), false)
    );
    let two = cache.get(None).expect("a token");
    assert_eq!(
        (real(&cache, &one), real(&cache, &two)),
        ("Bearer one".to_owned(), "Bearer two".to_owned())
    );
    assert_ne!(one.value, two.value);
}

#[tokio::test(start_paused = true)]
async fn the_same_token_again_keeps_its_surrogate() {
    let source = Script::new([Ok(("one", 100)), Ok(("one", 100)), Ok(("two", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let first = cache.get(None).expect("a token").value;
    pass(90).await;
    let second = cache.get(None).expect("a token");
    assert_eq!(second.value, first);
    assert_eq!(
        second.lifetime,
        Duration::from_secs(80 + FETCH.as_secs() + 100 - 90)
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_renewal_serves_the_old_token_until_it_ends() {
    let failures = std::iter::repeat_n(Err(TokenErrorKind::Transient), 7);
    let source = Script::new(
        [Ok(("one", 300))]
            .into_iter()
            .chain(failures)
            .chain([Ok(("two", 3600))]),
    );
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let one = cache.get(None).expect("a token");
    pass(299).await;
    assert!(source.fetches().len() > 3, "renewals have failed");
    let left = Surrogate {
        lifetime: Duration::from_secs(1),
        ..one
    };
    assert_eq!(cache.get(None), Ok(left));
    pass(1).await;
    assert_eq!(cache.get(None), NOT_YET);
    pass(120).await;
    let two = cache.get(None).expect("a token");
    assert_eq!(real(&cache, &two), "Bearer two");
    assert_eq!(source.seen.lock().expect("no panic").most_running, 1);
}

#[tokio::test(start_paused = true)]
async fn a_denied_renewal_counts_once_the_old_token_has_ended() {
    let denials = std::iter::repeat_n(Err(TokenErrorKind::Denied), 20);
    let source = Script::new([Ok(("one", 100))].into_iter().chain(denials));
    let cache = cache(&source);
    cache.first().await.expect("a token");
    pass(99).await;
    assert!(cache.get(None).is_ok());
    assert_eq!(cache.denial(), None);
    pass(1 + 2 * FETCH.as_secs()).await;
    assert_eq!(
        cache.get(None),
        Err(Unavailable::Denied("Denied".to_owned()))
    );
    assert_eq!(cache.denial().expect("denied").hint, "hint");
    let fetches = source.fetches().len();
    pass(3600).await;
    assert_eq!(
        source.fetches().len(),
        fetches,
        "nothing is fetched after the end"
    );
}

#[tokio::test(start_paused = true)]
async fn many_rejections_are_one_renewal() {
    let source = Script::new([Ok(("one", 3600)), Ok(("two", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let one = cache.get(None).expect("a token").value;
    for _ in 0..5 {
        assert_eq!(cache.get(Some(&one)), NOT_YET);
    }
    assert_eq!(cache.get(None), NOT_YET, "a refused token is not served");
    assert!(
        cache.reveal(&one).is_some(),
        "requests in flight still have theirs"
    );
    pass(FETCH.as_secs() + 1).await;
    let two = cache.get(Some(&one)).expect("another token");
    assert_eq!(real(&cache, &two), "Bearer two");
    assert_eq!(
        cache.get(Some(&one)),
        Ok(two),
        "a stale rejection changes nothing"
    );
    pass(60).await;
    let renewals: Vec<bool> = source
        .fetches()
        .into_iter()
        .map(|(_, renew)| renew)
        .collect();
    assert_eq!(renewals, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn rejections_do_not_hurry_a_renewal_that_has_failed() {
    let source = Script::new([
        Ok(("one", 3600)),
        Err(TokenErrorKind::Transient),
        Ok(("two", 3600)),
    ]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let one = cache.get(None).expect("a token").value;
    for _ in 0..10 {
        let _ = cache.get(Some(&one));
        tokio::time::sleep(FETCH / 4).await;
    }
    pass(10).await;
    let begun: Vec<Instant> = source.fetches().into_iter().map(|(at, _)| at).collect();
    assert_eq!(begun.len(), 3);
    assert_eq!(begun[2] - begun[1], FETCH + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_rejection_during_a_renewal_asks_again_where_it_gave_the_refused_token() {
    let source = Script::new([Ok(("one", 100)), Ok(("one", 200)), Ok(("two", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let one = cache.get(None).expect("a token").value;
    pass(81).await;
    assert_eq!(source.fetches().len(), 2, "a renewal is under way");
    assert_eq!(cache.get(Some(&one)), NOT_YET);
    pass(2 * FETCH.as_secs()).await;
    let two = cache.get(None).expect("another token");
    assert_eq!(real(&cache, &two), "Bearer two");
    let renewals: Vec<bool> = source
        .fetches()
        .into_iter()
        .map(|(_, renew)| renew)
        .collect();
    assert_eq!(renewals, [false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_forced_renewal_that_gives_the_same_token_has_a_new_surrogate() {
    let source = Script::new([Ok(("one", 3600)), Ok(("one", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    let first = cache.get(None).expect("a token").value;
    assert_eq!(cache.get(Some(&first)), NOT_YET);
    pass(FETCH.as_secs() + 1).await;
    assert_ne!(cache.get(None).expect("a token").value, first);
}

#[tokio::test(start_paused = true)]
async fn only_the_last_few_replaced_tokens_are_known() {
    let tokens = ["a", "b", "c", "d", "e", "f"];
    let source = Script::new(tokens.map(|token| Ok((token, 3600))));
    let cache = cache(&source);
    let mut surrogates = Vec::new();
    cache.first().await.expect("a token");
    for _ in tokens {
        let surrogate = cache.get(None).expect("a token").value;
        if surrogates.len() < tokens.len() - 1 {
            let _ = cache.get(Some(&surrogate));
            pass(10 + FETCH.as_secs() + 1).await;
        }
        surrogates.push(surrogate);
    }
    let known: Vec<bool> = surrogates
        .iter()
        .map(|surrogate| cache.reveal(surrogate).is_some())
        .collect();
    assert_eq!(known, [false, true, true, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn the_first_error_is_told_and_a_denial_is_final() {
    let source = Script::new([Err(TokenErrorKind::Denied)]);
    let cache = cache(&source);
    let error = cache.first().await.expect_err("denied");
    assert_eq!(error.kind, TokenErrorKind::Denied);
    assert_eq!(
        cache.get(None),
        Err(Unavailable::Denied("Denied".to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn passing_failures_without_a_token_end_after_ten_minutes() {
    let source = Script::new(std::iter::repeat_n(Err(TokenErrorKind::Transient), 100));
    let cache = cache(&source);
    assert_eq!(
        cache.first().await.expect_err("failed").kind,
        TokenErrorKind::Transient
    );
    pass(9 * 60).await;
    assert_eq!(cache.get(None), NOT_YET);
    pass(2 * 60).await;
    assert_eq!(
        cache.get(None),
        Err(Unavailable::Denied("Transient".to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_cache_fetches_no_more() {
    let source = Script::new([Ok(("one", 3600))]);
    let cache = cache(&source);
    cache.first().await.expect("a token");
    drop(cache);
    pass(7200).await;
    assert_eq!(source.fetches().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_start_waits_for_an_endpoint_that_is_busy() {
    let busy = std::iter::repeat_n(Err(TokenErrorKind::Busy), 3);
    let source = Script::new(busy.chain([Ok(("one", 3600))]));
    let cache = cache(&source);
    assert_eq!(cache.first().await, Ok(()));
    assert_eq!(source.fetches().len(), 4);

    let source = Script::new(std::iter::repeat_n(Err(TokenErrorKind::Busy), 100));
    let start = Instant::now();
    let cache = self::cache(&source);
    let error = cache.first().await.expect_err("busy");
    assert_eq!(error.kind, TokenErrorKind::Busy);
    let lasted = start.elapsed().as_secs();
    assert!((100..150).contains(&lasted), "{lasted} s");
}

#[tokio::test(start_paused = true)]
async fn one_token_for_a_command_is_obtained_as_at_the_start_of_a_run() {
    let obtain = async |results: Vec<Scripted>| {
        let source = Script::new(results);
        let result = obtain(&*source, "scope").await;
        (result.map_err(|error| error.kind), source.fetches().len())
    };
    let busy = Err(TokenErrorKind::Busy);
    let (token, fetches) = obtain(vec![busy, busy, Ok(("one", 3600))]).await;
    let secret = token.map(|token| token.secret.expose().to_owned());
    assert_eq!((secret, fetches), (Ok("one".to_owned()), 3));
    let silent = vec![Err(TokenErrorKind::NoResponse); 9];
    let (token, fetches) = obtain(silent).await;
    assert_eq!(token.err(), Some(TokenErrorKind::NoResponse));
    assert_eq!(fetches, 5);
    let (token, fetches) = obtain(vec![Err(TokenErrorKind::Transient)]).await;
    assert_eq!((token.err(), fetches), (Some(TokenErrorKind::Transient), 1));
}

/// A token that says that it is for Graph.
const FOR_GRAPH: &str = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20ifQ.x";

#[tokio::test(start_paused = true)]
async fn what_a_request_presents_becomes_the_real_token() {
    let source = Script::new([Ok((FOR_GRAPH, 3600))]);
    let cache = cache(&source);
    assert_eq!(cache.claims(), None);
    cache.first().await.expect("a token");
    let surrogate = cache.get(None).expect("a token");
    let real = HeaderValue::from_str(&format!("Bearer {FOR_GRAPH}")).expect("ASCII");
    let value = |authorization: Option<Authorization>| {
        let (value, _) = authorization.expect("a token").into_parts();
        value
    };

    let presented = |token: &str| {
        let rules = Rules {
            origin: "https://graph.microsoft.com".parse().expect("an origin"),
            writes: Writes::None,
        };
        let list = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {token}");
        headers.insert("authorization", bearer.parse().expect("ASCII"));
        let allowed = Gate::new(rules).check(&Proposal {
            method: &Method::GET,
            uri: &list.parse().expect("an address"),
            headers: &headers,
            body: b"",
        });
        let allowed = allowed.expect("it is on the list");
        cache.authorization(&allowed.token).map(value)
    };
    assert_eq!(presented(&surrogate.value), Ok(real.clone()));
    assert_eq!(presented("surrogate-0"), Err(UnknownToken));
    let own = Credential::<()>::authorization(&&cache, &());
    assert_eq!(own.map(value), Ok(real));
    let claims = cache.claims().expect("it is not opaque");
    let audience = claims.audience.as_deref();
    assert_eq!(audience, Some("https://graph.microsoft.com"));
}
