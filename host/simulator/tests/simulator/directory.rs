//! Service principals, the app roles assigned to them, and the tokens that follow.

use axum::body::Body;
use http::Request;
use intune_sync_simulator::{Config, PrincipalConfig};
use serde_json::{Value, json};

use crate::client::{Client, HOST, Response, config, text};

const ADMIN: &str = "token-of-an-administrator";
const GRAPH: &str = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
const IDENTITY: &str = "00000000-0000-4000-8000-0000000b0001";
const OTHER: &str = "00000000-0000-4000-8000-0000000b0002";
const READ: &str = "DeviceManagementManagedDevices.Read.All";
const SYNC: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

/// A tenant whose identity has no role yet, and an administrator in it.
fn fresh() -> Config {
    let mut config = config(10);
    config.tokens.roles.clear();
    config.directory.admin_token = Some(ADMIN.into());
    config.directory.principals = vec![PrincipalConfig {
        id: OTHER.into(),
        app_id: "00000000-0000-4000-8000-0000000a0002".into(),
        name: "it's another".into(),
        kind: "Application".into(),
    }];
    config
}

fn admin(config: Config) -> Client {
    Client {
        token: ADMIN.into(),
        ..Client::new(config)
    }
}

async fn graph(client: &Client) -> Value {
    let response = client.get(GRAPH).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.json()
}

fn role_id(graph: &Value, value: &str) -> String {
    let roles = graph["appRoles"].as_array().expect("a list").iter();
    let role = roles.clone().find(|role| role["value"] == value);
    let role = role.unwrap_or_else(|| panic!("no {value}: {graph}"));
    assert_eq!(role["allowedMemberTypes"], json!(["Application"]));
    text(&role["id"])
}

async fn assign(client: &Client, principal: &str, role: &str) -> Response {
    let graph = graph(client).await;
    let id = text(&graph["id"]);
    let body =
        json!({"principalId": principal, "resourceId": id, "appRoleId": role_id(&graph, role)});
    let path = format!("/v1.0/servicePrincipals/{id}/appRoleAssignedTo");
    client.request("POST", &path, body.to_string()).await
}

async fn assignments(client: &Client, principal: &str) -> Vec<Value> {
    let path = format!("/v1.0/servicePrincipals/{principal}/appRoleAssignments");
    let response = client.get(&path).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["value"].as_array().expect("a list").clone()
}

async fn revoke(client: &Client, assignment: &str) -> u16 {
    let id = text(&graph(client).await["id"]);
    let path = format!("/v1.0/servicePrincipals/{id}/appRoleAssignedTo/{assignment}");
    client.request("DELETE", &path, String::new()).await.status
}

/// A token for the identity, and the status of a sync with it.
async fn sync_with_a_token(client: &Client) -> (String, u16) {
    let request = Request::builder()
        .uri("/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com")
        .header("host", HOST)
        .header("x-identity-header", "simulator")
        .body(Body::empty());
    let response = client.send(request.expect("well formed")).await.json();
    let token = text(&response["access_token"]);
    (token.clone(), sync_with(client, token).await)
}

async fn sync_with(client: &Client, token: String) -> u16 {
    let identity = Client {
        simulator: client.simulator.clone(),
        token,
    };
    identity.sync(&identity.id(0)).await.status
}

#[tokio::test(start_paused = true)]
async fn service_principals_are_found_by_id_by_application_and_by_name() {
    let client = admin(fresh());
    assert_eq!(graph(&client).await["displayName"], "Microsoft Graph");
    let identity = client
        .get(&format!("/v1.0/servicePrincipals/{IDENTITY}?$select=id"))
        .await;
    assert_eq!(identity.json()["servicePrincipalType"], "ManagedIdentity");
    let named = |name: &'static str| {
        let client = &client;
        async move {
            let path = format!("/v1.0/servicePrincipals?$filter=displayName%20eq%20{name}");
            client.get(&path).await
        }
    };
    let found = named("%27it%27%27s%20another%27").await.json();
    assert_eq!(found["value"][0]["id"], OTHER);
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(named("%27none%27").await.json()["value"], json!([]));
    for unsupported in ["%27a%27b%27", "none", "%27"] {
        let response = named(unsupported).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (400, "Request_UnsupportedQuery")
        );
    }
    let missing = client
        .get("/v1.0/servicePrincipals/00000000-0000-4000-8000-000000000000")
        .await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (404, "Request_ResourceNotFound")
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_is_in_the_tokens_issued_while_it_is_assigned() {
    let client = admin(fresh());
    let (before, status) = sync_with_a_token(&client).await;
    assert_eq!(status, 403);

    let response = assign(&client, IDENTITY, SYNC).await;
    assert_eq!(response.status, 201, "{response:?}");
    let assignment = text(&response.json()["id"]);
    assert_eq!(assignments(&client, IDENTITY).await, [response.json()]);
    assert_eq!(client.simulator.roles(), [SYNC]);
    let again = assign(&client, IDENTITY, SYNC).await;
    assert_eq!(again.status, 400);
    assert_eq!(
        again.message(),
        "Permission being assigned already exists on the object"
    );

    assert_eq!(
        sync_with(&client, before).await,
        403,
        "a token keeps its roles"
    );
    let (granted, status) = sync_with_a_token(&client).await;
    assert_eq!(status, 204);

    assert_eq!(revoke(&client, &assignment).await, 204);
    assert_eq!(revoke(&client, &assignment).await, 404);
    assert_eq!(assignments(&client, IDENTITY).await, Vec::<Value>::new());
    assert_eq!(
        sync_with(&client, granted).await,
        204,
        "a token keeps its roles"
    );
    assert_eq!(sync_with_a_token(&client).await.1, 403);

    assert_eq!(assign(&client, OTHER, READ).await.status, 201);
    assert_eq!(client.simulator.roles(), Vec::<String>::new());
    let statistics = client.statistics();
    assert_eq!(
        (statistics.roles_assigned, statistics.roles_revoked),
        (2, 1)
    );
    assert_eq!(statistics.forbidden_writes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cached_token_from_before_the_grant_lacks_the_role() {
    let mut config = fresh();
    config.identity.cache = true;
    let client = admin(config.clone());
    let (before, _) = sync_with_a_token(&client).await;
    assign(&client, IDENTITY, SYNC).await;
    assert_eq!(sync_with_a_token(&client).await, (before, 403));

    // Cached before the grant, although requested only after it.
    config.tokens.first_issued_seconds_ago = 3 * 60 * 60;
    let client = admin(config);
    assign(&client, IDENTITY, SYNC).await;
    assert_eq!(sync_with_a_token(&client).await.1, 403);
    tokio::time::advance(std::time::Duration::from_secs(21 * 60 * 60)).await;
    assert_eq!(
        sync_with_a_token(&client).await.1,
        204,
        "the cached one has ended"
    );
}

#[tokio::test(start_paused = true)]
async fn reading_and_assigning_need_permission() {
    let mut config = fresh();
    config.directory.admin_scopes = vec!["Application.Read.All".into()];
    let client = admin(config.clone());
    let response = assign(&client, IDENTITY, READ).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (403, "Authorization_RequestDenied")
    );
    assert_eq!(client.statistics().refused, 1);
    config.directory.admin_scopes.clear();
    assert_eq!(admin(config.clone()).get(GRAPH).await.status, 403);
    let stranger = Client {
        token: "another".into(),
        ..Client::new(config.clone())
    };
    assert_eq!(stranger.get(GRAPH).await.status, 401);
    // The identity may not, unless it has the role.
    assert_eq!(Client::new(config.clone()).get(GRAPH).await.status, 403);
    config.tokens.roles = vec!["Application.Read.All".into()];
    assert_eq!(Client::new(config).get(GRAPH).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_new_identity_takes_a_while_to_be_found() {
    let mut config = fresh();
    config.directory.unreplicated_reads = 2;
    config.directory.unreplicated_assignments = 2;
    let client = admin(config);
    let path = format!("/v1.0/servicePrincipals/{IDENTITY}");
    for path in [format!("{path}/appRoleAssignments"), path.clone()] {
        assert_eq!(client.get(&path).await.status, 404);
    }
    assert_eq!(client.get(&path).await.status, 200);
    let mut responses = Vec::new();
    for _ in 0..3 {
        let response = assign(&client, IDENTITY, READ).await;
        responses.push((response.status, response.json()["error"]["code"].clone()));
    }
    assert_eq!(
        responses,
        [
            (400, json!("Request_BadRequest")),
            (404, json!("Request_ResourceNotFound")),
            (201, Value::Null)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn invalid_assignments_are_rejected() {
    let client = admin(fresh());
    let graph = text(&graph(&client).await["id"]);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let cases = [
        (json!({}), 400),
        (json!({"principalId": IDENTITY, "resourceId": graph}), 400),
        (
            json!({"principalId": "x", "resourceId": graph, "appRoleId": unknown}),
            400,
        ),
        (
            json!({"principalId": IDENTITY, "resourceId": graph, "appRoleId": unknown}),
            400,
        ),
        (
            json!({"principalId": IDENTITY, "resourceId": OTHER, "appRoleId": unknown}),
            404,
        ),
    ];
    for (body, status) in cases {
        let path = format!("/v1.0/servicePrincipals/{graph}/appRoleAssignedTo");
        let response = client.request("POST", &path, body.to_string()).await;
        assert_eq!(response.status, status, "{body} {response:?}");
    }
    assert_eq!(client.statistics().roles_assigned, 0);
}

#[tokio::test(start_paused = true)]
async fn the_clock_can_differ_from_the_machines_and_the_tenant_can_be_chosen() {
    let mut config = fresh();
    config.clock_ahead_ms = -3_600_000;
    config.tokens.tenant = "00000000-0000-4000-8000-00000000dead".into();
    let client = admin(config);
    let response = client.get(GRAPH).await;
    assert_eq!(response.header("date"), "Mon, 23 Nov 2026 03:50:00 GMT");
}
