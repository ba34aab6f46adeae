//! The variables of Azure's platforms and of pipelines, as this process has them, and the one with a secret of ours.

use intune_sync_identity::{AUTHORITY_HOST, PIPELINE_VARIABLES, PLATFORM_VARIABLES};
use intune_sync_settings::{NOTIFY_URL, Variables, variable};

/// What the variables say about the place where the process runs, read once.
#[derive(Clone)]
pub(crate) struct Environment(Variables);

impl Environment {
    /// The environment of this process.
    pub(crate) fn capture() -> Self {
        Self(Variables::new(
            PLATFORM_VARIABLES
                .into_iter()
                .chain(PIPELINE_VARIABLES)
                .map(str::to_owned)
                .chain([variable(NOTIFY_URL)])
                .filter_map(|name| {
                    let value = std::env::var(&name).ok()?;
                    Some((name, value))
                })
                .collect(),
        ))
    }

    /// The value of `AZURE_AUTHORITY_HOST`.
    pub(crate) fn authority_host(&self) -> Option<&str> {
        self.get(AUTHORITY_HOST)
    }

    /// The value of a variable; an empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }
}

/// An environment of these variables alone.
impl<const N: usize> From<[(&'static str, &str); N]> for Environment {
    fn from(variables: [(&'static str, &str); N]) -> Self {
        let own = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(Variables::new(own.into()))
    }
}
