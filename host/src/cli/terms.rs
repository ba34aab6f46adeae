//! The words of Graph v1.0 that a device can be selected by, and the other texts on the command line.

use std::net::SocketAddr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use intune_sync_gate::{Guid, Origin, OriginError};

use super::number::Refused;
use crate::identity::{NoTenant, TenantId};

/// The members of `complianceState`.
pub(super) const COMPLIANCE: [&str; 7] = [
    "unknown",
    "compliant",
    "noncompliant",
    "conflict",
    "error",
    "inGracePeriod",
    "configManager",
];

/// The members of `managedDeviceOwnerType`.
pub(super) const OWNER: [&str; 3] = ["unknown", "company", "personal"];

/// The members of `managementAgentType`.
pub(super) const AGENT: [&str; 13] = [
    "eas",
    "mdm",
    "easMdm",
    "intuneClient",
    "easIntuneClient",
    "configurationManagerClient",
    "configurationManagerClientMdm",
    "configurationManagerClientMdmEas",
    "unknown",
    "jamf",
    "googleCloudDevicePolicyController",
    "microsoft365ManagedMdm",
    "msSense",
];

/// A parser of the words in `list`; letter case does not matter, the answer is spelled as in the list.
pub(super) fn one_of<const N: usize>(
    list: &'static [&'static str; N],
) -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(list.iter().copied()).map(|word| {
        list.iter()
            .find(|known| known.eq_ignore_ascii_case(&word))
            .map_or(word, |known| (*known).to_owned())
    })
}

/// Any text but an empty one, without the blanks around it.
pub(super) fn text(text: &str) -> Result<String, Refused> {
    match text.trim() {
        "" => Err(Refused("it takes a text that is not empty".into())),
        text => Ok(text.to_owned()),
    }
}

/// A GUID.
pub(super) fn guid(text: &str) -> Result<Guid, Refused> {
    text.trim().parse().map_err(|_| {
        Refused("it takes a GUID such as `00112233-4455-6677-8899-aabbccddeeff`".into())
    })
}

/// A tenant of Entra ID.
pub(super) fn tenant(text: &str) -> Result<TenantId, Refused> {
    text.parse()
        .map_err(|error: NoTenant| Refused(error.to_string()))
}

/// An origin that Graph may be reached at.
pub(super) fn origin(text: &str) -> Result<Origin, Refused> {
    text.parse().map_err(|error: OriginError| {
        Refused(format!(
            "{}; it takes `https://host` or `https://host:port`, or http on a loopback address",
            error.problem
        ))
    })
}

/// The Azure resource id of a user-assigned identity.
pub(super) fn resource_id(text: &str) -> Result<String, Refused> {
    if text.to_ascii_lowercase().starts_with("/subscriptions/")
        && !text.chars().any(char::is_whitespace)
    {
        Ok(text.to_owned())
    } else {
        Err(Refused(
            "it takes an Azure resource id, which begins with `/subscriptions/`".into(),
        ))
    }
}

/// A loopback address with a port: the simulator has no business elsewhere.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, Refused> {
    text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback()).ok_or_else(|| {
        Refused("it takes a loopback address with a port, such as `127.0.0.1:8080` or `[::1]:0`, where 0 is any free port".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_not_empty() {
        assert_eq!(text(" Linux (ubuntu)"), Ok("Linux (ubuntu)".to_owned()));
        assert!(text("").is_err());
        assert!(text("  ").is_err());
    }

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["127.0.0.1:0", "127.0.0.2:80", "[::1]:8080"] {
            assert!(loopback(address).is_ok(), "{address}");
        }
        for address in [
            "0.0.0.0:80",
            "127.0.0.1",
            "192.168.1.1:80",
            "[::]:80",
            "localhost:80",
            "127.0.0.1:70000",
            "",
        ] {
            assert!(loopback(address).is_err(), "{address}");
        }
    }

    #[test]
    fn a_resource_id_begins_with_the_subscription() {
        assert!(resource_id("/subscriptions/s/resourcegroups/g/providers/x/y").is_ok());
        assert!(resource_id("/Subscriptions/s").is_ok());
        assert!(resource_id("my-identity").is_err());
        assert!(resource_id("/subscriptions/a b").is_err());
    }
}
