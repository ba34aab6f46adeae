//! Other places, paths, methods and queries.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Proposal,
    sync::{Gate, Rules, Writes},
};

use super::request::{ID, Request, batch, batch_of, bulk, bulk_of, numbered, sync};
use crate::refusal::variant;

#[test]
fn refuses_other_places() {
    let path = format!("/v1.0/deviceManagement/managedDevices/{ID}/syncDevice");
    for place in [
        "https://evil.com",
        "https://graph.microsoft.com.evil.com",
        "https://evil.com.graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://graph.microsoft.com:444",
        "https://graph.microsoft.com:80",
        "https://graph.microsoft.com:8443",
        "https://graph.microsoft.com.",
        "https://graph.microsoft.com.:443",
        "https://user@graph.microsoft.com",
        "https://user:password@graph.microsoft.com",
        "https://graph.microsoft.com@evil.com",
        "https://graph.microsoft.com:443@evil.com",
        "https://graph%2emicrosoft.com@evil.com",
        "https://127.0.0.1",
        "https://[::1]",
        "https://localhost",
        "https://20.190.128.1",
        "http://graph.microsoft.com",
        "http://graph.microsoft.com:443",
        "http://127.0.0.1",
        "http://169.254.169.254",
        "ftp://graph.microsoft.com",
        "wss://graph.microsoft.com",
        "https+unix://graph.microsoft.com",
    ] {
        let refusal = sync()
            .uri(&format!("{place}{path}"))
            .check()
            .expect_err(place);
        assert_eq!(variant(&refusal), "origin", "{place}");
    }
    for relative in [
        path.as_str(),
        "*",
        "graph.microsoft.com:443",
        "//graph.microsoft.com/v1.0/$batch",
    ] {
        assert_eq!(
            variant(&sync().uri(relative).check().expect_err(relative)),
            "origin",
            "{relative}"
        );
    }
    // Every root is the only one: loopback is refused too unless it is the configured one.
    let gate = Gate::new(Rules {
        origin: "http://127.0.0.1:8080".parse().expect("an origin"),
        writes: Writes::Syncs,
    });
    for place in [
        "http://127.0.0.1:8081",
        "http://127.0.0.1",
        "http://localhost:8080",
        "https://127.0.0.1:8080",
    ] {
        let uri: Uri = format!("{place}{path}").parse().expect("an address");
        let refusal = gate
            .check(&Proposal {
                method: &Method::POST,
                uri: &uri,
                headers: &HeaderMap::new(),
                body: b"",
            })
            .expect_err(place);
        assert_eq!(variant(&refusal), "origin", "{place}");
    }
}

#[test]
fn refuses_other_paths() {
    let devices = "/v1.0/deviceManagement/managedDevices";
    let post = [
        format!("{devices}/{ID}/wipe"),
        format!("{devices}/{ID}/retire"),
        format!("{devices}/{ID}/deleteUserFromSharedAppleDevice"),
        format!("{devices}/{ID}/rebootNow"),
        format!("{devices}/{ID}/cleanWindowsDevice"),
        format!("{devices}/{ID}"),
        format!("{devices}/{ID}/"),
        format!("{devices}/{ID}/syncDevice/"),
        format!("{devices}/{ID}/syncDevice/wipe"),
        format!("{devices}/{ID}/wipe/syncDevice"),
        format!("{devices}/{ID}/wipe;/syncDevice"),
        format!("{devices}/{ID}/wipe%3f/syncDevice"),
        format!("{devices}/{ID}/wipe%23/syncDevice"),
        format!("{devices}/{ID}/wipe%00/syncDevice"),
        format!("{devices}/{ID}/syncDevice;x=wipe"),
        format!("{devices}/{ID};/syncDevice"),
        format!("{devices}/{ID}/syncDevice%20"),
        format!("{devices}/{ID}/syncDevice."),
        format!("{devices}/{ID}/syncDevice()"),
        format!("{devices}/{ID}/microsoft.graph.syncDevice"),
        format!("{devices}('{ID}')/syncDevice"),
        format!("{devices}/{ID}/../{ID}/wipe"),
        format!("{devices}/{ID}/syncDevice/../wipe"),
        format!("{devices}/{ID}/wipe/../syncDevice"),
        format!("{devices}/./{ID}/syncDevice"),
        format!("{devices}/{ID}/%2e%2e/{ID}/syncDevice"),
        format!("{devices}/{ID}/syncDevice%2f..%2fwipe"),
        format!("{devices}/{ID}%2fwipe%3fx=/syncDevice"),
        format!("{devices}/{ID}\\wipe/syncDevice"),
        format!("{devices}//{ID}/syncDevice"),
        format!("/{devices}/{ID}/syncDevice"),
        format!("{devices}/{ID}//syncDevice"),
        format!("/v1.0//deviceManagement/managedDevices/{ID}/syncDevice"),
        format!("{devices}/{ID}/syncdevice"),
        format!("{devices}/{ID}/SyncDevice"),
        format!("{devices}/{ID}/SYNCDEVICE"),
        format!("/V1.0/deviceManagement/managedDevices/{ID}/syncDevice"),
        format!("/v1.0/devicemanagement/manageddevices/{ID}/syncDevice"),
        format!("{devices}/{ID}/sync%44evice"),
        format!("/v1%2e0/deviceManagement/managedDevices/{ID}/syncDevice"),
        format!("/beta/deviceManagement/managedDevices/{ID}/syncDevice"),
        format!("/v1.0/deviceManagement/comanagedDevices/{ID}/syncDevice"),
        format!("/v1.0/me/managedDevices/{ID}/syncDevice"),
        format!("/deviceManagement/managedDevices/{ID}/syncDevice"),
        format!("{devices}/{{{ID}}}/syncDevice"),
        format!("{devices}/{}/syncDevice", ID.replace('-', "")),
        format!("{devices}/{ID}0/syncDevice"),
        format!("{devices}/%30{}/syncDevice", &ID[1..]),
        format!("{devices}/x/syncDevice"),
        format!("{devices}//syncDevice"),
        format!("{devices}/syncDevice"),
        format!("{devices}/{ID}/syncDevice\u{200b}"),
        "/".into(),
        "".into(),
        "/v1.0/".into(),
        "/v1.0/$batch/".into(),
        "/v1.0/%24batch".into(),
        "/v1.0/$Batch".into(),
        "/v1.0/$batch;x".into(),
        "/beta/$batch".into(),
        "/$batch".into(),
        "/v1.0/deviceManagement/managedDevices/executeAction".into(),
        "/beta/deviceManagement/managedDevices/executeaction".into(),
        "/beta/deviceManagement/managedDevices/executeAction/".into(),
        "/beta/deviceManagement/managedDevices/moveDevicesToOU".into(),
        "/beta/deviceManagement/managedDevices/bulkReprovisionCloudPc".into(),
        "/v1.0/servicePrincipals".into(),
        "/v1.0/subscriptions".into(),
    ];
    for path in &post {
        assert_eq!(
            variant(&Request::new("POST", path, "").check().expect_err(path)),
            "path",
            "{path}"
        );
    }
    for path in [
        "/v1.0/deviceManagement/managedDevices/",
        "/v1.0/deviceManagement/managedDevices/$count",
        "/v1.0/deviceManagement/managedDevices;x",
        "/v1.0/deviceManagement/managedDevices/../../users",
        "/v1.0/deviceManagement/managedDevices%3fx",
        "/v1.0/devicemanagement/manageddevices",
        "/beta/deviceManagement/managedDevices",
        "/v1.0/users",
        "/v1.0/deviceManagement/managedDevices/00112233-4455-6677-8899-aabbccddeeff",
    ] {
        assert_eq!(
            variant(&Request::new("GET", path, "").check().expect_err(path)),
            "path",
            "{path}"
        );
    }
}

#[test]
fn refuses_other_methods_queries_and_bodies() {
    let (batch_path, list_path) = ("/v1.0/$batch", "/v1.0/deviceManagement/managedDevices");
    let bulk_path = "/beta/deviceManagement/managedDevices/executeAction";
    let sync_path = format!("{list_path}/{ID}/syncDevice");
    for (methods, path) in [
        (
            "POST PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT get Get GETX",
            list_path,
        ),
        (
            "GET PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT post POSTX",
            sync_path.as_str(),
        ),
        (
            "GET PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT post",
            batch_path,
        ),
        (
            "GET PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT post",
            bulk_path,
        ),
    ] {
        for method in methods.split(' ') {
            let refusal = Request::new(method, path, "").check().expect_err(path);
            assert_eq!(variant(&refusal), "method", "{method} {path}");
        }
    }
    let long = format!("{list_path}?{}", "x".repeat(32_769));
    let wide = format!("{list_path}?$search=gr\u{e4}ph");
    let spaces = " ".repeat(64 * 1024);
    let cases = [
        (Request::new("POST", &format!("{sync_path}?"), ""), "query"),
        (
            Request::new("POST", &format!("{sync_path}?x=1"), ""),
            "query",
        ),
        (
            Request::new("POST", &format!("{sync_path}?$method=DELETE"), ""),
            "query",
        ),
        (
            Request::new("POST", &format!("{batch_path}?x"), &batch_of(&numbered(1))),
            "query",
        ),
        (
            Request::new("POST", &format!("{bulk_path}?x"), &bulk_of(1)),
            "query",
        ),
        (Request::new("GET", &long, ""), "query-length"),
        (Request::new("GET", &wide, ""), "query-character"),
        (Request::new("POST", &sync_path, "{}"), "body-present"),
        (Request::new("POST", &sync_path, " "), "body-present"),
        (Request::new("POST", &sync_path, "\0"), "body-present"),
        (Request::new("GET", list_path, "{}"), "body-present"),
        (
            batch(&format!("{}{spaces}", batch_of(&numbered(1)))),
            "body-length",
        ),
        (bulk(&format!("{spaces}{}", bulk_of(1))), "body-length"),
        (sync().clone(), "allowed"),
    ];
    for (request, code) in cases {
        let got = request
            .check()
            .map_or_else(|refusal| variant(&refusal), |_| "allowed".to_owned());
        assert_eq!(
            got,
            code,
            "{} {}",
            request.method,
            &request.uri[..request.uri.len().min(120)]
        );
    }
}
