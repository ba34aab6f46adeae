//! The client against servers on loopback.

mod certificates;
mod proxies;

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
fn credentials_stay_out_of_debug_output() {
    let mut request = request(Method::GET, "http://127.0.0.1/");
    request.headers_mut().insert(
        header::AUTHORIZATION,
        HeaderValue::from_static("Bearer abc"),
    );
    hide_credentials(request.headers_mut());
    assert!(!format!("{request:?}").contains("abc"));
}
