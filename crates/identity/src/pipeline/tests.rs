//! What is requested of the issuers, and what their responses come to.

use http::Method;

use super::*;
use crate::TokenErrorKind;

const CONNECTION: &str = "00112233-4455-6677-8899-aabbccddeeff";
const GITHUB: [(&str, &str); 2] = [
    (
        GITHUB_URL,
        "https://run.actions.example/90/idtoken?api-version=2.0",
    ),
    (GITHUB_TOKEN, "job-token"),
];
const AZURE: [(&str, &str); 3] = [
    (AZURE_URL, "https://dev.azure.example/o/p/_apis/oidctoken"),
    (AZURE_TOKEN, "job-token"),
    (AZURE_CONNECTION, CONNECTION),
];

fn github(variables: &[(&str, &str)]) -> Result<PipelineJob, Advice> {
    PipelineJob::of_github_actions(|name| value(variables, name))
}

fn azure(variables: &[(&str, &str)], connection: Option<Guid>) -> Result<PipelineJob, Advice> {
    PipelineJob::of_azure_pipelines(|name| value(variables, name), connection)
}

fn value<'a>(variables: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let found = variables.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

fn good(job: Result<PipelineJob, Advice>) -> PipelineJob {
    job.unwrap_or_else(|advice| panic!("{advice:?}"))
}

#[test]
fn each_issuer_is_asked_in_its_own_form() {
    let job = good(github(&GITHUB));
    let request = job.request();
    assert_eq!(
        (request.method(), request.uri().to_string().as_str()),
        (
            &Method::GET,
            "https://run.actions.example/90/idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange"
        )
    );
    let bare = [(GITHUB_URL, "http://127.0.0.1:1/idtoken"), GITHUB[1]];
    let request = good(github(&bare)).request();
    assert!(
        request
            .uri()
            .to_string()
            .ends_with("/idtoken?audience=api%3A%2F%2FAzureADTokenExchange")
    );

    let job = good(azure(&AZURE, None));
    let request = job.request();
    assert_eq!(
        (request.method(), request.uri().to_string()),
        (
            &Method::POST,
            format!(
                "https://dev.azure.example/o/p/_apis/oidctoken?api-version=7.1&serviceConnectionId={CONNECTION}"
            )
        )
    );
    let flag = "ffeeddcc-bbaa-9988-7766-554433221100";
    let other = azure(&AZURE[..2], flag.parse().ok());
    assert!(good(other).request().uri().to_string().ends_with(flag));
    assert_eq!(job.token().expose(), "job-token");
}

/// Without it the variable is missing, and the hint says how it comes to be there.
#[test]
fn each_variable_that_is_missing_is_named_with_what_to_grant() {
    for (at, words) in [
        (0, "`permissions: id-token: write`"),
        (1, "`permissions: id-token: write`"),
    ] {
        let mut variables = GITHUB.to_vec();
        let (name, _) = variables.remove(at);
        let advice = github(&variables).err().expect("it is missing");
        assert_eq!(
            advice.message,
            format!("no job of GitHub Actions that may request tokens: `{name}` is not set")
        );
        assert!(advice.hint.contains(words), "{advice:?}");
    }
    for (at, words) in [
        (0, "run the program in a pipeline"),
        (1, "`SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"),
        (2, "`--service-connection-id`"),
    ] {
        let mut variables = AZURE.to_vec();
        let (name, _) = variables.remove(at);
        let advice = azure(&variables, None).err().expect("it is missing");
        assert_eq!(
            advice.message,
            format!("no job of Azure Pipelines that may request tokens: `{name}` is not set")
        );
        assert!(advice.hint.contains(words), "{advice:?}");
    }
}

#[test]
fn the_job_s_token_goes_to_https_or_loopback_only() {
    for url in [
        "https://x.example/a?b=c",
        "http://127.0.0.1:8080/a",
        "http://localhost/a",
    ] {
        good(github(&[(GITHUB_URL, url), GITHUB[1]]));
        good(azure(&[(AZURE_URL, url), AZURE[1], AZURE[2]], None));
    }
    for url in ["http://x.example/a", "x.example", "file:///a", "x"] {
        let advice = github(&[(GITHUB_URL, url), GITHUB[1]])
            .err()
            .expect("refused");
        let message = format!("`{GITHUB_URL}` is `{url}`, which is not an `https` URL");
        assert_eq!(advice.message, message);
        let advice = azure(&[(AZURE_URL, url), AZURE[1], AZURE[2]], None);
        assert!(advice.is_err(), "{url}");
    }
    let url = "https://me:s3cret@x.example/a";
    let named = |name: &str| {
        format!(
            "`{name}` is `https://...@x.example/a`, which has a user name or a password, and neither is allowed there"
        )
    };
    let advice = github(&[(GITHUB_URL, url), GITHUB[1]]).err();
    assert_eq!(advice.expect("refused").message, named(GITHUB_URL));
    let advice = azure(&[(AZURE_URL, url), AZURE[1], AZURE[2]], None).err();
    assert_eq!(advice.expect("refused").message, named(AZURE_URL));
    let advice = github(&[GITHUB[0], (GITHUB_TOKEN, "a b-secret")])
        .err()
        .expect("refused");
    assert_eq!(
        advice.message,
        format!("the value of `{GITHUB_TOKEN}` contains a space or line break")
    );
    let connection = [AZURE[0], AZURE[1], (AZURE_CONNECTION, "me")];
    let advice = azure(&connection, None).err().expect("refused");
    assert_eq!(
        advice.message,
        format!("`{AZURE_CONNECTION}` is `me`, which is not a GUID")
    );
}

#[test]
fn a_token_is_read_from_where_each_issuer_puts_it() {
    let (github, azure) = (good(github(&GITHUB)), good(azure(&AZURE, None)));
    let read = |job: &PipelineJob, status: u16, body: &str| {
        let response = Response::builder().status(status).body(body.to_owned());
        let read = job.handle_response(&response.expect("a response"));
        read.map(|token| token.expose().to_owned())
    };
    assert_eq!(
        read(&github, 200, r#"{"count":7,"value":"e30.e30.a"}"#).as_deref(),
        Ok("e30.e30.a")
    );
    assert_eq!(
        read(&azure, 200, r#"{"oidcToken":"e30.e30.b"}"#).as_deref(),
        Ok("e30.e30.b")
    );

    for (job, body, problem) in [
        (
            &github,
            r#"{"oidcToken":"e30.e30.secret"}"#,
            "its response has no `value`",
        ),
        (
            &azure,
            r#"{"value":"e30.e30.secret"}"#,
            "its response has no `oidcToken`",
        ),
        (
            &azure,
            "<html>secret</html>",
            "its response is not a JSON object",
        ),
        (
            &github,
            r#"{"value":"a secret"}"#,
            "the token contains a space or line break",
        ),
    ] {
        let error = read(job, 200, body).expect_err("no token");
        assert_eq!(error.kind, TokenErrorKind::Transient);
        assert!(error.message.ends_with(problem), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    for (job, words) in [
        (&github, "id-token: write"),
        (&azure, "$(System.AccessToken)"),
    ] {
        let error = read(job, 401, "").expect_err("refused");
        assert_eq!(error.kind, TokenErrorKind::Denied);
        assert!(error.hint.contains(words), "{}", error.hint);
        // Unlike a machine's own endpoint, an issuer says by this that there is no such job or connection.
        let error = read(job, 404, "").expect_err("absent");
        assert_eq!(error.kind, TokenErrorKind::Denied);
        assert!(error.hint.contains(words), "{}", error.hint);
        let error = read(job, 503, "").expect_err("in trouble");
        assert_eq!(error.kind, TokenErrorKind::Busy);
    }
}
