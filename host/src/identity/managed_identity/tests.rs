//! Managed identities served on loopback.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::{Secret, TokenErrorKind};
use super::*;

const SCOPE: &str = "https://graph.microsoft.com/.default";

/// A request: its path with the query, and `name: value` of each header.
type Asked = (String, Vec<String>);

/// An endpoint that gives one scripted answer after the other, the last one again and again.
#[derive(Clone)]
struct Platform {
    origin: String,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    /// The requests for a token.
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl Platform {
    async fn serve(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback");
        let platform = Self {
            origin: format!("http://{}", listener.local_addr().expect("bound")),
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            requests: Arc::default(),
        };
        let router = Router::new()
            .fallback(Self::answer)
            .with_state(platform.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        platform
    }

    async fn answer(State(platform): State<Self>, request: Request) -> Response {
        // As IMDS answers a request that lacks its header: the probe.
        let headers = request.headers();
        if headers.get("metadata").is_none() && headers.get("x-identity-header").is_none() {
            return (StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#).into_response();
        }
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")));
        let request = (request.uri().to_string(), headers.collect());
        platform
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let mut answers = platform
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (status, body) = match answers.len() {
            1 => answers.front().cloned(),
            _ => answers.pop_front(),
        }
        .expect("a script has an answer");
        (StatusCode::from_u16(status).expect("a status"), body).into_response()
    }

    fn requests(&self) -> Vec<Asked> {
        self.requests.lock().expect("no panic").clone()
    }

    fn app_service(&self, assigned: Assigned) -> ManagedIdentity {
        let endpoint = format!("{}/msi/token?kept=1", self.origin);
        let environment = Environment::from([
            ("IDENTITY_ENDPOINT", endpoint.as_str()),
            ("IDENTITY_HEADER", "s3cret"),
        ]);
        ManagedIdentity::new(&environment, assigned).expect("an endpoint")
    }

    fn imds(&self, assigned: Assigned) -> ManagedIdentity {
        let environment =
            Environment::from([("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.origin.as_str())]);
        ManagedIdentity::new(&environment, assigned).expect("an endpoint")
    }
}

fn in_an_hour() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
        + 3600
}

fn good() -> (u16, String) {
    (
        200,
        format!(r#"{{"access_token":"abc","expires_on":{}}}"#, in_an_hour()),
    )
}

fn is_good(token: &AccessToken) -> bool {
    let left = token.lifetime();
    let fresh = left <= Duration::from_secs(3600) && left > Duration::from_secs(3000);
    fresh && token.secret == Secret::parse("abc").expect("valid")
}

async fn error_of(answers: impl IntoIterator<Item = (u16, String)>) -> TokenError {
    let platform = Platform::serve(answers).await;
    platform
        .app_service(Assigned::System)
        .fetch(SCOPE, false)
        .await
        .expect_err("no token")
}

#[tokio::test]
async fn app_service_is_asked_in_its_own_form() {
    for (assigned, identity) in [
        (Assigned::System, ""),
        (Assigned::ClientId("c 1".to_owned()), "&client_id=c+1"),
        (Assigned::ObjectId("o1".to_owned()), "&principal_id=o1"),
        (
            Assigned::ResourceId("/s/r".to_owned()),
            "&mi_res_id=%2Fs%2Fr",
        ),
    ] {
        let platform = Platform::serve([good()]).await;
        let source = platform.app_service(assigned);
        assert!(is_good(&source.fetch(SCOPE, false).await.expect("a token")));
        let (url, headers) = platform.requests().pop().expect("a request");
        let query = "api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com";
        assert_eq!(url, format!("/msi/token?kept=1&{query}{identity}"));
        assert!(
            headers.contains(&"x-identity-header: s3cret".to_owned()),
            "{headers:?}"
        );
        assert_eq!(source.describe(), "managed identity (App Service)");
    }
}

#[tokio::test]
async fn imds_is_asked_in_its_own_form() {
    for (assigned, identity) in [
        (Assigned::System, ""),
        (Assigned::ClientId("c1".to_owned()), "&client_id=c1"),
        (Assigned::ObjectId("o1".to_owned()), "&object_id=o1"),
        (
            Assigned::ResourceId("/s/r".to_owned()),
            "&msi_res_id=%2Fs%2Fr",
        ),
    ] {
        let platform = Platform::serve([good()]).await;
        let source = platform.imds(assigned);
        assert!(is_good(&source.fetch(SCOPE, false).await.expect("a token")));
        let (url, headers) = platform.requests().pop().expect("a request");
        let query = "api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
        assert_eq!(
            url,
            format!("/metadata/identity/oauth2/token?{query}{identity}")
        );
        assert!(
            headers.contains(&"metadata: true".to_owned()),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn each_fetch_asks_anew() {
    let platform = Platform::serve([good()]).await;
    let source = platform.imds(Assigned::System);
    for renew in [false, true, false] {
        source.fetch(SCOPE, renew).await.expect("a token");
    }
    assert_eq!(platform.requests().len(), 3);
}

#[tokio::test]
async fn every_form_of_the_end_is_read() {
    let at = in_an_hour();
    let text = jiff::Timestamp::from_second(at.cast_signed()).expect("a time");
    for form in [
        format!(r#""expires_on":"{at}""#),
        format!(r#""expires_on":{at}"#),
        format!(r#""expires_on":"{text}""#),
        format!(
            r#""expires_on":"{}""#,
            text.strftime("%m/%d/%Y %I:%M:%S %p +00:00")
        ),
        r#""expires_in":"3600""#.to_owned(),
        r#""expires_in":3600"#.to_owned(),
    ] {
        let platform =
            Platform::serve([(200, format!(r#"{{"access_token":"abc",{form}}}"#))]).await;
        let token = platform
            .app_service(Assigned::System)
            .fetch(SCOPE, false)
            .await
            .expect("a token");
        assert!(is_good(&token), "{form}");
    }
}

#[tokio::test]
async fn a_refusal_is_denied_in_the_service_s_words() {
    let words = r#"{"error":"invalid_request","error_description":"Identity not\r\n found.","access_token":"abc"}"#;
    let error = error_of([(400, words.to_owned())]).await;
    assert_eq!(error.kind, TokenErrorKind::Denied);
    assert!(
        error
            .message
            .ends_with("(App Service) answered 400: Identity not found"),
        "{error}"
    );
    assert!(
        error.message.contains("/msi/token`") && !error.message.contains("kept"),
        "{error}"
    );
    assert!(error.hint.contains("--client-id"));

    let words = r#"{"statusCode":400,"message":"No managed identity found"}"#;
    let error = error_of([(400, words.to_owned())]).await;
    assert!(
        error
            .message
            .ends_with("answered 400: No managed identity found"),
        "{error}"
    );
    let error = error_of([(403, "<html>".to_owned())]).await;
    assert!(error.message.ends_with("answered 403"), "{error}");
}

#[tokio::test]
async fn passing_trouble_is_tried_again() {
    let platform = Platform::serve([(500, String::new()), (503, "oops".to_owned()), good()]).await;
    let token = platform
        .app_service(Assigned::System)
        .fetch(SCOPE, false)
        .await
        .expect("a token");
    assert!(is_good(&token));
    assert_eq!(platform.requests().len(), 3);
}

#[tokio::test]
async fn garbage_gives_no_token_and_is_not_quoted() {
    for (body, problem) in [
        ("<html>abc</html>", "its answer is not a JSON object"),
        (
            r#"{"access_token":"abc"}"#,
            "does not say when the token ends",
        ),
        (
            r#"{"access_token":"abc","expires_on":"1000"}"#,
            "has expired already",
        ),
        (
            r#"{"access_token":"abc def","expires_in":3600}"#,
            "contains a space or line break",
        ),
        (r#"{"access_token":"","expires_in":3600}"#, "is empty"),
    ] {
        let error = error_of([(200, body.to_owned())]).await;
        assert_eq!(error.kind, TokenErrorKind::Transient);
        assert!(error.message.contains(problem), "{error}");
        assert!(!format!("{error:?}").contains("abc"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_ends_at_its_deadline() {
    // Accepts connections, since the system does, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let endpoint = format!("http://{}/token", silent.local_addr().expect("bound"));
    let environment = Environment::from([
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", "x"),
    ]);
    let source = ManagedIdentity::new(&environment, Assigned::System).expect("an endpoint");
    let error = source.fetch(SCOPE, false).await.expect_err("no token");
    assert_eq!(error.kind, TokenErrorKind::Transient);
    assert!(error.message.ends_with("within 100 s"), "{error}");
}

#[tokio::test]
async fn where_imds_does_not_answer_there_is_no_identity() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("loopback")
        .local_addr()
        .expect("bound");
    for (address, reason) in [
        (silent.local_addr().expect("bound"), "sent nothing for 2 s"),
        (free, "refused"),
    ] {
        let host = format!("http://{address}");
        let environment = Environment::from([("AZURE_POD_IDENTITY_AUTHORITY_HOST", host.as_str())]);
        let source = ManagedIdentity::new(&environment, Assigned::System).expect("an endpoint");
        let error = source.fetch(SCOPE, false).await.expect_err("nobody there");
        assert_eq!(error.kind, TokenErrorKind::Denied);
        assert!(
            error.message.starts_with("no managed identity here: ")
                && error.message.contains(reason),
            "{error}"
        );
        assert!(
            error.hint.contains("IDENTITY_ENDPOINT") && error.hint.contains("--auth token-file"),
            "{}",
            error.hint
        );
    }
}

#[test]
fn the_environment_decides_as_in_azure_s_sdks() {
    const ENDPOINT: (&str, &str) = ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token");
    const HEADER: (&str, &str) = ("IDENTITY_HEADER", "x");

    let name = |environment: Environment| {
        let source = ManagedIdentity::new(&environment, Assigned::System);
        source
            .map(|source| source.describe())
            .map_err(|error| error.message)
    };
    assert_eq!(
        name(Environment::default()),
        Ok("managed identity (IMDS)".to_owned())
    );
    assert_eq!(
        name(Environment::from([ENDPOINT, HEADER])),
        Ok("managed identity (App Service)".to_owned())
    );
    assert_eq!(
        name(Environment::from([ENDPOINT])),
        Ok("managed identity (IMDS)".to_owned())
    );

    for (environment, platform) in [
        (
            Environment::from([ENDPOINT, ("IMDS_ENDPOINT", "http://127.0.0.1:2")]),
            "Azure Arc",
        ),
        (
            Environment::from([ENDPOINT, HEADER, ("IDENTITY_SERVER_THUMBPRINT", "x")]),
            "Service Fabric",
        ),
        (
            Environment::from([("MSI_ENDPOINT", "http://127.0.0.1:3")]),
            "Cloud Shell",
        ),
        (
            Environment::from([("MSI_ENDPOINT", "http://127.0.0.1:3"), ("MSI_SECRET", "x")]),
            "Azure Machine Learning",
        ),
    ] {
        let error = ManagedIdentity::new(&environment, Assigned::System)
            .err()
            .expect("unsupported");
        assert!(
            error.message.contains(&format!(
                "the managed identity of {platform} is not supported yet"
            )),
            "{error}"
        );
        assert!(error.hint.contains("--auth token-file"));
    }

    for endpoint in ["", "127.0.0.1/token", "file:///etc/passwd"] {
        let error =
            name(Environment::from([("IDENTITY_ENDPOINT", endpoint), HEADER])).expect_err("no URL");
        assert_eq!(
            error,
            format!("`IDENTITY_ENDPOINT` is `{endpoint}`, which is not an `http` URL")
        );
    }
}

#[test]
fn imds_can_only_be_moved_to_loopback() {
    let moved = |host: &str| {
        let environment = Environment::from([("AZURE_POD_IDENTITY_AUTHORITY_HOST", host)]);
        ManagedIdentity::new(&environment, Assigned::System).map(|source| source.endpoint.address())
    };
    for host in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080/",
        "http://localhost",
        "http://169.254.169.254",
    ] {
        let address = moved(host).expect("allowed");
        assert_eq!(
            address,
            format!(
                "{}/metadata/identity/oauth2/token",
                host.trim_end_matches('/')
            )
        );
    }
    for host in [
        "http://10.0.0.1",
        "http://169.254.169.253",
        "https://127.0.0.1",
        "http://127.0.0.1.example",
        "x",
        "",
    ] {
        let error = moved(host).expect_err("refused");
        assert!(
            error
                .message
                .starts_with("`AZURE_POD_IDENTITY_AUTHORITY_HOST` is `"),
            "{error}"
        );
    }
}
