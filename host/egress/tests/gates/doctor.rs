//! `doctor`: what leaves and what does not, case by case.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Proposal,
    doctor::{Allowed, Call, Gate, Probe, Refusal, Rules},
};

use crate::refusal::variant;

const ROOT: &str = "https://graph.microsoft.com";
const DEVICES: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
const PAGE: &str =
    "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$top=1&$select=id";
const DEVICE: &str = "00112233-4455-6677-8899-aabbccddeeff";
const OTHER: &str = "00112233-4455-6677-8899-aabbccddee00";

fn probe() -> Probe {
    Probe(Some(DEVICE.parse().expect("a GUID")))
}

fn check(probe: Probe, method: &str, uri: &str, body: &str) -> Result<Allowed, Refusal> {
    let gate = Gate::new(Rules {
        origin: ROOT.parse().expect("an origin"),
        writes: probe,
    });
    let method: Method = method.parse().expect("a method");
    let uri: Uri = uri.parse().expect("a URI");
    gate.check(&Proposal {
        method: &method,
        uri: &uri,
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
    })
}

#[test]
fn each_call_leaves_as_it_is_written() {
    let device = DEVICE.parse().expect("a GUID");
    let sync = format!("{DEVICES}/{DEVICE}/syncDevice");
    for (call, method, uri) in [
        (Call::Page, "GET", PAGE),
        (Call::Sync(device), "POST", &sync),
    ] {
        let uri = uri.to_owned();
        assert_eq!(call.method().as_str(), method);
        assert_eq!(format!("{ROOT}{}", call.target()), uri);
        let allowed = check(probe(), method, &uri, "").expect("it is on the list");
        assert_eq!(allowed.call, call);
        assert_eq!(allowed.method.as_str(), method);
        assert_eq!(allowed.uri.to_string(), uri);
        assert!(allowed.body.is_empty());
        let mut names: Vec<_> = allowed.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "user-agent"]);
    }
    let upper = format!("{DEVICES}/{}/syncDevice", DEVICE.to_uppercase());
    let allowed = check(probe(), "POST", &upper, "").expect("the same device");
    assert_eq!(allowed.uri.to_string(), sync);
}

#[test]
fn only_the_device_that_was_named_is_synced() {
    for (probe, device) in [
        (Probe(None), DEVICE),
        (Probe(None), OTHER),
        (probe(), OTHER),
    ] {
        let refused = check(probe, "POST", &format!("{DEVICES}/{device}/syncDevice"), "");
        assert!(
            matches!(refused, Err(Refusal::DeviceNotPermitted { .. })),
            "{refused:?}"
        );
    }
    assert!(check(Probe(None), "GET", PAGE, "").is_ok());
}

/// With the sync of one device permitted.
#[test]
fn nothing_else_leaves() {
    let sync = format!("{DEVICES}/{DEVICE}/syncDevice");
    let page = |place: &str| PAGE.replace(ROOT, place);
    let elsewhere = [
        "http://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://graph.microsoft.com:444",
        "https://graph.microsoft.com.evil.com",
        "https://graph.microsoft.com@evil.com",
    ];
    for place in elsewhere {
        assert_eq!(
            variant(&check(probe(), "GET", &page(place), "").expect_err(place)),
            "origin"
        );
    }
    for (method, uri, body, reason) in [
        ("GET", format!("{ROOT}/v1.0/users"), "", "path"),
        ("POST", format!("{ROOT}/v1.0/$batch"), "{}", "path"),
        ("POST", format!("{DEVICES}/{DEVICE}/wipe"), "", "path"),
        (
            "POST",
            format!("{DEVICES}/{DEVICE}/syncDevice/"),
            "",
            "path",
        ),
        ("POST", format!("{DEVICES}/executeAction"), "", "path"),
        ("GET", format!("{DEVICES}/{DEVICE}"), "", "path"),
        ("POST", PAGE.to_owned(), "", "method"),
        ("DELETE", sync.clone(), "", "method"),
        ("GET", sync.clone(), "", "method"),
        ("GET", DEVICES.to_owned(), "", "query"),
        ("GET", format!("{DEVICES}?$top=2&$select=id"), "", "query"),
        ("GET", format!("{PAGE}&$expand=users"), "", "query"),
        ("POST", format!("{sync}?x"), "", "query"),
        ("POST", sync, "{}", "body-present"),
        ("GET", PAGE.to_owned(), "x", "body-present"),
    ] {
        let refused = check(probe(), method, &uri, body);
        let refusal = refused.expect_err("nothing of this may leave");
        assert_eq!(variant(&refusal), reason, "{method} {uri} {body}");
    }
}
