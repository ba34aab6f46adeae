//! Tokens: their claims, expiry and revocation.

use std::time::Duration;

use intune_sync_simulator::{Config, TokensConfig};
use serde_json::Value;

use crate::client::{Client, config, text};

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

/// A client with a token from the identity endpoint.
async fn client(tokens: TokensConfig) -> Client {
    let mut client = Client::new(Config {
        tokens,
        ..config(100)
    });
    renew(&mut client).await;
    client
}

async fn renew(client: &mut Client) {
    let request = http::Request::builder()
        .uri("/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com")
        .header("x-identity-header", "simulator")
        .body(axum::body::Body::empty())
        .expect("well formed");
    client.token = text(&client.send(request).await.json()["access_token"]);
}

fn payload(token: &str) -> Value {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts")
    };
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in payload.bytes() {
        bits = bits << 6
            | ALPHABET
                .iter()
                .position(|known| *known == byte)
                .expect("base64url") as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    serde_json::from_slice(&bytes).expect("the payload is JSON")
}

#[tokio::test(start_paused = true)]
async fn a_token_says_what_it_is_for() {
    let client = client(TokensConfig::default()).await;
    let payload = payload(&client.token);
    assert_eq!(payload["aud"], "https://graph.microsoft.com");
    assert_eq!(payload["exp"], 1_795_409_400 + 86_400);
    assert_eq!(
        payload["roles"][1],
        "DeviceManagementManagedDevices.PrivilegedOperations.All"
    );
    assert!(payload["tid"].is_string() && payload["appid"].is_string());
}

#[tokio::test(start_paused = true)]
async fn only_an_issued_and_unexpired_token_is_accepted() {
    let mut client = client(TokensConfig {
        lifetime_seconds: 60,
        ..TokensConfig::default()
    })
    .await;
    assert_eq!(client.get(LIST).await.status, 200);
    tokio::time::advance(Duration::from_secs(60)).await;
    let response = client.get(LIST).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (401, "InvalidAuthenticationToken")
    );
    renew(&mut client).await;
    assert_eq!(client.get(LIST).await.status, 200);
    client.token.push('x');
    assert_eq!(client.get(LIST).await.status, 401);
    let statistics = client.statistics();
    assert_eq!((statistics.unauthorized, statistics.tokens_issued), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_revoked_as_often_as_configured() {
    let mut client = client(TokensConfig {
        revoke_after_writes: vec![3, 5],
        ..TokensConfig::default()
    })
    .await;
    let mut statuses = Vec::new();
    for index in 0..8 {
        let status = client.sync(&client.id(index)).await.status;
        statuses.push(status);
        if status == 401 {
            renew(&mut client).await;
        }
    }
    assert_eq!(statuses, [204, 204, 204, 401, 204, 204, 401, 204]);
}

#[tokio::test(start_paused = true)]
async fn all_tokens_are_rejected_for_ever() {
    let mut client = client(TokensConfig {
        refuse_after_writes: Some(1),
        ..TokensConfig::default()
    })
    .await;
    assert_eq!(client.sync(&client.id(0)).await.status, 204);
    for _ in 0..3 {
        assert_eq!(client.sync(&client.id(1)).await.status, 401);
        renew(&mut client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_role_is_named() {
    let roles = |roles: &[&str]| TokensConfig {
        roles: roles
            .iter()
            .map(|role| format!("DeviceManagementManagedDevices.{role}"))
            .collect(),
        ..TokensConfig::default()
    };
    let lister = client(roles(&["Read.All"])).await;
    assert_eq!(lister.get(LIST).await.status, 200);
    let response = lister.sync(&lister.id(0)).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (403, "Forbidden")
    );
    assert!(response.message().contains(
        "must have one of the following scopes: DeviceManagementManagedDevices.PrivilegedOperations.All"
    ));
    assert_eq!(lister.batch(0..1).await.items()[0]["status"], 403);
    let bulk = lister
        .execute_action("syncDevice", vec![lister.id(0)])
        .await;
    assert_eq!(bulk.status, 403);
    assert_eq!(lister.statistics().syncs_accepted, 0);

    let syncer = client(roles(&["PrivilegedOperations.All"])).await;
    let response = syncer.get(LIST).await;
    assert_eq!(response.status, 403);
    assert!(
        response
            .message()
            .contains("DeviceManagementManagedDevices.Read.All")
    );
    assert_eq!(syncer.sync(&syncer.id(0)).await.status, 204);

    let mut losing = roles(&["ReadWrite.All", "PrivilegedOperations.All"]);
    losing.role_lost_after_writes = Some(2);
    let losing = client(losing).await;
    let items = losing.batch(0..4).await.items();
    assert_eq!(
        items.iter().map(|item| &item["status"]).collect::<Vec<_>>(),
        [204, 204, 403, 403]
    );
}
