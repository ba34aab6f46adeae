//! Entra ID's token endpoint.

use intune_sync_simulator::{Config, EntraConfig, ExpiresIn, ExpiresOn};
use serde_json::json;

use crate::client::{Client, Response, config, text};

const TENANT: &str = "00000000-0000-4000-8000-00000000beef";
const SECRET: &str = "client_id=00000000-0000-4000-8000-0000000A0001&client_secret=simulator\
    &grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.us%2F.default";
const ASSERTION: &str = "client_id=00000000-0000-4000-8000-0000000a0001&client_assertion=one\
    &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
    &grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";

fn with(entra: EntraConfig) -> Client {
    Client::new(Config {
        entra,
        ..config(10)
    })
}

async fn request(client: &Client, tenant: &str, body: &str) -> Response {
    let request = http::Request::post(format!("/{tenant}/oauth2/v2.0/token"))
        .body(axum::body::Body::from(body.to_owned()));
    client.send(request.expect("well formed")).await
}

#[tokio::test(start_paused = true)]
async fn an_authenticated_app_gets_a_token_that_graph_accepts() {
    for body in [SECRET, ASSERTION] {
        let mut client = with(EntraConfig {
            assertions: vec!["one".into()],
            ..EntraConfig::default()
        });
        let response = request(&client, TENANT, body).await;
        assert_eq!(response.status, 200);
        client.token = text(&response.json()["access_token"]);
        assert_eq!(client.sync(&client.id(0)).await.status, 204);
        let statistics = client.statistics();
        assert_eq!(
            (statistics.requests.identity, statistics.tokens_issued),
            (1, 1)
        );
        let root = match body {
            SECRET => "https://graph.microsoft.us",
            _ => "https://graph.microsoft.com",
        };
        assert_eq!(statistics.audiences, [root.to_owned()].into());
    }
}

#[tokio::test(start_paused = true)]
async fn each_error_has_its_number() {
    let client = with(EntraConfig {
        assertions: vec!["one".into()],
        ..EntraConfig::default()
    });
    for (tenant, body, status, code) in [
        ("contoso.com", SECRET.to_owned(), 400, 90_002),
        (
            TENANT,
            SECRET.replace("a0001", "").replace("A0001", ""),
            400,
            700_016,
        ),
        (
            TENANT,
            SECRET.replace("client_credentials", "password"),
            400,
            70_003,
        ),
        (
            TENANT,
            SECRET.replace("client_secret", "secret"),
            401,
            7_000_218,
        ),
        (
            TENANT,
            SECRET.replace("=simulator", "=guess"),
            401,
            7_000_215,
        ),
        (
            TENANT,
            SECRET.replace("graph.microsoft.us", "vault.azure.net"),
            400,
            500_011,
        ),
        (TENANT, ASSERTION.replace("=one", "=two"), 400, 700_213),
        (
            TENANT,
            ASSERTION.replace("jwt-bearer", "saml2-bearer"),
            400,
            700_213,
        ),
    ] {
        let response = request(&client, tenant, &body).await;
        assert_eq!(
            (response.status, response.json()["error_codes"].clone()),
            (status, json!([code])),
            "{body}"
        );
    }
    assert_eq!(client.statistics().tokens_issued, 0);
    assert_eq!(request(&client, TENANT, ASSERTION).await.status, 200);
    let again = request(&client, TENANT, ASSERTION).await.json();
    assert_eq!(
        again["error_codes"],
        json!([700_024]),
        "it is good for one token"
    );
    let expired = with(EntraConfig {
        secret_expired: true,
        ..EntraConfig::default()
    });
    let response = request(&expired, TENANT, SECRET).await.json();
    assert_eq!(response["error_codes"], json!([7_000_222]));
}

#[tokio::test(start_paused = true)]
async fn it_fails_then_throttles_then_responds_in_the_configured_shape() {
    let client = with(EntraConfig {
        failures: 1,
        throttled: 1,
        expires_on: ExpiresOn::Number,
        expires_in: ExpiresIn::Text,
        ..EntraConfig::default()
    });
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(request(&client, TENANT, SECRET).await.status);
    }
    assert_eq!(statuses, [503, 429]);
    let body = request(&client, TENANT, SECRET).await.json();
    assert_eq!(body["expires_on"], 1_795_495_800);
    assert_eq!(body["expires_in"], "86400");
    let body = request(&with(EntraConfig::default()), TENANT, SECRET)
        .await
        .json();
    assert_eq!(body.get("expires_on"), None);
    assert_eq!(body["expires_in"], 86_400);
}
