//! Which Entra ID gives the tokens, and to which tenant it is asked.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use intune_sync_ids::Origin;

use super::TokenError;
use super::environment::{AUTHORITY_HOST, Environment};
use crate::cli::Cloud;

/// The origin that a secret or an assertion is sent to, in return for a token: Entra ID of the cloud, always https.
///
/// `--cloud` decides. `AZURE_AUTHORITY_HOST`, which Azure's own SDKs heed and AKS sets in each pod, may name the same
/// one, or a loopback address; any other value is an error, so that no variable can send a secret elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority(Origin);

impl Authority {
    /// The authority of a cloud in this environment.
    ///
    /// # Errors
    /// When `AZURE_AUTHORITY_HOST` is neither that of the cloud nor https on a loopback address.
    pub(crate) fn new(cloud: Cloud, environment: &Environment) -> Result<Self, TokenError> {
        let Some(given) = environment
            .get(AUTHORITY_HOST)
            .filter(|given| !given.is_empty())
        else {
            return Ok(Self(cloud.authority()));
        };
        let origin = given
            .parse()
            .ok()
            .filter(|origin: &Origin| origin.to_string().starts_with("https://"));
        match origin {
            Some(origin) if origin.is_loopback() || origin == cloud.authority() => Ok(Self(origin)),
            other => Err(refused(given, other.as_ref(), cloud)),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

fn refused(given: &str, origin: Option<&Origin>, cloud: Cloud) -> TokenError {
    let others = Cloud::value_variants()
        .iter()
        .filter(|other| origin == Some(&other.authority()));
    let fitting: Vec<String> = others.map(|other| format!("`--cloud {other}`")).collect();
    let given = given.escape_default();
    if fitting.is_empty() {
        TokenError::denied(
            format!("no secret is sent to `{given}`, which `{AUTHORITY_HOST}` names"),
            format!(
                "unset `{AUTHORITY_HOST}`: `--cloud {cloud}` has `{}`; it may also be https on a loopback address",
                cloud.authority()
            ),
        )
    } else {
        TokenError::denied(
            format!(
                "`{AUTHORITY_HOST}` is `{given}`, which is not the authority of `--cloud {cloud}`"
            ),
            format!("use {}, or unset `{AUTHORITY_HOST}`", fitting.join(" or ")),
        )
    }
}

/// A tenant of Entra ID: its id, or one of its domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantId(String);

/// A text that names no tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it takes a tenant's id, a GUID, or one of its domains such as `contoso.onmicrosoft.com`")]
pub(crate) struct NoTenant;

impl FromStr for TenantId {
    type Err = NoTenant;

    /// Takes a GUID, or a domain name of two labels or more. `common` and `organizations`, which only people can sign
    /// in to, are not among them.
    fn from_str(text: &str) -> Result<Self, NoTenant> {
        let text = text.trim();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_domain = text.len() <= 253 && text.contains('.') && text.split('.').all(is_label);
        if is_domain || text.parse::<intune_sync_ids::Guid>().is_ok() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NoTenant)
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(cloud: Cloud, host: &str) -> Result<String, TokenError> {
        let environment = Environment::from([(AUTHORITY_HOST, host)]);
        Authority::new(cloud, &environment).map(|authority| authority.to_string())
    }

    #[test]
    fn each_cloud_has_its_own() {
        for (cloud, expected) in [
            (Cloud::Public, "https://login.microsoftonline.com"),
            (Cloud::Usgov, "https://login.microsoftonline.us"),
            (Cloud::UsgovDod, "https://login.microsoftonline.us"),
            (Cloud::China, "https://login.chinacloudapi.cn"),
        ] {
            let plain = Authority::new(cloud, &Environment::default()).expect("no variable");
            assert_eq!(plain.to_string(), expected);
            for same in [
                "",
                expected,
                &format!("{expected}/"),
                &format!("{expected}:443"),
            ] {
                assert_eq!(authority(cloud, same).as_deref(), Ok(expected), "{same}");
            }
        }
    }

    #[test]
    fn a_variable_moves_it_to_loopback_and_nowhere_else() {
        for host in [
            "https://127.0.0.1:8443",
            "https://localhost",
            "https://[::1]:1",
        ] {
            assert_eq!(authority(Cloud::China, host).as_deref(), Ok(host));
        }
        for host in [
            "http://127.0.0.1:8443",
            "http://login.microsoftonline.com",
            "https://login.microsoftonline.com.example",
            "https://login.example",
            "https://me@login.microsoftonline.com",
            "https://login.microsoftonline.com/common",
            "https://login.microsoftonline.com:8443",
            "https://10.0.0.1",
            "login.microsoftonline.com",
            "x",
        ] {
            let error = authority(Cloud::Public, host).expect_err("refused");
            assert_eq!(
                error.message,
                format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names")
            );
            assert!(
                error
                    .hint
                    .contains("`--cloud public` has `https://login.microsoftonline.com`"),
                "{}",
                error.hint
            );
        }
    }

    #[test]
    fn the_authority_of_another_cloud_names_that_cloud() {
        let error =
            authority(Cloud::Public, "https://login.microsoftonline.us/").expect_err("another");
        assert_eq!(
            (error.message.as_str(), error.hint.as_str()),
            (
                "`AZURE_AUTHORITY_HOST` is `https://login.microsoftonline.us/`, which is not the authority of `--cloud public`",
                "use `--cloud usgov` or `--cloud usgov-dod`, or unset `AZURE_AUTHORITY_HOST`"
            )
        );
    }

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
            "a..b",
            ".",
            "a/b.c",
            "a b.c",
            "x.y?z",
            "ä.de",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(NoTenant), "{text}");
        }
    }
}
