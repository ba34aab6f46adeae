//! The properties of a device that are ever read, and sets of them.

use crate::{DeviceRow, Text};

/// A property of a managed device, as Graph names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// `id`, the Intune device id.
    Id,
    /// `deviceName`.
    DeviceName,
    /// `operatingSystem`.
    OperatingSystem,
    /// `managementAgent`: `mdm`, `eas`, `configurationManagerClient`, and others.
    ManagementAgent,
    /// `managementState`: `managed`, or what it is about to become.
    ManagementState,
    /// `lastSyncDateTime`, the last check-in.
    LastSyncDateTime,
    /// `complianceState`.
    ComplianceState,
    /// `managedDeviceOwnerType`: `company` or `personal`.
    ManagedDeviceOwnerType,
    /// `deviceCategoryDisplayName`.
    DeviceCategoryDisplayName,
    /// `azureADDeviceId`, the id of the device in Entra.
    AzureAdDeviceId,
    /// `userId`, the id of its primary user in Entra.
    UserId,
    /// `userPrincipalName` of its primary user.
    UserPrincipalName,
    /// `serialNumber`.
    SerialNumber,
    /// `model`.
    Model,
    /// `osVersion`.
    OsVersion,
    /// `enrollmentProfileName`.
    EnrollmentProfileName,
    /// `enrolledDateTime`, when it was enrolled.
    EnrolledDateTime,
}

impl Property {
    /// All of them, in the order in which a query names them.
    pub const ALL: [Self; 17] = [
        Self::Id,
        Self::DeviceName,
        Self::OperatingSystem,
        Self::ManagementAgent,
        Self::ManagementState,
        Self::LastSyncDateTime,
        Self::ComplianceState,
        Self::ManagedDeviceOwnerType,
        Self::DeviceCategoryDisplayName,
        Self::AzureAdDeviceId,
        Self::UserId,
        Self::UserPrincipalName,
        Self::SerialNumber,
        Self::Model,
        Self::OsVersion,
        Self::EnrollmentProfileName,
        Self::EnrolledDateTime,
    ];

    /// Its name in Graph.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::DeviceName => "deviceName",
            Self::OperatingSystem => "operatingSystem",
            Self::ManagementAgent => "managementAgent",
            Self::ManagementState => "managementState",
            Self::LastSyncDateTime => "lastSyncDateTime",
            Self::ComplianceState => "complianceState",
            Self::ManagedDeviceOwnerType => "managedDeviceOwnerType",
            Self::DeviceCategoryDisplayName => "deviceCategoryDisplayName",
            Self::AzureAdDeviceId => "azureADDeviceId",
            Self::UserId => "userId",
            Self::UserPrincipalName => "userPrincipalName",
            Self::SerialNumber => "serialNumber",
            Self::Model => "model",
            Self::OsVersion => "osVersion",
            Self::EnrollmentProfileName => "enrollmentProfileName",
            Self::EnrolledDateTime => "enrolledDateTime",
        }
    }

    /// The property of this name, to the letter.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// Some of the properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties(u32);

impl Properties {
    /// The same, and this one.
    #[must_use]
    pub const fn with(self, property: Property) -> Self {
        Self(self.0 | 1 << property as u16)
    }

    /// The same, and those.
    #[must_use]
    pub const fn and(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn contains(self, property: Property) -> bool {
        self.0 & 1 << property as u16 != 0
    }

    /// Whether each of them is one of those.
    #[must_use]
    pub const fn is_within(self, those: Self) -> bool {
        self.0 & !those.0 == 0
    }

    /// Each of them, in the order in which a query names them.
    pub fn iter(self) -> impl Iterator<Item = Property> {
        let all = Property::ALL.into_iter();
        all.filter(move |property| self.contains(*property))
    }
}

impl FromIterator<Property> for Properties {
    fn from_iter<I: IntoIterator<Item = Property>>(properties: I) -> Self {
        let none = Self::default();
        properties.into_iter().fold(none, Self::with)
    }
}

impl<'a> DeviceRow<'a> {
    /// What the row says of a property.
    #[must_use]
    pub fn text(&self, property: Property) -> &str {
        match property {
            Property::Id => &self.id,
            Property::DeviceName => &self.device_name,
            Property::OperatingSystem => &self.operating_system,
            Property::ManagementAgent => &self.management_agent,
            Property::ManagementState => &self.management_state,
            Property::LastSyncDateTime => &self.last_sync_date_time,
            Property::ComplianceState => &self.compliance_state,
            Property::ManagedDeviceOwnerType => &self.managed_device_owner_type,
            Property::DeviceCategoryDisplayName => &self.device_category_display_name,
            Property::AzureAdDeviceId => &self.azure_ad_device_id,
            Property::UserId => &self.user_id,
            Property::UserPrincipalName => &self.user_principal_name,
            Property::SerialNumber => &self.serial_number,
            Property::Model => &self.model,
            Property::OsVersion => &self.os_version,
            Property::EnrollmentProfileName => &self.enrollment_profile_name,
            Property::EnrolledDateTime => &self.enrolled_date_time,
        }
        .as_str()
    }

    pub(crate) fn text_mut(&mut self, property: Property) -> &mut Text<'a> {
        match property {
            Property::Id => &mut self.id,
            Property::DeviceName => &mut self.device_name,
            Property::OperatingSystem => &mut self.operating_system,
            Property::ManagementAgent => &mut self.management_agent,
            Property::ManagementState => &mut self.management_state,
            Property::LastSyncDateTime => &mut self.last_sync_date_time,
            Property::ComplianceState => &mut self.compliance_state,
            Property::ManagedDeviceOwnerType => &mut self.managed_device_owner_type,
            Property::DeviceCategoryDisplayName => &mut self.device_category_display_name,
            Property::AzureAdDeviceId => &mut self.azure_ad_device_id,
            Property::UserId => &mut self.user_id,
            Property::UserPrincipalName => &mut self.user_principal_name,
            Property::SerialNumber => &mut self.serial_number,
            Property::Model => &mut self.model,
            Property::OsVersion => &mut self.os_version,
            Property::EnrollmentProfileName => &mut self.enrollment_profile_name,
            Property::EnrolledDateTime => &mut self.enrolled_date_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_read_by_it() {
        for property in Property::ALL {
            let name = property.name();
            assert_eq!(Property::named(name), Some(property));
            assert_eq!(Property::named(&name.to_uppercase()), None);
            let json = format!(r#"{{"{name}":"x"}}"#);
            let row: DeviceRow<'_> = serde_json::from_str(&json).expect("a device");
            for other in Property::ALL {
                let text = if other == property { "x" } else { "" };
                assert_eq!(row.text(other), text, "{name}");
            }
        }
    }

    #[test]
    fn a_set_has_what_was_put_into_it_in_the_order_of_all() {
        let set: Properties = [Property::ComplianceState, Property::Id]
            .into_iter()
            .collect();
        let both: Vec<Property> = set.iter().collect();
        assert_eq!(both, [Property::Id, Property::ComplianceState]);
        assert!(!set.contains(Property::DeviceName));
        let more = set.with(Property::DeviceName);
        assert!(set.is_within(more) && set.is_within(set) && !more.is_within(set));
    }

    #[test]
    fn properties_are_added_once() {
        let set = |properties: &[Property]| properties.iter().copied().collect::<Properties>();
        let (id, name) = (set(&[Property::Id]), set(&[Property::DeviceName]));
        let both = set(&[Property::Id, Property::DeviceName]);
        assert_eq!(id.and(name), both);
        assert_eq!(both.and(name), both);
    }
}
