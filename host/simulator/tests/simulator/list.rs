//! The list of devices and its pages.

use std::{
    collections::{BTreeSet, HashSet},
    num::NonZeroU32,
};

use intune_sync_simulator::{Config, NextLink, Share};
use serde_json::Value;

use crate::client::{Client, HOST, config, text};

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

/// Pages of ten.
fn paged(devices: u32) -> Config {
    let mut config = config(devices);
    config.list.page_size = NonZeroU32::new(10).expect("not 0");
    config
}

/// The rows of each page, from `path` to the end or to the hundredth page.
async fn pages(client: &Client, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next.filter(|_| pages.len() < 100) {
        let response = client.get(&path).await;
        assert_eq!(response.status, 200);
        let body = response.json();
        let rows = body["value"].as_array().expect("a page has rows").clone();
        assert_eq!(body["@odata.count"], rows.len());
        pages.push(rows);
        next = body.get("@odata.nextLink").map(text);
    }
    pages
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| text(&row["id"])).collect()
}

fn all(client: &Client, devices: u32) -> HashSet<String> {
    (0..devices).map(|index| client.id(index)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_pages_together_are_the_fleet() {
    let client = Client::new(paged(95));
    let pages = pages(&client, LIST).await;
    assert_eq!(pages.len(), 10);
    let listed = ids(&pages.concat());
    assert_eq!(listed.len(), 95);
    assert_eq!(listed.into_iter().collect::<HashSet<_>>(), all(&client, 95));
    assert_eq!(client.statistics().requests.list, 10);
}

#[tokio::test(start_paused = true)]
async fn next_links_are_absolute_and_keep_the_query() {
    let client = Client::new(paged(95));
    let body = client
        .get(&format!("{LIST}?$select=id&%24top=5"))
        .await
        .json();
    let link = text(&body["@odata.nextLink"]);
    assert!(
        link.starts_with(&format!(
            "http://{HOST}{LIST}?$select=id&%24top=5&$skiptoken="
        )),
        "{link}"
    );
    let absolute = client
        .get(&format!("https://graph.microsoft.com{LIST}"))
        .await
        .json();
    assert!(text(&absolute["@odata.nextLink"]).starts_with("https://graph.microsoft.com/v1.0/"));
    assert_eq!(
        client
            .get(&format!("{LIST}?$skiptoken=nonsense"))
            .await
            .status,
        400
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_beyond_the_end_leads_to_an_empty_page() {
    let mut config = paged(25);
    config.list.duplicates = Share::ALL;
    let client = Client::new(config);
    let response = client
        .get(&format!("{LIST}?$skiptoken=ffffffff000000f0ffffffff"))
        .await;
    assert_eq!(
        (
            response.status,
            response.json()["value"].as_array().map(Vec::len)
        ),
        (200, Some(0))
    );
    assert!(response.json().get("@odata.nextLink").is_none());
}

#[tokio::test(start_paused = true)]
async fn select_returns_only_the_selected_properties() {
    let client = Client::new(paged(10));
    let body = client
        .get(&format!("{LIST}?$select=id,operatingSystem"))
        .await
        .json();
    let keys: BTreeSet<_> = body["value"][0]
        .as_object()
        .expect("a row")
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        BTreeSet::from(["id".into(), "operatingSystem".into()])
    );
    let body = client.get(LIST).await.json();
    assert!(body["value"][0].as_object().expect("a row").len() > 12);
    assert_eq!(
        client.get(&format!("{LIST}?$select=nonsense")).await.status,
        400
    );
}

#[tokio::test(start_paused = true)]
async fn filters_are_joined_and_unsupported_ones_are_ignored() {
    let client = Client::new(paged(300));
    let filter = "operatingSystem%20eq%20%27windows%27+and+startswith(deviceName,'WIN')\
                  +and+lastSyncDateTime+le+2026-11-20T00:00:00Z+and+managedDeviceOwnerType+ne+'personal'";
    let rows = pages(&client, &format!("{LIST}?$filter={filter}"))
        .await
        .concat();
    let everything = pages(&client, LIST).await.concat();
    let expected = everything.iter().filter(|row| {
        row["operatingSystem"] == "Windows"
            && text(&row["deviceName"]).starts_with("WIN")
            && text(&row["lastSyncDateTime"]).as_str() <= "2026-11-20T00:00:00Z"
            && row["managedDeviceOwnerType"] != "personal"
    });
    let expected: Vec<Value> = expected.cloned().collect();
    assert!((10..250).contains(&expected.len()));
    assert_eq!(rows, expected);

    let ignored = format!("{LIST}?$filter=operatingSystem+eq+'iOS'+or+operatingSystem+eq+'macOS'");
    assert_eq!(pages(&client, &ignored).await.concat().len(), 300);
    assert_eq!(client.statistics().ignored_filters, 30);
}

#[tokio::test(start_paused = true)]
async fn unstable_pages_show_each_device_in_the_end() {
    let mut config = paged(95);
    config.list.duplicates = Share::percent(20);
    config.list.late = Share::percent(20);
    config.list.empty_pages = Share::ALL;
    let client = Client::new(config);
    let pages = pages(&client, LIST).await;
    assert!(pages.iter().any(Vec::is_empty));
    let listed = ids(&pages.concat());
    assert!(listed.len() > 95);
    assert_eq!(
        listed.iter().cloned().collect::<HashSet<_>>(),
        all(&client, 95)
    );
    let in_order: Vec<String> = (0..95).map(|index| client.id(index)).collect();
    let mut first = HashSet::new();
    let once: Vec<String> = listed
        .into_iter()
        .filter(|id| first.insert(id.clone()))
        .collect();
    assert_ne!(once, in_order, "some come late");
}

#[tokio::test(start_paused = true)]
async fn links_lead_astray_if_configured() {
    let with = |next_link| {
        let mut config = paged(25);
        config.list.next_link = next_link;
        Client::new(config)
    };
    let body = with(NextLink::OtherOrigin).get(LIST).await.json();
    assert!(text(&body["@odata.nextLink"]).starts_with("https://graph.example.com/"));

    let client = with(NextLink::Loop);
    let second = text(&client.get(LIST).await.json()["@odata.nextLink"]);
    assert_eq!(
        text(&client.get(&second).await.json()["@odata.nextLink"]),
        second
    );

    for (next_link, empty) in [(NextLink::Endless, false), (NextLink::EndlessEmpty, true)] {
        let client = with(next_link);
        let (mut links, mut next) = (HashSet::new(), LIST.to_owned());
        for page in 1..=20 {
            let body = client.get(&next).await.json();
            next = text(&body["@odata.nextLink"]);
            assert!(links.insert(next.clone()), "each link is new");
            let rows = body["value"].as_array().expect("a page has rows").len();
            assert_eq!(rows == 0, empty && page > 3, "page {page}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_page_stays_broken() {
    let mut config = paged(95);
    config.list.broken_page = Some(2);
    let client = Client::new(config);
    let second = text(&client.get(LIST).await.json()["@odata.nextLink"]);
    for _ in 0..5 {
        assert_eq!(client.get(&second).await.status, 504);
    }
}

#[tokio::test(start_paused = true)]
async fn the_properties_of_devices_follow_the_shares() {
    let mut config = config(1_000);
    config.fleet.platforms.linux = 20;
    config.fleet.unsyncable_agents = Share::percent(20);
    config.fleet.unsyncable_states = Share::percent(20);
    config.fleet.sparse = Share::percent(30);
    let client = Client::new(config);
    let rows = pages(&client, LIST).await.concat();
    let count = |property: &str, values: &[&str]| {
        rows.iter()
            .filter(|row| values.contains(&row[property].as_str().unwrap_or_default()))
            .count()
    };
    for platform in [
        "Windows",
        "iOS",
        "iPadOS",
        "macOS",
        "Android",
        "Linux (ubuntu)",
    ] {
        assert!(count("operatingSystem", &[platform]) > 10, "{platform}");
    }
    assert!((150..250).contains(&count(
        "managementAgent",
        &["eas", "configurationManagerClient", "jamf", "msSense"]
    )));
    let states = [
        "wipePending",
        "wipeIssued",
        "retirePending",
        "deletePending",
    ];
    assert!((150..250).contains(&count("managementState", &states)));
    assert!(count("lastSyncDateTime", &["0001-01-01T00:00:00Z"]) > 3);
    assert!(
        rows.iter()
            .any(|row| row.get("serialNumber").is_some_and(Value::is_null))
    );
    assert!(rows.iter().any(|row| row.get("serialNumber").is_none()));
    assert!(rows.iter().any(|row| {
        row["deviceName"]
            .as_str()
            .is_some_and(|name| name.contains('"'))
    }));
    for (property, value) in [
        ("operatingSystem", "Linux (ubuntu)"),
        ("managementAgent", "eas"),
        ("managementState", "wipePending"),
    ] {
        let row = rows
            .iter()
            .find(|row| row[property] == value)
            .expect("there is one");
        assert_eq!(client.sync(&text(&row["id"])).await.status, 400, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn unlisted_devices_can_be_synced() {
    let mut config = config(50);
    config.fleet.unlisted = Share::percent(30);
    let client = Client::new(config);
    let listed: HashSet<String> = ids(&pages(&client, LIST).await.concat())
        .into_iter()
        .collect();
    let unlisted: Vec<String> = all(&client, 50).difference(&listed).cloned().collect();
    assert!(!unlisted.is_empty() && !listed.is_empty());
    assert_eq!(client.sync(&unlisted[0]).await.status, 204);
}
