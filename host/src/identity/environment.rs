//! The variables by which Azure's platforms tell where they have their identities.

use std::collections::HashMap;

use intune_sync_identity::AUTHORITY_HOST;

pub(super) const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
pub(super) const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
pub(super) const IDENTITY_SERVER_THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";
pub(super) const IMDS_ENDPOINT: &str = "IMDS_ENDPOINT";
pub(super) const MSI_ENDPOINT: &str = "MSI_ENDPOINT";
pub(super) const MSI_SECRET: &str = "MSI_SECRET";
/// Where IMDS is, in place of its well-known address.
pub(super) const IMDS_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
pub(super) const TENANT_ID: &str = "AZURE_TENANT_ID";
pub(super) const CLIENT_ID: &str = "AZURE_CLIENT_ID";
pub(super) const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// What a process finds out about its place from its variables, read once. One of them is a secret, so there is no
/// `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<&'static str, String>);

impl Environment {
    /// The environment of this process.
    pub(crate) fn capture() -> Self {
        let names = [
            IDENTITY_ENDPOINT,
            IDENTITY_HEADER,
            IDENTITY_SERVER_THUMBPRINT,
            IMDS_ENDPOINT,
            MSI_ENDPOINT,
            MSI_SECRET,
            IMDS_HOST,
            AUTHORITY_HOST,
            TENANT_ID,
            CLIENT_ID,
            FEDERATED_TOKEN_FILE,
        ];
        Self(
            names
                .into_iter()
                .filter_map(|name| Some((name, std::env::var(name).ok()?)))
                .collect(),
        )
    }

    /// The value of `AZURE_AUTHORITY_HOST`.
    pub(crate) fn authority_host(&self) -> Option<&str> {
        self.get(AUTHORITY_HOST)
    }

    /// The value of a variable. One that is empty is there, and is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An environment of these variables alone.
impl<const N: usize> From<[(&'static str, &str); N]> for Environment {
    fn from(variables: [(&'static str, &str); N]) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        )
    }
}
