//! What leaves, and how.

use intune_sync_egress::sync::{Call, ListRead, Writes, rules_table};
use intune_sync_graph::ListQuery;
use intune_sync_ids::Guid;

use super::request::{
    ID, ROOT, Request, TOKEN, batch, batch_of, bulk, bulk_of, item, list, numbered, sync,
};
use crate::refusal::variant;

#[test]
fn lets_out_what_is_on_the_list() {
    let skip = format!(
        "?$skiptoken=LastDeviceName%3d%27{}%27,x&$select=id,deviceName&$filter=a%20eq%20'b'",
        "x".repeat(500)
    );
    let upper = ID.to_uppercase();
    let cases = [
        ("list", list(), "", 0),
        (
            "list with a query",
            list().uri(&format!(
                "{ROOT}/v1.0/deviceManagement/managedDevices{skip}"
            )),
            "",
            0,
        ),
        (
            "list with the longest query",
            list().uri(&format!(
                "{ROOT}/v1.0/deviceManagement/managedDevices?{}",
                "x".repeat(32_768)
            )),
            "",
            0,
        ),
        ("sync", sync(), "", 1),
        (
            "batch of one",
            batch(&batch_of(&numbered(1))),
            &batch_of(&numbered(1)),
            1,
        ),
        (
            "batch of twenty",
            batch(&batch_of(&numbered(20))),
            &batch_of(&numbered(20)),
            20,
        ),
        (
            "batch with the longest id",
            batch(&batch_of(&[item(ID)])),
            &batch_of(&numbered(1)),
            1,
        ),
        (
            "batch in another layout, rewritten",
            batch(&format!(
                "\r\n{{\t\"requests\" : [ {{\"url\": \"\\/deviceManagement/managedDevices/{upper}/s\\u0079ncDevice\", \
                 \"i\\u0064\":\"a\", \"method\":\"POST\"}} ] }}\n"
            )),
            &batch_of(&numbered(1)),
            1,
        ),
        ("bulk of one", bulk(&bulk_of(1)), &bulk_of(1), 1),
        ("bulk of a hundred", bulk(&bulk_of(100)), &bulk_of(100), 100),
        (
            "bulk in another layout, rewritten",
            bulk(&format!(
                r#" {{"deviceIds":["{upper}"],"actionN\u0061me":"sync\u0044evice"}} "#
            )),
            &format!(r#"{{"actionName":"syncDevice","deviceIds":["{ID}"]}}"#),
            1,
        ),
    ];
    for (name, request, body, writes) in &cases {
        let allowed = request
            .check()
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(allowed.method.as_str(), request.method, "{name}");
        assert_eq!(allowed.uri.to_string(), request.uri, "{name}");
        assert_eq!(String::from_utf8_lossy(&allowed.body), *body, "{name}");
        assert_eq!(allowed.call.writes(), *writes, "{name}");
        assert_eq!(allowed.token.expose(), TOKEN, "{name}");
    }
}

#[test]
fn spells_addresses_its_own_way() {
    let path = "/v1.0/deviceManagement/managedDevices";
    let cases = [
        (
            list().uri(&format!("https://graph.microsoft.com:443{path}?x")),
            format!("{ROOT}{path}?x"),
        ),
        (
            list().uri(&format!("HTTPS://Graph.Microsoft.com{path}?x")),
            format!("{ROOT}{path}?x"),
        ),
        (
            list().uri(&format!("{ROOT}{path}?x#fragment")),
            format!("{ROOT}{path}?x"),
        ),
        (
            list().uri(&format!("{ROOT}{path}?")),
            format!("{ROOT}{path}"),
        ),
        (
            sync().uri(&format!("{ROOT}{path}/{}/syncDevice", ID.to_uppercase())),
            format!("{ROOT}{path}/{ID}/syncDevice"),
        ),
    ];
    for (request, uri) in cases {
        assert_eq!(request.check().expect(&request.uri).uri.to_string(), uri);
    }
}

#[test]
fn writes_the_headers_itself() {
    let request = batch(&batch_of(&numbered(1)))
        .header("Accept", "text/html")
        .header("content-length", "7")
        .header("content-type", "application/xml")
        .header("user-agent", "guest")
        .header("client-request-id", ID.to_uppercase());
    let allowed = request.check().expect("allowed");
    // It does not leave: the response is mapped back to it.
    assert_eq!(allowed.proposed_id, ID.parse().ok());
    let headers = allowed.headers;
    let mut rows: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
        .collect();
    rows.sort_unstable();
    let agent = concat!("intune-sync/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        rows,
        [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("user-agent", agent),
        ]
    );
    let plain = sync().check().expect("allowed").headers;
    assert!(!plain.contains_key("content-type"), "there is no body");
}

#[test]
fn says_what_a_request_does() {
    let device: Guid = ID.parse().expect("a GUID");
    let read = |query: &str| {
        let list = list().uri(&format!(
            "{ROOT}/v1.0/deviceManagement/managedDevices{query}"
        ));
        match list.check().expect("allowed").call {
            Call::List(read) => read,
            other => panic!("{query}: {other:?}"),
        }
    };
    let whole = ListQuery::default();
    assert_eq!(read(""), ListRead::First(whole.clone()));
    let counted = ListQuery {
        count: true,
        ..whole
    };
    assert_eq!(read("?$count=true"), ListRead::First(counted));
    for other in ["$expand=users", "$skiptoken=x", "x"] {
        let further = ListRead::Further(other.to_owned());
        assert_eq!(read(&format!("?{other}")), further);
    }
    assert_eq!(sync().check().expect("allowed").call, Call::Sync(device));
    let Call::Batch(items) = batch(&batch_of(&numbered(2)))
        .check()
        .expect("allowed")
        .call
    else {
        panic!("a batch");
    };
    assert_eq!(
        items
            .iter()
            .map(|item| (item.id.as_str(), item.device))
            .collect::<Vec<_>>(),
        [("1", device), ("2", device)]
    );
    assert_eq!(
        bulk(&bulk_of(1)).check().expect("allowed").call,
        Call::Bulk(vec![Guid::from_halves(7, 0)])
    );
}

#[test]
fn bulk_only_when_asked_for() {
    let request = Request {
        writes: Writes::Syncs,
        ..bulk(&bulk_of(1))
    };
    assert_eq!(
        variant(&request.check().expect_err("bulk is off")),
        "bulk-off"
    );
    // All else is as it was.
    for request in [list(), sync(), batch(&batch_of(&numbered(1)))] {
        assert!(
            Request {
                writes: Writes::Syncs,
                ..request
            }
            .check()
            .is_ok()
        );
    }
}

#[test]
fn a_run_that_only_plans_lists_and_writes_nothing() {
    let planning = |request| Request {
        writes: Writes::None,
        ..request
    };
    for write in [sync(), batch(&batch_of(&numbered(1))), bulk(&bulk_of(1))] {
        assert!(write.check().is_ok(), "allowed in a run that syncs");
        let refusal = planning(write).check().expect_err("a write");
        assert_eq!(variant(&refusal), "writes-off");
    }
    assert!(planning(list()).check().is_ok());
}

#[test]
fn the_table_says_what_the_gate_does() {
    let table = rules_table();
    let rows: Vec<_> = table.iter().map(|rule| rule.what.as_str()).collect();
    for request in [
        "GET /v1.0/deviceManagement/managedDevices",
        "POST /v1.0/deviceManagement/managedDevices/{guid}/syncDevice",
        "POST /v1.0/$batch",
        "POST /beta/deviceManagement/managedDevices/executeAction",
    ] {
        assert!(rows.contains(&request), "{rows:?}");
    }
    let requests = rows
        .iter()
        .filter(|what| what.starts_with("GET ") || what.starts_with("POST "))
        .count();
    assert_eq!(requests, 4);
    let condition = |what: &str| {
        let row = table.iter().find(|rule| rule.what == what);
        row.map(|rule| rule.condition.as_str())
    };
    assert_eq!(
        condition("headers accept, content-length, content-type, user-agent"),
        Some("dropped; the host sets its own")
    );
    let kept = condition("a response's headers").expect("a row");
    let names = "client-request-id, content-type, date, location, request-id, retry-after, www-authenticate, \
                 x-ms-ags-diagnostic, x-msft-approval-code, x-msft-approval-justification only; at most 4096 bytes \
                 each and 16384 together";
    assert!(kept.starts_with(names), "{kept}");
}
