//! Which Entra ID a secret may be sent to.

use core::fmt;

use intune_sync_ids::{Origin, Quoted};
use intune_sync_settings::{Advice, Choice, Cloud};

use crate::{Naming, address::expect_no_user_info};

/// The variable that names an authority: Azure's own SDKs heed it, and AKS sets it in each pod.
pub const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// The origin that a secret or an assertion is sent to, in return for a token: Entra ID of the cloud, always https.
///
/// The cloud decides. [`AUTHORITY_HOST`] may name the same origin, or https on a loopback address; any other value is
/// an error, so that no variable can send a secret elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(Origin);

impl Authority {
    /// The authority of a cloud. `host` is the value of [`AUTHORITY_HOST`]; an empty one counts as unset.
    ///
    /// # Errors
    ///
    /// When `host` is neither the cloud's authority nor https on a loopback address.
    pub fn new(cloud: Cloud, host: Option<&str>, naming: Naming) -> Result<Self, Advice> {
        let own = cloud.authority();
        let Some(given) = host.filter(|given| !given.is_empty()) else {
            return Ok(Self(own));
        };
        expect_no_user_info(AUTHORITY_HOST, given)?;
        let origin: Option<Origin> = given.parse().ok();
        match origin.filter(|origin| origin.to_string().starts_with("https://")) {
            Some(origin) if origin.is_loopback() || origin == own => Ok(Self(origin)),
            other => Err(refused(given, other.as_ref(), cloud, naming)),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`AUTHORITY_HOST`] names an origin that no secret is sent to.
fn refused(given: &str, origin: Option<&Origin>, cloud: Cloud, naming: Naming) -> Advice {
    let given = Quoted::address(given);
    let own = naming.with("cloud", cloud);
    let others: Vec<String> = Cloud::WORDS
        .iter()
        .filter(|(_, other, _)| origin == Some(&other.authority()))
        .map(|(_, other, _)| format!("`{}`", naming.with("cloud", other)))
        .collect();
    if others.is_empty() {
        return Advice::new(
            format!("no secret is sent to `{given}`, which `{AUTHORITY_HOST}` names"),
            format!(
                "unset `{AUTHORITY_HOST}`: `{own}` has `{}`; it may also be https on a loopback address",
                cloud.authority()
            ),
        );
    }
    Advice::new(
        format!("`{AUTHORITY_HOST}` is `{given}`, which is not the authority of `{own}`"),
        format!("use {}, or unset `{AUTHORITY_HOST}`", others.join(" or ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(cloud: Cloud, host: &str) -> Result<String, Advice> {
        Authority::new(cloud, Some(host), Naming::Flags).map(|authority| authority.to_string())
    }

    #[test]
    fn each_cloud_has_its_own() {
        for (cloud, expected) in [
            (Cloud::Public, "https://login.microsoftonline.com"),
            (Cloud::Usgov, "https://login.microsoftonline.us"),
            (Cloud::UsgovDod, "https://login.microsoftonline.us"),
            (Cloud::China, "https://login.chinacloudapi.cn"),
        ] {
            let plain = Authority::new(cloud, None, Naming::Flags).expect("no variable");
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
            "https://login.microsoftonline.com/common",
            "https://login.microsoftonline.com:8443",
            "https://10.0.0.1",
            "login.microsoftonline.com",
            "x",
        ] {
            let advice = authority(Cloud::Public, host).expect_err("refused");
            assert_eq!(
                advice.message,
                format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names")
            );
            assert!(
                advice
                    .hint
                    .contains("`--cloud public` has `https://login.microsoftonline.com`"),
                "{}",
                advice.hint
            );
        }
    }

    #[test]
    fn a_user_name_or_a_password_is_refused_and_not_shown() {
        for host in [
            "https://me@login.microsoftonline.com",
            "https://me:s3cret@login.microsoftonline.com",
        ] {
            let advice = authority(Cloud::Public, host).expect_err("refused");
            assert_eq!(
                advice.message,
                "`AZURE_AUTHORITY_HOST` is `https://...@login.microsoftonline.com`, which has a user name or a password, \
                 and neither is allowed there"
            );
        }
    }

    #[test]
    fn the_authority_of_another_cloud_names_that_cloud() {
        let advice =
            authority(Cloud::Public, "https://login.microsoftonline.us/").expect_err("another");
        assert_eq!(
            (advice.message.as_str(), advice.hint.as_str()),
            (
                "`AZURE_AUTHORITY_HOST` is `https://login.microsoftonline.us/`, which is not the authority of `--cloud public`",
                "use `--cloud usgov` or `--cloud usgov-dod`, or unset `AZURE_AUTHORITY_HOST`"
            )
        );
    }
}
