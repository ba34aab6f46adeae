//! The client against servers on loopback.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::HeaderMap,
    response::IntoResponse,
    routing::{any, get},
    serve::ListenerExt,
};

use super::*;

/// Serves `router` on a free loopback port; returns its origin and the number of connections it has accepted.
async fn serve(router: Router) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let listener = listener.tap_io(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, accepted)
}

/// Sends these bytes on each connection, whatever was requested, and closes it.
fn serve_bytes(response: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.expect("a connection");
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(response);
        }
    });
    origin
}

fn client() -> HttpClient {
    HttpClient::new(ClientOptions::default()).expect("no CA file to fail")
}

fn request(method: Method, url: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(Bytes::new())
        .expect("a valid request")
}

async fn get_text(client: &HttpClient, url: &str) -> Result<(StatusCode, String), ClientError> {
    let response = client
        .send(request(Method::GET, url), Limits::default())
        .await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[tokio::test]
async fn connections_are_kept_and_a_503_makes_a_new_one() {
    let router = Router::new()
        .route("/good", get(|| async { "good" }))
        .route("/bad", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
    let (origin, accepted) = serve(router).await;
    let client = client();
    for _ in 0..3 {
        get_text(&client, &format!("{origin}/good"))
            .await
            .expect("a response");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    let (status, _) = get_text(&client, &format!("{origin}/bad"))
        .await
        .expect("a response");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    for _ in 0..3 {
        get_text(&client, &format!("{origin}/good"))
            .await
            .expect("a response");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_replaced_once_for_many_503_and_again_a_second_later() {
    let pool = Pool::new(None, Vec::new());
    let first = pool.connections().expect("a client").generation;
    pool.retire(first);
    pool.retire(first);
    let second = pool.connections().expect("a client").generation;
    assert_eq!(second, first + 1);
    pool.retire(second);
    assert_eq!(pool.connections().expect("a client").generation, second);
    tokio::time::advance(Duration::from_secs(1)).await;
    pool.retire(second);
    assert_eq!(pool.connections().expect("a client").generation, second + 1);
}

#[tokio::test]
async fn redirects_and_cookies_are_not_followed() {
    let router = Router::new()
        .route(
            "/start",
            get(|| async {
                (
                    StatusCode::FOUND,
                    [("location", "/end"), ("set-cookie", "a=b")],
                )
            }),
        )
        .route(
            "/headers",
            get(|headers: HeaderMap| async move { format!("{headers:?}") }),
        );
    let (origin, _) = serve(router).await;
    let client = client();
    let (status, _) = get_text(&client, &format!("{origin}/start"))
        .await
        .expect("a response");
    assert_eq!(status, StatusCode::FOUND);
    let (_, headers) = get_text(&client, &format!("{origin}/headers"))
        .await
        .expect("a response");
    for absent in ["cookie", "referer", "content-length"] {
        assert!(!headers.contains(absent), "{headers}");
    }
}

#[tokio::test]
async fn an_empty_post_says_that_it_is_empty() {
    let echo =
        |headers: HeaderMap| async move { format!("{:?}", headers.get(header::CONTENT_LENGTH)) };
    let (origin, _) = serve(Router::new().route("/", any(echo))).await;
    let response = client()
        .send(request(Method::POST, &origin), Limits::default())
        .await
        .expect("a response");
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    assert_eq!(body, Bytes::from_static(b"Some(\"0\")"));
}

#[tokio::test]
async fn a_body_is_cut_off_at_its_limit() {
    let (origin, _) = serve(Router::new().route("/", get(|| async { "x".repeat(1000) }))).await;
    let client = client();
    for (body, fits) in [(1000, true), (999, false)] {
        let limits = Limits {
            body,
            ..Limits::default()
        };
        let response = client
            .send(request(Method::GET, &origin), limits)
            .await
            .expect("a head");
        match response.into_body().collect().await {
            Ok(body) => assert!(fits && body.to_bytes().len() == 1000),
            Err(error) => assert!(
                !fits && matches!(error, ClientError::TooLarge { limit: 999, .. }),
                "{error}"
            ),
        }
    }
}

/// 100,000 times `0`, compressed.
const ZEROS: &str = "\
    1f8b0800000000000203edc13101000000c2a04aeb9fce1a1e40010000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000af0685c24dc5a0860100\
    ";

#[tokio::test]
async fn the_limit_counts_what_comes_out_of_compression() {
    let zipped: Vec<u8> = (0..ZEROS.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&ZEROS[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    for name in ["gzip", "GZIP", "x-gzip"] {
        let zipped = zipped.clone();
        let send =
            move || async move { ([(header::CONTENT_ENCODING, name)], zipped).into_response() };
        let (origin, _) = serve(Router::new().route("/", get(send))).await;
        let client = client();
        let (_, text) = get_text(&client, &origin).await.expect("a response");
        assert_eq!(text.len(), 100_000, "{name}");
        let limits = Limits {
            body: 10_000,
            ..Limits::default()
        };
        let response = client
            .send(request(Method::GET, &origin), limits)
            .await
            .expect("a head");
        let error = response.into_body().collect().await.expect_err(name);
        assert!(matches!(error, ClientError::TooLarge { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let stall =
        || async { Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()) };
    let router = Router::new()
        .route("/head", get(std::future::pending::<&'static str>))
        .route("/body", get(stall));
    let (origin, _) = serve(router).await;
    let client = client();
    let short = Duration::from_millis(50);
    let limits = Limits {
        first_byte: short,
        ..Limits::default()
    };
    let error = client
        .send(request(Method::GET, &format!("{origin}/head")), limits)
        .await
        .err();
    assert!(
        matches!(error, Some(ClientError::ReadTimeout { .. })),
        "{error:?}"
    );
    let limits = Limits {
        between_bytes: short,
        ..Limits::default()
    };
    let response = client
        .send(request(Method::GET, &format!("{origin}/body")), limits)
        .await
        .expect("a head");
    let error = response.into_body().collect().await.expect_err("no body");
    assert!(matches!(error, ClientError::ReadTimeout { .. }), "{error}");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let client = client();
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("loopback")
        .local_addr()
        .expect("bound");
    let error = get_text(&client, &format!("http://{free}/"))
        .await
        .expect_err("refused");
    assert_eq!(
        error,
        ClientError::Refused {
            host: free.to_string()
        }
    );

    let error = get_text(&client, &serve_bytes(b""))
        .await
        .expect_err("closed");
    assert!(matches!(error, ClientError::Closed { .. }), "{error}");
    let error = get_text(&client, &serve_bytes(b"SSH-2.0-OpenSSH_9.2\r\n"))
        .await
        .expect_err("not HTTP");
    assert!(matches!(error, ClientError::Closed { .. }), "{error}");
    let error = get_text(
        &client,
        &serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
    )
    .await
    .expect_err("cut short");
    assert!(matches!(error, ClientError::Closed { .. }), "{error}");
    let broken = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf";
    let error = get_text(&client, &serve_bytes(broken))
        .await
        .expect_err("not gzip");
    assert!(matches!(error, ClientError::Other { .. }), "{error}");

    let plain = serve_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http:", "https:");
    let error = get_text(&client, &plain).await.expect_err("no TLS there");
    assert!(matches!(error, ClientError::Tls { .. }), "{error}");
}

/// Tells the test program that it was started as [`behind_a_proxy`].
const CHILD: &str = "INTUNE_SYNC_TEST_PROXY_CHILD";

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

#[test]
fn variables_that_name_certificates_which_are_not_there_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = folder.path().display().to_string();
    let check = |name: &'static str, value: &str| {
        ca_file::check_variables(|asked| (asked == name).then(|| value.into()))
    };
    for (name, value) in [
        ("SSL_CERT_FILE", "/nowhere/ca.pem".to_owned()),
        ("SSL_CERT_FILE", there.clone()),
        ("SSL_CERT_DIR", "/nowhere".to_owned()),
    ] {
        let error = check(name, &value).expect_err(name).to_string();
        let expected = format!("`{name}` names `{value}`, which ");
        assert!(error.starts_with(&expected), "{error}");
    }
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, CA).expect("written");
    for (name, value) in [
        ("SSL_CERT_FILE", file.display().to_string()),
        ("SSL_CERT_FILE", String::new()),
        ("SSL_CERT_DIR", there.clone()),
        ("SSL_CERT_DIR", format!("/nowhere:{there}")),
        ("SSL_CERT_DIR", String::new()),
    ] {
        assert_eq!(check(name, &value), Ok(()), "{name}={value}");
    }
}

#[test]
fn loopback_is_recognised() {
    for (url, loopback) in [
        ("http://127.0.0.1:80/", true),
        ("http://127.8.8.8/", true),
        ("http://[::1]:8080/", true),
        ("http://localhost/", true),
        ("http://localhost.example/", false),
        ("http://169.254.169.254/", false),
        ("https://graph.microsoft.com/", false),
    ] {
        assert_eq!(is_loopback(&url.parse().expect("a URL")), loopback, "{url}");
    }
}

#[test]
fn a_bad_ca_file_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let pem =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    for (name, content, reason) in [
        ("missing.pem", None, "No such file"),
        ("empty.pem", Some(" \n".to_owned()), "it is empty"),
        (
            "text.pem",
            Some("hello".to_owned()),
            "no `BEGIN CERTIFICATE` block",
        ),
        (
            "base64.pem",
            Some(pem("!!")),
            "certificate 1 in it is not valid PEM",
        ),
        (
            "der.pem",
            Some(pem("AAAA")),
            "certificate 1 in it is not a valid X.509 certificate",
        ),
    ] {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).expect("written");
        }
        let error = HttpClient::new(ClientOptions {
            ca_file: Some(path.clone()),
        })
        .err()
        .expect("refused");
        let text = error.to_string();
        assert!(
            text.contains(&path.display().to_string()) && text.contains(reason),
            "{text}"
        );
    }
}

#[test]
fn a_good_ca_file_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    for mark in ["", "\u{feff}"] {
        std::fs::write(&path, format!("{mark}{CA}")).expect("written");
        assert_eq!(ca_file::read(&path).expect("a certificate").len(), 1);
    }
    HttpClient::new(ClientOptions {
        ca_file: Some(path),
    })
    .expect("a client");
}

/// A self-signed certificate made for this test; its key was thrown away.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUQV06tsqwviCvPBeNe1yRr79DvhcwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTaW50dW5lLXN5bmMgdGVzdCBDQTAgFw0yNjExMjMwNTEyMjJa
GA8yMTI2MTAzMDA1MTIyMlowHjEcMBoGA1UEAwwTaW50dW5lLXN5bmMgdGVzdCBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDT55o8YxrcnBQt6ts0yVHhT3k+/
7fKTcGYMOP74d3THi+NNN67spmSE58FAkn9X6b57wwMkeHsYt9O3h/zaCJajUzBR
MB0GA1UdDgQWBBSmr9uaf2pfriFuxU5F8qGyjuAT4zAfBgNVHSMEGDAWgBSmr9ua
f2pfriFuxU5F8qGyjuAT4zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA
MEQCIAqPjp6zlz9jE9bFo98w/wQu9pBWizlyGfKX/u28vGqiAiAl12ECWvkLy9k0
18TXoxzHNEW/NWFahsdDL+pUVplMfw==
-----END CERTIFICATE-----
";

#[test]
fn credentials_stay_out_of_debug_output() {
    let mut request = request(Method::GET, "http://127.0.0.1/");
    request.headers_mut().insert(
        header::AUTHORIZATION,
        HeaderValue::from_static("Bearer abc"),
    );
    hide_credentials(request.headers_mut());
    assert!(!format!("{request:?}").contains("abc"));
}
