//! `--auth managed-identity`: what reaches the identity endpoint, and what its refusals become.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use intune_sync_simulator::{ExpiresIn, ExpiresOn};

use crate::{
    program::Program,
    tenant::{Tenant, healthy, hurry},
};

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
    for (cloud, graph) in [
        ("public", "https://graph.microsoft.com"),
        ("usgov", "https://graph.microsoft.us"),
        ("usgov-dod", "https://dod-graph.microsoft.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn"),
    ] {
        let tenant = Tenant::new(healthy(5));
        let finished = tenant.sync().args(["--cloud", cloud]).run();
        assert_eq!(finished.code, 0, "{cloud}: {finished:?}");
        let audiences: Vec<String> = tenant.statistics().audiences.into_iter().collect();
        assert_eq!(audiences, [graph], "{cloud}");
    }
}

/// The program in a virtual machine whose IMDS is at this address.
fn in_a_machine(tenant: &Tenant, imds: &str) -> Program {
    hurry(Program::new().args(["sync", "--yes"]))
        .env("INTUNE_SYNC_GRAPH_URL", &tenant.root())
        .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", imds)
}

#[test]
fn a_virtual_machine_names_a_user_assigned_identity_in_its_own_way() {
    for (flag, value, parameter) in [
        ("--client-id", ID, "client_id"),
        ("--object-id", ID, "object_id"),
        ("--resource-id", RESOURCE, "msi_res_id"),
    ] {
        let mut config = healthy(5);
        config.identity.only = Some(value.into());
        // The request that looks whether it is there counts too: of the next two, the first is to be sent again.
        config.identity.throttled = 2;
        let tenant = Tenant::new(config);
        let finished = in_a_machine(&tenant, &tenant.root())
            .args([flag, value])
            .run();
        assert_eq!(finished.code, 0, "{finished:?}");
        let statistics = tenant.statistics();
        assert_eq!(
            statistics.identities,
            [format!("{parameter}={value}")].into()
        );
        assert_eq!(
            statistics.requests.identity, 3,
            "one to see that it is there"
        );
    }
}

/// A laptop: the address does not respond, or refuses.
#[test]
fn where_there_is_no_imds_that_is_said_and_what_to_use_instead() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addresses = [&silent, &free].map(|listener| listener.local_addr().expect("it is bound"));
    drop(free);
    let tenant = Tenant::new(healthy(5));
    for (address, why) in addresses
        .iter()
        .zip(["sent nothing for 2 s", "refused the connection"])
    {
        let finished = in_a_machine(&tenant, &format!("http://{address}")).run();
        assert_eq!(finished.code, 4, "{finished:?}");
        let (error, hint) = finished.error();
        assert_eq!(
            error,
            format!("no managed identity here: `{address}` {why}")
        );
        for other in [
            "azure-cli",
            "client-certificate",
            "client-secret",
            "workload-identity",
            "token-file",
        ] {
            assert!(hint.contains(&format!("`--auth {other}`")), "{hint}");
        }
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// Something listens where the platform says, and closes each connection: it is tried a few times, not for minutes.
#[test]
fn an_endpoint_that_never_responds_is_given_up_after_five_attempts() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!(
        "http://{}/msi/token",
        listener.local_addr().expect("it is bound")
    );
    let attempts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&attempts);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            drop(connection);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let tenant = Tenant::new(healthy(5));
    let finished = tenant.sync().env("IDENTITY_ENDPOINT", &endpoint).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    assert!(
        error.starts_with(&format!(
            "no response from the managed identity endpoint `{endpoint}` (App Service): "
        )),
        "{error}"
    );
    assert!(hint.starts_with("try again later"), "{hint}");
    assert_eq!(attempts.load(Ordering::SeqCst), 5);
}

#[test]
fn a_platform_that_is_not_supported_is_named_with_what_works() {
    let tenant = Tenant::new(healthy(5));
    let finished = in_a_machine(&tenant, &tenant.root())
        .env("MSI_ENDPOINT", "http://127.0.0.1:1")
        .run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    assert_eq!(
        error,
        "the managed identity of Cloud Shell is not supported yet"
    );
    assert!(hint.contains("`--auth client-secret`"), "{hint}");
    assert_eq!(tenant.statistics().requests.total(), 0);
}
