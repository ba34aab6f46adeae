//! What a component's variables come to.

use http::Method;

use super::*;

const SCOPE: &str = "https://graph.microsoft.com/.default";
const CLIENT: &str = "00112233-4455-6677-8899-aabbccddeeff";

fn source(variables: &[(&str, &str)]) -> Result<Source, Advice> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Source::read(&Variables::new(variables.iter().map(own).collect()))
}

fn problem(variables: &[(&str, &str)]) -> String {
    source(variables)
        .err()
        .map(|problem| problem.message)
        .unwrap_or_default()
}

#[test]
fn a_managed_identity_is_that_of_the_platform_unless_another_is_named() {
    for (variable, value, identity) in [
        ("X", "", ""),
        (
            "INTUNE_SYNC_CLIENT_ID",
            CLIENT,
            "&client_id=00112233-4455-6677-8899-aabbccddeeff",
        ),
        (
            "INTUNE_SYNC_OBJECT_ID",
            CLIENT,
            "&principal_id=00112233-4455-6677-8899-aabbccddeeff",
        ),
        (
            "INTUNE_SYNC_RESOURCE_ID",
            "/subscriptions/r",
            "&mi_res_id=%2Fsubscriptions%2Fr",
        ),
    ] {
        let source = source(&[
            ("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token?kept=1"),
            ("IDENTITY_HEADER", "s3cret"),
            (variable, value),
        ])
        .unwrap_or_else(|problem| panic!("{problem}"));
        assert!(!source.is_imds());
        let request = source.request(SCOPE);
        let query = "resource=https%3A%2F%2Fgraph.microsoft.com";
        let path = format!("/msi/token?kept=1&api-version=2019-08-01&{query}{identity}");
        let url = format!("http://127.0.0.1:41{path}");
        assert_eq!(request.uri().to_string(), url);
        assert_eq!(request.headers()["x-identity-header"], "s3cret");
        assert_eq!(
            (request.method(), request.body().0.as_str()),
            (&Method::GET, "")
        );
        let name = "the managed identity endpoint `http://127.0.0.1:41/msi/token` (App Service)";
        assert_eq!(source.endpoint().name, name);
    }
    let imds = source(&[]).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(imds.is_imds());
    let host = problem(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://evil.example")]);
    assert!(host.contains("loopback"), "{host}");
}

#[test]
fn entra_is_posted_a_form() {
    let client = [
        ("INTUNE_SYNC_TENANT_ID", "contoso.example"),
        ("INTUNE_SYNC_CLIENT_ID", CLIENT),
    ];
    let secret = [
        ("INTUNE_SYNC_AUTH", "client-secret"),
        ("INTUNE_SYNC_CLIENT_SECRET", "a&b+c\n"),
        ("INTUNE_SYNC_CLOUD", "usgov"),
    ];
    let by_secret =
        source(&[&client[..], &secret].concat()).unwrap_or_else(|problem| panic!("{problem}"));
    let request = by_secret.request(SCOPE);
    assert_eq!(
        (request.method(), request.uri().to_string().as_str()),
        (
            &Method::POST,
            "https://login.microsoftonline.us/contoso.example/oauth2/v2.0/token"
        )
    );
    let scope = "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";
    let form =
        format!("grant_type=client_credentials&client_id={CLIENT}&client_secret=a%26b%2Bc&{scope}");
    assert_eq!(request.body().0, form);

    let workload = [
        ("INTUNE_SYNC_AUTH", "workload-identity"),
        ("INTUNE_SYNC_FEDERATED_TOKEN", "e30.e30.x"),
        ("AZURE_AUTHORITY_HOST", "https://127.0.0.1:8080/"),
    ];
    let by_assertion =
        source(&[&client[..], &workload].concat()).unwrap_or_else(|problem| panic!("{problem}"));
    let request = by_assertion.request(SCOPE);
    let url = request.uri().to_string();
    assert!(url.starts_with("https://127.0.0.1:8080/"), "{url}");
    let form = &request.body().0;
    assert!(form.contains("&client_assertion=e30.e30.x&"), "{form}");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let unsupported = "the managed identity of Azure Arc is not available to a component, which cannot read \
                       the file with its key";
    for (variables, message) in [
        (
            vec![("INTUNE_SYNC_AUTH", "token-file")],
            "`token-file` is not allowed for `INTUNE_SYNC_AUTH`: it takes `managed-identity`, \
             `workload-identity` or `client-secret`",
        ),
        (
            vec![("INTUNE_SYNC_AUTH", "client-secret")],
            "`INTUNE_SYNC_AUTH` is `client-secret`, which needs `INTUNE_SYNC_CLIENT_SECRET`",
        ),
        (
            vec![
                ("INTUNE_SYNC_AUTH", "client-secret"),
                ("INTUNE_SYNC_CLIENT_SECRET", "x"),
                ("INTUNE_SYNC_TENANT_ID", "a/../b"),
                ("INTUNE_SYNC_CLIENT_ID", CLIENT),
            ],
            "`a/../b` is not allowed for `INTUNE_SYNC_TENANT_ID`: it takes a tenant's id, a GUID, or one of its domains such \
             as `contoso.onmicrosoft.com`",
        ),
        (
            vec![
                ("IDENTITY_ENDPOINT", "http://localhost:40342/x"),
                ("IMDS_ENDPOINT", "http://localhost:40342"),
            ],
            unsupported,
        ),
        (
            vec![("IDENTITY_ENDPOINT", "ftp://x"), ("IDENTITY_HEADER", "h")],
            "`IDENTITY_ENDPOINT` is `ftp://x`, which is not an `http` URL",
        ),
        (
            vec![
                ("INTUNE_SYNC_CLIENT_ID", CLIENT),
                ("INTUNE_SYNC_OBJECT_ID", CLIENT),
            ],
            "`INTUNE_SYNC_CLIENT_ID` and `INTUNE_SYNC_OBJECT_ID` are not allowed together: each names the one \
             identity to use",
        ),
    ] {
        assert_eq!(problem(&variables), message);
    }
}

/// The settings of an app that proves who it is, and a variable or two besides.
fn app<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let settings = [
        ("INTUNE_SYNC_TENANT_ID", "contoso.example"),
        ("INTUNE_SYNC_CLIENT_ID", CLIENT),
        ("INTUNE_SYNC_CLIENT_SECRET", "s3cret"),
        ("INTUNE_SYNC_FEDERATED_TOKEN", "e30.e30.x"),
    ];
    let named = |name: &str| more.iter().any(|(given, _)| *given == name);
    let kept = settings.into_iter().filter(|(name, _)| !named(name));
    kept.chain(more.iter().copied()).collect()
}

#[test]
fn no_variable_sends_a_secret_or_a_federated_token_elsewhere() {
    for auth in ["client-secret", "workload-identity"] {
        for host in [
            "http://127.0.0.1:8080",
            "http://login.microsoftonline.com",
            "https://login.microsoftonline.com.example",
            "https://login.example",
            "https://login.microsoftonline.com:8443",
            "https://login.microsoftonline.com/common",
            "https://10.0.0.1",
        ] {
            let given = [("INTUNE_SYNC_AUTH", auth), ("AZURE_AUTHORITY_HOST", host)];
            assert_eq!(
                problem(&app(&given)),
                format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names"),
            );
        }
        let other = "https://login.microsoftonline.us";
        let given = [("INTUNE_SYNC_AUTH", auth), ("AZURE_AUTHORITY_HOST", other)];
        assert_eq!(
            problem(&app(&given)),
            format!(
                "`AZURE_AUTHORITY_HOST` is `{other}`, which is not the authority of `INTUNE_SYNC_CLOUD=public`"
            )
        );
        for own in [
            "https://login.microsoftonline.com/",
            "https://127.0.0.1:8443",
        ] {
            let given = [("INTUNE_SYNC_AUTH", auth), ("AZURE_AUTHORITY_HOST", own)];
            let source = source(&app(&given)).unwrap_or_else(|problem| panic!("{problem}"));
            let request = source.request(SCOPE);
            let url = request.uri().to_string();
            assert!(url.starts_with(own), "{own}: {url}");
        }
    }
}

#[test]
fn a_tenant_that_only_people_sign_in_to_is_refused() {
    for auth in ["client-secret", "workload-identity"] {
        for tenant in [
            "common",
            "organizations",
            "consumers",
            "a/../b",
            ".",
            "a..b",
        ] {
            let given = [
                ("INTUNE_SYNC_AUTH", auth),
                ("INTUNE_SYNC_TENANT_ID", tenant),
            ];
            let message = problem(&app(&given));
            let start = format!("`{tenant}` is not allowed for `INTUNE_SYNC_TENANT_ID`: it takes ");
            assert!(message.starts_with(&start), "{message}");
        }
    }
}

#[test]
fn a_component_is_advised_by_its_variables() {
    let app = |more: &[(&'static str, &'static str)]| {
        app(&[&[("INTUNE_SYNC_AUTH", "client-secret")], more].concat())
    };
    for variables in [
        vec![("INTUNE_SYNC_AUTH", "token-file")],
        vec![("INTUNE_SYNC_AUTH", "workload-identity")],
        app(&[("INTUNE_SYNC_CLIENT_SECRET", "a b")]),
        app(&[("INTUNE_SYNC_CLIENT_ID", "x")]),
        app(&[("INTUNE_SYNC_TENANT_ID", "x")]),
        app(&[("INTUNE_SYNC_CLOUD", "x")]),
        app(&[("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us")]),
        app(&[("AZURE_AUTHORITY_HOST", "https://x.example")]),
        vec![("IDENTITY_ENDPOINT", "ftp://x"), ("IDENTITY_HEADER", "h")],
        vec![("IDENTITY_ENDPOINT", "http://x"), ("IDENTITY_HEADER", "\n")],
        vec![
            ("IDENTITY_ENDPOINT", "http://localhost:40342/x"),
            ("IMDS_ENDPOINT", "y"),
        ],
        vec![("MSI_ENDPOINT", "http://x")],
        vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://x")],
        vec![("INTUNE_SYNC_RESOURCE_ID", "x")],
        vec![
            ("INTUNE_SYNC_CLIENT_ID", CLIENT),
            ("INTUNE_SYNC_OBJECT_ID", CLIENT),
        ],
    ] {
        let advice = source(&variables)
            .err()
            .unwrap_or_else(|| panic!("{variables:?} is good"));
        let text = format!("{}; {}", advice.message, advice.hint);
        assert!(
            !text.contains("--") && !text.contains("HTTPS_PROXY"),
            "{text}"
        );
    }
}
