//! National clouds, HTTP/2, certificates and proxies. A proxy in the test represents the network: whatever it is
//! asked for, there is the simulated tenant, with certificates for all of these names.

use std::fs;

use crate::{
    books::balance_to_the_device,
    program::Program,
    proxy::Proxy,
    sources::{APP, TENANT},
    tenant::{Tenant, healthy, hurry},
    tls::{Front, Seen, TestAuthority},
};

/// The value of `--cloud`, and the hosts of Entra ID and Graph.
const CLOUDS: [(&str, &str, &str); 4] = [
    ("public", "login.microsoftonline.com", "graph.microsoft.com"),
    ("usgov", "login.microsoftonline.us", "graph.microsoft.us"),
    (
        "usgov-dod",
        "login.microsoftonline.us",
        "dod-graph.microsoft.us",
    ),
    (
        "china",
        "login.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
    ),
];

fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = CLOUDS
        .iter()
        .flat_map(|(_, authority, graph)| [*authority, *graph])
        .collect();
    names.dedup();
    names
}

/// The secret goes to the cloud's own Entra ID, which is asked for the cloud's own Graph, and the token goes there.
#[test]
fn a_cloud_decides_on_authority_scope_and_graph_together() {
    let authority = TestAuthority::new();
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    fs::write(&secret, "simulator").expect("written");
    for (cloud, entra, graph) in CLOUDS {
        let tenant = Tenant::new(healthy(250));
        let front = Front::of(&tenant, &authority, &names());
        let proxy = Proxy::to(front.address, &tenant);
        let (finished, account) = hurry(Program::new().args(["sync", "--yes", "--cloud", cloud]))
            .args([
                "--auth",
                "client-secret",
                "--tenant-id",
                TENANT,
                "--client-id",
                APP,
            ])
            .env(
                "INTUNE_SYNC_CLIENT_SECRET_FILE",
                &secret.display().to_string(),
            )
            .env(
                "INTUNE_SYNC_CA_FILE",
                &authority.file().display().to_string(),
            )
            .env("HTTPS_PROXY", &proxy.url())
            .json();
        assert_eq!(finished.code, 0, "{cloud}: {finished:?}");
        let books = balance_to_the_device(&tenant, &account);
        assert_eq!(books.audiences, [format!("https://{graph}")].into());
        let mut hosts = [format!("{entra}:443"), format!("{graph}:443")];
        hosts.sort();
        assert_eq!(proxy.asked(), hosts, "{cloud}");
        for host in [entra, graph] {
            let expected = Seen {
                name: Some(host.to_owned()),
                protocol: "h2".to_owned(),
            };
            assert!(
                front.seen().contains(&expected),
                "{host}: {:?}",
                front.seen()
            );
        }
    }
}

/// A managed identity is asked straight, Graph through the proxy.
#[test]
fn the_identity_endpoint_is_never_asked_through_a_proxy() {
    let authority = TestAuthority::new();
    let tenant = Tenant::new(healthy(30));
    let front = Front::of(&tenant, &authority, &names());
    let proxy = Proxy::to(front.address, &tenant);
    for imds in [false, true] {
        let program = hurry(Program::new().args(["sync", "--yes"]))
            .env(
                "INTUNE_SYNC_CA_FILE",
                &authority.file().display().to_string(),
            )
            .env("HTTPS_PROXY", &proxy.url())
            .env("HTTP_PROXY", &proxy.url())
            .env("ALL_PROXY", &proxy.url());
        let program = match imds {
            true => program.env("AZURE_POD_IDENTITY_AUTHORITY_HOST", &tenant.root()),
            false => tenant.app_service(program),
        };
        let finished = program.run();
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(proxy.asked(), ["graph.microsoft.com:443"]);
    }
}

#[test]
fn graph_is_spoken_to_in_http_2_where_it_speaks_that() {
    let authority = TestAuthority::new();
    for http2 in [true, false] {
        let tenant = Tenant::new(healthy(250));
        let (front, protocol) = match http2 {
            true => (Front::of(&tenant, &authority, &["127.0.0.1"]), "h2"),
            false => (
                Front::of_http1(&tenant, &authority, &["127.0.0.1"]),
                "http/1.1",
            ),
        };
        let (finished, account) = tenant
            .sync()
            .args(["--graph-url", &front.root(), "--dispatch", "single"])
            .env(
                "INTUNE_SYNC_CA_FILE",
                &authority.file().display().to_string(),
            )
            .json();
        assert_eq!(finished.code, 0, "{finished:?}");
        balance_to_the_device(&tenant, &account);
        let seen = front.seen();
        assert!(
            seen.iter().all(|seen| seen.protocol == protocol),
            "{seen:?}"
        );
        if http2 {
            // One connection for 253 requests, unless two were begun together.
            assert!(seen.len() <= 2, "{seen:?}");
        }
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let (authority, other) = (TestAuthority::new(), TestAuthority::new());
    let tenant = Tenant::new(healthy(5));
    let front = Front::of(&tenant, &authority, &["127.0.0.1"]);
    for ca_file in ["", &other.file().display().to_string()] {
        let finished = tenant
            .sync()
            .args(["--graph-url", &front.root(), "--max-retries", "0"])
            .env("INTUNE_SYNC_CA_FILE", ca_file)
            .run();
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(
            finished.stderr.contains("no secure connection to"),
            "{finished:?}"
        );
        assert_eq!(front.seen(), []);
    }
    let wrong_name = Front::of(&tenant, &authority, &["127.0.0.2"]);
    let finished = tenant
        .sync()
        .args(["--graph-url", &wrong_name.root(), "--max-retries", "0"])
        .env(
            "INTUNE_SYNC_CA_FILE",
            &authority.file().display().to_string(),
        )
        .run();
    assert_eq!(finished.code, 1, "{finished:?}");
    let requests = tenant.statistics().requests;
    assert_eq!(
        requests.total(),
        requests.identity,
        "no token was shown to anyone"
    );
}
