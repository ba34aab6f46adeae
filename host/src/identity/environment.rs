//! The variables of Azure's platforms, as this process has them.

use std::collections::HashMap;

use intune_sync_identity::{AUTHORITY_HOST, PLATFORM_VARIABLES};

/// What the variables say about the place where the process runs, read once. One of them is a secret, so there is no
/// `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<&'static str, String>);

impl Environment {
    /// The environment of this process.
    pub(crate) fn capture() -> Self {
        Self(
            PLATFORM_VARIABLES
                .into_iter()
                .filter_map(|name| Some((name, std::env::var(name).ok()?)))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// The value of `AZURE_AUTHORITY_HOST`.
    pub(crate) fn authority_host(&self) -> Option<&str> {
        self.get(AUTHORITY_HOST)
    }

    /// The value of a variable. An empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An environment of these variables alone.
impl<const N: usize> From<[(&'static str, &str); N]> for Environment {
    fn from(variables: [(&'static str, &str); N]) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        )
    }
}
