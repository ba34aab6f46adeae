//! Runs to make pages of.

use intune_sync_history::{Device, Run, Subject, Totals, Wait};
use intune_sync_page::Page;

const START: i64 = 1_795_666_500_000;

pub(crate) fn run() -> Run {
    Run {
        id: "20261126-041500-9c1f".to_owned(),
        started_at: "2026-11-26T04:15:00.000Z".to_owned(),
        ended_at: Some("2026-11-26T04:17:30.500Z".to_owned()),
        purpose: "sync".to_owned(),
        subject: Subject {
            cloud: "public".to_owned(),
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            app: "22222222-2222-4222-8222-222222222222".to_owned(),
        },
        settings: r#"["--pace","quota"]"#.to_owned(),
        selection: r#"["--os","Windows","--stale-for","7d","--yes"]"#.to_owned(),
        arguments: "[]".to_owned(),
        program: "0.1.0".to_owned(),
        component_sha256: "ab".repeat(32),
        resumes: None,
        outcome: Some("completed-with-errors".to_owned()),
        problem: None,
        hint: None,
        totals: Totals {
            total: 1_240,
            success: 1_234,
            error: 2,
            skipped: 3,
            gone: 1,
            pending: 0,
            batches: 62,
            retries: 4,
            throttled: 20,
            requests: 70,
            duration_ms: 150_500,
        },
        evidence_sha256: Some("cd".repeat(32)),
        learned_rate: None,
        bulk_counts_devices: None,
        clock_ahead_ms: None,
        confirm_at: None,
        confirmed_at: None,
    }
}

pub(crate) fn device(number: i64, outcome: &str) -> Device {
    Device {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        name: format!("PC-{number:05}"),
        os: ["Windows", "iOS", ""][usize::try_from(number % 3).expect("small")].to_owned(),
        outcome: outcome.to_owned(),
        attempts: 1,
        status: None,
        code: None,
        message: None,
        request_id: None,
        client_request_id: None,
        at: START + number * 100,
        last_sync_at: None,
        checked_in: None,
    }
}

pub(crate) fn failed(number: i64, status: u16, message: &str) -> Device {
    Device {
        status: Some(status),
        code: Some("NotFound".to_owned()),
        message: Some(message.to_owned()),
        request_id: Some(format!("request-{number}")),
        client_request_id: Some(format!("client-{number}")),
        attempts: 3,
        ..device(number, "failed")
    }
}

/// The page of a run with all kinds of devices.
pub(crate) fn page(run: Run) -> Page {
    let totals = run.totals;
    let mut page = Page::new(run, totals, Vec::new());
    for number in 0..1_234 {
        page.add_device(device(number, "accepted"));
    }
    page.add_device(failed(2_000, 404, "activity id 1"));
    page.add_device(failed(2_001, 404, "activity id 2"));
    for number in 2_002..2_005 {
        page.add_device(Device {
            message: Some("the platform cannot sync".to_owned()),
            ..device(number, "skipped")
        });
    }
    page.add_device(device(2_005, "gone"));
    page.add_wait(Wait {
        at: START + 10_000,
        ms: 20_000,
    });
    page.add_wait(Wait {
        at: START + 15_000,
        ms: 20_000,
    });
    page
}

/// A page of `failures` failures and as many accepted syncs; of these, some have not checked in since.
pub(crate) fn page_of_failures(failures: i64) -> Page {
    let run = Run {
        confirmed_at: Some("2026-11-26T05:00:00Z".to_owned()),
        ..run()
    };
    let count = u64::try_from(failures).expect("not negative");
    let totals = Totals {
        total: 2 * count,
        success: count,
        error: count,
        ..Totals::default()
    };
    let mut page = Page::new(run, totals, Vec::new());
    for number in 0..failures {
        page.add_device(Device {
            attempts: u32::try_from(number % 12).expect("small") + 1,
            ..failed(
                number,
                [404, 400, 503][usize::try_from(number % 3).expect("small")],
                "no agent responds",
            )
        });
        page.add_device(Device {
            checked_in: Some(number % 4 > 0),
            last_sync_at: Some("2026-11-26T04:16:02Z".to_owned()),
            ..device(failures + number, "accepted")
        });
    }
    page
}

/// A page of devices with these names, all of which failed for reasons of the same text.
pub(crate) fn page_of_names(names: &[String]) -> Page {
    let run = Run {
        confirmed_at: Some("2026-11-26T05:00:00Z".to_owned()),
        selection: serde_json::to_string(&["--name", &names[0]]).expect("plain data"),
        ..run()
    };
    let totals = run.totals;
    let mut page = Page::new(run, totals, Vec::new());
    for (number, name) in (3_000..).zip(names) {
        page.add_device(Device {
            name: name.clone(),
            os: name.clone(),
            code: Some(name.clone()),
            ..failed(number, 400, name)
        });
        page.add_device(Device {
            name: name.clone(),
            os: name.clone(),
            checked_in: Some(false),
            ..device(number + 100, "accepted")
        });
        for outcome in ["skipped", "gone", "pending"] {
            page.add_device(device(number, outcome));
        }
    }
    page
}

/// Names that are not what they seem.
pub(crate) fn hostile_names() -> [String; 5] {
    [
        r#"<script>alert(1)</script><img src=x onerror=alert(2)>"#.to_owned(),
        r#""></bdi></table></script><!--"#.to_owned(),
        "\u{202e}gnp.exe\u{202c} \u{2066}x".to_owned(),
        "👩‍👩‍👧‍👦".repeat(255),
        "&amp;{{ id }}".to_owned(),
    ]
}
