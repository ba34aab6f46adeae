//! What lies between this machine and Graph: proxies, TLS, the clock, and what responds.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::mpsc::{Receiver, channel},
};

use intune_sync_simulator::Share;

use super::{assert_cause, doctor, examined, outcomes};
use crate::{
    books::{each, list},
    program::Program,
    proxy::Proxy,
    tenant::{Tenant, healthy},
    tls::{Front, TestAuthority},
};

#[test]
fn a_proxy_that_lets_nothing_through() {
    let mut config = healthy(5);
    // Were Graph asked, this would be the cause.
    config.tokens.roles.clear();
    let tenant = Tenant::new(config);
    let (proxy, asked) = blocking_proxy();
    let program = Program::new()
        .args(["doctor"])
        .env("IDENTITY_ENDPOINT", &format!("{}/msi/token", tenant.root()))
        .env("IDENTITY_HEADER", "simulator")
        .env(
            "HTTPS_PROXY",
            &format!("http://user:pass-of-the-proxy@{proxy}"),
        );
    let (_, report) = examined(program);
    let named = ["graph.microsoft.com", &proxy.to_string(), "HTTPS_PROXY"];
    assert_cause(&report, ("graph", "proxy-blocked", 1), &named);
    assert_eq!(outcomes(&report), "+x-+++++xx--", "{report:#}");
    assert_eq!(
        asked.recv().expect("it was asked"),
        "CONNECT graph.microsoft.com:443 HTTP/1.1"
    );
    assert_eq!(tenant.statistics().requests.list, 0);

    // One that is not there at all.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let nobody = free.local_addr().expect("it is bound");
    drop(free);
    let program = tenant
        .surround()
        .args(["doctor", "--graph-url", "https://graph.microsoft.com"])
        .env("HTTPS_PROXY", &format!("http://{nobody}"));
    let (_, report) = examined(program);
    assert_cause(
        &report,
        ("graph", "proxy-blocked", 1),
        &[&nobody.to_string(), "HTTPS_PROXY"],
    );
}

/// A certificate authority of one's own, and a proxy on the way.
#[test]
fn graph_behind_a_proxy_that_inspects_tls() {
    let tenant = Tenant::new(healthy(5));
    let authority = TestAuthority::new();
    let front = Front::of(&tenant, &authority, &["graph.microsoft.com"]);
    let proxy = Proxy::to(front.address, &tenant);
    let examine = || {
        Program::new()
            .args(["doctor"])
            .env("IDENTITY_ENDPOINT", &format!("{}/msi/token", tenant.root()))
            .env("IDENTITY_HEADER", "simulator")
            .env("HTTPS_PROXY", &proxy.url())
    };
    let (_, report) = examined(examine());
    assert_cause(
        &report,
        ("graph", "graph-unreachable", 1),
        &["no secure connection", "--ca-file"],
    );
    assert_eq!(tenant.statistics().requests.list, 0);

    let file = authority.file();
    let (_, report) = examined(examine().args(["--ca-file", file.to_str().expect("UTF-8")]));
    assert_eq!(outcomes(&report), "+++++++++++-", "{report:#}");
    let detail = list(&report, "Steps")[1]["Detail"]
        .as_str()
        .expect("a text");
    assert!(
        detail.contains(&format!("through the proxy `{}`", proxy.address)),
        "{detail}"
    );
    assert_eq!(proxy.asked(), ["graph.microsoft.com:443"]);
}

/// By a clock that is days ahead every token looks expired, and by one that is behind none looks issued.
#[test]
fn a_clock_that_is_wrong() {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let cases = [
        (-3 * DAY, "ahead of"),
        (3 * DAY, "behind"),
        (-10 * 60 * 1_000, "ahead of"),
    ];
    each(cases, |(clock, words)| {
        let mut config = healthy(5);
        config.clock_ahead_ms = clock;
        let tenant = Tenant::new(config);
        let (_, report) = examined(doctor(&tenant));
        assert_cause(
            &report,
            ("clock", "wrong-clock", 1),
            &["this machine's clock", words, "set the clock"],
        );
        assert_eq!(outcomes(&report), "++x---------", "{report:#}");
        let ahead = report["ClockAheadSeconds"].as_i64().expect("a number");
        assert!((ahead + clock / 1_000).abs() < 30, "{ahead}");
    });
    let mut config = healthy(5);
    config.clock_ahead_ms = 60_000;
    let (_, report) = examined(doctor(&Tenant::new(config)));
    assert_eq!(
        outcomes(&report),
        "+++++++++++-",
        "a minute does no harm: {report:#}"
    );
}

#[test]
fn what_responds_is_not_graph_or_is_failing() {
    let tenant = Tenant::new(healthy(5));
    // An HTTP server where TLS is spoken.
    let root = tenant.root().replace("http://", "https://");
    let (_, report) = examined(doctor(&tenant).args(["--graph-url", &root]));
    assert_cause(
        &report,
        ("graph", "graph-unreachable", 1),
        &["no secure connection", "--ca-file"],
    );

    let (address, _asked) = blocking_proxy();
    let (_, report) = examined(doctor(&tenant).args(["--graph-url", &format!("http://{address}")]));
    assert_cause(
        &report,
        ("graph", "not-graph", 1),
        &["403 instead of 401", "--graph-url"],
    );

    // Only Graph writes errors so: nothing else is blamed.
    let (address, _asked) = responding(
        "400 Bad Request",
        r#"{"error":{"code":"BadRequest","message":"Invalid version."}}"#,
    );
    let (_, report) = examined(doctor(&tenant).args(["--graph-url", &format!("http://{address}")]));
    let named = [
        "Microsoft Graph is there",
        "(400, BadRequest: Invalid version)",
    ];
    assert_cause(&report, ("graph", "request-refused", 1), &named);
    assert!(
        !report.to_string().contains("is not Microsoft Graph"),
        "{report:#}"
    );

    let mut config = healthy(5);
    config.faults.page = Share::percent(100);
    config.faults.statuses = vec![503];
    let (_, report) = examined(doctor(&Tenant::new(config)));
    assert_cause(&report, ("devices", "graph-unavailable", 1), &["503"]);

    let mut config = healthy(5);
    config.faults.page = Share::percent(100);
    config.faults.statuses = vec![400];
    let (_, report) = examined(doctor(&Tenant::new(config)));
    let named = ["Microsoft Graph refuses to read devices (400"];
    assert_cause(&report, ("devices", "request-refused", 1), &named);

    let mut config = healthy(5);
    config.tokens.refuse_after_writes = Some(0);
    let (_, report) = examined(doctor(&Tenant::new(config)));
    assert_cause(
        &report,
        ("devices", "token-refused", 4),
        &["401", "sign-in log"],
    );
}

/// A proxy that lets nothing through, and reports what it was asked for.
fn blocking_proxy() -> (SocketAddr, Receiver<String>) {
    responding("403 Forbidden", "blocked")
}

/// A server with one response to everything, which reports what it was asked for.
fn responding(status: &str, body: &str) -> (SocketAddr, Receiver<String>) {
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..read]);
            let line = line.lines().next().unwrap_or_default().to_owned();
            let _ = stream.write_all(response.as_bytes());
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    (address, told)
}
