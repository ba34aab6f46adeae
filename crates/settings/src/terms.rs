//! The words of Graph v1.0 that a device can be selected by, and the other texts among the settings.

use intune_sync_ids::{Guid, Origin, OriginError};

use crate::number::Refused;

/// The members of `complianceState`.
pub const COMPLIANCE: [&str; 7] = [
    "unknown",
    "compliant",
    "noncompliant",
    "conflict",
    "error",
    "inGracePeriod",
    "configManager",
];

/// The members of `managedDeviceOwnerType`.
pub const OWNER: [&str; 3] = ["unknown", "company", "personal"];

/// The members of `managementAgentType`.
pub const AGENT: [&str; 13] = [
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

/// Reads a word of `list`; letter case does not matter, the result is spelled as in the list.
///
/// # Errors
///
/// Naming all of them.
pub fn one_of(list: &'static [&'static str], text: &str) -> Result<String, Refused> {
    let known = list.iter().find(|known| known.eq_ignore_ascii_case(text));
    known
        .map(|known| (*known).to_owned())
        .ok_or_else(|| Refused(format!("it takes {}", super::words(list))))
}

/// Any text but an empty one, without the blanks around it.
///
/// # Errors
///
/// When there is nothing but blanks.
pub fn text(text: &str) -> Result<String, Refused> {
    match text.trim() {
        "" => Err(Refused("it takes a text that is not empty".into())),
        text => Ok(text.to_owned()),
    }
}

/// A GUID.
///
/// # Errors
///
/// When it is not one.
pub fn guid(text: &str) -> Result<Guid, Refused> {
    text.trim().parse().map_err(|_| {
        Refused("it takes a GUID such as `00112233-4455-6677-8899-aabbccddeeff`".into())
    })
}

/// An origin that Graph may be reached at.
///
/// # Errors
///
/// When it is neither https nor on a loopback address, or has more than a host and a port.
pub fn origin(text: &str) -> Result<Origin, Refused> {
    text.parse().map_err(|error: OriginError| {
        Refused(format!(
            "{}; it takes `https://host` or `https://host:port`, or http on a loopback address",
            error.problem
        ))
    })
}

/// The Azure resource id of a user-assigned identity.
///
/// # Errors
///
/// When it does not begin as one does, or contains a space.
pub fn resource_id(text: &str) -> Result<String, Refused> {
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
    fn a_resource_id_begins_with_the_subscription() {
        assert!(resource_id("/subscriptions/s/resourcegroups/g/providers/x/y").is_ok());
        assert!(resource_id("/Subscriptions/s").is_ok());
        assert!(resource_id("my-identity").is_err());
        assert!(resource_id("/subscriptions/a b").is_err());
    }
}
