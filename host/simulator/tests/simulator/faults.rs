//! Injected faults.

use intune_sync_simulator::{Config, Fault, FaultsConfig, Share};

use crate::client::{Client, config};

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

fn with(faults: FaultsConfig) -> Client {
    Client::new(Config {
        faults,
        ..config(100)
    })
}

fn met(client: &Client, fault: Fault) -> u64 {
    client
        .statistics()
        .faults
        .get(&fault)
        .copied()
        .unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_single_sync_fails_and_succeeds_later() {
    let client = with(FaultsConfig {
        single: Share::ALL,
        first_attempts: Some(2),
        ..FaultsConfig::default()
    });
    for index in 0..20 {
        let id = client.id(index);
        for _ in 0..2 {
            assert!([500, 502, 503, 504].contains(&client.sync(&id).await.status));
        }
        assert_eq!(client.sync(&id).await.status, 204);
    }
    assert_eq!(met(&client, Fault::Single), 40);
    assert_eq!(
        (
            client.statistics().syncs_accepted,
            client.statistics().repeated_after_known_outcome
        ),
        (20, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_envelope_fails_before_anything_is_executed() {
    let faults = FaultsConfig {
        first_attempts: Some(1),
        ..FaultsConfig::default()
    };
    let failing = FaultsConfig {
        envelope: Share::ALL,
        statuses: vec![502],
        ..faults.clone()
    };
    let dependent = FaultsConfig {
        envelope_424: Share::ALL,
        ..faults
    };
    for (faults, status, fault) in [
        (failing, 502, Fault::Envelope),
        (dependent, 424, Fault::Envelope424),
    ] {
        let client = with(faults);
        assert_eq!(client.batch(0..20).await.status, status);
        assert_eq!(
            (met(&client, fault), client.statistics().syncs_accepted),
            (1, 0)
        );
        assert_eq!(client.batch(0..20).await.status, 200);
        assert_eq!(client.statistics().syncs_accepted, 20);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_and_bulk_calls_fail() {
    let client = with(FaultsConfig {
        page: Share::percent(50),
        bulk: Share::percent(50),
        statuses: vec![500],
        ..FaultsConfig::default()
    });
    let (mut pages, mut calls) = (0, 0);
    for index in 0..40 {
        pages += u64::from(client.get(LIST).await.status == 500);
        calls += u64::from(
            client
                .execute_action("syncDevice", vec![client.id(index)])
                .await
                .status
                == 500,
        );
    }
    assert_eq!(
        (met(&client, Fault::Page), met(&client, Fault::Bulk)),
        (pages, calls)
    );
    assert!((5..35).contains(&pages) && (5..35).contains(&calls));
    assert_eq!(client.statistics().syncs_accepted, 40 - calls);
}

#[tokio::test(start_paused = true)]
async fn gateways_respond_in_json_in_html_and_with_nothing() {
    let client = with(FaultsConfig {
        page: Share::ALL,
        statuses: vec![504],
        ..FaultsConfig::default()
    });
    let [mut json, mut html, mut nothing] = [0; 3];
    for _ in 0..30 {
        match client.get(LIST).await.body.first() {
            Some(b'{') => json += 1,
            Some(_) => html += 1,
            None => nothing += 1,
        }
    }
    assert!([json, html, nothing].iter().all(|count| *count > 2));
}

#[tokio::test(start_paused = true)]
async fn connections_are_dropped_before_and_after() {
    for (drop_before, drop_after, accepted) in
        [(Share::ALL, Share::NONE, 0), (Share::NONE, Share::ALL, 20)]
    {
        let client = with(FaultsConfig {
            drop_before,
            drop_after,
            ..FaultsConfig::default()
        });
        assert!(client.batch(0..20).await.dropped);
        assert_eq!(client.statistics().syncs_accepted, accepted);
        assert!(client.get(LIST).await.dropped);
        assert_eq!(
            met(&client, Fault::DropBefore) + met(&client, Fault::DropAfter),
            2
        );
        client.batch(0..20).await;
        assert_eq!(client.statistics().repeated_after_known_outcome, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn html_comes_instead_of_json_or_within_it() {
    let client = with(FaultsConfig {
        html: Share::ALL,
        ..FaultsConfig::default()
    });
    for response in [client.batch(0..20).await, client.get(LIST).await] {
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, "text/html")
        );
        assert!(response.body.starts_with(b"<!DOCTYPE html>"));
    }
    assert_eq!(client.statistics().syncs_accepted, 20);
    client.batch(0..20).await;
    assert_eq!(client.statistics().repeated_after_known_outcome, 0);
    let client = with(FaultsConfig {
        html_spliced: Share::ALL,
        ..FaultsConfig::default()
    });
    let response = client.batch(0..20).await;
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with(b"{\"responses\":["));
    assert!(serde_json::from_slice::<serde_json::Value>(&response.body).is_err());
    client.batch(0..20).await;
    assert_eq!(client.statistics().repeated_after_known_outcome, 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run() {
    let run = async |seed| {
        let faults = FaultsConfig {
            item: Share::percent(20),
            envelope: Share::percent(10),
            item_lost: Share::percent(10),
            items_shuffled: Share::percent(50),
            html_spliced: Share::percent(10),
            ..FaultsConfig::default()
        };
        let client = Client::new(Config {
            seed,
            faults,
            ..config(100)
        });
        let mut bodies = Vec::new();
        for batch in 0..20 {
            bodies.push(client.batch(batch % 5 * 20..batch % 5 * 20 + 20).await.body);
        }
        (bodies, client.statistics())
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

#[test]
fn a_configuration_is_read_strictly() {
    let config: Config = serde_json::from_str(
        r#"{"fleet":{"devices":5,"gone":0.5},"quota":{"kind":"off"},"faults":{"drop_after":1},
            "retry_after":{"form":"mixed"},"list":{"next_link":"endless_empty"}}"#,
    )
    .expect("a good configuration");
    assert_eq!(
        (config.fleet.devices, config.fleet.gone),
        (5, Share::percent(50))
    );
    assert_eq!(config.faults.drop_after, Share::ALL);
    let again: Config =
        serde_json::from_str(&serde_json::to_string(&config).expect("JSON")).expect("the same");
    assert_eq!(again, config);
    for (wrong, problem) in [
        (r#"{"fleet":{"gone":1.5}}"#, "`1.5` is not between 0 and 1"),
        (r#"{"flet":{}}"#, "unknown field `flet`"),
        (r#"{"quota":{"limit":0}}"#, "nonzero"),
    ] {
        let error = serde_json::from_str::<Config>(wrong)
            .expect_err("a bad configuration")
            .to_string();
        assert!(error.contains(problem), "{error}");
    }
}
