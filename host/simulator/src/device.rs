//! What a device is: each property follows from seed and index.

use std::borrow::Cow;

use crate::clock::{Millis, timestamp};
use crate::dice::Matter;
use crate::fleet::{Fate, Fleet, Index};
use crate::guid::Guid;

/// A device, seen at a certain time.
#[derive(Clone, Copy)]
pub(crate) struct Device<'fleet> {
    fleet: &'fleet Fleet,
    index: Index,
    now: Millis,
}

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
    SerialNumber,
    AzureADDeviceId,
    DeviceCategoryDisplayName,
    Manufacturer,
    Model,
    DeviceActionResults,
}

/// The properties with their names, in the order in which they are written when none is selected.
pub(crate) const PROPERTIES: [(&str, Property); 17] = [
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
    ("serialNumber", Property::SerialNumber),
    ("azureADDeviceId", Property::AzureADDeviceId),
    (
        "deviceCategoryDisplayName",
        Property::DeviceCategoryDisplayName,
    ),
    ("manufacturer", Property::Manufacturer),
    ("model", Property::Model),
    ("deviceActionResults", Property::DeviceActionResults),
];

/// What a property holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'fleet> {
    Absent,
    Null,
    Text(Cow<'fleet, str>),
    Guid(Guid),
    /// A time of day in milliseconds since 1970; none is the year 1, Graph's null.
    Time(Option<u64>),
    EmptyList,
}

#[derive(Clone, Copy)]
enum Platform {
    Windows,
    Ios,
    IpadOs,
    MacOs,
    Android,
    Linux,
    ChromeOs,
}

/// A moderate number of devices have a name that must be escaped, and is not ASCII.
const ODD_NAMES: u64 = 50;

impl<'fleet> Device<'fleet> {
    /// A device of the fleet as it is at `now`.
    pub(crate) fn new(fleet: &'fleet Fleet, index: Index, now: Millis) -> Self {
        Self { fleet, index, now }
    }

    /// What a property holds.
    pub(crate) fn value(&self, property: Property) -> Value<'fleet> {
        if property.may_be_missing() && self.chance(self.fleet.config.sparse, Matter::Sparse) {
            match self.roll(Matter::Sparse).wrapping_add(property as u64) % 3 {
                0 => return Value::Null,
                1 => return Value::Absent,
                _ => {}
            }
        }
        match property {
            Property::Id => Value::Guid(self.fleet.id(self.index)),
            Property::DeviceName => self.name().into(),
            Property::OperatingSystem => self.operating_system().into(),
            Property::OsVersion => self.os_version().into(),
            Property::ComplianceState => self.compliance().into(),
            Property::ManagementAgent => self.agent().into(),
            Property::ManagementState => self.state().into(),
            Property::ManagedDeviceOwnerType => self.owner().into(),
            Property::LastSyncDateTime => Value::Time(self.last_sync()),
            Property::EnrolledDateTime => Value::Time(Some(self.enrolled())),
            Property::UserPrincipalName => format!("user{}@contoso.example", self.index).into(),
            Property::SerialNumber => format!("SN{:08}", self.index).into(),
            Property::AzureADDeviceId => {
                let lo = self.roll(Matter::Variant);
                Value::Guid(Guid::random(lo.rotate_left(17), lo))
            }
            Property::DeviceCategoryDisplayName => self.category().into(),
            Property::Manufacturer => self.make().0.into(),
            Property::Model => self.make().1.into(),
            Property::DeviceActionResults => Value::EmptyList,
        }
    }

    /// How a sync of it ends.
    pub(crate) fn fate(&self) -> Fate {
        let config = &self.fleet.config;
        let fraction = self.fleet.dice.fraction(Matter::Fate, self.index.into());
        let gone = config.gone.get();
        let unsupported = gone + config.unsupported.get();
        let failing = unsupported + config.failing.get();
        if fraction < gone {
            Fate::Gone
        } else if fraction < unsupported || !self.can_sync() {
            Fate::Unsupported
        } else if fraction < failing {
            Fate::Failing
        } else {
            Fate::Syncs
        }
    }

    /// True if the list shows it.
    pub(crate) fn is_listed(&self) -> bool {
        !self.chance(self.fleet.config.unlisted, Matter::Unlisted)
    }

    fn can_sync(&self) -> bool {
        let platform = !matches!(self.platform(), Platform::Linux | Platform::ChromeOs);
        platform && !self.has_unsyncable_agent() && !self.has_unsyncable_state()
    }

    fn platform(&self) -> Platform {
        let weights = &self.fleet.config.platforms;
        let table = [
            (weights.windows, Platform::Windows),
            (weights.ios, Platform::Ios),
            (weights.macos, Platform::MacOs),
            (weights.android, Platform::Android),
            (weights.linux, Platform::Linux),
            (weights.chrome_os, Platform::ChromeOs),
        ];
        let total = table.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut point = self.below(total, Matter::Platform);
        for (weight, platform) in table {
            match point.checked_sub(weight.into()) {
                None if matches!(platform, Platform::Ios)
                    && self.below(5, Matter::Variant) == 0 =>
                {
                    return Platform::IpadOs;
                }
                None => return platform,
                Some(rest) => point = rest,
            }
        }
        Platform::Windows
    }

    fn operating_system(&self) -> &'static str {
        match self.platform() {
            Platform::Windows => "Windows",
            Platform::Ios => "iOS",
            Platform::IpadOs => "iPadOS",
            Platform::MacOs => "macOS",
            Platform::Android => "Android",
            Platform::Linux => "Linux (ubuntu)",
            Platform::ChromeOs => "ChromeOS",
        }
    }

    fn os_version(&self) -> &'static str {
        match self.platform() {
            Platform::Windows => "10.0.26100.4061",
            Platform::Ios | Platform::IpadOs => "18.5",
            Platform::MacOs => "15.5 (24F74)",
            Platform::Android => "15.0",
            Platform::Linux => "24.04",
            Platform::ChromeOs => "136.0.7103.92",
        }
    }

    fn make(&self) -> (&'static str, &'static str) {
        match self.platform() {
            Platform::Windows => ("LENOVO", "21HMCTO1WW"),
            Platform::Ios => ("Apple", "iPhone 15"),
            Platform::IpadOs => ("Apple", "iPad Air"),
            Platform::MacOs => ("Apple", "MacBook Pro"),
            Platform::Android => ("samsung", "SM-G556B"),
            Platform::Linux => ("Dell Inc.", "Precision 5490"),
            Platform::ChromeOs => ("HP", "Chromebook x360"),
        }
    }

    fn name(&self) -> String {
        if self.below(ODD_NAMES, Matter::Variant) == 1 {
            return format!("Zoë \"{}\" ☂", self.index);
        }
        let prefix = match self.platform() {
            Platform::Windows => "WIN",
            Platform::Ios => "IPHONE",
            Platform::IpadOs => "IPAD",
            Platform::MacOs => "MAC",
            Platform::Android => "ANDROID",
            Platform::Linux => "LINUX",
            Platform::ChromeOs => "CHROME",
        };
        format!("{prefix}-{:06}", self.index)
    }

    fn agent(&self) -> &'static str {
        if self.has_unsyncable_agent() {
            return self.pick(
                &["eas", "configurationManagerClient", "jamf", "msSense"],
                Matter::Variant,
            );
        }
        self.pick(&["mdm", "mdm", "mdm", "easMdm"], Matter::Variant)
    }

    fn has_unsyncable_agent(&self) -> bool {
        self.chance(self.fleet.config.unsyncable_agents, Matter::Agent)
    }

    fn state(&self) -> &'static str {
        if self.has_unsyncable_state() {
            return self.pick(
                &[
                    "wipePending",
                    "wipeIssued",
                    "retirePending",
                    "deletePending",
                ],
                Matter::Variant,
            );
        }
        "managed"
    }

    fn has_unsyncable_state(&self) -> bool {
        self.chance(self.fleet.config.unsyncable_states, Matter::State)
    }

    fn compliance(&self) -> &'static str {
        let config = &self.fleet.config;
        let fraction = self
            .fleet
            .dice
            .fraction(Matter::Compliance, self.index.into());
        if fraction < config.noncompliant.get() {
            "noncompliant"
        } else if fraction < config.noncompliant.get() + config.in_grace_period.get() {
            "inGracePeriod"
        } else {
            "compliant"
        }
    }

    fn owner(&self) -> &'static str {
        if self.chance(self.fleet.config.personal, Matter::Owner) {
            "personal"
        } else {
            "company"
        }
    }

    fn category(&self) -> &'fleet str {
        let categories = &self.fleet.config.categories;
        self.fleet
            .dice
            .pick(categories, Matter::Category, self.index.into())
            .map_or("", String::as_str)
    }

    fn last_sync(&self) -> Option<u64> {
        let clock = self.fleet.clock;
        if let Some(seconds) = self.fleet.checked_in(self.index, self.now) {
            return Some(clock.time_of_day(seconds * 1_000));
        }
        if self.chance(self.fleet.config.never_synced, Matter::LastSync) {
            return None;
        }
        let spread = u64::from(self.fleet.config.last_sync_hours) * MILLIS_PER_HOUR;
        Some(
            clock
                .time_of_day(0)
                .saturating_sub(self.below(spread, Matter::CheckIn)),
        )
    }

    fn enrolled(&self) -> u64 {
        let year = 365 * 24 * MILLIS_PER_HOUR;
        let before = u64::from(self.fleet.config.last_sync_hours) * MILLIS_PER_HOUR
            + self.below(year, Matter::Enrolled);
        self.fleet.clock.time_of_day(0).saturating_sub(before)
    }

    fn roll(&self, matter: Matter) -> u64 {
        self.fleet.dice.roll(matter, self.index.into())
    }

    fn below(&self, end: u64, matter: Matter) -> u64 {
        self.fleet.dice.below(end, matter, self.index.into())
    }

    fn chance(&self, share: crate::config::Share, matter: Matter) -> bool {
        self.fleet.dice.chance(share, matter, self.index.into())
    }

    fn pick(&self, choices: &[&'static str], matter: Matter) -> &'static str {
        self.fleet
            .dice
            .pick(choices, matter, self.index.into())
            .copied()
            .unwrap_or_default()
    }
}

const MILLIS_PER_HOUR: u64 = 60 * 60 * 1_000;

impl Property {
    /// The property of that name, in any letter case.
    pub(crate) fn named(name: &str) -> Option<(&'static str, Self)> {
        PROPERTIES
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn may_be_missing(self) -> bool {
        !matches!(
            self,
            Self::Id | Self::OperatingSystem | Self::ManagementAgent | Self::ManagementState
        )
    }
}

impl Value<'_> {
    /// Writes it as JSON; a property that is absent must not be written.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Absent | Self::Null => buffer.extend_from_slice(b"null"),
            Self::Text(text) => {
                serde_json::to_writer(buffer, text).expect("a string can always be written")
            }
            Self::Guid(guid) => {
                buffer.push(b'"');
                buffer.extend_from_slice(&guid.text());
                buffer.push(b'"');
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
