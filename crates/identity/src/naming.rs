//! How messages name settings: the program has flags, a component has only variables.

use intune_sync_settings::variable;

/// How the user sets things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By the program's flags.
    Flags,
    /// By a component's variables.
    Variables,
}

impl Naming {
    /// The name of a setting: `--client-id` or `INTUNE_SYNC_CLIENT_ID`.
    #[must_use]
    pub fn of(self, key: &str) -> String {
        match self {
            Self::Flags => format!("--{key}"),
            Self::Variables => variable(key),
        }
    }

    /// A setting with its value: `--cloud usgov` or `INTUNE_SYNC_CLOUD=usgov`.
    #[must_use]
    pub fn with(self, key: &str, value: impl core::fmt::Display) -> String {
        let name = self.of(key);
        match self {
            Self::Flags => format!("{name} {value}"),
            Self::Variables => format!("{name}={value}"),
        }
    }
}
