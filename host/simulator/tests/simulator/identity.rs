//! The managed identity endpoints.

use intune_sync_simulator::{Config, ExpiresIn, ExpiresOn, IdentityConfig};
use serde_json::{Value, json};

use crate::client::{Client, Response, config, text};

const APP_SERVICE: &str =
    "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com";
const MACHINE: &str =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com/";
const HEADER: (&str, &str) = ("X-IDENTITY-HEADER", "simulator");
const METADATA: (&str, &str) = ("Metadata", "true");

fn with(identity: IdentityConfig) -> Client {
    Client::new(Config {
        identity,
        ..config(10)
    })
}

async fn get(client: &Client, path: &str, (name, value): (&str, &str)) -> Response {
    let request = http::Request::builder()
        .uri(path)
        .header(name, value)
        .body(axum::body::Body::empty());
    client.send(request.expect("well formed")).await
}

#[tokio::test(start_paused = true)]
async fn both_endpoints_issue_tokens_that_graph_accepts() {
    for (path, header) in [(APP_SERVICE, HEADER), (MACHINE, METADATA)] {
        let mut client = with(IdentityConfig::default());
        let response = get(&client, path, header).await;
        assert_eq!(response.status, 200);
        client.token = text(&response.json()["access_token"]);
        assert_eq!(client.sync(&client.id(0)).await.status, 204);
        assert_eq!(client.statistics().requests.identity, 1);
        assert_eq!(
            (
                response.json()["token_type"].clone(),
                response.json()["resource"].clone()
            ),
            (json!("Bearer"), json!("https://graph.microsoft.com"),)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn expires_on_has_each_shape() {
    for (expires_on, expected) in [
        (ExpiresOn::Text, json!("1795495800")),
        (ExpiresOn::Number, json!(1_795_495_800)),
        (ExpiresOn::Date, json!("11/24/2026 04:50:00 +00:00")),
        (ExpiresOn::Absent, Value::Null),
    ] {
        for (expires_in, lifetime) in [
            (ExpiresIn::Text, json!("86400")),
            (ExpiresIn::Number, json!(86_400)),
            (ExpiresIn::Absent, Value::Null),
        ] {
            let client = with(IdentityConfig {
                expires_on,
                expires_in,
                ..IdentityConfig::default()
            });
            let body = get(&client, APP_SERVICE, HEADER).await.json();
            assert_eq!(body["expires_on"], expected);
            assert_eq!(body["expires_in"], lifetime);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_requests_are_rejected() {
    let client = with(IdentityConfig::default());
    assert_eq!(
        get(&client, APP_SERVICE, ("X-IDENTITY-HEADER", "wrong"))
            .await
            .status,
        401
    );
    assert_eq!(get(&client, MACHINE, HEADER).await.status, 400);
    assert_eq!(
        get(
            &client,
            "/msi/token?resource=https://graph.microsoft.com",
            HEADER
        )
        .await
        .status,
        400
    );
    let response = get(
        &client,
        "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net",
        HEADER,
    )
    .await;
    assert_eq!(
        (response.status, response.json()["error"].clone()),
        (400, json!("invalid_resource"))
    );
    assert_eq!(client.statistics().tokens_issued, 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_named_identity_gets_a_token() {
    let client = with(IdentityConfig {
        only: Some("mine".into()),
        ..IdentityConfig::default()
    });
    let response = get(&client, APP_SERVICE, HEADER).await;
    assert_eq!(
        (
            response.status,
            response.json()["error_description"].clone()
        ),
        (400, json!("Identity not found"))
    );
    assert_eq!(
        get(&client, &format!("{APP_SERVICE}&client_id=other"), HEADER)
            .await
            .status,
        400
    );
    for name in ["client_id", "principal_id", "mi_res_id"] {
        assert_eq!(
            get(&client, &format!("{APP_SERVICE}&{name}=mine"), HEADER)
                .await
                .status,
            200
        );
    }
    for name in ["client_id", "object_id", "msi_res_id"] {
        assert_eq!(
            get(&client, &format!("{MACHINE}&{name}=mine"), METADATA)
                .await
                .status,
            200
        );
    }
    assert!(client.statistics().identities.contains("msi_res_id=mine"));
}

#[tokio::test(start_paused = true)]
async fn it_fails_then_throttles_then_responds() {
    let client = with(IdentityConfig {
        failures: 2,
        throttled: 1,
        ..IdentityConfig::default()
    });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&client, APP_SERVICE, HEADER).await.status);
    }
    assert_eq!(statuses, [500, 500, 429, 200]);
    let client = with(IdentityConfig {
        not_found: true,
        ..IdentityConfig::default()
    });
    assert_eq!(get(&client, APP_SERVICE, HEADER).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_cached_token_is_returned_again() {
    for (cache, tokens) in [(true, 1), (false, 2)] {
        let client = with(IdentityConfig {
            cache,
            ..IdentityConfig::default()
        });
        let first = text(&get(&client, APP_SERVICE, HEADER).await.json()["access_token"]);
        let second = text(&get(&client, APP_SERVICE, HEADER).await.json()["access_token"]);
        assert_eq!(first == second, cache);
        assert_eq!(client.statistics().tokens_issued, tokens);
    }
}
