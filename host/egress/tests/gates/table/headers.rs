//! Other headers, and what a refusal shows.

use super::request::{
    ID, ROOT, Request, TOKEN, batch, batch_of, bulk, bulk_of, item, item_to, list, sync,
};
use crate::refusal::variant;

#[test]
fn refuses_other_headers() {
    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-host",
        "forwarded",
        "host",
        "cookie",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "transfer-encoding",
        "content-encoding",
        "content-transfer-encoding",
        "content-md5",
        "expect",
        "range",
        "prefer",
        "consistencylevel",
        "if-match",
        "origin",
        "referer",
        "slug",
        "proxy-authorization",
        "x-ms-command-name",
        "x-ms-effective-locale",
        "x-ms-client-request-id",
        "x-msft-approval-code",
        "x-msft-approval-justification",
        "metadata",
        "accept-encoding",
        "accept-language",
        "odata-version",
    ] {
        let refusal = sync().header(name, "DELETE").check().expect_err(name);
        assert_eq!(variant(&refusal), "header", "{name}");
        assert!(refusal.to_string().contains(name), "{refusal}");
        assert!(!refusal.to_string().contains("DELETE"), "{refusal}");
    }
    let bearer = format!("Bearer {TOKEN}");
    let none = sync().without_headers();
    let long = format!("Bearer {}", "x".repeat(16_385));
    let cases = [
        (none.clone(), "token-missing"),
        (sync().header("authorization", &bearer), "header-twice"),
        (
            sync().header("Authorization", "Bearer other"),
            "header-twice",
        ),
        (none.clone().header("authorization", ""), "token-form"),
        (none.clone().header("authorization", TOKEN), "token-form"),
        (none.clone().header("authorization", "Bearer"), "token-form"),
        (
            none.clone().header("authorization", "Bearer "),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("Basic {TOKEN}")),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("bearer {TOKEN}")),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("Bearer  {TOKEN}")),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("Bearer {TOKEN} x")),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("Bearer {TOKEN},x")),
            "token-form",
        ),
        (
            none.clone()
                .header("authorization", format!("Bearer {TOKEN}\t")),
            "token-form",
        ),
        (
            none.clone().header("authorization", b"Bearer \xff"),
            "token-form",
        ),
        (none.clone().header("authorization", long), "token-form"),
        (
            none.clone()
                .header("authorization", format!("Bearer {}", "x".repeat(16_384))),
            "allowed",
        ),
        (none.header("authorization", "Bearer aZ0-._~+/="), "allowed"),
        (sync().header("client-request-id", "x"), "client-request-id"),
        (sync().header("client-request-id", ""), "client-request-id"),
        (
            sync().header("client-request-id", format!("{ID}, {ID}")),
            "client-request-id",
        ),
        (
            sync().header("client-request-id", b"\xff"),
            "client-request-id",
        ),
        (
            sync()
                .header("client-request-id", ID)
                .header("client-request-id", ID),
            "header-twice",
        ),
    ];
    for (request, code) in cases {
        let got = request
            .check()
            .map_or_else(|refusal| variant(&refusal), |_| "allowed".to_owned());
        assert_eq!(got, code, "{:?}", request.headers);
    }
}

/// What Multi Admin Approval reads never leaves, whatever is requested: this program neither has an approval nor
/// requests one.
#[test]
fn refuses_the_headers_of_an_approval() {
    for request in [
        list(),
        sync(),
        batch(&batch_of(&[item("1")])),
        bulk(&bulk_of(1)),
    ] {
        assert!(request.check().is_ok(), "{}", request.uri);
        for name in [
            "x-msft-approval-code",
            "x-msft-approval-justification",
            "X-Msft-Approval-Code",
        ] {
            for value in ["", ID, "the devices are ours"] {
                let proposed = request.clone().header(name, value);
                let refusal = proposed.check().expect_err(name);
                assert_eq!(variant(&refusal), "header", "{name}");
                let shown = refusal.to_string();
                assert!(shown.contains(&name.to_ascii_lowercase()), "{shown}");
            }
        }
    }
}

#[test]
fn shows_what_was_asked_but_no_token() {
    let path = format!("/v1.0/deviceManagement/managedDevices/{ID}/wipe");
    let refusal = Request::new("POST", &path, "").check().expect_err("a wipe");
    assert_eq!(
        refusal.to_string(),
        format!("`POST {path}` is not on the list of what may leave")
    );

    let leaks = [
        Request::new("POST", &format!("/{TOKEN}"), ""),
        Request::new(TOKEN, "/v1.0/$batch", ""),
        sync().uri(&format!("https://{TOKEN}:x@evil.com/{TOKEN}")),
        sync().uri(&format!("{ROOT}/v1.0/$batch?{TOKEN}")),
        batch(&format!(r#"{{"{TOKEN}":1}}"#)),
        batch(&batch_of(&[item(TOKEN), item(TOKEN)])),
        batch(&batch_of(&[item_to("1", TOKEN)])),
        bulk(&format!(r#"{{"actionName":"{TOKEN}","deviceIds":[]}}"#)),
        bulk(&format!(
            r#"{{"actionName":"syncDevice","deviceIds":["{TOKEN}"]}}"#
        )),
        sync().header(TOKEN, "x"),
        Request::new("POST", &format!("/{TOKEN}"), "")
            .without_headers()
            .header("authorization", format!("x {TOKEN} x")),
    ];
    for request in leaks {
        let refusal = request.check().expect_err("nothing of this may leave");
        for shown in [refusal.to_string(), format!("{refusal:?}")] {
            assert!(!shown.contains("surrogate"), "{shown}");
            assert!(shown.len() < 600, "{shown}");
            assert!(
                shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || shown.contains('…'),
                "{shown}"
            );
        }
    }
    assert!(!format!("{:?}", sync().check()).contains(TOKEN));

    let loud = Request::new(
        "POST",
        "/v1.0/$batch",
        &format!(r#"{{"\u001b[2J`{}":1}}"#, "x".repeat(50_000)),
    );
    let refusal = loud.check().expect_err("an unknown key").to_string();
    assert!(
        refusal.len() < 300 && !refusal.contains('\u{1b}'),
        "{refusal}"
    );
}
