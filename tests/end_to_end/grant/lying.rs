//! Responses that are not Graph's: what they say is compared with what was asked, to the letter.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use intune_sync_simulator::{Config, PrincipalConfig};

use super::{IDENTITY, SYNC, admin, fresh, granted};
use crate::tenant::Tenant;

/// What Graph returns is compared with what was requested, to the letter.
#[test]
fn a_response_about_another_identity_ends_it() {
    let principal = "/servicePrincipals/00000000-0000-4000-8000-0000000b0001";
    let cases: [(&[&str], &str, &str, &str); 3] = [
        (
            &["--principal-id", IDENTITY],
            "GET",
            principal,
            "returned the service principal",
        ),
        (
            &["--principal-id", IDENTITY],
            "GET",
            "/appRoleAssignments",
            "returned the assignment of",
        ),
        (
            &["--principal-id", IDENTITY, "--revoke"],
            "GET",
            "/appRoleAssignments",
            "returned the assignment of",
        ),
    ];
    for (args, method, path, error) in cases {
        let mut config = with_other("other", "ManagedIdentity");
        config.tokens.roles = vec![SYNC.into()];
        let tenant = Tenant::new(config);
        let root = lying(&tenant, method, path, |body| body.replace(IDENTITY, OTHER));
        let admin = admin();
        let finished = admin.grant_at(&root).args(args.iter().copied()).run();
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(finished.stderr.contains(error), "{finished:?}");
        let statistics = tenant.statistics();
        assert_eq!(
            (statistics.roles_assigned, statistics.roles_revoked),
            (0, 0),
            "{args:?}"
        );
    }
}

/// The role is assigned by then; that it was to someone else is not kept quiet.
#[test]
fn a_confirmation_of_another_assignment_ends_it() {
    let roles = [
        (IDENTITY, OTHER),
        ("00000000-0000-4000-8000-0000000c0001", OTHER),
        (
            "2f51be20-0bb4-4fed-bf7b-db946066c75e",
            "5b07b0dd-2377-4e44-a38d-703f09a0dc3c",
        ),
    ];
    for (requested, returned) in roles {
        let tenant = Tenant::new(fresh(5));
        let root = lying(&tenant, "POST", "/appRoleAssignedTo", move |body| {
            body.replace(requested, returned)
        });
        let admin = admin();
        let grant = admin.grant_at(&root);
        let finished = grant.args(["--principal-id", IDENTITY]).run();
        assert_eq!(finished.code, 1, "{finished:?}");
        let (error, _) = finished.error();
        assert!(
            error.contains(returned) && error.contains(requested),
            "{finished:?}"
        );
        assert_eq!(tenant.statistics().roles_assigned, 1, "{finished:?}");
    }
}

/// Anyone may register an application, of any name.
#[test]
fn a_name_in_other_letters_and_an_application_are_not_taken() {
    for (name, kind, wanted, error) in [
        (
            "Twin",
            "ManagedIdentity",
            "twin",
            "no service principal is called exactly `twin`",
        ),
        (
            "twin",
            "Application",
            "twin",
            "is of the type `Application`, not `ManagedIdentity`",
        ),
        ("twin", "Legacy", "twin", "is of the type `Legacy`"),
    ] {
        let tenant = Tenant::new(with_other(name, kind));
        let admin = admin();
        let finished = admin.grant(&tenant).args(["--name", wanted]).run();
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(finished.stderr.contains(error), "{finished:?}");
        assert_eq!(tenant.statistics().roles_assigned, 0, "{finished:?}");
    }
    let tenant = Tenant::new(with_other("twin", "Application"));
    let admin = admin();
    for whom in [["--name", "twin"], ["--principal-id", OTHER]] {
        let grant = admin.grant(&tenant).args(whom);
        let (_, roles) = granted(grant.args(["--type", "application"]));
        assert_eq!(roles.len(), 2);
    }
    let mismatched = admin.grant(&tenant).args(["--principal-id", IDENTITY]);
    let finished = mismatched.args(["--type", "application"]).run();
    assert_eq!(finished.code, 1, "{finished:?}");
}

/// The first of several pages is not all.
#[test]
fn a_list_that_goes_on_is_not_one_identity() {
    let tenant = Tenant::new(with_other("twin", "ManagedIdentity"));
    let root = lying(&tenant, "GET", "/servicePrincipals", |body| {
        body.replacen('{', r#"{"@odata.nextLink":"https://graph.microsoft.com/v1.0/servicePrincipals?$skiptoken=x","#, 1)
    });
    let admin = admin();
    let finished = admin.grant_at(&root).args(["--name", "twin"]).run();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stderr.contains("and more"), "{finished:?}");
    assert_eq!(tenant.statistics().roles_assigned, 0, "{finished:?}");
}

/// Another identity of the tenant.
const OTHER: &str = "00000000-0000-4000-8000-0000000b0011";

fn with_other(name: &str, kind: &str) -> Config {
    let mut config = fresh(5);
    config.directory.principals = vec![PrincipalConfig {
        id: OTHER.into(),
        app_id: "00000000-0000-4000-8000-0000000a0011".into(),
        name: name.into(),
        kind: kind.into(),
    }];
    config
}

/// A server that returns something else than the tenant does: `lie` changes the bodies of this kind of request.
fn lying(
    tenant: &Tenant,
    method: &'static str,
    path: &'static str,
    lie: impl Fn(String) -> String + Clone + Send + Sync + 'static,
) -> String {
    let simulator = tenant.simulator.clone();
    let router = Router::new().fallback(async move |request: Request| {
        let lies = request.method() == method && request.uri().path().ends_with(path);
        let (mut head, body) = simulator.respond(request).await.into_parts();
        head.headers.remove("content-length");
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let mut text = String::from_utf8(body.to_vec()).expect("UTF-8");
        if lies {
            text = lie(text);
        }
        Response::from_parts(head, Body::from(text))
    });
    tenant.block_on(async {
        let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(async { axum::serve(listener, router).await });
        format!("http://{address}")
    })
}
