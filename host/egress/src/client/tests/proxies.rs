//! Proxies: whom they are for, and whose fault a failure behind one is.

use super::*;

#[test]
fn the_system_s_proxy_is_for_others_than_loopback() {
    let proxy = serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy");
    let status = std::process::Command::new(std::env::current_exe().expect("a running program"))
        .args(["behind_a_proxy", "--ignored"])
        .env("HTTP_PROXY", &proxy)
        .env("http_proxy", &proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD")
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .status()
        .expect("a child");
    assert!(status.success());
}

#[tokio::test]
#[ignore = "started by the test above, in a separate environment"]
async fn behind_a_proxy() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let direct = serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\ndirect");
    let (_, text) = get_text(&client(), "http://graph.invalid/")
        .await
        .expect("a response");
    assert_eq!(text, "proxy");
    let (_, text) = get_text(&client(), &direct).await.expect("a response");
    assert_eq!(text, "direct");
    let error = get_text(&HttpClient::direct(), "http://graph.invalid/")
        .await
        .expect_err("no such name");
    assert!(matches!(error, ClientError::Dns { .. }), "{error}");
}

#[tokio::test]
async fn a_proxy_that_is_the_obstacle_is_named_with_its_status() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let closed = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    for (proxy, problem) in [
        (closed, "it refused the connection"),
        (
            "http://proxy.invalid:8080".to_owned(),
            "cannot resolve the name of the proxy: ",
        ),
        (
            serve_bytes(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
            "it refused to connect to it (status 403)",
        ),
        (
            serve_bytes(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
            "it refused to connect to it (status 502)",
        ),
        (
            serve_bytes(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "it requires a user and a password (status 407)",
        ),
        (serve_bytes(b""), "it closed the connection"),
        (
            serve_bytes(b"SSH-2.0-OpenSSH_9.6\r\n"),
            "it refused to connect to it",
        ),
    ] {
        let with_password = proxy.replace("http://", "http://user:secret@");
        let error = get_text(&behind(&with_password), "https://graph.microsoft.com/x")
            .await
            .expect_err("no way through");
        let proxy = proxy.trim_start_matches("http://");
        let expected = format!(
            "no connection to `graph.microsoft.com` through the proxy `{proxy}`: {problem}"
        );
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn what_lies_behind_a_proxy_is_not_its_fault() {
    let proxy = serve_bytes(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let error = get_text(&behind(&proxy), "https://graph.microsoft.com/x")
        .await
        .expect_err("no TLS");
    assert!(matches!(error, ClientError::Closed { .. }), "{error}");
}

/// Tells the test program that it was started as [`behind_a_proxy`].
const CHILD: &str = "INTUNE_SYNC_TEST_PROXY_CHILD";

/// A client behind this proxy.
fn behind(proxy: &str) -> HttpClient {
    let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then(|| proxy.into()));
    HttpClient {
        direct: Arc::new(Pool::new(None, Vec::new())),
        outward: Some(Arc::new(Pool::new(
            Some(proxies.expect("the address of a proxy")),
            Vec::new(),
        ))),
    }
}
