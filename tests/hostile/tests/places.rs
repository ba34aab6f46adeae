//! Where requests go: to Graph's root only.

use axum::{Router, body::Body, response::IntoResponse};
use http::{Request, StatusCode, header::LOCATION};
use intune_sync_simulator::Simulator;

use crate::{
    guests,
    harness::{Elsewhere, attack, attack_behind},
};

#[test]
pub(crate) fn another_host() {
    let elsewhere = Elsewhere::new();
    let authority = format!("localhost:{}", elsewhere.port());
    let ended = attack(guests::ANOTHER_HOST).toward(&authority).run();
    ended.refused(&format!(
        "`http://{authority}/v1.0/deviceManagement/managedDevices` is not at"
    ));
    elsewhere.saw_nothing();
}

#[test]
pub(crate) fn another_port() {
    let elsewhere = Elsewhere::new();
    let authority = format!("127.0.0.1:{}", elsewhere.port());
    let ended = attack(guests::ANOTHER_PORT).toward(&authority).run();
    ended.refused(&format!(
        "`http://{authority}/v1.0/deviceManagement/managedDevices` is not at"
    ));
    elsewhere.saw_nothing();
}

#[test]
pub(crate) fn plain_http() {
    let elsewhere = Elsewhere::new();
    let root = format!("https://127.0.0.1:{}", elsewhere.port());
    let ended = attack(guests::PLAIN_HTTP)
        .args(["--graph-url", &root])
        .run();
    let requested = root.replace("https", "http");
    ended.refused(&format!(
        "`{requested}/v1.0/deviceManagement/managedDevices` is not at `{root}`"
    ));
    elsewhere.saw_nothing();
}

#[test]
pub(crate) fn user_info() {
    let elsewhere = Elsewhere::new();
    let authority = format!("localhost:{}", elsewhere.port());
    let ended = attack(guests::USER_INFO).toward(&authority).run();
    ended.refused("`http://127.0.0.1:");
    assert!(
        ended.stdout.contains(&format!("@{authority}/v1.0")),
        "{}",
        ended.details()
    );
    elsewhere.saw_nothing();
}

#[test]
pub(crate) fn redirect() {
    let elsewhere = Elsewhere::new();
    let location = format!("http://localhost:{}/", elsewhere.port());
    let ended = attack_behind(guests::REDIRECT, |tenant| {
        redirecting(tenant.clone(), location)
    })
    .run();
    // Nobody follows; where to is for the message only.
    let said = ended.says();
    assert!(said.starts_with("status 302 with "), "{said}");
    elsewhere.saw_nothing();
}

/// Responds to each sync with a redirect.
fn redirecting(tenant: Simulator, location: String) -> Router {
    Router::new().fallback(async move |request: Request<Body>| {
        if request.uri().path().ends_with("/syncDevice") {
            (StatusCode::FOUND, [(LOCATION, location)]).into_response()
        } else {
            tenant.respond(request).await
        }
    })
}
