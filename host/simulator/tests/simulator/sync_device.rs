//! `syncDevice`, and the requests that are not handled.

use std::time::Duration;

use intune_sync_simulator::{Approval, ErrorStyle, Share};
use serde_json::Value;

use crate::client::{Client, config, text};

#[tokio::test(start_paused = true)]
async fn each_spelling_syncs() {
    let client = Client::new(config(4));
    for (index, path) in [
        "/v1.0/deviceManagement/managedDevices/ID/syncDevice",
        "/v1.0/deviceManagement/managedDevices('ID')/syncDevice",
        "/beta/deviceManagement/managedDevices(%27ID%27)/syncDevice",
        "/v1.0/devicemanagement/manageddevices/ID/syncdevice",
    ]
    .iter()
    .enumerate()
    {
        let response = client
            .request(
                "POST",
                &path.replace("ID", &client.id(index as u32)),
                String::new(),
            )
            .await;
        assert_eq!((response.status, response.body.len()), (204, 0), "{path}");
        assert_eq!(
            response.header("client-request-id"),
            format!("request-{index}")
        );
        assert_eq!(response.header("date"), "Mon, 23 Nov 2026 04:50:00 GMT");
        assert_eq!(response.header("request-id").len(), 36);
        assert!(
            response
                .header("x-ms-ags-diagnostic")
                .contains("ServerInfo")
        );
    }
    let statistics = client.statistics();
    assert_eq!(
        (statistics.syncs_accepted, statistics.devices_synced_once),
        (4, 4)
    );
    assert_eq!(statistics.forbidden_writes, 0);
    let devices = client
        .simulator
        .devices(Some("synced"))
        .expect("a known outcome");
    assert_eq!(devices.len(), 4);
    assert!(devices.values().all(|syncs| *syncs == 1));
}

#[tokio::test(start_paused = true)]
async fn each_fate_has_its_response() {
    let mut config = config(400);
    config.fleet.gone = Share::percent(10);
    config.fleet.unsupported = Share::percent(10);
    config.fleet.failing = Share::percent(10);
    let client = Client::new(config);
    for (outcome, status, code) in [
        ("gone", 404, "ResourceNotFound"),
        ("unsupported", 400, "BadRequest"),
        ("failing", 500, "InternalServerError"),
    ] {
        let devices = client
            .simulator
            .devices(Some(outcome))
            .expect("a known outcome");
        assert!((20..70).contains(&devices.len()), "{outcome}");
        let id = devices.keys().next().expect("there are some");
        for _ in 0..3 {
            let response = client.sync(id).await;
            assert_eq!((response.status, response.code().as_str()), (status, code));
        }
    }
    assert_eq!(
        client
            .sync("00000000-0000-4000-8000-000000000000")
            .await
            .status,
        404
    );
    assert_eq!(client.statistics().syncs_accepted, 0);
    // Twice each for the two with a known outcome, never for the one that failed.
    assert_eq!(client.statistics().repeated_after_known_outcome, 4);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_counts_only_after_a_known_outcome() {
    let mut config = config(10);
    config.faults.drop_after = Share::ALL;
    config.faults.first_attempts = Some(1);
    let client = Client::new(config);
    let id = client.id(3);
    assert!(client.sync(&id).await.dropped);
    assert_eq!(client.sync(&id).await.status, 204);
    let statistics = client.statistics();
    assert_eq!(
        (
            statistics.syncs_accepted,
            statistics.repeated_after_known_outcome
        ),
        (2, 0)
    );
    assert_eq!(
        (
            statistics.devices_synced_once,
            statistics.devices_synced_more_than_once
        ),
        (0, 1)
    );
    assert_eq!(client.sync(&id).await.status, 204);
    assert_eq!(client.statistics().repeated_after_known_outcome, 1);
}

#[tokio::test(start_paused = true)]
async fn a_synced_device_checks_in_unless_it_is_offline() {
    for (check_in_seconds, offline, after) in [
        (
            0,
            Share::NONE,
            "2026-11-23T04:51:00Z"..="2026-11-23T04:51:00Z",
        ),
        (
            300,
            Share::NONE,
            "2026-11-23T04:51:00Z"..="2026-11-23T04:56:00Z",
        ),
        (
            0,
            Share::ALL,
            "0001-01-01T00:00:00Z"..="2026-11-23T04:50:00Z",
        ),
    ] {
        let mut config = config(1);
        config.fleet.check_in_seconds = check_in_seconds;
        config.fleet.offline = offline;
        let client = Client::new(config);
        let last_sync = async || {
            let list = client
                .get("/v1.0/deviceManagement/managedDevices?$select=lastSyncDateTime")
                .await
                .json();
            text(&list["value"][0]["lastSyncDateTime"])
        };
        assert!(last_sync().await.as_str() <= "2026-11-23T04:50:00Z");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(client.sync(&client.id(0)).await.status, 204);
        tokio::time::advance(Duration::from_secs(300)).await;
        assert!(after.contains(&last_sync().await.as_str()), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_writes_succeed_and_are_counted() {
    let client = Client::new(config(1));
    let id = client.id(0);
    let device = format!("/v1.0/deviceManagement/managedDevices/{id}");
    for (method, path) in [
        ("POST", format!("{device}/wipe")),
        ("POST", format!("{device}/retire")),
        ("DELETE", device.clone()),
        ("PATCH", device.clone()),
        ("POST", "/v1.0/users".to_owned()),
        ("DELETE", format!("{device}/syncDevice")),
    ] {
        assert_eq!(
            client.request(method, &path, String::new()).await.status,
            204
        );
    }
    let item = serde_json::json!({"id": "1", "method": "POST", "url": format!("/deviceManagement/managedDevices/{id}/wipe")});
    assert_eq!(client.batch_of(vec![item]).await.items()[0]["status"], 204);
    client.execute_action("wipe", vec![id.clone()]).await;
    let statistics = client.statistics();
    assert_eq!(statistics.forbidden_writes, 8);
    assert!(
        statistics
            .forbidden
            .contains(&format!("POST {device}/wipe"))
    );
    assert_eq!(
        (statistics.syncs_accepted, statistics.syncs_requested),
        (0, 0)
    );
    assert_eq!(client.get("/v1.0/users").await.status, 404);
    assert_eq!(client.statistics().forbidden_writes, 8);
}

#[tokio::test(start_paused = true)]
async fn errors_have_graphs_shape_or_intunes() {
    for style in [ErrorStyle::Plain, ErrorStyle::Intune] {
        let mut config = config(1);
        config.fleet.gone = Share::ALL;
        config.error_style = style;
        let client = Client::new(config);
        let response = client.sync(&client.id(0)).await;
        let error = &response.json()["error"];
        let inner = error
            .get("innerError")
            .or(error.get("innererror"))
            .expect("one of the spellings");
        assert_eq!(inner["request-id"], response.header("request-id"));
        assert_eq!(inner["client-request-id"], "request-0");
        assert_eq!(inner["date"], "2026-11-23T04:50:00");
        match serde_json::from_str::<Value>(&response.message()) {
            Ok(message) => {
                assert_eq!(style, ErrorStyle::Intune);
                assert!(
                    text(&message["Message"])
                        .contains(&format!("Activity ID: {}", response.header("request-id")))
                );
                assert!(message["RetryAfter"].is_null());
            }
            Err(_) => assert_eq!(style, ErrorStyle::Plain),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn inner_error_is_spelled_both_ways() {
    let client = Client::new(config(1));
    let [mut camel, mut lower] = [0; 2];
    for _ in 0..20 {
        let error = client.get("/v1.0/nothing").await.json()["error"].clone();
        camel += u32::from(error.get("innerError").is_some());
        lower += u32::from(error.get("innererror").is_some());
    }
    assert!(camel > 2 && lower > 2 && camel + lower == 20);
}

#[tokio::test(start_paused = true)]
async fn multi_admin_approval_is_required_in_header_and_message() {
    for (approval, status) in [(Approval::BadRequest, 400), (Approval::Forbidden, 403)] {
        let mut config = config(1);
        config.tokens.approval = Some(approval);
        let client = Client::new(config);
        let response = client.sync(&client.id(0)).await;
        assert_eq!(response.status, status);
        assert_eq!(response.header("x-msft-approval-justification"), "required");
        assert!(response.message().contains("x-msft-approval-justification"));
        let item = &client.batch(0..1).await.items()[0];
        assert_eq!(item["status"], status);
        assert_eq!(item["headers"]["x-msft-approval-justification"], "required");
        // The outcome is not known, so the sync may be sent again.
        assert_eq!(client.statistics().repeated_after_known_outcome, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn client_request_ids_are_checked() {
    let client = Client::new(config(3));
    let send = async |id: Option<&str>| {
        let request = http::Request::builder().uri("/v1.0/deviceManagement/managedDevices");
        let request = id.into_iter().fold(request, |request, id| {
            request.header("client-request-id", id)
        });
        client
            .send(
                request
                    .body(axum::body::Body::empty())
                    .expect("well formed"),
            )
            .await
    };
    for id in [None, Some("a"), Some("b"), Some("a")] {
        assert_eq!(send(id).await.status, 401);
    }
    let statistics = client.statistics();
    assert_eq!(
        (
            statistics.missing_client_request_ids,
            statistics.reused_client_request_ids
        ),
        (1, 1)
    );
    assert_eq!(statistics.unauthorized, 4);
}
