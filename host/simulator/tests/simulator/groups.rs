//! Groups, who is in them, and what their reader may see.

use std::{num::NonZeroU32, time::Duration};

use axum::body::Body;
use http::Request;
use intune_sync_simulator::{Config, GroupConfig, RetryAfterForm};
use serde_json::{Value, json};

use crate::client::{Client, HOST, Response, config, text};

const OUTER: &str = "00000000-0000-4000-8000-0000000d0001";
const INNER: &str = "00000000-0000-4000-8000-0000000d0002";
const DEVICES: &str =
    "transitiveMembers/microsoft.graph.device?$select=id,deviceId,displayName&$count=true";
const USERS: &str = "transitiveMembers/microsoft.graph.user?$select=id&$count=true";

/// A group with a group in it, and an identity that may read both.
fn tenant() -> Config {
    let mut config = config(20);
    config.fleet.devices_per_user = NonZeroU32::MIN.saturating_add(1);
    config
        .tokens
        .roles
        .extend(["GroupMember.Read.All".into(), "Device.Read.All".into()]);
    config.groups.groups = vec![
        GroupConfig {
            id: OUTER.into(),
            name: "it's ours".into(),
            devices: 0..3,
            groups: vec![INNER.into()],
            ..GroupConfig::default()
        },
        GroupConfig {
            id: INNER.into(),
            name: "IT'S OURS".into(),
            devices: 2..5,
            users: 7..9,
            ..GroupConfig::default()
        },
    ];
    config
}

async fn members(client: &Client, query: &str) -> Response {
    let path = match query.strip_prefix(&format!("http://{HOST}")) {
        Some(path) => path.to_owned(),
        None => format!("/v1.0/groups/{OUTER}/{query}"),
    };
    let request = Request::builder()
        .uri(path)
        .header("host", HOST)
        .header("authorization", format!("Bearer {}", client.token))
        .header("consistencylevel", "eventual")
        .body(Body::empty());
    client.send(request.expect("well formed")).await
}

fn ids(page: &Value, key: &str) -> Vec<String> {
    let rows = page["value"].as_array().expect("rows").iter();
    rows.map(|row| text(&row[key])).collect()
}

#[tokio::test(start_paused = true)]
async fn groups_are_found_by_id_and_by_name_in_any_letter_case() {
    let client = Client::new(tenant());
    let one = client
        .get(&format!("/v1.0/groups/{OUTER}?$select=id,displayName"))
        .await;
    assert_eq!(one.json(), json!({"id": OUTER, "displayName": "it's ours"}));
    let named =
        "/v1.0/groups?$filter=displayName%20eq%20%27it%27%27s%20ours%27&$select=id,displayName";
    assert_eq!(ids(&client.get(named).await.json(), "id"), [OUTER, INNER]);
    let unknown = client.get(&format!("/v1.0/groups/{}", client.id(0))).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "Request_ResourceNotFound")
    );
    let statistics = client.statistics();
    assert_eq!(
        (statistics.requests.groups, statistics.requests.other),
        (3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn members_are_those_that_intune_lists_by_the_same_ids() {
    let client = Client::new(tenant());
    let devices = members(&client, DEVICES).await.json();
    assert_eq!(devices["@odata.count"], 5);
    let users = members(&client, USERS).await.json();
    assert_eq!(users["@odata.count"], 2);
    let list = "/v1.0/deviceManagement/managedDevices?$select=id,azureADDeviceId,userId";
    let list = client.get(list).await.json();
    let rows = list["value"].as_array().expect("rows");
    let of_intune = |key: &str, at: usize| text(&rows[at][key]);
    assert_eq!(
        ids(&devices, "deviceId"),
        (0..5)
            .map(|at| of_intune("azureADDeviceId", at))
            .collect::<Vec<_>>()
    );
    // Two devices each: users 7 and 8 have devices 14 to 17.
    assert_eq!(
        ids(&users, "id"),
        [of_intune("userId", 14), of_intune("userId", 16)]
    );
    assert_eq!(of_intune("userId", 16), of_intune("userId", 17));
}

#[tokio::test(start_paused = true)]
async fn members_come_in_pages_some_of_them_twice_where_the_group_changes() {
    for (repeated, read) in [(0, 5), (1, 7)] {
        let mut config = tenant();
        config.groups.page_size = NonZeroU32::MIN.saturating_add(1);
        config.groups.repeated = repeated;
        let client = Client::new(config);
        let mut next = Some(DEVICES.to_owned());
        let mut all = Vec::new();
        let mut pages = 0;
        while let Some(link) = next {
            let page = members(&client, &link).await.json();
            all.extend(ids(&page, "deviceId"));
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
            pages += 1;
        }
        assert_eq!((pages, all.len()), (3, read));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn casts_need_the_index() {
    let client = Client::new(tenant());
    let without_header = client.get(&format!("/v1.0/groups/{OUTER}/{DEVICES}")).await;
    let without_count = members(&client, DEVICES.trim_end_matches("&$count=true")).await;
    for refused in [without_header, without_count] {
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "Request_UnsupportedQuery")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_role_groups_are_refused_and_devices_come_with_nulls() {
    let mut config = tenant();
    config.tokens.roles.retain(|role| role != "Device.Read.All");
    let client = Client::new(config.clone());
    let page = members(&client, DEVICES).await;
    assert_eq!(page.status, 200);
    let row = &page.json()["value"][0];
    assert_eq!(
        (&row["deviceId"], &row["displayName"]),
        (&Value::Null, &Value::Null)
    );
    assert!(row["id"].is_string() && row["@odata.type"] == "#microsoft.graph.device");
    assert_eq!(members(&client, USERS).await.json()["@odata.count"], 2);

    config
        .tokens
        .roles
        .retain(|role| role != "GroupMember.Read.All");
    let client = Client::new(config);
    for path in [
        format!("/v1.0/groups/{OUTER}"),
        format!("/v1.0/groups/{OUTER}/{USERS}"),
    ] {
        let refused = client.get(&path).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "Authorization_RequestDenied")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_requests_fail_as_configured() {
    let mut config = tenant();
    config.groups.statuses = vec![429, 200, 503];
    config.retry_after.form = RetryAfterForm::Seconds;
    let client = Client::new(config);
    let path = format!("/v1.0/groups/{OUTER}");
    let throttled = client.get(&path).await;
    assert_eq!(throttled.status, 429);
    assert_eq!(throttled.headers["retry-after"], "1");
    tokio::time::sleep(Duration::from_millis(500)).await;
    for status in [200, 503, 200, 200] {
        assert_eq!(client.get(&path).await.status, status);
    }
    assert_eq!(
        client.statistics().early_calls,
        4,
        "a second was to be waited for"
    );
}
