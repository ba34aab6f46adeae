//! The properties of `managedDevice`, and their values as JSON.

use std::{borrow::Cow, io::Write as _};

use intune_sync_ids::Guid;

use crate::clock::timestamp;

/// A property of `managedDevice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    Id,
    DeviceName,
    OperatingSystem,
    OsVersion,
    ComplianceState,
    ManagementAgent,
    ManagementState,
    ManagedDeviceOwnerType,
    LastSyncDateTime,
    EnrolledDateTime,
    UserPrincipalName,
    UserId,
    SerialNumber,
    AzureADDeviceId,
    DeviceCategoryDisplayName,
    Manufacturer,
    Model,
    EnrollmentProfileName,
    DeviceActionResults,
}

/// All properties with their names, in the order in which they are written if none are selected.
pub(crate) const PROPERTIES: [(&str, Property); 19] = [
    ("id", Property::Id),
    ("deviceName", Property::DeviceName),
    ("operatingSystem", Property::OperatingSystem),
    ("osVersion", Property::OsVersion),
    ("complianceState", Property::ComplianceState),
    ("managementAgent", Property::ManagementAgent),
    ("managementState", Property::ManagementState),
    ("managedDeviceOwnerType", Property::ManagedDeviceOwnerType),
    ("lastSyncDateTime", Property::LastSyncDateTime),
    ("enrolledDateTime", Property::EnrolledDateTime),
    ("userPrincipalName", Property::UserPrincipalName),
    ("userId", Property::UserId),
    ("serialNumber", Property::SerialNumber),
    ("azureADDeviceId", Property::AzureADDeviceId),
    (
        "deviceCategoryDisplayName",
        Property::DeviceCategoryDisplayName,
    ),
    ("manufacturer", Property::Manufacturer),
    ("model", Property::Model),
    ("enrollmentProfileName", Property::EnrollmentProfileName),
    ("deviceActionResults", Property::DeviceActionResults),
];

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'fleet> {
    /// The property is not written at all.
    Absent,
    Null,
    Text(Cow<'fleet, str>),
    Guid(Guid),
    /// A time of day in milliseconds since 1970; `None` is the year 1, Graph's null.
    Time(Option<u64>),
    EmptyList,
}

impl Property {
    /// The property of that name, in any letter case.
    pub(crate) fn named(name: &str) -> Option<(&'static str, Self)> {
        PROPERTIES
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Whether it is null or absent for some of the sparse devices.
    pub(crate) fn may_be_missing(self) -> bool {
        !matches!(
            self,
            Self::Id | Self::OperatingSystem | Self::ManagementAgent | Self::ManagementState
        )
    }
}

impl Value<'_> {
    /// Writes it as JSON; for an absent property the caller writes nothing at all.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Absent | Self::Null => buffer.extend_from_slice(b"null"),
            Self::Text(text) => {
                serde_json::to_writer(buffer, text).expect("a string can always be written")
            }
            Self::Guid(guid) => {
                write!(buffer, "\"{guid}\"").expect("a vector takes everything");
            }
            Self::Time(time) => {
                buffer.push(b'"');
                buffer.extend_from_slice(
                    match time {
                        Some(time) => timestamp(*time).into_bytes(),
                        None => b"0001-01-01T00:00:00Z".to_vec(),
                    }
                    .as_slice(),
                );
                buffer.push(b'"');
            }
            Self::EmptyList => buffer.extend_from_slice(b"[]"),
        }
    }
}

impl<'fleet> From<&'fleet str> for Value<'fleet> {
    fn from(text: &'fleet str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}
