//! The properties of a device, each of which follows from seed and index.

use intune_sync_ids::Guid;

use crate::{
    clock::Millis,
    config::Share,
    dice::{Draw, random_guid},
    fleet::{
        Fate, Fleet, Index,
        property::{Property, Value},
    },
};

/// A device, seen at a certain time.
#[derive(Clone, Copy)]
pub(crate) struct Device<'fleet> {
    fleet: &'fleet Fleet,
    index: Index,
    now: Millis,
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

/// One device in this many has a name that must be escaped, and is not ASCII.
const ODD_NAMES: u64 = 50;

const MILLIS_PER_HOUR: u64 = 60 * 60 * 1_000;

impl<'fleet> Device<'fleet> {
    /// A device of the fleet as it is at `now`.
    pub(crate) fn new(fleet: &'fleet Fleet, index: Index, now: Millis) -> Self {
        Self { fleet, index, now }
    }

    /// The value of a property.
    pub(crate) fn value(&self, property: Property) -> Value<'fleet> {
        if property.may_be_missing() && self.chance(self.fleet.config.sparse, Draw::Sparse) {
            match self.roll(Draw::Sparse).wrapping_add(property as u64) % 3 {
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
            Property::UserPrincipalName => {
                format!("user{}@contoso.example", self.fleet.user_of(self.index)).into()
            }
            Property::UserId => Value::Guid(self.fleet.user_id(self.fleet.user_of(self.index))),
            Property::SerialNumber => format!("SN{:08}", self.index).into(),
            Property::AzureADDeviceId => Value::Guid(self.entra_id()),
            Property::DeviceCategoryDisplayName => self.category().into(),
            Property::Manufacturer => self.make().0.into(),
            Property::Model => self.make().1.into(),
            Property::EnrollmentProfileName => self.enrollment_profile().into(),
            Property::DeviceActionResults => Value::EmptyList,
        }
    }

    fn enrollment_profile(&self) -> &'static str {
        match self.index % 4 {
            0 => "Kiosk Autopilot",
            1 => "Office Autopilot",
            _ => "",
        }
    }

    /// Its `deviceId` in Entra ID, which Intune knows as `azureADDeviceId`.
    pub(crate) fn entra_id(&self) -> Guid {
        let lo = self.roll(Draw::Variant);
        random_guid(lo.rotate_left(17), lo)
    }

    /// Its object id in Entra ID.
    pub(crate) fn directory_id(&self) -> Guid {
        let lo = self.roll(Draw::DirectoryId);
        random_guid(lo.rotate_left(17), lo)
    }

    /// How a sync of it ends.
    pub(crate) fn fate(&self) -> Fate {
        let config = &self.fleet.config;
        let fraction = self.fleet.dice.fraction(Draw::Fate, self.index.into());
        let gone = config.gone.get();
        let unsupported = gone + config.unsupported.get();
        let failing = unsupported + config.failing.get();
        let forbidden = failing + config.forbidden.get();
        let unauthorized = forbidden + config.unauthorized.get();
        if fraction < gone {
            Fate::Gone
        } else if fraction < unsupported || !self.can_sync() {
            Fate::Unsupported
        } else if fraction < failing {
            Fate::Failing
        } else if fraction < forbidden {
            Fate::Forbidden
        } else if fraction < unauthorized {
            Fate::Unauthorized
        } else {
            Fate::Syncs
        }
    }

    /// Whether the list shows it.
    pub(crate) fn is_listed(&self) -> bool {
        !self.chance(self.fleet.config.unlisted, Draw::Unlisted)
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
        let mut point = self.below(total, Draw::Platform);
        for (weight, platform) in table {
            match point.checked_sub(weight.into()) {
                None if matches!(platform, Platform::Ios) && self.below(5, Draw::Variant) == 0 => {
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

    pub(crate) fn name(&self) -> String {
        if self.chance(self.fleet.config.same_name, Draw::SameName) {
            return "DESKTOP".to_owned();
        }
        if self.below(ODD_NAMES, Draw::Variant) == 1 {
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
                Draw::Variant,
            );
        }
        self.pick(&["mdm", "mdm", "mdm", "easMdm"], Draw::Variant)
    }

    fn has_unsyncable_agent(&self) -> bool {
        self.chance(self.fleet.config.unsyncable_agents, Draw::Agent)
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
                Draw::Variant,
            );
        }
        "managed"
    }

    fn has_unsyncable_state(&self) -> bool {
        self.chance(self.fleet.config.unsyncable_states, Draw::State)
    }

    fn compliance(&self) -> &'static str {
        let config = &self.fleet.config;
        let fraction = self
            .fleet
            .dice
            .fraction(Draw::Compliance, self.index.into());
        if fraction < config.noncompliant.get() {
            "noncompliant"
        } else if fraction < config.noncompliant.get() + config.in_grace_period.get() {
            "inGracePeriod"
        } else {
            "compliant"
        }
    }

    fn owner(&self) -> &'static str {
        if self.chance(self.fleet.config.personal, Draw::Owner) {
            "personal"
        } else {
            "company"
        }
    }

    fn category(&self) -> &'fleet str {
        let categories = &self.fleet.config.categories;
        self.fleet
            .dice
            .pick(categories, Draw::Category, self.index.into())
            .map_or("", String::as_str)
    }

    fn last_sync(&self) -> Option<u64> {
        let clock = self.fleet.clock;
        if let Some(seconds) = self.fleet.checked_in(self.index, self.now) {
            return Some(clock.time_of_day(seconds * 1_000));
        }
        if self.chance(self.fleet.config.never_synced, Draw::LastSync) {
            return None;
        }
        let spread = u64::from(self.fleet.config.last_sync_hours) * MILLIS_PER_HOUR;
        Some(
            clock
                .time_of_day(0)
                .saturating_sub(self.below(spread, Draw::CheckIn)),
        )
    }

    fn enrolled(&self) -> u64 {
        let year = 365 * 24 * MILLIS_PER_HOUR;
        let before = u64::from(self.fleet.config.last_sync_hours) * MILLIS_PER_HOUR
            + self.below(year, Draw::Enrolled);
        self.fleet.clock.time_of_day(0).saturating_sub(before)
    }

    fn roll(&self, draw: Draw) -> u64 {
        self.fleet.dice.roll(draw, self.index.into())
    }

    fn below(&self, end: u64, draw: Draw) -> u64 {
        self.fleet.dice.below(end, draw, self.index.into())
    }

    fn chance(&self, share: Share, draw: Draw) -> bool {
        self.fleet.dice.chance(share, draw, self.index.into())
    }

    fn pick(&self, choices: &[&'static str], draw: Draw) -> &'static str {
        self.fleet
            .dice
            .pick(choices, draw, self.index.into())
            .copied()
            .unwrap_or_default()
    }
}
