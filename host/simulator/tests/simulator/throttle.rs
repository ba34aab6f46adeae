//! Throttled requests, and the waits that they are asked for.

use std::{num::NonZeroU32, time::Duration};

use intune_sync_simulator::{Config, ErrorStyle, QuotaKind, RetryAfterForm, Share};
use serde_json::Value;

use crate::client::{Client, Response, STARTED_AT, config, text};

/// One write per ten seconds.
fn narrow(form: RetryAfterForm) -> Config {
    let mut config = config(1_000);
    config.quota.kind = QuotaKind::Fixed;
    config.quota.limit = NonZeroU32::new(1).expect("not 0");
    config.quota.window_ms = NonZeroU32::new(10_000).expect("not 0");
    config.retry_after.form = form;
    config
}

/// The second call of two, `at` milliseconds from the start.
async fn throttled(client: &Client, at: u64) -> Response {
    assert_eq!(client.sync(&client.id(0)).await.status, 204);
    tokio::time::advance(Duration::from_millis(at)).await;
    let response = client.sync(&client.id(1)).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (429, "TooManyRequests")
    );
    response
}

async fn wait(millis: u64) {
    tokio::time::advance(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_written_in_each_form() {
    for (form, header) in [
        (RetryAfterForm::Seconds, "8"),
        (RetryAfterForm::Decimal, "7.750"),
        (RetryAfterForm::Date, "Mon, 23 Nov 2026 04:50:10 GMT"),
        (RetryAfterForm::Body, ""),
        (RetryAfterForm::Missing, ""),
    ] {
        let client = Client::new(narrow(form));
        let response = throttled(&client, 2_250).await;
        assert_eq!(response.header("retry-after"), header, "{form:?}");
        let message = serde_json::from_str::<Value>(&response.message()).ok();
        let in_body = message.and_then(|message| message["RetryAfter"].as_u64());
        assert_eq!(
            in_body,
            (form == RetryAfterForm::Body).then_some(8),
            "{form:?}"
        );
        assert_eq!(client.statistics().throttled_requests, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_before_the_wait_is_over_is_early() {
    for (form, wait_ms) in [
        (RetryAfterForm::Seconds, 8_000),
        (RetryAfterForm::Decimal, 7_750),
        (RetryAfterForm::Date, 7_750),
        (RetryAfterForm::Body, 8_000),
    ] {
        let client = Client::new(narrow(form));
        throttled(&client, 2_250).await;
        wait(wait_ms).await;
        assert_eq!(client.sync(&client.id(1)).await.status, 204);
        assert_eq!(client.statistics().early_calls, 0, "{form:?}");

        let client = Client::new(narrow(form));
        throttled(&client, 2_250).await;
        wait(wait_ms - 1).await;
        client.sync(&client.id(1)).await;
        let statistics = client.statistics();
        assert_eq!(
            (statistics.early_calls, statistics.worst_early_ms),
            (1, 1),
            "{form:?}"
        );
    }
    let client = Client::new(narrow(RetryAfterForm::Missing));
    throttled(&client, 2_250).await;
    wait(100).await;
    assert_eq!(client.sync(&client.id(1)).await.status, 429);
    assert_eq!(client.statistics().early_calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_date_is_rounded_up_to_the_second_and_observed_as_such() {
    for (wait_ms, early_calls) in [(8_449, 1), (8_450, 0)] {
        let mut config = narrow(RetryAfterForm::Date);
        config.started_at = Some(STARTED_AT + 300);
        let client = Client::new(config);
        let response = throttled(&client, 2_250).await;
        assert_eq!(response.header("date"), "Mon, 23 Nov 2026 04:50:02 GMT");
        assert_eq!(
            response.header("retry-after"),
            "Mon, 23 Nov 2026 04:50:11 GMT"
        );
        wait(wait_ms).await;
        client.sync(&client.id(1)).await;
        assert_eq!(client.statistics().early_calls, early_calls);
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_of_a_batch_makes_the_next_call_early() {
    let client = Client::new(narrow(RetryAfterForm::Seconds));
    client.batch(0..2).await;
    wait(4_000).await;
    client.get("/v1.0/deviceManagement/managedDevices").await;
    let statistics = client.statistics();
    assert_eq!(
        (statistics.early_calls, statistics.worst_early_ms),
        (1, 6_000)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_in_flight_is_not_early() {
    let mut config = narrow(RetryAfterForm::Seconds);
    config.latency.min_ms = 200;
    config.latency.max_ms = 200;
    let client = Client::new(config);
    let after = async |millis, index| {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        client.sync(&client.id(index)).await.status
    };
    // The second is throttled at 120, with a response at 220: the third came before that, the fourth within the grace,
    // the fifth after it.
    let statuses = tokio::join!(
        after(0, 0),
        after(20, 1),
        after(219, 2),
        after(230, 3),
        after(231, 4)
    );
    assert_eq!(statuses, (204, 429, 429, 429, 429));
    let statistics = client.statistics();
    // Throttled at 120 with 9.88 s to go, which is 10 s from 220 on.
    assert_eq!(
        (statistics.early_calls, statistics.worst_early_ms),
        (1, 9_989)
    );
    assert_eq!(statistics.most_in_flight, 3);
}

#[tokio::test(start_paused = true)]
async fn an_early_call_extends_the_wait() {
    let mut config = narrow(RetryAfterForm::Seconds);
    config.retry_after.early_penalty_ms = 30_000;
    let client = Client::new(config);
    let response = throttled(&client, 2_000).await;
    assert_eq!(response.header("retry-after"), "8");
    wait(5_000).await;
    let response = client.sync(&client.id(1)).await;
    assert_eq!(
        (response.status, response.header("retry-after")),
        (429, "33")
    );
    wait(33_000).await;
    assert_eq!(client.sync(&client.id(1)).await.status, 204);
    assert_eq!(client.statistics().early_calls, 1);
}

#[tokio::test(start_paused = true)]
async fn requests_of_any_kind_have_a_quota_too() {
    let mut config = config(10);
    config.requests.limit = NonZeroU32::new(3).expect("not 0");
    let client = Client::new(config);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(
            client
                .get("/v1.0/deviceManagement/managedDevices")
                .await
                .status,
        );
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[tokio::test(start_paused = true)]
async fn mixed_forms_all_occur() {
    let mut config = config(200);
    config.quota.limit = NonZeroU32::new(1).expect("not 0");
    config.retry_after.form = RetryAfterForm::Mixed;
    config.error_style = ErrorStyle::Plain;
    let client = Client::new(config);
    let [mut seconds, mut decimal, mut date, mut body, mut missing] = [0; 5];
    for index in 0..100 {
        let response = client.sync(&client.id(index)).await;
        if response.status != 429 {
            continue;
        }
        let header = response.header("retry-after");
        match serde_json::from_str::<Value>(&response.message()) {
            Ok(message) if message["RetryAfter"].is_u64() => body += 1,
            _ if header.is_empty() => missing += 1,
            _ if header.ends_with("GMT") => date += 1,
            _ if header.contains('.') => decimal += 1,
            _ => seconds += 1,
        }
    }
    assert!(
        [seconds, decimal, date, body, missing]
            .iter()
            .all(|count| *count > 5)
    );
}

#[tokio::test(start_paused = true)]
async fn a_503_names_a_wait_and_means_it() {
    let mut config = config(10);
    config.faults.single = Share::ALL;
    config.faults.statuses = vec![503];
    config.faults.unavailable_retry_after = Share::ALL;
    let client = Client::new(config);
    let response = client.sync(&client.id(0)).await;
    assert_eq!(
        (response.status, response.header("retry-after")),
        (503, "2")
    );
    assert_eq!(
        text(&response.json()["error"]["code"]),
        "ServiceUnavailable"
    );
    wait(1_500).await;
    client.sync(&client.id(1)).await;
    let statistics = client.statistics();
    assert_eq!(
        (statistics.early_calls, statistics.worst_early_ms),
        (1, 500)
    );
    assert_eq!(statistics.throttled_requests, 0);
}
