//! Which tenant of Entra ID issues the tokens.

use core::{fmt, str::FromStr};

use intune_sync_ids::Guid;
use intune_sync_settings::number::Refused;

/// A tenant of Entra ID: its id, or one of its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantId(String);

impl FromStr for TenantId {
    type Err = Refused;

    /// Takes a GUID, or a domain name of two labels or more: nothing that could lead to another path. `common`,
    /// `organizations` and `consumers`, which only people can sign in to, are refused.
    fn from_str(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_domain = text.len() <= 253 && text.contains('.') && text.split('.').all(is_label);
        if is_domain || text.parse::<Guid>().is_ok() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Refused(
                "it takes a tenant's id, a GUID, or one of its domains such as `contoso.onmicrosoft.com`"
                    .into(),
            ))
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_an_id_or_a_domain() {
        for text in [
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            " contoso.onmicrosoft.com ",
            "contoso.com",
        ] {
            let tenant: TenantId = text.parse().expect("a tenant");
            assert_eq!(tenant.to_string(), text.trim().to_ascii_lowercase());
        }
        for text in [
            "",
            "common",
            "organizations",
            "consumers",
            "a..b",
            ".",
            "a/b.c",
            "a b.c",
            "x.y?z",
            "ä.de",
        ] {
            assert!(text.parse::<TenantId>().is_err(), "{text}");
        }
    }
}
