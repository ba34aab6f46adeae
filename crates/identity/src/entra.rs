//! Apps of Entra ID that prove who they are: how a token is requested from its token endpoint.

use core::fmt;

use form_urlencoded::Serializer;
use http::{Request, header};
use intune_sync_ids::Guid;

use crate::{Authority, Endpoint, Form, Refusal, Secret, TenantId, TokenRequest};

/// An app registration or a user-assigned identity, in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Who issues its tokens.
    pub authority: Authority,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its client (application) id.
    pub client_id: Guid,
}

/// How an app proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofKind {
    /// A secret of the app's.
    ClientSecret,
    /// An assertion that is signed with the key of a certificate of the app's.
    Certificate,
    /// A token in a file, of an issuer that Entra ID is configured to trust.
    Assertion,
    /// A token of GitHub Actions, for the job that this process runs in.
    GithubActions,
    /// A token of Azure Pipelines, for the job that this process runs in.
    AzurePipelines,
}

impl App {
    /// The request for a token for `scope`.
    #[must_use]
    pub fn request(&self, kind: ProofKind, proof: &Secret, scope: &str) -> TokenRequest {
        const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", &self.client_id.to_string());
        match kind {
            ProofKind::ClientSecret => form.append_pair("client_secret", proof.expose()),
            ProofKind::Certificate
            | ProofKind::Assertion
            | ProofKind::GithubActions
            | ProofKind::AzurePipelines => form
                .append_pair("client_assertion_type", ASSERTION_TYPE)
                .append_pair("client_assertion", proof.expose()),
        };
        form.append_pair("scope", scope);
        Request::post(self.token_url())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Form(form.finish()))
            .expect("an origin, a tenant and a path without special characters are a URL")
    }

    /// The endpoint as messages name it.
    #[must_use]
    pub fn endpoint(&self, kind: ProofKind) -> Endpoint {
        Endpoint {
            name: format!("the token endpoint `{}`", self.token_url()),
            in_trouble: "try again later; if it lasts, see Azure's service health",
            unreached: None,
            unreadable: "check `AZURE_AUTHORITY_HOST`, and what is between this machine and Entra ID",
            absence_passes: true,
            refused: match kind {
                ProofKind::ClientSecret => |refusal| {
                    hint(refusal, ProofKind::ClientSecret).unwrap_or(
                        "check `--tenant-id`, `--client-id` and the secret in `--client-secret-file`",
                    )
                },
                ProofKind::Certificate => |refusal| {
                    hint(refusal, ProofKind::Certificate).unwrap_or(
                        "check `--tenant-id`, `--client-id`, and that the certificate is uploaded to the app registration",
                    )
                },
                ProofKind::Assertion => |refusal| {
                    hint(refusal, ProofKind::Assertion).unwrap_or(
                        "check `--tenant-id` (`AZURE_TENANT_ID`), `--client-id` (`AZURE_CLIENT_ID`) and the identity's \
                         federated credential",
                    )
                },
                ProofKind::GithubActions => |refusal| {
                    hint(refusal, ProofKind::GithubActions).unwrap_or(
                        "check `--tenant-id` (`AZURE_TENANT_ID`), `--client-id` (`AZURE_CLIENT_ID`) and the identity's \
                         federated credential for GitHub Actions",
                    )
                },
                ProofKind::AzurePipelines => |refusal| {
                    hint(refusal, ProofKind::AzurePipelines).unwrap_or(
                        "check `--tenant-id`, `--client-id` and `--service-connection-id`, and the identity's federated \
                         credential for the service connection",
                    )
                },
            },
        }
    }

    /// Its token endpoint, which is also the audience of an assertion that it signs itself.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.authority, self.tenant)
    }
}

/// Which app it is, and where.
impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            authority,
            tenant,
            client_id,
        } = self;
        write!(f, "app `{client_id}` in tenant `{tenant}` at `{authority}`")
    }
}

/// What helps against the errors that Entra ID has a number for.
///
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
fn hint(refusal: &Refusal, kind: ProofKind) -> Option<&'static str> {
    refusal.codes.iter().find_map(|code| {
        Some(match code {
            7_000_215 => "write the secret's value, not its id, to the file of `--client-secret-file`",
            7_000_222 => expired(kind),
            700_027 => {
                "upload the certificate in `--client-certificate-file` to the app registration of `--client-id`; if it is \
                 there, it has expired"
            }
            700_016 | 7_000_229 => {
                "check `--client-id`, and that the app is in the tenant of `--tenant-id`"
            }
            90_002 | 900_023 => "check `--tenant-id`, and that `--cloud` is the tenant's",
            70_021 | 700_211 | 700_212 | 700_213 => not_trusted(kind),
            700_024 => out_of_time(kind),
            53_003 => {
                "a Conditional Access policy for workload identities blocks the app from here: change the policy, or run \
                 it from a place that the policy allows"
            }
            500_011 => "check that `--cloud` is the tenant's",
            _ => return None,
        })
    })
}

/// What the app has registered has expired.
fn expired(kind: ProofKind) -> &'static str {
    match kind {
        ProofKind::Certificate => {
            "the certificate has expired: make a new one and upload it to the app registration"
        }
        _ => "the client secret has expired: make a new one for the app registration",
    }
}

/// No federated credential of the identity matches the token.
fn not_trusted(kind: ProofKind) -> &'static str {
    match kind {
        ProofKind::GithubActions => {
            "give the identity a federated credential with the issuer `https://token.actions.githubusercontent.com`, the \
             subject of this repository and branch or environment, and the audience `api://AzureADTokenExchange`"
        }
        ProofKind::AzurePipelines => {
            "give the identity a federated credential with the issuer and the subject that the service connection shows, \
             and the audience `api://AzureADTokenExchange`"
        }
        _ => {
            "give the identity a federated credential with the issuer, subject and audience of the token in the file"
        }
    }
}

/// The assertion is over, or is not valid yet.
fn out_of_time(kind: ProofKind) -> &'static str {
    match kind {
        ProofKind::Certificate | ProofKind::ClientSecret => {
            "check the clock of this machine: the assertion is signed for the next 10 minutes by it"
        }
        ProofKind::Assertion => {
            "the token in the file has expired or is not valid yet: check what writes it, and the clock of this machine"
        }
        ProofKind::GithubActions | ProofKind::AzurePipelines => {
            "check that the job's system is not in trouble: the token was issued just before it was refused"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_entra_id_numbers_has_a_hint() {
        for (code, kind, word) in [
            (
                7_000_222,
                ProofKind::ClientSecret,
                "client secret has expired",
            ),
            (7_000_222, ProofKind::Certificate, "certificate has expired"),
            (700_027, ProofKind::Certificate, "upload the certificate"),
            (700_024, ProofKind::Certificate, "check the clock"),
            (700_024, ProofKind::Assertion, "the token in the file"),
            (700_024, ProofKind::GithubActions, "issued just before"),
            (700_024, ProofKind::AzurePipelines, "issued just before"),
            (70_021, ProofKind::Assertion, "of the token in the file"),
            (
                70_021,
                ProofKind::GithubActions,
                "token.actions.githubusercontent.com",
            ),
            (
                70_021,
                ProofKind::AzurePipelines,
                "the service connection shows",
            ),
            (53_003, ProofKind::ClientSecret, "Conditional Access"),
            (500_011, ProofKind::Certificate, "`--cloud`"),
        ] {
            let refusal = Refusal {
                codes: vec![1, code],
                ..Refusal::default()
            };
            assert!(
                hint(&refusal, kind).is_some_and(|hint| hint.contains(word)),
                "{code} {kind:?}"
            );
        }
        for kind in [ProofKind::ClientSecret, ProofKind::Certificate] {
            assert_eq!(hint(&Refusal::default(), kind), None);
        }
    }
}
