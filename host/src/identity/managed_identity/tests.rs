//! Managed identities served on loopback.

use std::{
    collections::VecDeque,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use intune_sync_identity::TokenErrorKind;

use super::{
    super::{Secret, now, obtain},
    *,
};

const SCOPE: &str = "https://graph.microsoft.com/.default";

/// A request: its path with the query, and `name: value` of each header.
type Received = (String, Vec<String>);

/// An endpoint that gives one scripted response after the other, the last one again and again.
#[derive(Clone)]
struct ScriptedEndpoint {
    origin: String,
    responses: Arc<Mutex<VecDeque<(u16, String)>>>,
    /// The requests for a token.
    requests: Arc<Mutex<Vec<Received>>>,
}

impl ScriptedEndpoint {
    async fn serve(responses: impl IntoIterator<Item = (u16, String)>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback");
        let endpoint = Self {
            origin: format!("http://{}", listener.local_addr().expect("bound")),
            responses: Arc::new(Mutex::new(responses.into_iter().collect())),
            requests: Arc::default(),
        };
        let router = Router::new()
            .fallback(Self::respond)
            .with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    async fn respond(State(endpoint): State<Self>, request: Request) -> Response {
        // As IMDS responds to a request that lacks its header: the probe.
        let headers = request.headers();
        if headers.get("metadata").is_none() && headers.get("x-identity-header").is_none() {
            return (StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#).into_response();
        }
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")));
        let request = (request.uri().to_string(), headers.collect());
        endpoint
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let mut responses = endpoint
            .responses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (status, body) = match responses.len() {
            1 => responses.front().cloned(),
            _ => responses.pop_front(),
        }
        .expect("a script has a response");
        (StatusCode::from_u16(status).expect("a status"), body).into_response()
    }

    fn requests(&self) -> Vec<Received> {
        self.requests.lock().expect("no panic").clone()
    }

    fn app_service(&self) -> ManagedIdentity {
        let endpoint = format!("{}/msi/token?kept=1", self.origin);
        let environment = Environment::from([
            ("IDENTITY_ENDPOINT", endpoint.as_str()),
            ("IDENTITY_HEADER", "s3cret"),
        ]);
        ManagedIdentity::new(&environment, None).expect("an endpoint")
    }

    fn imds(&self) -> ManagedIdentity {
        let environment =
            Environment::from([("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.origin.as_str())]);
        ManagedIdentity::new(&environment, None).expect("an endpoint")
    }
}

fn in_an_hour() -> i64 {
    now() + 3600
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

async fn error_of(responses: impl IntoIterator<Item = (u16, String)>) -> TokenError {
    let endpoint = ScriptedEndpoint::serve(responses).await;
    endpoint
        .app_service()
        .fetch(SCOPE, false)
        .await
        .expect_err("no token")
}

#[tokio::test]
async fn each_fetch_asks_anew() {
    let endpoint = ScriptedEndpoint::serve([good()]).await;
    let source = endpoint.imds();
    for renew in [false, true, false] {
        source.fetch(SCOPE, renew).await.expect("a token");
    }
    assert_eq!(endpoint.requests().len(), 3);
}

#[tokio::test]
async fn every_form_of_the_end_is_read() {
    let at = in_an_hour();
    let text = jiff::Timestamp::from_second(at).expect("a time");
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
        let endpoint =
            ScriptedEndpoint::serve([(200, format!(r#"{{"access_token":"abc",{form}}}"#))]).await;
        let token = endpoint
            .app_service()
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
            .ends_with("(App Service) returned 400: Identity not found"),
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
            .ends_with("returned 400: No managed identity found"),
        "{error}"
    );
    let error = error_of([(403, "<html>".to_owned())]).await;
    assert!(error.message.ends_with("returned 403"), "{error}");
    assert!(
        error.hint.contains("`--auth`") && error.hint.contains("`intune-sync doctor`"),
        "{}",
        error.hint
    );
}

#[tokio::test]
async fn trouble_that_may_pass_is_retried() {
    for endpoint in [
        ScriptedEndpoint::serve([(500, String::new()), (503, "oops".to_owned()), good()]).await,
        ScriptedEndpoint::serve([(404, String::new()), (410, String::new()), good()]).await,
    ] {
        let token = obtain(&endpoint.imds(), SCOPE).await.expect("a token");
        assert!(is_good(&token));
        assert_eq!(endpoint.requests().len(), 3);
    }
}

/// Accepts connections, since the system does, and never responds.
fn silent() -> (TcpListener, Environment) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let endpoint = format!("http://{}/token", silent.local_addr().expect("bound"));
    let variables = [
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", "x"),
    ];
    let environment = Environment::from(variables);
    (silent, environment)
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_silent_is_given_up_within_minutes() {
    let (_silent, environment) = silent();
    let source = ManagedIdentity::new(&environment, None).expect("an endpoint");
    let start = tokio::time::Instant::now();
    let error = obtain(&source, SCOPE).await.expect_err("no token");
    assert_eq!(error.kind, TokenErrorKind::NoResponse);
    assert!(error.message.ends_with("sent nothing for 30 s"), "{error}");
    let lasted = start.elapsed().as_secs();
    assert!((100..180).contains(&lasted), "{lasted} s");
}

#[tokio::test]
async fn where_imds_does_not_respond_there_is_no_identity() {
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
        let source = ManagedIdentity::new(&environment, None).expect("an endpoint");
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

/// A server of Azure Arc on loopback, which names a file in this folder and then takes the key in it.
async fn arc(folder: &std::path::Path) -> (intune_sync_simulator::Simulator, ManagedIdentity) {
    let mut config = intune_sync_simulator::Config::default();
    config.identity.arc_keys_in = Some(folder.display().to_string());
    let simulator = intune_sync_simulator::Simulator::new(config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(intune_sync_simulator::serve(simulator.clone(), listener));
    let endpoint = format!("{origin}/metadata/identity/oauth2/token");
    let environment = Environment::from([
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IMDS_ENDPOINT", origin.as_str()),
    ]);
    let identity = ManagedIdentity::new(&environment, None).expect("an endpoint");
    let identity = ManagedIdentity::with_keys_in(KeyFolder::at(folder), identity.identity);
    (simulator, identity)
}

#[tokio::test]
async fn azure_arc_takes_the_key_that_it_has_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..2 {
        let path = folder.path().join(format!("{number}.key"));
        std::fs::write(path, format!("arc-key-{number}")).expect("written");
    }
    let (simulator, source) = arc(folder.path()).await;
    assert_eq!(source.describe(), "managed identity (Azure Arc)");
    for renew in [false, true] {
        source.fetch(SCOPE, renew).await.expect("a token");
    }
    let statistics = simulator.statistics();
    assert_eq!(
        (statistics.requests.identity, statistics.tokens_issued),
        (4, 2)
    );

    // The third key is not there, as for a user who may not read it; the fourth is wrong.
    let error = source.fetch(SCOPE, false).await.expect_err("no key");
    assert_eq!(error.kind, TokenErrorKind::Denied);
    assert!(error.message.contains("2.key` cannot be read"), "{error}");
    assert!(error.hint.contains("`himds`"), "{}", error.hint);
    std::fs::write(folder.path().join("3.key"), "guess-7f3a").expect("written");
    let error = source.fetch(SCOPE, false).await.expect_err("a wrong key");
    assert!(
        error
            .message
            .ends_with("(Azure Arc) returned 401: The key is wrong"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("guess-7f3a"), "{error:?}");
}

/// The folder is fixed: what is named elsewhere is not sent, whatever it holds.
#[tokio::test]
async fn azure_arc_gets_no_file_of_another_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("0.key"), "s3cret-file").expect("written");
    let (simulator, source) = arc(folder.path()).await;
    let source = ManagedIdentity::with_keys_in(KeyFolder::of_agent(), source.identity);
    let error = source.fetch(SCOPE, false).await.expect_err("refused");
    assert!(error.message.contains("which is not sent"), "{error}");
    assert_eq!(simulator.statistics().requests.identity, 1);
}
