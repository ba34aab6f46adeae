//! The page of a run, as text. What a browser makes of it is in `tests/browser`.

#[expect(dead_code, reason = "the tests in a browser use the rest")]
mod support;

use data_encoding::BASE64;
use intune_sync_history::{Device, Run, Totals};
use intune_sync_page::Page;
use sha2::{Digest, Sha256};

use self::support::{device, failed, hostile_names, page, run};

/// What comes between two texts, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before}"));
    rest.split_once(after)
        .unwrap_or_else(|| panic!("no {after}"))
        .0
}

/// The page without its style, its script and the drawings, which are long.
fn structure(html: &str) -> String {
    let mut kept = html.to_owned();
    for (before, after) in [
        ("<style>", "</style>"),
        ("<script>", "</script>"),
        ("<svg", "</svg>"),
        ("<svg", "</svg>"),
    ] {
        let cut = between(&kept, before, after).to_owned();
        kept = kept.replacen(
            &format!("{before}{cut}{after}"),
            &format!("[{}]", &before[1..4]),
            1,
        );
    }
    let policy = between(&kept, "style-src '", "; img-src").to_owned();
    kept.replace(&policy, "[hashes]")
}

#[test]
fn all_that_is_known_of_a_run_is_in_its_place() {
    insta::assert_snapshot!(structure(&page(run()).html()));
}

#[test]
fn each_outcome_is_one_sentence() {
    let sentence = |outcome: Option<&str>, problem: Option<&str>, totals: Totals| {
        let run = Run {
            outcome: outcome.map(str::to_owned),
            problem: problem.map(str::to_owned),
            ..run()
        };
        let html = Page::new(run, totals, Vec::new()).html();
        between(&html, r#"id="outcome">"#, "</p>").to_owned()
    };
    let all = Totals {
        total: 2_000,
        success: 2_000,
        ..Totals::default()
    };
    let some = Totals {
        total: 2_000,
        success: 500,
        pending: 1_500,
        ..Totals::default()
    };
    let none = Totals::default();
    let refused = Some("Graph refuses the token");
    for (outcome, problem, totals, expected) in [
        (
            Some("completed"),
            None,
            all,
            "The run finished, and a sync of 2,000 devices was accepted.",
        ),
        (
            Some("completed"),
            None,
            none,
            "The run finished, and its selection matched no device.",
        ),
        (
            Some("stopped"),
            None,
            some,
            "The run was stopped early; 1,500 of 2,000 devices were not reached.",
        ),
        (
            Some("not-authorized"),
            refused,
            none,
            "The run was not authorized: Graph refuses the token.",
        ),
        (
            Some("failed"),
            None,
            some,
            "The run failed; 1,500 of 2,000 devices were not reached.",
        ),
        (
            Some("killed"),
            None,
            some,
            "The run was killed before it could end; 1,500 of 2,000 devices were not reached.",
        ),
        (
            None,
            None,
            all,
            "The run has not ended: it is under way, or was killed.",
        ),
    ] {
        assert_eq!(sentence(outcome, problem, totals), expected);
    }
}

#[test]
fn the_policy_permits_the_style_and_the_script_of_the_page_and_nothing_else() {
    let html = page(run()).html();
    let policy = between(&html, r#"Content-Security-Policy" content=""#, "\">");
    for (kind, element) in [("style-src", "style"), ("script-src", "script")] {
        let text = between(&html, &format!("<{element}>"), &format!("</{element}>"));
        let hash = BASE64.encode(&Sha256::digest(text));
        assert!(
            policy.contains(&format!("{kind} 'sha256-{hash}';")),
            "{kind} {policy}"
        );
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    // No style or handler in an attribute, which the policy would not permit, and nothing to fetch.
    for refused in [
        " style=",
        " onclick=",
        " src=",
        "@import",
        "url(",
        "http://www.w3.org/1999",
        "https://",
    ] {
        assert!(!html.contains(refused), "{refused}");
    }
}

#[test]
fn names_stay_text_whatever_is_in_them() {
    let hostile = hostile_names();
    let mut page = page(run());
    for (number, name) in (3_000..).zip(&hostile) {
        page.add_device(Device {
            name: name.clone(),
            os: name.clone(),
            ..failed(number, 400, name)
        });
    }
    let html = page.html();
    assert!(
        !html.contains("<script>alert") && !html.contains("<img"),
        "it is markup"
    );
    assert!(!html.contains("</bdi></table></script>") && !html.contains("<!--"));
    assert!(!html.contains('\u{202e}') && !html.contains('\u{2066}'));
    assert!(html.contains(&"👩‍👩‍👧‍👦".repeat(255)));
    assert!(html.contains("&#38;amp;{{ id }}"), "it is text");
    let data = between(&html, r#"id="failures-data">"#, "</script>");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let names: Vec<&str> = data["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row[0].as_str().expect("a name"))
        .collect();
    assert_eq!(names.len(), 7);
    // As text, with what steers it left out.
    assert!(names.contains(&hostile[0].as_str()) && names.contains(&hostile[1].as_str()));
    assert!(names.contains(&" gnp.exe   x"), "{names:?}");
}

#[test]
fn the_first_failures_are_there_without_a_script_and_all_are_data() {
    let mut page = page(run());
    for number in 3_000..3_500 {
        page.add_device(failed(number, 400, "m"));
    }
    let html = page.html();
    let table = between(&html, r#"<table class="listing" id="failures""#, "</table>");
    assert_eq!(table.matches("<tr role=\"row\">").count(), 1 + 100);
    assert!(
        html.contains("<noscript><p>402 devices more:"),
        "it says so"
    );
    let data = between(&html, r#"id="failures-data">"#, "</script>");
    assert_eq!(data.matches("client-").count(), 502);
}

#[test]
fn who_has_checked_in_is_shown_once_it_is_known() {
    let html = page(run()).html();
    assert!(!html.contains("Check-ins"));
    let run = Run {
        confirmed_at: Some("2026-11-26T05:00:00Z".to_owned()),
        ..run()
    };
    let totals = run.totals;
    let mut page = Page::new(run, totals, Vec::new());
    for number in 0..10 {
        page.add_device(Device {
            checked_in: Some(number % 4 > 0),
            last_sync_at: (number > 0).then(|| "2026-11-26T04:16:02Z".to_owned()),
            ..device(number, "accepted")
        });
    }
    let html = page.html();
    let sentence = between(&html, r#"id="check-ins">"#, "</p>");
    assert_eq!(
        sentence,
        "By 2026-11-26 05:00:00 UTC, 7 of 10 devices had checked in since their sync was accepted."
    );
    let table = between(&html, r#"id="unconfirmed""#, "</table>");
    assert_eq!(table.matches("<tr role=\"row\">").count(), 1 + 3);
    assert!(table.contains("PC-00008") && table.contains("never, or not listed"));
}

#[test]
fn a_run_without_devices_has_a_page() {
    let run = Run {
        outcome: Some("failed".to_owned()),
        problem: Some("the proxy <b>refuses</b>".to_owned()),
        hint: Some("set `HTTPS_PROXY`".to_owned()),
        ..run()
    };
    let html = Page::new(run, Totals::default(), vec!["20261125-1".to_owned()]).html();
    assert!(
        html.contains("The run failed: the proxy &#60;b&#62;refuses&#60;/b&#62;."),
        "{html}"
    );
    assert!(html.contains("Hint: set `HTTPS_PROXY`"));
    assert!(html.contains("No sync was accepted.") && html.contains("<bdi>20261125-1</bdi>"));
}
