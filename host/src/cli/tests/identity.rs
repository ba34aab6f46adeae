//! Each source of tokens with each flag of an identity.

use intune_sync_identity::UserAssigned;
use intune_sync_settings::Advice;

use super::{ID, job, parse, usage};
use crate::{
    cli::Auth,
    identity::{AppFlags, Federation},
};

#[test]
fn each_source_of_tokens_takes_its_flags() {
    let auth = |flags: &str| job(&format!("sync {flags}"), &[]).auth;
    let id = || ID.parse().expect("a GUID");
    let tenant = || "contoso.com".parse().expect("a tenant");
    for (flags, expected) in [
        (
            format!("--auth managed-identity --object-id {ID}"),
            Auth::ManagedIdentity {
                user_assigned: Some(UserAssigned::Object(id())),
            },
        ),
        (
            "--auth workload-identity".to_owned(),
            Auth::WorkloadIdentity(Federation::default()),
        ),
        (
            format!(
                "--auth workload-identity --tenant-id Contoso.com --client-id {ID} --token-file t"
            ),
            Auth::WorkloadIdentity(Federation {
                tenant: Some(tenant()),
                client_id: Some(id()),
                token_file: Some("t".into()),
            }),
        ),
        (
            "--auth azure-cli".to_owned(),
            Auth::AzureCli { tenant: None },
        ),
        (
            "--auth azure-cli --tenant-id contoso.com".to_owned(),
            Auth::AzureCli {
                tenant: Some(tenant()),
            },
        ),
        (
            format!(
                "--auth client-secret --tenant-id contoso.com --client-id {ID} --client-secret-file -"
            ),
            Auth::ClientSecret {
                tenant: tenant(),
                client_id: id(),
                secret_file: "-".into(),
            },
        ),
        (
            format!(
                "--auth client-certificate --tenant-id contoso.com --client-id {ID} --client-certificate-file c \
                 --client-certificate-password-file p"
            ),
            Auth::ClientCertificate {
                tenant: tenant(),
                client_id: id(),
                certificate_file: "c".into(),
                password_file: Some("p".into()),
            },
        ),
        (
            "--auth github-actions --tenant-id contoso.com".to_owned(),
            Auth::GithubActions(AppFlags {
                tenant: Some(tenant()),
                client_id: None,
            }),
        ),
        (
            format!("--auth azure-pipelines --client-id {ID} --service-connection-id {ID}"),
            Auth::AzurePipelines {
                app: AppFlags {
                    tenant: None,
                    client_id: Some(id()),
                },
                connection: Some(id()),
            },
        ),
        (
            "--auth token-file --token-file t".to_owned(),
            Auth::TokenFile("t".into()),
        ),
    ] {
        assert_eq!(auth(&flags), expected, "{flags}");
    }
}

/// Every flag with every source: it is taken, or it is said where it goes.
#[test]
fn no_flag_is_silently_ignored() {
    let flags = [
        "--token-file t",
        "--client-secret-file s",
        "--client-certificate-file c",
        "--client-certificate-password-file p",
        &format!("--service-connection-id {ID}"),
        "--tenant-id contoso.com",
        &format!("--client-id {ID}"),
        &format!("--object-id {ID}"),
        "--resource-id /subscriptions/x",
    ];
    let mut seen = String::new();
    for auth in [
        "managed-identity",
        "workload-identity",
        "azure-cli",
        "client-secret",
        "client-certificate",
        "github-actions",
        "azure-pipelines",
        "token-file",
    ] {
        for flag in flags {
            let line = format!("sync --auth {auth} {flag}");
            match parse(&line, &[]) {
                Ok(_) => seen += &format!("$ intune-sync {line}\nok\n\n"),
                Err(_) => {
                    let Advice { message, hint } = usage(&line, &[]);
                    seen += &format!("$ intune-sync {line}\nerror: {message}\nhint: {hint}\n\n");
                }
            }
        }
    }
    insta::assert_snapshot!(seen);
}
