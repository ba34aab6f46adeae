//! What a token says of itself: its age, scopes and audience, or nothing.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{IDENTITY, READ, SYNC, TENANT, assert_cause, device, doctor, examined, outcomes};
use crate::{
    grant,
    program::write_secret,
    tenant::{Tenant, healthy},
};

/// Granted, and Azure still returns the earlier token.
#[test]
fn a_token_older_than_the_grant() {
    let mut config = grant::fresh(5);
    config.tokens.first_issued_seconds_ago = 3 * 60 * 60;
    let tenant = Tenant::new(config);
    let admin = grant::admin();
    let finished = admin
        .grant(&tenant)
        .args(["--principal-id", IDENTITY])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let device = device(&tenant);
    let (_, report) = examined(doctor(&tenant).args(["--probe", &device]));
    let named = [
        "3 h 0 min ago",
        READ,
        SYNC,
        "granted since then",
        "wait until it expires",
        "24 hours",
    ];
    assert_cause(&report, ("age", "stale-token", 4), &named);
    assert_eq!(outcomes(&report), "+++++++x----", "{report:#}");
    assert_eq!(tenant.simulator.roles(), [READ, SYNC], "they are granted");

    // An old token that has the roles is as good as a new one.
    let mut config = healthy(5);
    config.identity.cache = true;
    config.tokens.first_issued_seconds_ago = 3 * 60 * 60;
    let (_, report) = examined(doctor(&Tenant::new(config)));
    assert_eq!(outcomes(&report), "+++++++++++-", "{report:#}");
}

#[test]
fn a_token_that_says_nothing_of_itself_is_tried() {
    let mut config = healthy(5);
    config.tokens.fixed = Some("an-opaque-token".into());
    let (_folder, path) = token_file("an-opaque-token");
    let args = [
        "--auth",
        "token-file",
        "--token-file",
        path.to_str().expect("UTF-8"),
    ];
    let tenant = Tenant::new(config.clone());
    let device = device(&tenant);
    let (_, report) = examined(doctor(&tenant).args(args).args(["--probe", &device]));
    assert_eq!(outcomes(&report), "++++------++", "{report:#}");
    assert_eq!(report["Token"], Value::Null);

    config.tokens.roles = vec![READ.into()];
    let tenant = Tenant::new(config);
    let (_, report) = examined(doctor(&tenant).args(args).args(["--probe", &device]));
    assert_cause(
        &report,
        ("sync", "role-missing", 4),
        &[SYNC, "intune-sync grant"],
    );
}

#[test]
fn a_users_token_is_judged_by_its_scopes() {
    let delegated = |scopes: &str| {
        grant::jwt(&json!({
            "aud": "00000003-0000-0000-c000-000000000000", "tid": TENANT, "scp": scopes, "iat": 1, "exp": 32_503_680_000_u64,
        }))
    };
    for (scopes, roles, expected) in [
        (
            format!("openid {READ} {SYNC}"),
            vec![READ, SYNC],
            "++++++++++++",
        ),
        (format!("openid {READ} {SYNC}"), vec![], "++++++++++x-"),
        (
            "User.Read openid".to_owned(),
            vec![READ, SYNC],
            "+++++++x----",
        ),
    ] {
        let token = delegated(&scopes);
        let mut config = healthy(5);
        config.tokens.fixed = Some(token.clone());
        config.tokens.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let tenant = Tenant::new(config);
        let (_folder, path) = token_file(&token);
        let (_, report) = examined(
            doctor(&tenant)
                .args([
                    "--auth",
                    "token-file",
                    "--token-file",
                    path.to_str().expect("UTF-8"),
                ])
                .args(["--probe", &device(&tenant)]),
        );
        assert_eq!(outcomes(&report), expected, "{report:#}");
        assert_eq!(report["Token"]["Kind"], "delegated");
        if let Some(hint) = report["Cause"]["Hint"].as_str() {
            assert!(
                !hint.contains("intune-sync grant"),
                "of no use to a user: {hint}"
            );
        }
    }
}

#[test]
fn a_token_for_something_else() {
    let claims = |audience: &str| json!({"aud": audience, "tid": TENANT, "roles": [READ, SYNC]});
    let tenant = Tenant::new(healthy(5));
    for (audience, cloud, named) in [
        (
            "https://management.azure.com/",
            "public",
            "https://graph.microsoft.com",
        ),
        (
            "https://graph.microsoft.com",
            "usgov",
            "https://graph.microsoft.us",
        ),
    ] {
        let (_folder, path) = token_file(&grant::jwt(&claims(audience)));
        let (_, report) = examined(doctor(&tenant).args([
            "--auth",
            "token-file",
            "--token-file",
            path.to_str().expect("UTF-8"),
            "--cloud",
            cloud,
        ]));
        assert_cause(
            &report,
            ("audience", "wrong-audience", 4),
            &[audience, named, "--cloud"],
        );
        assert_eq!(outcomes(&report), "++++x+--++--", "{report:#}");
    }
    assert_eq!(
        tenant.statistics().requests.list,
        2,
        "the token is sent nowhere"
    );
}

fn token_file(token: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("graph.token");
    write_secret(&path, token);
    (folder, path)
}
