//! Microsoft's national clouds, each with its own Graph. A token of one is worth nothing in another.

use core::fmt;

use intune_sync_ids::Origin;

use crate::Choice;

/// Where the tenant lives.
///
/// <https://learn.microsoft.com/graph/deployments>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cloud {
    /// Microsoft 365 worldwide.
    #[default]
    Public,
    /// US Government L4.
    Usgov,
    /// US Government L5.
    UsgovDod,
    /// China.
    China,
}

impl Choice for Cloud {
    const WORDS: &[(&str, Self, &str)] = &[
        (
            "public",
            Self::Public,
            "Microsoft 365 worldwide, GCC included",
        ),
        ("usgov", Self::Usgov, "US Government L4 (GCC High)"),
        ("usgov-dod", Self::UsgovDod, "US Government L5 (DoD)"),
        ("china", Self::China, "China, operated by 21Vianet"),
    ];
}

impl Cloud {
    /// Graph's origin.
    #[must_use]
    pub fn graph(self) -> Origin {
        self.root()
            .parse()
            .expect("each root is an https origin: a test parses them all")
    }

    /// The scope of a token for Graph. It depends on the cloud alone, so that no address can ask for another token.
    #[must_use]
    pub fn scope(self) -> String {
        format!("{}/.default", self.root())
    }

    /// Entra ID's origin, where apps prove who they are: always https.
    #[must_use]
    pub fn authority(self) -> Origin {
        let origin = match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::Usgov | Self::UsgovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        };
        origin
            .parse()
            .expect("each authority is an https origin: a test parses them all")
    }

    fn root(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::Usgov => "https://graph.microsoft.us",
            Self::UsgovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}

impl fmt::Display for Cloud {
    /// The value of `--cloud`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_an_origin_and_a_scope_of_its_own() {
        for (_, cloud, _) in Cloud::WORDS {
            assert_eq!(format!("{}/.default", cloud.graph()), cloud.scope());
            assert!(cloud.authority().to_string().starts_with("https://login."));
        }
        assert_eq!(
            Cloud::Public.scope(),
            "https://graph.microsoft.com/.default"
        );
    }
}
