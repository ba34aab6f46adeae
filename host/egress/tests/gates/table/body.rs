//! Other batches and bulk actions.

use super::request::{ID, ROOT, Request, batch, batch_of, bulk, bulk_of, item, item_to, numbered};
use crate::refusal::variant;

#[test]
fn refuses_other_batches() {
    let url = format!("/deviceManagement/managedDevices/{ID}/syncDevice");
    let good = item("1");
    let one = batch_of(std::slice::from_ref(&good));
    let with = |extra: &str| batch_of(&[good.replace('}', &format!(",{extra}}}"))]);
    let to = |url: &str| batch_of(&[good.clone(), item_to("2", url)]);
    let id = |id: &str| batch_of(&[item(id)]);
    let method = |method: &str| batch_of(&[good.replace("POST", method)]);
    let wipe = format!("/deviceManagement/managedDevices/{ID}/wipe");
    let cases = [
        (String::new(), "body-syntax"),
        (" ".into(), "body-syntax"),
        ("{".into(), "body-syntax"),
        ("\u{feff}".to_owned() + &one, "body-syntax"),
        (one.clone() + "{}", "body-syntax"),
        (one.clone() + "\0", "body-syntax"),
        (
            one.clone() + &batch_of(&[item_to("2", &wipe)]),
            "body-syntax",
        ),
        (one.replace("}]", ",}]"), "body-syntax"),
        (one.replace("}]", "},]"), "body-syntax"),
        (one.replace('"', "'"), "body-syntax"),
        (format!("/**/{one}"), "body-syntax"),
        (id("\\ud800"), "body-syntax"),
        (id("\n"), "body-syntax"),
        (id("\\x31"), "body-syntax"),
        ("[".repeat(1000), "body-shape"),
        (
            r#"{"requests":"#.to_owned() + &"[".repeat(1000),
            "body-shape",
        ),
        ("null".into(), "body-shape"),
        ("[]".into(), "body-shape"),
        ("\"\"".into(), "body-shape"),
        ("{}".into(), "body-shape"),
        (format!("[[{good}]]"), "body-shape"),
        (r#"{"requests":null}"#.into(), "body-shape"),
        (r#"{"requests":{}}"#.into(), "body-shape"),
        (r#"{"requests":"x"}"#.into(), "body-shape"),
        (format!(r#"{{"requests":{good}}}"#), "body-shape"),
        (
            format!(r#"{{"requests":[["1","POST","{url}"]]}}"#),
            "body-shape",
        ),
        (format!(r#"{{"requests":[[{good}]]}}"#), "body-shape"),
        (r#"{"requests":[null]}"#.into(), "body-shape"),
        (r#"{"requests":["1"]}"#.into(), "body-shape"),
        (r#"{"requests":[{}]}"#.into(), "body-shape"),
        (format!(r#"{{"Requests":[{good}]}}"#), "body-shape"),
        (
            format!(r#"{{"requests":[{good}],"requests":[{good}]}}"#),
            "body-shape",
        ),
        (
            format!(
                r#"{{"requests":[{good}],"r\u0065quests":[{}]}}"#,
                item_to("2", &wipe)
            ),
            "body-shape",
        ),
        (
            format!(r#"{{"requests":[{good}],"Requests":[]}}"#),
            "body-shape",
        ),
        (format!(r#"{{"requests":[{good}],"x":1}}"#), "body-shape"),
        (format!(r#"{{"requests":[{good}],"":1}}"#), "body-shape"),
        (with(r#""headers":{}"#), "body-shape"),
        (with(r#""body":{}"#), "body-shape"),
        (with(r#""dependsOn":["1"]"#), "body-shape"),
        (with(r#""atomicityGroup":"g""#), "body-shape"),
        (with(&format!(r#""url":"{wipe}""#)), "body-shape"),
        (with(&format!(r#""u\u0072l":"{wipe}""#)), "body-shape"),
        (with(&format!(r#""URL":"{wipe}""#)), "body-shape"),
        (with(&format!(r#""url\u0000":"{wipe}""#)), "body-shape"),
        (with(&format!(r#""requests":[{good}]"#)), "body-shape"),
        (with(r#""method":"DELETE""#), "body-shape"),
        (with(r#""id":"2""#), "body-shape"),
        (batch_of(&[good.replace("\"1\"", "1")]), "body-shape"),
        (batch_of(&[good.replace("\"1\"", "null")]), "body-shape"),
        (
            batch_of(&[good.replace("\"POST\"", "{\"POST\":null}")]),
            "body-shape",
        ),
        (
            batch_of(&[good.replace("\"POST\"", "[\"POST\"]")]),
            "body-shape",
        ),
        (batch_of(&[good.replace("\"id\":\"1\",", "")]), "body-shape"),
        (
            batch_of(&[good.replace("\"method\":\"POST\",", "")]),
            "body-shape",
        ),
        (batch_of(&[]), "batch-items"),
        (batch_of(&numbered(21)), "batch-items"),
        (id(""), "item-id"),
        (id(&"1".repeat(37)), "item-id"),
        (id("\\u0000"), "item-id"),
        (id("\\n"), "item-id"),
        (id("\u{212a}"), "item-id"),
        (id("\\\""), "item-id"),
        (id("a b"), "item-id"),
        (batch_of(&[good.clone(), good.clone()]), "item-id-twice"),
        (
            batch_of(&[item("a"), item("b"), item("A")]),
            "item-id-twice",
        ),
        (batch_of(&[item("a"), item("\\u0061")]), "item-id-twice"),
        (method("DELETE"), "item-method"),
        (method("GET"), "item-method"),
        (method("PATCH"), "item-method"),
        (method("post"), "item-method"),
        (method("POST "), "item-method"),
        (method(""), "item-method"),
        (to(&wipe), "item-url"),
        (to(&wipe.replace("wipe", "w\\u0069pe")), "item-url"),
        (
            to(&format!("/deviceManagement/managedDevices/{ID}")),
            "item-url",
        ),
        (
            to("/deviceManagement/managedDevices/executeAction"),
            "item-url",
        ),
        (to("/$batch"), "item-url"),
        (to(&format!("/v1.0{url}")), "item-url"),
        (to(&format!("/beta{url}")), "item-url"),
        (to(&format!("{ROOT}/v1.0{url}")), "item-url"),
        (to(&format!("https://evil.com{url}")), "item-url"),
        (to(&format!("//evil.com{url}")), "item-url"),
        (to(&url[1..]), "item-url"),
        (to(&format!("/{url}")), "item-url"),
        (to(&format!(" {url}")), "item-url"),
        (to(&format!("{url}?x")), "item-url"),
        (to(&format!("{url}#x")), "item-url"),
        (to(&format!("{url}/../wipe")), "item-url"),
        (to(&format!("{url}\\n")), "item-url"),
        (to(&format!("{url}\\u0000")), "item-url"),
        (
            to(&format!(
                "/deviceManagement/managedDevices/{ID}/wipe?/syncDevice"
            )),
            "item-url",
        ),
        (
            to(&format!(
                "/deviceManagement/managedDevices/{ID}%2fwipe%3f/syncDevice"
            )),
            "item-url",
        ),
        (
            to(&format!(
                "/deviceManagement/managedDevices/../managedDevices/{ID}/syncDevice"
            )),
            "item-url",
        ),
        (to(&url.replace("syncDevice", "sync%44evice")), "item-url"),
        (to(&url.replace("syncDevice", "SyncDevice")), "item-url"),
        (to("$1/syncDevice"), "item-url"),
        (to(""), "item-url"),
    ];
    for (body, code) in &cases {
        let refusal = batch(body).check().expect_err(body);
        assert_eq!(variant(&refusal), *code, "{body}: {refusal}");
    }
    for bytes in [
        &b"\xff"[..],
        b"\xef\xbb\xbf{}",
        b"{\"requests\":[{\"id\":\"\xff\"}]}",
        b"\xfe\xff\0{\0}",
        b"{\0}\0",
    ] {
        let request = Request {
            body: bytes.into(),
            ..batch("")
        };
        assert_eq!(
            variant(&request.check().expect_err("bytes")),
            "body-syntax",
            "{bytes:?}"
        );
    }
}

#[test]
fn refuses_other_bulk_actions() {
    let action = |name: &str| format!(r#"{{"actionName":"{name}","deviceIds":["{ID}"]}}"#);
    let with = |extra: &str| action("syncDevice").replace('}', &format!(",{extra}}}"));
    let ids = |ids: &str| format!(r#"{{"actionName":"syncDevice","deviceIds":{ids}}}"#);
    let cases = [
        (String::new(), "body-syntax"),
        ("\u{feff}".to_owned() + &bulk_of(1), "body-syntax"),
        (bulk_of(1) + &action("wipe"), "body-syntax"),
        (bulk_of(1) + "x", "body-syntax"),
        (action("\\ud83d"), "body-syntax"),
        (format!(r#"["syncDevice",["{ID}"]]"#), "body-shape"),
        (format!("[{}]", bulk_of(1)), "body-shape"),
        ("{}".into(), "body-shape"),
        (r#"{"actionName":"syncDevice"}"#.into(), "body-shape"),
        (format!(r#"{{"deviceIds":["{ID}"]}}"#), "body-shape"),
        (with(r#""actionName":"wipe""#), "body-shape"),
        (with(r#""actionN\u0061me":"wipe""#), "body-shape"),
        (
            with(r#""\u0061\u0063\u0074\u0069\u006f\u006eName":"wipe""#),
            "body-shape",
        ),
        (with(r#""ActionName":"wipe""#), "body-shape"),
        (with(r#""action_name":"wipe""#), "body-shape"),
        (with(r#""actionName ":"wipe""#), "body-shape"),
        (with(r#""actionName":"syncDevice""#), "body-shape"),
        (with(&format!(r#""deviceIds":["{ID}"]"#)), "body-shape"),
        (with(r#""keepUserData":false"#), "body-shape"),
        (with(r#""keepEnrollmentData":true"#), "body-shape"),
        (with(r#""carrierUrl":"https://evil.com""#), "body-shape"),
        (with(r#""deprovisionReason":"x""#), "body-shape"),
        (with(r#""platform":"windows""#), "body-shape"),
        (with(r#""@odata.type":"x""#), "body-shape"),
        (with(r#""__proto__":{"actionName":"wipe"}"#), "body-shape"),
        (action("wipe"), "action"),
        (action("retire"), "action"),
        (action("delete"), "action"),
        (action(""), "action"),
        (action("syncdevice"), "action"),
        (action("SyncDevice"), "action"),
        (action("syncDevice "), "action"),
        (action("syncDevice\\u0000"), "action"),
        (action("syncDevice,wipe"), "action"),
        (action("w\\u0069pe"), "action"),
        (action("\u{455}yncDevice"), "action"),
        (bulk_of(1).replace("\"syncDevice\"", "0"), "body-shape"),
        (bulk_of(1).replace("\"syncDevice\"", "null"), "body-shape"),
        (
            bulk_of(1).replace("\"syncDevice\"", "[\"syncDevice\",\"wipe\"]"),
            "body-shape",
        ),
        (
            bulk_of(1).replace("\"syncDevice\"", "{\"syncDevice\":null}"),
            "body-shape",
        ),
        (ids(&format!("\"{ID}\"")), "body-shape"),
        (ids("null"), "body-shape"),
        (ids("{}"), "body-shape"),
        (ids("[1]"), "body-shape"),
        (ids("[null]"), "body-shape"),
        (ids(&format!("[[\"{ID}\"]]")), "body-shape"),
        (ids("[]"), "bulk-devices"),
        (bulk_of(101), "bulk-devices"),
        (ids("[\"\"]"), "device-id"),
        (ids("[\"*\"]"), "device-id"),
        (ids(&format!("[\"{ID}\",\"all\"]")), "device-id"),
        (ids(&format!("[\"{ID},{ID}\"]")), "device-id"),
        (ids(&format!("[\"{ID} \"]")), "device-id"),
        (ids(&format!("[\"{{{ID}}}\"]")), "device-id"),
        (ids(&format!("[\"{}\"]", ID.replace('-', ""))), "device-id"),
    ];
    for (body, code) in &cases {
        let refusal = bulk(body).check().expect_err(body);
        assert_eq!(variant(&refusal), *code, "{body}: {refusal}");
    }
}
