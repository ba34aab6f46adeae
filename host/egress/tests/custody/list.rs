//! The list: which page may be read, how often, and what the component gets of it.

use intune_sync_egress::CustodyRefusal as Refusal;
use intune_sync_selection::Selection;

use crate::run::{DEVICES, ROOT, Run, id, page};

const SELECT: &str = "$select=id,deviceName";

fn selecting(compliance: &str) -> Run {
    Run::new(Selection {
        compliance: vec![compliance.to_owned()],
        ..Selection::default()
    })
}

#[test]
fn of_a_page_the_component_gets_what_the_run_reads() {
    let run = Run::new(Selection::default());
    let whole = format!(
        r#"{{"@odata.context":"x","@odata.count":2,"value":[{{"id":"{}","deviceName":"Küche \"1\"\n","serialNumber":"s",
            "complianceState":"compliant","userPrincipalName":"u","lastSyncDateTime":null}},7]}}"#,
        id(1)
    );
    run.reply(200, &whole);
    let got = run.list("").expect("the first page");
    let expected = format!(
        r#"{{"@odata.count":2,"value":[{{"id":"{}","deviceName":"Küche \"1\"\n"}},{{}}]}}"#,
        id(1)
    );
    assert_eq!(got.body, expected);
    let run = selecting("compliant");
    run.reply(200, &whole);
    let got = run.list("$count=true").expect("the first page");
    assert!(
        got.body.contains(r#""complianceState":"compliant""#),
        "{}",
        got.body
    );
}

#[test]
fn what_is_no_page_holds_no_devices() {
    for (status, body, handed_on) in [
        (
            200,
            r#"{"value":[{"id":"1","serialNumber":"s"}],"error":{"code":"x"}}"#,
            r#"{"error":{"code":"x"}}"#,
        ),
        (
            200,
            r#"{"value":[{"id":"1","serialNumber":"s"}"#,
            "a response that cannot be read",
        ),
        (500, r#"{"value":[{"id":"1","serialNumber":"s"}]}"#, ""),
        (500, r#" ["s"]"#, ""),
        (500, r#""s""#, "a response that cannot be read"),
        (502, "<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (
            503,
            r#"{"error":{"code":"x","message":"y"},"value":[1]}"#,
            r#"{"error":{"code":"x","message":"y"}}"#,
        ),
    ] {
        let run = Run::new(Selection::default());
        run.reply(status, body);
        let got = run.list("").expect("the first page");
        assert_eq!(
            (got.status, got.body.as_str()),
            (status, handed_on),
            "{body}"
        );
    }
}

#[test]
fn a_query_is_the_run_s_own() {
    let run = selecting("noncompliant");
    let filter = |value: &str| format!("$filter=complianceState%20eq%20%27{value}%27");
    for (query, refusal) in [
        (
            "$select=id,managedDeviceOwnerType".to_owned(),
            Some("`managedDeviceOwnerType`"),
        ),
        (
            filter("compliant"),
            Some("`complianceState%20eq%20%27compliant%27`"),
        ),
        (
            "$filter=startswith(deviceName,%27a%27)".to_owned(),
            Some("`startswith(deviceName,%27a%27)`"),
        ),
        (
            "$expand=users".to_owned(),
            Some("`$expand` is not an option of the list"),
        ),
        (
            "$skiptoken=x".to_owned(),
            Some("is not the link to the next page"),
        ),
        ("x".to_owned(), Some("`x` is not an option of the list")),
        ("$select=id,complianceState".to_owned(), None),
        (filter("noncompliant"), None),
        ("$top=1000&$count=true".to_owned(), None),
        (String::new(), None),
    ] {
        run.reply(429, "");
        let read = run
            .list(&query)
            .map(drop)
            .map_err(|refusal| refusal.to_string());
        match refusal {
            None => assert_eq!(read, Ok(()), "{query}"),
            Some(reason) => {
                let said = read.expect_err(&query);
                assert!(said.contains(reason), "{query}: {said}");
            }
        }
    }
    assert_eq!(run.left().len(), 4);
}

#[test]
fn no_refusal_shows_the_token() {
    let run = selecting("noncompliant");
    for query in [
        "$skiptoken=surrogate",
        "$filter=complianceState%20eq%20%27surrogate%27",
        "surrogate",
    ] {
        let refused = run.list(query).expect_err(query).to_string();
        assert!(!refused.contains("surrogate"), "{refused}");
    }
}

#[test]
fn a_link_leads_on_once_and_to_the_letter() {
    let run = Run::new(Selection::default());
    run.reply(200, &page(&[1], Some("$select=id&$skiptoken=a%2Bb")));
    run.list(SELECT).expect("the first page");
    for forged in [
        "$select=id&$skiptoken=a+b",
        "$select=id&$skiptoken=a%2bb",
        "$skiptoken=a%2Bb",
        "$select=id&$skiptoken=a%2Bb&x",
    ] {
        let refused = run.list(forged).expect_err(forged);
        assert!(matches!(refused, Refusal::Link(_)), "{refused}");
    }
    assert!(matches!(run.list(SELECT), Err(Refusal::ListAgain)));
    // A retry is of the same page.
    run.reply(504, "");
    run.list("$select=id&$skiptoken=a%2Bb").expect("the link");
    run.reply(200, &page(&[2], Some("$skiptoken=c")));
    run.list("$select=id&$skiptoken=a%2Bb").expect("the link");
    let used = run
        .list("$select=id&$skiptoken=a%2Bb")
        .expect_err("it was used");
    assert!(matches!(used, Refusal::Link(_)), "{used}");
    run.reply(200, &page(&[3], None));
    run.list("$skiptoken=c").expect("the last page");
    assert!(run.list("$skiptoken=c").is_err(), "the list is complete");
    assert!(matches!(run.list(""), Err(Refusal::ListAgain)));
    for n in 1..=3 {
        run.sync(id(n)).expect("it was listed");
    }
}

#[test]
fn a_link_that_leaves_graph_leads_nowhere() {
    let run = Run::new(Selection::default());
    run.reply(200, r#"{"value":[],"@odata.nextLink":"https://example.com/v1.0/deviceManagement/managedDevices?$skiptoken=x"}"#);
    run.list("").expect("the first page");
    assert!(run.list("$skiptoken=x").is_err());
    assert!(matches!(run.sync(id(1)), Err(Refusal::BeforeList(_))));
}

#[test]
fn a_refused_link_lets_the_list_begin_again_once() {
    let run = Run::new(Selection::default());
    for round in 0..2 {
        run.reply(200, &page(&[round], Some("$skiptoken=x")));
        run.list("").expect("the first page");
        run.reply(410, "");
        run.list("$skiptoken=x").expect("the link");
    }
    assert!(matches!(run.list(""), Err(Refusal::ListAgain)));
    // Of the first round nothing is left.
    run.reply(200, &page(&[], None));
    run.list("$skiptoken=x").expect("the link");
    assert!(matches!(run.sync(id(0)), Err(Refusal::NotListed(_))));
    run.sync(id(1)).expect("it was listed");
}

#[test]
fn a_list_without_end_is_left_off() {
    let run = Run::new(Selection::default());
    run.reply(200, &page(&[], Some("$skiptoken=1")));
    run.list("").expect("the first page");
    for n in 1..10_000 {
        run.reply(200, &page(&[], Some(&format!("$skiptoken={}", n + 1))));
        run.list(&format!("$skiptoken={n}")).expect("a link");
    }
    let refused = run.list("$skiptoken=10000");
    assert!(matches!(refused, Err(Refusal::Reads)), "{refused:?}");
    let run = Run::new(Selection::default());
    let rows = vec!["{}"; 500_001].join(",");
    for n in 0..4 {
        let next = format!("{ROOT}{DEVICES}?$skiptoken={}", n + 1);
        run.reply(
            200,
            &format!(r#"{{"@odata.nextLink":"{next}","value":[{rows}]}}"#),
        );
        let query = match n {
            0 => String::new(),
            n => format!("$skiptoken={n}"),
        };
        run.list(&query).expect("a link");
    }
    assert!(matches!(run.list("$skiptoken=4"), Err(Refusal::Reads)));
}

#[test]
fn a_link_that_is_good_after_all_is_no_reason_to_begin_again() {
    let run = Run::new(Selection::default());
    run.reply(200, &page(&[1], Some("$skiptoken=x")));
    run.list("").expect("the first page");
    run.reply(400, "");
    run.list("$skiptoken=x").expect("the link");
    run.reply(200, &page(&[2], None));
    run.list("$skiptoken=x").expect("a retry");
    assert!(matches!(run.list(""), Err(Refusal::ListAgain)));
    run.sync(id(1)).expect("it was listed");
}

#[test]
fn reads_are_bounded_by_what_explains_them() {
    let run = Run::new(Selection::default());
    // Throttled responses explain themselves.
    for _ in 0..100 {
        run.reply(429, "");
        run.list("").expect("throttled before");
    }
    // Two retries of three forms of the query; one more may be on its way.
    let most = 3 * 3 + 1;
    for _ in 0..most {
        run.reply(500, "");
        run.list("").expect("a retry");
    }
    assert!(matches!(run.list(""), Err(Refusal::Reads)));
    let run = Run::new(Selection::default());
    run.reply(200, &page(&[1], Some("$skiptoken=x")));
    run.list("").expect("the first page");
    for _ in 0..3 + 1 {
        run.no_reply();
        run.list("$skiptoken=x").expect("a retry");
    }
    assert!(matches!(run.list("$skiptoken=x"), Err(Refusal::Reads)));
}
