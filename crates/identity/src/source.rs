//! Where a component that stands alone gets its tokens, as its variables say.

use intune_sync_ids::Guid;
use intune_sync_settings::{
    Advice, Choice, Cloud, Variables, choice, number::Refused, terms, variable,
};

use crate::{
    AUTHORITY_HOST, App, Authority, CLIENT_ID, Endpoint, InvalidTenant, ManagedIdentity, Naming,
    Platform, ProofKind, Secret, TENANT_ID, TenantId, TokenRequest, UserAssigned,
};

/// Where tokens come from, and whose. It may hold a secret, so there is no `Debug`.
#[derive(Clone)]
pub enum Source {
    /// The managed identity of the place.
    ManagedIdentity(ManagedIdentity),
    /// An app that proves who it is.
    Entra {
        /// The app.
        app: App,
        /// How it proves it.
        kind: ProofKind,
        /// By what.
        proof: Secret,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Auth {
    #[default]
    ManagedIdentity,
    WorkloadIdentity,
    ClientSecret,
}

impl Choice for Auth {
    const WORDS: &[(&str, Self)] = &[
        ("managed-identity", Self::ManagedIdentity),
        ("workload-identity", Self::WorkloadIdentity),
        ("client-secret", Self::ClientSecret),
    ];
}

impl Source {
    /// Finds out from the environment where tokens come from.
    ///
    /// # Errors
    ///
    /// When something that is needed is missing, is not allowed, or names a platform that is not supported.
    pub fn read(variables: &Variables) -> Result<Self, Advice> {
        let auth = match setting(variables, "auth") {
            Some(text) => choice(text).map_err(|allowed| not_allowed("auth", text, &allowed))?,
            None => Auth::default(),
        };
        match auth {
            Auth::ManagedIdentity => Ok(Self::ManagedIdentity(ManagedIdentity {
                platform: Platform::discover(|name| variables.get(name), Naming::Variables)?,
                user_assigned: user_assigned(variables)?,
            })),
            Auth::WorkloadIdentity => {
                Self::entra(variables, auth, ProofKind::Assertion, "federated-token")
            }
            Auth::ClientSecret => {
                Self::entra(variables, auth, ProofKind::ClientSecret, "client-secret")
            }
        }
    }

    fn entra(
        variables: &Variables,
        auth: Auth,
        kind: ProofKind,
        proof_key: &str,
    ) -> Result<Self, Advice> {
        let proof = needed(variables, proof_key, None, auth)?;
        let tenant = needed(variables, "tenant-id", Some(TENANT_ID), auth)?;
        let client = needed(variables, "client-id", Some(CLIENT_ID), auth)?;
        let cloud = match setting(variables, "cloud") {
            Some(text) => choice(text).map_err(|allowed| not_allowed("cloud", text, &allowed))?,
            None => Cloud::default(),
        };
        let app = App {
            authority: Authority::new(cloud, variables.get(AUTHORITY_HOST))
                .map_err(|refused| refused.advice(Naming::Variables))?,
            tenant: tenant
                .parse::<TenantId>()
                .map_err(|allowed: InvalidTenant| {
                    not_allowed("tenant-id", tenant, &Refused(allowed.to_string()))
                })?,
            client_id: guid("client-id", client)?,
        };
        let proof = Secret::parse(proof.trim()).map_err(|problem| {
            Advice::new(
                format!("the value of `{}` {problem}", variable(proof_key)),
                "give it the secret itself, and nothing else",
            )
        })?;
        Ok(Self::Entra { app, kind, proof })
    }

    /// The request for a token for `scope` (`https://graph.microsoft.com/.default`).
    #[must_use]
    pub fn request(&self, scope: &str) -> TokenRequest {
        match self {
            Self::ManagedIdentity(identity) => identity.request(scope),
            Self::Entra { app, kind, proof } => app.request(*kind, proof, scope),
        }
    }

    /// The endpoint as messages name it.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::ManagedIdentity(identity) => identity.endpoint(),
            Self::Entra { app, kind, .. } => app.endpoint(*kind),
        }
    }

    /// Whether it is the metadata service of a virtual machine, which is one hop away or nowhere.
    #[must_use]
    pub fn is_imds(&self) -> bool {
        matches!(self, Self::ManagedIdentity(identity) if identity.is_imds())
    }
}

/// The one identity that is named, if any.
fn user_assigned(variables: &Variables) -> Result<Option<UserAssigned>, Advice> {
    let keys = ["client-id", "object-id", "resource-id"];
    let mut named = keys
        .into_iter()
        .filter_map(|key| Some((key, setting(variables, key)?)));
    let Some((key, value)) = named.next() else {
        return Ok(None);
    };
    if let Some((other, _)) = named.next() {
        let (one, other) = (variable(key), variable(other));
        return Err(Advice::new(
            format!(
                "`{one}` and `{other}` are not allowed together: each names the one identity to use"
            ),
            format!("remove `{one}` or `{other}`"),
        ));
    }
    Ok(Some(match key {
        "client-id" => UserAssigned::Client(guid(key, value)?),
        "object-id" => UserAssigned::Object(guid(key, value)?),
        _ => UserAssigned::Resource(
            terms::resource_id(value).map_err(|allowed| not_allowed(key, value, &allowed))?,
        ),
    }))
}

fn guid(key: &str, value: &str) -> Result<Guid, Advice> {
    terms::guid(value).map_err(|allowed| not_allowed(key, value, &allowed))
}

fn setting<'a>(variables: &'a Variables, key: &str) -> Option<&'a str> {
    variables.get(&variable(key))
}

/// A setting that this way to authenticate needs; `platform` is the variable in which Azure's own tools look for it.
fn needed<'a>(
    variables: &'a Variables,
    key: &str,
    platform: Option<&str>,
    auth: Auth,
) -> Result<&'a str, Advice> {
    let found = setting(variables, key).or_else(|| variables.get(platform?));
    found.ok_or_else(|| {
        let word = Auth::WORDS.iter().find(|(_, kind)| *kind == auth);
        let word = word.map_or("", |(word, _)| word);
        Advice::new(
            format!(
                "`INTUNE_SYNC_AUTH` is `{word}`, which needs `{}`",
                variable(key)
            ),
            format!("set `{}`", variable(key)),
        )
    })
}

fn not_allowed(key: &str, value: &str, allowed: &Refused) -> Advice {
    Advice::new(
        format!(
            "`{value}` is not allowed for `{}`: {allowed}",
            variable(key)
        ),
        "correct it, or remove it",
    )
}

#[cfg(test)]
mod tests;
