//! `--auth managed-identity`: what reaches the identity endpoint, and what its refusals become.

use intune_sync_simulator::{ExpiresIn, ExpiresOn};

use crate::tenant::{Tenant, healthy};

const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";
const RESOURCE: &str = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me";

#[test]
fn a_user_assigned_identity_is_asked_for_by_its_name() {
    for (flag, value, parameter) in [
        ("--client-id", ID, "client_id"),
        ("--object-id", ID, "principal_id"),
        ("--resource-id", RESOURCE, "mi_res_id"),
    ] {
        let mut config = healthy(5);
        config.identity.only = Some(value.into());
        let tenant = Tenant::new(config.clone());
        let finished = tenant.sync().args([flag, value]).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        let statistics = tenant.statistics();
        assert_eq!(
            statistics.identities,
            [format!("{parameter}={value}")].into()
        );
        assert_eq!(statistics.syncs_accepted, 5);

        let tenant = Tenant::new(config);
        let finished = tenant.sync().run();
        assert_eq!(finished.code, 4, "{finished:?}");
        assert!(
            finished
                .stderr
                .contains("`--client-id`, `--object-id` or `--resource-id`"),
            "{finished:?}"
        );
        let requests = tenant.statistics().requests;
        assert_eq!(requests.total(), requests.identity, "nothing of Graph");
    }
}

#[test]
fn each_spelling_of_a_token_s_end_is_read() {
    let ends = [
        ExpiresOn::Text,
        ExpiresOn::Number,
        ExpiresOn::Date,
        ExpiresOn::Absent,
    ];
    for expires_on in ends {
        for expires_in in [ExpiresIn::Text, ExpiresIn::Number, ExpiresIn::Absent] {
            let mut config = healthy(5);
            config.identity.expires_on = expires_on;
            config.identity.expires_in = expires_in;
            let tenant = Tenant::new(config);
            let finished = tenant.sync().run();
            assert_eq!(
                finished.code, 0,
                "{expires_on:?} {expires_in:?} {finished:?}"
            );
            assert_eq!(tenant.statistics().requests.identity, 1);
        }
    }
}

#[test]
fn a_wrong_header_is_refused_with_a_hint() {
    let tenant = Tenant::new(healthy(5));
    let finished = tenant
        .sync()
        .env("IDENTITY_HEADER", "wrong-header-secret")
        .run();
    assert_eq!(finished.code, 4, "{finished:?}");
    assert_eq!(finished.stdout, "");
    let lines: Vec<&str> = finished
        .stderr
        .lines()
        .filter(|line| !line.starts_with("warning") && !line.contains("throttling"))
        .collect();
    let [error, hint] = lines.as_slice() else {
        panic!("one message and one hint: {finished:?}")
    };
    assert!(
        error.starts_with("error: the managed identity endpoint `") && error.contains(" 401"),
        "{error}"
    );
    assert!(hint.starts_with("hint: "), "{hint}");
    assert!(
        !finished.stderr.contains("wrong-header-secret"),
        "{finished:?}"
    );
    let requests = tenant.statistics().requests;
    assert_eq!(
        (requests.identity, requests.total()),
        (1, 1),
        "a refusal is final"
    );
}

/// The token is of the cloud, wherever Graph is said to be.
#[test]
fn the_cloud_decides_what_the_token_is_for() {
    for cloud in ["public", "usgov", "usgov-dod", "china"] {
        let tenant = Tenant::new(healthy(5));
        let finished = tenant.sync().args(["--cloud", cloud]).run();
        assert_eq!(finished.code, 0, "{cloud}: {finished:?}");
    }
}
