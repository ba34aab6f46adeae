//! Where a component that stands alone gets its tokens, as its variables say.

use intune_sync_settings::{Advice, Choice, Variables, choice, number::Refused, terms, variable};

use crate::{
    AUTHORITY_HOST, App, Authority, CLIENT_ID, Endpoint, ManagedIdentity, Naming, Platform,
    ProofKind, Secret, TENANT_ID, TokenRequest, UserAssigned, platform::unsupported,
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
    const WORDS: &[(&str, Self, &str)] = &[
        ("managed-identity", Self::ManagedIdentity, ""),
        ("workload-identity", Self::WorkloadIdentity, ""),
        ("client-secret", Self::ClientSecret, ""),
    ];
}

impl Source {
    /// Finds out from the environment where tokens come from.
    ///
    /// # Errors
    ///
    /// When something that is needed is missing, is not allowed, or names a platform that is not supported.
    pub fn read(variables: &Variables) -> Result<Self, Advice> {
        let auth: Auth = chosen(variables, "auth")?;
        let (kind, key) = match auth {
            Auth::ManagedIdentity => {
                let naming = Naming::Variables;
                let platform = Platform::discover(|name| variables.get(name), naming)?;
                // A component has no files, so it cannot read the key.
                if matches!(platform, Platform::AzureArc { .. }) {
                    let message = "the managed identity of Azure Arc is not available to a component, which cannot read the file with \
                                   its key";
                    return Err(Advice {
                        message: message.to_owned(),
                        ..unsupported("Azure Arc", naming)
                    });
                }
                return Ok(Self::ManagedIdentity(ManagedIdentity {
                    platform,
                    user_assigned: user_assigned(variables)?,
                }));
            }
            Auth::WorkloadIdentity => (ProofKind::Assertion, "federated-token"),
            Auth::ClientSecret => (ProofKind::ClientSecret, "client-secret"),
        };
        let proof = needed(variables, key, None, auth)?;
        let tenant = needed(variables, "tenant-id", Some(TENANT_ID), auth)?;
        let client = needed(variables, "client-id", Some(CLIENT_ID), auth)?;
        let cloud = chosen(variables, "cloud")?;
        let app = App {
            authority: Authority::new(cloud, variables.get(AUTHORITY_HOST), Naming::Variables)?,
            tenant: read("tenant-id", tenant, str::parse)?,
            client_id: read("client-id", client, terms::guid)?,
        };
        let proof = Secret::parse(proof.trim()).map_err(|problem| {
            Advice::new(
                format!("the value of `{}` {problem}", variable(key)),
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
        "client-id" => UserAssigned::Client(read(key, value, terms::guid)?),
        "object-id" => UserAssigned::Object(read(key, value, terms::guid)?),
        _ => UserAssigned::Resource(read(key, value, terms::resource_id)?),
    }))
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
        let (word, key) = (auth.word(), variable(key));
        Advice::new(
            format!("`INTUNE_SYNC_AUTH` is `{word}`, which needs `{key}`"),
            format!("set `{key}`"),
        )
    })
}

/// A setting that takes one of a few words.
fn chosen<T: Choice + Default>(variables: &Variables, key: &str) -> Result<T, Advice> {
    setting(variables, key).map_or(Ok(T::default()), |text| read(key, text, choice))
}

/// Reads the value of a setting.
fn read<T>(
    key: &str,
    value: &str,
    parse: impl Fn(&str) -> Result<T, Refused>,
) -> Result<T, Advice> {
    parse(value).map_err(|allowed| {
        Advice::new(
            format!(
                "`{value}` is not allowed for `{}`: {allowed}",
                variable(key)
            ),
            "correct it, or remove it",
        )
    })
}

#[cfg(test)]
mod tests;
