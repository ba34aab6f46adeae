//! The state machine alone: tokens, refusals and failures at given times.

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const START: Duration = Duration::from_secs(7);

fn token(text: &str, lifetime: Duration) -> Result<AccessToken, TokenError> {
    let secret = Secret::parse(text).expect("a secret");
    Ok(AccessToken::new(secret, lifetime).expect("a lifetime"))
}

fn failure(kind: TokenErrorKind) -> Result<AccessToken, TokenError> {
    let message = "the endpoint returned 500";
    Err(TokenError::new(kind, message, "try again later"))
}

/// Begins the fetch that is due and hands in its result at once.
fn fetch(state: &mut TokenState, result: Result<AccessToken, TokenError>, now: Duration) -> Fetch {
    let fetch = state.poll_fetch(now).expect("a fetch is due");
    state.handle_response(fetch, result, now);
    fetch
}

fn usable(state: &TokenState, now: Duration) -> Option<&str> {
    state.usable(now).map(|usable| usable.secret.expose())
}

/// A state that has a token for an hour.
fn with_token() -> (TokenState, TokenId) {
    let mut state = TokenState::new(Patience::COMPONENT);
    fetch(&mut state, token("one", HOUR), START);
    let (id, _) = state.current().expect("a token");
    (state, id)
}

#[test]
fn a_token_is_renewed_with_a_fifth_of_its_life_to_go_and_served_meanwhile() {
    let (mut state, one) = with_token();
    assert_eq!(
        state.usable(START).map(|usable| usable.lifetime),
        Some(HOUR)
    );
    let due = START + HOUR * 4 / 5;
    assert_eq!(state.next_fetch(), Some(due));
    assert_eq!(state.poll_fetch(due - PAUSE), None);
    let renewal = state.poll_fetch(due).expect("due");
    assert!(!renewal.renews);
    assert_eq!(state.poll_fetch(due + PAUSE), None, "one at a time");
    assert_eq!(usable(&state, due), Some("one"));
    state.handle_response(renewal, token("two", HOUR), due);
    assert_eq!(usable(&state, due), Some("two"));
    assert_ne!(state.current().map(|(id, _)| id), Some(one));
}

#[test]
fn the_same_token_again_keeps_its_name_unless_it_was_refused() {
    let (mut state, one) = with_token();
    let due = START + HOUR * 4 / 5;
    fetch(&mut state, token("one", HOUR), due);
    let again = state.usable(due).expect("a token");
    assert_eq!((again.id, again.lifetime), (one, HOUR));
    assert!(state.reject(one, due));
    assert!(fetch(&mut state, token("one", HOUR), due).renews);
    assert_ne!(state.usable(due).expect("a token").id, one);
}

#[test]
fn one_who_refuses_every_token_gets_one_in_ten_seconds_and_at_last_none() {
    let (mut state, mut id) = with_token();
    let mut now = START;
    let mut fetched = Vec::new();
    while state.denial().is_none() {
        assert!(state.reject(id, now));
        if let Some(due) = state.next_fetch() {
            now = due;
            fetched.push(now - START);
            fetch(&mut state, token("one", HOUR), now);
            (id, _) = state.current().expect("a token");
        }
    }
    let every_ten_seconds: Vec<_> = (0..10).map(|fetch| RENEWAL * fetch).collect();
    assert_eq!(fetched, every_ten_seconds);
    assert_eq!(usable(&state, now), None);
}

#[test]
fn tokens_that_were_good_for_a_while_are_replaced_for_ever() {
    let (mut state, mut id) = with_token();
    let mut now = START;
    for _ in 0..100 {
        now += PROVEN + PAUSE;
        assert!(state.reject(id, now));
        assert!(fetch(&mut state, token("one", HOUR), now).renews);
        (id, _) = state.current().expect("a token");
    }
    assert_eq!(usable(&state, now), Some("one"));
}

#[test]
fn a_refused_token_is_not_served_and_another_is_fetched_once() {
    let (mut state, one) = with_token();
    assert!(state.reject(one, START));
    assert!(!state.reject(one, START), "it is known already");
    assert_eq!(state.usable(START), None);
    assert!(fetch(&mut state, token("two", HOUR), START).renews);
    assert_eq!(usable(&state, START), Some("two"));
    assert!(!state.reject(one, START), "a stale refusal changes nothing");
    assert_eq!(usable(&state, START), Some("two"));
}

#[test]
fn a_fetch_from_before_the_refusal_does_not_count() {
    let (mut state, one) = with_token();
    let due = START + HOUR * 4 / 5;
    let renewal = state.poll_fetch(due).expect("due");
    state.reject(one, due);
    state.handle_response(renewal, token("one", HOUR), due);
    assert_eq!(state.usable(due), None);
    assert!(fetch(&mut state, token("two", HOUR), due).renews);
}

#[test]
fn failures_do_not_matter_while_the_token_lasts() {
    let (mut state, _) = with_token();
    let mut now = START + HOUR * 4 / 5;
    fetch(&mut state, failure(TokenErrorKind::Denied), now);
    assert_eq!(state.next_fetch(), Some(now + PAUSE));
    assert_eq!(usable(&state, now), Some("one"));
    now = START + HOUR - PAUSE / 2;
    fetch(&mut state, failure(TokenErrorKind::Transient), now);
    assert_eq!(state.next_fetch(), Some(START + HOUR), "the moment it ends");
    now = START + HOUR;
    fetch(&mut state, failure(TokenErrorKind::Denied), now);
    assert!(state.denial().is_some());
    assert_eq!(state.poll_fetch(now + HOUR), None);
}

/// The seconds at which fetches begin that all fail, until it is given up.
fn attempts(patience: Patience, mut fail: impl FnMut(u64) -> TokenError) -> Vec<u64> {
    let mut state = TokenState::new(patience);
    let mut attempts = Vec::new();
    while let Some(due) = state.next_fetch() {
        let now = due.max(START);
        let seconds = (now - START).as_secs();
        attempts.push(seconds);
        fetch(&mut state, Err(fail(seconds)), now);
    }
    attempts
}

#[test]
fn failures_without_a_token_are_tolerated_for_a_while() {
    use TokenErrorKind::{Busy, Denied, NoResponse, Transient};

    let of = |kind| move |_| failure(kind).expect_err("it is one");
    for kind in [Busy, Transient, NoResponse] {
        let attempts = attempts(Patience::COMPONENT, of(kind));
        assert_eq!(attempts, [0, 1, 3, 7, 15, 31, 61, 91, 121], "{kind:?}");
        let attempts = self::attempts(Patience::PROGRAM, of(kind));
        assert_eq!(attempts.last(), Some(&601), "{kind:?}");
    }
    for patience in [Patience::START, Patience::PROGRAM, Patience::COMPONENT] {
        assert_eq!(attempts(patience, of(Denied)), [0]);
    }
    assert_eq!(attempts(Patience::START, of(Transient)), [0]);
    assert_eq!(attempts(Patience::START, of(NoResponse)), [0, 1, 3, 7, 15]);
    let busy = attempts(Patience::START, of(Busy));
    assert_eq!(busy, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
    // One response in between, and there is somebody.
    let once = attempts(Patience::START, |second| match second {
        7 => TokenError::new(Busy, "", ""),
        _ => TokenError::new(NoResponse, "", ""),
    });
    assert_eq!(once, [0, 1, 3, 7, 15, 31, 61, 91, 121]);
}

#[test]
fn an_endpoint_that_asks_for_a_pause_is_given_it() {
    let after = |seconds| {
        move |_| TokenError {
            retry_after: Some(Duration::from_secs(seconds)),
            ..TokenError::new(TokenErrorKind::Busy, "", "")
        }
    };
    assert_eq!(attempts(Patience::START, after(0))[..4], [0, 1, 3, 7]);
    assert_eq!(attempts(Patience::START, after(5))[..5], [0, 5, 10, 15, 23]);
    assert_eq!(attempts(Patience::START, after(9_999)), [0, 100]);
}

#[test]
fn the_start_is_over_with_a_token_or_when_it_has_failed_for_good() {
    let mut state = TokenState::new(Patience::PROGRAM);
    fetch(&mut state, failure(TokenErrorKind::Busy), START);
    assert!(!state.is_settled());
    let now = state.next_fetch().expect("another");
    fetch(&mut state, failure(TokenErrorKind::Transient), now);
    assert!(state.is_settled() && state.first_error().is_some());
    assert!(state.denial().is_none());
    let now = state.next_fetch().expect("another");
    fetch(&mut state, token("one", HOUR), now);
    assert!(state.is_settled() && state.first_error().is_none());
}
