//! Service principals as Graph lists them.

use std::fmt;

use intune_sync_ids::Guid;
use serde::Deserialize;

use crate::cli::PrincipalType;

/// A service principal, which is what the directory has of a managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal {
    pub(super) id: Guid,
    /// Can be empty.
    pub(super) name: String,
    /// `ManagedIdentity`, `Application`; can be empty.
    pub(super) kind: String,
}

/// As Graph writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    id: String,
    display_name: Option<String>,
    service_principal_type: Option<String>,
}

impl Principal {
    /// Whether it is of this type, to the letter.
    pub(super) fn is(&self, kind: PrincipalType) -> bool {
        self.kind == kind.name()
    }
}

impl TryFrom<Written> for Principal {
    type Error = intune_sync_ids::GuidError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Ok(Self {
            id: written.id.parse()?,
            name: written.display_name.unwrap_or_default(),
            kind: written.service_principal_type.unwrap_or_default(),
        })
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.name, self.id)
    }
}
