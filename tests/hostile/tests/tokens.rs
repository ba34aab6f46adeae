//! The token: what a component gets to hold is worth nothing.

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header::AUTHORIZATION};
use intune_sync_simulator::Simulator;

use crate::{
    guests,
    harness::{attack, attack_behind},
};

#[test]
pub(crate) fn told_token() {
    let ended = attack(guests::TOLD_TOKEN).run();
    let token = ended.says();
    assert!(!token.is_empty());
    assert!(!ended.is_worth(&token), "{token}");
    assert!(!token.starts_with("eyJ"), "{token}");
}

#[test]
pub(crate) fn token_in_query() {
    let ended = attack(guests::TOKEN_IN_QUERY).run();
    ended.refused("the query of the list is refused: `$search` is not an option of the list");
    assert_eq!(ended.seen.requests.list, 0);
}

#[test]
pub(crate) fn forged_token() {
    let ended = attack(guests::FORGED_TOKEN).run();
    ended.refused("a token that is not of this run");
    assert_eq!(ended.seen.requests.list, 0);
}

#[test]
pub(crate) fn another_scope() {
    let said = attack(guests::ANOTHER_SCOPE).run().says();
    assert_eq!(
        said,
        "the scope `https://management.azure.com/.default` is not the one of this run"
    );
}

/// The endpoint is shared by all of the machine.
#[test]
pub(crate) fn refused_tokens() {
    let ended = attack(guests::REFUSED_TOKENS).run();
    assert_eq!(ended.says(), "2 tokens");
    assert_eq!(ended.seen.requests.identity, 2, "{}", ended.details());
}

#[test]
pub(crate) fn echoed_token() {
    let ended = attack_behind(guests::ECHOED_TOKEN, |tenant| echoing(tenant.clone())).run();
    let said = ended.says();
    assert!(said.contains("Bearer got=\"Bearer [token]\""), "{said}");
    assert!(
        said.ends_with("you sent: Bearer [token], really: Bearer [token]"),
        "{said}"
    );
}

/// Returns with each response to a sync what it was sent as `Authorization`.
fn echoing(tenant: Simulator) -> Router {
    Router::new().fallback(async move |request: Request<Body>| -> Response {
        if !request.uri().path().ends_with("/syncDevice") {
            return tenant.respond(request).await.map(Body::new);
        }
        let sent = request.headers()[AUTHORIZATION].to_str().expect("ASCII");
        let header = format!("Bearer got=\"{sent}\"");
        let body = format!("you sent: {sent}, really: {sent}");
        let headers = [
            ("content-type", "text/plain".to_owned()),
            ("www-authenticate", header),
        ];
        (StatusCode::FORBIDDEN, headers, body).into_response()
    })
}
